#include <metatensor/torch.hpp>

#include "expect.hpp"

using namespace metatensor_torch;

namespace {

TensorBlock example_block(int32_t sample) {
    return torch::make_intrusive<TensorBlockHolder>(
        torch::full({1, 2}, static_cast<double>(sample), torch::kFloat64),
        LabelsHolder::create({"s"}, {{sample}}),
        std::vector<Labels>{},
        LabelsHolder::create({"p"}, {{0}, {1}})
    );
}

TensorBlock example_gradient(const TensorBlock& block) {
    return torch::make_intrusive<TensorBlockHolder>(
        torch::ones({1, 2}, torch::kFloat64),
        LabelsHolder::create({"sample"}, {{0}}),
        std::vector<Labels>{},
        block->properties()
    );
}

TensorMap example_tensor() {
    return torch::make_intrusive<TensorMapHolder>(
        LabelsHolder::create({"a", "b"}, {{0, 1}, {0, 2}, {1, 1}}),
        std::vector<TensorBlock>{example_block(0), example_block(1), example_block(2)}
    );
}

} // namespace

TEST(tensor, layout) {
    EXPECT(sizeof(TensorMapHolder) == 96);
}

TEST(tensor, construction) {
    auto keys = LabelsHolder::create({"a"}, {{0}});
    auto block = example_block(0);
    auto tensor = TensorMapHolder(keys, {block});
    EXPECT(tensor.keys()->values().is_same(keys->values()));
    EXPECT_THROWS(metatensor::Error, "released", block->values());
    EXPECT_THROWS(metatensor::Error, "", TensorMapHolder(keys, {block}));

    // a block is consumed even if the map can not be created
    block = example_block(0);
    EXPECT_THROWS(metatensor::Error, "", TensorMapHolder(LabelsHolder::range("a", 2), {block}));
    EXPECT_THROWS(metatensor::Error, "released", block->values());
}

TEST(tensor, devices_are_checked_before_blocks_are_taken) {
    auto tensor = example_tensor();
    auto view = TensorMapHolder::block_by_id(tensor, 0);
    auto keys = LabelsHolder::create({"a"}, {{0}})->to(torch::Device(torch::kMeta));
    EXPECT_THROWS(c10::ValueError, "meta", TensorMapHolder(keys, {view}));

    auto block = example_block(0);
    EXPECT_THROWS(c10::ValueError, "cpu", TensorMapHolder(keys, {block}));
    EXPECT(block->len() == 1);
}

TEST(tensor, selection) {
    auto tensor = example_tensor();
    auto check = [](const TensorBlock& block, double value) {
        EXPECT(block->is_view());
        EXPECT(block->values().eq(value).all().item<bool>());
    };
    check(TensorMapHolder::block_by_id(tensor, 1), 1);
    check(TensorMapHolder::block(tensor, {{"a", 1}}), 2);
    check(TensorMapHolder::block(tensor, LabelsHolder::create({"b"}, {{2}})), 1);
    auto entry = torch::make_intrusive<LabelsEntryHolder>(tensor->keys(), 2);
    check(TensorMapHolder::block(tensor, entry), 2);
    EXPECT(TensorMapHolder::blocks(tensor, {{"b", 1}}).size() == 2);
    EXPECT(TensorMapHolder::blocks(tensor).size() == 3);
    EXPECT(TensorMapHolder::blocks_by_id(tensor, {2, 0}).size() == 2);

    EXPECT_THROWS(c10::ValueError, "(b=1)", TensorMapHolder::block(tensor, {{"b", 1}}));
    EXPECT_THROWS(
        c10::ValueError, "(a=3, b=1)", TensorMapHolder::block(tensor, {{"b", 1}, {"a", 3}})
    );
    EXPECT_THROWS(c10::IndexError, "3", TensorMapHolder::block_by_id(tensor, 3));
}

TEST(tensor, views_keep_the_map_alive) {
    auto block = TensorMapHolder::block_by_id(example_tensor(), 2);
    EXPECT(block->values().eq(2).all().item<bool>());
    EXPECT_THROWS(std::runtime_error, "view", block->release());
}

