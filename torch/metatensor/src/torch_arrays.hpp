#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metatensor/torch/array.hpp"

// Tensors in and out of the arrays of the core library, and names of its labels.

namespace metatensor_torch::details {

inline metatensor::MtsArray tensor_to_array(torch::Tensor tensor) {
    return metatensor::DataArrayBase::to_mts_array(
        std::make_unique<TorchDataArray>(std::move(tensor))
    );
}

/// Data origin of the arrays of this library.
mts_data_origin_t torch_data_origin();

/// The tensor of an array created by this library, null for other arrays. The pointer is valid as
/// long as the array is.
inline const torch::Tensor* array_to_tensor(const metatensor::MtsArray& array) {
    if (array.origin() != torch_data_origin()) {
        return nullptr;
    }
    auto* base = static_cast<metatensor::DataArrayBase*>(array.as_mts_array_t().ptr);
    return &static_cast<const TorchDataArray*>(base)->tensor();
}

/// Names of the dimensions, without the list of pointers that `labels.names()` creates.
inline std::vector<std::string> core_names(const metatensor::Labels& labels) {
    const char* const* names = nullptr;
    uintptr_t count = 0;
    metatensor::details::check_status(
        mts_labels_dimensions(labels.as_mts_labels_t(), &names, &count)
    );
    return {names, names + count};
}

} // namespace metatensor_torch::details
