#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "dlpack_array.hpp"
#include "ndarray.hpp"
#include "shape.hpp"
#include "simple_data_array.hpp"
#include "strided.hpp"

/// Comparison of `SimpleDataArray<T>`, `NDArray<T>` and `DLPackArray<T>`, with `==` and `!=`.

namespace metatensor {
namespace details {

/// What all the array types have in common, to compare them: elements of type `Storage` in CPU
/// memory, that stand for values of type `T`.
template <typename T>
struct ComparableArray {
    using Storage = typename SimpleDataArray<T>::storage_t;

    const Storage* data;
    std::vector<size_t> shape;
    std::vector<int64_t> strides;
};

template <typename T>
ComparableArray<T> comparable(const SimpleDataArray<T>& array) {
    const auto& shape = array.shape();
    return {array.data(), {shape.begin(), shape.end()}, array.strides()};
}

template <typename T>
ComparableArray<T> comparable(const NDArray<T>& array) {
    using Storage = typename ComparableArray<T>::Storage;
    return {reinterpret_cast<const Storage*>(array.data()), array.shape(), array.strides()};
}

template <typename T>
ComparableArray<T> comparable(const DLPackArray<T>& array) {
    if (array.device().device_type != kDLCPU) {
        throw Error("can not compare the elements of a DLPackArray which is not on CPU");
    }
    using Storage = typename ComparableArray<T>::Storage;
    return {reinterpret_cast<const Storage*>(array.data()), array.shape(), array.strides()};
}

template <typename T>
bool same_elements(const ComparableArray<T>& first, const ComparableArray<T>& second) {
    if (first.shape != second.shape) {
        return false;
    }
    if (first.data == nullptr || second.data == nullptr) {
        // there is no data without elements, or in the empty arrays
        return first.data == second.data || element_count(first.shape) == 0;
    }

    // compare `T` and not `Storage`, for all the non-zero values of a bool to be the same
    using Storage = typename ComparableArray<T>::Storage;
    auto equal = [](Storage a, Storage b) { return static_cast<T>(a) == static_cast<T>(b); };

    const auto count = element_count(first.shape);
    if (is_row_major(first.shape, first.strides) && is_row_major(second.shape, second.strides)) {
        return std::equal(first.data, first.data + count, second.data, equal);
    }

    StridedOffsets first_offsets(first.shape, first.strides);
    StridedOffsets second_offsets(second.shape, second.strides);
    for (size_t i = 0; i < count; i++) {
        if (!equal(first.data[first_offsets.next()], second.data[second_offsets.next()])) {
            return false;
        }
    }
    return true;
}

/// Both types are arrays, with elements of the same type.
template <typename First, typename Second>
using EnableIfComparable = std::enable_if_t<std::is_same_v<
    decltype(comparable(std::declval<const First&>())),
    decltype(comparable(std::declval<const Second&>()))>>;

} // namespace details

/// Arrays are equal if they have the same shape and equal elements, however they are stored.
template <typename First, typename Second, typename = details::EnableIfComparable<First, Second>>
bool operator==(const First& first, const Second& second) {
    return details::same_elements(details::comparable(first), details::comparable(second));
}

template <typename First, typename Second, typename = details::EnableIfComparable<First, Second>>
bool operator!=(const First& first, const Second& second) {
    return !(first == second);
}

} // namespace metatensor
