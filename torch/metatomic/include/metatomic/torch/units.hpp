#pragma once

#include <string>

#include "metatomic/torch/exports.h"

namespace metatomic_torch {

/// Get the factor by which a value in the unit `from` must be multiplied to be in the unit `to`.
///
/// Units are expressions such as `eV`, `kcal/mol` or `(eV*u)^(1/2)`: unit names (in any case) and
/// numbers, combined with `*`, `/`, `^` and parentheses. All operators are left-associative, and
/// `^` binds tighter than `*` and `/`. The factor is 1 if either `from` or `to` is empty.
///
/// @throws c10::ValueError if an expression is invalid, or if the two units do not have the same
///         dimension
METATOMIC_TORCH_EXPORT double
unit_conversion_factor(const std::string& from, const std::string& to);

/// Older version of `unit_conversion_factor`, when units had to be associated with a quantity. The
/// `quantity` is now ignored.
[[deprecated("use `unit_conversion_factor(from, to)` instead")]] METATOMIC_TORCH_EXPORT double
unit_conversion_factor(const std::string& quantity, const std::string& from, const std::string& to);

} // namespace metatomic_torch
