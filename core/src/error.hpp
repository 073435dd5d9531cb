#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "metatensor.h"
#include "text.hpp"

namespace mts {

/// An error found by the library itself. `message` is the details, without the tag of its category.
class Error : public std::exception {
public:
    Error(mts_status_t status, std::string message)
        : status_(status), message_(std::move(message)) {}

    mts_status_t status() const noexcept { return status_; }
    const std::string& message() const noexcept { return message_; }
    const char* what() const noexcept override { return message_.c_str(); }

private:
    mts_status_t status_;
    std::string message_;
};

/// Creates an error for bad arguments, from the pieces of its message
template <typename... Parts>
Error invalid_parameter(const Parts&... parts) {
    return Error(MTS_INVALID_PARAMETER_ERROR, text(parts...));
}

/// A callback failed, and `check_callback` already completed the last error that it had set
class CallbackError : public std::exception {
public:
    const char* what() const noexcept override { return "a callback failed"; }
};

[[noreturn]] void fail_in_callback(std::string_view context);

/// Throws a `CallbackError` if a callback returned a failure. The last error stays the one that the
/// callback has set, with `context` (the name of the callback) before its message.
inline void check_callback(mts_status_t status, std::string_view context) {
    if (status != MTS_SUCCESS) {
        fail_in_callback(context);
    }
}

/// Throws if a pointer given by the user is NULL
template <typename T>
void check_not_null(const T* pointer, std::string_view parameter) {
    if (pointer == nullptr) {
        throw invalid_parameter("got a NULL pointer for the parameter `", parameter, "`");
    }
}

/// `text` as a string view, after checking that it is not NULL and is valid UTF-8
std::string_view check_utf8(const char* text, std::string_view parameter);

/// Start of the messages of the errors with this status
std::string_view category_tag(mts_status_t status);

/// Stores the last error of this thread; each library which contains this code has its own way
void record_error(const std::string& message);

/// Stores the exception that is being handled as the last error of this thread
mts_status_t record_current_exception() noexcept;

/// Body of the C functions that return a status: runs `body`, turns exceptions into statuses
template <typename Function>
mts_status_t catch_errors(Function&& body) noexcept {
    try {
        body();
        return MTS_SUCCESS;
    } catch (...) {
        return record_current_exception();
    }
}

/// Body of the C functions that return a pointer: runs `body`, turns exceptions into NULL
template <typename Function>
auto catch_errors_as_null(Function&& body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (...) {
        record_current_exception();
        return nullptr;
    }
}

} // namespace mts
