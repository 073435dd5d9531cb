#pragma once

#include <memory>
#include <span>

#include <metatensor.h>

#include "arrays.hpp"

/// The metadata of blocks and tensor maps, without making Python objects of it.

namespace bindings {

struct LabelsDeleter {
    void operator()(const mts_labels_t* labels) const { mts_labels_free(labels); }
};

/// Labels that are released with this object
using OwnedLabels = std::unique_ptr<const mts_labels_t, LabelsDeleter>;

/// The values of a block, which still owns them
mts_array_t values_array(mts_block_t* block);

/// Number of axes of a block
uintptr_t axes_count(mts_block_t* block);

/// The labels of one axis of a block
OwnedLabels labels_of_axis(const mts_block_t* block, uintptr_t axis);

/// Parameters of the gradients of a block, valid until this block changes
std::span<const char* const> gradient_parameters(const mts_block_t* block);

/// Do these labels have the same names and the same entries, in the same order?
bool equal_labels(const mts_labels_t* first, const mts_labels_t* second);

/// Do two tensor maps have the same keys, and all their blocks and gradients the same labels, with
/// all entries in the same order? Gradients of gradients are not compared.
bool equal_metadata(mts_tensormap_t* first, mts_tensormap_t* second);

/// A new block with the labels of `block` and without gradients. It takes its values from `values`.
mts_block_t* new_block_like(mts_block_t* block, ArrayGuard& values);

} // namespace bindings
