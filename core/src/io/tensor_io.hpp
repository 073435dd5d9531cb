#pragma once

#include <memory>

#include "io/zip_reader.hpp"
#include "io/zip_writer.hpp"
#include "metatensor.h"
#include "tensor.hpp"

namespace mts::io {

/// Add the keys, blocks and information of a tensor map to an archive
void write_tensor(ZipWriter& archive, const TensorMap& tensor);

/// Read a tensor map; arrays are created with `create_array`
std::unique_ptr<TensorMap>
read_tensor(const ZipReader& archive, mts_create_array_callback_t create_array);

} // namespace mts::io
