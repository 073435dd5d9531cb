#pragma once

#include <span>
#include <vector>

#include <nanobind/nanobind.h>

#include <metatensor.h>

/// Direct access to the memory of NumPy arrays. All functions need the GIL.
///
/// Nothing about the memory is kept between calls, since arrays can be changed by the user at any
/// time.

namespace bindings {

namespace nb = nanobind;

/// `numpy.ndarray`
nb::handle numpy_array_type();
inline bool is_numpy_array(nb::handle object) {
    return PyObject_TypeCheck(
               object.ptr(), reinterpret_cast<PyTypeObject*>(numpy_array_type().ptr())
           ) != 0;
}

/// A new array with uninitialized elements
nb::object new_numpy_array(Py_ssize_t size, const char* dtype);
/// The memory of an array made by `new_numpy_array`, which stays valid as long as the array
void* numpy_data(nb::handle array);

/// Type of the elements; raises `ValueError` if DLPack has no such type
DLDataType numpy_dtype(nb::handle array);

/// The memory of the array as a DLPack tensor. It is `NULL` if DLPack can not describe this layout,
/// and the array has to be copied first. Raises `BufferError` for types that DLPack does not have.
DLManagedTensorVersioned* export_numpy(nb::handle array);

/// Moves data between two arrays, and returns true. If these are types whose elements can not be
/// moved as bytes, nothing is done and the result is false.
bool move_numpy_data(
    nb::handle output, nb::handle input, std::span<const mts_data_movement_t> movements
);

} // namespace bindings
