#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "array.hpp"
#include "dlpack.hpp"
#include "io/input_stream.hpp"
#include "io/npy.hpp"
#include "io/zip_writer.hpp"
#include "metatensor.h"

namespace mts::io {

/// Add an array to an archive, in the NPY format. The array should have the given shape. With an
/// `alignment` (a power of two), the data of the array starts at a multiple of this in the archive.
void write_array(
    ZipWriter& archive,
    std::string_view name,
    const Array& array,
    std::span<const uintptr_t> shape,
    size_t alignment = 1
);

/// Type and shape of an array in the NPY format
struct ArrayLayout {
    NpyType type;
    std::vector<uintptr_t> shape;
    /// number of bytes of the data
    uint64_t size;
};

/// Read the header of an array in the NPY format, with at least `min_axes` axes. There are enough
/// bytes after the header for the data.
ArrayLayout read_array_layout(InputStream& input, size_t min_axes);

/// Put the bytes of `count` elements that come from a file in the form that they have in memory
void to_native(const NpyType& type, uint8_t* elements, size_t count);

/// Read the data of an array, which comes after the header, to an array that was created for it
void fill_array(InputStream& input, const ArrayLayout& layout, const Array& array);

/// The memory of an array that was created with this shape and type. Any strides are possible.
DLPackTensor
writable_memory(const Array& array, std::span<const uintptr_t> shape, DLDataType dtype);

/// Read an array in the NPY format, with at least `min_axes` axes. The memory for its data is
/// created by `create_array`.
Array read_array(InputStream& input, size_t min_axes, mts_create_array_callback_t create_array);

} // namespace mts::io
