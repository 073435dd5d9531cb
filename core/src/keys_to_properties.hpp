#pragma once

#include <memory>

#include "array.hpp"
#include "labels.hpp"
#include "tensor.hpp"

namespace mts {

/// See `mts_tensormap_keys_to_properties`
std::unique_ptr<TensorMap> keys_to_properties(
    const TensorMap& tensor, const Labels& keys_to_move, const Array& fill_value, bool sort_samples
);

} // namespace mts
