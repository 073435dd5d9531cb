#include "dlpack.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <vector>

#include "bindings.hpp"
#include "errors.hpp"

namespace bindings {

namespace {

constexpr const char* VERSIONED_CAPSULE = "dltensor_versioned";
constexpr const char* UNVERSIONED_CAPSULE = "dltensor";

struct BufferFormat {
    DLDataTypeCode code;
    uint8_t bits;
    const char* format;
};

// integers of 64 bits are `long` where there is one with this size: this is what NumPy calls int64
constexpr const char* INT64_FORMAT = sizeof(long) == 8 ? "l" : "q";
constexpr const char* UINT64_FORMAT = sizeof(long) == 8 ? "L" : "Q";

const BufferFormat BUFFER_FORMATS[] = {
    {kDLBool, 8, "?"},
    {kDLInt, 8, "b"},
    {kDLInt, 16, "h"},
    {kDLInt, 32, "i"},
    {kDLInt, 64, INT64_FORMAT},
    {kDLUInt, 8, "B"},
    {kDLUInt, 16, "H"},
    {kDLUInt, 32, "I"},
    {kDLUInt, 64, UINT64_FORMAT},
    {kDLFloat, 16, "e"},
    {kDLFloat, 32, "f"},
    {kDLFloat, 64, "d"},
    // buffers do not have this type: these are the same bits, which Python code then views as what
    // they are
    {kDLBfloat, 16, "H"},
    {kDLComplex, 64, "Zf"},
    {kDLComplex, 128, "Zd"},
};

const char* buffer_format(DLDataType dtype) {
    for (const auto& known : BUFFER_FORMATS) {
        if (is_same_dtype(dtype, {static_cast<uint8_t>(known.code), known.bits, 1})) {
            return known.format;
        }
    }
    return nullptr;
}

/// Content of a `DLPackTensor` object
class DLPackTensor {
public:
    DLPackTensor(DLManagedTensorVersioned* tensor, nb::object owner)
        : owner_(std::move(owner)), tensor_(tensor) {
        const auto& dl_tensor = tensor->dl_tensor;
        auto itemsize = static_cast<Py_ssize_t>(dl_tensor.dtype.bits * dl_tensor.dtype.lanes / 8);
        auto stride = itemsize;
        byte_strides_.resize(static_cast<size_t>(dl_tensor.ndim));
        for (auto axis = byte_strides_.size(); axis-- > 0;) {
            byte_strides_[axis] = dl_tensor.strides != nullptr
                                      ? static_cast<Py_ssize_t>(dl_tensor.strides[axis]) * itemsize
                                      : stride;
            stride *= static_cast<Py_ssize_t>(dl_tensor.shape[axis]);
        }
    }
    DLPackTensor(const DLPackTensor&) = delete;
    ~DLPackTensor() { delete_tensor(tensor_); }

