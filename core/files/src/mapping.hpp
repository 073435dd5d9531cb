#pragma once

#include <cstddef>
#include <cstdint>

#include "io/file.hpp"

namespace mts::files {

/// The content of a file as memory, read by the system when it is used
class Mapping {
public:
    /// Map the first `size` bytes of a file
    Mapping(const io::File& file, uint64_t size);
    ~Mapping();

    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

    const uint8_t* data() const { return static_cast<const uint8_t*>(data_); }

private:
    void* data_;
    size_t size_;
};

} // namespace mts::files
