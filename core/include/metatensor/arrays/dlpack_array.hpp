#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "dtype.hpp"
#include "shape.hpp"

namespace metatensor {
namespace details {

struct DLPackDeleter {
    void operator()(DLManagedTensorVersioned* tensor) const {
        if (tensor->deleter != nullptr) {
            tensor->deleter(tensor);
        }
    }
};

/// Owner of a DLPack tensor, which runs its deleter, if any, at the end.
using DLPackOwner = std::unique_ptr<DLManagedTensorVersioned, DLPackDeleter>;

/// Throw unless this code can read and write DLPack structures of this `version`.
inline void check_dlpack_version(DLPackVersion version) {
    if (version.major == SUPPORTED_DLPACK_VERSION.major) {
        return;
    }
    auto name = [](DLPackVersion v) {
        return "v" + std::to_string(v.major) + "." + std::to_string(v.minor);
    };
    throw Error(
        "DLPack version " + name(version) + " is not supported, the supported version is " +
        name(SUPPORTED_DLPACK_VERSION)
    );
}

/// Shape of a DLPack tensor.
inline std::vector<size_t> dlpack_shape(const DLTensor& tensor) {
    if (tensor.ndim < 0 || (tensor.ndim > 0 && tensor.shape == nullptr)) {
        throw Error("invalid DLPack tensor: negative number of dimensions or missing shape");
    }

    std::vector<size_t> shape;
    shape.reserve(static_cast<size_t>(tensor.ndim));
    for (int32_t axis = 0; axis < tensor.ndim; axis++) {
        if (tensor.shape[axis] < 0) {
            throw Error("invalid DLPack tensor: negative size along an axis");
        }
        shape.push_back(static_cast<size_t>(tensor.shape[axis]));
    }
    return shape;
}

/// Strides, in elements, of a DLPack tensor with this `shape`.
inline std::vector<int64_t>
dlpack_strides(const DLTensor& tensor, const std::vector<size_t>& shape) {
    if (tensor.strides == nullptr) {
        return row_major_strides(shape);
    }
    return {tensor.strides, tensor.strides + tensor.ndim};
}

/// Pointer to the first element of a DLPack tensor.
template <typename T>
const T* dlpack_data(const DLTensor& tensor) {
    if (tensor.data == nullptr) {
        return nullptr;
    }
    return reinterpret_cast<const T*>(static_cast<const char*>(tensor.data) + tensor.byte_offset);
}

} // namespace details

/// Read-only owner of a DLPack tensor with elements of type `T`, on any device and with any
/// strides. This is how the values of blocks and labels are given, whatever stores them.
///
/// The data stays alive as long as the instance does. Instances can be moved but not copied.
template <typename T>
class DLPackArray {
    static_assert(std::is_arithmetic_v<T>, "DLPackArray only contains arithmetic types");

public:
    /// Create an empty array: no dimensions, null data.
    DLPackArray() = default;

    /// Take ownership of `tensor`; its deleter is called at the end, also if this throws. A null
    /// pointer gives an empty array. Throws if the dtype of the tensor is not the one of `T`.
    explicit DLPackArray(DLManagedTensorVersioned* tensor) : tensor_(tensor) {
        if (tensor_ == nullptr) {
            return;
        }

        if (tensor_->version.major > details::SUPPORTED_DLPACK_VERSION.major) {
            // the content of the structure is not known
            details::check_dlpack_version(tensor_->version);
        }

        const auto& dl_tensor = tensor_->dl_tensor;
        if (!details::same_dtype(dl_tensor.dtype, details::dtype_of<T>())) {
            const auto actual = details::dtype_name(dl_tensor.dtype);
            throw Error(
                "dtype mismatch: can not read an array of " + actual + " as an array of " +
                details::dtype_name(details::dtype_of<T>())
            );
        }
        shape_ = details::dlpack_shape(dl_tensor);
        strides_ = details::dlpack_strides(dl_tensor, shape_);
        data_ = details::dlpack_data<T>(dl_tensor);
    }

    DLPackArray(const DLPackArray&) = delete;
    DLPackArray& operator=(const DLPackArray&) = delete;

    DLPackArray(DLPackArray&& other) noexcept { this->swap(other); }

    DLPackArray& operator=(DLPackArray&& other) noexcept {
        DLPackArray moved(std::move(other));
        this->swap(moved);
        return *this;
    }

    ~DLPackArray() = default;

    /// Value at these indexes. Throws if there are not as many indexes as dimensions, or if the
    /// data is not in CPU memory.
    template <typename... Index>
    T operator()(Index... index) const& {
        if (data_ == nullptr) {
            throw Error("can not index an empty DLPackArray");
        }
        if (this->device().device_type != kDLCPU) {
            throw Error("can not access the elements of a DLPackArray which is not on CPU");
        }
        return data_[details::element_offset(shape_, strides_, index...)];
    }

    template <typename... Index>
    T operator()(Index... index) const&& = delete;

    /// Pointer to the first element, in the memory of `device()`. Null for an empty array.
    const T* data() const& { return data_; }
    const T* data() const&& = delete;

    const std::vector<size_t>& shape() const& { return shape_; }
    const std::vector<size_t>& shape() const&& = delete;

    /// Strides of the array, in elements.
    const std::vector<int64_t>& strides() const& { return strides_; }
    const std::vector<int64_t>& strides() const&& = delete;

    /// Is the data contiguous and in row-major order?
    bool is_contiguous() const { return details::is_row_major(shape_, strides_); }

    /// Device where the data lives; an empty array is on CPU.
    DLDevice device() const {
        return tensor_ == nullptr ? details::CPU_DEVICE : tensor_->dl_tensor.device;
    }

    /// Data type of the elements. Throws for an empty array.
    DLDataType dtype() const {
        if (tensor_ == nullptr) {
            throw Error("an empty DLPackArray has no dtype");
        }
        return tensor_->dl_tensor.dtype;
    }

private:
    void swap(DLPackArray& other) noexcept {
        std::swap(tensor_, other.tensor_);
        std::swap(data_, other.data_);
        std::swap(shape_, other.shape_);
        std::swap(strides_, other.strides_);
    }

    details::DLPackOwner tensor_;
    const T* data_ = nullptr;
    std::vector<size_t> shape_;
    std::vector<int64_t> strides_;
    [[maybe_unused]] std::array<unsigned char, 16> reserved_ = {};
};

} // namespace metatensor