    const DLManagedTensorVersioned& managed() const { return *tensor_; }
    const DLTensor& tensor() const { return tensor_->dl_tensor; }
    bool is_readonly() const { return (tensor_->flags & DLPACK_FLAG_BITMASK_READ_ONLY) != 0; }
    std::vector<Py_ssize_t>& byte_strides() { return byte_strides_; }

private:
    nb::object owner_;
    DLManagedTensorVersioned* tensor_;
    std::vector<Py_ssize_t> byte_strides_;
};

int get_buffer(PyObject* self, Py_buffer* view, int flags) {
    static_assert(sizeof(Py_ssize_t) == sizeof(int64_t));

    auto& object = *nb::inst_ptr<DLPackTensor>(self);
    const auto& tensor = object.tensor();
    view->obj = nullptr;

    auto* format = buffer_format(tensor.dtype);
    if (tensor.device.device_type != kDLCPU || format == nullptr) {
        PyErr_SetString(
            PyExc_BufferError, "this DLPack tensor is not on CPU, or has an unusual type"
        );
        return -1;
    }
    if ((flags & PyBUF_WRITABLE) != 0 && object.is_readonly()) {
        PyErr_SetString(PyExc_BufferError, "this DLPack tensor is read-only");
        return -1;
    }
    if ((flags & PyBUF_STRIDES) != PyBUF_STRIDES) {
        PyErr_SetString(PyExc_BufferError, "DLPack tensors have strides");
        return -1;
    }

    view->itemsize = tensor.dtype.bits / 8;
    view->len = view->itemsize;
    for (int32_t axis = 0; axis < tensor.ndim; axis++) {
        view->len *= static_cast<Py_ssize_t>(tensor.shape[axis]);
    }

    // there might be no memory at all behind empty tensors
    static char nothing = 0;
    view->buf = view->len == 0 ? &nothing : static_cast<char*>(tensor.data) + tensor.byte_offset;
    view->obj = Py_NewRef(self);
    view->readonly = object.is_readonly() ? 1 : 0;
    view->ndim = tensor.ndim;
    view->format = (flags & PyBUF_FORMAT) != 0 ? const_cast<char*>(format) : nullptr;
    view->shape = reinterpret_cast<Py_ssize_t*>(tensor.shape);
    view->strides = object.byte_strides().data();
    view->suboffsets = nullptr;
    view->internal = nullptr;
    return 0;
}

PyType_Slot DLPACK_TENSOR_SLOTS[] = {
    {Py_bf_getbuffer, reinterpret_cast<void*>(get_buffer)},
    {0, nullptr},
};

/// A DLPack tensor (versioned or not) which uses the memory of a `DLPackTensor` object
template <typename Managed>
Managed* share_tensor(nb::handle self) {
    auto* managed = new Managed{};
    managed->dl_tensor = nb::inst_ptr<DLPackTensor>(self)->tensor();
    managed->manager_ctx = self.inc_ref().ptr();
    managed->deleter = [](Managed* tensor) {
        if (nb::detail::cleanup_guard guard{}) {
            Py_DECREF(static_cast<PyObject*>(tensor->manager_ctx));
        }
        delete tensor;
    };
    return managed;
}

/// Deletes the tensor of a capsule that nobody consumed
template <typename Managed>
void delete_capsule(PyObject* capsule, const char* name) {
    if (PyCapsule_IsValid(capsule, name) != 0) {
        auto* managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
        managed->deleter(managed);
    }
}

nb::object versioned_capsule(nb::handle self) {
    auto* managed = share_tensor<DLManagedTensorVersioned>(self);
    managed->version = DLPACK_VERSION;
    managed->flags = nb::inst_ptr<DLPackTensor>(self)->managed().flags;
    return nb::steal(PyCapsule_New(managed, VERSIONED_CAPSULE, [](PyObject* capsule) {
        delete_capsule<DLManagedTensorVersioned>(capsule, VERSIONED_CAPSULE);
    }));
}

nb::object unversioned_capsule(nb::handle self) {
    if (nb::inst_ptr<DLPackTensor>(self)->is_readonly()) {
        raise(PyExc_BufferError, "read-only tensors need version 1 of DLPack");
    }
    auto* managed = share_tensor<DLManagedTensor>(self);
    return nb::steal(PyCapsule_New(managed, UNVERSIONED_CAPSULE, [](PyObject* capsule) {
        delete_capsule<DLManagedTensor>(capsule, UNVERSIONED_CAPSULE);
    }));
}

/// Raises for tensors that no producer should make: nothing can be read from them. Producers can be
/// written in Python, and this is the only place where mistakes can be found.
void check_tensor(const DLManagedTensorVersioned& managed) {
    if (managed.version.major != DLPACK_VERSION.major) {
        raise(
            PyExc_BufferError,
            "expected a DLPack tensor with version %u, got version %u",
            DLPACK_VERSION.major,
            managed.version.major
        );
    }

    const auto& tensor = managed.dl_tensor;
    if (tensor.ndim < 0 || tensor.ndim > PyBUF_MAX_NDIM ||
        (tensor.ndim > 0 && tensor.shape == nullptr)) {
        raise(PyExc_BufferError, "got a DLPack tensor without shape, and %d axes", tensor.ndim);
    }
    if (tensor.dtype.bits == 0 || tensor.dtype.bits % 8 != 0 || tensor.dtype.lanes != 1) {
        raise(
            PyExc_BufferError,
            "got a DLPack tensor where elements have %d lanes of %d bits",
            tensor.dtype.lanes,
            tensor.dtype.bits
        );
    }

    auto bytes = int64_t(tensor.dtype.bits / 8);
    auto is_empty = false;
    for (int32_t axis = 0; axis < tensor.ndim; axis++) {
        auto size = tensor.shape[axis];
        if (size < 0 || __builtin_mul_overflow(bytes, std::max<int64_t>(size, 1), &bytes)) {
            raise(
                PyExc_BufferError,
                "got a DLPack tensor with size %lld along axis %d",
                static_cast<long long>(size),
                axis
            );
        }
        is_empty = is_empty || size == 0;
    }
    if (!is_empty && tensor.data == nullptr) {
        raise(PyExc_BufferError, "got a DLPack tensor with elements, but without data");
    }
}

nb::object dlpack_device(const DLPackTensor& self) {
    auto device = self.tensor().device;
    return nb::make_tuple(static_cast<int>(device.device_type), device.device_id);
}

/// `x.__dlpack__()`. Consumers only ask for the device where the tensor is, and the tensor was
/// produced for the default stream, so these arguments are not used.
nb::object to_capsule(
    nb::handle self,
    const nb::object& /* stream */,
    const nb::object& max_version,
    const nb::object& dl_device,
    const nb::object& copy
) {
    if (!dl_device.is_none() &&
        !dl_device.equal(dlpack_device(*nb::inst_ptr<DLPackTensor>(self)))) {
        raise(PyExc_BufferError, "can not move a DLPack tensor to another device");
    }
    if (copy.ptr() == Py_True) {
        raise(PyExc_BufferError, "can not copy a DLPack tensor");
    }
    auto versioned = !max_version.is_none() && nb::cast<int>(max_version[0]) >= 1;
    return versioned ? versioned_capsule(self) : unversioned_capsule(self);
}

DLManagedTensorVersioned* take_from_capsule(nb::handle capsule) {
    if (PyCapsule_IsValid(capsule.ptr(), VERSIONED_CAPSULE) != 0) {
        auto* tensor = PyCapsule_GetPointer(capsule.ptr(), VERSIONED_CAPSULE);
        PyCapsule_SetName(capsule.ptr(), "used_dltensor_versioned");
        return static_cast<DLManagedTensorVersioned*>(tensor);
    }

    if (PyCapsule_IsValid(capsule.ptr(), UNVERSIONED_CAPSULE) == 0) {
        raise(
            PyExc_TypeError,
            "expected a DLPack capsule that was not used yet, got '%s'",
            Py_TYPE(capsule.ptr())->tp_name
        );
    }
    auto result = std::make_unique<DLManagedTensorVersioned>();
    auto* old =
        static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule.ptr(), UNVERSIONED_CAPSULE));
    PyCapsule_SetName(capsule.ptr(), "used_dltensor");
    result->version = DLPACK_VERSION;
    result->dl_tensor = old->dl_tensor;
    result->manager_ctx = old;
    result->deleter = [](DLManagedTensorVersioned* tensor) {
        auto* wrapped = static_cast<DLManagedTensor*>(tensor->manager_ctx);
        if (wrapped->deleter != nullptr) {
            wrapped->deleter(wrapped);
        }
        delete tensor;
    };
    return result.release();
}

} // namespace

