// Creation of labels, and access to what they contain
#include <climits>
#include <string>

#include "objects.hpp"

static void test_accessors() {
    LabelsPtr labels = make_labels({"first", "_second_2"}, {1, 2, -3, 4, INT_MAX, INT_MIN});
    CHECK_EQ(names_of(labels.get()), Names({"first", "_second_2"}));
    CHECK_EQ(values_of(labels.get()), Values({1, 2, -3, 4, INT_MAX, INT_MIN}));
    CHECK_EQ(count_of(labels.get()), 3U);
    CHECK_EQ(origin_of(labels.get()), "test array");

    const int32_t* values = nullptr;
    uintptr_t count = 0;
    uintptr_t size = 0;
    CHECK_SUCCESS(mts_labels_values_cpu(labels.get(), &values, &count, &size));
    CHECK_EQ(count, 3U);
    CHECK_EQ(size, 2U);
    const int32_t* again = nullptr;
    CHECK_SUCCESS(mts_labels_values_cpu(labels.get(), &again, &count, &size));
    CHECK(values == again);
}

static void test_the_given_array_is_used() {
    const mts_array_t array = label_values(1, {3, 4}).to_c();
    const LabelsPtr labels(CHECK_NOT_NULL(raw_labels({"a"}, array)));
    // whatever was in the output is overwritten
    mts_array_t view = label_values(1, {3, 4}).to_c();
    const mts_array_t previous = view;
    CHECK_SUCCESS(mts_labels_values(labels.get(), &view));
    CHECK(view.ptr == array.ptr && view.destroy == nullptr && view.copy == array.copy);
    previous.destroy(previous.ptr);
}

static void test_names() {
    for (const char* name : {"", "1", "1a", "a b", "a-b", "a.b", " a", "\xc3\xa9"}) {
        CHECK_NULL(
            raw_labels({"a", name}, label_values(2, {1, 2}).to_c()), std::string("'") + name + "'"
        );
    }
    CHECK_NULL(raw_labels({"a", "\xff"}, label_values(2, {1, 2}).to_c()), "UTF-8");
    CHECK_NULL(raw_labels({"a", "b", "a"}, label_values(3, {1, 2, 3}).to_c()), "'a'");

    const char* const names[] = {"a", nullptr};
    CHECK_NULL(mts_labels(names, 2, label_values(2, {1, 2}).to_c()), "`dimensions`");
    CHECK_NULL(mts_labels(nullptr, 2, label_values(2, {1, 2}).to_c()), "`dimensions`");
    CHECK_NULL(mts_labels_assume_unique(nullptr, 2, label_values(2, {1, 2}).to_c()), "`names`");
}

static void test_shape_and_dtype() {
    TestArray array = label_values(2, {1, 2, 3, 4});
    CHECK_NULL(raw_labels({"a"}, array.to_c()), "(a) need values with 1 columns, got 2");
    array.shape = {4};
    CHECK_NULL(raw_labels({"a"}, array.to_c()), "2 axes");
    array.shape = {4, 1, 1};
    CHECK_NULL(raw_labels({"a"}, array.to_c()), "(4, 1, 1)");
    array.shape = {4, 1};
    array.dtype = F64;
    CHECK_NULL(raw_labels({"a"}, array.to_c()), "f64");

    // not checked without values
    array.shape = {0, 1};
    array.data = {};
    const LabelsPtr empty(CHECK_NOT_NULL(raw_labels({"a"}, array.to_c())));
    CHECK_EQ(count_of(empty.get()), 0U);
    CHECK_EQ(names_of(empty.get()), Names({"a"}));
}

static void test_data_that_does_not_match_the_shape() {
    // the shape of the array is one, that of the DLPack tensor another
    mts_array_t array = label_values(1, {1, 2, 3}).to_c();
    array.shape = [](const void*, const uintptr_t** shape, uintptr_t* count) {
        static const uintptr_t LARGER[] = {100, 1};
        *shape = LARGER;
        *count = 2;
        return MTS_SUCCESS;
    };
    CHECK_NULL(raw_labels({"a"}, array), "(100, 1)");
}

