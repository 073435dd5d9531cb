// MtsArray, SimpleDataArray, EmptyDataArray, NDArray, DLPackArray and their comparison.

#include "cpp_api.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <typeinfo>

using namespace metatensor;

constexpr DLDevice CPU = {kDLCPU, 0};
constexpr DLDevice CUDA = {kDLCUDA, 0};
constexpr DLPackVersion VERSION = {1, 3};

/// DLPack tensor on two rows of three columns, stored by columns after one unused element.
struct TransposedTensor {
    std::array<int32_t, 7> data = {-1, 0, 3, 1, 4, 2, 5};
    std::array<int64_t, 2> shape = {2, 3};
    std::array<int64_t, 2> strides = {1, 2};
    DLManagedTensorVersioned tensor = {};
    int deleted = 0;

    DLManagedTensorVersioned* get() {
        tensor.version = VERSION;
        tensor.manager_ctx = this;
        tensor.deleter = [](DLManagedTensorVersioned* self) {
            static_cast<TransposedTensor*>(self->manager_ctx)->deleted += 1;
        };
        tensor.dl_tensor.data = data.data();
        tensor.dl_tensor.device = CPU;
        tensor.dl_tensor.ndim = 2;
        tensor.dl_tensor.dtype = details::dtype_of<int32_t>();
        tensor.dl_tensor.shape = shape.data();
        tensor.dl_tensor.strides = strides.data();
        tensor.dl_tensor.byte_offset = sizeof(int32_t);
        return &tensor;
    }
};

template <typename T>
MtsArray make_array(std::vector<uintptr_t> shape, std::vector<T> data) {
    return DataArrayBase::to_mts_array(
        std::make_unique<SimpleDataArray<T>>(std::move(shape), std::move(data))
    );
}

static void test_dtypes() {
    CHECK(details::dtype_of<double>().code == kDLFloat);
    CHECK(details::dtype_of<double>().bits == 64);
    CHECK(details::dtype_of<float>().bits == 32);
    CHECK(details::dtype_of<int8_t>().code == kDLInt);
    CHECK(details::dtype_of<uint16_t>().code == kDLUInt);
    CHECK(details::dtype_of<uint16_t>().bits == 16);
    CHECK(details::dtype_of<bool>().code == kDLBool);
    CHECK(details::dtype_of<bool>().bits == 8);
    CHECK(details::dtype_of<bool>().lanes == 1);
}

static void test_mts_array() {
    auto array = make_array<double>({2, 2}, {1, 2, 3, 4});
    CHECK(array.shape() == std::vector<uintptr_t>({2, 2}));
    CHECK(array.device().device_type == kDLCPU);
    CHECK(details::same_dtype(array.dtype(), details::dtype_of<double>()));
    CHECK(array.origin() == SimpleDataArray<double>({1}).origin());

    // copies have their own data, even those of views
    auto view = MtsArray(array.as_mts_array_t());
    CHECK(array.as_mts_array_t().destroy == nullptr);
    auto copy = view;
    CHECK(copy.as_mts_array_t().ptr != array.as_mts_array_t().ptr);
    SimpleDataArray<double>::from_mts_array(view).data()[0] = 42;
    CHECK(SimpleDataArray<double>::from_mts_array(array).data()[0] == 42);
    CHECK(SimpleDataArray<double>::from_mts_array(copy).data()[0] == 1);

    copy = array;
    CHECK(SimpleDataArray<double>::from_mts_array(copy).data()[0] == 42);
    const auto* pointer = copy.as_mts_array_t().ptr;
    const auto& alias = copy;
    copy = alias;
    CHECK(copy.as_mts_array_t().ptr == pointer);

    auto moved = std::move(copy);
    CHECK(moved.as_mts_array_t().ptr == pointer);
    copy = std::move(moved);
    CHECK(copy.as_mts_array_t().ptr == pointer);

    auto released = std::move(copy).release();
    CHECK(released.ptr == pointer && released.destroy != nullptr);
    released.destroy(released.ptr);

    array.swap_axes(0, 1);
    array.reshape({4});
    CHECK(
        array.as_dlpack_array<double>(CPU, nullptr, VERSION) ==
        SimpleDataArray<double>({4}, {42, 3, 2, 4})
    );
    CHECK_THROWS(array.as_dlpack_array<float>(CPU, nullptr, VERSION), "dtype mismatch");

    auto created = array.create({2, 3}, make_array<double>({}, {7}));
    CHECK(SimpleDataArray<double>::from_mts_array(created) == SimpleDataArray<double>({2, 3}, 7.0));
    CHECK_THROWS(array.create({2}, make_array<float>({}, {7})), "dtype mismatch");
    CHECK_THROWS(array.create({2}, make_array<double>({1}, {7})), "without dimensions");

    auto input = make_array<double>({2, 2}, {1, 2, 3, 4});
    created.move_data(input, {{1, 0, 0, 1, 2}});
    CHECK(
        SimpleDataArray<double>::from_mts_array(created) ==
        SimpleDataArray<double>({2, 3}, {7, 3, 4, 7, 7, 7})
    );

    auto imported = created.from_dlpack(input.as_dlpack(CPU, nullptr, VERSION));
    CHECK(imported.as_mts_array_t().ptr != input.as_mts_array_t().ptr);
    CHECK(imported.shape() == input.shape());
}

