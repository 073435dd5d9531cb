#include <algorithm>
#include <map>
#include <unordered_map>

#include "internal/dtypes.hpp"
#include "internal/labels_checks.hpp"
#include "internal/quantity_names.hpp"
#include "internal/text.hpp"
#include "internal/warnings.hpp"
#include "metatomic/torch/quantities.hpp"

namespace metatomic_torch {

using metatensor_torch::Labels;
using metatensor_torch::TensorBlock;
using metatensor_torch::TensorMap;

namespace {

using Names = std::vector<std::string>;

enum class Properties {
    /// one property with the value 0
    Single,
    /// any number of properties, with values 0, 1, ...
    Range,
    /// anything
    Any,
};

enum class Gradients {
    None,
    /// gradients with respect to positions and/or strain
    PositionsAndStrain,
};

/// Metadata of a standard quantity
struct StandardMetadata {
    Names components;
    Properties properties;
    std::string property_name;
    /// older name of the property, still accepted
    std::string deprecated_property_name;
    Gradients gradients = Gradients::None;
    bool only_per_system = false;
};

const Names XYZ = {"xyz"};
const Names XYZ_XYZ = {"xyz_1", "xyz_2"};

const std::unordered_map<std::string, StandardMetadata> STANDARD_METADATA = {
    {"energy", {{}, Properties::Single, "energy", "", Gradients::PositionsAndStrain}},
    {"energy_ensemble", {{}, Properties::Range, "energy", "", Gradients::PositionsAndStrain}},
    {"energy_uncertainty", {{}, Properties::Single, "energy", "", Gradients::PositionsAndStrain}},
    {"feature", {{}, Properties::Any, "", ""}},
    {"non_conservative_force",
     {XYZ, Properties::Single, "non_conservative_force", "non_conservative_forces"}},
    {"non_conservative_stress", {XYZ_XYZ, Properties::Single, "non_conservative_stress", ""}},
    {"position", {XYZ, Properties::Single, "position", "positions"}},
    {"momentum", {XYZ, Properties::Single, "momentum", "momenta"}},
    {"velocity", {XYZ, Properties::Single, "velocity", "velocities"}},
    {"mass", {{}, Properties::Single, "mass", "masses"}},
    {"charge", {{}, Properties::Single, "charge", ""}},
    {"heat_flux", {XYZ, Properties::Single, "heat_flux", "", Gradients::None, true}},
    {"spin_multiplicity", {{}, Properties::Single, "spin_multiplicity", "", Gradients::None, true}},
};

/// Checks for a single quantity. `what_` is the text used for it in error messages, such as
/// `output 'energy'`.
class QuantityChecker {
public:
    QuantityChecker(std::string what) : what_(std::move(what)) {}

    void check_keys(const TensorMap& value) const {
        auto keys = value->keys();
        TORCH_CHECK_VALUE(
            details::is_range(keys, "_", 1),
            "invalid keys for the ",
            what_,
            ": expected Labels('_', [[0]]), got ",
            details::describe(keys)
        );
    }

    void check_sample_names(const TensorBlock& block, const std::string& sample_kind) const {
        static const std::map<std::string, Names> SAMPLE_NAMES = {
            {"system", {"system"}},
            {"atom", {"system", "atom"}},
            {"atom_pair",
             {"system",
              "first_atom",
              "second_atom",
              "cell_shift_a",
              "cell_shift_b",
              "cell_shift_c"}},
        };
        check_names("samples", block->samples()->names(), SAMPLE_NAMES.at(sample_kind));
    }

    /// Check that all pairs are between existing atoms
    void check_pairs(const Labels& samples, const std::vector<System>& systems) const {
        auto system_index = check_index(
            samples->column("system"),
            torch::tensor(static_cast<int64_t>(systems.size()), torch::kInt64),
            "system"
        );
        if (!system_index.defined() || samples->count() == 0) {
            return;
        }

        auto sizes = torch::empty({static_cast<int64_t>(systems.size())}, torch::kInt64);
        for (size_t i = 0; i < systems.size(); i++) {
            sizes[static_cast<int64_t>(i)] = systems[i]->size();
        }
        auto limits = sizes.index_select(0, system_index);
        check_index(samples->column("first_atom"), limits, "first_atom");
        check_index(samples->column("second_atom"), limits, "second_atom");
    }

