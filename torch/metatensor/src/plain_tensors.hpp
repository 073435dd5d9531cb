#pragma once

#include <cstdint>
#include <vector>

#include <torch/script.h>

namespace metatensor_torch::details {

/// While this guard is alive, new tensors are plain tensors with storage, even when called from
/// within a `torch.func` transform or a Python dispatch mode (such as the mode for fake tensors).
class PlainTensorsGuard {
private:
    c10::impl::ExcludeDispatchKeyGuard guard_{c10::DispatchKeySet({
        c10::DispatchKey::FuncTorchDynamicLayerFrontMode,
        c10::DispatchKey::FuncTorchDynamicLayerBackMode,
        c10::DispatchKey::Python,
        c10::DispatchKey::PythonTLSSnapshot,
    })};
};

/// Uninitialized CPU tensor with storage.
inline torch::Tensor plain_empty(torch::IntArrayRef shape, torch::ScalarType dtype) {
    auto guard = PlainTensorsGuard();
    return torch::empty(shape, torch::TensorOptions().dtype(dtype).device(torch::kCPU));
}

/// 1-D CPU tensor with storage, containing a copy of the values.
template <typename T>
torch::Tensor plain_tensor(const std::vector<T>& values) {
    auto guard = PlainTensorsGuard();
    auto dtype = c10::CppTypeToScalarType<T>::value;
    return torch::tensor(values, torch::TensorOptions().dtype(dtype).device(torch::kCPU));
}

} // namespace metatensor_torch::details
