// Objects are the same after saving and loading

#include <algorithm>
#include <cstring>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "io_support.hpp"

using namespace io_support;

// Bytes of the values of a block, which were created by `create_array`
static Bytes data(const Block& block) {
    auto values = mts_array_t{};
    CHECK_SUCCESS(mts_block_data(block.get(), &values));
    return static_cast<TestArray*>(values.ptr)->data;
}

// A block with these values; labels are made for its shape
static Block block_of(mts_array_t values) {
    const uintptr_t* shape = nullptr;
    uintptr_t count = 0;
    values.shape(values.ptr, &shape, &count);

    auto components = std::vector<Labels>();
    for (size_t axis = 1; axis + 1 < count; axis++) {
        auto name = "c" + std::to_string(axis);
        components.push_back(range(name.c_str(), static_cast<int32_t>(shape[axis])));
    }
    auto samples = range("s", static_cast<int32_t>(shape[0]));
    auto properties = range("p", static_cast<int32_t>(shape[count - 1]));
    return block(values, samples, components, properties);
}

static void test_dtypes() {
    auto dtypes =
        std::vector<DLDataType>{{kDLBool, 8, 1}, {kDLComplex, 64, 1}, {kDLComplex, 128, 1}};
    for (uint8_t bits : {8, 16, 32, 64}) {
        dtypes.push_back({kDLInt, bits, 1});
        dtypes.push_back({kDLUInt, bits, 1});
        if (bits > 8) {
            dtypes.push_back({kDLFloat, bits, 1});
        }
    }

    for (auto dtype : dtypes) {
        auto bytes = Bytes(byte_size({3, 2, 5}, dtype));
        std::iota(bytes.begin(), bytes.end(), 200);
        auto original = to_mts_array(
            std::make_unique<TestArray>(std::vector<uintptr_t>{3, 2, 5}, dtype, bytes)
        );
        auto buffer = saved(block_of(original));
        auto loaded = load_block(buffer);
        CHECK_NOT_NULL(loaded.get());

        auto loaded_dtype = DLDataType{};
        CHECK_SUCCESS(mts_block_dtype(loaded.get(), &loaded_dtype));
        CHECK_EQ(loaded_dtype.code, dtype.code);
        CHECK_EQ(loaded_dtype.bits, dtype.bits);
        if (dtype.code == kDLBool) {
            for (auto& byte : bytes) {
                byte = byte != 0 ? 1 : 0;
            }
        }
        CHECK_EQ(data(loaded), bytes);
        CHECK_EQ(saved(loaded), buffer);
    }
}

static void test_unsupported_dtypes() {
    for (auto dtype :
         {DLDataType{kDLBfloat, 16, 1},
          DLDataType{kDLFloat, 8, 1},
          DLDataType{kDLFloat, 32, 2},
          DLDataType{kDLFloat8_e4m3fn, 8, 1},
          DLDataType{kDLInt, 128, 1}}) {
        auto values = std::make_unique<TestArray>(std::vector<uintptr_t>{1, 1}, dtype, Bytes(64));
        auto block = block_of(to_mts_array(std::move(values)));
        uint8_t* buffer = nullptr;
        uintptr_t size = 0;
        CHECK_STATUS(
            mts_block_save_buffer(&buffer, &size, nullptr, plain_realloc, block.get()),
            MTS_SERIALIZATION_ERROR
        );
        std::free(buffer);
    }
}

