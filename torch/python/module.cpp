#include <torch/csrc/jit/python/python_custom_class.h>

#include "slots.hpp"

namespace {

namespace py = pybind11;

/// The Python type which pybind11 made for a C++ class of torch
template <typename T>
PyTypeObject* checked_type(const py::type& type) {
    const auto* info = py::detail::get_type_info(typeid(T));
    auto* pointer = reinterpret_cast<PyTypeObject*>(type.ptr());
    if (info == nullptr || info->type != pointer || !info->simple_type) {
        throw py::type_error(py::str("{} is not the class that was expected").format(type));
    }
    return pointer;
}

void replace_slots(const py::type& object, const py::type& method, const py::type& script_class) {
    const auto types = script_objects::TorchTypes{
        .script_object = checked_type<torch::jit::Object>(object),
        .script_method = checked_type<torch::jit::Method>(method),
        .script_class = checked_type<torch::jit::ScriptClass>(script_class),
    };
    if (script_objects::torch_types().script_object == nullptr) {
        script_objects::replace_slots(types);
    }
}

} // namespace

PYBIND11_MODULE(_script_object_slots, m) {
    m.doc() = "Quick attributes and calls of TorchScript objects";
    m.def(
        "replace_slots",
        replace_slots,
        py::arg("script_object"),
        py::arg("script_method"),
        py::arg("script_class"),
        "Make the objects of our TorchScript classes quick to use. The arguments are "
        "`torch.ScriptObject`, `torch.ScriptMethod` and `torch.ScriptClass`; there is a TypeError, "
        "and nothing changes, if these are not the types for which this was compiled. Slots are "
        "replaced once, even if this is called again."
    );
}
