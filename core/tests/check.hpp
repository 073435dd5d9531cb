#pragma once

/// Checks for tests. A check that fails prints what was found and aborts the program.

#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "metatensor.h"

namespace check {

[[noreturn]] inline void fail(const char* file, int line, const std::string& message) {
    std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, message.c_str());
    std::fflush(nullptr);
    // not `exit`: nothing more should run, and fuzzers keep the input of an aborted program
    std::abort();
}

inline std::string last_error_message() {
    const char* message = nullptr;
    mts_last_error(&message, nullptr, nullptr);
    return message;
}

inline std::string last_error_origin() {
    const char* origin = nullptr;
    mts_last_error(nullptr, &origin, nullptr);
    return origin;
}

inline bool starts_with(const std::string& text, const std::string& prefix) {
    return text.compare(0, prefix.size(), prefix) == 0;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

template <typename T, typename = void>
struct is_printable : std::false_type {};
template <typename T>
struct is_printable<
    T,
    std::void_t<decltype(std::declval<std::ostream&>() << std::declval<const T&>())>>
    : std::true_type {};

template <typename T>
std::string show(const T& value) {
    std::ostringstream stream;
    if constexpr (is_printable<T>::value) {
        stream << value;
    } else {
        stream << "<" << sizeof(T) << " bytes>";
    }
    return stream.str();
}

template <typename T>
std::string show(const std::vector<T>& values) {
    std::string result = "[";
    for (const auto& value : values) {
        result += (result.size() == 1 ? "" : ", ") + show(value);
    }
    return result + "]";
}

template <typename A, typename B>
void equal(const A& actual, const B& expected, const char* text, const char* file, int line) {
    if (!(actual == expected)) {
        fail(
            file, line, std::string(text) + ": got " + show(actual) + ", expected " + show(expected)
        );
    }
}

inline void
status(mts_status_t actual, mts_status_t expected, const char* text, const char* file, int line) {
    if (actual != expected) {
        fail(
            file,
            line,
            std::string(text) + ": got status " + std::to_string(actual) + ", expected " +
                std::to_string(expected) + "; the last error is '" + last_error_message() + "'"
        );
    }
}

template <typename T>
T* not_null(T* pointer, const char* text, const char* file, int line) {
    if (pointer == nullptr) {
        fail(
            file,
            line,
            std::string(text) + " is NULL; the last error is '" + last_error_message() + "'"
        );
    }
    return pointer;
}

template <typename T>
void null_with_error(
    const T* pointer, const std::string& message, const char* text, const char* file, int line
) {
    if (pointer != nullptr) {
        fail(file, line, std::string(text) + " should be NULL");
    }
    if (!contains(last_error_message(), message)) {
        fail(
            file,
            line,
            std::string(text) + ": the last error is '" + last_error_message() + "', expected '" +
                message + "' in it"
        );
    }
}

} // namespace check

#define CHECK(...)                                                                                 \
    do {                                                                                           \
        if (!(__VA_ARGS__)) {                                                                      \
            check::fail(__FILE__, __LINE__, #__VA_ARGS__);                                         \
        }                                                                                          \
    } while (false)

/// Two values are equal
#define CHECK_EQ(actual, ...) check::equal((actual), (__VA_ARGS__), #actual, __FILE__, __LINE__)

/// A function returns this status
#define CHECK_STATUS(call, expected) check::status((call), (expected), #call, __FILE__, __LINE__)

#define CHECK_SUCCESS(call) CHECK_STATUS(call, MTS_SUCCESS)

/// A function returns MTS_INVALID_PARAMETER_ERROR, and this text is part of the error
#define CHECK_INVALID(call, text)                                                                  \
    do {                                                                                           \
        CHECK_STATUS(call, MTS_INVALID_PARAMETER_ERROR);                                           \
        CHECK(check::starts_with(check::last_error_message(), "invalid parameter: "));             \
        CHECK(check::contains(check::last_error_message(), text));                                 \
    } while (false)

/// The pointer returned by a function, which must not be NULL
#define CHECK_NOT_NULL(call) check::not_null((call), #call, __FILE__, __LINE__)

/// A function returns NULL, and this text is part of the error
#define CHECK_NULL(call, text) check::null_with_error((call), (text), #call, __FILE__, __LINE__)
