#include "arrays.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/string_view.h>

#include "bindings.hpp"
#include "dlpack.hpp"
#include "errors.hpp"
#include "numpy_arrays.hpp"

namespace bindings {

namespace {

/// Content of the Python class `_metatensor.ArrayBackend`
struct ArrayBackend {
    /// instance of the Python class `metatensor._data._backend.ArrayBackend`
    nb::object implementation;
    mts_data_origin_t origin;
};

/// The backend of an array
nb::object find_backend(nb::handle array) {
    // by far the most frequent one
    if (is_numpy_array(array)) {
        static auto* numpy_backend = new nb::object(python_objects().find_backend(array));
        return *numpy_backend;
    }
    return python_objects().find_backend(array);
}

nb::tuple to_tuple(const uintptr_t* values, uintptr_t count) {
    auto result = nb::steal<nb::tuple>(PyTuple_New(static_cast<Py_ssize_t>(count)));
    for (uintptr_t i = 0; i < count; i++) {
        PyTuple_SET_ITEM(result.ptr(), static_cast<Py_ssize_t>(i), PyLong_FromSize_t(values[i]));
    }
    return result;
}

nb::tuple to_tuple(DLDevice device) {
    return nb::make_tuple(static_cast<int>(device.device_type), device.device_id);
}

std::vector<uintptr_t> shape_of(nb::handle array) {
    // never a list, which could be changed by the conversion of its elements
    auto shape = nb::object(array.attr("shape"));
    if (PyTuple_Check(shape.ptr()) == 0) {
        shape = nb::steal(PySequence_Tuple(shape.ptr()));
        if (!shape.is_valid()) {
            throw nb::python_error();
        }
    }
    auto result = std::vector<uintptr_t>();
    auto count = PyTuple_GET_SIZE(shape.ptr());
    result.reserve(static_cast<size_t>(count));
    for (Py_ssize_t i = 0; i < count; i++) {
        auto size = PyNumber_AsSsize_t(PyTuple_GET_ITEM(shape.ptr(), i), PyExc_OverflowError);
        if (size == -1 && PyErr_Occurred() != nullptr) {
            throw nb::python_error();
        }
        if (size < 0) {
            raise(PyExc_ValueError, "the shape of an array can not contain %zd", size);
        }
        result.push_back(static_cast<uintptr_t>(size));
    }
    return result;
}

/// What `mts_array_t.ptr` points to.
///
/// Shape, device and type are remembered, so that libmetatensor can check metadata without the GIL
/// and without calls to Python. All other functions need the GIL.
class PythonArray {
public:
    explicit PythonArray(nb::object array)
        : array_(std::move(array)), backend_object_(find_backend(array_)),
          backend_(nb::inst_ptr<ArrayBackend>(backend_object_)), shape_(shape_of(array_)) {
        if (is_numpy()) {
            device_ = CPU_DEVICE;
        } else {
            auto device = nb::object(call("dlpack_device"));
            device_.device_type = static_cast<DLDeviceType>(nb::cast<int>(device[0]));
            device_.device_id = nb::cast<int32_t>(device[1]);
        }
    }

    static PythonArray& from(void* ptr) { return *static_cast<PythonArray*>(ptr); }
    static const PythonArray& from(const void* ptr) {
        return *static_cast<const PythonArray*>(ptr);
    }

    nb::handle array() const noexcept { return array_; }
    const nb::object& backend() const noexcept { return backend_->implementation; }
    mts_data_origin_t origin() const noexcept { return backend_->origin; }
    DLDevice device() const noexcept { return device_; }
    const std::vector<uintptr_t>& shape() const noexcept { return shape_; }
    bool is_numpy() const { return is_numpy_array(array_); }

    DLDataType dtype() const {
        if (!dtype_) {
            dtype_ = find_dtype();
        }
        return *dtype_;
    }

    /// Calls a method of the backend for this array
    template <typename... Args>
    nb::object call(const char* method, Args&&... args) const {
        return backend().attr(method)(array_, std::forward<Args>(args)...);
    }

    /// Uses another array from now on. This can be of another kind, for backends that have no way
    /// to make new arrays of their own kind.
    void replace(nb::object array) {
        if (array.is(array_)) {
            return;
        }
        auto replacement = PythonArray(std::move(array));
        // pointers to the shape stay valid until it changes
        if (replacement.shape_ == shape_) {
            replacement.shape_.swap(shape_);
        }
        std::swap(*this, replacement);
    }

