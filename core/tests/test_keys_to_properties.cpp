// Merging blocks along the properties
#include "objects.hpp"

static TensorPtr keys_to_properties(
    const TensorPtr& tensor, const LabelsPtr& moved, bool sort = true, double fill = -1
) {
    return TensorPtr(CHECK_NOT_NULL(
        mts_tensormap_keys_to_properties(tensor.get(), moved.get(), scalar(fill).to_c(), sort)
    ));
}

static LabelsPtr names_only(const Names& names) {
    return make_labels(names, {});
}

/// Two blocks with different samples and properties, and gradients
static TensorPtr example(const Names& key_names = {"a"}, const Values& keys = {0, 2}) {
    const LabelsPtr c = range("c", 2);
    const LabelsPtr p1 = make_labels({"p"}, {1, 2});
    const LabelsPtr p2 = make_labels({"p"}, {1, 3});
    BlockPtr first = make_block(make_labels({"s"}, {5, 3}), {c.get()}, p1);
    BlockPtr second = make_block(make_labels({"s"}, {3, 4}), {c.get()}, p2, 100);

    const LabelsPtr g1 = make_labels({"sample", "atom"}, {1, 7, 0, 1});
    const LabelsPtr g2 = make_labels({"sample", "atom"}, {0, 7, 0, 2, 1, 0});
    BlockPtr gradient = make_block(g1, {c.get()}, p1, 1000);
    CHECK_SUCCESS(mts_block_add_gradient(first.get(), "g", gradient.release()));
    gradient = make_block(g2, {c.get()}, p2, 2000);
    CHECK_SUCCESS(mts_block_add_gradient(second.get(), "g", gradient.release()));

    return make_tensor(make_labels(key_names, keys), std::move(first), std::move(second));
}

static void test_without_entries() {
    const TensorPtr tensor = example();
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "z", "1"));
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "b", "2"));
    const TensorPtr merged = keys_to_properties(tensor, names_only({"a"}), false);

    CHECK_EQ(names_of(keys_of(merged).get()), Names({"_"}));
    CHECK_EQ(values_of(keys_of(merged).get()), Values({0}));
    mts_block_t* block = block_of(merged, 0);
    CHECK_EQ(values_of(labels_of(block, 0).get()), Values({5, 3, 4}));
    CHECK_EQ(names_of(labels_of(block, 2).get()), Names({"a", "p"}));
    CHECK_EQ(values_of(labels_of(block, 2).get()), Values({0, 1, 0, 2, 2, 1, 2, 3}));
    CHECK_EQ(
        data_of(block).data,
        std::vector<double>({
            0, 1, -1,  -1,  2,  3,  -1,  -1,  4,  5,  100, 101,
            6, 7, 102, 103, -1, -1, 104, 105, -1, -1, 106, 107,
        })
    );

    mts_block_t* gradient = gradient_of(block, "g");
    CHECK_EQ(names_of(labels_of(gradient, 0).get()), Names({"sample", "atom"}));
    CHECK_EQ(values_of(labels_of(gradient, 0).get()), Values({0, 1, 1, 2, 1, 7, 2, 0}));
    CHECK_EQ(
        data_of(gradient).data,
        std::vector<double>({
            1004, 1005, -1,   -1,   1006, 1007, -1,   -1,   -1, -1, 2004, 2005, -1, -1, 2006, 2007,
            1000, 1001, 2000, 2001, 1002, 1003, 2002, 2003, -1, -1, 2008, 2009, -1, -1, 2010, 2011,
        })
    );

    const char* const* keys = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_tensormap_info_keys(merged.get(), &keys, &count));
    CHECK_EQ(Names(keys, keys + count), Names({"b", "z"}));
}

