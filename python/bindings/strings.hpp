#pragma once

#include <cstring>
#include <vector>

#include <nanobind/nanobind.h>

#include "errors.hpp"

/// Python strings as C strings

namespace bindings {

/// UTF-8 text of a `str`, which lives as long as the object. `argument` is used in error messages.
inline const char* c_string(nb::handle text, const char* argument) {
    if (PyUnicode_Check(text.ptr()) == 0) {
        raise(
            PyExc_TypeError, "`%s` must be a str, got '%s'", argument, Py_TYPE(text.ptr())->tp_name
        );
    }
    Py_ssize_t size = 0;
    const auto* utf8 = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    if (utf8 == nullptr) {
        throw nb::python_error();
    }
    if (std::strlen(utf8) != static_cast<std::size_t>(size)) {
        raise(
            PyExc_ValueError, "`%s` can not contain NUL characters, got %R", argument, text.ptr()
        );
    }
    return utf8;
}

/// Same for a list of `str`
inline std::vector<const char*> c_strings(const nb::list& texts, const char* argument) {
    auto result = std::vector<const char*>();
    result.reserve(texts.size());
    for (auto text : texts) {
        result.push_back(c_string(text, argument));
    }
    return result;
}

} // namespace bindings
