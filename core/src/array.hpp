#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "dlpack.hpp"
#include "metatensor.h"

namespace mts {

/// Owner of an array given by the user. Every call is checked: entries that are NULL and callbacks
/// that fail become exceptions.
class Array {
public:
    Array() noexcept : raw_{} {}
    /// Takes ownership of `raw`
    explicit Array(mts_array_t raw) noexcept : raw_(raw) {}
    Array(Array&& other) noexcept : raw_(std::exchange(other.raw_, mts_array_t{})) {}
    Array& operator=(Array&& other) noexcept {
        std::swap(raw_, other.raw_);
        return *this;
    }
    ~Array() {
        if (raw_.destroy != nullptr) {
            raw_.destroy(raw_.ptr);
        }
    }

    /// The same array, which does not own its data
    mts_array_t view() const noexcept {
        mts_array_t result = raw_;
        result.destroy = nullptr;
        return result;
    }

    mts_data_origin_t origin() const;
    DLDevice device() const;
    DLDataType dtype() const;
    /// Size of each axis; valid until the array is reshaped
    std::span<const std::uintptr_t> shape() const;

    /// The data on CPU
    DLPackTensor as_dlpack() const;
    /// A new array of the same kind, with the content of `tensor`, which is consumed
    Array from_dlpack(DLManagedTensorVersioned* tensor) const;
    void reshape(std::span<const std::uintptr_t> shape);
    void swap_axes(std::size_t axis_1, std::size_t axis_2);
    /// A new array of the same kind, type and device, filled with `fill_value`
    Array create(std::span<const std::uintptr_t> shape, const Array& fill_value) const;
    Array copy(DLDevice device) const;
    void move_data(const Array& input, std::span<const mts_data_movement_t> movements);

private:
    mts_array_t raw_;
};

} // namespace mts
