// Registration of all the TorchScript classes. The names of classes, arguments, methods and
// properties are used in exported models: they can not change.

#include <torch/script.h>

#include "internal/register.hpp"
#include "metatomic/torch.hpp"

using namespace metatomic_torch;

using Outputs = torch::Dict<std::string, ModelOutput>;
using References = torch::Dict<std::string, std::vector<std::string>>;
using StringDict = torch::Dict<std::string, std::string>;

static void register_neighbor_list_options(torch::Library& m) {
    m.class_<NeighborListOptionsHolder>("NeighborListOptions")
        .def(
            torch::init<double, bool, bool, std::string>(),
            "",
            {torch::arg("cutoff"),
             torch::arg("full_list"),
             torch::arg("strict"),
             torch::arg("requestor") = ""}
        )
        .def_property("cutoff", &NeighborListOptionsHolder::cutoff)
        .def_property(
            "length_unit",
            &NeighborListOptionsHolder::length_unit,
            &NeighborListOptionsHolder::set_length_unit
        )
        .def(
            "engine_cutoff",
            &NeighborListOptionsHolder::engine_cutoff,
            "",
            {torch::arg("engine_length_unit")}
        )
        .def_property("full_list", &NeighborListOptionsHolder::full_list)
        .def_property("strict", &NeighborListOptionsHolder::strict)
        .def("requestors", &NeighborListOptionsHolder::requestors)
        .def(
            "add_requestor",
            &NeighborListOptionsHolder::add_requestor,
            "",
            {torch::arg("requestor")}
        )
        .def(
            "__eq__",
            [](const NeighborListOptions& self, const NeighborListOptions& other) {
                return self == other;
            },
            "",
            {torch::arg("other")}
        )
        .def(
            "__ne__",
            [](const NeighborListOptions& self, const NeighborListOptions& other) {
                return self != other;
            },
            "",
            {torch::arg("other")}
        )
        .def("__repr__", &NeighborListOptionsHolder::repr)
        .def("__str__", &NeighborListOptionsHolder::str)
        .def_pickle(
            [](const NeighborListOptions& self) { return self->to_json(); },
            [](const std::string& state) { return NeighborListOptionsHolder::from_json(state); }
        );
}

static void register_system(torch::Library& m) {
    m.class_<SystemHolder>("System")
        .def(
            torch::init<torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor>(),
            "",
            {torch::arg("types"), torch::arg("positions"), torch::arg("cell"), torch::arg("pbc")}
        )
        .def_property("types", &SystemHolder::types, &SystemHolder::set_types)
        .def_property("positions", &SystemHolder::positions, &SystemHolder::set_positions)
        .def_property("cell", &SystemHolder::cell, &SystemHolder::set_cell)
        .def_property("pbc", &SystemHolder::pbc, &SystemHolder::set_pbc)
        .def_property("device", &SystemHolder::device)
        .def_property("dtype", &SystemHolder::scalar_type)
        .def("__len__", &SystemHolder::size)
        .def("__str__", &SystemHolder::str)
        .def("__repr__", &SystemHolder::str)
        .def(
            "to",
            &SystemHolder::to_positional,
            "",
            {torch::arg("_0") = torch::IValue(),
             torch::arg("_1") = torch::IValue(),
             torch::arg("dtype") = torch::IValue(),
             torch::arg("device") = torch::IValue(),
             torch::arg("non_blocking") = false}
        )
        .def(
            "add_neighbor_list",
            &SystemHolder::add_neighbor_list,
            "",
            {torch::arg("options"), torch::arg("neighbors")}
        )
        .def("get_neighbor_list", &SystemHolder::get_neighbor_list, "", {torch::arg("options")})
        .def("known_neighbor_lists", &SystemHolder::known_neighbor_lists)
        .def(
            "add_data",
            [](const System& self,
               std::string name,
               metatensor_torch::TensorMap tensor,
               bool override,
               bool warn_on_deprecated) {
                self->add_data(
                    std::move(name),
                    std::move(tensor),
                    override,
                    SystemHolder::private_warn_on_deprecated{warn_on_deprecated}
                );
            },
            "",
            {torch::arg("name"),
             torch::arg("tensor"),
             torch::arg("override") = false,
             torch::arg("_private_warn_on_deprecated") = true}
        )
        .def("get_data", &SystemHolder::get_data, "", {torch::arg("name")})
        .def("known_data", &SystemHolder::known_data)
        .def_pickle(
            [](const System& self) { return save_buffer(self); },
            [](const torch::Tensor& state) { return load_system_buffer(state); }
        );
}

static void register_model_output(torch::Library& m) {
    m.class_<ModelOutputHolder>("ModelOutput")
        .def(
            torch::init<
                std::string,
                std::string,
                torch::IValue,
                std::vector<std::string>,
                std::string,
                torch::optional<bool>,
                torch::optional<std::string>>(),
            "",
            {torch::arg("quantity") = "",
             torch::arg("unit") = "",
             torch::arg("_2") = torch::IValue(),
             torch::arg("explicit_gradients") = std::vector<std::string>(),
             torch::arg("description") = "",
             torch::arg("per_atom") = torch::IValue(),
             torch::arg("sample_kind") = torch::IValue()}
        )
        .def_readwrite("description", &ModelOutputHolder::description)
        .def_property("quantity", &ModelOutputHolder::quantity, &ModelOutputHolder::set_quantity)
        .def_property("unit", &ModelOutputHolder::unit, &ModelOutputHolder::set_unit)
        .def_property(
            "per_atom", &ModelOutputHolder::get_per_atom, &ModelOutputHolder::set_per_atom
        )
        .def_property(
            "sample_kind", &ModelOutputHolder::sample_kind, &ModelOutputHolder::set_sample_kind
        )
        .def_readwrite("explicit_gradients", &ModelOutputHolder::explicit_gradients)
        .def_pickle(
            [](const ModelOutput& self) { return self->to_json(); },
            [](const std::string& state) { return ModelOutputHolder::from_json(state); }
        );
}

