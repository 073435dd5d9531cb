#include "io/source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>

#include "io/errors.hpp"

namespace mts::io {

namespace {

constexpr size_t CACHE_BYTES = 65536;

void check_range(uint64_t offset, size_t count, uint64_t size) {
    if (offset > size || count > size - offset) {
        throw io_error("can not read ", count, " bytes at offset ", offset, " of ", size);
    }
}

} // namespace

void MemorySource::read_at(uint64_t offset, void* destination, size_t count) {
    check_range(offset, count, bytes_.size());
    if (count > 0) {
        std::memcpy(destination, bytes_.data() + offset, count);
    }
}

FileSource::FileSource(const std::string& path) : cache_bytes_(CACHE_BYTES) {
    auto file = std::make_shared<File>(path, O_RDONLY);
    file_ = file;
    auto status = file->status();
    if (S_ISREG(status.st_mode)) {
        size_ = static_cast<uint64_t>(status.st_size);
    } else if (S_ISFIFO(status.st_mode)) {
        read_pipe(*file);
    } else {
        throw file_error("read", path, S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
    }
}

FileSource::FileSource(std::shared_ptr<const File> file, uint64_t size, size_t cache_bytes)
    : file_(std::move(file)), size_(size), cache_bytes_(cache_bytes) {}

void FileSource::read_pipe(File& file) {
    size_t capacity = CACHE_BYTES;
    while (true) {
        cache_.resize(capacity);
        size_ += file.read(cache_.data() + size_, capacity - size_);
        if (size_ < capacity) {
            break;
        }
        capacity *= 2;
    }
    cache_.resize(size_);
}

void FileSource::read_at(uint64_t offset, void* destination, size_t count) {
    check_range(offset, count, size_);
    if (count == 0) {
        return;
    }

    auto in_cache = [&]() {
        return offset >= cache_offset_ && offset - cache_offset_ <= cache_.size() &&
               count <= cache_.size() - (offset - cache_offset_);
    };
    if (!in_cache() && count < cache_bytes_) {
        cache_.resize(cache_bytes_);
        cache_offset_ = offset;
        cache_.resize(file_->read_at(offset, cache_.data(), cache_bytes_));
    }
    if (in_cache()) {
        std::memcpy(destination, cache_.data() + (offset - cache_offset_), count);
        return;
    }
    if (file_->read_at(offset, destination, count) != count) {
        throw io_error("'", file_->path(), "' became shorter while it was read");
    }
}

} // namespace mts::io