std::optional<DLDataType> dtype_from_buffer_format(const char* format, Py_ssize_t itemsize) {
    if (format == nullptr) {
        return DLDataType{kDLUInt, 8, 1};
    }

    constexpr auto swapped = std::endian::native == std::endian::little ? '>' : '<';
    if (*format == swapped || (swapped == '>' && *format == '!')) {
        return std::nullopt;
    }
    if (*format != '\0' && std::strchr("@=^<>!", *format) != nullptr) {
        format++;
    }

    auto is_complex = *format == 'Z';
    if (is_complex) {
        format++;
    }
    // a single letter: anything else is a structure
    if (format[0] == '\0' || format[1] != '\0') {
        return std::nullopt;
    }

    uint8_t code = 0;
    if (std::strchr("efd", *format) != nullptr) {
        code = is_complex ? kDLComplex : kDLFloat;
    } else if (is_complex) {
        return std::nullopt;
    } else if (*format == '?') {
        code = kDLBool;
    } else if (std::strchr("bhilqn", *format) != nullptr) {
        code = kDLInt;
    } else if (std::strchr("BHILQN", *format) != nullptr) {
        code = kDLUInt;
    } else {
        return std::nullopt;
    }
    return DLDataType{code, static_cast<uint8_t>(8 * itemsize), 1};
}

