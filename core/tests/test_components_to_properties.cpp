// Moving components to the properties
#include "objects.hpp"

static TensorPtr components_to_properties(const TensorPtr& tensor, const Names& names) {
    return TensorPtr(CHECK_NOT_NULL(
        mts_tensormap_components_to_properties(tensor.get(), c_strings(names).data(), names.size())
    ));
}

/// A block with three components, and a gradient with one more. The value of each element is made
/// of the digits of its indices: xyz (gradients only), sample, c1, c2, c3, property.
static TensorPtr example() {
    const LabelsPtr c1 = make_labels({"c1"}, {10, 11});
    const LabelsPtr c2 = make_labels({"c2"}, {20, 21, 22});
    const LabelsPtr c3 = make_labels({"c3"}, {30, 31});
    const LabelsPtr xyz = range("xyz", 3);
    const LabelsPtr p = make_labels({"p"}, {5, 4});

    auto digits = [](const std::vector<uintptr_t>& shape) {
        TestArray array = block_values(shape);
        for (size_t i = 0; i < array.data.size(); i++) {
            size_t remaining = i;
            double factor = 1;
            array.data[i] = 0;
            for (size_t axis = shape.size(); axis-- > 0;) {
                array.data[i] += factor * static_cast<double>(remaining % shape[axis]);
                remaining /= shape[axis];
                factor *= 10;
            }
        }
        return array;
    };

    const LabelsPtr samples = range("s", 2);
    BlockPtr block(CHECK_NOT_NULL(raw_block(
        digits({2, 2, 3, 2, 2}).to_c(), samples.get(), {c1.get(), c2.get(), c3.get()}, p.get()
    )));
    const LabelsPtr gradient_samples = make_labels({"sample"}, {0, 1});
    CHECK_SUCCESS(mts_block_add_gradient(
        block.get(),
        "g",
        raw_block(
            digits({2, 3, 2, 3, 2, 2}).to_c(),
            gradient_samples.get(),
            {xyz.get(), c1.get(), c2.get(), c3.get()},
            p.get()
        )
    ));
    const TensorPtr tensor = make_tensor(make_labels({"k"}, {3}), std::move(block));
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "z", "1"));
    CHECK_SUCCESS(mts_tensormap_set_info(tensor.get(), "a", "2"));
    return TensorPtr(CHECK_NOT_NULL(mts_tensormap_copy(tensor.get())));
}

/// The element at these indices
static double at(mts_block_t* block, const std::vector<uintptr_t>& indices) {
    const TestArray& array = data_of(block);
    CHECK_EQ(indices.size(), array.shape.size());
    size_t position = 0;
    for (size_t axis = 0; axis < indices.size(); axis++) {
        CHECK(indices[axis] < array.shape[axis]);
        position = position * array.shape[axis] + indices[axis];
    }
    return array.data[position];
}

static void test_first_component() {
    const TensorPtr tensor = example();
    const TensorPtr moved = components_to_properties(tensor, {"c1"});
    mts_block_t* block = block_of(moved, 0);
    CHECK_EQ(data_of(block).shape, std::vector<uintptr_t>({2, 3, 2, 4}));
    CHECK_EQ(names_of(labels_of(block, 1).get()), Names({"c2"}));
    CHECK_EQ(names_of(labels_of(block, 2).get()), Names({"c3"}));
    CHECK_EQ(names_of(labels_of(block, 3).get()), Names({"c1", "p"}));
    CHECK_EQ(values_of(labels_of(block, 3).get()), Values({10, 5, 10, 4, 11, 5, 11, 4}));
    for (uintptr_t s = 0; s < 2; s++) {
        for (uintptr_t c1 = 0; c1 < 2; c1++) {
            for (uintptr_t c2 = 0; c2 < 3; c2++) {
                for (uintptr_t c3 = 0; c3 < 2; c3++) {
                    for (uintptr_t p = 0; p < 2; p++) {
                        const auto expected =
                            static_cast<double>(10000 * s + 1000 * c1 + 100 * c2 + 10 * c3 + p);
                        CHECK_EQ(at(block, {s, c2, c3, c1 * 2 + p}), expected);
                    }
                }
            }
        }
    }

    mts_block_t* gradient = gradient_of(block, "g");
    CHECK_EQ(data_of(gradient).shape, std::vector<uintptr_t>({2, 3, 3, 2, 4}));
    CHECK_EQ(names_of(labels_of(gradient, 1).get()), Names({"xyz"}));
    CHECK_EQ(names_of(labels_of(gradient, 2).get()), Names({"c2"}));
    CHECK(labels_of(gradient, 4).get() == labels_of(block, 3).get());
    CHECK_EQ(at(gradient, {1, 2, 2, 1, 3}), 121211.0);
    CHECK_EQ(at(gradient, {0, 1, 2, 0, 1}), 10201.0);

    // information is in the same order, keys are shared, the original did not change
    const char* const* keys = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_tensormap_info_keys(moved.get(), &keys, &count));
    CHECK_EQ(Names(keys, keys + count), Names({"z", "a"}));
    CHECK(keys_of(moved).get() == keys_of(tensor).get());
    CHECK_EQ(data_of(block_of(tensor, 0)).shape, std::vector<uintptr_t>({2, 2, 3, 2, 2}));
}