static void test_uniqueness() {
    CHECK_NULL(raw_labels({"a"}, label_values(1, {1, 2, 1}).to_c()), "[1]");
    CHECK_NULL(raw_labels({"a", "b"}, label_values(2, {0, 1, 0, 1}).to_c()), "[0, 1]");
    for (int32_t size = 1; size < 7; size++) {
        // values that are far from each other
        const Names names = letters(static_cast<size_t>(size));
        Values values;
        for (int32_t row = 0; row < 100; row++) {
            for (int32_t i = 0; i < size; i++) {
                values.push_back(
                    i + 1 == size ? (row * 7919 % 101) * 1000003 : (row % 3) * 123456789
                );
            }
        }
        const size_t columns = names.size();
        const LabelsPtr labels(
            CHECK_NOT_NULL(raw_labels(names, label_values(columns, values).to_c()))
        );
        CHECK_EQ(values_of(labels.get()), values);
        values.insert(values.end(), values.begin() + 30 * size, values.begin() + 31 * size);
        CHECK_NULL(raw_labels(names, label_values(columns, values).to_c()), "more than once");
    }

    const LabelsPtr labels = assume_unique({"a"}, {1, 1, 1});
    CHECK_EQ(values_of(labels.get()), Values({1, 1, 1}));
}

static void test_layouts() {
    const Values values = {5, 1, 3, 4, 0, 7, 8, 2, 9, 11, 10, -12};
    for (Layout layout :
         {Layout::RowMajor,
          Layout::NullStrides,
          Layout::ColumnMajor,
          Layout::Reversed,
          Layout::Offset,
          Layout::Unaligned}) {
        const LabelsPtr labels = make_labels({"a", "b", "c"}, values, layout);
        CHECK_EQ(values_of(labels.get()), values);
    }
    CHECK_EQ(
        values_of(make_labels({"a", "b"}, {4, 2}, Layout::StrangeUnitStrides).get()), Values({4, 2})
    );
    CHECK_EQ(
        values_of(make_labels({"a"}, {4, 2}, Layout::StrangeUnitStrides).get()), Values({4, 2})
    );

    TestArray array = label_values(1, {1, 2});
    array.layout = Layout::WrongVersion;
    CHECK_NULL(raw_labels({"a"}, array.to_c()), "DLPack version 2.7");
    CHECK_EQ(TestArray::exported.load(), 0);
}

static void test_no_dimensions() {
    TestArray array = label_values(1, {});
    array.shape = {3, 0};
    for (auto* create : {mts_labels, mts_labels_assume_unique}) {
        const LabelsPtr labels(CHECK_NOT_NULL(create(nullptr, 0, array.to_c())));
        CHECK_EQ(TestArray::alive.load(), 1); // only `array` itself
        CHECK_EQ(names_of(labels.get()), Names());
        CHECK_EQ(values_of(labels.get()), Values());
        CHECK_EQ(origin_of(labels.get()), "metatensor.Labels");
        CHECK_EQ(count_of(labels.get()), 0U);

        int64_t position = 0;
        const int32_t value = 0;
        CHECK_INVALID(
            mts_labels_position(labels.get(), &value, 0, &position), "without dimensions"
        );
        CHECK_NULL(create(nullptr, 0, label_values(1, {1}).to_c()), "(1, 1)");
        CHECK_NULL(create(nullptr, 0, scalar(1).to_c()), "must be empty");
    }
}

static void test_no_data() {
    TestArray array = label_values(1, {1, 2});
    array.device = META;
    CHECK_NULL(raw_labels({"a"}, array.to_c()), "ExtDev:0");

    const LabelsPtr labels(
        mts_labels_assume_unique(c_strings({"a"}).data(), 1, array.metadata_only())
    );
    CHECK_NOT_NULL(labels.get());
    CHECK_EQ(names_of(labels.get()), Names({"a"}));
    CHECK_EQ(count_of(labels.get()), 2U);

    const int32_t* values = nullptr;
    uintptr_t count = 0;
    uintptr_t size = 0;
    const int32_t value = 0;
    int64_t position = 0;
    CHECK_INVALID(mts_labels_values_cpu(labels.get(), &values, &count, &size), "ExtDev:0");
    CHECK_INVALID(mts_labels_position(labels.get(), &value, 1, &position), "ExtDev:0");

    array.shape = {0, 1};
    array.data = {};
    const LabelsPtr empty(CHECK_NOT_NULL(raw_labels({"a"}, array.to_c())));
}

