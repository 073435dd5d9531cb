// Mapped files, with the arrays of the library

#include "files_support.hpp"

using namespace files_support;

static Block map_block(const File& file) {
    return own(mts_file_map_block(file.get(), nullptr, nullptr));
}

struct Exported {
    const void* data;
    uint64_t flags;
};

// The memory and the flags of what `as_dlpack` gives
static Exported exported(mts_array_t array) {
    DLManagedTensorVersioned* tensor = nullptr;
    CHECK_SUCCESS(array.as_dlpack(array.ptr, &tensor, {kDLCPU, 0}, nullptr, {1, 3}));
    auto result = Exported{tensor->dl_tensor.data, tensor->flags};
    tensor->deleter(tensor);
    return result;
}

static bool is_multiple(const void* pointer, uintptr_t size) {
    return reinterpret_cast<uintptr_t>(pointer) % size == 0;
}

// Arrays stay valid when the file is closed, and when it is removed
static void test_lifetime() {
    auto folder = TemporaryFolder();
    auto path = folder.file("tensor", saved(full_tensor()));
    auto file = open(path);
    auto tensor = own(mts_file_map_tensormap(file.get(), nullptr, nullptr, nullptr));
    file.reset();
    std::filesystem::remove(path);
    CHECK_EQ(saved(tensor), saved(full_tensor()));
}

// The memory of the file is used if its elements are aligned
static void test_alignment() {
    auto folder = TemporaryFolder();
    auto block = numbered_block<double>();
    auto expected = elements<double>(values_of(block));

    // `values.npy` comes first, its data is after a local header of 60 bytes and 128 of its own
    auto plain = map_block(open(folder.file("plain", saved(block))));
    auto copied = exported(values_of(plain));
    CHECK_EQ(copied.flags, uint64_t{DLPACK_FLAG_BITMASK_IS_COPIED});
    CHECK(is_multiple(copied.data, alignof(double)));
    CHECK_EQ(elements<double>(values_of(plain)), expected);

    auto path = folder / "aligned";
    CHECK_SUCCESS(mts_block_save_aligned(path.c_str(), block.get()));
    auto aligned = map_block(open(path));
    auto shared = exported(values_of(aligned));
    CHECK_EQ(shared.flags, uint64_t{DLPACK_FLAG_BITMASK_READ_ONLY});
    CHECK(is_multiple(shared.data, 64));
    CHECK(exported(values_of(aligned)).data == shared.data);
    CHECK_EQ(elements<double>(values_of(aligned)), expected);
    CHECK_EQ(saved(own(mts_block_load(path.c_str(), create_array))), saved(block));
}

static void test_all_types() {
    auto folder = TemporaryFolder();
    auto check_type = [&](const Block& block) {
        auto file = open(folder.file("block", saved(block)));
        CHECK_EQ(saved(map_block(file)), saved(block));
    };
    check_type(numbered_block<int8_t>());
    check_type(numbered_block<uint16_t>());
    check_type(numbered_block<float>());
    check_type(numbered_block<int64_t>());
    check_type(numbered_block<int64_t>({kDLComplex, 64, 1}));
    check_type(block(array<double>({0, 2}, {}), range("s", 0), {}, range("p", 2)));
    auto bools = std::make_unique<TestArray>(
        std::vector<uintptr_t>{2, 2}, dtype_of<bool>(), Bytes{1, 0, 0, 1}
    );
    check_type(block(to_mts_array(std::move(bools)), range("s", 2), {}, range("p", 2)));
}

// Data that is not usable as it is in the file
static void test_decoded() {
    auto folder = TemporaryFolder();
    auto map_values = [&](const std::string& header, const Bytes& data) {
        auto file = open(folder.file("block", zip(block_members(npy(header, data)))));
        return map_block(file);
    };
    auto bools =
        map_values("{'descr': '|b1', 'fortran_order': False, 'shape': (2, 2), }", {0, 1, 2, 255});
    CHECK_EQ(elements<uint8_t>(values_of(bools)), (std::vector<uint8_t>{0, 1, 1, 1}));
    auto swapped = map_values(
        "{'descr': '>u2', 'fortran_order': False, 'shape': (2, 2), }", {0, 1, 0, 2, 0, 3, 1, 0}
    );
    CHECK_EQ(elements<uint16_t>(values_of(swapped)), (std::vector<uint16_t>{1, 2, 3, 256}));
}

