#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "handles.hpp"
#include "stored_block.hpp"

namespace mts::files {

/// A new block, without gradients
BlockHandle new_block(
    ArrayHandle values,
    const LabelsHandle& samples,
    const std::vector<LabelsHandle>& components,
    const LabelsHandle& properties
);

void add_gradient(mts_block_t* block, const std::string& parameter, BlockHandle gradient);

/// The block in a file and all its gradients, with the arrays that `make_array` gives for each
/// `StoredArray`
template <typename MakeArray>
BlockHandle make_block(const StoredBlock& stored, const MakeArray& make_array) {
    auto block =
        new_block(make_array(stored.values), stored.samples, stored.components, stored.properties);
    for (const auto& gradient : stored.gradients) {
        add_gradient(block.get(), gradient.parameter, make_block(gradient.block, make_array));
    }
    return block;
}

/// The array that the user's `create_array` makes
ArrayHandle created_array(
    std::span<const uintptr_t> shape, DLDataType dtype, mts_create_array_callback_t create_array
);

/// An array which has the shape and type of a stored one, and no data
ArrayHandle shape_only_array(const StoredArray& stored);

} // namespace mts::files