static void test_empty_mts_array() {
    auto empty = MtsArray({});
    CHECK(empty.as_mts_array_t().ptr == nullptr);
    CHECK_THROWS(empty.origin(), "origin");
    CHECK_THROWS(empty.device(), "device");
    CHECK_THROWS(empty.dtype(), "dtype");
    CHECK_THROWS(empty.shape(), "shape");
    CHECK_THROWS(empty.reshape({}), "reshape");
    CHECK_THROWS(empty.swap_axes(0, 0), "swap_axes");
    CHECK_THROWS(empty.create({}, MtsArray({})), "create");
    CHECK_THROWS(empty.as_dlpack(CPU, nullptr, VERSION), "as_dlpack");
    CHECK_THROWS(empty.as_dlpack_array<double>(CPU, nullptr, VERSION), "as_dlpack");
    CHECK_THROWS(empty.move_data(empty, {}), "move_data");
    CHECK_THROWS(MtsArray(empty), "copy");

    TransposedTensor tensor;
    CHECK_THROWS(empty.from_dlpack(tensor.get()), "from_dlpack");
    CHECK(tensor.deleted == 1);

    CHECK_THROWS(DataArrayBase::to_mts_array(nullptr), "null pointer");
}

static void test_simple_array() {
    auto array = SimpleDataArray({2, 3}, 4.5f);
    static_assert(std::is_same_v<decltype(array), SimpleDataArray<float>>);
    CHECK(array.shape() == std::vector<uintptr_t>({2, 3}));
    CHECK(array.strides() == std::vector<int64_t>({3, 1}));
    CHECK(array.is_contiguous());
    CHECK(array == SimpleDataArray<float>({2, 3}, {4.5, 4.5, 4.5, 4.5, 4.5, 4.5}));

    CHECK_THROWS(SimpleDataArray<double>({2, 2}, {1.0, 2.0, 3.0}), "(2, 2)");
    const auto huge = std::numeric_limits<uintptr_t>::max() / 2;
    CHECK_THROWS(SimpleDataArray<double>({huge, huge}), "too large");
    const auto no_elements = SimpleDataArray<double>({huge, 0, huge});
    CHECK(no_elements.shape().size() == 3);

    // copies do not share data
    auto copy = array;
    copy.data()[0] = 1;
    CHECK(array.data()[0] == 4.5f);
    auto other = array.copy(CPU);
    dynamic_cast<SimpleDataArray<float>&>(*other).data()[0] = 1;
    CHECK(array.data()[0] == 4.5f);
    CHECK_THROWS(array.copy(CUDA), "CPU");

    // the const view can be read through a non-const variable
    const auto& const_array = array;
    auto view = const_array.view();
    CHECK(view(1, 2) == 4.5f);
    auto mutable_view = array.view();
    mutable_view(1, 2) = 3.0f;
    CHECK(array.data()[5] == 3.0f);

    auto booleans = SimpleDataArray<bool>({2}, true);
    CHECK(booleans.data()[1] == 1);
    CHECK(booleans == SimpleDataArray<bool>({2}, std::vector<uint8_t>{1, 1}));
    CHECK(details::same_dtype(booleans.dtype(), details::dtype_of<bool>()));
}

