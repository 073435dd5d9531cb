#pragma once

#include <cstddef>
#include <cstdint>

#include "io/source.hpp"

namespace mts::io {

/// Bytes read one after the other, of known total length: a file, or one member of an archive
class InputStream {
public:
    virtual ~InputStream() = default;

    /// Number of bytes left to read. This is never more than what the actual input can contain: it
    /// is safe to allocate this much memory.
    virtual uint64_t remaining() const = 0;

    /// Read exactly `count` bytes. It is an IO error if there are not that many bytes.
    virtual void read(void* destination, size_t count) = 0;

    /// To be called when the content has been read: it is a SERIALIZATION error if something is
    /// left to read, and an IO error if what was read does not have the right checksum.
    virtual void finish() = 0;
};

/// The bytes of a source from first to last
class SourceStream final : public InputStream {
public:
    explicit SourceStream(Source& source) : source_(source) {}

    uint64_t remaining() const override { return source_.size() - position_; }
    void read(void* destination, size_t count) override;
    void finish() override;

private:
    Source& source_;
    uint64_t position_ = 0;
};

} // namespace mts::io
