#pragma once

#include <utility>

#include "conversion.hpp"

namespace script_objects {

/// Does torch follow what is called? It then has to make the calls itself: to record them with
/// `torch.jit.trace`, or because the next one is not to be overridden with `__torch_function__`.
bool torch_is_watching();

/// Run a function, without the interpreter lock, with all its arguments on the stack
py::object run(torch::jit::Function& function, torch::jit::Stack& stack);

/// The same, with C++ warnings as Python warnings: this is what torch does for properties and
/// methods, but not for constructors and special methods (`__len__`, ...)
py::object run_with_warnings(torch::jit::Function& function, torch::jit::Stack& stack);

/// Convert the arguments of a function, and run it with one of the functions above. Returns NULL,
/// without a Python error, if torch has to do this (see `push_arguments`).
py::object call(
    decltype(run)& run_function,
    torch::jit::Function& function,
    torch::jit::ObjectPtr object,
    const Arguments& arguments
);

/// Set the Python error for the C++ exception which is being handled, as functions of torch do.
/// What ends a thread while Python exits is not an error, and passes through.
void set_python_error();

/// Result of `body`, or `failure` with a Python error if there was a C++ exception
template <typename T, typename F>
T translate_errors(T failure, F&& body) {
    try {
        return std::forward<F>(body)();
    } catch (...) {
        set_python_error();
        return failure;
    }
}

} // namespace script_objects
