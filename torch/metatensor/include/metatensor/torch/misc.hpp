#pragma once

#include <cstdint>
#include <string>

#include <torch/script.h>

#include <metatensor.hpp>

#include "metatensor/torch/block.hpp"
#include "metatensor/torch/exports.h"
#include "metatensor/torch/labels.hpp"
#include "metatensor/torch/tensor.hpp"

namespace metatensor_torch {

/// Version of this library, the same as `METATENSOR_TORCH_VERSION` when it was built.
METATENSOR_TORCH_EXPORT std::string version();

/// Load data from a file. The values are CPU tensors.
METATENSOR_TORCH_EXPORT TensorMap load(const std::string& path);
METATENSOR_TORCH_EXPORT TensorBlock load_block(const std::string& path);
METATENSOR_TORCH_EXPORT Labels load_labels(const std::string& path);

/// Load data from a buffer: a 1-D, contiguous CPU tensor of bytes (dtype `uint8`).
///
/// @throws c10::ValueError for any other tensor
METATENSOR_TORCH_EXPORT TensorMap load_buffer(torch::Tensor buffer);
METATENSOR_TORCH_EXPORT TensorBlock load_block_buffer(torch::Tensor buffer);
METATENSOR_TORCH_EXPORT Labels load_labels_buffer(torch::Tensor buffer);

/// Save data to a file, which is overwritten. The values can be on any device.
METATENSOR_TORCH_EXPORT void save(const std::string& path, TensorMap tensor);
METATENSOR_TORCH_EXPORT void save(const std::string& path, TensorBlock block);
METATENSOR_TORCH_EXPORT void save(const std::string& path, Labels labels);

/// Save data to a buffer: a 1-D CPU tensor of bytes, with the same content as a file.
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(TensorMap tensor);
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(TensorBlock block);
METATENSOR_TORCH_EXPORT torch::Tensor save_buffer(Labels labels);

namespace details {

/// Create a CPU array filled with zeros and backed by a tensor; to be used as the
/// `mts_create_array_callback_t` of the loading functions.
METATENSOR_TORCH_EXPORT mts_status_t create_torch_array(
    const uintptr_t* shape_ptr, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
);

} // namespace details

} // namespace metatensor_torch
