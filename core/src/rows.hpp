#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

namespace mts {

/// View of a row-major matrix of integers: the values of labels on CPU.
///
/// The memory can belong to the user, who is not supposed to change it, but could. Code using rows
/// must stay within bounds whatever the values are, even if they change between two accesses.
struct Rows {
    const std::int32_t* data = nullptr;
    std::size_t count = 0;
    std::size_t size = 0;

    const std::int32_t* operator[](std::size_t i) const noexcept { return data + i * size; }
    std::span<const std::int32_t> row(std::size_t i) const noexcept {
        return {data + i * size, size};
    }
};

/// Calls `function` with the number of columns as a compile-time constant for the usual sizes, and
/// with 0 for all others: loops over columns are then unrolled by the compiler.
template <typename Function>
decltype(auto) with_static_width(std::size_t size, Function&& function) {
    switch (size) {
    case 1:
        return function(std::integral_constant<std::size_t, 1>());
    case 2:
        return function(std::integral_constant<std::size_t, 2>());
    case 3:
        return function(std::integral_constant<std::size_t, 3>());
    case 4:
        return function(std::integral_constant<std::size_t, 4>());
    default:
        return function(std::integral_constant<std::size_t, 0>());
    }
}

/// Lexicographic comparison of two rows of `Width` columns (`size` columns if `Width` is 0)
template <std::size_t Width>
std::strong_ordering
compare_rows(const std::int32_t* a, const std::int32_t* b, std::size_t size) noexcept {
    const std::size_t width = Width == 0 ? size : Width;
    for (std::size_t i = 0; i < width; i++) {
        if (a[i] != b[i]) {
            return a[i] <=> b[i];
        }
    }
    return std::strong_ordering::equal;
}

template <std::size_t Width>
bool same_rows(const std::int32_t* a, const std::int32_t* b, std::size_t size) noexcept {
    const std::size_t width = Width == 0 ? size : Width;
    bool same = true;
    for (std::size_t i = 0; i < width; i++) {
        same = same && a[i] == b[i];
    }
    return same;
}

/// Is each row larger than the one before it, in lexicographic order? Then they are also unique.
bool strictly_increasing(Rows rows) noexcept;

} // namespace mts
