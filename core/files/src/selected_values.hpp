#pragma once

#include "handles.hpp"
#include "labels.hpp"
#include "metatensor.h"
#include "open_file.hpp"
#include "stored_block.hpp"

namespace mts::files {

/// Read the values of some samples (in any order) and properties (in increasing order) of a block,
/// to a new array. All other axes are read completely.
ArrayHandle read_values(
    const OpenFile& file,
    const StoredArray& stored,
    const Positions& samples,
    const Positions& properties,
    mts_create_array_callback_t create_array
);

} // namespace mts::files