// The same (2, 3, 4) values with any layout in memory give the same bytes.
static void test_strided_arrays() {
    constexpr int64_t SIZES[3] = {2, 3, 4};
    auto values = std::vector<double>(24);
    std::iota(values.begin(), values.end(), 0.5);
    auto expected = saved(block_of(array<double>({2, 3, 4}, values)));

    auto order = std::vector<int>{0, 1, 2};
    do {
        for (int negative = 0; negative < 8; negative++) {
            // slow axis to fast axis, with one unused element after each one used
            int64_t strides[3] = {};
            int64_t total = 2;
            for (int i = 2; i >= 0; i--) {
                strides[order[i]] = total;
                total *= SIZES[order[i]];
            }
            int64_t first = 0;
            for (int axis = 0; axis < 3; axis++) {
                if ((negative & (1 << axis)) != 0) {
                    first += strides[axis] * (SIZES[axis] - 1);
                    strides[axis] = -strides[axis];
                }
            }

            auto memory = std::vector<double>(static_cast<size_t>(total), -1.0);
            for (int64_t i = 0; i < 24; i++) {
                auto position =
                    first + (i / 12) * strides[0] + (i / 4 % 3) * strides[1] + (i % 4) * strides[2];
                memory[static_cast<size_t>(position)] = values[static_cast<size_t>(i)];
            }
            auto strided = array<double>({2, 3, 4}, memory);
            auto* implementation = static_cast<TestArray*>(strided.ptr);
            implementation->strides.assign(strides, strides + 3);
            implementation->byte_offset = static_cast<uint64_t>(first) * sizeof(double);
            CHECK_EQ(saved(block_of(strided)), expected);
        }
    } while (std::next_permutation(order.begin(), order.end()));
}

// Along axes of size 1, strides have no meaning.
static void test_strides_of_size_one() {
    auto expected = saved(block_of(array<int32_t>({1, 3, 1}, {1, 2, 3})));
    auto strided = array<int32_t>({1, 3, 1}, {1, 2, 3});
    static_cast<TestArray*>(strided.ptr)->strides = {-12345, 1, 99999};
    CHECK_EQ(saved(block_of(strided)), expected);
}

static void test_broadcast_arrays() {
    auto expected = saved(block_of(array<int32_t>({2, 2, 3}, std::vector<int32_t>(12, 7))));
    auto broadcast = array<int32_t>({2, 2, 3}, {7});
    static_cast<TestArray*>(broadcast.ptr)->strides = {0, 0, 0};
    CHECK_EQ(saved(block_of(broadcast)), expected);

    expected = saved(block_of(array<int32_t>({2, 2, 3}, {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3})));
    broadcast = array<int32_t>({2, 2, 3}, {1, 2, 3});
    static_cast<TestArray*>(broadcast.ptr)->strides = {0, 0, 1};
    CHECK_EQ(saved(block_of(broadcast)), expected);
}

// `create_array` for arrays where the last axis is the slowest
static mts_status_t
create_transposed(const uintptr_t* shape, uintptr_t count, DLDataType dtype, mts_array_t* result) {
    create_array(shape, count, dtype, result);
    auto& strides = static_cast<TestArray*>(result->ptr)->strides;
    int64_t stride = 1;
    for (uintptr_t axis = 0; axis < count; axis++) {
        strides.push_back(stride);
        stride *= static_cast<int64_t>(shape[axis]);
    }
    return MTS_SUCCESS;
}

static void test_load_to_strided_arrays() {
    // more than the pieces that data is read by
    auto values = std::vector<int16_t>(300 * 3 * 400);
    std::iota(values.begin(), values.end(), 0);
    auto buffer = saved(block_of(array<int16_t>({300, 3, 400}, values)));

    auto loaded = own(mts_block_load_buffer(buffer.data(), buffer.size(), create_transposed));
    CHECK_NOT_NULL(loaded.get());
    auto memory = data(loaded);
    for (size_t i : {0, 1, 399, 400, 1200, 123456, 359999}) {
        auto position = (i / 1200) + 300 * (i / 400 % 3) + 900 * (i % 400);
        CHECK_EQ(static_cast<int16_t>(get(memory, 2 * position, 2)), values[i]);
    }
    CHECK_EQ(saved(loaded), buffer);
}

static void test_large_arrays() {
    auto values = std::vector<double>(1000 * 1001);
    std::iota(values.begin(), values.end(), 0.0);
    auto buffer = saved(block_of(array<double>({1000, 1001}, values)));
    auto loaded = load_block(buffer);
    CHECK_NOT_NULL(loaded.get());
    auto bytes = data(loaded);
    CHECK_EQ(bytes.size(), values.size() * sizeof(double));
    CHECK(std::memcmp(bytes.data(), values.data(), bytes.size()) == 0);
}

static void test_empty_arrays() {
    for (auto shape : std::vector<std::vector<uintptr_t>>{{0, 2}, {2, 0}, {0, 0}, {0, 3, 2}}) {
        auto buffer = saved(block_of(array<float>(shape, {})));
        auto loaded = load_block(buffer);
        CHECK_NOT_NULL(loaded.get());
        CHECK_EQ(saved(loaded), buffer);
    }
}

