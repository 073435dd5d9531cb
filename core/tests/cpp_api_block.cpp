// The class TensorBlock.

#include "cpp_api.hpp"
#include "custom_array.hpp"

using namespace metatensor;

static TensorBlock example_block() {
    return make_block(
        Labels({"system", "atom"}, {{0, 0}, {0, 1}}),
        {Labels({"xyz"}, {{0}, {1}, {2}})},
        Labels({"n"}, {{5}, {3}})
    );
}

static TensorBlock example_gradient() {
    return make_block(
        Labels({"sample", "other"}, {{0, -1}, {1, 3}, {1, -2}}),
        {Labels({"direction"}, {{0}, {1}}), Labels({"xyz"}, {{0}, {1}, {2}})},
        Labels({"n"}, {{5}, {3}}),
        100
    );
}

static void test_accessors() {
    auto block = example_block();
    CHECK(!block.is_view());
    CHECK(block.values_shape() == std::vector<uintptr_t>({2, 3, 2}));
    CHECK(block.samples() == Labels({"system", "atom"}, {{0, 0}, {0, 1}}));
    CHECK(block.components().size() == 1);
    CHECK(block.components()[0] == Labels({"xyz"}, {{0}, {1}, {2}}));
    CHECK(block.properties() == Labels({"n"}, {{5}, {3}}));
    CHECK(block.labels(0) == block.samples());
    CHECK(block.labels(1) == block.components()[0]);
    CHECK(block.labels(2) == block.properties());
    CHECK_THROWS(block.labels(3), "3");
    CHECK(block.device().device_type == kDLCPU);
    CHECK(details::same_dtype(block.dtype(), details::dtype_of<double>()));
    CHECK(block.gradients_list().empty());

    auto values = block.values();
    CHECK(values.shape() == std::vector<size_t>({2, 3, 2}));
    CHECK(values(1, 2, 0) == 10);
    CHECK_THROWS(block.values<float>(), "dtype mismatch");
    CHECK_THROWS(block.values({kDLCUDA, 0}), "CPU");

    // the array is the one of the block
    auto array = block.mts_array();
    CHECK(array.as_mts_array_t().destroy == nullptr);
    SimpleDataArray<double>::from_mts_array(array).data()[0] = 42;
    const auto changed = block.values();
    CHECK(changed(0, 0, 0) == 42);
}

static void test_no_components() {
    auto values = std::make_unique<SimpleDataArray<int64_t>>(std::vector<uintptr_t>{0, 1}, 3);
    auto block = TensorBlock(std::move(values), Labels({"s"}), {}, Labels({"p"}, {{0}}));
    CHECK(block.components().empty());
    CHECK(block.values_shape() == std::vector<uintptr_t>({0, 1}));
    CHECK(block.properties().count() == 1);
    CHECK(details::same_dtype(block.dtype(), details::dtype_of<int64_t>()));
}

static void test_invalid() {
    const auto samples = Labels({"s"}, {{0}, {1}});
    const auto properties = Labels({"p"}, {{0}});
    auto make = [&](std::vector<uintptr_t> shape, const std::vector<Labels>& components) {
        auto values = std::make_unique<CustomArray>(std::move(shape));
        return TensorBlock(std::move(values), samples, components, properties);
    };
    CHECK_THROWS(make({2, 3}, {}), "");
    CHECK_THROWS(make({1, 1}, {}), "");
    CHECK_THROWS(make({2, 1}, {properties}), "");
    CHECK_THROWS(TensorBlock(nullptr, samples, {}, properties), "null pointer");

    auto released = properties;
    const auto moved = std::move(released);
    auto values = std::make_unique<CustomArray>(std::vector<uintptr_t>{2, 1});
    CHECK_THROWS(TensorBlock(std::move(values), samples, {}, released), "released");

    // the values are consumed in all cases
    CHECK(CustomArray::live_count == 0);
}

static void test_gradients() {
    auto block = example_block();
    block.add_gradient("second", example_gradient());
    block.add_gradient("first", example_gradient());
    CHECK(block.gradients_list() == std::vector<std::string>({"second", "first"}));

    auto gradient = block.gradient("first");
    CHECK(gradient.is_view());
    CHECK(gradient.samples() == Labels({"sample", "other"}, {{0, -1}, {1, 3}, {1, -2}}));
    CHECK(gradient.values_shape() == std::vector<uintptr_t>({3, 2, 3, 2}));
    auto gradient_array = gradient.mts_array();
    SimpleDataArray<double>::from_mts_array(gradient_array).data()[0] = -1;
    const auto values = std::as_const(block).gradient("first").values();
    CHECK(values(0, 0, 0, 0) == -1);
    CHECK_THROWS(block.gradient("nothing"), "nothing");

    CHECK_THROWS(gradient.add_gradient("third", example_gradient()), "view");
    CHECK_THROWS(block.add_gradient("third", block.gradient("first")), "view");
    CHECK_THROWS(block.add_gradient("first", example_gradient()), "first");

    // gradients are consumed, even if they are rejected
    auto rejected = example_block();
    CHECK_THROWS(block.add_gradient("third", std::move(rejected)), "");
    CHECK(rejected.is_view());
    CHECK_THROWS(rejected.samples(), "released");

    auto on_view = example_gradient();
    CHECK_THROWS(gradient.add_gradient("third", std::move(on_view)), "view");
    CHECK_THROWS(on_view.samples(), "released");
    CHECK(block.gradients_list().size() == 2);
}