static void test_simple_array_axes() {
    auto array = SimpleDataArray<int32_t>({2, 3}, {0, 1, 2, 3, 4, 5});
    array.swap_axes(0, 1);
    CHECK(array == SimpleDataArray<int32_t>({3, 2}, {0, 3, 1, 4, 2, 5}));
    CHECK(array.strides() == std::vector<int64_t>({2, 1}));
    array.reshape({1, 6});
    CHECK(array.strides() == std::vector<int64_t>({6, 1}));
    CHECK_THROWS(array.reshape({7}), "(1, 6)");
    CHECK_THROWS(array.swap_axes(0, 2), "2 dimensions");
    CHECK(array.shape() == std::vector<uintptr_t>({1, 6}));

    // compare each element with an explicit formula, for all the pairs of axes
    const std::vector<uintptr_t> shape = {2, 3, 4, 5};
    for (size_t axis_1 = 0; axis_1 < 4; axis_1++) {
        for (size_t axis_2 = 0; axis_2 < 4; axis_2++) {
            auto swapped = SimpleDataArray<int32_t>(shape);
            for (int32_t i = 0; i < 120; i++) {
                swapped.data()[i] = i;
            }
            const auto initial = swapped;
            swapped.swap_axes(axis_1, axis_2);

            auto before = initial.view();
            auto after = swapped.view();
            std::array<size_t, 4> index = {};
            for (size_t i = 0; i < 120; i++) {
                index = {i / 60, (i / 20) % 3, (i / 5) % 4, i % 5};
                const auto expected = before(index[0], index[1], index[2], index[3]);
                std::swap(index[axis_1], index[axis_2]);
                CHECK(after(index[0], index[1], index[2], index[3]) == expected);
            }
        }
    }
}

static void test_simple_array_dlpack() {
    auto array = std::make_unique<SimpleDataArray<double>>(
        std::vector<uintptr_t>{1, 2}, std::vector<double>{1, 2}
    );
    auto* tensor = array->as_dlpack(CPU, nullptr, {1, 0});
    CHECK(tensor->version.major == 1 && tensor->version.minor == 3);
    CHECK(tensor->flags == 0);
    CHECK(tensor->dl_tensor.ndim == 2 && tensor->dl_tensor.shape[1] == 2);
    CHECK(tensor->dl_tensor.data == array->data());

    // the tensor shares the data and keeps it alive
    static_cast<double*>(tensor->dl_tensor.data)[1] = 42;
    CHECK(array->data()[1] == 42);
    array->swap_axes(0, 1);
    array.reset();
    CHECK(static_cast<double*>(tensor->dl_tensor.data)[1] == 42);
    tensor->deleter(tensor);

    auto other = SimpleDataArray<bool>({}, true);
    CHECK_THROWS(other.as_dlpack(CUDA, nullptr, VERSION), "CPU");
    const int64_t stream = 0;
    CHECK_THROWS(other.as_dlpack(CPU, &stream, VERSION), "stream");
    CHECK_THROWS(other.as_dlpack(CPU, nullptr, {2, 7}), "v2.7");
    CHECK_THROWS(other.as_dlpack(CPU, nullptr, {0, 9}), "v1.3");

    tensor = other.as_dlpack({kDLCPU, 3}, nullptr, {1, 99});
    CHECK(tensor->dl_tensor.ndim == 0);
    CHECK(tensor->dl_tensor.shape == nullptr && tensor->dl_tensor.strides == nullptr);
    CHECK(tensor->dl_tensor.dtype.code == kDLBool);
    tensor->deleter(tensor);
}

static void test_simple_array_from_dlpack() {
    const auto array = SimpleDataArray<double>({1});

    TransposedTensor tensor;
    const auto imported = array.from_dlpack(tensor.get());
    CHECK(tensor.deleted == 1);
    const auto& integers = dynamic_cast<const SimpleDataArray<int32_t>&>(*imported);
    CHECK(integers == SimpleDataArray<int32_t>({2, 3}, {0, 1, 2, 3, 4, 5}));

    auto check_rejected = [&](auto change, const std::string& message) {
        TransposedTensor rejected;
        change(*rejected.get());
        CHECK_THROWS(array.from_dlpack(&rejected.tensor), message);
        CHECK(rejected.deleted == 1);
    };
    check_rejected([](auto& t) { t.version.major = 2; }, "v2.3");
    check_rejected([](auto& t) { t.dl_tensor.device = CUDA; }, "CPU");
    check_rejected([](auto& t) { t.dl_tensor.dtype.lanes = 2; }, "i32 with 2 lanes");
    check_rejected([](auto& t) { t.dl_tensor.dtype.bits = 128; }, "i128");
    check_rejected([](auto& t) { t.dl_tensor.dtype.code = kDLComplex; }, "complex32");
    check_rejected([](auto& t) { t.dl_tensor.data = nullptr; }, "no data");
    check_rejected([](auto& t) { t.dl_tensor.ndim = -1; }, "dimensions");
    check_rejected([](auto& t) { t.dl_tensor.shape[1] = -3; }, "negative size");
    CHECK_THROWS(array.from_dlpack(nullptr), "null");

    // tensors without deleter are allowed
    TransposedTensor no_deleter;
    no_deleter.get()->deleter = nullptr;
    CHECK(array.from_dlpack(&no_deleter.tensor)->shape() == std::vector<uintptr_t>({2, 3}));
}

