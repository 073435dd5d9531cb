#include "io.hpp"

#include <cstdint>
#include <string>
#include <type_traits>

#include <nanobind/nanobind.h>

#include "arrays.hpp"
#include "bindings.hpp"
#include "errors.hpp"
#include "handles.hpp"
#include "strings.hpp"

// Saving to and loading from files and buffers. The GIL is released during all of the work: it is
// taken again by the callbacks that need Python.

namespace bindings {

namespace {

// Saving

/// Growing `bytearray` where an object is saved
class OutputBuffer {
public:
    OutputBuffer() : bytes_(nb::steal(check(PyByteArray_FromStringAndSize(nullptr, 0)))) {}

    /// `mts_realloc_buffer_t`; NULL results are reported as errors by libmetatensor
    static uint8_t* realloc(void* self, uint8_t*, uintptr_t new_size) {
        nb::gil_scoped_acquire gil;
        auto& buffer = *static_cast<OutputBuffer*>(self);
        if (PyByteArray_Resize(buffer.bytes_.ptr(), static_cast<Py_ssize_t>(new_size)) != 0) {
            PyErr_Clear();
            return nullptr;
        }
        return reinterpret_cast<uint8_t*>(PyByteArray_AsString(buffer.bytes_.ptr()));
    }

    /// Writable `memoryview` of the first `size` bytes
    nb::object finish(uintptr_t size) {
        if (PyByteArray_Resize(bytes_.ptr(), static_cast<Py_ssize_t>(size)) != 0) {
            throw nb::python_error();
        }
        return nb::steal(check(PyMemoryView_FromObject(bytes_.ptr())));
    }

private:
    static PyObject* check(PyObject* object) {
        if (object == nullptr) {
            throw nb::python_error();
        }
        return object;
    }

    nb::object bytes_;
};

template <typename Save, typename Handle>
void save(Save function, const char* path, const Handle* object) {
    auto status = MTS_SUCCESS;
    {
        nb::gil_scoped_release no_gil;
        status = function(path, object);
    }
    check_status(status);
}

template <typename Save, typename Handle>
nb::object save_buffer(Save function, const Handle* object) {
    auto output = OutputBuffer();
    uint8_t* buffer = nullptr;
    uintptr_t size = 0;
    auto status = MTS_SUCCESS;
    {
        nb::gil_scoped_release no_gil;
        status = function(&buffer, &size, &output, OutputBuffer::realloc, object);
    }
    check_status(status);
    return output.finish(size);
}

// Loading

/// Bytes of a Python object which supports the buffer protocol
class InputBuffer {
public:
    explicit InputBuffer(nb::handle object) {
        if (PyObject_GetBuffer(object.ptr(), &buffer_, PyBUF_SIMPLE) != 0) {
            throw nb::python_error();
        }
    }
    InputBuffer(const InputBuffer&) = delete;
    ~InputBuffer() { PyBuffer_Release(&buffer_); }

