#pragma once

#include <string>

#include "metatensor.h"

namespace mts::files {

/// Write a block or a tensor map to a file, with aligned data
void save_aligned(const std::string& path, const mts_block_t* block);
void save_aligned(const std::string& path, const mts_tensormap_t* tensor);

} // namespace mts::files