static void test_labels() {
    auto without_entries = labels({"a", "b"}, {});
    auto bytes = saved(without_entries);
    CHECK_EQ(saved(load_labels(bytes)), bytes);

    bytes = saved(labels({}, {}));
    CHECK(!bytes.empty());
    auto without_dimensions = load_labels(bytes);
    CHECK_NOT_NULL(without_dimensions.get());
    CHECK_EQ(saved(without_dimensions), bytes);

    auto values = std::vector<int32_t>(20000);
    std::iota(values.begin(), values.end(), -10000);
    auto original = labels({"x", "y"}, values);
    bytes = saved(original);
    auto loaded = load_labels(bytes);
    const int32_t* loaded_values = nullptr;
    uintptr_t count = 0;
    uintptr_t size = 0;
    CHECK_SUCCESS(mts_labels_values_cpu(loaded.get(), &loaded_values, &count, &size));
    CHECK_EQ(count, 10000U);
    CHECK_EQ(size, 2U);
    CHECK(std::equal(values.begin(), values.end(), loaded_values));
}

static void test_blocks_without_dimensions() {
    auto nothing = labels({}, {});
    auto original = block(array<double>({0, 0}, {}), nothing, {}, nothing);
    auto bytes = saved(original);
    CHECK_EQ(saved(load_block(bytes)), bytes);
}

static void test_gradients() {
    auto bytes = saved(full_tensor());
    auto loaded = load_tensor(bytes);
    CHECK_NOT_NULL(loaded.get());
    CHECK_EQ(saved(loaded), bytes);
}

// Everything but `/` can be in the name of a gradient.
static void test_gradient_names() {
    auto properties = range("p", 1);
    auto names = std::set<std::string>{"", " ", "a b", "..", "gradients", "\xc3\xa9", "c:\\d", "z"};
    auto original = block(array<double>({1, 1}, {1}), range("s", 1), {}, properties);
    for (const auto& name : names) {
        auto gradient = block(array<double>({1, 1}, {2}), range("sample", 1), {}, properties);
        CHECK_SUCCESS(mts_block_add_gradient(original.get(), name.c_str(), gradient.release()));
    }

    auto bytes = saved(original);
    auto loaded = load_block(bytes);
    CHECK_NOT_NULL(loaded.get());
    const char* const* parameters = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_block_gradients_list(loaded.get(), &parameters, &count));
    // they are sorted in the archive
    CHECK_EQ(
        std::vector<std::string>(parameters, parameters + count),
        std::vector<std::string>(names.begin(), names.end())
    );
    CHECK_EQ(saved(loaded), bytes);

    for (const auto& member : unzip(bytes)) {
        auto has_accent = member.name.find("\xc3\xa9") != std::string::npos;
        auto flags = get(bytes, member.offset + 6, 2);
        CHECK_EQ(flags, has_accent ? 0x0800U : 0U);
    }
}

static void test_gradient_name_with_slash() {
    auto properties = range("p", 1);
    auto original = block(array<double>({1, 1}, {1}), range("s", 1), {}, properties);
    auto gradient = block(array<double>({1, 1}, {2}), range("sample", 1), {}, properties);
    CHECK_SUCCESS(mts_block_add_gradient(original.get(), "a/b", gradient.release()));
    auto bytes = saved(original);
    CHECK(!bytes.empty());
    CHECK(!load_block(bytes));
    CHECK_EQ(last_status(), MTS_SERIALIZATION_ERROR);
}

static void test_too_long_gradient_name() {
    auto save_status = [](size_t length) {
        auto properties = range("p", 1);
        auto original = block(array<double>({1, 1}, {1}), range("s", 1), {}, properties);
        auto gradient = block(array<double>({1, 1}, {2}), range("sample", 1), {}, properties);
        auto name = std::string(length, 'g');
        CHECK_SUCCESS(mts_block_add_gradient(original.get(), name.c_str(), gradient.release()));

        uint8_t* buffer = nullptr;
        uintptr_t size = 0;
        auto status = mts_block_save_buffer(&buffer, &size, nullptr, plain_realloc, original.get());
        std::free(buffer);
        return status;
    };
    constexpr size_t OTHER_BYTES = sizeof("gradients//samples.npy") - 1;
    CHECK_STATUS(save_status(65535 - OTHER_BYTES), MTS_SUCCESS);
    CHECK_STATUS(save_status(65536 - OTHER_BYTES), MTS_SERIALIZATION_ERROR);
}

