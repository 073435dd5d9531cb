#pragma once

#include <string>

namespace metatomic_torch::details {

/// Different parts of the name of a quantity
struct QuantityName {
    /// Base name for standard quantities, as the user wrote it; empty for custom quantities
    std::string base;
    /// Physical dimension of standard quantities, `none` if they do not have one; empty for custom
    /// quantities
    std::string dimension;

    bool is_standard() const { return !base.empty(); }
};

/// Check and split the name of a quantity: either a standard name (`energy`), a standard name with
/// a variant (`energy/pbe0`) or a custom name (`my_code::something`).
///
/// @param name name to check
/// @param context what this name is for, used in error messages
/// @param warn_on_deprecated whether to warn if the base name is deprecated
/// @throws c10::ValueError if the name is not valid
QuantityName
parse_quantity_name(const std::string& name, const std::string& context, bool warn_on_deprecated);

/// Get the current name of a standard quantity: `base` itself unless it is deprecated
std::string current_quantity_name(const std::string& base);

} // namespace metatomic_torch::details