    void check_components(
        const TensorBlock& block, const Names& expected, const std::string& context = ""
    ) const {
        auto components = block->components();
        TORCH_CHECK_VALUE(
            components.size() == expected.size(),
            "invalid components for ",
            context,
            "the ",
            what_,
            ": expected ",
            expected.size(),
            " component(s), got ",
            components.size()
        );

        for (size_t i = 0; i < expected.size(); i++) {
            TORCH_CHECK_VALUE(
                details::is_range(components[i], expected[i], 3),
                "invalid components for ",
                context,
                "the ",
                what_,
                ": expected Labels('",
                expected[i],
                "', [[0], [1], [2]]), got ",
                details::describe(components[i])
            );
        }
    }

    void check_properties(const TensorBlock& block, const StandardMetadata& metadata) const {
        if (metadata.properties == Properties::Any) {
            return;
        }

        auto properties = block->properties();
        auto count = metadata.properties == Properties::Single ? 1 : properties->count();
        if (details::is_range(properties, metadata.property_name, count)) {
            return;
        }

        const auto& deprecated_name = metadata.deprecated_property_name;
        auto is_deprecated =
            !deprecated_name.empty() && details::is_range(properties, deprecated_name, count);
        TORCH_CHECK_VALUE(
            is_deprecated,
            "invalid properties for the ",
            what_,
            ": expected Labels('",
            metadata.property_name,
            metadata.properties == Properties::Single ? "', [[0]]" : "', [[0], [1], ...]",
            "), got ",
            details::describe(properties)
        );
        METATOMIC_WARN_DEPRECATION_ONCE(
            "'",
            deprecated_name,
            "' is deprecated as the name of the property of the ",
            what_,
            ", use '",
            metadata.property_name,
            "' instead"
        );
    }

    void check_gradients(const TensorBlock& block, Gradients expected) const {
        for (const auto& [parameter, gradient] :
             metatensor_torch::TensorBlockHolder::gradients(block)) {
            auto is_positions = parameter == "positions";
            TORCH_CHECK_VALUE(
                expected == Gradients::PositionsAndStrain &&
                    (is_positions || parameter == "strain"),
                "invalid gradients for the ",
                what_,
                ": there should not be gradients with respect to '",
                parameter,
                "'"
            );

            auto context = "the '" + parameter + "' gradients of ";
            check_names(
                "samples",
                gradient->samples()->names(),
                is_positions ? Names{"sample", "system", "atom"} : Names{"sample"},
                context
            );
            check_components(gradient, is_positions ? XYZ : XYZ_XYZ, context);
        }
    }

private:
    void check_names(
        const char* axis,
        const Names& actual,
        const Names& expected,
        const std::string& context = ""
    ) const {
        TORCH_CHECK_VALUE(
            actual == expected,
            "invalid ",
            axis,
            " for ",
            context,
            "the ",
            what_,
            ": expected the names to be ",
            details::format_list(expected),
            ", got ",
            details::format_list(actual)
        );
    }

    /// Check that all values in `column` are between 0 and the corresponding `limits`. Returns the
    /// column on CPU if the values can be accessed.
    torch::Tensor
    check_index(const torch::Tensor& column, const torch::Tensor& limits, const char* name) const {
        if (column.device().is_meta()) {
            return torch::Tensor();
        }

        auto index = column.to(torch::kCPU, torch::kInt64);
        auto invalid = index.masked_select(torch::logical_or(index < 0, index >= limits));
        TORCH_CHECK_VALUE(
            invalid.size(0) == 0,
            "invalid samples for the ",
            what_,
            ": '",
            name,
            "' contains the index ",
            invalid[0].item<int64_t>(),
            ", which does not exist"
        );
        return index;
    }