static void test_sorted_samples() {
    const TensorPtr merged = keys_to_properties(example(), names_only({"a"}), true);
    mts_block_t* block = block_of(merged, 0);
    CHECK_EQ(values_of(labels_of(block, 0).get()), Values({3, 4, 5}));
    CHECK_EQ(data_of(block).data[0], 4.0);
    mts_block_t* gradient = gradient_of(block, "g");
    CHECK_EQ(values_of(labels_of(gradient, 0).get()), Values({0, 2, 0, 7, 1, 0, 2, 1}));
}

static void test_with_entries() {
    const LabelsPtr samples_1 = make_labels({"s"}, {0, 1});
    const LabelsPtr samples_2 = make_labels({"s"}, {1, 2});
    const LabelsPtr p = make_labels({"p"}, {1, 2});
    const TensorPtr tensor = make_tensor(
        make_labels({"a"}, {1, 2}), make_block(samples_1, {}, p), make_block(samples_2, {}, p, 10)
    );
    const TensorPtr merged = keys_to_properties(tensor, make_labels({"a"}, {2, 3}));
    mts_block_t* block = block_of(merged, 0);
    // blocks that are not requested still have samples
    CHECK_EQ(values_of(labels_of(block, 0).get()), Values({0, 1, 2}));
    CHECK_EQ(values_of(labels_of(block, 1).get()), Values({2, 1, 2, 2, 3, 1, 3, 2}));
    CHECK_EQ(
        data_of(block).data, std::vector<double>({-1, -1, -1, -1, 10, 11, -1, -1, 12, 13, -1, -1})
    );

    CHECK_NULL(
        mts_tensormap_keys_to_properties(
            example().get(), make_labels({"a"}, {0}).get(), scalar(0).to_c(), true
        ),
        "different properties"
    );
}

static void test_groups() {
    const LabelsPtr s = range("s", 1);
    const LabelsPtr p = range("p", 1);
    std::vector<BlockPtr> blocks;
    for (int i = 0; i < 5; i++) {
        blocks.push_back(make_block(s, {}, p, i));
    }
    const LabelsPtr keys =
        make_labels({"a", "b", "c"}, {1, 0, 7, 0, 1, 8, 1, 1, 9, 0, 0, 7, 1, 0, 8});
    const TensorPtr tensor = make_tensor(keys, std::move(blocks));

    // remaining keys are in order of first occurrence, properties in the order of the moved names
    TensorPtr merged = keys_to_properties(tensor, names_only({"c", "b"}));
    CHECK_EQ(names_of(keys_of(merged).get()), Names({"a"}));
    CHECK_EQ(values_of(keys_of(merged).get()), Values({1, 0}));
    CHECK_EQ(names_of(labels_of(block_of(merged, 0), 1).get()), Names({"c", "b", "p"}));
    CHECK_EQ(
        values_of(labels_of(block_of(merged, 0), 1).get()), Values({7, 0, 0, 9, 1, 0, 8, 0, 0})
    );
    CHECK_EQ(data_of(block_of(merged, 0)).data, std::vector<double>({0, 2, 4}));
    CHECK_EQ(data_of(block_of(merged, 1)).data, std::vector<double>({1, 3}));

    // nothing to move: all blocks stay
    merged = keys_to_properties(tensor, names_only({}));
    CHECK_EQ(values_of(keys_of(merged).get()), values_of(keys.get()));
    CHECK_EQ(names_of(labels_of(block_of(merged, 3), 1).get()), Names({"p"}));
    CHECK_EQ(data_of(block_of(merged, 3)).data, std::vector<double>({3}));
}

static void test_no_properties() {
    const LabelsPtr none = make_labels({"p"}, {});
    const LabelsPtr one = make_labels({"p"}, {5});
    const TensorPtr tensor = make_tensor(
        make_labels({"a"}, {1, 2}),
        make_block(make_labels({"s"}, {0, 1}), {}, none),
        make_block(make_labels({"s"}, {1, 2}), {}, one)
    );
    const TensorPtr merged = keys_to_properties(tensor, names_only({"a"}));
    CHECK_EQ(values_of(labels_of(block_of(merged, 0), 0).get()), Values({0, 1, 2}));
    CHECK_EQ(values_of(labels_of(block_of(merged, 0), 1).get()), Values({2, 5}));
    CHECK_EQ(data_of(block_of(merged, 0)).data, std::vector<double>({-1, 0, 1}));
}

