// Tensor maps: creation, access, copy and information
#include "objects.hpp"

struct Parts {
    LabelsPtr keys = make_labels({"k"}, {4, 2});
    LabelsPtr samples = range("s", 3);
    LabelsPtr components = range("c", 2);
    LabelsPtr properties = range("p", 4);

    BlockPtr block(double start = 0) const {
        return make_block(samples, {components.get()}, properties, start);
    }
};

static std::string last_creation_error(const LabelsPtr& keys, BlockPtr first, BlockPtr second) {
    mts_block_t* blocks[] = {first.release(), second.release()};
    CHECK(mts_tensormap(keys.get(), blocks, 2) == nullptr);
    CHECK(check::starts_with(check::last_error_message(), "invalid parameter: "));
    CHECK(blocks[0] == nullptr && blocks[1] == nullptr);
    return check::last_error_message();
}

static void test_accessors() {
    const Parts parts;
    const TensorPtr tensor = make_tensor(parts.keys, parts.block(0), parts.block(100));
    CHECK_EQ(values_of(keys_of(tensor).get()), Values({4, 2}));
    CHECK(keys_of(tensor).get() == parts.keys.get());
    CHECK_EQ(data_of(block_of(tensor, 1)).data[0], 100.0);

    mts_block_t* block = nullptr;
    CHECK_INVALID(
        mts_tensormap_block_by_id(tensor.get(), &block, 2), "index 2 in a tensor map with 2 blocks"
    );
    CHECK_INVALID(mts_block_free(block_of(tensor, 0)), "tensor map");

    DLDevice device = {};
    DLDataType dtype = {};
    CHECK_SUCCESS(mts_tensormap_device(tensor.get(), &device));
    CHECK_SUCCESS(mts_tensormap_dtype(tensor.get(), &dtype));
    CHECK(device.device_type == kDLCPU && device.device_id == 0);
    CHECK(dtype.code == kDLFloat && dtype.bits == 64 && dtype.lanes == 1);
}

static void test_empty() {
    for (const Names& names : {Names({}), Names({"k"})}) {
        const LabelsPtr keys = make_labels(names, {});
        const TensorPtr tensor(CHECK_NOT_NULL(mts_tensormap(keys.get(), nullptr, 0)));
        DLDevice device = {};
        DLDataType dtype = {};
        CHECK_SUCCESS(mts_tensormap_device(tensor.get(), &device));
        CHECK_SUCCESS(mts_tensormap_dtype(tensor.get(), &dtype));
        CHECK(device.device_type == kDLCPU && dtype.code == kDLFloat && dtype.bits == 64);
        const TensorPtr copy(CHECK_NOT_NULL(mts_tensormap_copy(tensor.get())));
    }
}

static void test_ownership_of_blocks() {
    const Parts parts;
    const BlockPtr first = parts.block();
    const BlockPtr second = parts.block();

    // nothing is consumed
    mts_block_t* with_null[] = {first.get(), nullptr};
    CHECK_NULL(mts_tensormap(parts.keys.get(), with_null, 2), "`blocks`");
    CHECK(with_null[0] == first.get());
    mts_block_t* twice[] = {first.get(), first.get()};
    CHECK_NULL(mts_tensormap(parts.keys.get(), twice, 2), "more than once");
    CHECK(twice[0] == first.get());
    mts_block_t* blocks[] = {first.get(), second.get()};
    CHECK_NULL(mts_tensormap(nullptr, blocks, 2), "`keys`");
    CHECK_NULL(mts_tensormap(parts.keys.get(), nullptr, 2), "`blocks`");
    CHECK(blocks[0] == first.get());
    const TensorPtr tensor = make_tensor(parts.keys, parts.block(), parts.block());
    mts_block_t* views[] = {first.get(), block_of(tensor, 0)};
    CHECK_NULL(mts_tensormap(parts.keys.get(), views, 2), "already part of");
    CHECK(views[0] == first.get() && views[1] != nullptr);

    // all blocks are consumed
    mts_block_t* consumed[] = {parts.block().release()};
    CHECK_NULL(mts_tensormap(parts.keys.get(), consumed, 1), "each entry of the keys (2), got 1");
    CHECK(consumed[0] == nullptr);
}

