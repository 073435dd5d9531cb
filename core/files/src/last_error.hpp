#pragma once

#include "error.hpp"
#include "metatensor.h"

namespace mts::files {

/// To be called when a function of libmetatensor failed: throws its error as an `Error`, so that
/// more can be said about it. Errors that come from callbacks of the user stay what they are.
[[noreturn]] void throw_last_error();

/// The result of a function of libmetatensor which returns a status, or a pointer
inline void check(mts_status_t status) {
    if (status != MTS_SUCCESS) {
        throw_last_error();
    }
}

template <typename T>
T* check(T* pointer) {
    if (pointer == nullptr) {
        throw_last_error();
    }
    return pointer;
}

} // namespace mts::files
