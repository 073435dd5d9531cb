#include "errors.hpp"

#include <cstring>

#include "bindings.hpp"

namespace bindings {

namespace {

/// Origin of the errors whose data is a Python exception
constexpr const char* PYTHON_EXCEPTION = "Python exception";

void release_exception(void* exception) {
    if (nb::detail::cleanup_guard guard{}) {
        Py_XDECREF(static_cast<PyObject*>(exception));
    }
}

nb::object decode(const char* text) {
    return nb::steal(
        PyUnicode_DecodeUTF8(text, static_cast<Py_ssize_t>(std::strlen(text)), "replace")
    );
}

} // namespace

void raise_last_error(std::optional<mts_status_t> status) {
    const char* message = nullptr;
    const char* origin = nullptr;
    void* data = nullptr;
    mts_last_error(&message, &origin, &data);

    if (data != nullptr && std::strcmp(origin, PYTHON_EXCEPTION) == 0) {
        auto exception = nb::borrow(nb::handle(static_cast<PyObject*>(data)));
        // from now on, only Python decides how long the exception (and the frames and arrays that
        // its traceback refers to) stays alive
        mts_set_last_error(nullptr, nullptr, nullptr, nullptr);
        PyErr_SetObject(exception.type().ptr(), exception.ptr());
    } else {
        const auto& error_class = python_objects().MetatensorError;
        auto code = status ? nb::object(nb::int_(static_cast<int>(*status))) : nb::none();
        PyErr_SetObject(error_class.ptr(), error_class(decode(message), code).ptr());
    }
    throw nb::python_error();
}

mts_status_t save_exception(nb::handle exception) noexcept {
    auto message = nb::steal(PyObject_Str(exception.ptr()));
    const char* text = message.is_valid() ? PyUnicode_AsUTF8(message.ptr()) : nullptr;
    if (text == nullptr) {
        PyErr_Clear();
        text = Py_TYPE(exception.ptr())->tp_name;
    }
    mts_set_last_error(text, PYTHON_EXCEPTION, exception.inc_ref().ptr(), release_exception);
    return MTS_CALLBACK_ERROR;
}

mts_status_t save_current_exception() noexcept {
    try {
        throw;
    } catch (const nb::python_error& error) {
        return save_exception(error.value());
    } catch (const std::exception& error) {
        auto exception = nb::steal(PyObject_CallFunction(PyExc_RuntimeError, "s", error.what()));
        if (exception.is_valid()) {
            return save_exception(exception);
        }
        PyErr_Clear();
    } catch (...) {
    }
    mts_set_last_error("unknown exception in a callback", "metatensor", nullptr, nullptr);
    return MTS_CALLBACK_ERROR;
}

void bind_errors(nb::module_& m) {
    m.def(
        "check_status",
        [](int status) { check_status(static_cast<mts_status_t>(status)); },
        nb::arg("status"),
        "Raises the last error of this thread, unless ``status`` is zero"
    );
    m.def(
        "raise_last_error",
        [] { raise_last_error(std::nullopt); },
        "Raises the last error of this thread"
    );
    m.def(
        "save_exception",
        [](nb::handle exception) { save_exception(exception); },
        nb::arg("exception"),
        "Makes ``exception`` the last error of this thread"
    );
}

} // namespace bindings
