#pragma once

#include <vector>

#include <torch/script.h>

#include <metatensor.h>

namespace metatensor_torch::details {

/// Supported version of DLPack; newer minor versions are accepted by everything in this library.
inline constexpr DLPackVersion DLPACK_VERSION = {1, 3};
inline constexpr DLDevice DLPACK_CPU = {kDLCPU, 0};

/// The DLPack device of tensors allocated on the given torch device.
DLDevice torch_device_to_dlpack(torch::Device device);

/// @throws c10::Error if arrays of the core library can not have this dtype
DLDataType torch_dtype_to_dlpack(torch::ScalarType dtype);
torch::ScalarType dlpack_dtype_to_torch(DLDataType dtype);

/// Is there memory behind this tensor? There is none for meta and fake tensors, and for tensors
/// created inside of a `torch.func` transform.
bool has_data(const torch::Tensor& tensor);

/// Export a tensor without any copy. Tensors without storage are exported as data-less tensors on
/// the device `kDLExtDev`.
DLManagedTensorVersioned* tensor_to_dlpack(torch::Tensor tensor);

/// Import a tensor without any copy, taking its ownership (also if this throws).
torch::Tensor tensor_from_dlpack(DLManagedTensorVersioned* dl_tensor);

} // namespace metatensor_torch::details
