// The class TensorMap.

#include "cpp_api.hpp"
#include "custom_array.hpp"

#include <iterator>
#include <string_view>

using namespace metatensor;
using InfoList = std::vector<std::pair<std::string, std::string>>;

/// Two blocks with different samples and properties.
static TensorMap example_tensor() {
    std::vector<TensorBlock> blocks;
    blocks.emplace_back(make_block(Labels({"s"}, {{2}, {0}}), {}, Labels({"p"}, {{0}, {1}}), 1));
    blocks.emplace_back(make_block(Labels({"s"}, {{0}, {1}}), {}, Labels({"p"}, {{1}}), 11));
    return TensorMap(Labels({"k", "l"}, {{0, 0}, {1, 0}}), std::move(blocks));
}

static InfoList info_list(const TensorMap& tensor) {
    InfoList list;
    for (auto [key, value] : tensor.info()) {
        list.emplace_back(key, value);
    }
    return list;
}

static void test_accessors() {
    auto tensor = example_tensor();
    CHECK(!tensor.is_view());
    CHECK(tensor.keys() == Labels({"k", "l"}, {{0, 0}, {1, 0}}));
    CHECK(tensor.device().device_type == kDLCPU);
    CHECK(details::same_dtype(tensor.dtype(), details::dtype_of<double>()));

    auto block = tensor.block_by_id(0);
    CHECK(block.is_view());
    CHECK(block.samples() == Labels({"s"}, {{2}, {0}}));
    block = tensor.block_by_id(1);
    CHECK(block.samples() == Labels({"s"}, {{0}, {1}}));
    CHECK_THROWS(tensor.block_by_id(2), "2");

    // data is shared with the views
    auto array = block.mts_array();
    SimpleDataArray<double>::from_mts_array(array).data()[0] = 42;
    const auto values = tensor.block_by_id(1).values();
    CHECK(values(0, 0) == 42);

    const auto empty = TensorMap(Labels({"k"}), {});
    CHECK(empty.device().device_type == kDLCPU);
    CHECK(details::same_dtype(empty.dtype(), details::dtype_of<double>()));
}

static void test_invalid() {
    const auto keys = Labels({"k"}, {{0}, {1}});
    auto block = [](std::vector<uintptr_t> shape) {
        auto values = std::make_unique<CustomArray>(std::move(shape));
        return TensorBlock(std::move(values), Labels({"s"}, {{0}}), {}, Labels({"p"}, {{0}}));
    };
    auto blocks_with = [&](TensorBlock last) {
        std::vector<TensorBlock> blocks;
        blocks.emplace_back(block({1, 1}));
        blocks.emplace_back(std::move(last));
        return blocks;
    };

    CHECK_THROWS(TensorMap(keys, {}), "2");
    auto simple = make_block(Labels({"s"}, {{0}}), {}, Labels({"p"}, {{0}}));
    CHECK_THROWS(TensorMap(keys, blocks_with(std::move(simple))), "CustomArray");

    auto owner = block({1, 1});
    auto view = TensorBlock::unsafe_view_from_ptr(owner.as_mts_block_t());
    CHECK_THROWS(TensorMap(keys, blocks_with(std::move(view))), "view");
    auto moved = std::move(owner);
    CHECK_THROWS(TensorMap(keys, blocks_with(std::move(owner))), "released");

    auto released = keys;
    const auto moved_keys = std::move(released);
    CHECK_THROWS(TensorMap(std::move(released), blocks_with(std::move(moved))), "released");

    // all blocks are freed in all cases
    CHECK(CustomArray::live_count == 0);
}

static void test_keys_to_samples() {
    const auto tensor = example_tensor();
    const auto keys = Labels({"l"}, {{0}});
    const auto samples = Labels({"s", "k"}, {{0, 0}, {0, 1}, {1, 1}, {2, 0}});
    const auto properties = Labels({"p"}, {{0}, {1}});
    const auto values = SimpleDataArray<double>({4, 2}, {3, 4, -1, 11, -1, 12, 1, 2});

    auto check = [&](TensorMap merged) {
        CHECK(merged.keys() == keys);
        auto block = merged.block_by_id(0);
        CHECK(block.samples() == samples);
        CHECK(block.properties() == properties);
        CHECK(block.values() == values);
    };
    auto fill_value = [] {
        return DataArrayBase::to_mts_array(
            std::make_unique<SimpleDataArray<double>>(std::vector<uintptr_t>{}, -1)
        );
    };
    check(tensor.keys_to_samples("k", -1.0));
    check(tensor.keys_to_samples(std::string("k"), -1.0, true));
    check(tensor.keys_to_samples(std::vector<std::string>{"k"}, -1.0));
    check(tensor.keys_to_samples(Labels({"k"}), -1.0));
    check(tensor.keys_to_samples("k", fill_value(), true));
    check(tensor.keys_to_samples(std::vector<std::string>{"k"}, fill_value(), true));
    check(tensor.keys_to_samples(Labels({"k"}), fill_value(), true));

    auto unsorted = tensor.keys_to_samples("k", 0.0, false);
    CHECK(
        unsorted.block_by_id(0).samples() == Labels({"s", "k"}, {{2, 0}, {0, 0}, {0, 1}, {1, 1}})
    );
    const auto unsorted_values = unsorted.block_by_id(0).values();
    CHECK(unsorted_values(2, 0) == 0.0);

    CHECK_THROWS(tensor.keys_to_samples(Labels({"k"}, {{0}})), "");
    CHECK_THROWS(tensor.keys_to_samples("missing"), "missing");
}

