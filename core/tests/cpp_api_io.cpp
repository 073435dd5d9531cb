// Saving to and loading from files and memory.

#include "cpp_api.hpp"
#include "custom_array.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

using namespace metatensor;

static TensorBlock example_block() {
    const auto properties = Labels({"p"}, {{0}, {1}});
    auto block = make_block(Labels({"s"}, {{0}, {4}}), {Labels({"c"}, {{0}})}, properties);
    for (const auto* parameter : {"b", "a"}) {
        auto gradient = make_block(Labels({"sample"}, {{1}}), {Labels({"c"}, {{0}})}, properties);
        block.add_gradient(parameter, std::move(gradient));
    }
    return block;
}

static TensorMap example_tensor() {
    std::vector<TensorBlock> blocks;
    blocks.emplace_back(example_block());
    blocks.emplace_back(example_block());
    auto tensor = TensorMap(Labels({"k"}, {{5}, {-2}}), std::move(blocks));
    tensor.set_info("creator", "tests");
    return tensor;
}

static void check_same(TensorBlock block, TensorBlock expected) {
    CHECK(block.samples() == expected.samples());
    CHECK(block.components() == expected.components());
    CHECK(block.properties() == expected.properties());
    CHECK(block.values() == expected.values());
    CHECK(block.gradients_list().size() == expected.gradients_list().size());
    for (const auto& parameter : expected.gradients_list()) {
        check_same(block.gradient(parameter), expected.gradient(parameter));
    }
}

static void check_same(TensorMap tensor, TensorMap expected) {
    CHECK(tensor.keys() == expected.keys());
    CHECK(tensor.get_info("creator") == expected.get_info("creator"));
    for (size_t index = 0; index < expected.keys().count(); index++) {
        check_same(tensor.block_by_id(index), expected.block_by_id(index));
    }
}

static void check_same(const Labels& labels, const Labels& expected) {
    CHECK(labels == expected);
}

static std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Check all the ways to save and load an object.
template <typename T, typename Create>
static void check_round_trip(const std::string& path, Create create) {
    const auto object = create();
    const auto bytes = io::save_buffer(object);
    static_assert(std::is_same_v<decltype(io::save_buffer(object)), std::vector<uint8_t>>);
    const auto string = io::save_buffer<std::string>(object);
    CHECK(std::vector<uint8_t>(string.begin(), string.end()) == bytes);
    CHECK(object.save_buffer() == bytes);
    CHECK(object.template save_buffer<std::string>() == string);
    CHECK(object.template save_buffer<std::vector<char>>().size() == bytes.size());

    object.save(path);
    CHECK(read_file(path) == string);
    std::remove(path.c_str());
    io::save(path, object);
    CHECK(read_file(path) == string);
    // saving again replaces the file
    io::save(path, object);
    CHECK(read_file(path) == string);

    check_same(T::load(path), create());
    check_same(T::load_buffer(bytes), create());
    check_same(T::load_buffer(string), create());
    check_same(T::load_buffer(bytes.data(), bytes.size()), create());

    // the content does not change when loading and saving
    const auto again = T::load(path);
    CHECK(again.save_buffer() == bytes);
    again.save(path);
    CHECK(read_file(path) == string);
    std::remove(path.c_str());
}

static void test_round_trips() {
    const auto labels = [] { return Labels({"a", "b"}, {{0, 1}, {-3, 4}}); };
    check_round_trip<TensorMap>("cpp_api_io_tensor.mts", example_tensor);
    check_round_trip<TensorBlock>("cpp_api_io_block.mts", example_block);
    check_round_trip<Labels>("cpp_api_io_labels.npy", labels);

    const auto tensor = example_tensor().save_buffer();
    check_same(io::load_buffer(tensor), example_tensor());
    check_same(io::load_buffer(tensor.data(), tensor.size()), example_tensor());
    const auto block = example_block().save_buffer<std::string>();
    check_same(io::load_block_buffer(block), example_block());
    const auto* block_bytes = reinterpret_cast<const uint8_t*>(block.data());
    check_same(io::load_block_buffer(block_bytes, block.size()), example_block());
    check_same(io::load_labels_buffer(labels().save_buffer()), labels());

    const auto path = std::string("cpp_api_io_functions.mts");
    example_tensor().save(path);
    check_same(io::load(path), example_tensor());
    example_block().save(path);
    check_same(io::load_block(path), example_block());
    labels().save(path);
    check_same(io::load_labels(path), labels());
    std::remove(path.c_str());
}

