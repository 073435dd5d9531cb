#include "numpy_arrays.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>

#include "dlpack.hpp"
#include "errors.hpp"

namespace bindings {

namespace {

nb::object dtype_object(nb::handle array) {
    return array.attr("dtype");
}

constexpr DLDataType BFLOAT16 = {kDLBfloat, 16, 1};

/// Is this the type that the package `ml_dtypes` adds to NumPy?
bool is_bfloat16(nb::handle dtype) {
    return nb::cast<int64_t>(dtype.attr("itemsize")) == 2 &&
           nb::str(nb::object(dtype.attr("name"))).equal(nb::str("bfloat16"));
}

/// Below this size, giving other threads a chance to run costs more than the copy
constexpr size_t RELEASE_GIL_BYTES = 1 << 16;

/// Access to the memory of an array, for as long as this object lives
class NumpyBuffer {
public:
    NumpyBuffer(nb::handle array, int flags) : NumpyBuffer(array, flags, std::nothrow) {
        if (!is_valid()) {
            raise(
                PyExc_BufferError,
                "can not access the memory of an array with dtype '%S'",
                dtype_object(array).ptr()
            );
        }
    }
    /// The buffer is not valid if NumPy refuses to give access to it
    NumpyBuffer(nb::handle array, int flags, std::nothrow_t /* tag */) {
        if (PyObject_GetBuffer(array.ptr(), &buffer_, flags) != 0) {
            PyErr_Clear();
        }
    }
    NumpyBuffer(const NumpyBuffer&) = delete;
    ~NumpyBuffer() { PyBuffer_Release(&buffer_); }

    bool is_valid() const { return buffer_.obj != nullptr; }
    const Py_buffer& operator*() const { return buffer_; }
    const Py_buffer* operator->() const { return &buffer_; }
    /// Type of the elements, for buffers that are valid and contain numbers
    std::optional<DLDataType> dtype() const {
        return is_valid() ? dtype_from_buffer_format(buffer_.format, buffer_.itemsize)
                          : std::nullopt;
    }

private:
    Py_buffer buffer_ = {};
};

/// The DLPack tensor made from an array, and what has to live as long
struct NumpyExport {
    explicit NumpyExport(nb::handle array) : buffer(array, PyBUF_RECORDS_RO, std::nothrow) {}

    DLManagedTensorVersioned managed = {};
    NumpyBuffer buffer;
    std::vector<int64_t> strides;
};

/// Moves the elements of one range of properties
class RowCopy {
public:
    RowCopy(Py_ssize_t output_stride, Py_ssize_t input_stride, Py_ssize_t itemsize)
        : output_stride_(output_stride), input_stride_(input_stride), itemsize_(itemsize),
          contiguous_(output_stride == itemsize && input_stride == itemsize) {}