static void test_simple_array_move_data() {
    auto input = SimpleDataArray<float>({2, 2, 3});
    for (int i = 0; i < 12; i++) {
        input.data()[i] = static_cast<float>(i);
    }
    auto output = SimpleDataArray<float>({3, 2, 2}, -1.0f);
    output.move_data(input, {{0, 2, 1, 0, 2}, {1, 0, 2, 1, 1}});
    CHECK(output == SimpleDataArray<float>({3, 2, 2}, {-1, 8, -1, 11, -1, -1, -1, -1, 1, 2, 4, 5}));

    const auto before = output;
    output.move_data(input, {});
    CHECK(output == before);

    CHECK_THROWS_AS(output.move_data(SimpleDataArray<double>({2, 2, 3}), {}), std::bad_cast);
    CHECK_THROWS_AS(output.move_data(EmptyDataArray<float>({2, 2, 3}), {}), std::bad_cast);

    // nothing is moved if one of the movements is invalid
    const mts_data_movement_t valid = {0, 0, 0, 0, 1};
    CHECK_THROWS(output.move_data(input, {valid, {2, 0, 0, 0, 1}}), "out of bounds");
    CHECK_THROWS(output.move_data(input, {valid, {0, 3, 0, 0, 1}}), "out of bounds");
    CHECK_THROWS(output.move_data(input, {valid, {0, 0, 2, 0, 2}}), "out of bounds");
    CHECK_THROWS(output.move_data(input, {valid, {0, 0, 0, 1, 2}}), "out of bounds");
    const auto huge = std::numeric_limits<uintptr_t>::max();
    CHECK_THROWS(output.move_data(input, {valid, {0, 0, 1, 0, huge}}), "out of bounds");
    CHECK_THROWS(output.move_data(SimpleDataArray<float>({2, 3, 3}), {valid}), "(2, 3, 3)");
    CHECK_THROWS(output.move_data(SimpleDataArray<float>({6, 2}), {valid}), "(6, 2)");
    CHECK(output == before);
}

static void test_from_mts_array() {
    auto array = make_array<double>({2}, {1, 2});
    const auto& const_array = array;
    CHECK(&SimpleDataArray<double>::from_mts_array(array) == array.as_mts_array_t().ptr);
    CHECK(&SimpleDataArray<double>::from_mts_array(const_array) == array.as_mts_array_t().ptr);
    CHECK_THROWS_AS(SimpleDataArray<float>::from_mts_array(array), std::bad_cast);

    auto empty = DataArrayBase::to_mts_array(
        std::make_unique<EmptyDataArray<double>>(std::vector<uintptr_t>{2})
    );
    CHECK_THROWS(SimpleDataArray<double>::from_mts_array(empty), "origin");
}

static void test_empty_array() {
    auto array = EmptyDataArray<>({2, 3});
    CHECK(details::same_dtype(array.dtype(), details::dtype_of<double>()));
    CHECK(array.device().device_type == kDLCPU);
    array.swap_axes(0, 1);
    CHECK(array.shape() == std::vector<uintptr_t>({3, 2}));
    array.reshape({6, 1});
    CHECK(array.shape() == std::vector<uintptr_t>({6, 1}));
    CHECK_THROWS(array.reshape({5}), "(6, 1)");
    CHECK_THROWS(array.swap_axes(2, 0), "axes 2 and 0");
    CHECK(array.copy(CPU)->shape() == array.shape());
    CHECK_THROWS(array.copy(CUDA), "CPU");
    CHECK(array.create({4}, MtsArray({}))->shape() == std::vector<uintptr_t>({4}));

    TransposedTensor tensor;
    CHECK_THROWS(array.from_dlpack(tensor.get()), "`from_dlpack` on an EmptyDataArray");
    CHECK(tensor.deleted == 1);
    CHECK_THROWS(array.as_dlpack(CPU, nullptr, VERSION), "`as_dlpack` on an EmptyDataArray");
    CHECK_THROWS(array.move_data(array, {}), "`move_data` on an EmptyDataArray");

    const auto created = details::create_empty_array({1, 2}, details::dtype_of<int16_t>());
    CHECK(details::same_dtype(created->dtype(), details::dtype_of<int16_t>()));
    CHECK_THROWS(details::create_empty_array({1}, {kDLFloat, 16, 1}), "f16");
}

