#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../errors.hpp"
#include "dlpack_array.hpp"
#include "dtype.hpp"

namespace metatensor {
namespace details {

/// Everything that a DLPack tensor with data in CPU memory needs to keep alive.
struct CpuDLPackExport {
    DLManagedTensorVersioned tensor = {};
    std::vector<int64_t> shape;
    std::vector<int64_t> strides;
    std::shared_ptr<void> owner;
};

/// Throw unless an array in CPU memory can be exported through DLPack with these parameters.
inline void
check_cpu_dlpack_export(DLDevice device, const int64_t* stream, DLPackVersion max_version) {
    if (device.device_type != kDLCPU) {
        throw Error(
            "can not export data in CPU memory to another device (DLPack device type " +
            std::to_string(static_cast<int>(device.device_type)) + ")"
        );
    }
    if (stream != nullptr) {
        throw Error("can not export data in CPU memory with a stream, it should be null");
    }
    check_dlpack_version(max_version);
}

/// Export the CPU memory at `data`, kept alive by `owner`, as a DLPack tensor.
inline DLManagedTensorVersioned* export_cpu_dlpack(
    std::shared_ptr<void> owner,
    void* data,
    DLDataType dtype,
    const std::vector<uintptr_t>& shape,
    const std::vector<int64_t>& strides
) {
    auto context = std::make_unique<CpuDLPackExport>();
    context->shape.assign(shape.begin(), shape.end());
    context->strides = strides;
    context->owner = std::move(owner);

    auto& tensor = context->tensor;
    tensor.version = SUPPORTED_DLPACK_VERSION;
    tensor.deleter = [](DLManagedTensorVersioned* self) {
        delete static_cast<CpuDLPackExport*>(self->manager_ctx);
    };
    tensor.dl_tensor.data = data;
    tensor.dl_tensor.device = CPU_DEVICE;
    tensor.dl_tensor.ndim = static_cast<int32_t>(shape.size());
    tensor.dl_tensor.dtype = dtype;
    tensor.dl_tensor.shape = shape.empty() ? nullptr : context->shape.data();
    tensor.dl_tensor.strides = shape.empty() ? nullptr : context->strides.data();
    tensor.manager_ctx = context.get();
    return &context.release()->tensor;
}

} // namespace details
} // namespace metatensor
