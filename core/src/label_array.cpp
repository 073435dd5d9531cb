#include "label_array.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "error.hpp"
#include "origin.hpp"
#include "text.hpp"

namespace mts {

/// Values of a two-dimensional tensor of 32-bit integers, in row-major order
static std::vector<std::int32_t> read_values(const DLPackTensor& tensor) {
    std::vector<std::int32_t> values(tensor.count());
    if (values.empty()) {
        return values;
    }

    // the data might not be aligned, so it is only accessed with memcpy
    constexpr std::size_t ITEM = sizeof(std::int32_t);
    const auto* data = static_cast<const char*>(tensor.data());
    if (tensor.is_contiguous()) {
        std::memcpy(values.data(), data, values.size() * ITEM);
        return values;
    }

    std::int32_t* output = values.data();
    const std::int64_t row_stride = tensor.strides()[0] * static_cast<std::int64_t>(ITEM);
    const std::int64_t column_stride = tensor.strides()[1] * static_cast<std::int64_t>(ITEM);
    for (std::size_t row = 0; row < tensor.size(0); row++) {
        const char* input = data + static_cast<std::int64_t>(row) * row_stride;
        for (std::size_t column = 0; column < tensor.size(1); column++) {
            std::memcpy(output, input + static_cast<std::int64_t>(column) * column_stride, ITEM);
            output++;
        }
    }
    return values;
}

static void check_label_values(const DLPackTensor& tensor) {
    if (tensor.ndim() != 2) {
        throw invalid_parameter("the values of labels need 2 axes, got ", tensor.ndim());
    }
    if (!same_dtype(tensor.dtype(), INT32_DTYPE)) {
        throw invalid_parameter(
            "the values of labels must be 32-bit integers (i32), got ", to_text(tensor.dtype())
        );
    }
}

LabelMatrix::LabelMatrix(std::vector<std::int32_t> values, std::size_t size)
    : values_(std::move(values)), shape_{size == 0 ? 0 : values_.size() / size, size} {}

CpuRows::CpuRows(DLPackTensor tensor) {
    check_label_values(tensor);
    const bool aligned =
        reinterpret_cast<std::uintptr_t>(tensor.data()) % alignof(std::int32_t) == 0;
    if (tensor.is_contiguous() && aligned) {
        rows_ = {static_cast<const std::int32_t*>(tensor.data()), tensor.size(0), tensor.size(1)};
        tensor_.emplace(std::move(tensor));
    } else {
        matrix_ = Ref<const LabelMatrix>::make(read_values(tensor), tensor.size(1));
        rows_ = matrix_->rows();
    }
}

// The functions of the arrays of the library. Their data is a counted reference to a matrix.

static const LabelMatrix* as_matrix(const void* array) {
    return static_cast<const LabelMatrix*>(array);
}

static void destroy(void* array) {
    Ref<const LabelMatrix>::adopt(as_matrix(array));
}

static mts_status_t origin(const void* /*array*/, mts_data_origin_t* origin) {
    return catch_errors([&] {
        check_not_null(origin, "origin");
        static const mts_data_origin_t LABELS = register_origin("metatensor.Labels");
        *origin = LABELS;
    });
}

static mts_status_t device(const void* /*array*/, DLDevice* device) {
    return catch_errors([&] {
        check_not_null(device, "device");
        *device = CPU_DEVICE;
    });
}

static mts_status_t dtype(const void* /*array*/, DLDataType* dtype) {
    return catch_errors([&] {
        check_not_null(dtype, "dtype");
        *dtype = INT32_DTYPE;
    });
}

static mts_status_t as_dlpack(
    void* array,
    DLManagedTensorVersioned** dl_managed_tensor,
    DLDevice device,
    const std::int64_t* stream,
    DLPackVersion max_version
) {
    return catch_errors([&] {
        check_not_null(array, "array");
        check_not_null(dl_managed_tensor, "dl_managed_tensor");
        if (!same_device(device, CPU_DEVICE)) {
            throw invalid_parameter(
                "these labels can only be exported to CPU:0, not to ", to_text(device)
            );
        }
        if (stream != nullptr) {
            throw invalid_parameter("there are no streams on CPU, `stream` must be NULL");
        }
        if (max_version.major != DLPACK_VERSION.major) {
            throw invalid_parameter(
                "only DLPack ",
                DLPACK_VERSION.major,
                ".x is supported, not ",
                max_version.major,
                ".x"
            );
        }
        *dl_managed_tensor =
            LabelMatrix::to_dlpack(Ref<const LabelMatrix>::share(as_matrix(array)));
    });
}

static mts_status_t from_dlpack(
    const void* /*array*/, DLManagedTensorVersioned* dl_managed_tensor, mts_array_t* new_array
) {
    return catch_errors([&] {
        const DLPackTensor tensor(dl_managed_tensor);
        check_not_null(new_array, "new_array");
        check_label_values(tensor);
        auto matrix = Ref<const LabelMatrix>::make(read_values(tensor), tensor.size(1));
        *new_array = LabelMatrix::to_array(std::move(matrix));
    });
}

static mts_status_t
shape(const void* array, const std::uintptr_t** shape, std::uintptr_t* shape_count) {
    return catch_errors([&] {
        check_not_null(array, "array");
        check_not_null(shape, "shape");
        check_not_null(shape_count, "shape_count");
        const auto matrix_shape = as_matrix(array)->shape();
        *shape = matrix_shape.data();
        *shape_count = matrix_shape.size();
    });
}

static mts_status_t copy(const void* array, DLDevice device, mts_array_t* new_array) {
    return catch_errors([&] {
        check_not_null(array, "array");
        check_not_null(new_array, "new_array");
        if (!same_device(device, CPU_DEVICE)) {
            throw invalid_parameter(
                "these labels can only be copied to CPU:0, not to ", to_text(device)
            );
        }
        *new_array = LabelMatrix::to_array(Ref<const LabelMatrix>::share(as_matrix(array)));
    });
}

static mts_status_t refuse(const char* operation) {
    return catch_errors([&] {
        throw invalid_parameter(
            "can not ", operation, " the values of labels, which are immutable"
        );
    });
}

static mts_status_t reshape(void*, const std::uintptr_t*, std::uintptr_t) {
    return refuse("reshape");
}

static mts_status_t swap_axes(void*, std::uintptr_t, std::uintptr_t) {
    return refuse("swap the axes of");
}

static mts_status_t
create(const void*, const std::uintptr_t*, std::uintptr_t, mts_array_t fill_value, mts_array_t*) {
    const Array consumed(fill_value);
    return refuse("create new arrays from");
}

static mts_status_t move_data(void*, const void*, const mts_data_movement_t*, std::uintptr_t) {
    return refuse("move data into");
}

mts_array_t LabelMatrix::to_array(Ref<const LabelMatrix> matrix) {
    mts_array_t array = {};
    array.ptr = const_cast<LabelMatrix*>(std::move(matrix).leak());
    array.destroy = destroy;
    array.origin = origin;
    array.device = device;
    array.dtype = dtype;
    array.as_dlpack = as_dlpack;
    array.from_dlpack = from_dlpack;
    array.shape = mts::shape;
    array.reshape = reshape;
    array.swap_axes = swap_axes;
    array.create = create;
    array.copy = copy;
    array.move_data = move_data;
    return array;
}

Ref<const LabelMatrix> LabelMatrix::from_array(const Array& array) {
    const mts_array_t view = array.view();
    if (view.as_dlpack != as_dlpack || view.ptr == nullptr) {
        return {};
    }
    return Ref<const LabelMatrix>::share(as_matrix(view.ptr));
}

namespace {

/// A DLPack tensor with what it points to
struct ExportedMatrix {
    DLManagedTensorVersioned tensor = {};
    Ref<const LabelMatrix> matrix;
    std::int64_t shape[2] = {};
    std::int64_t strides[2] = {};
};

} // namespace

DLManagedTensorVersioned* LabelMatrix::to_dlpack(Ref<const LabelMatrix> matrix) {
    const Rows rows = matrix->rows();
    auto exported = std::make_unique<ExportedMatrix>();
    exported->matrix = std::move(matrix);
    exported->shape[0] = static_cast<std::int64_t>(rows.count);
    exported->shape[1] = static_cast<std::int64_t>(rows.size);
    exported->strides[0] = static_cast<std::int64_t>(rows.size);
    exported->strides[1] = 1;

    DLManagedTensorVersioned& tensor = exported->tensor;
    tensor.version = DLPACK_VERSION;
    tensor.manager_ctx = exported.get();
    tensor.deleter = [](DLManagedTensorVersioned* self) {
        delete static_cast<ExportedMatrix*>(self->manager_ctx);
    };
    tensor.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
    tensor.dl_tensor.data = rows.count == 0 ? nullptr : const_cast<std::int32_t*>(rows.data);
    tensor.dl_tensor.device = CPU_DEVICE;
    tensor.dl_tensor.ndim = 2;
    tensor.dl_tensor.dtype = INT32_DTYPE;
    tensor.dl_tensor.shape = exported->shape;
    tensor.dl_tensor.strides = exported->strides;
    return &exported.release()->tensor;
}

} // namespace mts
