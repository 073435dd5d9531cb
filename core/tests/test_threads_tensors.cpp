// Several threads that use the same blocks and tensor maps at the same time
#include <filesystem>

#include "io_support.hpp"
#include "threads.hpp"

using namespace io_support;

namespace {

/// Entries 0, 1, ... and their squares, in reverse order: labels that are not sorted
Labels squares(const char* first, const char* second, int32_t count) {
    std::vector<int32_t> values;
    for (int32_t i = count - 1; i >= 0; i--) {
        values.insert(values.end(), {i, i * i});
    }
    return labels({first, second}, values);
}

/// A tensor map with components and gradients, where nothing is known yet about the labels
Tensor make_tensor() {
    std::vector<Block> blocks;
    for (int key = 0; key < 3; key++) {
        const uintptr_t samples = 40 + static_cast<uintptr_t>(key);
        std::vector<double> values(samples * 3 * 4);
        for (size_t i = 0; i < values.size(); i++) {
            values[i] = static_cast<double>(i) + 1000.0 * key;
        }
        blocks.push_back(block(
            array<double>({samples, 3, 4}, values),
            squares("s", "t", static_cast<int32_t>(samples)),
            {range("xyz", 3)},
            range("p", 4)
        ));

        Block gradient = block(
            array<double>({2, 3, 4}, std::vector<double>(2 * 3 * 4, key)),
            labels({"sample", "atom"}, {7, 1, 3, 0}),
            {range("xyz", 3)},
            range("p", 4)
        );
        CHECK_SUCCESS(mts_block_add_gradient(blocks.back().get(), "g", gradient.release()));
    }
    return tensor(std::move(blocks));
}

/// What is in the saved tensor map; with new labels, since nothing is shared with a saved one
Tensor loaded(const Bytes& bytes) {
    Tensor result = load_tensor(bytes);
    CHECK_NOT_NULL(result.get());
    return result;
}

mts_block_t* block_at(const Tensor& tensor, uintptr_t index) {
    mts_block_t* block = nullptr;
    CHECK_SUCCESS(mts_tensormap_block_by_id(tensor.get(), &block, index));
    return block;
}

Bytes data_of(mts_block_t* block) {
    mts_array_t array = {};
    CHECK_SUCCESS(mts_block_data(block, &array));
    return static_cast<const TestArray*>(array.ptr)->data;
}

void test_access() {
    const Tensor tensor = loaded(saved(make_tensor()));
    const Bytes expected = data_of(block_at(tensor, 1));
    in_threads([&](int) {
        for (int repetition = 0; repetition < 20; repetition++) {
            mts_block_t* block = block_at(tensor, 1);
            CHECK(data_of(block) == expected);

            mts_block_t* gradient = nullptr;
            CHECK_SUCCESS(mts_block_gradient(block, "g", &gradient));
            CHECK_EQ(data_of(gradient).size(), size_t{2 * 3 * 4 * 8});

            const char* const* parameters = nullptr;
            uintptr_t count = 0;
            CHECK_SUCCESS(mts_block_gradients_list(block, &parameters, &count));
            CHECK_EQ(count, uintptr_t{1});
            CHECK_EQ(std::string(parameters[0]), "g");

            const Labels samples = own(mts_block_labels(block, 0));
            const int32_t entry[] = {5, 25};
            int64_t position = 0;
            CHECK_SUCCESS(mts_labels_position(samples.get(), entry, 2, &position));
            CHECK_EQ(position, int64_t{41 - 1 - 5});

            DLDataType dtype = {};
            CHECK_SUCCESS(mts_tensormap_dtype(tensor.get(), &dtype));
            CHECK_EQ(int(dtype.bits), 64);
            DLDevice device = {};
            CHECK_SUCCESS(mts_block_device(block, &device));
            CHECK(device.device_type == kDLCPU);
        }
    });
}

void test_save() {
    const Tensor tensor = make_tensor();
    const Bytes expected = saved(make_tensor());
    in_threads([&](int) { CHECK(saved(tensor) == expected); });
}

void test_load() {
    const Bytes bytes = saved(make_tensor());
    const Bytes block_bytes = saved(simple_block());
    const Bytes labels_bytes = saved(range("a", 1000));
    in_threads([&](int) {
        for (int repetition = 0; repetition < 5; repetition++) {
            CHECK(saved(loaded(bytes)) == bytes);
            CHECK(saved(load_block(block_bytes)) == block_bytes);
            CHECK(saved(load_labels(labels_bytes)) == labels_bytes);
        }
    });
    CHECK_EQ(live_arrays.load(), 0);
}

// A file that is written by some threads is always complete for those who read it
void test_same_file() {
    const auto path = std::filesystem::temp_directory_path() /
                      ("metatensor-threads-" + std::to_string(getpid()) + ".mts");
    const Tensor tensor = make_tensor();
    const Bytes expected = saved(tensor);
    CHECK_SUCCESS(mts_tensormap_save(path.c_str(), tensor.get()));
    in_threads([&](int index) {
        for (int repetition = 0; repetition < 10; repetition++) {
            if (index % 4 == 0) {
                CHECK_SUCCESS(mts_tensormap_save(path.c_str(), tensor.get()));
            } else {
                const Tensor read = own(mts_tensormap_load(path.c_str(), create_array));
                CHECK_NOT_NULL(read.get());
                CHECK(saved(read) == expected);
            }
        }
    });
    CHECK(std::filesystem::remove(path));
}

} // namespace

int main() {
    test_access();
    test_save();
    test_load();
    test_same_file();
    CHECK_EQ(live_arrays.load(), 0);
}
