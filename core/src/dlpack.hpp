#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "metatensor.h"

namespace mts {

/// The version of DLPack that this library understands
inline constexpr DLPackVersion DLPACK_VERSION = {DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION};
inline constexpr DLDevice CPU_DEVICE = {kDLCPU, 0};
inline constexpr DLDataType INT32_DTYPE = {kDLInt, 32, 1};

inline bool same_device(DLDevice a, DLDevice b) noexcept {
    return a.device_type == b.device_type && a.device_id == b.device_id;
}

inline bool same_dtype(DLDataType a, DLDataType b) noexcept {
    return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes;
}

/// Owner of a DLPack tensor on CPU, the shape and strides of which have been checked.
class DLPackTensor {
public:
    /// Takes ownership of `tensor`, and throws if it can not be used: bad version, not on CPU,
    /// negative sizes, number of elements that overflows, missing data...
    explicit DLPackTensor(DLManagedTensorVersioned* tensor);

    DLDataType dtype() const noexcept { return tensor_->dl_tensor.dtype; }
    std::size_t ndim() const noexcept { return static_cast<std::size_t>(tensor_->dl_tensor.ndim); }
    std::size_t size(std::size_t axis) const noexcept {
        return static_cast<std::size_t>(tensor_->dl_tensor.shape[axis]);
    }
    /// Number of elements to skip to get to the next index along each axis; never along axes of
    /// size 1, where producers are free to export any stride
    const std::vector<std::int64_t>& strides() const noexcept { return strides_; }
    /// Number of elements
    std::size_t count() const noexcept { return count_; }
    /// First element, with the byte offset applied
    void* data() const noexcept { return data_; }
    /// Are the elements contiguous, and in row-major order?
    bool is_contiguous() const noexcept { return contiguous_; }
    bool is_read_only() const noexcept {
        return (tensor_->flags & DLPACK_FLAG_BITMASK_READ_ONLY) != 0;
    }

private:
    struct Deleter {
        void operator()(DLManagedTensorVersioned* tensor) const noexcept {
            if (tensor->deleter != nullptr) {
                tensor->deleter(tensor);
            }
        }
    };

    std::unique_ptr<DLManagedTensorVersioned, Deleter> tensor_;
    std::vector<std::int64_t> strides_;
    std::size_t count_ = 1;
    void* data_ = nullptr;
    bool contiguous_ = true;
};

} // namespace mts