    std::string what_;
};

void check_standard_quantity(
    const std::vector<System>& systems,
    const StandardMetadata& metadata,
    const std::string& sample_kind,
    const TensorMap& value,
    const std::string& what
) {
    auto checker = QuantityChecker(what);
    checker.check_keys(value);

    TORCH_CHECK_VALUE(
        !metadata.only_per_system || sample_kind == "system",
        "the ",
        what,
        " can only be requested with sample kind 'system', got '",
        sample_kind,
        "'"
    );

    auto block = metatensor_torch::TensorMapHolder::block_by_id(value, 0);
    checker.check_sample_names(block, sample_kind);
    if (sample_kind == "atom_pair") {
        checker.check_pairs(block->samples(), systems);
    }

    checker.check_components(block, metadata.components);
    checker.check_properties(block, metadata);
    checker.check_gradients(block, metadata.gradients);
}

void check_dtype(const TensorMap& value, const std::string& model_dtype, const std::string& what) {
    if (value->keys()->count() == 0) {
        return;
    }

    auto expected = model_dtype == "float32" ? torch::kFloat32 : torch::kFloat64;
    TORCH_CHECK_VALUE(
        value->scalar_type() == expected,
        "invalid dtype for the ",
        what,
        ": the model uses ",
        details::dtype_name(expected),
        ", but this is ",
        details::dtype_name(value->scalar_type())
    );
}

} // namespace

// The entries in the samples are never checked, whatever `selected_atoms` is: models are free to
// return fewer samples, or to order them differently.
void check_quantities(
    const std::vector<System>& systems,
    const c10::Dict<std::string, ModelOutput>& requested,
    const torch::optional<metatensor_torch::Labels>& /*selected_atoms*/,
    const c10::Dict<std::string, TensorMap>& values,
    std::string model_dtype,
    std::string inputs_or_outputs
) {
    TORCH_CHECK_VALUE(
        model_dtype == "float32" || model_dtype == "float64",
        "`model_dtype` should be 'float32' or 'float64', got '",
        model_dtype,
        "'"
    );
    TORCH_CHECK_VALUE(
        inputs_or_outputs == "inputs" || inputs_or_outputs == "outputs",
        "`inputs_or_outputs` should be 'inputs' or 'outputs', got '",
        inputs_or_outputs,
        "'"
    );
    auto is_output = inputs_or_outputs == "outputs";
    auto describe = [&](const std::string& name) {
        return (is_output ? "output '" : "input '") + name + "'";
    };

    for (const auto& item : values) {
        const auto& name = item.key();
        TORCH_CHECK_VALUE(
            !name.empty(), "the ", inputs_or_outputs, " of the model contain an empty name: ''"
        );
        TORCH_CHECK_VALUE(
            !is_output || requested.contains(name),
            "the model produced the ",
            describe(name),
            ", which was not requested"
        );
        check_dtype(item.value(), model_dtype, describe(name));
    }

    for (const auto& item : requested) {
        const auto& name = item.key();
        auto value = values.find(name);
        if (value == values.end()) {
            C10_THROW_ERROR(
                ValueError,
                is_output ? "the model did not produce the requested " + describe(name)
                          : "the model did not receive the " + describe(name) + " it requested"
            );
        }

        auto base = details::current_quantity_name(name.substr(0, name.find('/')));
        auto metadata = STANDARD_METADATA.find(base);
        if (metadata != STANDARD_METADATA.end()) {
            check_standard_quantity(
                systems,
                metadata->second,
                item.value()->sample_kind(),
                value->value(),
                describe(name)
            );
            continue;
        }
        TORCH_CHECK_VALUE(
            name.find("::") != std::string::npos,
            "the ",
            describe(name),
            " is neither a standard nor a custom quantity"
        );
    }
}

} // namespace metatomic_torch
