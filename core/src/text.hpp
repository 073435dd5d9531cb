#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "metatensor.h"

namespace mts {

/// Text used in messages for a device, for example `CUDA:1`
std::string to_text(DLDevice device);
/// Text used in messages for a data type, for example `f64`
std::string to_text(DLDataType dtype);
/// Text used in messages for a shape or for an entry of labels: `1, 2, 3`
std::string to_text(std::span<const std::uintptr_t> shape);
std::string to_text(std::span<const std::int32_t> values);

namespace detail {
inline std::string to_string(std::string_view text) {
    return std::string(text);
}
inline std::string to_string(std::integral auto number) {
    return std::to_string(number);
}
} // namespace detail

/// Concatenation of strings and integers
template <typename... Parts>
std::string text(const Parts&... parts) {
    std::string result;
    (result.append(detail::to_string(parts)), ...);
    return result;
}

/// Is this valid UTF-8, without surrogates or overlong sequences?
bool is_utf8(std::string_view bytes);

} // namespace mts
