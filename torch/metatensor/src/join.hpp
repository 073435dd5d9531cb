#pragma once

#include <string>
#include <vector>

#include <torch/script.h>

#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch::details {

/// The quick way to join many small tensor maps along the samples, for batches of a data loader.
///
/// This is for tensor maps which only differ in their samples and values. There is no result in all
/// other cases, and for what can not be joined: the operation `join` knows what to do, or to say.
///
/// @param tensors at least two tensor maps
/// @param add_dimension name of a last dimension of the samples, with the position of the tensor
///        map in the list
torch::optional<TensorMap> join_similar(
    const std::vector<TensorMap>& tensors, const torch::optional<std::string>& add_dimension
);

} // namespace metatensor_torch::details
