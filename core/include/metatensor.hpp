#pragma once

/// C++17 interface of metatensor, a thin layer over the C interface of `metatensor.h`.
///
/// This is the only header that programs need to include. Everything in it is header-only and uses
/// nothing but the C symbols of the metatensor library, so there is no C++ ABI to agree on.
///
/// Errors are reported as `metatensor::Error`, and exceptions thrown by user code that the library
/// calls (array types, array creation callbacks) come back unchanged.

#include "metatensor.h" // IWYU pragma: export

#include "metatensor/errors.hpp" // IWYU pragma: export

#include "metatensor/arrays.hpp" // IWYU pragma: export

#include "metatensor/labels.hpp" // IWYU pragma: export

#include "metatensor/block.hpp" // IWYU pragma: export

#include "metatensor/tensor.hpp" // IWYU pragma: export

#include "metatensor/io.hpp" // IWYU pragma: export
