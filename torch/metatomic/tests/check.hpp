#pragma once

/// Checks for tests. A check that fails prints what was found and ends the program.

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <typeinfo>

namespace check {

[[noreturn]] inline void fail(const char* file, int line, const std::string& message) {
    std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, message.c_str());
    std::fflush(nullptr);
    std::_Exit(1);
}

template <typename A, typename B>
void equal(const A& actual, const B& expected, const char* text, const char* file, int line) {
    if (!(actual == expected)) {
        std::ostringstream message;
        message.precision(17);
        message << text << ": got " << actual << ", expected " << expected;
        fail(file, line, message.str());
    }
}

/// Check that `function` throws exactly the class `Error`, with a message starting with `prefix`
template <typename Error, typename Function>
void throws(
    Function function, const std::string& prefix, const char* text, const char* file, int line
) {
    try {
        function();
    } catch (const std::exception& error) {
        auto message = std::string(error.what());
        if (typeid(error) != typeid(Error) || message.compare(0, prefix.size(), prefix) != 0) {
            fail(
                file,
                line,
                std::string(text) + " threw " + typeid(error).name() + ": " + message +
                    "\n  expected " + typeid(Error).name() + ": " + prefix
            );
        }
        return;
    }
    fail(file, line, std::string(text) + " did not throw");
}

} // namespace check

#define EXPECT(...)                                                                                \
    do {                                                                                           \
        if (!(__VA_ARGS__)) {                                                                      \
            check::fail(__FILE__, __LINE__, #__VA_ARGS__);                                         \
        }                                                                                          \
    } while (false)

/// Two values are equal
#define EXPECT_EQ(actual, ...) check::equal((actual), (__VA_ARGS__), #actual, __FILE__, __LINE__)

/// An expression throws this class of exceptions, and the message starts with this text
#define EXPECT_THROWS(expression, Error, prefix)                                                   \
    check::throws<Error>([&] { (void)(expression); }, prefix, #expression, __FILE__, __LINE__)
