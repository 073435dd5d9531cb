#pragma once

#include <nanobind/nanobind.h>

/// The nanobind module `metatensor._metatensor`: what the Python classes of `metatensor` need from
/// libmetatensor. Each function adds one concept to the module.

namespace bindings {

namespace nb = nanobind;

void bind_errors(nb::module_& m);
void bind_dlpack(nb::module_& m);
void bind_arrays(nb::module_& m);
void bind_labels(nb::module_& m);
void bind_block(nb::module_& m);
void bind_tensor(nb::module_& m);
void bind_io(nb::module_& m);

/// What is defined in Python and used from C++. Each one is set once, by the Python module that
/// defines it, with `_metatensor.register(name, object)`.
struct PythonObjects {
    nb::object Labels;
    nb::object TensorBlock;
    nb::object TensorMap;
    nb::object MetatensorError;
    /// `ctypes` structure with the same content as the one of the C interface
    nb::object mts_array_t;
    /// `find_backend(array) -> _metatensor.ArrayBackend`, raises if there is none for this array
    nb::object find_backend;
    /// `wrap_foreign_array(mts_array_t, owner) -> array`
    nb::object wrap_foreign_array;
};

/// The only instance. It lives forever: Python can be gone before the destructors of globals run.
PythonObjects& python_objects();

} // namespace bindings
