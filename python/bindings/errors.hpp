#pragma once

#include <exception>
#include <optional>

#include <nanobind/nanobind.h>

#include <metatensor.h>

namespace bindings {

namespace nb = nanobind;

/// Raises a Python exception, with the formats of `PyErr_Format`
template <typename... Args>
[[noreturn]] void raise(PyObject* type, const char* format, Args... args) {
    PyErr_Format(type, format, args...);
    throw nb::python_error();
}

/// Raises the last error of this thread: the very exception that Python code called by
/// libmetatensor raised if there is one, otherwise a `MetatensorError`.
[[noreturn]] void raise_last_error(std::optional<mts_status_t> status);

inline void check_status(mts_status_t status) {
    if (status != MTS_SUCCESS) {
        raise_last_error(status);
    }
}

template <typename T>
T* check_pointer(T* pointer) {
    if (pointer == nullptr) {
        raise_last_error(std::nullopt);
    }
    return pointer;
}

/// Makes a Python exception the last error of this thread. The GIL must be held.
mts_status_t save_exception(nb::handle exception) noexcept;

/// Same, for the C++ exception that is being handled
mts_status_t save_current_exception() noexcept;

/// Runs the body of a function called by libmetatensor: with the GIL, and with exceptions turned
/// into the last error of this thread.
template <typename Function>
mts_status_t run_callback(Function&& function) noexcept {
    nb::gil_scoped_acquire gil;
    try {
        function();
        return MTS_SUCCESS;
    } catch (...) {
        return save_current_exception();
    }
}

} // namespace bindings