static BlockPtr block_from(const TestArray& values, const Parts& parts) {
    return BlockPtr(CHECK_NOT_NULL(raw_block(
        values.to_c(), parts.samples.get(), {parts.components.get()}, parts.properties.get()
    )));
}

static void test_different_arrays() {
    const Parts parts;
    TestArray values = block_values({3, 2, 4});
    values.origin = "elsewhere";
    std::string error = last_creation_error(parts.keys, parts.block(), block_from(values, parts));
    CHECK(check::contains(error, "test array and elsewhere"));

    values = block_values({3, 2, 4});
    values.dtype = F32;
    error = last_creation_error(parts.keys, parts.block(), block_from(values, parts));
    CHECK(check::contains(error, "f64 and f32"));

    Parts cuda;
    cuda.samples = make_labels({"s"}, {0, 1, 2}, Layout::RowMajor, CUDA);
    cuda.components = make_labels({"c"}, {0, 1}, Layout::RowMajor, CUDA);
    cuda.properties = make_labels({"p"}, {0, 1, 2, 3}, Layout::RowMajor, CUDA);
    values = block_values({3, 2, 4});
    values.device = CUDA;
    error = last_creation_error(parts.keys, parts.block(), block_from(values, cuda));
    CHECK(check::contains(error, "CPU:0 and CUDA:0"));
    error = last_creation_error(parts.keys, block_from(values, cuda), block_from(values, cuda));
    CHECK(check::contains(error, "keys"));
    CHECK(check::contains(error, "CPU:0 and CUDA:0"));
}

static void test_different_names() {
    const Parts parts;
    const LabelsPtr other = range("other", 3);
    auto error = [&](BlockPtr second) {
        return last_creation_error(parts.keys, parts.block(), std::move(second));
    };
    CHECK(
        check::contains(
            error(make_block(other, {parts.components.get()}, parts.properties)),
            "samples, got (other) and (s)"
        )
    );
    CHECK(
        check::contains(
            error(make_block(parts.samples, {}, parts.properties)),
            "number of components, got 0 and 1"
        )
    );
    CHECK(
        check::contains(
            error(make_block(parts.samples, {other.get()}, parts.properties)),
            "components, got (other) and (c)"
        )
    );
    CHECK(
        check::contains(
            error(make_block(parts.samples, {parts.components.get()}, other)),
            "properties, got (other) and (p)"
        )
    );

    // values of labels can be different
    Parts different;
    different.samples = make_labels({"s"}, {7});
    different.components = make_labels({"c"}, {7});
    different.properties = make_labels({"p"}, {7});
    make_tensor(parts.keys, parts.block(), different.block());
}

/// Adds gradients with one more component, and these names for the samples
static BlockPtr with_gradients(
    const Parts& parts,
    const Names& parameters,
    const Names& samples = {"sample"},
    bool nested = false
) {
    BlockPtr block = parts.block();
    for (const std::string& parameter : parameters) {
        const LabelsPtr labels = make_labels(samples, Values(samples.size(), 0));
        const LabelsPtr xyz = range("xyz", 3);
        BlockPtr gradient =
            make_block(labels, {xyz.get(), parts.components.get()}, parts.properties);
        if (nested) {
            BlockPtr inner =
                make_block(labels, {xyz.get(), parts.components.get()}, parts.properties);
            CHECK_SUCCESS(mts_block_add_gradient(gradient.get(), "inner", inner.release()));
        }
        CHECK_SUCCESS(mts_block_add_gradient(block.get(), parameter.c_str(), gradient.release()));
    }
    return block;
}