static int64_t position(const LabelsPtr& labels, const Values& entry) {
    int64_t result = -42;
    CHECK_SUCCESS(mts_labels_position(labels.get(), entry.data(), entry.size(), &result));
    return result;
}

static void test_position() {
    const LabelsPtr small = make_labels({"a", "b"}, {4, 1, 2, 3, -1, 0});
    CHECK_EQ(position(small, {2, 3}), 1);
    CHECK_EQ(position(small, {-1, 0}), 2);
    CHECK_EQ(position(small, {3, 2}), -1);
    int64_t result = 0;
    const int32_t value = 4;
    CHECK_INVALID(mts_labels_position(small.get(), &value, 1, &result), "2 values");

    // dense and scattered values, sorted or not
    for (int32_t factor : {1, -1, 1000003}) {
        for (int32_t size = 1; size < 6; size++) {
            Values values;
            for (int32_t i = 0; i < 200; i++) {
                for (int32_t c = 0; c < size; c++) {
                    values.push_back(c == 0 ? factor * i : factor * (i % 7));
                }
            }
            const LabelsPtr labels = make_labels(letters(static_cast<size_t>(size)), values);
            for (int32_t i = 0; i < 200; i++) {
                Values entry(values.begin() + i * size, values.begin() + (i + 1) * size);
                CHECK_EQ(position(labels, entry), i);
                entry.back() += 100000;
                CHECK_EQ(position(labels, entry), -1);
                entry.back() = INT_MIN;
                CHECK_EQ(position(labels, entry), -1);
            }
        }
    }
}

/// Entries that are not unique, although they were supposed to be: other entries can be found
static void test_position_with_repeated_entries() {
    for (int32_t factor : {1, 1000003}) {
        Values values = {0, 0};
        for (int32_t i = 0; i < 100; i++) {
            values.push_back((100 - i) * factor);
        }
        const LabelsPtr labels = assume_unique({"a"}, values);
        CHECK_EQ(position(labels, {50 * factor}), 52);
        CHECK_EQ(position(labels, {0}), 0);
    }
}

static void test_clone() {
    LabelsPtr labels = make_labels({"a"}, {1, 2});
    const LabelsPtr clone(CHECK_NOT_NULL(mts_labels_clone(labels.get())));
    labels.reset();
    CHECK_EQ(values_of(clone.get()), Values({1, 2}));
    CHECK_SUCCESS(mts_labels_free(nullptr));
    CHECK_NULL(mts_labels_clone(nullptr), "`labels`");
}

static void test_failing_callbacks() {
    for (const char* name : {"shape", "device", "dtype", "as_dlpack"}) {
        TestArray::failing = name;
        const std::string expected = std::string("mts_array_t.") + name + ": it did not work";
        CHECK_NULL(raw_labels({"a"}, label_values(1, {3, 4}).to_c()), expected);
        CHECK_EQ(check::last_error_origin(), "test");
        CHECK_EQ(TestArray::alive.load(), 0);
    }
    // the data is not needed for this one
    const LabelsPtr labels = assume_unique({"a"}, {3, 4});
    int64_t result = 0;
    const int32_t value = 4;
    CHECK_STATUS(mts_labels_position(labels.get(), &value, 1, &result), MTS_CALLBACK_ERROR);
    TestArray::failing = "";
    CHECK_EQ(position(labels, {4}), 1);
}

