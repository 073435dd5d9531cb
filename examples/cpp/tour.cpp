// A tour of metatensor from C++, with two types of arrays: create a tensor map with gradients,
// merge its blocks, save and load it, and handle errors.
//
//     tour FILE.mts

#include <metatensor.hpp>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "check_tensor.hpp"
#include "create_tensor.hpp"
#include "sparse_array.hpp"
#include "strided_array.hpp"

using metatensor::Labels;
using metatensor::TensorMap;

static void require(bool condition, const std::string& message) {
    if (!condition) {
        throw std::runtime_error(message);
    }
}

/// The array of a block, or of labels, that we know to be one of ours.
template <typename Array>
static Array& our_array(const metatensor::MtsArray& array) {
    // the pointer of all arrays that come from C++ is the one of the base class
    auto* data = static_cast<metatensor::DataArrayBase*>(array.as_mts_array_t().ptr);
    return dynamic_cast<Array&>(*data);
}

static void merge_blocks(const TensorMap& tensor) {
    // the new arrays have the type of the ones that are merged: metatensor asks these to make them
    auto merged = tensor.keys_to_properties("neighbor_type", FILL_VALUE);
    check_tensor(merged, "keys_to_properties");

    merged = tensor.keys_to_samples("center_type", FILL_VALUE);
    check_tensor(merged, "keys_to_samples");

    merged = tensor.components_to_properties("o3_mu");
    check_tensor(merged, "components_to_properties");
}

template <typename Array>
static void change_a_copy(TensorMap& tensor) {
    auto copy = tensor.clone();
    auto block = copy.block_by_id(0);
    our_array<Array>(block.mts_array()).set({0, 0, 0}, 33.0);
    const auto values = block.values();
    require(values(0, 0, 0) == 33.0, "the copy was not changed");
    check_tensor(tensor, "original of the copy");
}

/// The values seen through DLPack are those of our array, in the same memory.
static void share_memory(TensorMap& tensor) {
    auto block = tensor.block_by_id(0);
    const auto values = block.values();
    const auto& array = our_array<StridedArray<double>>(block.mts_array());
    require(values.data() == array.data(), "the values were copied");
    require(!values.is_contiguous(), "the values should be in column-major order");
}

/// Holes in merged blocks do not use memory in sparse arrays.
static void count_stored(const TensorMap& tensor) {
    auto merged = tensor.keys_to_samples("center_type", FILL_VALUE);
    auto block = merged.block_by_id(0);
    const auto& array = our_array<SparseArray>(block.mts_array());
    require(array.stored_count() < element_count(array.shape()), "nothing was saved");
    std::cout << "sparse: " << array.stored_count() << " of " << element_count(array.shape())
              << " numbers are stored\n";
}

static void compare_samples() {
    const auto first = create_labels({"system", "atom"}, {{0, 1}, {0, 2}, {1, 0}});
    const auto second = create_labels({"system", "atom"}, {{1, 0}, {3, 4}});
    std::vector<size_t> first_mapping(first.count());
    std::vector<size_t> second_mapping(second.count());
    const auto all = first.set_union(second, first_mapping, second_mapping);
    require(second_mapping == std::vector<size_t>{2, 3}, "wrong positions in the union");
    require(all.position({3, 4}) == 3, "wrong position of the last entry");

    // the values of the result are in an array of the same type as those of `first`
    const auto& values = our_array<StridedArray<int32_t>>(all.mts_array());
    require(values.get({3, 1}) == 4, "wrong values of the union");
}

static void save_and_load(TensorMap& tensor, const std::string& path) {
    tensor.set_info("created by", "the tour of metatensor");
    tensor.save(path);
    auto loaded = TensorMap::load(path, create_strided_array);
    check_tensor(loaded, "file");

    const auto buffer = tensor.save_buffer();
    loaded = TensorMap::load_buffer(buffer, create_strided_array);
    check_tensor(loaded, "buffer");
    require(loaded.get_info("created by") == "the tour of metatensor", "lost some information");

    // files do not depend on the type of the arrays
    auto sparse = create_tensor<SparseArray>();
    sparse.set_info("created by", "the tour of metatensor");
    require(sparse.save_buffer() == buffer, "the files are not the same");
}

/// Exception of this program. It can contain anything: it comes back as it is.
struct TooManyAxes {
    size_t axes;
};

static void errors(const TensorMap& tensor, const std::string& path) {
    try {
        tensor.keys_to_properties("neighbour_type");
        throw std::logic_error("moving a dimension that does not exist should be an error");
    } catch (const metatensor::Error& error) {
        std::cout << "expected error: " << error.what() << "\n";
    }

    auto create_small_array =
        [](const uintptr_t* shape, uintptr_t shape_count, DLDataType dtype, mts_array_t* array) {
            return metatensor::details::catch_exceptions([&] {
                if (shape_count > 3) {
                    throw TooManyAxes{shape_count};
                }
                const auto status = create_strided_array(shape, shape_count, dtype, array);
                metatensor::details::check_status(status);
            });
        };
    try {
        TensorMap::load(path, create_small_array);
        throw std::logic_error("the array of the gradients should have been refused");
    } catch (const TooManyAxes& error) {
        std::cout << "expected error: this program needs at most 3 axes, got " << error.axes
                  << "\n";
    }
    // the exception is kept until the next error of this thread, unless we release it
    mts_set_last_error(nullptr, nullptr, nullptr, nullptr);
}

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: " << argv[0] << " FILE.mts\n";
        return EXIT_FAILURE;
    }
    const std::string path = argv[1];

    try {
        auto tensor = create_tensor<StridedArray<double>>();
        check_tensor(tensor, "created");
        merge_blocks(tensor);
        change_a_copy<StridedArray<double>>(tensor);
        share_memory(tensor);

        auto sparse = create_tensor<SparseArray>();
        check_tensor(sparse, "created sparse");
        merge_blocks(sparse);
        change_a_copy<SparseArray>(sparse);
        count_stored(sparse);

        compare_samples();
        save_and_load(tensor, path);
        errors(tensor, path);
    } catch (const std::exception& error) {
        std::cerr << "error: " << error.what() << "\n";
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
