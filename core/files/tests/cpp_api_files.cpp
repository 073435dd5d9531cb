// The C++ interface of libmetatensor_files

#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include <unistd.h>

#include <metatensor/files.hpp>

#include "cpp_api.hpp"

using namespace metatensor;

/// Path of a file, removed at the end
class TemporaryPath {
public:
    explicit TemporaryPath(const std::string& name) {
        auto file = "metatensor-" + std::to_string(getpid()) + "-" + name;
        path_ = (std::filesystem::temp_directory_path() / file).string();
    }
    ~TemporaryPath() { std::remove(path_.c_str()); }

    TemporaryPath(const TemporaryPath&) = delete;
    TemporaryPath& operator=(const TemporaryPath&) = delete;

    operator const std::string&() const { return path_; }

private:
    std::string path_;
};

static Labels range(const std::string& name, int32_t count) {
    std::vector<int32_t> values;
    for (int32_t i = 0; i < count; i++) {
        values.push_back(i);
    }
    return Labels({name}, values.data(), values.size());
}

static TensorMap make_tensor() {
    std::vector<TensorBlock> blocks;
    blocks.push_back(make_block(range("s", 3), {}, range("p", 2)));
    blocks.push_back(make_block(range("s", 3), {}, range("p", 2), 100));
    TensorMap tensor(range("key", 2), std::move(blocks));
    tensor.set_info("unit", "eV");
    return tensor;
}

static void test_tensor() {
    TemporaryPath path("files-tensor.mts");
    auto tensor = make_tensor();
    files::save_aligned(path, tensor);
    const files::File file(path);
    CHECK(file.content() == files::Content::TensorMap);
    CHECK(file.keys() == tensor.keys());
    CHECK(file.load().save_buffer() == tensor.save_buffer());
    CHECK(TensorMap::load(path).save_buffer() == tensor.save_buffer());

    files::Selection selection;
    selection.keys = Labels({"key"}, {{1}});
    selection.samples = Labels({"s"}, {{2}, {0}});
    selection.properties = Labels({"p"}, {{1}});
    auto part = file.load(selection);
    CHECK(part.keys() == *selection.keys);
    CHECK(part.get_info("unit") == "eV");
    auto values = part.block_by_id(0).values<double>();
    CHECK_EQ(values.shape(), (std::vector<size_t>{2, 1}));
    CHECK_EQ(values(0, 0), 105.0);
    CHECK_EQ(values(1, 0), 101.0);

    const auto sample = file.load_samples(1, 1, 1).values<double>();
    CHECK_EQ(sample(0, 0), 102.0);
    CHECK_THROWS(file.load_samples(3, 1), "can not read 1 samples");
    CHECK_THROWS(file.load_block(), "use `load` to load TensorMap");
    CHECK_THROWS(file.map_block(), "use `load` to load TensorMap");

    selection.samples.reset();
    CHECK_THROWS(file.map(selection), "can not be selected in mapped files");
    selection.properties.reset();
    auto mapped = file.map(selection);
    const auto mapped_values = mapped.block_by_id(0).values<double>();
    CHECK_EQ(mapped_values(2, 1), 105.0);
}

static void test_block() {
    TemporaryPath path("files-block.mts");
    auto block = make_block(range("s", 3), {}, range("p", 2));
    block.save(path);
    files::File file(path);
    CHECK(file.content() == files::Content::TensorBlock);
    CHECK(file.load_block().save_buffer() == block.save_buffer());
    CHECK(file.map_block().save_buffer() == block.save_buffer());
    files::save_aligned(path, file.map_block());
    CHECK(TensorBlock::load(path).save_buffer() == block.save_buffer());

    files::Selection selection;
    selection.keys = range("key", 1);
    CHECK_THROWS(file.load_block(selection), "selection of keys");

    // moving
    files::File moved(std::move(file));
    CHECK_EQ(moved.load_samples(1, 2).samples().count(), size_t{2});
    CHECK_THROWS(file.content(), "NULL pointer for the parameter `file`");
    file = std::move(moved);
    CHECK(file.content() == files::Content::TensorBlock);
}

static void test_errors() {
    CHECK_THROWS(files::File("/this/file/does/not/exist"), "could not open");

    TemporaryPath path("files-errors.mts");
    make_block(range("s", 3), {}, range("p", 2)).save(path);
    const files::File file(path);
    auto fail = [](const uintptr_t*, uintptr_t, DLDataType, mts_array_t*) {
        return details::catch_exceptions([] { throw std::out_of_range("no array for you"); });
    };
    CHECK_THROWS_AS(file.load_block({}, fail), std::out_of_range);
}

int main() {
    test_tensor();
    test_block();
    test_errors();
    return end_of_tests();
}