static void test_empty() {
    check_same(
        TensorMap::load_buffer(TensorMap(Labels({"k"}), {}).save_buffer()),
        TensorMap(Labels({"k"}), {})
    );
    check_same(Labels::load_buffer(Labels({"a"}).save_buffer()), Labels({"a"}));
}

static int created = 0;

static mts_status_t create_custom_array(
    const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array
) {
    return details::catch_exceptions([&] {
        CHECK(details::same_dtype(dtype, details::dtype_of<double>()));
        created += 1;
        auto data =
            std::make_unique<CustomArray>(std::vector<uintptr_t>(shape, shape + shape_count));
        *array = DataArrayBase::to_mts_array(std::move(data)).release();
    });
}

static void test_create_array() {
    {
        auto tensor = io::load_buffer(example_tensor().save_buffer(), create_custom_array);
        // two blocks with two gradients each
        CHECK(created == 6);
        CHECK(CustomArray::live_count == 6);
        CHECK(tensor.block_by_id(0).mts_array().origin() == CustomArray::custom_origin());
        CHECK(tensor.block_by_id(0).values() == SimpleDataArray<double>({2, 1, 2}, {0, 1, 2, 3}));
        // whatever the strides in memory, the same bytes are saved
        CHECK(tensor.save_buffer() == example_tensor().save_buffer());

        created = 0;
        auto block = TensorBlock::load_buffer(example_block().save_buffer(), create_custom_array);
        CHECK(created == 3);
    }
    CHECK(CustomArray::live_count == 0);
}

static void test_labels_origin() {
    const auto labels = Labels::load_buffer(Labels({"a"}, {{3}}).save_buffer());
    char name[64] = {};
    details::check_status(mts_get_data_origin(labels.mts_array().origin(), name, sizeof(name)));
    CHECK(std::string(name) == "metatensor.Labels");
    const auto values = labels.values();
    CHECK(values(0, 0) == 3);
}

static void test_errors() {
    CHECK_THROWS(io::load("does-not-exist.mts"), "does-not-exist.mts");
    CHECK_THROWS(io::load_block("does-not-exist.mts"), "");
    CHECK_THROWS(io::load_labels("does-not-exist.mts"), "");
    CHECK_THROWS(io::save("no-such-folder/file.mts", example_tensor()), "");
    CHECK_THROWS(io::load_buffer(std::string()), "");
    CHECK_THROWS(io::load_buffer(nullptr, 0), "");
    CHECK_THROWS(io::load_buffer(std::string("not the right content")), "");

    const auto tensor = example_tensor().save_buffer();
    const auto block = example_block().save_buffer();
    const auto labels = Labels({"a"}, {{3}}).save_buffer();
    auto check_hint = [](auto run, const std::string& loader, const std::string& kind) {
        std::string message;
        try {
            run();
        } catch (const Error& error) {
            message = error.what();
        }
        const auto position = message.find("`" + loader + "`");
        CHECK(position != std::string::npos);
        CHECK(message.find(kind, position) != std::string::npos);
    };
    check_hint([&] { io::load_buffer(block); }, "load_block_buffer", "TensorBlock");
    check_hint([&] { io::load_buffer(labels); }, "load_labels_buffer", "Labels");
    check_hint([&] { io::load_block_buffer(tensor); }, "load", "TensorMap");
    check_hint([&] { io::load_block_buffer(labels); }, "load_labels", "Labels");
    check_hint([&] { io::load_labels_buffer(tensor); }, "load_buffer", "TensorMap");

    const auto path = std::string("cpp_api_io_errors.mts");
    example_block().save(path);
    check_hint([&] { io::load(path); }, "load_block", "TensorBlock");
    check_hint([&] { io::load_labels(path); }, "load_block", "TensorBlock");
    example_tensor().save(path);
    check_hint([&] { io::load_block(path); }, "load", "TensorMap");
    std::remove(path.c_str());
}

static void test_info_member() {
    auto tensor = example_tensor();
    CHECK(check::contains(tensor.save_buffer<std::string>(), "info.json"));
    const auto without_info = TensorMap(Labels({"k"}), {});
    CHECK(!check::contains(without_info.save_buffer<std::string>(), "info.json"));
}

int main() {
    test_round_trips();
    test_empty();
    test_create_array();
    test_labels_origin();
    test_errors();
    test_info_member();
    return end_of_tests();
}