static void test_different_gradients() {
    const Parts parts;
    auto error = [&](BlockPtr first, BlockPtr second) {
        return last_creation_error(parts.keys, std::move(first), std::move(second));
    };
    CHECK(
        check::contains(
            error(with_gradients(parts, {"a"}), parts.block()),
            "same gradients, got 0 and 1 gradients"
        )
    );
    CHECK(
        check::contains(
            error(with_gradients(parts, {"a", "b"}), with_gradients(parts, {"a", "c"})), "'b'"
        )
    );
    CHECK(
        check::contains(
            error(with_gradients(parts, {"a"}), with_gradients(parts, {"a"}, {"sample", "t"})),
            "samples of the gradient with respect to 'a', got (sample, t) and (sample)"
        )
    );
    CHECK(
        check::contains(
            error(with_gradients(parts, {"a"}, {"sample"}, true), with_gradients(parts, {"a"})),
            "same gradients of the gradient with respect to 'a', got 0 and 1 gradients"
        )
    );
    // the order does not matter
    make_tensor(parts.keys, with_gradients(parts, {"a", "b"}), with_gradients(parts, {"b", "a"}));
}

static void test_copy() {
    const Parts parts;
    const TensorPtr tensor = make_tensor(
        parts.keys, with_gradients(parts, {"b", "a"}), with_gradients(parts, {"a", "b"})
    );
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "z", "1"));
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "a", "2"));

    const TensorPtr copy(CHECK_NOT_NULL(mts_tensormap_copy(tensor.get())));
    CHECK(keys_of(copy).get() == parts.keys.get());
    CHECK_EQ(gradients_of(block_of(copy, 0)), Names({"b", "a"}));
    CHECK(&data_of(block_of(copy, 0)) != &data_of(block_of(tensor, 0)));
    CHECK_EQ(data_of(block_of(copy, 0)).data, data_of(block_of(tensor, 0)).data);
    const char* const* keys = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_tensormap_info_keys(copy.get(), &keys, &count));
    CHECK_EQ(Names(keys, keys + count), Names({"z", "a"}));

    const int alive = TestArray::alive;
    for (int calls = 0; calls < 6; calls++) {
        TestArray::failing = "copy";
        TestArray::calls_before_failure = calls;
        CHECK_NULL(mts_tensormap_copy(tensor.get()), "mts_array_t.copy: it did not work");
        CHECK_EQ(TestArray::alive.load(), alive);
    }
    TestArray::failing = "";
}

static void test_failing_callbacks() {
    const Parts parts;
    const int alive = TestArray::alive;
    for (const char* name : {"origin", "device", "dtype"}) {
        for (int calls : {0, 1}) {
            mts_block_t* blocks[] = {parts.block().release(), parts.block().release()};
            TestArray::failing = name;
            TestArray::calls_before_failure = calls;
            CHECK(mts_tensormap(parts.keys.get(), blocks, 2) == nullptr);
            CHECK(check::contains(check::last_error_message(), "it did not work"));
            TestArray::failing = "";
            CHECK(blocks[0] == nullptr && blocks[1] == nullptr);
            CHECK_EQ(TestArray::alive.load(), alive);
        }
    }
}

static void test_no_data() {
    TestArray values = block_values({1, 1});
    values.device = META;
    const LabelsPtr labels = assume_unique({"a"}, {0}, META);
    const LabelsPtr keys = assume_unique({"k"}, {0}, META);
    mts_block_t* block = raw_block(values.metadata_only(), labels.get(), {}, labels.get());
    const TensorPtr tensor(CHECK_NOT_NULL(mts_tensormap(keys.get(), &block, 1)));
    DLDevice device = {};
    CHECK_SUCCESS(mts_tensormap_device(tensor.get(), &device));
    CHECK_EQ(device.device_type, kDLExtDev);
    const TensorPtr copy(CHECK_NOT_NULL(mts_tensormap_copy(tensor.get())));
}

static std::string info(const TensorPtr& tensor, const char* key) {
    const char* value = "unchanged";
    CHECK_SUCCESS(mts_tensormap_get_info(tensor.get(), key, &value));
    return value == nullptr ? "(none)" : value;
}

