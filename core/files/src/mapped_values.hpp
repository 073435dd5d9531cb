#pragma once

#include "handles.hpp"
#include "metatensor.h"
#include "metatensor/files.h"
#include "open_file.hpp"
#include "stored_block.hpp"

namespace mts::files {

/// The values of a block as a DLPack tensor, owned by the caller: in the memory of the file if
/// possible, or else read to memory
DLManagedTensorVersioned* map_values(const OpenFile& file, const StoredArray& stored);

/// The same as an array, made by `map_array`; of this library if it is NULL
ArrayHandle map_array(
    const OpenFile& file,
    const StoredArray& stored,
    mts_map_array_callback_t map_array,
    void* user_data
);

} // namespace mts::files
