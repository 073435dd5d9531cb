#pragma once

#include <ATen/TensorSubclassLikeUtils.h>
#include <torch/script.h>

namespace metatomic_torch::details {

/// Is there any data in this tensor? There is none on the meta device, in fake tensors (which claim
/// to be on another device), and in the wrappers made by `torch.func`.
inline bool has_data(const torch::Tensor& tensor) {
    return tensor.has_storage() && tensor.storage().device_type() != torch::kMeta;
}

/// Can the data of this tensor be read directly from the memory of the CPU, and written to another
/// tensor? This is not the case for tensors without data, with data that still has to be
/// transformed, or when something intercepts operators.
inline bool is_plain_data(const torch::Tensor& tensor) {
    constexpr auto TRANSFORMS = c10::DispatchKey::FuncTorchDynamicLayerFrontMode;
    return !c10::impl::tls_is_dispatch_key_included(TRANSFORMS) && tensor.is_cpu() &&
           tensor.layout() == torch::kStrided && !tensor.is_neg() && !tensor._is_zerotensor() &&
           !at::isTensorSubclassLike(tensor);
}

} // namespace metatomic_torch::details