static void test_clone() {
    {
        auto block = TensorBlock(
            std::make_unique<CustomArray>(std::vector<uintptr_t>{2, 1}, 3.5),
            Labels({"s"}, {{0}, {1}}),
            {},
            Labels({"p"}, {{0}})
        );
        block.add_gradient(
            "g",
            TensorBlock(
                std::make_unique<CustomArray>(std::vector<uintptr_t>{1, 1}, 4.5),
                Labels({"sample"}, {{1}}),
                {},
                Labels({"p"}, {{0}})
            )
        );
        auto clone = block.gradient("g").clone();
        CHECK(!clone.is_view());
        CHECK(CustomArray::live_count == 3);

        clone = block.clone();
        CHECK(CustomArray::live_count == 4);
        CHECK(clone.samples().as_mts_labels_t() == block.samples().as_mts_labels_t());
        CHECK(clone.mts_array().as_mts_array_t().ptr != block.mts_array().as_mts_array_t().ptr);
        CHECK(clone.values() == SimpleDataArray<double>({2, 1}, 3.5));
        CHECK(clone.gradient("g").values() == SimpleDataArray<double>({1, 1}, 4.5));
    }
    CHECK(CustomArray::live_count == 0);
}

static void test_clone_metadata_only() {
    auto block = TensorBlock(
        std::make_unique<SimpleDataArray<float>>(std::vector<uintptr_t>{1, 1}),
        Labels({"s"}, {{0}}),
        {},
        Labels({"p"}, {{0}})
    );
    for (const auto* parameter : {"z", "a"}) {
        auto values = std::make_unique<SimpleDataArray<float>>(std::vector<uintptr_t>{1, 2, 1});
        auto gradient = TensorBlock(
            std::move(values),
            Labels({"sample"}, {{0}}),
            {Labels({"d"}, {{0}, {1}})},
            Labels({"p"}, {{0}})
        );
        block.add_gradient(parameter, std::move(gradient));
    }

    auto clone = block.clone_metadata_only();
    CHECK(!clone.is_view());
    CHECK(clone.values_shape() == block.values_shape());
    CHECK(details::same_dtype(clone.dtype(), details::dtype_of<float>()));
    CHECK(clone.samples() == block.samples());
    CHECK(clone.gradients_list() == std::vector<std::string>({"z", "a"}));
    CHECK(clone.gradient("a").components()[0] == Labels({"d"}, {{0}, {1}}));
    CHECK(details::same_dtype(clone.gradient("a").dtype(), details::dtype_of<float>()));
    CHECK_THROWS(clone.values<float>(), "EmptyDataArray");
}

static void test_ownership() {
    auto block = example_block();
    auto moved = std::move(block);
    CHECK(!moved.is_view());

    auto* pointer = moved.release();
    auto view = TensorBlock::unsafe_view_from_ptr(pointer);
    CHECK(view.is_view());
    CHECK_THROWS(view.release(), "TensorBlock::release");
    auto owner = TensorBlock::unsafe_from_ptr(pointer);
    CHECK(!owner.is_view());
    CHECK(owner.as_mts_block_t() == pointer);
    CHECK(std::as_const(owner).as_mts_block_t() == pointer);

    for (auto* empty : {&block, &moved}) {
        CHECK(empty->is_view());
        CHECK_THROWS(empty->as_mts_block_t(), "released");
        CHECK_THROWS(empty->release(), "released");
        CHECK_THROWS(empty->samples(), "moved into");
        CHECK_THROWS(empty->values(), "released");
        CHECK_THROWS(empty->clone(), "released");
        CHECK_THROWS(empty->gradient("g"), "released");
        CHECK_THROWS(empty->add_gradient("g", example_gradient()), "released");
        CHECK_THROWS(empty->save_buffer(), "released");
    }

    moved = std::move(owner);
    CHECK(moved.samples().count() == 2);
    view = TensorBlock::unsafe_view_from_ptr(moved.as_mts_block_t());
    CHECK(view.samples().count() == 2);
}

int main() {
    test_accessors();
    test_no_components();
    test_invalid();
    test_gradients();
    test_clone();
    test_clone_metadata_only();
    test_ownership();
    return end_of_tests();
}