    void operator()(char* output, const char* input, size_t length) const {
        if (contiguous_) {
            std::memmove(output, input, length * static_cast<size_t>(itemsize_));
            return;
        }
        for (size_t i = 0; i < length; i++) {
            std::memmove(output, input, static_cast<size_t>(itemsize_));
            output += output_stride_;
            input += input_stride_;
        }
    }

private:
    Py_ssize_t output_stride_;
    Py_ssize_t input_stride_;
    Py_ssize_t itemsize_;
    bool contiguous_;
};

struct Offset {
    Py_ssize_t output;
    Py_ssize_t input;
};

/// Position in memory of all elements along the axes between the first and the last one
std::vector<Offset> component_offsets(const Py_buffer& output, const Py_buffer& input) {
    auto offsets = std::vector<Offset>{{0, 0}};
    for (int axis = 1; axis < output.ndim - 1; axis++) {
        auto next = std::vector<Offset>();
        next.reserve(offsets.size() * static_cast<size_t>(output.shape[axis]));
        for (const auto& offset : offsets) {
            for (Py_ssize_t i = 0; i < output.shape[axis]; i++) {
                next.push_back(
                    {offset.output + i * output.strides[axis],
                     offset.input + i * input.strides[axis]}
                );
            }
        }
        offsets = std::move(next);
    }
    return offsets;
}

void check_axes(const Py_buffer& output, const Py_buffer& input) {
    if (output.ndim != input.ndim || output.ndim < 2) {
        raise(
            PyExc_ValueError,
            "can not move data between arrays with %d and %d axes",
            input.ndim,
            output.ndim
        );
    }
    for (int axis = 1; axis < output.ndim - 1; axis++) {
        if (output.shape[axis] != input.shape[axis]) {
            raise(
                PyExc_ValueError,
                "can not move data: axis %d has size %zd in the input and %zd in the output",
                axis,
                input.shape[axis],
                output.shape[axis]
            );
        }
    }
}

void check_range(const Py_buffer& buffer, size_t sample, size_t start, size_t length) {
    auto samples = static_cast<size_t>(buffer.shape[0]);
    auto properties = static_cast<size_t>(buffer.shape[buffer.ndim - 1]);
    if (sample >= samples || length > properties || start > properties - length) {
        raise(
            PyExc_ValueError,
            "can not move data: sample %zu with %zu properties from %zu are not all in an array "
            "with "
            "%zu samples and %zu properties",
            sample,
            length,
            start,
            samples,
            properties
        );
    }
}

void move_rows(
    const Py_buffer& output,
    const Py_buffer& input,
    const std::vector<Offset>& offsets,
    std::span<const mts_data_movement_t> movements
) {
    auto output_stride = output.strides[output.ndim - 1];
    auto input_stride = input.strides[input.ndim - 1];
    auto copy_row = RowCopy(output_stride, input_stride, output.itemsize);
    for (const auto& m : movements) {
        auto* to = static_cast<char*>(output.buf) +
                   static_cast<Py_ssize_t>(m.sample_out) * output.strides[0] +
                   static_cast<Py_ssize_t>(m.properties_start_out) * output_stride;
        const auto* from = static_cast<const char*>(input.buf) +
                           static_cast<Py_ssize_t>(m.sample_in) * input.strides[0] +
                           static_cast<Py_ssize_t>(m.properties_start_in) * input_stride;
        for (const auto& offset : offsets) {
            copy_row(to + offset.output, from + offset.input, m.properties_length);
        }
    }
}

} // namespace

nb::handle numpy_array_type() {
    static auto* type = new nb::object(nb::module_::import_("numpy").attr("ndarray"));
    return *type;
}

nb::object new_numpy_array(Py_ssize_t size, const char* dtype) {
    static auto* empty = new nb::object(nb::module_::import_("numpy").attr("empty"));
    return (*empty)(size, dtype);
}

void* numpy_data(nb::handle array) {
    return NumpyBuffer(array, PyBUF_SIMPLE)->buf;
}

DLDataType numpy_dtype(nb::handle array) {
    auto dtype = dtype_object(array);
    auto kind = nb::str(nb::object(dtype.attr("kind")));
    auto bits = 8 * nb::cast<int64_t>(dtype.attr("itemsize"));

    auto code = std::optional<DLDataTypeCode>();
    switch (kind.c_str()[0]) {
    case 'f':
        code = kDLFloat;
        break;
    case 'i':
        code = kDLInt;
        break;
    case 'u':
        code = kDLUInt;
        break;
    case 'b':
        code = kDLBool;
        break;
    case 'c':
        code = kDLComplex;
        break;
    default:
        break;
    }

    if (!code && is_bfloat16(dtype)) {
        return BFLOAT16;
    }
    if (!code || bits > UINT8_MAX) {
        raise(
            PyExc_ValueError,
            "unsupported dtype '%S': expected boolean, integer, floating point or complex numbers",
            dtype.ptr()
        );
    }
    return {static_cast<uint8_t>(*code), static_cast<uint8_t>(bits), 1};
}

DLManagedTensorVersioned* export_numpy(nb::handle array) {
    auto result = std::make_unique<NumpyExport>(array);
    auto dtype = result->buffer.dtype();
    if (!result->buffer.is_valid() && is_bfloat16(dtype_object(array))) {
        // buffers do not have this type, the same bytes are exported as if they were integers
        result = std::make_unique<NumpyExport>(nb::object(array.attr("view")("uint16")));
        dtype = BFLOAT16;
    }
    if (!dtype || (dtype->code == kDLFloat && dtype->bits > 64) || dtype->bits > 128) {
        raise(
            PyExc_BufferError,
            "can not share an array with dtype '%S': this type, or its byte order, is not in "
            "DLPack",
            dtype_object(array).ptr()
        );
    }

    const auto& buffer = *result->buffer;
    auto itemsize = buffer.itemsize;
    auto alignment = dtype->code == kDLComplex ? itemsize / 2 : itemsize;
    if (reinterpret_cast<uintptr_t>(buffer.buf) % static_cast<uintptr_t>(alignment) != 0) {
        return nullptr;
    }
    result->strides.reserve(static_cast<size_t>(buffer.ndim));
    for (int axis = 0; axis < buffer.ndim; axis++) {
        auto stride = buffer.strides[axis];
        if (stride % itemsize != 0 && buffer.shape[axis] > 1) {
            return nullptr;
        }
        result->strides.push_back(stride / itemsize);
    }

    auto& managed = result->managed;
    managed.version = DLPACK_VERSION;
    managed.flags = buffer.readonly != 0 ? DLPACK_FLAG_BITMASK_READ_ONLY : 0;
    managed.dl_tensor.data = buffer.buf;
    managed.dl_tensor.device = CPU_DEVICE;
    managed.dl_tensor.ndim = buffer.ndim;
    managed.dl_tensor.dtype = *dtype;
    static_assert(sizeof(Py_ssize_t) == sizeof(int64_t));
    managed.dl_tensor.shape = reinterpret_cast<int64_t*>(buffer.shape);
    managed.dl_tensor.strides = result->strides.data();
    managed.manager_ctx = result.get();
    managed.deleter = [](DLManagedTensorVersioned* self) {
        if (nb::detail::cleanup_guard guard{}) {
            delete static_cast<NumpyExport*>(self->manager_ctx);
        }
    };
    return &result.release()->managed;
}

bool move_numpy_data(
    nb::handle output_array, nb::handle input_array, std::span<const mts_data_movement_t> movements
) {
    auto output = NumpyBuffer(output_array, PyBUF_RECORDS, std::nothrow);
    auto input = NumpyBuffer(input_array, PyBUF_RECORDS_RO, std::nothrow);
    auto output_dtype = output.dtype();
    auto input_dtype = input.dtype();
    if (!output_dtype || !input_dtype || !is_same_dtype(*output_dtype, *input_dtype)) {
        return false;
    }

    check_axes(*output, *input);
    auto elements = size_t(0);
    for (const auto& m : movements) {
        check_range(*output, m.sample_out, m.properties_start_out, m.properties_length);
        check_range(*input, m.sample_in, m.properties_start_in, m.properties_length);
        elements += m.properties_length;
    }

    auto offsets = component_offsets(*output, *input);
    auto no_gil = std::optional<nb::gil_scoped_release>();
    if (elements * offsets.size() * static_cast<size_t>(output->itemsize) > RELEASE_GIL_BYTES) {
        no_gil.emplace();
    }
    move_rows(*output, *input, offsets, movements);
    return true;
}

} // namespace bindings
