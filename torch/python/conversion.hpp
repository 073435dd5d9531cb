#pragma once

#include <ATen/core/function_schema.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>
#include <pybind11/pybind11.h>
#include <torch/csrc/jit/api/object.h>

namespace script_objects {

namespace py = pybind11;

/// Types of torch, written in C++ with pybind11
struct TorchTypes {
    PyTypeObject* script_object;
    PyTypeObject* script_method;
    PyTypeObject* script_class;
};

/// The types whose objects are recognized: set once, when slots are replaced
TorchTypes& torch_types();

/// C++ object inside of an instance of exactly one of the types above; `nullptr` if `__init__` was
/// not called
template <typename T>
T* cpp_object(PyObject* object) {
    auto* instance = reinterpret_cast<py::detail::instance*>(object);
    return instance->get_value_and_holder().value_ptr<T>();
}

/// Content of a Python object whose type is exactly `torch.ScriptObject`; null for all other
/// objects
torch::jit::ObjectPtr script_object(PyObject* object);

/// Arguments of a function, without the first one (`self`)
struct Arguments {
    PyObject* const* values;
    size_t count;
    /// a dictionary, or `nullptr`
    PyObject* keywords = nullptr;
};

/// Convert the arguments of a function, and add them to the stack. Returns false, without a Python
/// error, if torch has to do this: for arguments that could override functions of torch
/// (`__torch_function__`), and to say what is wrong with them.
bool push_arguments(
    torch::jit::Stack& stack, const c10::FunctionSchema& schema, const Arguments& arguments
);

/// The same result as `torch::jit::toPyObject`, in less time for objects of our classes, and for
/// lists and tuples of them
///
/// @param type type of the value in the schema of the function that gave it
py::object to_python(c10::IValue value, const c10::Type& type);

} // namespace script_objects
