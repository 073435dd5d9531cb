#include "io/file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "io/errors.hpp"

namespace mts::io {

namespace {

// Call `transfer(done, count)` until `total` bytes are transferred, or it returns 0. It gets at
// most 1 GiB at a time, because systems limit the size of one call.
template <typename Transfer>
size_t repeat(size_t total, const char* action, const std::string& path, Transfer transfer) {
    constexpr size_t MAX_BYTES = size_t{1} << 30;

    size_t done = 0;
    while (done < total) {
        auto count = transfer(done, std::min(total - done, MAX_BYTES));
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            throw file_error(action, path, errno);
        }
        if (count == 0) {
            break;
        }
        done += static_cast<size_t>(count);
    }
    return done;
}

void require_all(size_t written, size_t expected, const std::string& path) {
    if (written != expected) {
        throw file_error("write", path, ENOSPC);
    }
}

} // namespace

Error file_error(std::string_view action, const std::string& path, int code) {
    return io_error("could not ", action, " '", path, "': ", std::generic_category().message(code));
}

File::File(std::string path, int flags, mode_t mode) {
    *this = try_open(std::move(path), flags, mode);
    if (!is_open()) {
        throw file_error("open", path_, errno);
    }
}

File File::try_open(std::string path, int flags, mode_t mode) {
    auto file = File();
    file.path_ = std::move(path);
    do {
        file.descriptor_ = ::open(file.path_.c_str(), flags | O_CLOEXEC, mode);
    } while (!file.is_open() && errno == EINTR);
    return file;
}

File::~File() {
    if (is_open()) {
        ::close(descriptor_);
    }
}

File::File(File&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

File& File::operator=(File&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

struct stat File::status() const {
    struct stat result = {};
    if (::fstat(descriptor_, &result) != 0) {
        throw file_error("access", path_, errno);
    }
    return result;
}

bool File::copy_group_and_mode(const struct stat& other) {
    // changing the group can reset parts of the mode: the mode must come second
    return (status().st_gid == other.st_gid ||
            ::fchown(descriptor_, static_cast<uid_t>(-1), other.st_gid) == 0) &&
           ::fchmod(descriptor_, other.st_mode & 07777) == 0;
}

size_t File::read(void* destination, size_t count) {
    return repeat(count, "read", path_, [&](size_t done, size_t chunk) {
        return ::read(descriptor_, static_cast<char*>(destination) + done, chunk);
    });
}

size_t File::read_at(uint64_t offset, void* destination, size_t count) const {
    return repeat(count, "read", path_, [&](size_t done, size_t chunk) {
        return ::pread(
            descriptor_,
            static_cast<char*>(destination) + done,
            chunk,
            static_cast<off_t>(offset + done)
        );
    });
}

void File::write(const void* data, size_t count) {
    auto written = repeat(count, "write", path_, [&](size_t done, size_t chunk) {
        return ::write(descriptor_, static_cast<const char*>(data) + done, chunk);
    });
    require_all(written, count, path_);
}

void File::write_at(uint64_t offset, const void* data, size_t count) {
    auto written = repeat(count, "write", path_, [&](size_t done, size_t chunk) {
        return ::pwrite(
            descriptor_,
            static_cast<const char*>(data) + done,
            chunk,
            static_cast<off_t>(offset + done)
        );
    });
    require_all(written, count, path_);
}

void File::preallocate([[maybe_unused]] uint64_t size) noexcept {
#if defined(__linux__)
    // unlike `posix_fallocate`, this does not write to file systems which can not do it
    ::fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size));
#endif
}

void File::truncate(uint64_t size) {
    while (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0) {
        if (errno != EINTR) {
            throw file_error("write", path_, errno);
        }
    }
}

void File::close() {
    auto descriptor = std::exchange(descriptor_, -1);
    if (descriptor >= 0 && ::close(descriptor) != 0 && errno != EINTR) {
        throw file_error("write", path_, errno);
    }
}

} // namespace mts::io
