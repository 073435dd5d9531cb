// The last error of each thread, and what failing callbacks leave in it
#include <string>
#include <thread>

#include "objects.hpp"

static int deleted = 0;
static void count_deletion(void* data) {
    deleted += data == &deleted ? 1 : 1000;
}

static void test_initial_state() {
    const char* message = nullptr;
    const char* origin = nullptr;
    void* data = &deleted;
    CHECK_SUCCESS(mts_last_error(&message, &origin, &data));
    CHECK_EQ(std::string(message), "");
    CHECK_EQ(std::string(origin), "");
    CHECK(data == nullptr);
    CHECK_SUCCESS(mts_last_error(nullptr, nullptr, nullptr));
}

static void test_set_and_replace() {
    std::string text = "something";
    CHECK_SUCCESS(mts_set_last_error(text.c_str(), "here", &deleted, count_deletion));
    text[0] = 'S'; // strings were copied

    const char* message = nullptr;
    const char* origin = nullptr;
    void* data = nullptr;
    CHECK_SUCCESS(mts_last_error(&message, &origin, &data));
    CHECK_EQ(std::string(message), "something");
    CHECK_EQ(std::string(origin), "here");
    CHECK(data == &deleted);
    CHECK_EQ(deleted, 0);

    // strings of the previous error can be used for the new one
    CHECK_SUCCESS(mts_set_last_error(message, message, nullptr, nullptr));
    CHECK_EQ(deleted, 1);
    CHECK_EQ(check::last_error_message(), "something");
    CHECK_EQ(check::last_error_origin(), "something");

    CHECK_SUCCESS(mts_set_last_error(nullptr, nullptr, nullptr, nullptr));
    CHECK_EQ(deleted, 1);
    CHECK(!check::last_error_message().empty());
    CHECK(!check::last_error_origin().empty());
    deleted = 0;
}

static void test_deleter_is_called_with_null() {
    static int calls = 0;
    auto deleter = [](void* data) { calls += data == nullptr ? 1 : 1000; };
    CHECK_SUCCESS(mts_set_last_error("", "", nullptr, deleter));
    CHECK_SUCCESS(mts_set_last_error(nullptr, nullptr, nullptr, nullptr));
    CHECK_EQ(calls, 1);
}

static void test_deleter_can_set_errors() {
    auto deleter = [](void*) { mts_set_last_error("from the deleter", "", nullptr, nullptr); };
    CHECK_SUCCESS(mts_set_last_error("first", "", nullptr, deleter));
    CHECK_SUCCESS(mts_set_last_error("second", "", nullptr, nullptr));
    CHECK_EQ(check::last_error_message(), "second");
}

static void test_library_errors_replace_everything() {
    CHECK_SUCCESS(mts_set_last_error("mine", "me", &deleted, count_deletion));
    CHECK_INVALID(mts_labels_dimensions(nullptr, nullptr, nullptr), "`labels`");
    CHECK_EQ(deleted, 1);
    CHECK_EQ(check::last_error_origin(), "metatensor-core");
    void* data = &deleted;
    CHECK_SUCCESS(mts_last_error(nullptr, nullptr, &data));
    CHECK(data == nullptr);

    // success does not
    const std::string message = check::last_error_message();
    make_labels({"a"}, {1});
    CHECK_EQ(check::last_error_message(), message);
    deleted = 0;
}

static mts_status_t fail_with_data(const void*, const uintptr_t**, uintptr_t*) {
    mts_set_last_error("it broke", "C++ exception", &deleted, count_deletion);
    return static_cast<mts_status_t>(-3);
}

static mts_status_t fail_silently(const void*, const uintptr_t**, uintptr_t*) {
    return MTS_IO_ERROR;
}

static void test_callback_errors_are_kept() {
    mts_array_t array = label_values(1, {1}).to_c();
    array.shape = fail_with_data;
    CHECK_NULL(raw_labels({"a"}, array), "mts_array_t.shape: it broke");
    CHECK_EQ(check::last_error_message(), "mts_array_t.shape: it broke");
    CHECK_EQ(check::last_error_origin(), "C++ exception");
    void* data = nullptr;
    CHECK_SUCCESS(mts_last_error(nullptr, nullptr, &data));
    CHECK(data == &deleted);
    CHECK_EQ(deleted, 0);

    // the status of the callback does not matter
    LabelsPtr labels = make_labels({"a"}, {1, 2});
    TestArray::failing = "copy";
    BlockPtr block = make_block(labels, {}, labels);
    CHECK_NULL(mts_block_copy(block.get()), "mts_array_t.copy: it did not work");
    CHECK_EQ(deleted, 1);
    TestArray::failing = "dtype";
    DLDataType dtype = {};
    CHECK_STATUS(mts_block_dtype(block.get(), &dtype), MTS_CALLBACK_ERROR);
    TestArray::failing = "";

    // without an error from the callback, what is there gets the context
    mts_set_last_error("old", "old origin", nullptr, nullptr);
    array = label_values(1, {1}).to_c();
    array.shape = fail_silently;
    CHECK_NULL(raw_labels({"a"}, array), "mts_array_t.shape: old");
    CHECK_EQ(check::last_error_origin(), "old origin");
    deleted = 0;
}

static void test_missing_functions() {
    mts_array_t array = label_values(1, {1}).to_c();
    array.shape = nullptr;
    CHECK_NULL(raw_labels({"a"}, array), "mts_array_t.shape");

    // an empty struct is not a reason to crash
    CHECK_NULL(raw_labels({"a"}, mts_array_t{}), "mts_array_t.shape");
}

static void test_one_error_per_thread() {
    mts_set_last_error("main thread", "", nullptr, nullptr);
    std::thread([] {
        CHECK_EQ(check::last_error_message(), "");
        // not deleted at the end of the thread
        mts_set_last_error("other thread", "", &deleted, count_deletion);
    }).join();
    CHECK_EQ(deleted, 0);
    CHECK_EQ(check::last_error_message(), "main thread");
}

static void test_version() {
    CHECK_EQ(std::string(mts_version()), METATENSOR_VERSION);
    CHECK(mts_version() == mts_version());
    const std::string numbers = std::to_string(METATENSOR_VERSION_MAJOR) + "." +
                                std::to_string(METATENSOR_VERSION_MINOR) + "." +
                                std::to_string(METATENSOR_VERSION_PATCH);
    CHECK(check::starts_with(mts_version(), numbers));
    mts_disable_panic_printing();
}

int main() {
    test_initial_state();
    test_set_and_replace();
    test_deleter_is_called_with_null();
    test_deleter_can_set_errors();
    test_library_errors_replace_everything();
    test_callback_errors_are_kept();
    test_missing_functions();
    test_one_error_per_thread();
    test_version();
    check_no_leak();
}