nb::object new_dlpack_tensor(DLManagedTensorVersioned* tensor, nb::object owner) {
    nb::object object;
    try {
        check_tensor(*tensor);
        object = nb::inst_alloc(nb::type<DLPackTensor>());
        new (nb::inst_ptr<DLPackTensor>(object)) DLPackTensor(tensor, std::move(owner));
    } catch (...) {
        delete_tensor(tensor);
        throw;
    }
    nb::inst_mark_ready(object);
    return object;
}

DLManagedTensorVersioned* tensor_from_capsule(nb::handle capsule) {
    auto* tensor = take_from_capsule(capsule);
    try {
        check_tensor(*tensor);
    } catch (...) {
        delete_tensor(tensor);
        throw;
    }
    return tensor;
}

DLManagedTensorVersioned* export_array(const mts_array_t& array, DLDevice device) {
    if (array.as_dlpack == nullptr) {
        raise(PyExc_ValueError, "this array does not give access to its data (no `as_dlpack`)");
    }
    DLManagedTensorVersioned* tensor = nullptr;
    check_status(array.as_dlpack(array.ptr, &tensor, device, nullptr, DLPACK_VERSION));
    if (tensor == nullptr) {
        raise(PyExc_ValueError, "`as_dlpack` of this array did not produce a tensor");
    }
    return tensor;
}

void bind_dlpack(nb::module_& m) {
    nb::class_<DLPackTensor>(
        m,
        "DLPackTensor",
        nb::type_slots(DLPACK_TENSOR_SLOTS),
        "Owner of a DLPack tensor. On CPU it is a buffer, so that ``numpy.asarray`` gives an array "
        "that uses the same memory (bfloat16 as unsigned integers); ``from_dlpack`` of any library "
        "accepts it on all devices."
    )
        .def(
            "__dlpack__",
            to_capsule,
            nb::kw_only(),
            nb::arg("stream") = nb::none(),
            nb::arg("max_version") = nb::none(),
            nb::arg("dl_device") = nb::none(),
            nb::arg("copy") = nb::none()
        )
        .def("__dlpack_device__", dlpack_device)
        .def_prop_ro(
            "dtype",
            [](const DLPackTensor& self) {
                auto dtype = self.tensor().dtype;
                return nb::make_tuple(static_cast<int>(dtype.code), static_cast<int>(dtype.bits));
            },
            "Code and number of bits of the elements"
        )
        .def_prop_ro("readonly", &DLPackTensor::is_readonly)
        .def_prop_ro("ndim", [](const DLPackTensor& self) {
            return static_cast<int>(self.tensor().ndim);
        });
}

} // namespace bindings
