#pragma once

#include <string>
#include <string_view>

#include <torch/script.h>

namespace metatomic_torch::details {

/// Write a CPU tensor in the NPY format. Supported dtypes are float64, int64, int32 and bool.
std::string write_npy(const torch::Tensor& tensor);

/// Read a CPU tensor from data in the NPY format, with the same dtypes as `write_npy`
/// @throws std::runtime_error if the data is invalid or is not supported
torch::Tensor read_npy(std::string_view data);

} // namespace metatomic_torch::details
