// Callbacks of the functions that save and load: `realloc`, `create_array`, and those of arrays

#include <cstdlib>
#include <string>
#include <vector>

#include "io_support.hpp"

using namespace io_support;

// `realloc` that can be made to fail
struct Reallocations {
    std::vector<uintptr_t> sizes;
    size_t allowed = 1000;
};

static uint8_t* counting_realloc(void* user_data, uint8_t* buffer, uintptr_t size) {
    auto& calls = *static_cast<Reallocations*>(user_data);
    if (calls.sizes.size() == calls.allowed) {
        return nullptr;
    }
    calls.sizes.push_back(size);
    return static_cast<uint8_t*>(std::realloc(buffer, size));
}

static void test_buffer_growth() {
    auto tensor = full_tensor();
    auto expected = saved(tensor);

    auto calls = Reallocations();
    uint8_t* buffer = nullptr;
    uintptr_t size = 0;
    CHECK_SUCCESS(
        mts_tensormap_save_buffer(&buffer, &size, &calls, counting_realloc, tensor.get())
    );
    CHECK_EQ(Bytes(buffer, buffer + size), expected);
    CHECK_EQ(calls.sizes, std::vector<uintptr_t>({1024, 2048, 4096}));

    // the buffer is large enough the second time
    size = 4096;
    CHECK_SUCCESS(
        mts_tensormap_save_buffer(&buffer, &size, &calls, counting_realloc, tensor.get())
    );
    CHECK_EQ(Bytes(buffer, buffer + size), expected);
    CHECK_EQ(calls.sizes.size(), 3U);
    std::free(buffer);

    // existing sizes are doubled until there is enough room
    calls = Reallocations();
    buffer = static_cast<uint8_t*>(std::malloc(1500));
    size = 1500;
    CHECK_SUCCESS(
        mts_tensormap_save_buffer(&buffer, &size, &calls, counting_realloc, tensor.get())
    );
    CHECK_EQ(Bytes(buffer, buffer + size), expected);
    CHECK_EQ(calls.sizes, std::vector<uintptr_t>({3000, 6000}));
    std::free(buffer);
}

static void test_realloc_failure() {
    auto tensor = full_tensor();
    for (size_t allowed = 0; allowed < 3; allowed++) {
        auto calls = Reallocations();
        calls.allowed = allowed;
        uint8_t* buffer = nullptr;
        uintptr_t size = 0;
        CHECK_STATUS(
            mts_tensormap_save_buffer(&buffer, &size, &calls, counting_realloc, tensor.get()),
            MTS_IO_ERROR
        );
        CHECK_EQ(size, 0U);
        CHECK_EQ(buffer == nullptr, allowed == 0);
        std::free(buffer);
    }
}

static void test_save_arguments() {
    auto tensor = full_tensor();
    uint8_t* buffer = nullptr;
    uintptr_t size = 0;
    auto* realloc = plain_realloc;
    CHECK_INVALID(
        mts_tensormap_save_buffer(nullptr, &size, nullptr, realloc, tensor.get()), "`buffer`"
    );
    CHECK_INVALID(
        mts_tensormap_save_buffer(&buffer, nullptr, nullptr, realloc, tensor.get()),
        "`buffer_count`"
    );
    CHECK_INVALID(
        mts_tensormap_save_buffer(&buffer, &size, nullptr, nullptr, tensor.get()), "`realloc`"
    );
    CHECK_INVALID(mts_tensormap_save_buffer(&buffer, &size, nullptr, realloc, nullptr), "`tensor`");
    CHECK_INVALID(mts_block_save_buffer(&buffer, &size, nullptr, realloc, nullptr), "`block`");
    CHECK_INVALID(mts_labels_save_buffer(&buffer, &size, nullptr, realloc, nullptr), "`labels`");
    CHECK_INVALID(mts_tensormap_save(nullptr, tensor.get()), "`path`");
    CHECK_INVALID(mts_tensormap_save("\xff.mts", tensor.get()), "UTF-8");

    size = 3;
    CHECK_INVALID(
        mts_tensormap_save_buffer(&buffer, &size, nullptr, realloc, tensor.get()), "buffer_count"
    );
    CHECK_EQ(size, 3U);
}

static void test_load_arguments() {
    auto bytes = saved(simple_block());
    CHECK_NULL(mts_labels_load(nullptr), "invalid parameter");
    CHECK_NULL(mts_block_load(nullptr, create_array), "invalid parameter");
    CHECK_NULL(mts_block_load("file.mts", nullptr), "invalid parameter");
    CHECK_NULL(mts_tensormap_load("file.mts", nullptr), "`create_array`");
    CHECK_NULL(mts_block_load_buffer(bytes.data(), bytes.size(), nullptr), "`create_array`");
    CHECK_NULL(mts_block_load_buffer(nullptr, 12, create_array), "invalid parameter");
    CHECK_NULL(mts_labels_load_buffer(nullptr, 12), "invalid parameter");

    CHECK_NULL(mts_labels_load_buffer(nullptr, 0), "serialization format error");
    CHECK_NULL(mts_block_load_buffer(nullptr, 0, create_array), "serialization format error");
    CHECK_NULL(mts_tensormap_load_buffer(bytes.data(), 0, create_array), "serialization format");
}