TEST(tensor, gradients_survive_the_move_to_a_map) {
    auto block = example_block(3);
    block->add_gradient("g", example_gradient(block));
    auto gradient = TensorBlockHolder::gradient(block, "g");
    torch::make_intrusive<TensorMapHolder>(LabelsHolder::single(), std::vector<TensorBlock>{block});
    EXPECT(gradient->values().sum().item<double>() == 2);
    EXPECT(block->is_taken());
}

TEST(tensor, gradients_survive_a_map_that_can_not_be_created) {
    auto block = example_block(3);
    block->add_gradient("g", example_gradient(block));
    auto gradient = TensorBlockHolder::gradient(block, "g");
    auto keys = LabelsHolder::create({"key"}, {{0}, {1}});
    EXPECT_THROWS(
        metatensor::Error,
        "blocks",
        torch::make_intrusive<TensorMapHolder>(keys, std::vector<TensorBlock>{block})
    );
    EXPECT_THROWS(metatensor::Error, "released", block->values());
    EXPECT(gradient->values().sum().item<double>() == 2);
}

TEST(tensor, merging_keys) {
    auto tensor = example_tensor();
    tensor->set_info("key", "value");
    auto merged = tensor->keys_to_properties("b", 7.5);
    EXPECT(merged->keys()->count() == 2);
    EXPECT(merged->get_info("key") == "value");
    auto values = TensorMapHolder::block_by_id(merged, 0)->values();
    auto options = torch::kFloat64;
    EXPECT(torch::equal(values, torch::tensor({{0., 0., 7.5, 7.5}, {7.5, 7.5, 1., 1.}}, options)));

    auto samples = tensor->keys_to_samples(std::vector<std::string>{"a", "b"});
    EXPECT(samples->sample_names() == std::vector<std::string>{"s", "a", "b"});
    EXPECT(TensorMapHolder::block_torch(samples, {})->len() == 3);
    EXPECT_THROWS(c10::TypeError, "int", tensor->keys_to_samples(3));
}

TEST(tensor, to_and_copy) {
    auto tensor = example_tensor();
    tensor->set_info("key", "value");
    auto moved = tensor->to(torch::kFloat32, torch::Device(torch::kMeta));
    EXPECT(moved->device().is_meta() && moved->scalar_type() == torch::kFloat32);
    EXPECT(moved->info().at("key") == "value");

    auto shallow = tensor->copy(/*deep=*/false);
    auto values = [](const TensorMap& t) { return TensorMapHolder::block_by_id(t, 0)->values(); };
    EXPECT(values(shallow).is_same(values(tensor)));
    EXPECT(values(tensor->copy()).data_ptr() != values(tensor).data_ptr());
}

TEST(tensor, release) {
    auto tensor = example_tensor();
    auto core = tensor->release();
    EXPECT(core.keys().count() == 3);
    EXPECT_THROWS(metatensor::Error, "", tensor->keys());
    EXPECT_THROWS(metatensor::Error, "", tensor->release());

    auto view = metatensor::TensorMap::unsafe_view_from_ptr(core.as_mts_tensormap_t());
    auto holder = TensorMapHolder::view_from_metatensor(std::move(view), 3);
    EXPECT(holder->is_view());
    EXPECT_THROWS(std::runtime_error, "view", holder->release());
}

TEST(tensor, empty) {
    auto tensor = TensorMapHolder(LabelsHolder::empty("a"), {});
    EXPECT(tensor.sample_names().empty());
    EXPECT(tensor.scalar_type() == torch::get_default_dtype());
    EXPECT(tensor.device().is_cpu());
}

TEST(tensor, serialization) {
    auto tensor = example_tensor();
    tensor->set_info("key", "value");
    auto loaded = load_buffer(save_buffer(tensor));
    EXPECT(loaded->print(-1) == tensor->print(-1));
    EXPECT(loaded->get_info("key") == "value");
    EXPECT(torch::equal(save_buffer(loaded), save_buffer(tensor)));
    EXPECT_THROWS(metatensor::Error, "load", load_block_buffer(save_buffer(tensor)));
    EXPECT(version() == METATENSOR_TORCH_VERSION);
}