static void test_default_create_array() {
    const std::vector<uintptr_t> shape = {2, 3};
    mts_array_t raw = {};
    auto status = details::default_create_array(shape.data(), 2, details::dtype_of<bool>(), &raw);
    CHECK(status == MTS_SUCCESS);
    auto array = MtsArray(raw);
    CHECK(SimpleDataArray<bool>::from_mts_array(array) == SimpleDataArray<bool>({2, 3}, false));

    raw = {};
    status = details::default_create_array(shape.data(), 2, {kDLFloat, 32, 2}, &raw);
    CHECK(status != MTS_SUCCESS);
    CHECK(raw.ptr == nullptr);
    CHECK_THROWS(details::check_status(status), "f32 with 2 lanes");
}

static void test_ndarray() {
    const std::vector<double> constant = {1, 2, 3, 4, 5, 6};
    auto read_only = NDArray<double>(constant.data(), {2, 3});
    CHECK(read_only.is_view() && read_only.is_contiguous());
    CHECK(read_only.strides() == std::vector<int64_t>({3, 1}));
    CHECK(std::as_const(read_only)(1, 2) == 6);
    CHECK_THROWS(read_only(0, 0), "read-only");
    CHECK_THROWS(read_only.data(), "read-only");
    CHECK(std::as_const(read_only).data() == constant.data());
    CHECK_THROWS(std::as_const(read_only)(1), "2");
    CHECK_THROWS(std::as_const(read_only)(1, 2, 3), "3");

    std::vector<double> data = constant;
    auto view = NDArray<double>(data.data(), {3, 2});
    view(2, 0) = 42;
    CHECK(data[4] == 42);

    auto owner = NDArray<double>({5.0, 6.0}, {1, 2});
    CHECK(!owner.is_view());
    CHECK(owner(0, 1) == 6.0);
    owner(0, 0) = 7.0;
    auto moved = std::move(owner);
    CHECK(moved(0, 0) == 7.0 && !moved.is_view());
    owner = std::move(moved);
    CHECK(owner(0, 0) == 7.0);
    CHECK(moved.shape().empty());
    CHECK_THROWS(moved(0), "empty");
    const auto empty = NDArray<double>();
    CHECK(empty.data() == nullptr && empty.shape().empty());
    CHECK_THROWS(empty(), "empty");

    auto booleans = NDArray<bool>({true, false, true}, {3});
    CHECK(booleans(2) && !booleans(1));

    double* null = nullptr;
    CHECK(NDArray<double>(null, {0, 3}).is_view());
    CHECK_THROWS(NDArray<double>(null, {1, 3}), "no data");
    CHECK_THROWS(NDArray<double>(data.data(), {}), "at least one dimension");
    CHECK_THROWS(NDArray<double>(std::vector<double>(2), {3}), "(3)");
}