static void test_null_arguments() {
    const LabelsPtr labels = make_labels({"a"}, {1});
    const char* const* names = nullptr;
    const int32_t* values = nullptr;
    uintptr_t count = 0;
    uintptr_t size = 0;
    int64_t result = 0;
    const int32_t value = 1;
    mts_array_t array = {};
    CHECK_INVALID(mts_labels_dimensions(nullptr, &names, &count), "`labels`");
    CHECK_INVALID(mts_labels_dimensions(labels.get(), nullptr, &count), "`names`");
    CHECK_INVALID(mts_labels_dimensions(labels.get(), &names, nullptr), "`count`");
    CHECK_INVALID(mts_labels_values(nullptr, &array), "`labels`");
    CHECK_INVALID(mts_labels_values(labels.get(), nullptr), "`array`");
    CHECK_INVALID(mts_labels_values_cpu(nullptr, &values, &count, &size), "`labels`");
    CHECK_INVALID(mts_labels_values_cpu(labels.get(), nullptr, &count, &size), "`values`");
    CHECK_INVALID(mts_labels_values_cpu(labels.get(), &values, nullptr, &size), "`count`");
    CHECK_INVALID(mts_labels_values_cpu(labels.get(), &values, &count, nullptr), "`size`");
    CHECK_INVALID(mts_labels_position(nullptr, &value, 1, &result), "`labels`");
    CHECK_INVALID(mts_labels_position(labels.get(), nullptr, 1, &result), "`values`");
    CHECK_INVALID(mts_labels_position(labels.get(), &value, 1, nullptr), "`result`");
}

/// Values that are changed behind the back of the library do not make it crash
static void test_modified_values() {
    struct Shared {
        Values values;
        std::vector<int64_t> shape;
        DLManagedTensorVersioned tensor = {};
        std::vector<uintptr_t> array_shape;
    };
    static Shared shared;
    shared.values.resize(2000);
    for (int32_t i = 0; i < 2000; i++) {
        shared.values[static_cast<size_t>(i)] = 2000 - i;
    }
    shared.shape = {1000, 2};
    shared.array_shape = {1000, 2};
    shared.tensor.version = {1, 0};
    shared.tensor.dl_tensor.data = shared.values.data();
    shared.tensor.dl_tensor.device = CPU;
    shared.tensor.dl_tensor.ndim = 2;
    shared.tensor.dl_tensor.dtype = I32;
    shared.tensor.dl_tensor.shape = shared.shape.data();

    mts_array_t array = label_values(1, {}).to_c();
    array.shape = [](const void*, const uintptr_t** shape, uintptr_t* count) {
        *shape = shared.array_shape.data();
        *count = 2;
        return MTS_SUCCESS;
    };
    array.device = [](const void*, DLDevice* device) {
        *device = CPU;
        return MTS_SUCCESS;
    };
    array.dtype = [](const void*, DLDataType* dtype) {
        *dtype = I32;
        return MTS_SUCCESS;
    };
    array.as_dlpack =
        [](void*, DLManagedTensorVersioned** tensor, DLDevice, const int64_t*, DLPackVersion) {
            *tensor = &shared.tensor; // without deleter
            return MTS_SUCCESS;
        };

    const LabelsPtr labels(CHECK_NOT_NULL(raw_labels({"a", "b"}, array)));
    CHECK_EQ(position(labels, {2000, 1999}), 0);
    CHECK(values_of(labels.get()) == shared.values);
    for (int32_t value : {0, -1, INT_MAX, 5}) {
        std::fill(shared.values.begin(), shared.values.end(), value);
        const int64_t found = position(labels, {value, value});
        CHECK(found >= -1 && found < 1000);
        const LabelsPtr other = make_labels({"a", "b"}, {value, value, 0, 17});
        const mts_labels_t* result = nullptr;
        CHECK_SUCCESS(mts_labels_union(labels.get(), other.get(), &result, nullptr, 0, nullptr, 0));
        CHECK_SUCCESS(mts_labels_free(result));
    }
}

int main() {
    test_accessors();
    test_the_given_array_is_used();
    test_names();
    test_shape_and_dtype();
    test_data_that_does_not_match_the_shape();
    test_uniqueness();
    test_layouts();
    test_no_dimensions();
    test_no_data();
    test_position();
    test_position_with_repeated_entries();
    test_clone();
    test_failing_callbacks();
    test_null_arguments();
    test_modified_values();
    check_no_leak();
}
