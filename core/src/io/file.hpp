#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "error.hpp"

namespace mts::io {

/// Error for a failed system call on the file at `path`: what could not be done, and the reason
/// `code` (a value of `errno`)
Error file_error(std::string_view action, const std::string& path, int code);

/// An open file, closed with this object. All errors are IO errors with the path of the file.
class File {
public:
    /// No file
    File() = default;

    /// Open a file, with the same `flags` and `mode` as the system call
    File(std::string path, int flags, mode_t mode = 0);

    /// The same, but a file that can not be opened gives an object without file, and `errno` is set
    static File try_open(std::string path, int flags, mode_t mode = 0);

    ~File();

    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;

    bool is_open() const { return descriptor_ >= 0; }
    int descriptor() const { return descriptor_; }
    const std::string& path() const { return path_; }
    struct stat status() const;

    /// Try to give the file the same group and mode as another one; returns false if that is not
    /// allowed.
    bool copy_group_and_mode(const struct stat& other);

    /// Read up to `count` bytes from the current position, or from `offset`; fewer only at the end
    /// of the file. `read_at` can be used by several threads at the same time.
    size_t read(void* destination, size_t count);
    size_t read_at(uint64_t offset, void* destination, size_t count) const;

    /// Write all of the `count` bytes at the current position, or at `offset`
    void write(const void* data, size_t count);
    void write_at(uint64_t offset, const void* data, size_t count);

    /// Ask the system for the disk space of the first `size` bytes, without changing the size of
    /// the file. Failures do not matter: space is then found when writing.
    void preallocate(uint64_t size) noexcept;

    /// Set the size of the file, and give back disk space beyond it
    void truncate(uint64_t size);

    /// Close the file, reporting errors of earlier writes that the system delayed until now
    void close();

private:
    std::string path_;
    int descriptor_ = -1;
};

} // namespace mts::io