static void test_info() {
    const Parts parts;
    const TensorPtr tensor = make_tensor(parts.keys, parts.block(), parts.block());
    const char* const* keys = nullptr;
    uintptr_t count = 12;
    CHECK_SUCCESS(mts_tensormap_info_keys(tensor.get(), &keys, &count));
    CHECK(keys == nullptr && count == 0);
    CHECK_EQ(info(tensor, "z"), "(none)");

    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "z", "first"));
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "", "empty \xff"));
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "\xc3\xa9", ""));
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "a", "other"));
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "z", "second"));
    CHECK_EQ(info(tensor, "z"), "second");
    CHECK_EQ(info(tensor, ""), "empty \xff");
    CHECK_EQ(info(tensor, "\xc3\xa9"), "");
    CHECK_SUCCESS(mts_tensormap_info_keys(tensor.get(), &keys, &count));
    CHECK_EQ(Names(keys, keys + count), Names({"z", "", "\xc3\xa9", "a"}));

    // other keys do not move values
    const char* value = nullptr;
    CHECK_SUCCESS(mts_tensormap_get_info(tensor.get(), "z", &value));
    for (int i = 0; i < 1000; i++) {
        CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), std::to_string(i).c_str(), "x"));
    }
    const char* again = nullptr;
    CHECK_SUCCESS(mts_tensormap_get_info(tensor.get(), "z", &again));
    CHECK(value == again);

    CHECK_INVALID(mts_tensormap_set_info(tensor.get(), "\xff", "x"), "UTF-8");
    CHECK_INVALID(mts_tensormap_get_info(tensor.get(), "\xff", &value), "UTF-8");
    CHECK_INVALID(mts_tensormap_set_info(nullptr, "a", "b"), "`tensor`");
    CHECK_INVALID(mts_tensormap_set_info(tensor.get(), nullptr, "b"), "`key`");
    CHECK_INVALID(mts_tensormap_set_info(tensor.get(), "a", nullptr), "`value`");
    CHECK_INVALID(mts_tensormap_get_info(nullptr, "a", &value), "`tensor`");
    CHECK_INVALID(mts_tensormap_get_info(tensor.get(), nullptr, &value), "`key`");
    CHECK_INVALID(mts_tensormap_get_info(tensor.get(), "a", nullptr), "`value`");
    CHECK_INVALID(mts_tensormap_info_keys(nullptr, &keys, &count), "`tensor`");
    CHECK_INVALID(mts_tensormap_info_keys(tensor.get(), nullptr, &count), "`keys`");
    CHECK_INVALID(mts_tensormap_info_keys(tensor.get(), &keys, nullptr), "`keys_count`");
}

static void test_null_arguments() {
    const Parts parts;
    const TensorPtr tensor = make_tensor(parts.keys, parts.block(), parts.block());
    mts_block_t* block = nullptr;
    DLDevice device = {};
    DLDataType dtype = {};
    CHECK_SUCCESS(mts_tensormap_free(nullptr));
    CHECK_NULL(mts_tensormap_copy(nullptr), "`tensor`");
    CHECK_NULL(mts_tensormap_keys(nullptr), "`tensor`");
    CHECK_INVALID(mts_tensormap_block_by_id(nullptr, &block, 0), "`tensor`");
    CHECK_INVALID(mts_tensormap_block_by_id(tensor.get(), nullptr, 0), "`block`");
    CHECK_INVALID(mts_tensormap_device(nullptr, &device), "`tensor`");
    CHECK_INVALID(mts_tensormap_device(tensor.get(), nullptr), "`device`");
    CHECK_INVALID(mts_tensormap_dtype(nullptr, &dtype), "`tensor`");
    CHECK_INVALID(mts_tensormap_dtype(tensor.get(), nullptr), "`dtype`");
}

int main() {
    test_accessors();
    test_empty();
    test_ownership_of_blocks();
    test_different_arrays();
    test_different_names();
    test_different_gradients();
    test_copy();
    test_failing_callbacks();
    test_no_data();
    test_info();
    test_null_arguments();
    check_no_leak();
}