    const uint8_t* data() const { return static_cast<const uint8_t*>(buffer_.buf); }
    uintptr_t size() const { return static_cast<uintptr_t>(buffer_.len); }

private:
    Py_buffer buffer_ = {};
};

/// The callback at this address, which comes from `ctypes`; the one above for address 0
mts_create_array_callback_t create_array_callback(uintptr_t address) {
    return address == 0 ? create_numpy_array
                        : reinterpret_cast<mts_create_array_callback_t>(address);
}

/// Call one of the C functions that load something, without the GIL
template <typename Load, typename... Args>
auto load(Load function, Args... args) {
    nb::gil_scoped_release no_gil;
    return function(args...);
}

} // namespace

std::string numpy_dtype_name(DLDataType dtype) {
    auto kind = std::string();
    switch (dtype.code) {
    case kDLBool:
        kind = "b";
        break;
    case kDLInt:
        kind = "i";
        break;
    case kDLUInt:
        kind = "u";
        break;
    case kDLFloat:
        kind = "f";
        break;
    case kDLComplex:
        kind = "c";
        break;
    default:
        raise(PyExc_ValueError, "NumPy has no type for the DLPack type code %d", int(dtype.code));
    }
    return kind + std::to_string(dtype.bits / 8);
}

nb::list shape_list(const uintptr_t* shape, uintptr_t shape_count) {
    auto sizes = nb::list();
    for (uintptr_t axis = 0; axis < shape_count; axis++) {
        sizes.append(shape[axis]);
    }
    return sizes;
}

mts_status_t create_numpy_array(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    return wrap_file_array(array, [&] {
        static auto* empty = new nb::object(nb::module_::import_("numpy").attr("empty"));
        return (*empty)(shape_list(shape, shape_count), numpy_dtype_name(dtype).c_str());
    });
}

void bind_io(nb::module_& m) {
    m.def(
        "save_labels",
        [](nb::handle path, nb::handle labels) {
            save(mts_labels_save, c_string(path, "path"), labels_object(labels).get());
        },
        nb::arg("path"),
        nb::arg("labels")
    );
    m.def(
        "save_block",
        [](nb::handle path, nb::handle block) {
            save(mts_block_save, c_string(path, "path"), block_object(block).get());
        },
        nb::arg("path"),
        nb::arg("block")
    );
    m.def(
        "save_tensor",
        [](nb::handle path, nb::handle tensor) {
            save(mts_tensormap_save, c_string(path, "path"), tensor_object(tensor).get());
        },
        nb::arg("path"),
        nb::arg("tensor")
    );

    m.def(
        "save_labels_buffer",
        [](nb::handle labels) {
            return save_buffer(mts_labels_save_buffer, labels_object(labels).get());
        },
        nb::arg("labels"),
        nb::sig("def save_labels_buffer(labels: Labels) -> memoryview")
    );
    m.def(
        "save_block_buffer",
        [](nb::handle block) {
            return save_buffer(mts_block_save_buffer, block_object(block).get());
        },
        nb::arg("block"),
        nb::sig("def save_block_buffer(block: TensorBlock) -> memoryview")
    );
    m.def(
        "save_tensor_buffer",
        [](nb::handle tensor) {
            return save_buffer(mts_tensormap_save_buffer, tensor_object(tensor).get());
        },
        nb::arg("tensor"),
        nb::sig("def save_tensor_buffer(tensor: TensorMap) -> memoryview")
    );

    m.def(
        "load_labels",
        [](nb::handle path) { return new_labels(load(mts_labels_load, c_string(path, "path"))); },
        nb::arg("path")
    );
    m.def(
        "load_block",
        [](nb::handle path, uintptr_t create_array) {
            return new_block(
                load(mts_block_load, c_string(path, "path"), create_array_callback(create_array))
            );
        },
        nb::arg("path"),
        nb::arg("create_array"),
        "``create_array`` is the address of a C function, 0 to create NumPy arrays"
    );
    m.def(
        "load_tensor",
        [](nb::handle path, uintptr_t create_array) {
            return new_tensor(load(
                mts_tensormap_load, c_string(path, "path"), create_array_callback(create_array)
            ));
        },
        nb::arg("path"),
        nb::arg("create_array"),
        "``create_array`` is the address of a C function, 0 to create NumPy arrays"
    );

    m.def(
        "load_labels_buffer",
        [](nb::handle buffer) {
            auto bytes = InputBuffer(buffer);
            return new_labels(load(mts_labels_load_buffer, bytes.data(), bytes.size()));
        },
        nb::arg("buffer")
    );
    m.def(
        "load_block_buffer",
        [](nb::handle buffer, uintptr_t create_array) {
            auto bytes = InputBuffer(buffer);
            return new_block(load(
                mts_block_load_buffer,
                bytes.data(),
                bytes.size(),
                create_array_callback(create_array)
            ));
        },
        nb::arg("buffer"),
        nb::arg("create_array"),
        "``create_array`` is the address of a C function, 0 to create NumPy arrays"
    );
    m.def(
        "load_tensor_buffer",
        [](nb::handle buffer, uintptr_t create_array) {
            auto bytes = InputBuffer(buffer);
            return new_tensor(load(
                mts_tensormap_load_buffer,
                bytes.data(),
                bytes.size(),
                create_array_callback(create_array)
            ));
        },
        nb::arg("buffer"),
        nb::arg("create_array"),
        "``create_array`` is the address of a C function, 0 to create NumPy arrays"
    );

    bind_open_files(m);
}

} // namespace bindings
