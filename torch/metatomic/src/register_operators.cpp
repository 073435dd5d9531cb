// Registration of all the TorchScript operators. The schemas are used in exported models: they can
// not change.

#include <torch/script.h>

#include "internal/register.hpp"
#include "internal/warnings.hpp"
#include "metatomic/torch.hpp"

using namespace metatomic_torch;

using metatensor_torch::Labels;
using metatensor_torch::TensorMap;
using OptionalString = torch::optional<std::string>;
using Outputs = torch::Dict<std::string, ModelOutput>;

/// Python version of `pick_device`, which returns the full device instead of only its type
static std::string
pick_device_string(std::vector<std::string> model_devices, OptionalString requested_device) {
    try {
        auto type = pick_device(std::move(model_devices), requested_device);
        if (!requested_device || requested_device->empty()) {
            return torch::Device(type).str();
        }
        return torch::Device(*requested_device).str();
    } catch (const c10::Error& error) {
        // engines expect a RuntimeError in Python, and this would be a ValueError
        throw std::runtime_error(error.what_without_backtrace());
    }
}

static bool is_given(const OptionalString& argument) {
    return argument && !argument->empty();
}

/// Support for two signatures at once: the current one, `(from_unit, to_unit)`; and the deprecated
/// one, `(quantity, from_unit, to_unit)`. Arguments can be given by position or by name.
static double unit_conversion_factor_arguments(
    const OptionalString& positional_0,
    const OptionalString& positional_1,
    const OptionalString& positional_2,
    const OptionalString& quantity,
    const OptionalString& from_unit,
    const OptionalString& to_unit
) {
    auto n_positional = int(positional_0.has_value()) + int(positional_1.has_value()) +
                        int(positional_2.has_value());
    auto is_deprecated = (quantity && (from_unit || to_unit)) || n_positional == 3 ||
                         (n_positional == 2 && to_unit) ||
                         (n_positional == 1 && from_unit && to_unit);

    if (!is_deprecated) {
        const auto& from = positional_0 ? positional_0 : from_unit;
        const auto& to = positional_1 ? positional_1 : to_unit;
        if (!from || !to) {
            throw std::runtime_error(
                "`unit_conversion_factor` needs two arguments: `from_unit` and `to_unit`"
            );
        }
        return unit_conversion_factor(*from, *to);
    }

    const auto& actual_quantity = quantity ? quantity : positional_0;
    const auto& from = from_unit ? from_unit : positional_1;
    const auto& to = to_unit ? to_unit : positional_2;
    if (!is_given(actual_quantity) || !is_given(from) || !is_given(to)) {
        throw std::runtime_error(
            "the deprecated form of `unit_conversion_factor` needs three non-empty arguments: "
            "`quantity`, `from_unit` and `to_unit`"
        );
    }

    C10_DIAGNOSTIC_PUSH_AND_IGNORED_IF_DEFINED("-Wdeprecated-declarations")
    return unit_conversion_factor(*actual_quantity, *from, *to);
    C10_DIAGNOSTIC_POP()
}

/// Older name of `check_quantities`, used in models exported by older versions
static void check_outputs(
    const std::vector<System>& systems,
    const Outputs& requested,
    const torch::optional<Labels>& selected_atoms,
    const torch::Dict<std::string, TensorMap>& outputs,
    std::string model_dtype
) {
    METATOMIC_WARN_DEPRECATION_ONCE(
        "`_check_outputs` is deprecated, use `_check_quantities` instead; please export again the "
        "models which use it"
    );
    check_quantities(
        systems, requested, selected_atoms, outputs, std::move(model_dtype), "outputs"
    );
}

/// Schema of a function that TorchScript must neither remove, nor move around other calls
static c10::FunctionSchema conservative(const std::string& schema) {
    return torch::schema(schema.c_str(), c10::AliasAnalysisKind::CONSERVATIVE);
}

static void register_inspection(torch::Library& m) {
    m.def("version() -> str", version);
    m.def(
        "pick_device(str[] model_devices, str? requested_device=None) -> str", pick_device_string
    );
    m.def(
        "pick_output(str requested_output, "
        "Dict(str, __torch__.torch.classes.metatomic.ModelOutput) outputs, "
        "str? desired_variant=None) -> str",
        pick_output
    );
    m.def(
        "unit_conversion_factor(str? _0=None, str? _1=None, str? _2=None, str? quantity=None, "
        "str? from_unit=None, str? to_unit=None) -> float",
        unit_conversion_factor_arguments
    );
    m.def("unit_dimension_for_quantity(str name) -> str", unit_dimension_for_quantity);
}

static void register_systems(torch::Library& m) {
    m.def(
        conservative("save(str path, __torch__.torch.classes.metatomic.System system) -> ()"), save
    );
    m.def(
        conservative("load_system(str path) -> __torch__.torch.classes.metatomic.System"),
        load_system
    );
    m.def("save_buffer(__torch__.torch.classes.metatomic.System system) -> Tensor", save_buffer);
    m.def(
        "load_system_buffer(Tensor buffer) -> __torch__.torch.classes.metatomic.System",
        [](const torch::Tensor& buffer) { return load_system_buffer(buffer); }
    );
    m.def(
        conservative(
            "register_autograd_neighbors.register_autograd_neighbors("
            "__torch__.torch.classes.metatomic.System system, "
            "__torch__.torch.classes.metatensor.TensorBlock neighbors, "
            "bool check_consistency=False) -> ()"
        ),
        register_autograd_neighbors
    );
}

static void register_models(torch::Library& m) {
    m.def(
        conservative(
            "read_model_metadata(str path) -> __torch__.torch.classes.metatomic.ModelMetadata"
        ),
        read_model_metadata
    );
    m.def(
        conservative("check_atomistic_model.check_atomistic_model(str path) -> ()"),
        check_atomistic_model
    );
    m.def(
        conservative(
            "load_model_extensions.load_model_extensions(str path, str? extensions_directory) -> ()"
        ),
        load_model_extensions
    );
}

static void register_checks(torch::Library& m) {
    m.def(
        conservative(
            "_check_quantities._check_quantities("
            "__torch__.torch.classes.metatomic.System[] systems, "
            "Dict(str, __torch__.torch.classes.metatomic.ModelOutput) requested, "
            "__torch__.torch.classes.metatensor.Labels? selected_atoms, "
            "Dict(str, __torch__.torch.classes.metatensor.TensorMap) values, "
            "str model_dtype, str inputs_or_outputs) -> ()"
        ),
        check_quantities
    );
    m.def(
        conservative(
            "_check_outputs._check_outputs("
            "__torch__.torch.classes.metatomic.System[] systems, "
            "Dict(str, __torch__.torch.classes.metatomic.ModelOutput) requested, "
            "__torch__.torch.classes.metatensor.Labels? selected_atoms, "
            "Dict(str, __torch__.torch.classes.metatensor.TensorMap) outputs, "
            "str model_dtype) -> ()"
        ),
        check_outputs
    );
}

void details::register_operators(torch::Library& m) {
    register_inspection(m);
    register_systems(m);
    register_models(m);
    register_checks(m);
}
