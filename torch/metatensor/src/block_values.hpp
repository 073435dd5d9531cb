#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include <torch/script.h>

#include <metatensor.hpp>

#include "borrowed.hpp"
#include "metatensor/torch/array.hpp"
#include "metatensor/torch/labels.hpp"

namespace metatensor_torch::details {

/// The values of a block, which remember the TorchScript objects for the labels of the block: code
/// that asks again and again for the labels of the same block gets the same object, and nothing has
/// to be created. Being stored with the values, they stay there when a block becomes part of a
/// tensor map or of another block.
class BlockValues : public TorchDataArray {
public:
    using TorchDataArray::TorchDataArray;
    ~BlockValues() override;

    BlockValues(const BlockValues&) = delete;
    BlockValues& operator=(const BlockValues&) = delete;

    std::unique_ptr<metatensor::DataArrayBase> copy(DLDevice device) const override;
    void reshape(const std::vector<uintptr_t>& shape) override;
    void swap_axes(uintptr_t axis_1, uintptr_t axis_2) override;

    /// The object for the labels of one axis of `block`, which has these values.
    torch::IValue labels_object(const metatensor::TensorBlock& block, uintptr_t axis);

    /// Remember an object which was used to create the block, if it was given out by another block.
    /// The other objects belong to users, who can release them.
    void remember_labels(uintptr_t axis, const Borrowed<LabelsHolder>& labels);

private:
    void remember(uintptr_t axis, c10::ivalue::Object& object);
    void forget_labels();

    /// Axes after these are not remembered
    static constexpr size_t MAX_AXES = 4;

    /// Owned. These do not change once set, as long as the shape stays the same.
    std::array<std::atomic<c10::ivalue::Object*>, MAX_AXES> labels_{};
};

/// The values of a block, null if they are another kind of array.
BlockValues* block_values(const metatensor::TensorBlock& block);

/// Labels of all the axes of a block: samples, components and properties
using CoreLabels = c10::SmallVector<const mts_labels_t*, 6>;

/// New block of the core library, which shares the labels.
metatensor::TensorBlock core_block(std::unique_ptr<BlockValues> values, const CoreLabels& labels);

} // namespace metatensor_torch::details