static void test_calls() {
    const TensorPtr tensor = example();
    const int create = TestArray::calls("create");
    const int move_data = TestArray::calls("move_data");
    const int copy = TestArray::calls("copy");
    keys_to_properties(tensor, names_only({"a"}));
    CHECK_EQ(TestArray::calls("create"), create + 2);
    CHECK_EQ(TestArray::calls("move_data"), move_data + 4);
    CHECK_EQ(TestArray::calls("copy"), copy);
}

static void test_backend() {
    const TensorPtr merged = keys_to_properties(example(), names_only({"a"}));
    mts_block_t* block = block_of(merged, 0);
    CHECK_EQ(origin_of(keys_of(merged).get()), "test array");
    CHECK_EQ(origin_of(labels_of(block, 0).get()), "test array");
    CHECK_EQ(origin_of(labels_of(block, 2).get()), "test array");
    mts_array_t data = {};
    CHECK_SUCCESS(mts_block_data(block, &data));
    CHECK_EQ(origin_of(data), "test array");
}

static void test_fill_value() {
    const TensorPtr tensor = example();
    const LabelsPtr moved = names_only({"a"});
    auto run = [&](const TestArray& fill_value) {
        return mts_tensormap_keys_to_properties(tensor.get(), moved.get(), fill_value.to_c(), true);
    };
    CHECK_NULL(run(scalar(0, F32)), "f32 and f64");
    CHECK_NULL(run(block_values({1})), "(1)");
    TestArray cuda = scalar(0);
    cuda.device = CUDA;
    CHECK_NULL(run(cuda), "CUDA:0");
    TestArray other = scalar(0);
    other.origin = "elsewhere";
    TensorPtr(CHECK_NOT_NULL(run(other)));
    CHECK_NULL(
        mts_tensormap_keys_to_properties(tensor.get(), moved.get(), mts_array_t{}, true), "is NULL"
    );
}

static void test_errors() {
    const TensorPtr tensor = example();
    const LabelsPtr moved = names_only({"a"});
    auto run = [&](const mts_tensormap_t* tensor, const LabelsPtr& moved) {
        return mts_tensormap_keys_to_properties(tensor, moved.get(), scalar(0).to_c(), true);
    };
    CHECK_NULL(run(nullptr, moved), "`tensor`");
    CHECK_NULL(run(tensor.get(), nullptr), "`keys_to_move`");
    CHECK_NULL(run(tensor.get(), names_only({"b"})), "'b'");
    const LabelsPtr empty_keys = make_labels({"a"}, {});
    const TensorPtr empty(mts_tensormap(empty_keys.get(), nullptr, 0));
    CHECK_NULL(run(empty.get(), moved), "empty tensor map");
    CHECK_NULL(run(example({"p"}).get(), names_only({"p"})), "'p'");

    const LabelsPtr s = range("s", 1);
    const LabelsPtr c1 = make_labels({"c"}, {1});
    const LabelsPtr c2 = make_labels({"c"}, {2});
    const TensorPtr components = make_tensor(
        make_labels({"a"}, {1, 2}), make_block(s, {c1.get()}, s), make_block(s, {c2.get()}, s)
    );
    CHECK_NULL(run(components.get(), moved), "components_to_properties");

    auto with_gradient = [&](const LabelsPtr& component, bool nested) {
        const LabelsPtr samples = make_labels({"sample"}, {0});
        BlockPtr block = make_block(s, {}, s);
        BlockPtr gradient = make_block(samples, {component.get()}, s);
        if (nested) {
            BlockPtr inner = make_block(samples, {component.get()}, s);
            CHECK_SUCCESS(mts_block_add_gradient(gradient.get(), "inner", inner.release()));
        }
        CHECK_SUCCESS(mts_block_add_gradient(block.get(), "g", gradient.release()));
        return block;
    };
    const TensorPtr gradients =
        make_tensor(make_labels({"a"}, {1, 2}), with_gradient(c1, false), with_gradient(c2, false));
    CHECK_NULL(run(gradients.get(), moved), "gradients with respect to 'g'");
    const TensorPtr nested =
        make_tensor(make_labels({"a"}, {1, 2}), with_gradient(c1, true), with_gradient(c1, true));
    CHECK_NULL(run(nested.get(), moved), "gradients of gradients");

    TestArray values = block_values({1, 1});
    values.device = META;
    const LabelsPtr meta = assume_unique({"x"}, {0}, META);
    const LabelsPtr meta_keys = assume_unique({"a"}, {0}, META);
    mts_block_t* meta_block = raw_block(values.to_c(), meta.get(), {}, meta.get());
    const TensorPtr meta_tensor(CHECK_NOT_NULL(mts_tensormap(meta_keys.get(), &meta_block, 1)));
    CHECK_NULL(run(meta_tensor.get(), moved), "ExtDev:0");
}

