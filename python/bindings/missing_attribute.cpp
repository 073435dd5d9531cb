#include "bindings.hpp"
#include "errors.hpp"

// A `__getattr__` which knows that one attribute is missing, for a class of another library where
// it takes long to find this out. This is called for each access to an attribute of such objects,
// and uses the Python API alone: a C++ exception would take longer than what is avoided.

namespace bindings {

namespace {

/// Set once, and kept as long as the process runs: the class could be used until its end.
PyObject* missing_name = nullptr;
PyObject* error_message = nullptr;
PyObject* original_getattr = nullptr;

PyObject* get_attribute(PyObject* self, PyObject* name) {
    const int is_missing = PyObject_RichCompareBool(name, missing_name, Py_EQ);
    if (is_missing < 0) {
        return nullptr;
    } else if (is_missing == 1) {
        PyErr_SetObject(PyExc_AttributeError, error_message);
        return nullptr;
    }
    return PyObject_CallFunctionObjArgs(original_getattr, self, name, nullptr);
}

PyMethodDef getattr_method = {"__getattr__", get_attribute, METH_O, nullptr};

void answer_missing_attribute(nb::type_object type, nb::str name, nb::str message) {
    if (original_getattr != nullptr) {
        raise(PyExc_RuntimeError, "there is already a class with such an attribute");
    }
    auto* type_pointer = reinterpret_cast<PyTypeObject*>(type.ptr());
    auto method = nb::steal(PyDescr_NewMethod(type_pointer, &getattr_method));
    if (!method.is_valid()) {
        nb::raise_python_error();
    }

    original_getattr = nb::object(type.attr("__getattr__")).release().ptr();
    missing_name = name.release().ptr();
    error_message = message.release().ptr();
    nb::setattr(type, "__getattr__", method);
}

} // namespace

void bind_missing_attribute(nb::module_& m) {
    m.def(
        "answer_missing_attribute",
        answer_missing_attribute,
        nb::arg("type"),
        nb::arg("name"),
        nb::arg("message"),
        "Lets instances of a class say quickly that they have no attribute with this name. There "
        "can be only one such class."
    );
}

} // namespace bindings
