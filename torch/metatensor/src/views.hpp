#pragma once

#include <cstdint>

#include "metatensor/torch/tensor.hpp"

// Blocks inside of a tensor map, for indices which are known to be valid.

namespace metatensor_torch::details {

inline int64_t block_count(const TensorMap& tensor) {
    return static_cast<int64_t>(tensor->as_metatensor().keys().count());
}

/// What keeps `owner` alive, for objects that are views of its data. A capsule is nothing but this
/// pointer, other conversions to `IValue` create one more TorchScript object.
template <typename Holder>
torch::IValue owner_of_views(const torch::intrusive_ptr<Holder>& owner) {
    return torch::IValue::make_capsule(owner);
}

inline TensorBlock block_view(const TensorMap& tensor, uintptr_t index) {
    return torch::make_intrusive<TensorBlockHolder>(
        tensor->as_metatensor().block_by_id(index), owner_of_views(tensor)
    );
}

} // namespace metatensor_torch::details
