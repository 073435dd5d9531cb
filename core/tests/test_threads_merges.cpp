// Several threads that make new tensor maps from the same one at the same time
#include "objects.hpp"
#include "threads.hpp"

/// Entries of two dimensions which are not sorted, and not the same for all blocks
static LabelsPtr samples_of_block(int32_t block) {
    Values values;
    for (int32_t i = 30 + block; i > block; i--) {
        values.insert(values.end(), {i, -i});
    }
    return make_labels({"s", "t"}, values);
}

static TensorPtr make_input() {
    const LabelsPtr xyz = range("xyz", 3);
    std::vector<BlockPtr> blocks;
    for (int32_t i = 0; i < 4; i++) {
        BlockPtr block = make_block(samples_of_block(i), {xyz.get()}, range("p", 2), 1000 * i);
        BlockPtr gradient = make_block(
            make_labels({"sample", "atom"}, {3, 0, 5, i}), {xyz.get()}, range("p", 2), 7 * i
        );
        CHECK_SUCCESS(mts_block_add_gradient(block.get(), "g", gradient.release()));
        blocks.push_back(std::move(block));
    }
    return make_tensor(make_labels({"k", "l"}, {0, 0, 1, 0, 0, 1, 1, 1}), std::move(blocks));
}

/// Everything in a tensor map
struct Content {
    Values keys;
    std::vector<Values> labels;
    std::vector<std::vector<double>> values;

    bool operator==(const Content&) const = default;
};

static void add_block(Content& content, mts_block_t* block) {
    const TestArray& array = data_of(block);
    content.values.push_back(array.data);
    for (uintptr_t axis = 0; axis < array.shape.size(); axis++) {
        content.labels.push_back(values_of(labels_of(block, axis).get()));
    }
}

static Content content_of(mts_tensormap_t* raw_tensor) {
    const TensorPtr tensor(CHECK_NOT_NULL(raw_tensor));
    const LabelsPtr keys = keys_of(tensor);
    Content content;
    content.keys = values_of(keys.get());
    for (uintptr_t i = 0; i < count_of(keys.get()); i++) {
        add_block(content, block_of(tensor, i));
        add_block(content, gradient_of(block_of(tensor, i), "g"));
    }
    return content;
}

struct Results {
    Content to_properties;
    Content to_samples;
    Content components;
    Content copied;

    bool operator==(const Results&) const = default;
};

static Results make_all(const TensorPtr& tensor) {
    const LabelsPtr moved = make_labels({"l"}, {});
    const char* component = "xyz";
    return {
        content_of(
            mts_tensormap_keys_to_properties(tensor.get(), moved.get(), scalar(-1).to_c(), true)
        ),
        content_of(
            mts_tensormap_keys_to_samples(tensor.get(), moved.get(), scalar(-1).to_c(), true)
        ),
        content_of(mts_tensormap_components_to_properties(tensor.get(), &component, 1)),
        content_of(mts_tensormap_copy(tensor.get())),
    };
}

int main() {
    const Results expected = make_all(make_input());
    CHECK_EQ(expected.to_properties.keys, Values({0, 1}));
    CHECK_EQ(expected.components.labels[1].size(), size_t{2 * 3 * 2});

    for (int repetition = 0; repetition < 5; repetition++) {
        // the lookup tables of the labels are made by these threads
        const TensorPtr tensor = make_input();
        in_threads([&](int) { CHECK(make_all(tensor) == expected); });
    }
    check_no_leak();
}
