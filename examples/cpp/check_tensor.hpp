#pragma once

#include <metatensor.hpp>

#include <string>

/// Value of the numbers that are in a merged block, but in none of the original ones.
inline constexpr double FILL_VALUE = -1.0;

/// Check that all numbers of a tensor map, whatever its arrays are, are those that the labels ask
/// for (see content.h). Prints a line that starts with `name`.
void check_tensor(metatensor::TensorMap& tensor, const std::string& name);
