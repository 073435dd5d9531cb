#include <metatensor/torch.hpp>

#include "expect.hpp"

using namespace metatensor_torch;

namespace {

TensorBlock example_block() {
    auto block = torch::make_intrusive<TensorBlockHolder>(
        torch::arange(6, torch::kFloat64).reshape({3, 1, 2}),
        LabelsHolder::create({"s"}, {{0}, {2}, {4}}),
        std::vector<Labels>{LabelsHolder::create({"c"}, {{0}})},
        LabelsHolder::create({"p"}, {{0}, {1}})
    );
    auto gradient = torch::make_intrusive<TensorBlockHolder>(
        torch::ones({1, 1, 2}, torch::kFloat64),
        LabelsHolder::create({"sample"}, {{1}}),
        block->components(),
        block->properties()
    );
    gradient->add_gradient(
        "h",
        torch::make_intrusive<TensorBlockHolder>(
            torch::ones({1, 1, 2}, torch::kFloat64),
            LabelsHolder::create({"sample"}, {{0}}),
            block->components(),
            block->properties()
        )
    );
    block->add_gradient("g", gradient);
    return block;
}

} // namespace

TEST(block, layout) {
    EXPECT(sizeof(TensorBlockHolder) == 128);
}

TEST(block, content) {
    auto values = torch::rand({2, 3});
    auto samples = LabelsHolder::create({"s"}, {{0}, {1}});
    auto block = TensorBlockHolder(values, samples, {}, LabelsHolder::range("p", 3));
    EXPECT(block.values().is_same(values));
    EXPECT(block.samples()->values().is_same(samples->values()));
    EXPECT(block.components().empty());
    EXPECT(*block.labels(1) == *LabelsHolder::range("p", 3));
    EXPECT(block.shape() == torch::IntArrayRef({2, 3}) && block.len() == 2);
    EXPECT(block.scalar_type() == torch::kFloat32 && block.device().is_cpu());
    EXPECT(!block.is_view());

    EXPECT_THROWS(
        metatensor::Error, "", TensorBlockHolder(values, samples, {}, LabelsHolder::range("p", 2))
    );
}

TEST(block, gradients) {
    auto block = example_block();
    EXPECT(block->gradients_list() == std::vector<std::string>{"g"});
    EXPECT(block->has_gradient("g") && !block->has_gradient("h"));

    auto nested = TensorBlockHolder::gradient(TensorBlockHolder::gradient(block, "g"), "h");
    EXPECT(nested->is_view());
    EXPECT(nested->repr().find("gradient for 'g/h'") != std::string::npos);

    // views hold their parents
    block.reset();
    EXPECT(nested->values().sum().item<double>() == 2);
    EXPECT_THROWS(metatensor::Error, "missing", TensorBlockHolder::gradient(nested, "missing"));
    EXPECT_THROWS(std::runtime_error, "view", nested->release());
}

TEST(block, copies) {
    auto block = example_block();
    auto shallow = block->copy(/*deep=*/false);
    EXPECT(shallow->values().is_same(block->values()));
    auto deep = block->copy();
    EXPECT(deep->values().data_ptr() != block->values().data_ptr());
    EXPECT(torch::equal(deep->values(), block->values()));

    for (const auto& copy : {shallow, deep}) {
        auto gradient = TensorBlockHolder::gradient(copy, "g");
        EXPECT(gradient->gradients_list() == std::vector<std::string>{"h"});
    }
}

TEST(block, to) {
    auto block = example_block();
    auto moved = block->to(torch::kFloat32, torch::Device(torch::kMeta));
    EXPECT(moved->device().is_meta() && moved->scalar_type() == torch::kFloat32);
    EXPECT(moved->samples()->device().is_meta());
    EXPECT(TensorBlockHolder::gradient(moved, "g")->device().is_meta());
    EXPECT(block->to()->values().is_same(block->values()));
}

TEST(block, release) {
    auto block = example_block();
    auto core = block->release();
    EXPECT(core.values_shape() == std::vector<uintptr_t>{3, 1, 2});
    EXPECT_THROWS(metatensor::Error, "", block->values());
    EXPECT_THROWS(metatensor::Error, "", block->release());

    auto view = metatensor::TensorBlock::unsafe_view_from_ptr(core.as_mts_block_t());
    EXPECT_THROWS(
        c10::ValueError, "None", TensorBlockHolder::view_from_metatensor(std::move(view), {})
    );
    EXPECT_THROWS(
        c10::ValueError, "view", TensorBlockHolder::view_from_metatensor(std::move(core), 3)
    );
}

TEST(block, foreign_arrays) {
    auto array =
        std::make_unique<metatensor::SimpleDataArray<double>>(std::vector<uintptr_t>{1, 1}, 4.0);
    auto labels = metatensor::Labels({"a"}, {{0}});
    auto block = TensorBlockHolder::from_metatensor(
        metatensor::TensorBlock(std::move(array), labels, {}, labels)
    );
    EXPECT_THROWS(c10::ValueError, "torch tensor", block->values());
    EXPECT(block->repr().find("(1, 1)") != std::string::npos);
    EXPECT(block->samples()->count() == 1);
    EXPECT(block->copy()->len() == 1);
}

TEST(block, serialization) {
    auto block = example_block();
    auto buffer = save_buffer(block);
    EXPECT(buffer.scalar_type() == torch::kUInt8 && buffer.dim() == 1);
    auto loaded = load_block_buffer(buffer);
    EXPECT(torch::equal(loaded->values(), block->values()));
    EXPECT(torch::equal(loaded->save_buffer(), buffer));
    EXPECT_THROWS(c10::ValueError, "dtype", load_block_buffer(buffer.to(torch::kInt32)));
}
