#include "io/sink.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>

#include <fcntl.h>
#include <unistd.h>

#include "io/errors.hpp"

namespace mts::io {

namespace {

constexpr size_t FIRST_BUFFER_BYTES = 1024;
constexpr size_t PENDING_BYTES = size_t{1} << 18;

// Disk space is requested by pieces of at least this size, in files that are not smaller.
constexpr uint64_t PREALLOCATED_BYTES = uint64_t{1} << 20;

// Permissions of new files, before the system applies the umask of the process
constexpr mode_t NEW_FILE_MODE = 0666;

std::string temporary_path(const std::string& final_path) {
    static std::atomic<uint64_t> counter = 0;
    auto name = ".metatensor-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
    return std::filesystem::path(final_path).replace_filename(name + ".tmp").string();
}

// Would replacing this file by another one be the same as writing in it, for everybody?
bool is_replaceable(const std::string& path, const struct stat& status) {
    return S_ISREG(status.st_mode) && status.st_nlink == 1 && status.st_uid == ::geteuid() &&
           ::access(path.c_str(), W_OK) == 0;
}

} // namespace

BufferSink::BufferSink(
    uint8_t** buffer, size_t capacity, void* realloc_user_data, mts_realloc_buffer_t realloc
)
    : buffer_(buffer), capacity_(capacity), realloc_user_data_(realloc_user_data),
      realloc_(realloc) {}

void BufferSink::reserve(uint64_t count) {
    if (count <= capacity_ - size_) {
        return;
    }

    auto new_capacity = std::max(capacity_, FIRST_BUFFER_BYTES);
    while (new_capacity - size_ < count) {
        if (new_capacity > std::numeric_limits<size_t>::max() / 2) {
            throw io_error("the data is too large for a buffer");
        }
        new_capacity *= 2;
    }

    auto* new_buffer = realloc_(realloc_user_data_, *buffer_, new_capacity);
    if (new_buffer == nullptr) {
        throw io_error(
            "could not grow the buffer to ", new_capacity, " bytes: `realloc` returned NULL"
        );
    }
    *buffer_ = new_buffer;
    capacity_ = new_capacity;
}

void BufferSink::write(const void* data, size_t count) {
    reserve(count);
    std::memcpy(*buffer_ + size_, data, count);
    size_ += count;
}

void BufferSink::overwrite(uint64_t offset, const void* data, size_t count) {
    std::memcpy(*buffer_ + offset, data, count);
}

FileSink::FileSink(const std::string& path) {
    pending_.reserve(PENDING_BYTES);
    open(path);
}

FileSink::~FileSink() {
    if (final_path_.has_value()) {
        ::unlink(file_.path().c_str());
    }
}

void FileSink::open(const std::string& path) {
    struct stat replaced = {};
    if (::lstat(path.c_str(), &replaced) != 0) {
        // any other problem with the path shows when opening the file below
        if (errno == ENOENT && open_temporary(path, nullptr)) {
            return;
        }
    } else if (::stat(path.c_str(), &replaced) == 0 && is_replaceable(path, replaced)) {
        // what a symbolic link points to is replaced, not the link
        auto error = std::error_code();
        auto target = std::filesystem::canonical(path, error);
        if (!error && open_temporary(target.string(), &replaced)) {
            return;
        }
    }
    file_ = File(path, O_WRONLY | O_CREAT | O_TRUNC, NEW_FILE_MODE);
    can_overwrite_ = S_ISREG(file_.status().st_mode);
}

// Open a temporary file, to be moved to `final_path`. Returns false if the file has to be written
// in place: we may not create files in this folder, or files with the group of the replaced one.
bool FileSink::open_temporary(const std::string& final_path, const struct stat* replaced) {
    do {
        auto flags = O_WRONLY | O_CREAT | O_EXCL;
        file_ = File::try_open(temporary_path(final_path), flags, NEW_FILE_MODE);
    } while (!file_.is_open() && errno == EEXIST);

    if (!file_.is_open()) {
        if (errno == EACCES || errno == EPERM) {
            return false;
        }
        throw file_error("open", final_path, errno);
    }
    if (replaced != nullptr && !file_.copy_group_and_mode(*replaced)) {
        ::unlink(file_.path().c_str());
        return false;
    }
    final_path_ = final_path;
    can_overwrite_ = true;
    return true;
}

void FileSink::write(const void* data, size_t count) {
    if (pending_.size() + count > PENDING_BYTES) {
        flush();
    }
    if (count >= PENDING_BYTES) {
        file_.write(data, count);
        written_ += count;
        return;
    }
    const auto* bytes = static_cast<const uint8_t*>(data);
    pending_.insert(pending_.end(), bytes, bytes + count);
}

void FileSink::reserve(uint64_t count) {
    // what fits is kept together in memory, where it can still be overwritten
    if (count <= PENDING_BYTES && pending_.size() + count > PENDING_BYTES) {
        flush();
    }
    // finding disk space in large pieces is much faster than for each page when it is written
    auto end = position() + count;
    if (can_overwrite_ && end >= PREALLOCATED_BYTES && end > preallocated_) {
        preallocated_ = end + PREALLOCATED_BYTES;
        file_.preallocate(preallocated_);
    }
}

void FileSink::overwrite(uint64_t offset, const void* data, size_t count) {
    if (offset >= written_) {
        std::memcpy(pending_.data() + (offset - written_), data, count);
        return;
    }
    flush();
    file_.write_at(offset, data, count);
}

void FileSink::flush() {
    file_.write(pending_.data(), pending_.size());
    written_ += pending_.size();
    pending_.clear();
}

void FileSink::commit() {
    flush();
    if (preallocated_ > written_) {
        file_.truncate(written_);
    }
    file_.close();
    if (!final_path_.has_value()) {
        return;
    }
    if (std::rename(file_.path().c_str(), final_path_->c_str()) != 0) {
        throw file_error("write", *final_path_, errno);
    }
    final_path_.reset();
}

} // namespace mts::io
