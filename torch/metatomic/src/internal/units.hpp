#pragma once

#include <string>
#include <vector>

namespace metatomic_torch::details {

/// Is this the name of a physical dimension (`length`, `energy`, ...) which can be used to validate
/// units?
bool is_known_dimension(const std::string& dimension);

/// Sorted names of all known physical dimensions
std::vector<std::string> known_dimensions();

/// Check that `unit` is empty or a valid unit expression; with the right dimension if `dimension`
/// is the name of a known dimension. `context` describes what the unit is for in error messages.
///
/// @throws c10::ValueError if the unit is not valid
void check_unit(const std::string& unit, const std::string& dimension, const std::string& context);

} // namespace metatomic_torch::details