    /// libmetatensor checked the shape before, and relies on it. The user still has the array, and
    /// might have changed it since then.
    void check_unchanged() const {
        if (shape_of(array_) != shape_) {
            raise(
                PyExc_ValueError,
                "the shape of this array was changed to %S after it was used for labels or for a "
                "block",
                nb::object(array_.attr("shape")).ptr()
            );
        }
    }

    /// Everything that reads the data relies on the shape and the type given by this class, and
    /// these come from different attributes of the Python array
    void check_exported(const DLTensor& tensor) const {
        auto same_shape = static_cast<size_t>(tensor.ndim) == shape_.size() &&
                          std::equal(shape_.begin(), shape_.end(), tensor.shape);
        if (!same_shape || !is_same_dtype(tensor.dtype, dtype())) {
            raise(
                PyExc_BufferError,
                "the DLPack tensor made by an array of type '%s' does not have the shape, or the "
                "type of elements, that this array says to have",
                Py_TYPE(array_.ptr())->tp_name
            );
        }
    }

private:
    DLDataType find_dtype() const {
        if (is_numpy()) {
            return numpy_dtype(array_);
        }
        auto dtype = nb::object(call("dlpack_dtype"));
        return {nb::cast<uint8_t>(dtype[0]), nb::cast<uint8_t>(dtype[1]), 1};
    }

