#include <map>

#include "internal/json.hpp"
#include "internal/outputs_json.hpp"
#include "internal/quantity_names.hpp"
#include "internal/units.hpp"
#include "metatomic/torch/model.hpp"
#include "metatomic/torch/units.hpp"

namespace metatomic_torch {

ModelCapabilitiesHolder::ModelCapabilitiesHolder(
    torch::Dict<std::string, ModelOutput> outputs,
    std::vector<int64_t> atomic_types,
    double interaction_range,
    std::string length_unit,
    std::vector<std::string> supported_devices,
    std::string dtype
)
    : atomic_types(std::move(atomic_types)), interaction_range(interaction_range),
      supported_devices(std::move(supported_devices)) {
    set_outputs(std::move(outputs));
    set_length_unit(std::move(length_unit));
    if (!dtype.empty()) {
        set_dtype(std::move(dtype));
    }
}

/// Users select variants with their description: warn if there is a choice without description
static void warn_undescribed_variants(
    const std::map<std::string, std::vector<std::string>>& names_by_base,
    const torch::Dict<std::string, ModelOutput>& outputs
) {
    for (const auto& [base, names] : names_by_base) {
        if (names.size() < 2) {
            continue;
        }

        for (const auto& name : names) {
            if (outputs.at(name)->description.empty()) {
                TORCH_WARN(
                    "there are ",
                    names.size(),
                    " variants of the output '",
                    base,
                    "', but '",
                    name,
                    "' has no description; please describe all the variants"
                );
            }
        }
    }
}

static void check_standard_unit(
    const std::string& name, const std::string& unit, const std::string& dimension
) {
    auto is_dimensionless = !details::is_known_dimension(dimension);
    if (unit.empty() && !is_dimensionless) {
        TORCH_WARN(
            "the unit of the output '", name, "' is not set, it should be a unit of ", dimension
        );
    } else if (!unit.empty() && is_dimensionless) {
        TORCH_WARN(
            "the output '", name, "' should not have a unit, but its unit is set to '", unit, "'"
        );
    } else {
        details::check_unit(unit, dimension, "the output '" + name + "'");
    }
}

void ModelCapabilitiesHolder::set_outputs(torch::Dict<std::string, ModelOutput> outputs) {
    set_outputs(std::move(outputs), /* warn_on_deprecated */ true);
}

void ModelCapabilitiesHolder::set_outputs(
    torch::Dict<std::string, ModelOutput> outputs, bool warn_on_deprecated
) {
    std::map<std::string, std::vector<std::string>> names_by_base;
    std::map<std::string, std::string> dimensions;
    for (const auto& item : outputs) {
        const auto& name = item.key();
        auto parsed = details::parse_quantity_name(name, "model output", warn_on_deprecated);
        if (parsed.is_standard()) {
            names_by_base[parsed.base].push_back(name);
            dimensions.emplace(name, parsed.dimension);
        }
    }

    warn_undescribed_variants(names_by_base, outputs);
    for (const auto& [name, dimension] : dimensions) {
        check_standard_unit(name, outputs.at(name)->unit(), dimension);
    }
    outputs_ = std::move(outputs);
}

void ModelCapabilitiesHolder::set_length_unit(std::string length_unit) {
    details::check_unit(length_unit, "length", "the lengths of a model");
    length_unit_ = std::move(length_unit);
}

void ModelCapabilitiesHolder::set_dtype(std::string dtype) {
    TORCH_CHECK_VALUE(
        dtype == "float32" || dtype == "float64",
        "invalid dtype for a model: '",
        dtype,
        "', it should be 'float32' or 'float64'"
    );
    dtype_ = std::move(dtype);
}

double
ModelCapabilitiesHolder::engine_interaction_range(const std::string& engine_length_unit) const {
    return interaction_range * unit_conversion_factor(length_unit_, engine_length_unit);
}

std::string ModelCapabilitiesHolder::to_json() const {
    return details::write_json({
        {"atomic_types", atomic_types},
        {"class", "ModelCapabilities"},
        {"dtype", dtype_},
        {"interaction_range", details::double_to_bits(interaction_range)},
        {"length_unit", length_unit_},
        {"outputs", details::outputs_to_json(outputs_)},
        {"supported_devices", supported_devices},
    });
}

ModelCapabilities ModelCapabilitiesHolder::from_json(std::string_view json) {
    auto reader = details::JsonReader(json, "ModelCapabilities");
    auto capabilities = torch::make_intrusive<ModelCapabilitiesHolder>();

    auto atomic_types = reader.optional<std::vector<int64_t>>("atomic_types", "a list of integers");
    capabilities->atomic_types = std::move(atomic_types).value_or(std::vector<int64_t>());

    auto interaction_range = reader.optional<int64_t>("interaction_range", "an integer");
    if (interaction_range) {
        capabilities->interaction_range = details::double_from_bits(*interaction_range);
    }

    auto devices =
        reader.optional<std::vector<std::string>>("supported_devices", "a list of strings");
    capabilities->supported_devices = std::move(devices).value_or(std::vector<std::string>());

    capabilities->set_outputs(
        details::outputs_from_json(reader, "outputs"), /* warn_on_deprecated */ false
    );
    capabilities->set_length_unit(
        reader.optional<std::string>("length_unit", "a string").value_or("")
    );

    auto dtype = reader.optional<std::string>("dtype", "a string");
    if (dtype) {
        capabilities->set_dtype(*std::move(dtype));
    }
    return capabilities;
}

} // namespace metatomic_torch