static std::string info_value(const Tensor& tensor, const char* key) {
    const char* value = nullptr;
    CHECK_SUCCESS(mts_tensormap_get_info(tensor.get(), key, &value));
    return value == nullptr ? "<missing>" : value;
}

static void test_info() {
    auto original = tensor({});
    auto special = std::string();
    for (char c = 1; c < 0x7f; c++) {
        special += c;
    }
    special += "\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    CHECK_SUCCESS(mts_tensormap_set_info(original.get(), "zz", special.c_str()));
    CHECK_SUCCESS(mts_tensormap_set_info(original.get(), "\xc3\xa9", "accent"));
    CHECK_SUCCESS(mts_tensormap_set_info(original.get(), "", ""));
    CHECK_SUCCESS(mts_tensormap_set_info(original.get(), special.c_str(), "key"));

    auto bytes = saved(original);
    auto loaded = load_tensor(bytes);
    CHECK_NOT_NULL(loaded.get());
    CHECK_EQ(info_value(loaded, "zz"), special);
    CHECK_EQ(info_value(loaded, "\xc3\xa9"), "accent");
    CHECK_EQ(info_value(loaded, ""), "");
    CHECK_EQ(info_value(loaded, special.c_str()), "key");
    CHECK_EQ(saved(loaded), bytes);

    const char* const* keys = nullptr;
    uintptr_t count = 0;
    CHECK_SUCCESS(mts_tensormap_info_keys(loaded.get(), &keys, &count));
    CHECK_EQ(
        std::vector<std::string>(keys, keys + count),
        std::vector<std::string>({"", special, "zz", "\xc3\xa9"})
    );
}

static void test_info_is_not_utf8() {
    auto original = tensor({});
    CHECK_SUCCESS(mts_tensormap_set_info(original.get(), "key", "\xff"));
    uint8_t* buffer = nullptr;
    uintptr_t size = 0;
    CHECK_STATUS(
        mts_tensormap_save_buffer(&buffer, &size, nullptr, plain_realloc, original.get()),
        MTS_SERIALIZATION_ERROR
    );
    std::free(buffer);
}

// More members than ZIP can count without the ZIP64 records
static void test_many_members() {
    auto samples = range("s", 1);
    auto properties = range("p", 1);
    auto blocks = std::vector<Block>();
    for (int i = 0; i < 22000; i++) {
        blocks.push_back(block(array<int8_t>({1, 1}, {1}), samples, {}, properties));
    }
    auto bytes = saved(tensor(std::move(blocks)));
    CHECK_EQ(get(bytes, bytes.size() - 22, 4), 0x06054b50U);
    CHECK_EQ(get(bytes, bytes.size() - 12 - 2, 2), 0xffffU);
    CHECK_EQ(get(bytes, bytes.size() - 22 - 20, 4), 0x07064b50U);
    CHECK_EQ(get(bytes, bytes.size() - 22 - 20 - 56, 4), 0x06064b50U);
    CHECK_EQ(get(bytes, bytes.size() - 22 - 20 - 56 + 32, 8), 1U + 3U * 22000U);

    auto loaded = load_tensor(bytes);
    CHECK_NOT_NULL(loaded.get());
    CHECK(saved(loaded) == bytes);
}

int main() {
    test_dtypes();
    test_unsupported_dtypes();
    test_strided_arrays();
    test_strides_of_size_one();
    test_broadcast_arrays();
    test_load_to_strided_arrays();
    test_large_arrays();
    test_empty_arrays();
    test_labels();
    test_blocks_without_dimensions();
    test_gradients();
    test_gradient_names();
    test_gradient_name_with_slash();
    test_too_long_gradient_name();
    test_info();
    test_info_is_not_utf8();
    test_many_members();
    CHECK_EQ(live_arrays.load(), 0);
}
