#pragma once

#include <cstdint>

#include "handles.hpp"
#include "metatensor.h"
#include "open_file.hpp"

namespace mts::files {

/// What to read of each block; NULL for everything
struct Selections {
    const mts_labels_t* samples;
    const mts_labels_t* properties;
};

/// Read the selected samples and properties of a block, and of its gradients
BlockHandle read_block(
    const OpenFile& file,
    const StoredBlock& stored,
    const Selections& selections,
    mts_create_array_callback_t create_array
);

/// Read `count` samples of a block from the one at position `first`
BlockHandle read_samples(
    const OpenFile& file,
    const StoredBlock& stored,
    uint64_t first,
    uint64_t count,
    mts_create_array_callback_t create_array
);

} // namespace mts::files
