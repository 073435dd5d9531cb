#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <torch/script.h>

#include <metatensor/torch.hpp>

#include "metatomic/torch/exports.h"

namespace metatomic_torch {

class ModelOutputHolder;
/// Reference-counted handle to `ModelOutputHolder`
using ModelOutput = torch::intrusive_ptr<ModelOutputHolder>;

class ModelCapabilitiesHolder;
/// Reference-counted handle to `ModelCapabilitiesHolder`
using ModelCapabilities = torch::intrusive_ptr<ModelCapabilitiesHolder>;

class ModelEvaluationOptionsHolder;
/// Reference-counted handle to `ModelEvaluationOptionsHolder`
using ModelEvaluationOptions = torch::intrusive_ptr<ModelEvaluationOptionsHolder>;

class ModelMetadataHolder;
/// Reference-counted handle to `ModelMetadataHolder`
using ModelMetadata = torch::intrusive_ptr<ModelMetadataHolder>;

/// Description of one of the inputs or outputs of a model
class METATOMIC_TORCH_EXPORT ModelOutputHolder : public torch::CustomClassHolder {
public:
    ModelOutputHolder();

    /// @param quantity deprecated, use an empty string
    /// @param unit unit of the output, see `set_unit`
    /// @param sample_kind what each sample corresponds to, see `set_sample_kind`
    /// @param explicit_gradients which gradients are computed eagerly and stored in the output
    /// @param description what this output is, for humans
    ModelOutputHolder(
        std::string quantity,
        std::string unit,
        std::string sample_kind,
        std::vector<std::string> explicit_gradients,
        std::string description
    );

    /// Same as above (without it, string literals would be converted to `bool`)
    ModelOutputHolder(
        std::string quantity,
        std::string unit,
        const char* sample_kind,
        std::vector<std::string> explicit_gradients,
        std::string description
    );

    /// Same as above with sample kind `"atom"` if `per_atom` is true, and `"system"` otherwise
    ModelOutputHolder(
        std::string quantity,
        std::string unit,
        bool per_atom,
        std::vector<std::string> explicit_gradients,
        std::string description
    );

    /// Same as above, for TorchScript callers. At most one of `per_atom_or_sample_kind` (a boolean,
    /// a string or None), `per_atom` and `sample_kind` should be given.
    ModelOutputHolder(
        std::string quantity,
        std::string unit,
        torch::IValue per_atom_or_sample_kind,
        std::vector<std::string> explicit_gradients,
        std::string description,
        torch::optional<bool> per_atom,
        torch::optional<std::string> sample_kind
    );

    /// Description of this output, for humans
    std::string description;

    /// Deprecated, use `sample_kind()` and `set_sample_kind()` instead. Assigning to this member
    /// changes the sample kind, unless it is `"atom_pair"`.
    bool per_atom = false;

    /// Gradients which are computed eagerly and stored in the output, instead of relying on
    /// automatic differentiation
    std::vector<std::string> explicit_gradients;

    /// Deprecated: physical dimension of the output
    const std::string& quantity() const { return quantity_; }
    /// Deprecated: set the physical dimension of the output, which is used to validate the unit
    void set_quantity(std::string quantity);

    /// Unit of the output, can be empty
    const std::string& unit() const { return unit_; }
    /// Set the unit of this output, which must be empty or a valid unit expression
    /// @throws c10::ValueError if the unit is not valid
    void set_unit(std::string unit);

    /// Deprecated: set the sample kind to `"atom"` or `"system"`
    void set_per_atom(bool per_atom);
    /// Deprecated: is the sample kind `"atom"`?
    /// @throws c10::ValueError if the sample kind is neither `"atom"` nor `"system"`
    bool get_per_atom() const;

    /// What each sample corresponds to: `"system"`, `"atom"` or `"atom_pair"`
    std::string sample_kind() const;
    /// @throws c10::ValueError if this is not a valid sample kind
    void set_sample_kind(std::string sample_kind);

    std::string to_json() const;
    /// @throws std::runtime_error if the JSON does not describe a `ModelOutput`
    static ModelOutput from_json(std::string_view json);

private:
    std::string quantity_;
    std::string unit_;
    /// Only set when `per_atom` is not enough to know the kind, since external code can assign to
    /// it
    torch::optional<std::string> sample_kind_;
};

/// Everything that a model can do
class METATOMIC_TORCH_EXPORT ModelCapabilitiesHolder : public torch::CustomClassHolder {
public:
    ModelCapabilitiesHolder() = default;

