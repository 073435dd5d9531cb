#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/file.hpp"

namespace mts::io {

/// Bytes that can be read at any position.
///
/// Everything read is copied out, and nothing read twice is assumed to be the same: the file or the
/// buffer can be changed by somebody else while we read it.
class Source {
public:
    virtual ~Source() = default;

    /// Total number of bytes
    virtual uint64_t size() const = 0;

    /// Copy exactly `count` bytes starting at `offset` to `destination`. It is an IO error if there
    /// are not that many bytes.
    virtual void read_at(uint64_t offset, void* destination, size_t count) = 0;
};

/// Bytes in the memory of the caller, which must outlive this object
class MemorySource final : public Source {
public:
    explicit MemorySource(std::span<const uint8_t> bytes) : bytes_(bytes) {}

    uint64_t size() const override { return bytes_.size(); }
    void read_at(uint64_t offset, void* destination, size_t count) override;

private:
    std::span<const uint8_t> bytes_;
};

/// A file. Pipes are read completely into memory first, since they can not be read at any position.
class FileSource final : public Source {
public:
    /// Open the file at `path`; this fails with an IO error if it can not be opened, or if it is
    /// something else than a regular file or a pipe.
    explicit FileSource(const std::string& path);

    /// Read the first `size` bytes of a regular file that is already open. Each read of less than
    /// `cache_bytes` gets this many bytes from the system, for the next reads.
    FileSource(std::shared_ptr<const File> file, uint64_t size, size_t cache_bytes);

    uint64_t size() const override { return size_; }
    void read_at(uint64_t offset, void* destination, size_t count) override;

private:
    void read_pipe(File& file);

    std::shared_ptr<const File> file_;
    uint64_t size_ = 0;
    size_t cache_bytes_;
    /// Bytes of the file from `cache_offset_` on: most reads are small, and in the order of the
    /// file
    std::vector<uint8_t> cache_;
    uint64_t cache_offset_ = 0;
};

} // namespace mts::io
