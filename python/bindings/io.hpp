#pragma once

#include <cstdint>
#include <string>

#include <nanobind/nanobind.h>

#include <metatensor.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "errors.hpp"

namespace bindings {

namespace nb = nanobind;

/// `numpy.dtype` name of a type used in files, for example `f8`; raises `ValueError` for others
std::string numpy_dtype_name(DLDataType dtype);

/// The sizes of an array as a list
nb::list shape_list(const uintptr_t* shape, uintptr_t shape_count);

/// Body of the callbacks that create NumPy arrays while loading a file: stores the array that
/// `make` gives. The shape was read in the file, so it is an error of the file if NumPy refuses it
/// (because of the number of axes, for example).
template <typename Make>
mts_status_t wrap_file_array(mts_array_t* array, const Make& make) {
    return run_callback([&] {
        try {
            *array = wrap_python_array(make());
        } catch (nb::python_error& error) {
            if (!error.matches(PyExc_ValueError)) {
                throw;
            }
            raise(
                python_objects().MetatensorError.ptr(),
                "serialization format error: can not create a NumPy array: %S",
                error.value().ptr()
            );
        }
    });
}

/// `mts_create_array_callback_t` for NumPy arrays, with uninitialized elements
mts_status_t create_numpy_array(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
);

/// Open files: parts of files and mapped files
void bind_open_files(nb::module_& m);

} // namespace bindings
