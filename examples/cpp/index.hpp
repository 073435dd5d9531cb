#pragma once

#include <metatensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

/// Size of each axis of an array, or position of an element along each axis.
using Index = std::vector<uintptr_t>;

inline size_t element_count(const Index& shape) {
    return std::accumulate(shape.begin(), shape.end(), size_t(1), std::multiplies<>());
}

/// Position of an element in row-major order.
inline size_t row_major_position(const Index& shape, const Index& index) {
    size_t position = 0;
    for (size_t axis = 0; axis < shape.size(); axis++) {
        position = position * shape[axis] + index[axis];
    }
    return position;
}

/// Offset of an element from the first one, in an array with these strides.
inline int64_t strided_offset(const std::vector<int64_t>& strides, const Index& index) {
    int64_t offset = 0;
    for (size_t axis = 0; axis < index.size(); axis++) {
        offset += static_cast<int64_t>(index[axis]) * strides[axis];
    }
    return offset;
}

/// The element at a position in row-major order.
inline Index row_major_index(const Index& shape, size_t position) {
    Index index(shape.size());
    for (size_t axis = shape.size(); axis-- > 0;) {
        index[axis] = position % shape[axis];
        position /= shape[axis];
    }
    return index;
}

/// For `move_data`: call `move(from, to)` with the index of each element to move in the input and
/// in the output. `shape` is the one of any of them: the axes in the middle have the same sizes.
template <typename Move>
void for_each_move(const Index& shape, const std::vector<mts_data_movement_t>& moves, Move move) {
    const Index components(shape.begin() + 1, shape.end() - 1);
    const auto components_count = element_count(components);
    for (const auto& movement : moves) {
        for (size_t position = 0; position < components_count; position++) {
            auto from = row_major_index(components, position);
            from.insert(from.begin(), movement.sample_in);
            from.push_back(movement.properties_start_in);
            auto to = from;
            to.front() = movement.sample_out;
            to.back() = movement.properties_start_out;
            for (size_t i = 0; i < movement.properties_length; i++) {
                move(from, to);
                from.back() += 1;
                to.back() += 1;
            }
        }
    }
}
