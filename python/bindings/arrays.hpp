#pragma once

#include <nanobind/nanobind.h>

#include <metatensor.h>

/// Python arrays as seen by libmetatensor.
///
/// The array given by the user stays what it is: libmetatensor holds a reference to the Python
/// object and what goes in comes out. What has to be done with arrays is done by the *backend* of
/// their library, a Python object (see `metatensor/_data/_backend.py`), except for NumPy where the
/// frequent operations are implemented here.

namespace bindings {

namespace nb = nanobind;

/// A Python array for libmetatensor. Raises the exceptions of `find_backend`.
mts_array_t wrap_python_array(nb::handle array);

/// Is this one of the arrays made by `wrap_python_array`?
bool is_python_array(const mts_array_t& array);

/// The array as a Python object: the very object that was wrapped, or a wrapper around the data of
/// other arrays, which keeps `owner` alive.
nb::object to_python(const mts_array_t& array, nb::handle owner);

/// The same structure as a Python object (`ctypes`), or the other way around. Nothing is owned.
nb::object to_ctypes(const mts_array_t& array);
mts_array_t from_ctypes(nb::handle array);

/// Destroys an array if something raises before libmetatensor takes it
class ArrayGuard {
public:
    explicit ArrayGuard(mts_array_t array) : array_(array) {}
    ArrayGuard(const ArrayGuard&) = delete;
    ~ArrayGuard() {
        if (array_.destroy != nullptr) {
            array_.destroy(array_.ptr);
        }
    }
    const mts_array_t& get() const { return array_; }
    mts_array_t release() {
        auto array = array_;
        array_.destroy = nullptr;
        return array;
    }

private:
    mts_array_t array_;
};

} // namespace bindings
