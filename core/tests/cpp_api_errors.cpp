// Errors of the library, and exceptions of users which go through it.

#include "cpp_api.hpp"
#include "custom_array.hpp"

#include <cstring>
#include <optional>
#include <stdexcept>

using namespace metatensor;

struct CustomException : std::runtime_error {
    explicit CustomException(int code_) : std::runtime_error("custom exception"), code(code_) {}
    int code;
};

static std::string last_error_origin() {
    const char* origin = nullptr;
    mts_last_error(nullptr, &origin, nullptr);
    return origin;
}

static void test_library_errors() {
    CHECK_THROWS(Labels({"not valid"}, {}), "'not valid'");
    CHECK(last_error_origin() != "C++ exception");
    CHECK_THROWS(details::check_pointer(nullptr), "not valid");
    CHECK_THROWS(details::check_status(MTS_INVALID_PARAMETER_ERROR), "not valid");

    details::check_status(MTS_SUCCESS);
    int something = 0;
    details::check_pointer(&something);

    Error error = std::string("implicit conversion");
    CHECK(std::strcmp(error.what(), "implicit conversion") == 0);
}

static void test_catch_exceptions() {
    int calls = 0;
    auto add = [&](int a, int b) {
        calls += a + b;
        return 33;
    };
    CHECK(details::catch_exceptions(add, 2, 3) == MTS_SUCCESS);
    CHECK(calls == 5);

    auto status = details::catch_exceptions([] { throw CustomException(17); });
    CHECK(status == MTS_CALLBACK_ERROR);
    CHECK(last_error_origin() == "C++ exception");
    const char* message = nullptr;
    mts_last_error(&message, nullptr, nullptr);
    CHECK(std::strcmp(message, "custom exception") == 0);

    // the exception can be thrown several times
    for (int i = 0; i < 2; i++) {
        try {
            details::check_status(status);
            CHECK(false);
        } catch (const CustomException& error) {
            CHECK(error.code == 17);
            CHECK(std::strcmp(error.what(), "custom exception") == 0);
        }
    }

    status = details::catch_exceptions([] { throw 42; });
    CHECK(status == MTS_CALLBACK_ERROR);
    try {
        details::check_status(status);
        CHECK(false);
    } catch (int value) {
        CHECK(value == 42);
    }
}

static void test_stored_exception_is_freed() {
    auto alive = std::make_shared<int>(3);
    std::weak_ptr<int> watch = alive;
    details::catch_exceptions([&] { throw std::exchange(alive, nullptr); });
    CHECK(!watch.expired());
    CHECK(mts_set_last_error(nullptr, nullptr, nullptr, nullptr) == MTS_SUCCESS);
    CHECK(watch.expired());
    CHECK_THROWS(details::check_status(MTS_INTERNAL_ERROR), "");

    // errors of the library replace the stored exception
    details::catch_exceptions([] { throw 42; });
    CHECK_THROWS(Labels({"not valid"}, {}), "not valid");
}

static void test_other_languages() {
    mts_set_last_error("message from Python", "Python exception", nullptr, nullptr);
    CHECK_THROWS(details::check_status(MTS_CALLBACK_ERROR), "message from Python");

    int data = 0;
    mts_set_last_error("other data", "another origin", &data, nullptr);
    CHECK_THROWS(details::check_status(MTS_CALLBACK_ERROR), "other data");

    // no stored exception, even if the origin says so
    mts_set_last_error("no data", "C++ exception", nullptr, nullptr);
    CHECK_THROWS(details::check_pointer(nullptr), "no data");
    mts_set_last_error(nullptr, nullptr, nullptr, nullptr);
}

/// What is needed to run all the functions of the array in a tensor map.
static TensorMap custom_tensor() {
    const auto keys = Labels({"key"}, {{0}, {1}});
    std::vector<TensorBlock> blocks;
    for (int key = 0; key < 2; key++) {
        blocks.emplace_back(
            std::make_unique<CustomArray>(std::vector<uintptr_t>{2, 3, 1, 1}, key),
            Labels({"sample"}, {{0}, {1}}),
            std::vector<Labels>{Labels({"first"}, {{0}, {1}, {2}}), Labels({"second"}, {{0}})},
            Labels({"property"}, {{key}})
        );
    }
    return TensorMap(keys, std::move(blocks));
}

/// Check that exceptions thrown by this function of the arrays come out of `run`.
template <typename F>
static void check_exceptions(const std::string& function, F run) {
    auto throw_in = [&](auto exception) {
        CustomArray::on_call = [&, exception](const std::string& called) {
            if (called == function) {
                throw exception;
            }
        };
    };

    throw_in(CustomException(42));
    std::optional<int> code;
    try {
        run();
    } catch (const CustomException& error) {
        code = error.code;
    }
    CHECK(code == 42);

    throw_in(std::string("not an exception"));
    std::string value;
    try {
        run();
    } catch (const std::string& thrown) {
        value = thrown;
    }
    CHECK(value == "not an exception");

    throw_in(std::out_of_range("standard exception"));
    CHECK_THROWS_AS(run(), std::out_of_range);
    CustomArray::on_call = [](const std::string&) {};
}

static void test_exceptions_in_arrays() {
    {
        auto tensor = custom_tensor();
        check_exceptions("copy", [&] { tensor.clone(); });
        check_exceptions("copy", [&] { tensor.block_by_id(0).clone(); });
        check_exceptions("shape", [&] { tensor.block_by_id(0).components(); });
        check_exceptions("dtype", [&] { tensor.block_by_id(0).mts_array().dtype(); });
        check_exceptions("device", [&] { tensor.block_by_id(0).mts_array().device(); });
        check_exceptions("origin", [&] { tensor.block_by_id(0).mts_array().origin(); });
        check_exceptions("as_dlpack", [&] { tensor.block_by_id(0).values(); });
        check_exceptions("create", [&] { tensor.keys_to_properties("key"); });
        check_exceptions("move_data", [&] { tensor.keys_to_samples("key"); });
        check_exceptions("swap_axes", [&] { tensor.components_to_properties("first"); });
        check_exceptions("reshape", [&] { tensor.components_to_properties("first"); });
        check_exceptions("shape", [&] { custom_tensor(); });
        check_exceptions("device", [&] { custom_tensor(); });
        check_exceptions("origin", [&] { custom_tensor(); });
        check_exceptions("dtype", [&] { custom_tensor(); });
        check_exceptions("as_dlpack", [&] { tensor.save_buffer(); });

        // the tensor is still fine
        CHECK(tensor.clone().keys().count() == 2);
    }
    CHECK(CustomArray::live_count == 0);
}

static void test_exceptions_when_loading() {
    const auto buffer = custom_tensor().save_buffer();
    auto fail = [](const uintptr_t*, uintptr_t, DLDataType, mts_array_t*) {
        return details::catch_exceptions([] { throw CustomException(33); });
    };
    try {
        io::load_buffer(buffer, fail);
        CHECK(false);
    } catch (const CustomException& error) {
        CHECK(error.code == 33);
    }
    CHECK(CustomArray::live_count == 0);
}

int main() {
    test_library_errors();
    test_catch_exceptions();
    test_stored_exception_is_freed();
    test_other_languages();
    test_exceptions_in_arrays();
    test_exceptions_when_loading();
    return end_of_tests();
}
