#include <string_view>

#include "bindings.hpp"
#include "errors.hpp"

namespace bindings {

PythonObjects& python_objects() {
    static auto* objects = new PythonObjects();
    return *objects;
}

namespace {

nb::object& python_object(std::string_view name) {
    auto& objects = python_objects();
    if (name == "Labels") {
        return objects.Labels;
    } else if (name == "TensorBlock") {
        return objects.TensorBlock;
    } else if (name == "TensorMap") {
        return objects.TensorMap;
    } else if (name == "MetatensorError") {
        return objects.MetatensorError;
    } else if (name == "mts_array_t") {
        return objects.mts_array_t;
    } else if (name == "find_backend") {
        return objects.find_backend;
    } else if (name == "wrap_foreign_array") {
        return objects.wrap_foreign_array;
    }
    raise(PyExc_ValueError, "'%.200s' is not used from C++", std::string(name).c_str());
}

} // namespace

} // namespace bindings

NB_MODULE(_metatensor, m) {
    using namespace bindings;

    m.doc() =
        "Native part of metatensor: the classes of `metatensor` derive from the ones defined here";

    // Objects that are still alive when Python exits (in global variables, most of the time) are
    // fine
    nb::set_leak_warnings(false);

    m.def(
        "register",
        [](const char* name, nb::object object) { python_object(name) = std::move(object); },
        nb::arg("name"),
        nb::arg("object"),
        "Declares a Python class or function that is used from C++"
    );

    bind_errors(m);
    bind_dlpack(m);
    bind_arrays(m);
    bind_labels(m);
    bind_block(m);
    bind_tensor(m);
    bind_io(m);
}
