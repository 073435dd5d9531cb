#pragma once

#include <cstdint>
#include <vector>

#include <torch/script.h>

// Serialized data as tensors of bytes.

namespace metatensor_torch::details {

/// Access the content of a buffer: a 1-D contiguous CPU tensor with dtype `uint8`.
///
/// @throws c10::ValueError for other tensors
c10::ArrayRef<uint8_t> checked_buffer(const torch::Tensor& buffer);

/// Tensor that owns the given bytes.
torch::Tensor buffer_tensor(std::vector<uint8_t> bytes);

} // namespace metatensor_torch::details