    ModelCapabilitiesHolder(
        torch::Dict<std::string, ModelOutput> outputs,
        std::vector<int64_t> atomic_types,
        double interaction_range,
        std::string length_unit,
        std::vector<std::string> supported_devices,
        std::string dtype
    );

    /// Atomic types the model can handle
    std::vector<int64_t> atomic_types;

    /// How far atoms have to be to no longer influence each other, in the length unit of the model.
    /// Negative if it was not set.
    double interaction_range = -1;

    /// Types of the devices on which the model can run, in order of preference
    std::vector<std::string> supported_devices;

    /// All outputs of the model, by name
    torch::Dict<std::string, ModelOutput> outputs() const { return outputs_; }
    /// @throws c10::ValueError if any of the names or units is not valid
    void set_outputs(torch::Dict<std::string, ModelOutput> outputs);

    /// Unit of lengths in the model: positions, cell, cutoffs and interaction range
    const std::string& length_unit() const { return length_unit_; }
    /// @throws c10::ValueError if this is not a unit of length
    void set_length_unit(std::string length_unit);

    /// dtype of the model, `"float32"` or `"float64"`. Empty if it was not set.
    const std::string& dtype() const { return dtype_; }
    /// @throws c10::ValueError if this is neither `"float32"` nor `"float64"`
    void set_dtype(std::string dtype);

    /// Interaction range in the length unit of the engine
    double engine_interaction_range(const std::string& engine_length_unit) const;

    std::string to_json() const;
    /// @throws std::runtime_error if the JSON does not describe a `ModelCapabilities`
    static ModelCapabilities from_json(std::string_view json);

private:
    void set_outputs(torch::Dict<std::string, ModelOutput> outputs, bool warn_on_deprecated);

    torch::Dict<std::string, ModelOutput> outputs_;
    std::string length_unit_;
    std::string dtype_;
};

/// Options which an engine gives to a model for each evaluation
class METATOMIC_TORCH_EXPORT ModelEvaluationOptionsHolder : public torch::CustomClassHolder {
public:
    ModelEvaluationOptionsHolder() = default;

    ModelEvaluationOptionsHolder(
        std::string length_unit,
        torch::Dict<std::string, ModelOutput> outputs,
        torch::optional<metatensor_torch::Labels> selected_atoms
    );

    /// Outputs that the model should compute, by name
    torch::Dict<std::string, ModelOutput> outputs;

    /// Unit of lengths in the engine
    const std::string& length_unit() const { return length_unit_; }
    /// @throws c10::ValueError if this is not a unit of length
    void set_length_unit(std::string length_unit);

    /// Only compute the outputs for these atoms (`system` and `atom` in the labels), or for all of
    /// them if there are no labels
    torch::optional<metatensor_torch::Labels> get_selected_atoms() const { return selected_atoms_; }
    /// @throws c10::ValueError if the names of the labels are not `["system", "atom"]`
    void set_selected_atoms(torch::optional<metatensor_torch::Labels> selected_atoms);

    std::string to_json() const;
    /// @throws std::runtime_error if the JSON does not describe a `ModelEvaluationOptions`
    static ModelEvaluationOptions from_json(std::string_view json);

private:
    std::string length_unit_;
    torch::optional<metatensor_torch::Labels> selected_atoms_;
};

/// Metadata about a specific model, for humans
class METATOMIC_TORCH_EXPORT ModelMetadataHolder : public torch::CustomClassHolder {
public:
    ModelMetadataHolder() = default;

    /// @throws c10::ValueError if there are empty authors or references, or unknown keys in the
    ///         references
    ModelMetadataHolder(
        std::string name,
        std::string description,
        std::vector<std::string> authors,
        torch::Dict<std::string, std::vector<std::string>> references,
        torch::Dict<std::string, std::string> extra
    );

    /// Name of the model
    std::string name;
    /// Description of the model
    std::string description;
    /// Authors of the model
    std::vector<std::string> authors;
    /// What to cite when using this model. The keys are `"model"` (about this specific model),
    /// `"architecture"` (about the architecture of the model) and `"implementation"` (about the
    /// implementation of this architecture).
    torch::Dict<std::string, std::vector<std::string>> references;
    /// Any other metadata
    torch::Dict<std::string, std::string> extra;

    /// Text to be shown to the users of the model
    std::string print() const;

    std::string to_json() const;
    /// @throws std::runtime_error if the JSON does not describe a `ModelMetadata`
    static ModelMetadata from_json(std::string_view json);

private:
    void validate() const;
};

} // namespace metatomic_torch
