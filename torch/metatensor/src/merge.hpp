#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/script.h>

#include "metatensor/torch/array.hpp"

// Blocks merged by the core library, with few operations of torch however many blocks there are.

namespace metatensor_torch::details {

class MergedArray;

/// One call to a function of the core library that merges blocks.
///
/// The core library creates the array of each merged block, and then moves the data of one block at
/// a time into it. The arrays which are created with the fill value of this class only take note of
/// these movements; all of them are executed at once at the end.
class Merge {
public:
    /// Value of the new arrays where no data is moved, with the dtype of the blocks, for the core
    /// library. It must not be used longer than this object.
    metatensor::MtsArray fill_value(const torch::Scalar& value, torch::Dtype dtype);

    /// Give their data to the new arrays, which must still exist. They only have placeholders
    /// before.
    void finish();

private:
    std::vector<MergedArray*> arrays_;
};

/// New array with the shape given here and the dtype and device of `like`, for one merged block.
///
/// @returns null if `fill_value` does not come from `Merge`
std::unique_ptr<metatensor::DataArrayBase> create_merged_array(
    const torch::Tensor& like,
    const std::vector<int64_t>& shape,
    const metatensor::MtsArray& fill_value
);

} // namespace metatensor_torch::details
