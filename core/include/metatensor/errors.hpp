#pragma once

#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "../metatensor.h"

#if defined(_WIN32)
#define METATENSOR_VISIBLE
#else
/// Types that cross the boundary between shared libraries, as exceptions or through `dynamic_cast`,
/// need the same type information everywhere, even in libraries built with hidden visibility.
#define METATENSOR_VISIBLE __attribute__((visibility("default")))
#endif

namespace metatensor {

/// Exception used for all the errors of metatensor.
class METATENSOR_VISIBLE Error : public std::runtime_error {
public:
    /// Create an error carrying this `message`. This is implicit on purpose.
    Error(const std::string& message) : std::runtime_error(message) {}
};

namespace details {

/// Origin of the errors that store a `std::exception_ptr` as the data of the last error.
inline constexpr const char* EXCEPTION_ORIGIN = "C++ exception";

/// Throw what the last error of this thread describes: the stored C++ exception if there is one,
/// and an `Error` with the message otherwise.
[[noreturn]] inline void throw_last_error() {
    const char* message = nullptr;
    const char* origin = nullptr;
    void* data = nullptr;
    mts_last_error(&message, &origin, &data);

    if (data != nullptr && origin != nullptr && std::strcmp(origin, EXCEPTION_ORIGIN) == 0) {
        std::rethrow_exception(*static_cast<const std::exception_ptr*>(data));
    }
    throw Error(message != nullptr ? message : "unknown error");
}

/// Throw the last error if `status`, returned by a C function, is not `MTS_SUCCESS`.
inline void check_status(mts_status_t status) {
    if (status != MTS_SUCCESS) {
        throw_last_error();
    }
}

/// Throw the last error if `pointer`, returned by a C function, is null.
inline void check_pointer(const void* pointer) {
    if (pointer == nullptr) {
        throw_last_error();
    }
}

/// Store the exception being handled in the last error of this thread, with this `message`.
/// If there is no memory left for it, only the message is stored.
inline mts_status_t record_current_exception(const char* message) noexcept {
    auto* exception = new (std::nothrow) std::exception_ptr(std::current_exception());
    mts_set_last_error(message, EXCEPTION_ORIGIN, exception, [](void* data) {
        delete static_cast<std::exception_ptr*>(data);
    });
    return MTS_CALLBACK_ERROR;
}

/// Run `f(args...)`, which the library calls through a C callback, and turn its exceptions into a
/// status. Whatever is thrown is kept in the last error, for `check_status` to throw it again on
/// the other side of the C code. The value returned by `f` is ignored.
template <typename F, typename... Args>
mts_status_t catch_exceptions(F f, Args... args) {
    try {
        static_cast<void>(f(args...));
        return MTS_SUCCESS;
    } catch (const std::exception& error) {
        return record_current_exception(error.what());
    } catch (...) {
        return record_current_exception("exception with a type that is not a std::exception");
    }
}

} // namespace details
} // namespace metatensor
