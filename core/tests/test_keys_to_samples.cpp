// Merging blocks along the samples
#include "objects.hpp"

static TensorPtr keys_to_samples(const TensorPtr& tensor, const Names& moved, bool sort = true) {
    const LabelsPtr names = make_labels(moved, {});
    return TensorPtr(CHECK_NOT_NULL(
        mts_tensormap_keys_to_samples(tensor.get(), names.get(), scalar(-1).to_c(), sort)
    ));
}

/// Two blocks with different samples and properties, and gradients
static TensorPtr example() {
    const LabelsPtr c = range("c", 2);
    const LabelsPtr p1 = make_labels({"p"}, {4, 2});
    const LabelsPtr p2 = make_labels({"p"}, {7, 4, 2, 3});
    BlockPtr first = make_block(make_labels({"s"}, {5, 3}), {c.get()}, p1);
    BlockPtr second = make_block(make_labels({"s"}, {3}), {c.get()}, p2, 100);

    const LabelsPtr g1 = make_labels({"sample", "atom"}, {1, 7, 0, 1});
    const LabelsPtr g2 = make_labels({"sample", "atom"}, {0, 7});
    BlockPtr gradient = make_block(g1, {c.get()}, p1, 1000);
    CHECK_SUCCESS(mts_block_add_gradient(first.get(), "g", gradient.release()));
    gradient = make_block(g2, {c.get()}, p2, 2000);
    CHECK_SUCCESS(mts_block_add_gradient(second.get(), "g", gradient.release()));

    return make_tensor(make_labels({"a", "b"}, {8, 0, 9, 0}), std::move(first), std::move(second));
}

static void test_merge() {
    const TensorPtr tensor = example();
    const int move_data = TestArray::calls("move_data");
    const TensorPtr merged = keys_to_samples(tensor, {"a"}, false);
    CHECK_EQ(TestArray::calls("move_data"), move_data + 4);

    CHECK_EQ(names_of(keys_of(merged).get()), Names({"b"}));
    CHECK_EQ(values_of(keys_of(merged).get()), Values({0}));
    mts_block_t* block = block_of(merged, 0);
    CHECK_EQ(names_of(labels_of(block, 0).get()), Names({"s", "a"}));
    CHECK_EQ(values_of(labels_of(block, 0).get()), Values({5, 8, 3, 8, 3, 9}));
    CHECK_EQ(values_of(labels_of(block, 2).get()), Values({4, 2, 7, 3}));
    CHECK_EQ(
        data_of(block).data,
        std::vector<double>({
            0, 1, -1, -1, 2,   3,   -1,  -1,  4,   5,   -1,  -1,
            6, 7, -1, -1, 101, 102, 100, 103, 105, 106, 104, 107,
        })
    );

    // samples of gradients are sorted in any case
    mts_block_t* gradient = gradient_of(block, "g");
    CHECK_EQ(values_of(labels_of(gradient, 0).get()), Values({0, 1, 1, 7, 2, 7}));
    CHECK_EQ(
        data_of(gradient).data,
        std::vector<double>({
            1004, 1005, -1, -1, 1006, 1007, -1,   -1,   1000, 1001, -1,   -1,
            1002, 1003, -1, -1, 2001, 2002, 2000, 2003, 2005, 2006, 2004, 2007,
        })
    );
}

static void test_sorted_samples() {
    const TensorPtr merged = keys_to_samples(example(), {"a"}, true);
    mts_block_t* block = block_of(merged, 0);
    CHECK_EQ(values_of(labels_of(block, 0).get()), Values({3, 8, 3, 9, 5, 8}));
    CHECK_EQ(data_of(block).data[0], 4.0);
    CHECK_EQ(data_of(block).data[8], 101.0);
    mts_block_t* gradient = gradient_of(block, "g");
    CHECK_EQ(values_of(labels_of(gradient, 0).get()), Values({0, 7, 1, 7, 2, 1}));
    CHECK_EQ(data_of(gradient).data[16], 1004.0);
}

static void test_all_keys() {
    const TensorPtr merged = keys_to_samples(example(), {"b", "a"});
    CHECK_EQ(names_of(keys_of(merged).get()), Names({"_"}));
    CHECK_EQ(values_of(keys_of(merged).get()), Values({0}));
    CHECK_EQ(names_of(labels_of(block_of(merged, 0), 0).get()), Names({"s", "b", "a"}));
}

static void test_same_properties_are_shared() {
    const LabelsPtr p = range("p", 3);
    const LabelsPtr same = range("p", 3);
    const TensorPtr tensor = make_tensor(
        make_labels({"a"}, {1, 2}),
        make_block(range("s", 1), {}, p),
        make_block(range("s", 2), {}, same, 10)
    );
    const TensorPtr merged = keys_to_samples(tensor, {"a"});
    CHECK(labels_of(block_of(merged, 0), 1).get() == p.get());
    CHECK_EQ(
        data_of(block_of(merged, 0)).data, std::vector<double>({0, 1, 2, 10, 11, 12, 13, 14, 15})
    );
}

static void test_errors() {
    const TensorPtr tensor = example();
    auto run = [](const mts_tensormap_t* tensor, const LabelsPtr& moved) {
        return mts_tensormap_keys_to_samples(tensor, moved.get(), scalar(0).to_c(), true);
    };
    CHECK_NULL(run(nullptr, make_labels({"a"}, {})), "`tensor`");
    CHECK_NULL(run(tensor.get(), nullptr), "`keys_to_move`");
    CHECK_NULL(run(tensor.get(), make_labels({"a"}, {8})), "got 1 entries");
    CHECK_NULL(run(tensor.get(), make_labels({"c"}, {})), "'c'");
    const LabelsPtr empty_keys = make_labels({"a"}, {});
    const TensorPtr empty(mts_tensormap(empty_keys.get(), nullptr, 0));
    CHECK_NULL(run(empty.get(), make_labels({"a"}, {8})), "empty tensor map");

    const LabelsPtr s = range("s", 1);
    const TensorPtr clash = make_tensor(make_labels({"s"}, {1}), make_block(s, {}, s));
    CHECK_NULL(run(clash.get(), make_labels({"s"}, {})), "'s'");
}

int main() {
    test_merge();
    test_sorted_samples();
    test_all_keys();
    test_same_properties_are_shared();
    test_errors();
    check_no_leak();
}