/// Blocks of a tensor map can get other gradients after its creation
static void test_gradients_added_later() {
    const LabelsPtr s = range("s", 2);
    const LabelsPtr p = range("p", 1);
    auto add =
        [&](const TensorPtr& tensor, uintptr_t block, const Names& names, const Values& values) {
            const LabelsPtr samples = make_labels(names, values);
            BlockPtr gradient = make_block(samples, {}, p);
            CHECK_SUCCESS(mts_block_add_gradient(block_of(tensor, block), "g", gradient.release()));
        };
    const LabelsPtr keys = make_labels({"a"}, {1, 2});
    const LabelsPtr moved = names_only({"a"});
    auto error = [&](const TensorPtr& tensor) {
        CHECK_NULL(
            mts_tensormap_keys_to_properties(tensor.get(), moved.get(), scalar(0).to_c(), true),
            "gradients"
        );
    };

    TensorPtr tensor = make_tensor(keys, make_block(s, {}, p), make_block(s, {}, p));
    add(tensor, 0, {"sample"}, {0});
    error(tensor);
    add(tensor, 1, {"sample", "other"}, {0, 0});
    error(tensor);

    tensor = make_tensor(keys, make_block(s, {}, p), make_block(s, {}, p));
    add(tensor, 1, {"sample"}, {0});
    error(tensor);
}

static void test_failing_callbacks() {
    const TensorPtr tensor = example();
    const LabelsPtr moved = names_only({"a"});
    for (const char* name :
         {"create", "move_data", "from_dlpack", "dtype", "device", "shape", "origin"}) {
        bool worked = false;
        for (int calls = 0; !worked; calls++) {
            const int alive = TestArray::alive;
            const mts_array_t fill_value = scalar(0).to_c();
            TestArray::failing = name;
            TestArray::calls_before_failure = calls;
            const TensorPtr merged(
                mts_tensormap_keys_to_properties(tensor.get(), moved.get(), fill_value, true)
            );
            TestArray::failing = "";
            worked = merged != nullptr;
            if (!worked) {
                CHECK(check::contains(check::last_error_message(), "it did not work"));
                CHECK_EQ(check::last_error_origin(), "test");
                CHECK_EQ(TestArray::alive.load(), alive);
            }
            CHECK(calls < 100);
        }
    }
}

int main() {
    test_without_entries();
    test_sorted_samples();
    test_with_entries();
    test_groups();
    test_no_properties();
    test_calls();
    test_backend();
    test_fill_value();
    test_errors();
    test_gradients_added_later();
    test_failing_callbacks();
    check_no_leak();
}
