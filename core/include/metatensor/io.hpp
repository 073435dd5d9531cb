#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "block.hpp"
#include "errors.hpp"
#include "io_fwd.hpp"
#include "labels.hpp"
#include "tensor.hpp"

namespace metatensor {
namespace details {

/// Save something to memory, with one of the `mts_*_save_buffer` functions.
template <typename Buffer, typename SaveBuffer, typename Object>
Buffer save_to_buffer(SaveBuffer save_buffer, const Object* object) {
    using Bytes = std::vector<uint8_t>;
    auto reallocate = [](void* user_data, uint8_t*, uintptr_t new_size) -> uint8_t* {
        auto& bytes = *static_cast<Bytes*>(user_data);
        try {
            bytes.resize(new_size);
            return bytes.data();
        } catch (const std::exception&) {
            return nullptr;
        }
    };

    Bytes bytes;
    uint8_t* buffer = nullptr;
    uintptr_t count = 0;
    check_status(save_buffer(&buffer, &count, &bytes, reallocate, object));
    bytes.resize(count);

    if constexpr (std::is_same_v<Buffer, Bytes>) {
        return bytes;
    } else {
        return Buffer(bytes.begin(), bytes.end());
    }
}

/// Pointer to the bytes of a buffer, which can be anything with contiguous values of size 1.
template <typename Buffer>
const uint8_t* buffer_bytes(const Buffer& buffer) {
    static_assert(sizeof(typename Buffer::value_type) == 1, "the buffer must contain bytes");
    return reinterpret_cast<const uint8_t*>(buffer.data());
}

} // namespace details

/// Saving to and loading from files and memory, in the format of metatensor.
///
/// The functions which load blocks take a function to create the arrays: it is called once for
/// each array of values, must create an array on CPU whose `as_dlpack` gives access to writable
/// memory, and is used with a C interface (see `mts_create_array_callback_t`). The default one
/// creates instances of `SimpleDataArray`.
///
/// The functions which load from memory take a pointer and a number of bytes, or any container
/// with contiguous values of size 1, such as `std::vector<uint8_t>` or `std::string`.
namespace io {

/// Save `tensor` to the file at `path`, replacing it if it exists.
inline void save(const std::string& path, const TensorMap& tensor) {
    details::check_status(mts_tensormap_save(path.c_str(), tensor.as_mts_tensormap_t()));
}

/// Save `block` to the file at `path`, replacing it if it exists.
inline void save(const std::string& path, const TensorBlock& block) {
    details::check_status(mts_block_save(path.c_str(), block.as_mts_block_t()));
}

/// Save `labels` to the file at `path`, replacing it if it exists.
inline void save(const std::string& path, const Labels& labels) {
    details::check_status(mts_labels_save(path.c_str(), labels.as_mts_labels_t()));
}

/// Save `tensor` to memory. A `Buffer` must be constructible from two iterators over bytes.
template <typename Buffer>
Buffer save_buffer(const TensorMap& tensor) {
    return details::save_to_buffer<Buffer>(mts_tensormap_save_buffer, tensor.as_mts_tensormap_t());
}

/// Save `block` to memory. A `Buffer` must be constructible from two iterators over bytes.
template <typename Buffer>
Buffer save_buffer(const TensorBlock& block) {
    return details::save_to_buffer<Buffer>(mts_block_save_buffer, block.as_mts_block_t());
}

/// Save `labels` to memory. A `Buffer` must be constructible from two iterators over bytes.
template <typename Buffer>
Buffer save_buffer(const Labels& labels) {
    return details::save_to_buffer<Buffer>(mts_labels_save_buffer, labels.as_mts_labels_t());
}

/// Load a tensor map from the file at `path`, using `create_array` for its values.
inline TensorMap load(const std::string& path, mts_create_array_callback_t create_array) {
    auto* tensor = mts_tensormap_load(path.c_str(), create_array);
    details::check_pointer(tensor);
    return TensorMap::unsafe_from_ptr(tensor);
}

/// Load a tensor map from the `buffer_count` bytes at `buffer`.
inline TensorMap
load_buffer(const uint8_t* buffer, size_t buffer_count, mts_create_array_callback_t create_array) {
    auto* tensor = mts_tensormap_load_buffer(buffer, buffer_count, create_array);
    details::check_pointer(tensor);
    return TensorMap::unsafe_from_ptr(tensor);
}

/// Load a tensor map from the bytes in `buffer`.
template <typename Buffer, typename>
TensorMap load_buffer(const Buffer& buffer, mts_create_array_callback_t create_array) {
    return load_buffer(details::buffer_bytes(buffer), buffer.size(), create_array);
}

/// Load a block from the file at `path`, using `create_array` for its values.
inline TensorBlock load_block(const std::string& path, mts_create_array_callback_t create_array) {
    auto* block = mts_block_load(path.c_str(), create_array);
    details::check_pointer(block);
    return TensorBlock::unsafe_from_ptr(block);
}

/// Load a block from the `buffer_count` bytes at `buffer`.
inline TensorBlock load_block_buffer(
    const uint8_t* buffer, size_t buffer_count, mts_create_array_callback_t create_array
) {
    auto* block = mts_block_load_buffer(buffer, buffer_count, create_array);
    details::check_pointer(block);
    return TensorBlock::unsafe_from_ptr(block);
}

/// Load a block from the bytes in `buffer`.
template <typename Buffer, typename>
TensorBlock load_block_buffer(const Buffer& buffer, mts_create_array_callback_t create_array) {
    return load_block_buffer(details::buffer_bytes(buffer), buffer.size(), create_array);
}

/// Load labels from the file at `path`.
inline Labels load_labels(const std::string& path) {
    const auto* labels = mts_labels_load(path.c_str());
    details::check_pointer(labels);
    return Labels::unsafe_from_ptr(labels);
}

/// Load labels from the `buffer_count` bytes at `buffer`.
inline Labels load_labels_buffer(const uint8_t* buffer, size_t buffer_count) {
    const auto* labels = mts_labels_load_buffer(buffer, buffer_count);
    details::check_pointer(labels);
    return Labels::unsafe_from_ptr(labels);
}

/// Load labels from the bytes in `buffer`.
template <typename Buffer, typename>
Labels load_labels_buffer(const Buffer& buffer) {
    return load_labels_buffer(details::buffer_bytes(buffer), buffer.size());
}

} // namespace io
} // namespace metatensor
