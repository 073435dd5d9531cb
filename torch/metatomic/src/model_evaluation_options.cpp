#include <limits>

#include "internal/json.hpp"
#include "internal/outputs_json.hpp"
#include "internal/text.hpp"
#include "internal/units.hpp"
#include "metatomic/torch/model.hpp"

namespace metatomic_torch {

ModelEvaluationOptionsHolder::ModelEvaluationOptionsHolder(
    std::string length_unit,
    torch::Dict<std::string, ModelOutput> outputs,
    torch::optional<metatensor_torch::Labels> selected_atoms
)
    : outputs(std::move(outputs)) {
    set_length_unit(std::move(length_unit));
    set_selected_atoms(std::move(selected_atoms));
}

void ModelEvaluationOptionsHolder::set_length_unit(std::string length_unit) {
    details::check_unit(length_unit, "length", "the lengths of an engine");
    length_unit_ = std::move(length_unit);
}

static const std::vector<std::string> SELECTED_ATOMS_NAMES = {"system", "atom"};

void ModelEvaluationOptionsHolder::set_selected_atoms(
    torch::optional<metatensor_torch::Labels> selected_atoms
) {
    if (selected_atoms) {
        auto names = (*selected_atoms)->names();
        TORCH_CHECK_VALUE(
            names == SELECTED_ATOMS_NAMES,
            "invalid names for the `selected_atoms` labels: expected ",
            details::format_list(SELECTED_ATOMS_NAMES),
            ", got ",
            details::format_list(names)
        );
    }
    selected_atoms_ = std::move(selected_atoms);
}

static nlohmann::json labels_to_json(const metatensor_torch::Labels& labels) {
    auto values = labels->values().to(torch::kCPU).contiguous();
    const auto* data = values.data_ptr<int32_t>();
    return {
        {"names", labels->names()},
        {"values", std::vector<int32_t>(data, data + values.numel())},
    };
}

/// Read the `selected_atoms`, which are an object with the names and the flattened values of the
/// labels
static torch::optional<metatensor_torch::Labels>
selected_atoms_from_json(const details::JsonReader& reader) {
    const auto* data = reader.find("selected_atoms");
    if (data == nullptr || data->is_null()) {
        return torch::nullopt;
    }

    std::vector<std::string> names;
    std::vector<int64_t> values;
    auto is_valid = data->is_object() && data->contains("names") && data->contains("values") &&
                    details::convert_json(data->at("names"), names) &&
                    details::convert_json(data->at("values"), values);
    if (!is_valid) {
        reader.invalid_value(
            "selected_atoms", "null or an object with `names` (strings) and `values` (integers)"
        );
    }

    for (auto value : values) {
        if (value < std::numeric_limits<int32_t>::min() ||
            value > std::numeric_limits<int32_t>::max()) {
            reader.invalid_value("selected_atoms", "32-bit integers in the values");
        }
    }
    if (values.size() % 2 != 0) {
        reader.invalid_value("selected_atoms", "an even number of values");
    }

    // before creating the labels, so that wrong names always give the same error
    TORCH_CHECK_VALUE(
        names == SELECTED_ATOMS_NAMES,
        "invalid names for `selected_atoms` in the JSON for ModelEvaluationOptions: expected ",
        details::format_list(SELECTED_ATOMS_NAMES),
        ", got ",
        details::format_list(names)
    );
    return torch::make_intrusive<metatensor_torch::LabelsHolder>(
        names, torch::tensor(values, torch::kInt32).reshape({-1, 2})
    );
}

std::string ModelEvaluationOptionsHolder::to_json() const {
    return details::write_json({
        {"class", "ModelEvaluationOptions"},
        {"length_unit", length_unit_},
        {"outputs", details::outputs_to_json(outputs)},
        {"selected_atoms",
         selected_atoms_ ? labels_to_json(*selected_atoms_) : nlohmann::json(nullptr)},
    });
}

ModelEvaluationOptions ModelEvaluationOptionsHolder::from_json(std::string_view json) {
    auto reader = details::JsonReader(json, "ModelEvaluationOptions");
    return torch::make_intrusive<ModelEvaluationOptionsHolder>(
        reader.optional<std::string>("length_unit", "a string").value_or(""),
        details::outputs_from_json(reader, "outputs"),
        selected_atoms_from_json(reader)
    );
}

} // namespace metatomic_torch
