// The arrays that the library makes for labels
#include "objects.hpp"

/// Labels with an array of the library. From these ones, others can be derived with any values
static LabelsPtr library_labels() {
    return LabelsPtr(CHECK_NOT_NULL(mts_labels(nullptr, 0, label_values(0, {}).to_c())));
}

/// Labels on an array of the library, through `from_dlpack` of such an array
static LabelsPtr library_labels(const Names& names, const Values& values, Layout layout) {
    const LabelsPtr empty = library_labels();
    mts_array_t library = {};
    CHECK_SUCCESS(mts_labels_values(empty.get(), &library));

    TestArray array = label_values(names.size(), values);
    array.layout = layout;
    const mts_array_t source = array.to_c();
    DLManagedTensorVersioned* tensor = nullptr;
    CHECK_SUCCESS(source.as_dlpack(source.ptr, &tensor, CPU, nullptr, {1, 3}));
    source.destroy(source.ptr);

    mts_array_t converted = {};
    CHECK_SUCCESS(library.from_dlpack(library.ptr, tensor, &converted));
    CHECK_EQ(TestArray::exported.load(), 0); // values were copied
    return LabelsPtr(CHECK_NOT_NULL(raw_labels(names, converted)));
}

static mts_array_t array_of(const LabelsPtr& labels) {
    mts_array_t array = {};
    CHECK_SUCCESS(mts_labels_values(labels.get(), &array));
    return array;
}

static void test_metadata() {
    const LabelsPtr labels = library_labels({"a", "b"}, {4, 2, 3, 1, 0, 7}, Layout::ColumnMajor);
    CHECK_EQ(values_of(labels.get()), Values({4, 2, 3, 1, 0, 7}));
    const mts_array_t array = array_of(labels);
    CHECK_EQ(origin_of(array), "metatensor.Labels");

    DLDevice device = {};
    DLDataType dtype = {};
    CHECK_SUCCESS(array.device(array.ptr, &device));
    CHECK_SUCCESS(array.dtype(array.ptr, &dtype));
    CHECK(device.device_type == kDLCPU && device.device_id == 0);
    CHECK(dtype.code == kDLInt && dtype.bits == 32 && dtype.lanes == 1);

    const uintptr_t* shape = nullptr;
    uintptr_t shape_count = 0;
    CHECK_SUCCESS(array.shape(array.ptr, &shape, &shape_count));
    CHECK_EQ(std::vector<uintptr_t>(shape, shape + shape_count), std::vector<uintptr_t>({3, 2}));
}

static void test_export() {
    LabelsPtr labels = library_labels({"a", "b"}, {4, 2, 3, 1}, Layout::RowMajor);
    const mts_array_t array = array_of(labels);
    DLManagedTensorVersioned* tensor = nullptr;
    CHECK_SUCCESS(array.as_dlpack(array.ptr, &tensor, CPU, nullptr, {1, 0}));
    const DLTensor& dl = tensor->dl_tensor;
    CHECK_EQ(tensor->version.major, 1U);
    CHECK_EQ(tensor->version.minor, 3U);
    CHECK_EQ(tensor->flags, uint64_t{DLPACK_FLAG_BITMASK_READ_ONLY});
    CHECK(dl.ndim == 2 && dl.shape[0] == 2 && dl.shape[1] == 2);
    CHECK(dl.strides[0] == 2 && dl.strides[1] == 1);
    CHECK_EQ(dl.byte_offset, 0U);

    // no copy, and the memory lives with the tensor...
    const int32_t* values = nullptr;
    uintptr_t count = 0;
    uintptr_t size = 0;
    CHECK_SUCCESS(mts_labels_values_cpu(labels.get(), &values, &count, &size));
    CHECK(values == dl.data);
    labels.reset();
    CHECK_EQ(Values(values, values + 4), Values({4, 2, 3, 1}));
    tensor->deleter(tensor);

    // ...or with the labels
    labels = library_labels({"a"}, {4, 2}, Layout::RowMajor);
    CHECK_SUCCESS(array_of(labels).as_dlpack(array_of(labels).ptr, &tensor, CPU, nullptr, {1, 3}));
    const auto* data = static_cast<const int32_t*>(tensor->dl_tensor.data);
    tensor->deleter(tensor);
    CHECK_EQ(Values(data, data + 2), Values({4, 2}));

    labels = library_labels();
    CHECK_SUCCESS(array_of(labels).as_dlpack(array_of(labels).ptr, &tensor, CPU, nullptr, {1, 3}));
    CHECK(tensor->dl_tensor.data == nullptr);
    tensor->deleter(tensor);
}

