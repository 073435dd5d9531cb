#pragma once

#include <memory>
#include <string>

#include "block.hpp"
#include "io/zip_reader.hpp"
#include "io/zip_writer.hpp"
#include "metatensor.h"

namespace mts::io {

/// Add a block and its gradients to an archive. All member names start with `prefix`.
void write_block(ZipWriter& archive, const std::string& prefix, const Block& block);

/// Read a block and its gradients; arrays are created with `create_array`
std::unique_ptr<Block> read_block(
    const ZipReader& archive, const std::string& prefix, mts_create_array_callback_t create_array
);

/// Read the labels in a member of an archive
LabelsRef read_labels_member(const ZipReader& archive, const std::string& name);

} // namespace mts::io