static void test_keys_to_properties() {
    const auto tensor = example_tensor();
    auto merged = tensor.keys_to_properties("k");
    auto block = merged.block_by_id(0);
    CHECK(block.samples() == Labels({"s"}, {{0}, {1}, {2}}));
    CHECK(block.properties() == Labels({"k", "p"}, {{0, 0}, {0, 1}, {1, 1}}));
    CHECK(block.values() == SimpleDataArray<double>({3, 3}, {3, 4, 11, 0, 0, 12, 1, 2, 0}));

    const auto names = std::vector<std::string>{"l", "k"};
    block = (merged = tensor.keys_to_properties(names, 0.5, false)).block_by_id(0);
    CHECK(merged.keys() == Labels({"_"}, {{0}}));
    CHECK(block.samples() == Labels({"s"}, {{2}, {0}, {1}}));
    CHECK(block.properties() == Labels({"l", "k", "p"}, {{0, 0, 0}, {0, 0, 1}, {0, 1, 1}}));

    block = (merged = tensor.keys_to_properties(Labels(names))).block_by_id(0);
    CHECK(block.properties().size() == 3);
}

static void test_fill_value() {
    const auto tensor = example_tensor();
    // the fill value must have the dtype of the data
    CHECK_THROWS(tensor.keys_to_samples("k", 0.0f), "f32");
    CHECK_THROWS(tensor.keys_to_properties("k", 0), "i32");
    auto one_dimension = DataArrayBase::to_mts_array(
        std::make_unique<SimpleDataArray<double>>(std::vector<uintptr_t>{1})
    );
    CHECK_THROWS(tensor.keys_to_properties("k", std::move(one_dimension), true), "");
    CHECK_THROWS(tensor.keys_to_properties("k", MtsArray({}), true), "");

    const auto without_keys = TensorMap(Labels({"k"}), {});
    CHECK_THROWS(without_keys.keys_to_properties("k", MtsArray({}), true), "");
    CHECK_THROWS(without_keys.keys_to_samples("k", MtsArray({}), true), "");

    // nan is a value like others, and other types than double work
    std::vector<TensorBlock> blocks;
    for (int32_t i = 0; i < 2; i++) {
        auto values = std::make_unique<SimpleDataArray<float>>(std::vector<uintptr_t>{1, 1}, 1.0f);
        blocks.emplace_back(
            std::move(values), Labels({"s"}, {{i}}), std::vector<Labels>{}, Labels({"p"}, {{0}})
        );
    }
    const auto floats = TensorMap(Labels({"k"}, {{0}, {1}}), std::move(blocks));
    auto merged = floats.keys_to_properties("k", std::numeric_limits<float>::quiet_NaN());
    const auto values = merged.block_by_id(0).values<float>();
    CHECK(values(0, 0) == 1.0f && values(0, 1) != values(0, 1));
    CHECK_THROWS(floats.keys_to_properties("k"), "f64");
}

/// A map with two components, using arrays of this type.
template <typename Array>
static TensorMap tensor_with_components() {
    auto array = std::make_unique<Array>(std::vector<uintptr_t>{2, 3, 2, 2});
    auto values = SimpleDataArray<double>({2, 3, 2, 2});
    for (size_t i = 0; i < 24; i++) {
        values.data()[i] = static_cast<double>(i);
        if constexpr (std::is_same_v<Array, CustomArray>) {
            array->at(i) = static_cast<double>(i);
        } else {
            array->data()[i] = static_cast<double>(i);
        }
    }
    std::vector<TensorBlock> blocks;
    blocks.emplace_back(
        std::move(array),
        Labels({"s"}, {{0}, {1}}),
        std::vector<Labels>{
            Labels({"c"}, {{0}, {1}, {2}}),
            Labels({"d"}, {{0}, {1}}),
        },
        Labels({"p"}, {{0}, {1}})
    );
    return TensorMap(Labels({"k"}, {{0}}), std::move(blocks));
}

