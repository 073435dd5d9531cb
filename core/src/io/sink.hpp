#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/file.hpp"
#include "metatensor.h"

namespace mts::io {

/// Where bytes are written, one after the other
class Sink {
public:
    virtual ~Sink() = default;

    /// Append bytes to the output
    virtual void write(const void* data, size_t count) = 0;

    /// Number of bytes written
    virtual uint64_t position() const = 0;

    /// Announce that `count` bytes are about to be written
    virtual void reserve(uint64_t /*count*/) {}

    /// Can bytes be changed once they are written?
    virtual bool can_overwrite() const = 0;

    /// Replace bytes written before
    virtual void overwrite(uint64_t offset, const void* data, size_t count) = 0;
};

/// A buffer of the caller, which grows through the caller's function
class BufferSink final : public Sink {
public:
    /// Write at the start of `*buffer`, which has room for `capacity` bytes. `*buffer` is updated
    /// each time it is reallocated.
    BufferSink(
        uint8_t** buffer, size_t capacity, void* realloc_user_data, mts_realloc_buffer_t realloc
    );

    void write(const void* data, size_t count) override;
    uint64_t position() const override { return size_; }
    void reserve(uint64_t count) override;
    bool can_overwrite() const override { return true; }
    void overwrite(uint64_t offset, const void* data, size_t count) override;

private:
    uint8_t** buffer_;
    size_t capacity_;
    size_t size_ = 0;
    void* realloc_user_data_;
    mts_realloc_buffer_t realloc_;
};

/// A file. The file appears (or replaces an older one) at its path only when everything has been
/// written; if writing fails, or if `commit` is not called, nothing changes. This is not possible
/// for files that must be written in place: devices and pipes, and files with several names or that
/// belong to somebody else. Those are written directly.
class FileSink final : public Sink {
public:
    explicit FileSink(const std::string& path);
    ~FileSink() override;

    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;

    void write(const void* data, size_t count) override;
    uint64_t position() const override { return written_ + pending_.size(); }
    void reserve(uint64_t count) override;
    bool can_overwrite() const override { return can_overwrite_; }
    void overwrite(uint64_t offset, const void* data, size_t count) override;

    /// Finish writing, and put the file at its place
    void commit();

private:
    void open(const std::string& path);
    bool open_temporary(const std::string& final_path, const struct stat* replaced);
    void flush();

    File file_;
    bool can_overwrite_ = false;
    /// Where the file goes, if what is open is a temporary file
    std::optional<std::string> final_path_;
    /// Small writes are gathered here; these bytes come after the `written_` bytes of the file.
    std::vector<uint8_t> pending_;
    uint64_t written_ = 0;
    /// Disk space was requested for this many bytes of the file.
    uint64_t preallocated_ = 0;
};

} // namespace mts::io
