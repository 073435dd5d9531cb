#include "dlpack.hpp"

#include "checked.hpp"
#include "error.hpp"
#include "text.hpp"

namespace mts {

static bool is_readable_on_cpu(DLDeviceType type) {
    return type == kDLCPU || type == kDLCUDAHost || type == kDLROCMHost || type == kDLCUDAManaged;
}

DLPackTensor::DLPackTensor(DLManagedTensorVersioned* tensor) : tensor_(tensor) {
    if (tensor == nullptr) {
        throw invalid_parameter("got a NULL DLPack tensor");
    }
    if (tensor->version.major != DLPACK_VERSION.major) {
        throw invalid_parameter(
            "unsupported DLPack version ",
            tensor->version.major,
            ".",
            tensor->version.minor,
            ", expected ",
            DLPACK_VERSION.major,
            ".x"
        );
    }

    const DLTensor& dl = tensor->dl_tensor;
    if (!is_readable_on_cpu(dl.device.device_type)) {
        throw invalid_parameter("expected a DLPack tensor on CPU, got one on ", to_text(dl.device));
    }
    if (dl.ndim < 0 || (dl.ndim > 0 && dl.shape == nullptr)) {
        throw invalid_parameter("got a DLPack tensor without shape, and with ", dl.ndim, " axes");
    }

    strides_.resize(ndim());
    for (std::size_t axis = ndim(); axis-- > 0;) {
        if (dl.shape[axis] < 0) {
            throw invalid_parameter("got a DLPack tensor with a negative size: ", dl.shape[axis]);
        }
        const auto row_major = static_cast<std::int64_t>(count_);
        const bool ignored = dl.strides == nullptr || dl.shape[axis] <= 1;
        strides_[axis] = ignored ? row_major : dl.strides[axis];
        contiguous_ = contiguous_ && strides_[axis] == row_major;
        count_ = checked_multiply(count_, size(axis));
    }
    contiguous_ = contiguous_ || count_ == 0;

    if (dl.data == nullptr && count_ > 0) {
        throw invalid_parameter("got a DLPack tensor with ", count_, " elements, but without data");
    }
    if (dl.data != nullptr) {
        data_ = static_cast<char*>(dl.data) + dl.byte_offset;
    }
}

} // namespace mts