static void test_dlpack_array() {
    TransposedTensor tensor;
    {
        auto array = DLPackArray<int32_t>(tensor.get());
        CHECK(array.shape() == std::vector<size_t>({2, 3}));
        CHECK(array.strides() == std::vector<int64_t>({1, 2}));
        CHECK(!array.is_contiguous());
        CHECK(array(0, 0) == 0 && array(0, 2) == 2 && array(1, 0) == 3);
        CHECK_THROWS(array(1), "2");
        CHECK(array.data() == tensor.data.data() + 1);
        CHECK(details::same_dtype(array.dtype(), details::dtype_of<int32_t>()));

        auto moved = std::move(array);
        CHECK(array.data() == nullptr && array.shape().empty());
        CHECK(moved(1, 1) == 4);
        array = std::move(moved);
        CHECK(array(1, 1) == 4);
        CHECK(tensor.deleted == 0);
    }
    CHECK(tensor.deleted == 1);

    CHECK_THROWS(DLPackArray<float>(tensor.get()), "dtype mismatch");
    CHECK(tensor.deleted == 2);
    CHECK_THROWS(DLPackArray<double>(tensor.get()), "i32");
    CHECK_THROWS(DLPackArray<double>(tensor.get()), "f64");

    auto booleans = SimpleDataArray<bool>({1}, true);
    CHECK_THROWS(DLPackArray<uint8_t>(booleans.as_dlpack(CPU, nullptr, VERSION)), "dtype mismatch");
    auto bytes = SimpleDataArray<uint8_t>({1});
    CHECK_THROWS(DLPackArray<bool>(bytes.as_dlpack(CPU, nullptr, VERSION)), "dtype mismatch");

    TransposedTensor future;
    future.get()->version = {2, 0};
    CHECK_THROWS(DLPackArray<int32_t>(&future.tensor), "v2.0");
    CHECK(future.deleted == 1);

    // strides of axes with one element do not matter
    TransposedTensor row;
    row.shape = {1, 3};
    row.strides = {-17, 1};
    CHECK(DLPackArray<int32_t>(row.get()).is_contiguous());
    row.get()->dl_tensor.strides = nullptr;
    const auto without_strides = DLPackArray<int32_t>(&row.tensor);
    CHECK(without_strides.strides() == std::vector<int64_t>({3, 1}));

    TransposedTensor device;
    device.get()->dl_tensor.device = CUDA;
    const auto on_device = DLPackArray<int32_t>(&device.tensor);
    CHECK(on_device.device().device_type == kDLCUDA);
    CHECK_THROWS(on_device(0, 0), "not on CPU");
    CHECK_THROWS(static_cast<void>(on_device == on_device), "not on CPU");

    const auto empty = DLPackArray<int32_t>(nullptr);
    CHECK(empty.data() == nullptr && empty.shape().empty());
    CHECK(empty.device().device_type == kDLCPU);
    CHECK_THROWS(empty.dtype(), "empty");
    CHECK_THROWS(empty(), "empty");
}

template <typename First, typename Second>
static void check_equal(const First& first, const Second& second, bool expected) {
    CHECK((first == second) == expected);
    CHECK((second == first) == expected);
    CHECK((first != second) == !expected);
    CHECK((second != first) == !expected);
}

static void test_comparison() {
    TransposedTensor first_tensor;
    TransposedTensor second_tensor;
    const auto dlpack = DLPackArray<int32_t>(first_tensor.get());
    const auto other_dlpack = DLPackArray<int32_t>(second_tensor.get());
    const auto simple = SimpleDataArray<int32_t>({2, 3}, {0, 1, 2, 3, 4, 5});
    const auto ndarray = NDArray<int32_t>({0, 1, 2, 3, 4, 5}, {2, 3});
    check_equal(dlpack, other_dlpack, true);
    check_equal(dlpack, simple, true);
    check_equal(dlpack, ndarray, true);
    check_equal(simple, simple, true);
    check_equal(simple, ndarray, true);
    check_equal(ndarray, ndarray, true);

    second_tensor.data[4] = 17;
    check_equal(dlpack, other_dlpack, false);
    check_equal(simple, other_dlpack, false);
    check_equal(ndarray, NDArray<int32_t>({0, 1, 2, 3, 4, 5}, {3, 2}), false);
    check_equal(simple, SimpleDataArray<int32_t>({6}, {0, 1, 2, 3, 4, 5}), false);

    const auto nan = SimpleDataArray<double>({1}, std::nan(""));
    check_equal(nan, nan, false);
    check_equal(SimpleDataArray<double>({1}, 0.0), NDArray<double>({-0.0}, {1}), true);

    const double* null = nullptr;
    check_equal(SimpleDataArray<double>({0, 2}), NDArray<double>(null, {0, 2}), true);
    check_equal(SimpleDataArray<double>({0, 2}), NDArray<double>(null, {0, 3}), false);
    check_equal(NDArray<double>(), NDArray<double>(), true);
    check_equal(NDArray<double>(), DLPackArray<double>(), true);
    check_equal(SimpleDataArray<double>({}), DLPackArray<double>(), false);

    // 2 and 1 are both stored for `true`
    const auto booleans = SimpleDataArray<bool>({2}, std::vector<uint8_t>{2, 0});
    check_equal(booleans, NDArray<bool>({true, false}, {2}), true);
}

int main() {
    test_dtypes();
    test_mts_array();
    test_empty_mts_array();
    test_simple_array();
    test_simple_array_axes();
    test_simple_array_dlpack();
    test_simple_array_from_dlpack();
    test_simple_array_move_data();
    test_from_mts_array();
    test_empty_array();
    test_default_create_array();
    test_ndarray();
    test_dlpack_array();
    test_comparison();
    return end_of_tests();
}
