#include "open_file.hpp"

#include <utility>

#include <fcntl.h>

#include "io/archive_members.hpp"
#include "io/errors.hpp"
#include "io/info_json.hpp"
#include "io/labels_content.hpp"
#include "io/npy.hpp"
#include "labels.hpp"

namespace mts::files {

namespace {

// What is read at once when looking for labels and headers: one page of most systems. Next to these
// is the data, which should not be read.
constexpr size_t CACHE_BYTES = 4096;

std::shared_ptr<const io::File> open_regular_file(std::string path) {
    // opening a pipe would wait for somebody to write to it
    auto file = std::make_shared<io::File>(std::move(path), O_RDONLY | O_NONBLOCK);
    auto mode = file->status().st_mode;
    if (!S_ISREG(mode)) {
        throw io::io_error("'", file->path(), "' is not a regular file");
    }
    return file;
}

// Call `read`, completing its errors with the file that was to be opened
template <typename Read>
void open(const std::string& path, Read read) {
    try {
        read();
    } catch (const Error& error) {
        throw Error(error.status(), text("could not open '", path, "': ", error.message()));
    }
}

} // namespace

OpenFile::OpenFile(std::string path)
    : file_(open_regular_file(std::move(path))),
      size_(static_cast<uint64_t>(file_->status().st_size)),
      directory_source_(file_, size_, CACHE_BYTES) {
    open(file_->path(), [&] { read_directory(); });
}

void OpenFile::read_directory() {
    if (io::has_npy_header(directory_source_)) {
        kind_ = io::ContentKind::Labels;
        return;
    }
    archive_.emplace(directory_source_);
    if (archive_->contains(io::KEYS)) {
        kind_ = io::ContentKind::TensorMap;
        keys_ = io::read_member(*archive_, io::KEYS, [](io::InputStream& input) {
            return new_labels(io::read_labels_content(input));
        });
    } else if (archive_->contains(io::VALUES)) {
        kind_ = io::ContentKind::TensorBlock;
    } else {
        throw io::serialization_error("there are no Labels, TensorBlock or TensorMap in this file");
    }
}

size_t OpenFile::blocks_count() const {
    switch (kind_) {
    case io::ContentKind::TensorMap:
        return rows(keys_.get()).count;
    case io::ContentKind::TensorBlock:
        return 1;
    default:
        return 0;
    }
}

Info OpenFile::info() const {
    auto info = Info();
    if (archive_->contains(io::INFO)) {
        auto reader = source();
        io::read_member(archive_->through(reader), io::INFO, [&](io::InputStream& input) {
            io::read_info(input, info);
        });
    }
    return info;
}

const StoredBlock& OpenFile::block(size_t index) const {
    auto lock = std::lock_guard(mutex_);
    auto found = blocks_.find(index);
    if (found == blocks_.end()) {
        auto prefix = kind_ == io::ContentKind::TensorMap ? io::block_prefix(index) : std::string();
        auto reader = source();
        auto block = read_stored_block(archive_->through(reader), prefix);
        found = blocks_.emplace(index, std::move(block)).first;
    }
    return found->second;
}

io::FileSource OpenFile::source() const {
    return {file_, size_, CACHE_BYTES};
}

std::shared_ptr<const Mapping> OpenFile::mapping() const {
    auto lock = std::lock_guard(mutex_);
    if (mapping_ == nullptr) {
        mapping_ = std::make_shared<Mapping>(*file_, size_);
    }
    return mapping_;
}

} // namespace mts::files
