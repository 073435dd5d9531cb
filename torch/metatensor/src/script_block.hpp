#pragma once

#include <cstdint>

#include <torch/script.h>

#include "borrowed.hpp"
#include "metatensor/torch/block.hpp"
#include "metatensor/torch/labels.hpp"

// What TorchScript calls most: the constructor of blocks, and access to their labels.

namespace metatensor_torch::details {

/// Constructor of blocks. The objects of the labels are remembered by the block where possible.
TensorBlock new_block(
    const torch::Tensor& values,
    const Borrowed<LabelsHolder>& samples,
    const BorrowedList<LabelsHolder>& components,
    const Borrowed<LabelsHolder>& properties
);

/// Object for the labels of one axis of a block: always the same one, if the block remembers it.
ScriptValue<Labels> labels_object(const metatensor::TensorBlock& block, uintptr_t axis);

ScriptValue<Labels> samples_object(const Borrowed<TensorBlockHolder>& block);
ScriptValue<std::vector<Labels>> components_objects(const Borrowed<TensorBlockHolder>& block);
ScriptValue<Labels> properties_object(const Borrowed<TensorBlockHolder>& block);

} // namespace metatensor_torch::details
