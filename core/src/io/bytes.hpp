#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

// Integers in strings of bytes

namespace mts::io {

template <std::unsigned_integral T>
constexpr T byte_swapped(T value) {
    if constexpr (sizeof(T) == 2) {
        return __builtin_bswap16(value);
    } else if constexpr (sizeof(T) == 4) {
        return __builtin_bswap32(value);
    } else {
        static_assert(sizeof(T) == 8);
        return __builtin_bswap64(value);
    }
}

/// Read an integer stored in little-endian order; `bytes` does not need to be aligned
template <std::unsigned_integral T>
T load_little_endian(const void* bytes) {
    T value;
    std::memcpy(&value, bytes, sizeof(T));
    if constexpr (std::endian::native == std::endian::big) {
        value = byte_swapped(value);
    }
    return value;
}

/// Write an integer in little-endian order; `bytes` does not need to be aligned
template <std::unsigned_integral T>
void store_little_endian(void* bytes, T value) {
    if constexpr (std::endian::native == std::endian::big) {
        value = byte_swapped(value);
    }
    std::memcpy(bytes, &value, sizeof(T));
}

template <std::unsigned_integral T>
void append_little_endian(std::string& output, T value) {
    char bytes[sizeof(T)];
    store_little_endian(bytes, value);
    output.append(bytes, sizeof(T));
}

} // namespace mts::io