static void test_export_errors() {
    const LabelsPtr labels = library_labels({"a"}, {4, 2}, Layout::RowMajor);
    const mts_array_t array = array_of(labels);
    DLManagedTensorVersioned* tensor = nullptr;
    const int64_t stream = 1;
    CHECK_INVALID(array.as_dlpack(array.ptr, &tensor, CUDA, nullptr, {1, 3}), "CUDA:0");
    CHECK_INVALID(array.as_dlpack(array.ptr, &tensor, {kDLCPU, 1}, nullptr, {1, 3}), "CPU:1");
    CHECK_INVALID(array.as_dlpack(array.ptr, &tensor, CPU, &stream, {1, 3}), "stream");
    CHECK_INVALID(array.as_dlpack(array.ptr, &tensor, CPU, nullptr, {2, 0}), "2.x");
    CHECK(tensor == nullptr);
}

static void test_copy() {
    LabelsPtr labels = library_labels({"a"}, {4, 2}, Layout::RowMajor);
    const mts_array_t array = array_of(labels);
    mts_array_t copy = {};
    CHECK_INVALID(array.copy(array.ptr, CUDA, &copy), "CUDA:0");
    CHECK_SUCCESS(array.copy(array.ptr, CPU, &copy));
    labels.reset();
    CHECK_EQ(values_of(LabelsPtr(raw_labels({"b"}, copy)).get()), Values({4, 2}));
}

static void test_immutable() {
    const LabelsPtr labels = library_labels({"a"}, {4, 2}, Layout::RowMajor);
    const mts_array_t array = array_of(labels);
    const uintptr_t shape[] = {1, 2};
    mts_array_t created = {};
    CHECK_INVALID(array.reshape(array.ptr, shape, 2), "reshape");
    CHECK_INVALID(array.swap_axes(array.ptr, 0, 1), "axes");
    CHECK_INVALID(array.move_data(array.ptr, array.ptr, nullptr, 0), "move data");
    CHECK_INVALID(array.create(array.ptr, shape, 2, scalar(0, I32).to_c(), &created), "create");
    CHECK(created.ptr == nullptr);
}

static void test_bad_tensors() {
    const LabelsPtr labels = library_labels({"a"}, {4, 2}, Layout::RowMajor);
    const mts_array_t array = array_of(labels);
    mts_array_t result = {};
    CHECK_INVALID(array.from_dlpack(array.ptr, nullptr, &result), "NULL");

    auto convert = [&](auto change) {
        const mts_array_t source = label_values(1, {1, 2}).to_c();
        DLManagedTensorVersioned* tensor = nullptr;
        CHECK_SUCCESS(source.as_dlpack(source.ptr, &tensor, CPU, nullptr, {1, 3}));
        source.destroy(source.ptr);
        change(*tensor);
        const mts_status_t status = array.from_dlpack(array.ptr, tensor, &result);
        CHECK_EQ(TestArray::exported.load(), 0); // consumed in all cases
        return status;
    };
    CHECK_INVALID(convert([](auto& t) { t.version.major = 0; }), "version 0.7");
    CHECK_INVALID(convert([](auto& t) { t.dl_tensor.dtype = F64; }), "f64");
    CHECK_INVALID(convert([](auto& t) { t.dl_tensor.dtype.lanes = 2; }), "i32x2");
    CHECK_INVALID(convert([](auto& t) { t.dl_tensor.device = CUDA; }), "CUDA:0");
    CHECK_INVALID(convert([](auto& t) { t.dl_tensor.ndim = 1; }), "2 axes");
    CHECK_INVALID(convert([](auto& t) { t.dl_tensor.ndim = -1; }), "-1 axes");
    CHECK_INVALID(convert([](auto& t) { t.dl_tensor.shape = nullptr; }), "without shape");
    CHECK_INVALID(convert([](auto& t) { t.dl_tensor.data = nullptr; }), "without data");
    CHECK_INVALID(convert([](auto& t) { t.dl_tensor.shape[0] = -2; }), "-2");
    CHECK_INVALID(
        convert([](auto& t) { t.dl_tensor.shape[0] = t.dl_tensor.shape[1] = INT64_MAX; }),
        "overflow"
    );
    CHECK(result.ptr == nullptr);
}

int main() {
    test_metadata();
    test_export();
    test_export_errors();
    test_copy();
    test_immutable();
    test_bad_tensors();
    check_no_leak();
}