template <typename Array>
static void test_components_to_properties() {
    auto tensor = tensor_with_components<Array>();
    tensor.set_info("key", "value");
    auto moved = tensor.components_to_properties("c");
    auto block = moved.block_by_id(0);
    CHECK(block.components().size() == 1);
    CHECK(
        block.properties() == Labels({"c", "p"}, {{0, 0}, {0, 1}, {1, 0}, {1, 1}, {2, 0}, {2, 1}})
    );
    const auto before = tensor.block_by_id(0).values();
    auto after = block.values();
    for (size_t s = 0; s < 2; s++) {
        for (size_t c = 0; c < 3; c++) {
            for (size_t d = 0; d < 2; d++) {
                for (size_t p = 0; p < 2; p++) {
                    CHECK(after(s, d, 2 * c + p) == before(s, c, d, p));
                }
            }
        }
    }
    CHECK(moved.get_info("key") == "value");

    moved = tensor.components_to_properties(std::vector<std::string>{"d", "c"});
    CHECK(moved.block_by_id(0).components().empty());
    const auto names = moved.block_by_id(0).properties().names();
    CHECK(std::string_view(names[0]) == "c" && std::string_view(names[1]) == "d");
    CHECK_THROWS(tensor.components_to_properties("missing"), "missing");
}

static void test_info() {
    auto tensor = example_tensor();
    CHECK(info_list(tensor).empty());
    CHECK(tensor.info().begin() == tensor.info().end());
    CHECK(tensor.get_info("key") == std::nullopt);

    tensor.set_info("key", "first");
    tensor.set_info("", "empty key");
    tensor.set_info("another", "");
    tensor.set_info("key", "second");
    CHECK(tensor.get_info("key") == "second");
    CHECK(tensor.get_info("another") == "");
    CHECK(tensor.get_info("") == "empty key");
    CHECK(info_list(tensor) == InfoList({{"key", "second"}, {"", "empty key"}, {"another", ""}}));

    const auto info = tensor.info();
    auto iterator = info.begin();
    CHECK((*iterator).first == "key");
    CHECK((*iterator++).second == "second");
    CHECK((*++iterator).first == "another");
    CHECK(iterator != info.end());
    CHECK(++iterator == info.end());
    CHECK(std::distance(info.begin(), info.end()) == 3);

    auto merged = tensor.keys_to_samples("k");
    CHECK(merged.get_info("key") == "second");
    CHECK(tensor.keys_to_properties("k").get_info("") == "empty key");
    CHECK(info_list(tensor.clone()) == info_list(tensor));
    CHECK(info_list(tensor.clone_metadata_only()).empty());
}

static void test_clone() {
    {
        auto tensor = tensor_with_components<CustomArray>();
        auto clone = tensor.clone();
        CHECK(CustomArray::live_count == 2);
        auto array = tensor.block_by_id(0).mts_array();
        dynamic_cast<CustomArray&>(*static_cast<DataArrayBase*>(array.as_mts_array_t().ptr)).at(0) =
            7;
        const auto values = clone.block_by_id(0).values();
        CHECK(values(0, 0, 0, 0) == 0);
        CHECK(clone.keys() == tensor.keys());

        auto metadata = tensor.clone_metadata_only();
        CHECK(CustomArray::live_count == 2);
        CHECK(metadata.keys() == tensor.keys());
        CHECK(metadata.block_by_id(0).values_shape() == tensor.block_by_id(0).values_shape());
        auto moved = metadata.components_to_properties("d");
        CHECK(moved.block_by_id(0).properties().count() == 4);
        CHECK_THROWS(metadata.keys_to_samples("k"), "EmptyDataArray");
        CHECK(metadata.clone().keys().count() == 1);
    }
    CHECK(CustomArray::live_count == 0);
}

static void test_ownership() {
    auto tensor = example_tensor();
    auto moved = std::move(tensor);
    CHECK(moved.keys().count() == 2);

    auto* pointer = moved.release();
    auto view = TensorMap::unsafe_view_from_ptr(pointer);
    CHECK(view.is_view());
    CHECK(view.keys().count() == 2);
    CHECK_THROWS(view.release(), "TensorMap::release");
    auto owner = TensorMap::unsafe_from_ptr(pointer);
    CHECK(!owner.is_view());
    CHECK(owner.as_mts_tensormap_t() == pointer);
    CHECK(std::as_const(owner).as_mts_tensormap_t() == pointer);

    for (auto* empty : {&tensor, &moved}) {
        CHECK(empty->is_view());
        CHECK_THROWS(empty->as_mts_tensormap_t(), "released");
        CHECK_THROWS(empty->release(), "released");
        CHECK_THROWS(empty->keys(), "released");
        CHECK_THROWS(empty->block_by_id(0), "released");
        CHECK_THROWS(empty->clone(), "released");
        CHECK_THROWS(empty->info(), "released");
        CHECK_THROWS(empty->set_info("key", "value"), "released");
        CHECK_THROWS(empty->save_buffer(), "released");
    }

    moved = std::move(owner);
    CHECK(moved.keys().count() == 2);
}

int main() {
    test_accessors();
    test_invalid();
    test_keys_to_samples();
    test_keys_to_properties();
    test_fill_value();
    test_components_to_properties<SimpleDataArray<double>>();
    test_components_to_properties<CustomArray>();
    test_info();
    test_clone();
    test_ownership();
    return end_of_tests();
}