static void test_several_components() {
    const TensorPtr moved = components_to_properties(example(), {"c2", "c1"});
    mts_block_t* block = block_of(moved, 0);
    CHECK_EQ(names_of(labels_of(block, 1).get()), Names({"c3"}));
    CHECK_EQ(names_of(labels_of(block, 2).get()), Names({"c1", "c2", "p"}));
    CHECK_EQ(data_of(block).shape, std::vector<uintptr_t>({2, 2, 12}));
    CHECK_EQ(at(block, {1, 1, (1 * 3 + 2) * 2 + 0}), 11210.0);
    CHECK_EQ(at(block, {0, 1, (0 * 3 + 1) * 2 + 1}), 111.0);

    const TensorPtr all = components_to_properties(example(), {"c3", "c2", "c1"});
    CHECK_EQ(names_of(labels_of(block_of(all, 0), 1).get()), Names({"c1", "c2", "c3", "p"}));
    CHECK_EQ(data_of(block_of(all, 0)).data, data_of(block_of(example(), 0)).data);
}

static void test_empty_tensor() {
    const LabelsPtr keys = make_labels({"k"}, {});
    const TensorPtr empty(CHECK_NOT_NULL(mts_tensormap(keys.get(), nullptr, 0)));
    components_to_properties(empty, {"anything"});
}

static void test_errors() {
    const TensorPtr tensor = example();
    auto run = [&](const Names& names) {
        return mts_tensormap_components_to_properties(
            tensor.get(), c_strings(names).data(), names.size()
        );
    };
    const char* const null_name[] = {nullptr};
    CHECK_NULL(run({"c4"}), "'c4'");
    CHECK_NULL(run({"c1", "c1"}), "'c1'");
    CHECK_NULL(run({"xyz"}), "'xyz'");
    CHECK_NULL(run({"\xff"}), "UTF-8");
    CHECK_NULL(mts_tensormap_components_to_properties(tensor.get(), null_name, 0), "at least one");
    CHECK_NULL(mts_tensormap_components_to_properties(tensor.get(), null_name, 1), "`dimensions`");
    CHECK_NULL(mts_tensormap_components_to_properties(tensor.get(), nullptr, 1), "`dimensions`");
    CHECK_NULL(mts_tensormap_components_to_properties(nullptr, null_name, 1), "`tensor`");

    for (const char* name : {"copy", "swap_axes", "reshape", "from_dlpack"}) {
        const int alive = TestArray::alive;
        for (int calls : {0, 1}) {
            TestArray::failing = name;
            TestArray::calls_before_failure = name == std::string("from_dlpack") ? 0 : calls;
            CHECK_NULL(run({"c1"}), "it did not work");
            TestArray::failing = "";
            CHECK_EQ(TestArray::alive.load(), alive);
        }
    }
}

static void test_clash_of_names() {
    const LabelsPtr s = range("s", 1);
    const LabelsPtr p = range("p", 1);
    const TensorPtr tensor = make_tensor(range("k", 1), make_block(s, {p.get()}, p));
    const char* const names[] = {"p"};
    CHECK_NULL(mts_tensormap_components_to_properties(tensor.get(), names, 1), "'p' twice");
}

/// The owner of an array can still change its shape
static void test_reshaped_array() {
    const TensorPtr tensor = example();
    const_cast<TestArray&>(data_of(block_of(tensor, 0))).shape = {48};
    const char* const names[] = {"c1"};
    CHECK_NULL(mts_tensormap_components_to_properties(tensor.get(), names, 1), "1 axes");
}

int main() {
    test_first_component();
    test_several_components();
    test_empty_tensor();
    test_errors();
    test_clash_of_names();
    test_reshaped_array();
    check_no_leak();
}
