#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "io/sink.hpp"

namespace mts::io {

/// Where the content of a member of an archive is written
class ZipMemberOutput {
public:
    /// Without sink, only the checksum is computed
    explicit ZipMemberOutput(Sink* sink) : sink_(sink) {}

    void write(const void* data, size_t count);

    uint32_t crc() const { return crc_; }
    uint64_t size() const { return size_; }

private:
    Sink* sink_;
    uint32_t crc_ = 0;
    uint64_t size_ = 0;
};

/// Writer of ZIP archives, without compression
class ZipWriter {
public:
    /// The archive starts at the first byte of `sink`
    explicit ZipWriter(Sink& sink) : sink_(sink) {}

    /// Writes the content of a member. It is called twice if the output does not allow to come back
    /// to the checksum stored before the content: it must write the same bytes each time.
    using Content = std::function<void(ZipMemberOutput&)>;

    /// Where the content of the next member starts in `sink`, if it is called `name`
    uint64_t content_position(std::string_view name) const;

    /// Add a member with `size` bytes of content
    void add(std::string_view name, uint64_t size, const Content& content);

    /// Write the directory: nothing can be added after this
    void finish();

private:
    void add_to_directory(std::string_view name, uint64_t size, uint64_t offset, uint32_t crc);

    Sink& sink_;
    std::string directory_;
    uint64_t count_ = 0;
};

} // namespace mts::io
