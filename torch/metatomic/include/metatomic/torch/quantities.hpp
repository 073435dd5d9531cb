#pragma once

#include <string>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"
#include "metatomic/torch/model.hpp"
#include "metatomic/torch/system.hpp"

namespace metatomic_torch {

/// Get the physical dimension (`energy`, `length`, ...) of the quantity with the given name, which
/// can include a variant (`energy/pbe0`). This is `none` for standard quantities without dimension,
/// and an empty string for custom quantities (`my_code::something`).
///
/// @throws c10::ValueError if this is not a valid name for a quantity
METATOMIC_TORCH_EXPORT std::string unit_dimension_for_quantity(const std::string& name);

/// Check that the `values` of quantities have the dtype and the metadata expected for what was
/// `requested`.
///
/// @param systems systems these quantities are defined for
/// @param requested quantities that were requested: by an engine for the outputs of a model, or by
/// a
///        model for its inputs
/// @param selected_atoms atoms for which outputs were requested
/// @param values values that the model returned (outputs), or the engine provided (inputs)
/// @param model_dtype dtype of the model, either `"float32"` or `"float64"`
/// @param inputs_or_outputs which kind of quantities these are, either `"inputs"` or `"outputs"`
///
/// @throws c10::ValueError if something is not as expected
METATOMIC_TORCH_EXPORT void check_quantities(
    const std::vector<System>& systems,
    const c10::Dict<std::string, ModelOutput>& requested,
    const torch::optional<metatensor_torch::Labels>& selected_atoms,
    const c10::Dict<std::string, metatensor_torch::TensorMap>& values,
    std::string model_dtype,
    std::string inputs_or_outputs
);

} // namespace metatomic_torch
