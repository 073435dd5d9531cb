#pragma once

#include <torch/script.h>

#include "json.hpp"
#include "metatomic/torch/model.hpp"

namespace metatomic_torch::details {

/// Convert model outputs to a JSON object
nlohmann::json outputs_to_json(const torch::Dict<std::string, ModelOutput>& outputs);

/// Get model outputs from the optional JSON object at `key`
torch::Dict<std::string, ModelOutput> outputs_from_json(const JsonReader& reader, const char* key);

} // namespace metatomic_torch::details
