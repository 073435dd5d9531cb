#pragma once

#include <cstdint>
#include <vector>

#include <torch/script.h>

#include <metatensor.hpp>

// Movements of data between arrays, in a form which torch can execute with few operations.

namespace metatensor_torch::details {

/// `output[samples_out, ..., properties_out] = input[samples_in, ..., properties_in]`, where both
/// ranges of properties contain `n_properties`.
struct DataMovement {
    torch::Tensor input;
    std::vector<int64_t> samples_in;
    std::vector<int64_t> samples_out;
    int64_t first_property_in;
    int64_t first_property_out;
    int64_t n_properties;

    /// The properties to move, of all samples of the input.
    torch::Tensor properties() const;
};

/// The same movements, with one element for each distinct range of properties.
std::vector<DataMovement>
group_movements(const torch::Tensor& input, std::vector<mts_data_movement_t> moves);

/// Execute one movement, inside of `output`.
void move_into(const torch::Tensor& output, const DataMovement& movement);

/// New tensor with the content of `initial`, in which all the movements are executed.
torch::Tensor moved(const torch::Tensor& initial, std::vector<DataMovement> movements);

} // namespace metatensor_torch::details
