#pragma once

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "../errors.hpp"

namespace metatensor {
namespace details {

/// Number of elements of an array with this `shape`. Throws if it does not fit in `size_t`.
template <typename Shape>
size_t element_count(const Shape& shape) {
    size_t count = 1;
    bool overflow = false;
    for (auto size : shape) {
        if (size == 0) {
            return 0;
        }
        overflow = overflow || count > std::numeric_limits<size_t>::max() / size;
        count *= size;
    }
    if (overflow) {
        throw Error("array shape is too large: the number of elements overflows");
    }
    return count;
}

/// Strides, in elements, of a contiguous row-major array with this `shape`.
template <typename Shape>
std::vector<int64_t> row_major_strides(const Shape& shape) {
    std::vector<int64_t> strides(shape.size());
    size_t stride = 1;
    for (size_t axis = shape.size(); axis-- > 0;) {
        strides[axis] = static_cast<int64_t>(stride);
        stride *= shape[axis];
    }
    return strides;
}

/// Is an array with this `shape` and these `strides` contiguous and row-major? The strides of axes
/// with a single entry are never used, so they can have any value.
template <typename Shape>
bool is_row_major(const Shape& shape, const std::vector<int64_t>& strides) {
    bool same_strides = true;
    const auto expected = row_major_strides(shape);
    for (size_t axis = 0; axis < shape.size(); axis++) {
        if (shape[axis] == 0) {
            return true;
        }
        same_strides = same_strides && (shape[axis] == 1 || strides[axis] == expected[axis]);
    }
    return same_strides;
}

/// Shape for error messages: `(2, 3)`.
template <typename Shape>
std::string shape_name(const Shape& shape) {
    std::string name = "(";
    for (size_t axis = 0; axis < shape.size(); axis++) {
        name += (axis == 0 ? "" : ", ") + std::to_string(shape[axis]);
    }
    return name + ")";
}

/// Throw unless `new_shape` has as many elements as `old_shape`.
template <typename Shape>
void check_reshape(const Shape& old_shape, const Shape& new_shape) {
    if (element_count(old_shape) != element_count(new_shape)) {
        throw Error(
            "can not reshape an array with shape " + shape_name(old_shape) + " to " +
            shape_name(new_shape) + ": the number of elements is different"
        );
    }
}

/// Throw unless `axis_1` and `axis_2` are axes of an array with this `shape`.
template <typename Shape>
void check_swap_axes(const Shape& shape, size_t axis_1, size_t axis_2) {
    if (axis_1 >= shape.size() || axis_2 >= shape.size()) {
        throw Error(
            "can not swap axes " + std::to_string(axis_1) + " and " + std::to_string(axis_2) +
            " of an array with " + std::to_string(shape.size()) + " dimensions"
        );
    }
}

/// Offset, in elements, of the entry at these indexes in a strided array. Throws if there are not
/// as many indexes as dimensions; bounds are only checked by assertions.
template <typename... Index>
int64_t element_offset(
    const std::vector<size_t>& shape, const std::vector<int64_t>& strides, Index... index
) {
    static_assert((std::is_integral_v<Index> && ...), "array indexes must be integers");

    constexpr size_t count = sizeof...(Index);
    if (count != shape.size()) {
        throw Error(
            "expected " + std::to_string(shape.size()) + " indexes into an array with this many " +
            "dimensions, got " + std::to_string(count)
        );
    }

    const std::array<size_t, count> indexes = {static_cast<size_t>(index)...};
    int64_t offset = 0;
    for (size_t axis = 0; axis < count; axis++) {
        assert(indexes[axis] < shape[axis] && "array index out of bounds");
        offset += static_cast<int64_t>(indexes[axis]) * strides[axis];
    }
    return offset;
}

} // namespace details
} // namespace metatensor
