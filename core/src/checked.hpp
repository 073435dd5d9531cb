#pragma once

#include <cstddef>

#include "error.hpp"

namespace mts {

/// Product of two sizes, or an error if it is too large for the machine
inline std::size_t checked_multiply(std::size_t a, std::size_t b) {
    std::size_t result = 0;
    if (__builtin_mul_overflow(a, b, &result)) {
        throw invalid_parameter("sizes are too large: ", a, " x ", b, " overflows");
    }
    return result;
}

/// Sum of two sizes, or an error if it is too large for the machine
inline std::size_t checked_add(std::size_t a, std::size_t b) {
    std::size_t result = 0;
    if (__builtin_add_overflow(a, b, &result)) {
        throw invalid_parameter("sizes are too large: ", a, " + ", b, " overflows");
    }
    return result;
}

} // namespace mts