static void register_model_capabilities(torch::Library& m) {
    m.class_<ModelCapabilitiesHolder>("ModelCapabilities")
        .def(
            // all instances would share the default value of `outputs` without the copy
            torch::init([](Outputs outputs,
                           std::vector<int64_t> atomic_types,
                           double interaction_range,
                           std::string length_unit,
                           std::vector<std::string> supported_devices,
                           std::string dtype) {
                return torch::make_intrusive<ModelCapabilitiesHolder>(
                    outputs.copy(),
                    std::move(atomic_types),
                    interaction_range,
                    std::move(length_unit),
                    std::move(supported_devices),
                    std::move(dtype)
                );
            }),
            "",
            {torch::arg("outputs") = Outputs(),
             torch::arg("atomic_types") = std::vector<int64_t>(),
             torch::arg("interaction_range") = -1.0,
             torch::arg("length_unit") = "",
             torch::arg("supported_devices") = std::vector<std::string>(),
             torch::arg("dtype") = ""}
        )
        .def_property(
            "outputs",
            &ModelCapabilitiesHolder::outputs,
            [](const ModelCapabilities& self, Outputs outputs) {
                self->set_outputs(std::move(outputs));
            }
        )
        .def_readwrite("atomic_types", &ModelCapabilitiesHolder::atomic_types)
        .def_readwrite("interaction_range", &ModelCapabilitiesHolder::interaction_range)
        .def_property(
            "length_unit",
            &ModelCapabilitiesHolder::length_unit,
            &ModelCapabilitiesHolder::set_length_unit
        )
        .def_readwrite("supported_devices", &ModelCapabilitiesHolder::supported_devices)
        .def_property("dtype", &ModelCapabilitiesHolder::dtype, &ModelCapabilitiesHolder::set_dtype)
        .def("engine_interaction_range", &ModelCapabilitiesHolder::engine_interaction_range)
        .def_pickle(
            [](const ModelCapabilities& self) { return self->to_json(); },
            [](const std::string& state) { return ModelCapabilitiesHolder::from_json(state); }
        );
}

static void register_model_evaluation_options(torch::Library& m) {
    m.class_<ModelEvaluationOptionsHolder>("ModelEvaluationOptions")
        .def(
            // all instances would share the default value of `outputs` without the copy
            torch::init([](std::string length_unit,
                           Outputs outputs,
                           torch::optional<metatensor_torch::Labels> selected_atoms) {
                return torch::make_intrusive<ModelEvaluationOptionsHolder>(
                    std::move(length_unit), outputs.copy(), std::move(selected_atoms)
                );
            }),
            "",
            {torch::arg("length_unit") = "",
             torch::arg("outputs") = Outputs(),
             torch::arg("selected_atoms") = torch::IValue()}
        )
        .def_property(
            "length_unit",
            &ModelEvaluationOptionsHolder::length_unit,
            &ModelEvaluationOptionsHolder::set_length_unit
        )
        .def_readwrite("outputs", &ModelEvaluationOptionsHolder::outputs)
        .def_property(
            "selected_atoms",
            &ModelEvaluationOptionsHolder::get_selected_atoms,
            &ModelEvaluationOptionsHolder::set_selected_atoms
        )
        .def_pickle(
            [](const ModelEvaluationOptions& self) { return self->to_json(); },
            [](const std::string& state) { return ModelEvaluationOptionsHolder::from_json(state); }
        );
}

static void register_model_metadata(torch::Library& m) {
    m.class_<ModelMetadataHolder>("ModelMetadata")
        .def(
            // all instances would share the default values of the dictionaries without the copies
            torch::init([](std::string name,
                           std::string description,
                           std::vector<std::string> authors,
                           References references,
                           StringDict extra) {
                return torch::make_intrusive<ModelMetadataHolder>(
                    std::move(name),
                    std::move(description),
                    std::move(authors),
                    references.copy(),
                    extra.copy()
                );
            }),
            "",
            {torch::arg("name") = "",
             torch::arg("description") = "",
             torch::arg("authors") = std::vector<std::string>(),
             torch::arg("references") = References(),
             torch::arg("extra") = StringDict()}
        )
        .def_readwrite("name", &ModelMetadataHolder::name)
        .def_readwrite("description", &ModelMetadataHolder::description)
        .def_readwrite("authors", &ModelMetadataHolder::authors)
        .def_readwrite("references", &ModelMetadataHolder::references)
        .def_readwrite("extra", &ModelMetadataHolder::extra)
        .def("__repr__", &ModelMetadataHolder::print)
        .def("__str__", &ModelMetadataHolder::print)
        .def_pickle(
            [](const ModelMetadata& self) { return self->to_json(); },
            [](const std::string& state) { return ModelMetadataHolder::from_json(state); }
        );
}

void details::register_classes(torch::Library& m) {
    // a class must be registered before the ones which use it
    register_neighbor_list_options(m);
    register_system(m);
    register_model_output(m);
    register_model_capabilities(m);
    register_model_evaluation_options(m);
    register_model_metadata(m);
}