// New arrays made from mapped ones have their own memory, and can be changed
static void test_new_arrays() {
    auto folder = TemporaryFolder();
    auto block = numbered_block<double>();
    auto mapped = map_block(open(folder.file("block", saved(block))));

    auto copy = own(mts_block_copy(mapped.get()));
    CHECK_EQ(exported(values_of(copy)).flags, uint64_t{0});
    CHECK_EQ(saved(copy), saved(block));

    auto array = values_of(copy);
    CHECK_SUCCESS(array.swap_axes(array.ptr, 0, 2));
    CHECK_EQ(elements<double>(array)[1], 6.0);
    CHECK_SUCCESS(array.swap_axes(array.ptr, 0, 2));
    uintptr_t shape[] = {4, 6};
    CHECK_SUCCESS(array.reshape(array.ptr, shape, 2));
    CHECK_EQ(elements<double>(array), elements<double>(values_of(block)));

    auto origin = mts_data_origin_t{0};
    auto copied_origin = mts_data_origin_t{0};
    auto source = values_of(mapped);
    CHECK_SUCCESS(source.origin(source.ptr, &origin));
    CHECK_SUCCESS(array.origin(array.ptr, &copied_origin));
    CHECK_EQ(origin, copied_origin);

    auto movement = mts_data_movement_t{0, 0, 0, 0, 1};
    CHECK_STATUS(source.move_data(source.ptr, source.ptr, &movement, 1), MTS_CALLBACK_ERROR);
    CHECK(check::contains(check::last_error_message(), "can not change the data of a file"));
}

static void test_merge() {
    auto folder = TemporaryFolder();
    auto blocks = std::vector<Block>();
    blocks.push_back(numbered_block<double>());
    blocks.push_back(numbered_block<double>());
    auto in_memory = tensor(std::move(blocks));
    auto file = open(folder.file("tensor", saved(in_memory)));
    auto mapped = own(mts_file_map_tensormap(file.get(), nullptr, nullptr, nullptr));

    auto merged = [](const Tensor& tensor, mts_array_t fill) {
        auto moved = labels({"key"}, {});
        return own(mts_tensormap_keys_to_properties(tensor.get(), moved.get(), fill, true));
    };
    auto from_mapped = merged(mapped, array<double>({}, {0.0}));
    CHECK(from_mapped != nullptr);

    mts_block_t* block = nullptr;
    CHECK_SUCCESS(mts_tensormap_block_by_id(from_mapped.get(), &block, 0));
    auto array = mts_array_t{};
    CHECK_SUCCESS(mts_block_data(block, &array));
    auto all = elements<double>(array);
    // for each component, the properties of both blocks
    CHECK_EQ(
        std::vector<double>(all.begin(), all.begin() + 12),
        (std::vector<double>{0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5})
    );
}

static void test_user_arrays() {
    auto folder = TemporaryFolder();
    auto file = open(folder.file("tensor", saved(full_tensor())));

    // arrays that copy what they get
    auto copy_tensor = [](void* count, DLManagedTensorVersioned* tensor, mts_array_t* array) {
        *static_cast<int*>(count) += 1;
        const auto& content = tensor->dl_tensor;
        auto shape = std::vector<uintptr_t>(content.shape, content.shape + content.ndim);
        const auto* bytes = static_cast<const uint8_t*>(content.data);
        auto data = Bytes(bytes, bytes + byte_size(shape, content.dtype));
        *array = to_mts_array(std::make_unique<TestArray>(shape, content.dtype, data));
        tensor->deleter(tensor);
        return MTS_SUCCESS;
    };
    int count = 0;
    auto tensor = own(mts_file_map_tensormap(file.get(), nullptr, copy_tensor, &count));
    CHECK_EQ(count, 4);
    CHECK_EQ(saved(tensor), saved(full_tensor()));

    auto fail = [](void*, DLManagedTensorVersioned* tensor, mts_array_t*) {
        tensor->deleter(tensor);
        mts_set_last_error("not this one", "the test", nullptr, nullptr);
        return MTS_CALLBACK_ERROR;
    };
    CHECK_NULL(mts_file_map_tensormap(file.get(), nullptr, fail, nullptr), "not this one");
}

static void test_metadata() {
    auto folder = TemporaryFolder();
    auto file = open(folder.file("tensor", saved(full_tensor())));
    auto metadata = own(mts_file_tensormap_metadata(file.get(), nullptr, create_array));
    mts_block_t* block = nullptr;
    CHECK_SUCCESS(mts_tensormap_block_by_id(metadata.get(), &block, 0));
    auto array = mts_array_t{};
    CHECK_SUCCESS(mts_block_data(block, &array));
    // what `create_array` made
    CHECK_EQ(elements<uint8_t>(array)[0], uint8_t{0xcd});
    CHECK_NULL(mts_file_block_metadata(file.get(), create_array), "use `load`");
}

int main() {
    test_lifetime();
    test_alignment();
    test_all_types();
    test_decoded();
    test_new_arrays();
    test_merge();
    test_user_arrays();
    test_metadata();
    CHECK_EQ(live_arrays.load(), 0);
}