    nb::object array_;
    nb::object backend_object_;
    const ArrayBackend* backend_;
    std::vector<uintptr_t> shape_;
    DLDevice device_ = {};
    mutable std::optional<DLDataType> dtype_;
};

void array_destroy(void* self) {
    if (nb::detail::cleanup_guard guard{}) {
        delete static_cast<PythonArray*>(self);
    }
}

mts_status_t array_origin(const void* self, mts_data_origin_t* origin) {
    *origin = PythonArray::from(self).origin();
    return MTS_SUCCESS;
}

mts_status_t array_device(const void* self, DLDevice* device) {
    *device = PythonArray::from(self).device();
    return MTS_SUCCESS;
}

mts_status_t array_dtype(const void* self, DLDataType* dtype) {
    return run_callback([&] { *dtype = PythonArray::from(self).dtype(); });
}

mts_status_t array_shape(const void* self, const uintptr_t** shape, uintptr_t* shape_count) {
    const auto& sizes = PythonArray::from(self).shape();
    *shape = sizes.empty() ? nullptr : sizes.data();
    *shape_count = sizes.size();
    return MTS_SUCCESS;
}

/// The memory of a NumPy array, or of a contiguous copy if DLPack can not describe its layout
DLManagedTensorVersioned*
numpy_as_dlpack(const PythonArray& self, DLDevice device, const int64_t* stream) {
    if (device.device_type != kDLCPU) {
        raise(
            PyExc_BufferError,
            "NumPy arrays are on CPU, not on DLPack device type %d",
            device.device_type
        );
    }
    if (stream != nullptr) {
        raise(
            PyExc_BufferError, "there are no streams on CPU, `stream` must be None for NumPy arrays"
        );
    }
    auto* tensor = export_numpy(self.array());
    if (tensor == nullptr) {
        tensor = export_numpy(self.call("copy", to_tuple(CPU_DEVICE)));
        tensor->flags |= DLPACK_FLAG_BITMASK_IS_COPIED;
    }
    return tensor;
}

mts_status_t array_as_dlpack(
    void* self,
    DLManagedTensorVersioned** dl_managed_tensor,
    DLDevice device,
    const int64_t* stream,
    DLPackVersion max_version
) {
    return run_callback([&] {
        if (max_version.major < DLPACK_MAJOR_VERSION) {
            raise(PyExc_BufferError, "can only export to version 1 of DLPack");
        }
        const auto& array = PythonArray::from(self);
        array.check_unchanged();
        if (array.is_numpy()) {
            *dl_managed_tensor = numpy_as_dlpack(array, device, stream);
            return;
        }
        auto capsule = array.call(
            "as_dlpack",
            to_tuple(device),
            stream == nullptr ? nb::none() : nb::object(nb::int_(*stream)),
            nb::make_tuple(max_version.major, max_version.minor)
        );
        auto* tensor = tensor_from_capsule(capsule);
        try {
            array.check_exported(tensor->dl_tensor);
        } catch (...) {
            delete_tensor(tensor);
            throw;
        }
        *dl_managed_tensor = tensor;
    });
}

mts_status_t array_from_dlpack(
    const void* self, DLManagedTensorVersioned* dl_managed_tensor, mts_array_t* new_array
) {
    return run_callback([&] {
        auto tensor = new_dlpack_tensor(dl_managed_tensor);
        *new_array = wrap_python_array(PythonArray::from(self).call("from_dlpack", tensor));
    });
}

mts_status_t array_reshape(void* self, const uintptr_t* shape, uintptr_t shape_count) {
    return run_callback([&] {
        auto& array = PythonArray::from(self);
        array.replace(array.call("reshape", to_tuple(shape, shape_count)));
    });
}

mts_status_t array_swap_axes(void* self, uintptr_t axis_1, uintptr_t axis_2) {
    return run_callback([&] {
        auto& array = PythonArray::from(self);
        array.replace(array.call("swap_axes", axis_1, axis_2));
    });
}

mts_status_t array_create(
    const void* self,
    const uintptr_t* shape,
    uintptr_t shape_count,
    mts_array_t fill_value,
    mts_array_t* new_array
) {
    auto fill = ArrayGuard(fill_value);
    return run_callback([&] {
        auto tensor = new_dlpack_tensor(export_array(fill.get(), CPU_DEVICE));
        auto ndim = nb::cast<int>(tensor.attr("ndim"));
        if (ndim != 0) {
            raise(
                PyExc_ValueError, "expected a scalar as fill value, got an array with %d axes", ndim
            );
        }
        *new_array = wrap_python_array(
            PythonArray::from(self).call("create", to_tuple(shape, shape_count), tensor)
        );
    });
}

mts_status_t array_copy(const void* self, DLDevice device, mts_array_t* new_array) {
    return run_callback([&] {
        const auto& array = PythonArray::from(self);
        array.check_unchanged();
        *new_array = wrap_python_array(array.call("copy", to_tuple(device)));
    });
}

mts_status_t array_move_data(
    void* self, const void* input, const mts_data_movement_t* movements, uintptr_t movements_count
) {
    return run_callback([&] {
        auto& array = PythonArray::from(self);
        const auto& from = PythonArray::from(input);
        array.check_unchanged();
        from.check_unchanged();
        if (movements_count == 0) {
            return;
        }

        if (array.is_numpy() && from.is_numpy() &&
            move_numpy_data(array.array(), from.array(), {movements, movements_count})) {
            return;
        }
        auto* bytes = reinterpret_cast<char*>(const_cast<mts_data_movement_t*>(movements));
        auto size = static_cast<Py_ssize_t>(movements_count * sizeof(mts_data_movement_t));
        auto view = nb::steal(PyMemoryView_FromMemory(bytes, size, PyBUF_READ));
        auto source = nb::borrow(from.array());
        if (from.origin() != array.origin()) {
            source = array.backend().attr("from_array")(source);
        }
        array.replace(array.call("move_data", source, view));
    });
}

} // namespace

mts_array_t wrap_python_array(nb::handle array) {
    auto result = mts_array_t{};
    result.ptr = new PythonArray(nb::borrow(array));
    result.destroy = array_destroy;
    result.origin = array_origin;
    result.device = array_device;
    result.dtype = array_dtype;
    result.as_dlpack = array_as_dlpack;
    result.from_dlpack = array_from_dlpack;
    result.shape = array_shape;
    result.reshape = array_reshape;
    result.swap_axes = array_swap_axes;
    result.create = array_create;
    result.copy = array_copy;
    result.move_data = array_move_data;
    return result;
}

bool is_python_array(const mts_array_t& array) {
    if (array.origin == array_origin) {
        return true;
    }
    // functions can be replaced from Python, with ctypes; then the new origin says what this is
    auto is_ours = array.shape == array_shape || array.move_data == array_move_data;
    if (!is_ours || array.origin == nullptr) {
        return false;
    }
    auto origin = mts_data_origin_t(0);
    check_status(array.origin(array.ptr, &origin));
    return origin == PythonArray::from(array.ptr).origin();
}

nb::object to_python(const mts_array_t& array, nb::handle owner) {
    if (is_python_array(array)) {
        return nb::borrow(PythonArray::from(array.ptr).array());
    }
    return python_objects().wrap_foreign_array(to_ctypes(array), owner);
}

namespace {

/// The memory of a `ctypes` structure
class StructureBuffer {
public:
    StructureBuffer(nb::handle structure, int flags) {
        if (PyObject_GetBuffer(structure.ptr(), &buffer_, flags) != 0) {
            throw nb::python_error();
        }
        if (buffer_.len != sizeof(mts_array_t)) {
            PyBuffer_Release(&buffer_);
            raise(
                PyExc_TypeError, "expected mts_array_t, got '%s'", Py_TYPE(structure.ptr())->tp_name
            );
        }
    }
    StructureBuffer(const StructureBuffer&) = delete;
    ~StructureBuffer() { PyBuffer_Release(&buffer_); }
    void* data() const { return buffer_.buf; }

private:
    Py_buffer buffer_ = {};
};

} // namespace

nb::object to_ctypes(const mts_array_t& array) {
    auto structure = python_objects().mts_array_t();
    auto buffer = StructureBuffer(structure, PyBUF_WRITABLE);
    std::memcpy(buffer.data(), &array, sizeof(array));
    return structure;
}

mts_array_t from_ctypes(nb::handle structure) {
    auto array = mts_array_t{};
    auto buffer = StructureBuffer(structure, PyBUF_SIMPLE);
    std::memcpy(&array, buffer.data(), sizeof(array));
    return array;
}

void bind_arrays(nb::module_& m) {
    nb::class_<ArrayBackend>(
        m,
        "ArrayBackend",
        "What is done with the arrays of one library: an instance of a Python class derived from "
        "``metatensor._data._backend.ArrayBackend``, and the name of the data origin of these "
        "arrays."
    )
        .def(
            "__init__",
            [](ArrayBackend* self, nb::object implementation, const char* origin_name) {
                auto origin = mts_data_origin_t(0);
                check_status(mts_register_data_origin(origin_name, &origin));
                new (self) ArrayBackend{std::move(implementation), origin};
            },
            nb::arg("implementation"),
            nb::arg("origin")
        )
        .def_ro("implementation", &ArrayBackend::implementation);

    m.def(
        "wrap_array",
        [](nb::handle array) { return to_ctypes(wrap_python_array(array)); },
        nb::arg("array").none(),
        "Wraps a Python array in a new ``mts_array_t``, which the caller has to ``destroy``"
    );
    m.def(
        "unwrap_array",
        [](nb::handle array) -> nb::object {
            auto structure = from_ctypes(array);
            return is_python_array(structure) ? to_python(structure, nb::none()) : nb::none();
        },
        nb::arg("array").none(),
        "The Python array inside of an ``mts_array_t``, ``None`` if there is another kind of array"
    );
    m.def(
        "read_dlpack",
        [](nb::handle capsule) { return new_dlpack_tensor(tensor_from_capsule(capsule)); },
        nb::arg("capsule").none(),
        "The tensor of a DLPack capsule as a ``DLPackTensor``; the capsule can not be used again"
    );
    m.def(
        "as_dlpack",
        [](nb::handle array, int device_type, int device_id, nb::object owner) {
            auto device = DLDevice{static_cast<DLDeviceType>(device_type), device_id};
            auto* tensor = export_array(from_ctypes(array), device);
            return new_dlpack_tensor(tensor, std::move(owner));
        },
        nb::arg("array").none(),
        nb::arg("device_type"),
        nb::arg("device_id"),
        nb::arg("owner").none(),
        "The data of an ``mts_array_t`` as a ``DLPackTensor``, which keeps ``owner`` alive"
    );
    m.def(
        "register_data_origin",
        [](const char* name) {
            auto origin = mts_data_origin_t(0);
            check_status(mts_register_data_origin(name, &origin));
            return origin;
        },
        nb::arg("name"),
        "Identifier of the data origin ``name``, which is registered if needed"
    );
    m.def(
        "data_origin_name",
        [](mts_data_origin_t origin) {
            auto buffer = std::string(64, '\0');
            auto status = mts_get_data_origin(origin, buffer.data(), buffer.size());
            while (status == MTS_BUFFER_SIZE_ERROR) {
                buffer.resize(2 * buffer.size());
                status = mts_get_data_origin(origin, buffer.data(), buffer.size());
            }
            check_status(status);
            return nb::str(buffer.c_str());
        },
        nb::arg("origin"),
        "Name of a data origin"
    );
}

} // namespace bindings
