#pragma once

#include "io_support.hpp"
#include "memory_use.hpp"

// Loading of bytes that can be anything

namespace damage {

/// Load as all kinds of objects. This can use some times more memory than there are bytes, or than
/// what they can expand to (labels with many dimensions have a few bytes for each one in a file,
/// and some strings in memory).
inline void check_load(const io_support::Bytes& bytes, size_t max_expansion = 1) {
    constexpr size_t FIXED_MEMORY = size_t{1} << 20;
    constexpr size_t MEMORY_FOR_EACH_BYTE = 64;

    auto limit = FIXED_MEMORY + MEMORY_FOR_EACH_BYTE * max_expansion * bytes.size();
    auto peak = memory_use::peak_of([&] { io_support::load_everything(bytes); });
    if (peak > limit) {
        check::fail(
            __FILE__,
            __LINE__,
            "loading " + std::to_string(bytes.size()) + " bytes used " + std::to_string(peak) +
                " bytes of memory, the limit is " + std::to_string(limit)
        );
    }
}

} // namespace damage
