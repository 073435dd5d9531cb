#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../metatensor.h"
#include "arrays.hpp"

/// Declarations of the functions in `metatensor::io`, which the methods of the other classes use.
/// They are documented with their definition, in `io.hpp`.

namespace metatensor {

class Labels;
class TensorBlock;
class TensorMap;

namespace io {

void save(const std::string& path, const TensorMap& tensor);
void save(const std::string& path, const TensorBlock& block);
void save(const std::string& path, const Labels& labels);

template <typename Buffer = std::vector<uint8_t>>
Buffer save_buffer(const TensorMap& tensor);

template <typename Buffer = std::vector<uint8_t>>
Buffer save_buffer(const TensorBlock& block);

template <typename Buffer = std::vector<uint8_t>>
Buffer save_buffer(const Labels& labels);

TensorMap load(
    const std::string& path,
    mts_create_array_callback_t create_array = details::default_create_array
);

TensorMap load_buffer(
    const uint8_t* buffer,
    size_t buffer_count,
    mts_create_array_callback_t create_array = details::default_create_array
);

template <typename Buffer, typename = typename Buffer::value_type>
TensorMap load_buffer(
    const Buffer& buffer, mts_create_array_callback_t create_array = details::default_create_array
);

TensorBlock load_block(
    const std::string& path,
    mts_create_array_callback_t create_array = details::default_create_array
);

TensorBlock load_block_buffer(
    const uint8_t* buffer,
    size_t buffer_count,
    mts_create_array_callback_t create_array = details::default_create_array
);

template <typename Buffer, typename = typename Buffer::value_type>
TensorBlock load_block_buffer(
    const Buffer& buffer, mts_create_array_callback_t create_array = details::default_create_array
);

Labels load_labels(const std::string& path);

Labels load_labels_buffer(const uint8_t* buffer, size_t buffer_count);

template <typename Buffer, typename = typename Buffer::value_type>
Labels load_labels_buffer(const Buffer& buffer);

} // namespace io
} // namespace metatensor
