#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "shape.hpp"

namespace metatensor {

/// N-dimensional row-major array in CPU memory: a view of existing memory, read-only or mutable, or
/// the owner of its data. This is only meant to look at and fill arrays, it has no operations.
///
/// Instances can be moved but not copied. A default-constructed or moved-from array is empty, with
/// no dimensions and no data.
template <typename T>
class NDArray {
    static_assert(std::is_arithmetic_v<T>, "NDArray only contains arithmetic types");

public:
    /// Create an empty array, with no dimensions.
    NDArray() = default;

    /// Create a read-only view of the memory at `data`, which must stay alive for as long as the
    /// view. Throws if `shape` is empty, or if `data` is null and there are elements.
    NDArray(const T* data, std::vector<size_t> shape)
        : NDArray(const_cast<T*>(data), std::move(shape), /*is_read_only=*/true) {}

    /// Create a mutable view of the memory at `data`, which must stay alive for as long as the
    /// view. Throws if `shape` is empty, or if `data` is null and there are elements.
    NDArray(T* data, std::vector<size_t> shape)
        : NDArray(data, std::move(shape), /*is_read_only=*/false) {}

    /// Create an array owning its `data`. Throws if `shape` is empty, or if it contains more
    /// elements than `data`.
    NDArray(std::vector<T> data, std::vector<size_t> shape)
        : shape_(std::move(shape)), strides_(details::row_major_strides(shape_)) {
        this->check_shape(data.size());
        if constexpr (std::is_same_v<T, bool>) {
            // std::vector<bool> does not store an array of bool
            deleter_ = [](void* owner) { delete[] static_cast<bool*>(owner); };
            data_ = new bool[data.size()];
            owner_ = data_;
            std::copy(data.begin(), data.end(), data_);
        } else {
            deleter_ = [](void* owner) { delete static_cast<std::vector<T>*>(owner); };
            auto* owner = new std::vector<T>(std::move(data));
            data_ = owner->data();
            owner_ = owner;
        }
    }

    NDArray(const NDArray&) = delete;
    NDArray& operator=(const NDArray&) = delete;

    NDArray(NDArray&& other) noexcept { this->swap(other); }

    NDArray& operator=(NDArray&& other) noexcept {
        NDArray moved(std::move(other));
        this->swap(moved);
        return *this;
    }

    ~NDArray() {
        if (owner_ != nullptr) {
            deleter_(owner_);
        }
    }

    /// Is this a view of memory owned by something else?
    bool is_view() const { return owner_ == nullptr; }

    /// Value at these indexes. Throws if there are not as many indexes as dimensions.
    template <typename... Index>
    T operator()(Index... index) const& {
        return this->data()[this->offset(index...)];
    }

    /// Reference to the value at these indexes. Throws if there are not as many indexes as
    /// dimensions, or if the array is read-only.
    template <typename... Index>
    T& operator()(Index... index) & {
        return this->data()[this->offset(index...)];
    }

    template <typename... Index>
    T operator()(Index... index) const&& = delete;

    /// Pointer to the first element; this can be null if there are no elements.
    const T* data() const& { return data_; }

    /// Mutable pointer to the first element. Throws if the array is read-only.
    T* data() & {
        if (is_read_only_) {
            throw Error("can not get mutable access to the data of a read-only NDArray");
        }
        return data_;
    }

    const T* data() const&& = delete;

    const std::vector<size_t>& shape() const& { return shape_; }
    const std::vector<size_t>& shape() const&& = delete;

    /// Strides of the array, in elements.
    const std::vector<int64_t>& strides() const { return strides_; }

    /// Always true: the data is contiguous and in row-major order.
    bool is_contiguous() const { return true; }

private:
    NDArray(T* data, std::vector<size_t> shape, bool is_read_only)
        : data_(data), shape_(std::move(shape)), strides_(details::row_major_strides(shape_)),
          is_read_only_(is_read_only) {
        this->check_shape(data == nullptr ? 0 : std::numeric_limits<size_t>::max());
    }

    /// Throw unless the shape has dimensions, and at most `available` elements.
    void check_shape(size_t available) const {
        if (shape_.empty()) {
            throw Error("NDArray must have at least one dimension");
        }

        const auto count = details::element_count(shape_);
        if (count > available) {
            throw Error(
                "NDArray with shape " + details::shape_name(shape_) + " needs " +
                std::to_string(count) + " elements, got " +
                (available == 0 ? "no data" : std::to_string(available))
            );
        }
    }

    template <typename... Index>
    int64_t offset(Index... index) const {
        if (shape_.empty()) {
            throw Error("can not index an empty NDArray");
        }
        return details::element_offset(shape_, strides_, index...);
    }

    void swap(NDArray& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(shape_, other.shape_);
        std::swap(strides_, other.strides_);
        std::swap(is_read_only_, other.is_read_only_);
        std::swap(owner_, other.owner_);
        std::swap(deleter_, other.deleter_);
    }

    T* data_ = nullptr;
    std::vector<size_t> shape_;
    std::vector<int64_t> strides_;
    bool is_read_only_ = false;
    /// What keeps the data alive, to be given to `deleter_`. Null for a view.
    void* owner_ = nullptr;
    std::function<void(void*)> deleter_;
    [[maybe_unused]] std::array<unsigned char, 16> reserved_ = {};
};

} // namespace metatensor
