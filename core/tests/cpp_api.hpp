#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <metatensor.hpp>

#include "check.hpp"

/// Check that `expression` throws an exception of this type.
#define CHECK_THROWS_AS(expression, exception_type)                                                \
    do {                                                                                           \
        bool has_thrown = false;                                                                   \
        try {                                                                                      \
            static_cast<void>(expression);                                                         \
        } catch (const exception_type&) {                                                          \
            has_thrown = true;                                                                     \
        }                                                                                          \
        if (!has_thrown) {                                                                         \
            check::fail(__FILE__, __LINE__, #expression " did not throw " #exception_type);        \
        }                                                                                          \
    } while (false)

/// Check that `expression` throws a metatensor::Error, with a message that contains `text`.
#define CHECK_THROWS(expression, text)                                                             \
    do {                                                                                           \
        std::string error_message = "no error";                                                    \
        bool has_thrown = false;                                                                   \
        try {                                                                                      \
            static_cast<void>(expression);                                                         \
        } catch (const metatensor::Error& error) {                                                 \
            error_message = error.what();                                                          \
            has_thrown = true;                                                                     \
        }                                                                                          \
        if (!has_thrown || !check::contains(error_message, text)) {                                \
            check::fail(__FILE__, __LINE__, #expression " threw: " + error_message);               \
        }                                                                                          \
    } while (false)

/// Block of doubles with the values 0, 1, 2, ... and the given samples.
inline metatensor::TensorBlock make_block(
    const metatensor::Labels& samples,
    const std::vector<metatensor::Labels>& components,
    const metatensor::Labels& properties,
    double first_value = 0.0
) {
    std::vector<uintptr_t> shape = {samples.count()};
    for (const auto& component : components) {
        shape.push_back(component.count());
    }
    shape.push_back(properties.count());

    auto values = std::make_unique<metatensor::SimpleDataArray<double>>(shape);
    const auto count = metatensor::details::element_count(shape);
    for (size_t i = 0; i < count; i++) {
        values->data()[i] = first_value + static_cast<double>(i);
    }
    return metatensor::TensorBlock(std::move(values), samples, components, properties);
}

/// End of a test program. The last error keeps the exception thrown by a callback until the next
/// error, and never frees it at the end of a thread.
inline int end_of_tests() {
    mts_set_last_error(nullptr, nullptr, nullptr, nullptr);
    return 0;
}