// Variants of `create_array` that do something wrong

static int calls_before_failure = 0;

static mts_status_t
create_failing(const uintptr_t* shape, uintptr_t count, DLDataType dtype, mts_array_t* result) {
    if (calls_before_failure == 0) {
        mts_set_last_error("no more arrays", "io_callbacks", &calls_before_failure, nullptr);
        return static_cast<mts_status_t>(42);
    }
    calls_before_failure--;
    return create_array(shape, count, dtype, result);
}

static mts_status_t create_nothing(const uintptr_t*, uintptr_t, DLDataType, mts_array_t*) {
    return MTS_SUCCESS;
}

static mts_status_t
create_other_dtype(const uintptr_t* shape, uintptr_t count, DLDataType, mts_array_t* result) {
    return create_array(shape, count, {kDLInt, 32, 1}, result);
}

static mts_status_t
create_other_shape(const uintptr_t* shape, uintptr_t count, DLDataType dtype, mts_array_t* result) {
    auto other = std::vector<uintptr_t>(shape, shape + count);
    other[0] += 1;
    return create_array(other.data(), count, dtype, result);
}

static mts_status_t
create_read_only(const uintptr_t* shape, uintptr_t count, DLDataType dtype, mts_array_t* result) {
    auto status = create_array(shape, count, dtype, result);
    static_cast<TestArray*>(result->ptr)->dlpack_flags = DLPACK_FLAG_BITMASK_READ_ONLY;
    return status;
}

static mts_status_t create_without_dlpack(
    const uintptr_t* shape, uintptr_t count, DLDataType dtype, mts_array_t* result
) {
    auto status = create_array(shape, count, dtype, result);
    result->as_dlpack = nullptr;
    return status;
}

static void test_create_array_fails() {
    auto bytes = saved(full_tensor());
    for (int arrays = 0; arrays < 4; arrays++) {
        calls_before_failure = arrays;
        CHECK_NULL(
            mts_tensormap_load_buffer(bytes.data(), bytes.size(), create_failing), "no more arrays"
        );
        // the error is still the one of the callback, with more context
        const char* origin = nullptr;
        void* data = nullptr;
        mts_last_error(nullptr, &origin, &data);
        CHECK_EQ(std::string(origin), "io_callbacks");
        CHECK(data == &calls_before_failure);
        CHECK(!check::starts_with(check::last_error_message(), "no more arrays"));
        CHECK_EQ(live_arrays.load(), 0);
    }
    calls_before_failure = 4;
    CHECK(own(mts_tensormap_load_buffer(bytes.data(), bytes.size(), create_failing)) != nullptr);
}

static void test_create_array_gives_something_else() {
    auto bytes = saved(full_tensor());
    auto load = [&](mts_create_array_callback_t callback) {
        return mts_tensormap_load_buffer(bytes.data(), bytes.size(), callback);
    };
    CHECK_NULL(load(create_nothing), "mts_array_t");
    CHECK_NULL(load(create_other_dtype), "serialization format error");
    CHECK_NULL(load(create_other_shape), "invalid parameter");
    CHECK_NULL(load(create_read_only), "invalid parameter");
    CHECK_NULL(load(create_without_dlpack), "as_dlpack");
    CHECK_EQ(live_arrays.load(), 0);
}

// Arrays without elements are never exported.
static void test_create_empty_arrays() {
    auto empty = block(array<double>({0, 2}, {}), range("s", 0), {}, range("p", 2));
    auto bytes = saved(empty);
    auto loaded = own(mts_block_load_buffer(bytes.data(), bytes.size(), create_without_dlpack));
    CHECK_NOT_NULL(loaded.get());
}

static void test_as_dlpack_fails() {
    auto values = array<double>({2, 2}, {1, 2, 3, 4});
    values.as_dlpack =
        [](void*, DLManagedTensorVersioned**, DLDevice, const int64_t*, DLPackVersion) {
            mts_set_last_error("no data here", "io_callbacks", nullptr, nullptr);
            return MTS_IO_ERROR;
        };
    auto failing = block(values, range("s", 2), {}, range("p", 2));
    uint8_t* buffer = nullptr;
    uintptr_t size = 0;
    CHECK_STATUS(
        mts_block_save_buffer(&buffer, &size, nullptr, plain_realloc, failing.get()),
        MTS_CALLBACK_ERROR
    );
    CHECK(check::contains(check::last_error_message(), "no data here"));
    std::free(buffer);
}

// Only what is needed to save and load is called: `to_mts_array` leaves the rest out. For saving,
// this is even less.
static void test_unused_callbacks() {
    auto values = array<double>({2, 2}, {1, 2, 3, 4});
    values.origin = nullptr;
    values.dtype = nullptr;
    auto expected = saved(simple_block());
    CHECK_EQ(saved(block(values, range("s", 2), {}, range("p", 2))), expected);
}

int main() {
    test_buffer_growth();
    test_realloc_failure();
    test_save_arguments();
    test_load_arguments();
    test_create_array_fails();
    test_create_array_gives_something_else();
    test_create_empty_arrays();
    test_as_dlpack_fails();
    test_unused_callbacks();
    CHECK_EQ(live_arrays.load(), 0);
}
