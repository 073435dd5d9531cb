#pragma once

#include <memory>
#include <utility>

#include "array.hpp"
#include "metatensor.h"

// Owners of the objects of libmetatensor

namespace mts::files {

struct FreeBlock {
    void operator()(mts_block_t* block) const { mts_block_free(block); }
};
using BlockHandle = std::unique_ptr<mts_block_t, FreeBlock>;

struct FreeTensor {
    void operator()(mts_tensormap_t* tensor) const { mts_tensormap_free(tensor); }
};
using TensorHandle = std::unique_ptr<mts_tensormap_t, FreeTensor>;

/// Labels can be shared
using LabelsHandle = std::shared_ptr<const mts_labels_t>;

inline LabelsHandle own(const mts_labels_t* labels) {
    return {labels, [](const mts_labels_t* pointer) { mts_labels_free(pointer); }};
}

/// An array that goes to libmetatensor in the end
class ArrayHandle {
public:
    /// Takes ownership of `array`
    explicit ArrayHandle(mts_array_t array) noexcept : array_(array) {}
    ArrayHandle(ArrayHandle&& other) noexcept : array_(std::exchange(other.array_, {})) {}
    ArrayHandle& operator=(ArrayHandle&&) = delete;
    ~ArrayHandle() {
        if (array_.destroy != nullptr) {
            array_.destroy(array_.ptr);
        }
    }

    mts_array_t release() && noexcept { return std::exchange(array_, {}); }

    /// Access to the array, which stays owned by this object
    Array view() const noexcept {
        auto view = array_;
        view.destroy = nullptr;
        return Array(view);
    }

private:
    mts_array_t array_;
};

} // namespace mts::files
