#pragma once

#include <span>
#include <string_view>

#include "array.hpp"
#include "io/input_stream.hpp"
#include "io/zip_writer.hpp"
#include "metatensor.h"

namespace mts::io {

/// Add an array to an archive, in the NPY format. The array should have the given shape.
void write_array(
    ZipWriter& archive, std::string_view name, const Array& array, std::span<const uintptr_t> shape
);

/// Read an array in the NPY format, with at least `min_axes` axes. The memory for its data is
/// created by `create_array`.
Array read_array(InputStream& input, size_t min_axes, mts_create_array_callback_t create_array);

} // namespace mts::io
