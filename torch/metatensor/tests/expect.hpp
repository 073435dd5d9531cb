#pragma once

#include <exception>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

// Minimal framework for the tests. The names are different from CHECK and CHECK_EQ, which the
// headers of torch define.

namespace expect {

struct Test {
    std::string name;
    std::function<void()> run;
};

/// All the tests, by group.
inline std::map<std::string, std::vector<Test>>& registry() {
    static std::map<std::string, std::vector<Test>> TESTS;
    return TESTS;
}

struct Registration {
    Registration(const char* group, const char* name, std::function<void()> run) {
        registry()[group].push_back({name, std::move(run)});
    }
};

[[noreturn]] inline void fail(const char* file, int line, const std::string& message) {
    std::ostringstream error;
    error << file << ":" << line << ": " << message;
    throw std::runtime_error(error.str());
}

template <typename Exception, typename Function>
void throws(const Function& run, const std::string& message, const char* file, int line) {
    try {
        run();
    } catch (const Exception& e) {
        if (std::string(e.what()).find(message) == std::string::npos) {
            fail(file, line, "expected '" + message + "' in the message, got: " + e.what());
        }
        return;
    } catch (const std::exception& e) {
        fail(file, line, std::string("wrong type of exception, the message is: ") + e.what());
    }
    fail(file, line, "expected an exception with '" + message + "'");
}

} // namespace expect

/// Define and register a test.
#define TEST(group, name)                                                                          \
    static void test_##group##_##name();                                                           \
    static const auto REGISTERED_##group##_##name =                                                \
        expect::Registration(#group, #name, test_##group##_##name);                                \
    static void test_##group##_##name()

/// The condition is true.
#define EXPECT(...)                                                                                \
    do {                                                                                           \
        if (!(__VA_ARGS__)) {                                                                      \
            expect::fail(__FILE__, __LINE__, #__VA_ARGS__);                                        \
        }                                                                                          \
    } while (false)

/// The expression throws this exception, with this text in the message.
#define EXPECT_THROWS(exception, message, ...)                                                     \
    expect::throws<exception>([&] { static_cast<void>(__VA_ARGS__); }, message, __FILE__, __LINE__)
