#include "internal/quantity_names.hpp"

#include <unordered_map>

#include "internal/warnings.hpp"
#include "metatomic/torch/quantities.hpp"

namespace metatomic_torch {

/// Standard quantities, and the physical dimension of each one
static const std::unordered_map<std::string, std::string> QUANTITY_DIMENSIONS = {
    {"charge", "charge"},
    {"energy", "energy"},
    {"energy_ensemble", "energy"},
    {"energy_uncertainty", "energy"},
    {"feature", "none"},
    {"heat_flux", "heat_flux"},
    {"mass", "mass"},
    {"momentum", "momentum"},
    {"non_conservative_force", "force"},
    {"non_conservative_stress", "pressure"},
    {"position", "length"},
    {"spin_multiplicity", "none"},
    {"velocity", "velocity"},
};

/// Deprecated names of standard quantities, and the corresponding current name
static const std::unordered_map<std::string, std::string> DEPRECATED_QUANTITIES = {
    {"charges", "charge"},
    {"features", "feature"},
    {"masses", "mass"},
    {"momenta", "momentum"},
    {"non_conservative_forces", "non_conservative_force"},
    {"positions", "position"},
    {"velocities", "velocity"},
};

std::string details::current_quantity_name(const std::string& base) {
    auto it = DEPRECATED_QUANTITIES.find(base);
    return it == DEPRECATED_QUANTITIES.end() ? base : it->second;
}

/// Get the dimension of a standard quantity from its base name, or nullptr if this is not the name
/// of a standard quantity
static const std::string* standard_dimension(const std::string& base) {
    auto it = QUANTITY_DIMENSIONS.find(details::current_quantity_name(base));
    return it == QUANTITY_DIMENSIONS.end() ? nullptr : &it->second;
}

static bool is_deprecated(const std::string& base) {
    return DEPRECATED_QUANTITIES.count(base) != 0;
}

[[noreturn]] static void
invalid_name(const std::string& name, const std::string& context, const std::string& reason) {
    C10_THROW_ERROR(ValueError, "invalid name for a " + context + ": '" + name + "', " + reason);
}

static void
check_custom_name(const std::string& name, const std::string& context, size_t separator) {
    auto left = name.substr(0, separator);
    auto right = name.substr(separator + 2);

    if (left.empty() || right.empty()) {
        invalid_name(name, context, "there should be something on both sides of '::'");
    }
    if (left.find('/') != std::string::npos) {
        invalid_name(name, context, "'/' can not be used before '::'");
    }
    if (right[0] == '/') {
        invalid_name(name, context, "there should be something between '::' and '/'");
    }
}

details::QuantityName details::parse_quantity_name(
    const std::string& name, const std::string& context, bool warn_on_deprecated
) {
    if (const auto* dimension = standard_dimension(name)) {
        if (warn_on_deprecated && is_deprecated(name)) {
            METATOMIC_WARN_DEPRECATION_ONCE(
                "the ",
                context,
                " name '",
                name,
                "' is deprecated, use '",
                current_quantity_name(name),
                "' instead"
            );
        }
        return {name, *dimension};
    }

    auto double_colon = name.rfind("::");
    if (double_colon != std::string::npos) {
        check_custom_name(name, context, double_colon);
        return {};
    }

    auto slash = name.find('/');
    if (slash == std::string::npos) {
        invalid_name(
            name,
            context,
            "this is not a standard quantity; the name of custom quantities should look like "
            "'<domain>::<quantity>'"
        );
    }

    auto base = name.substr(0, slash);
    if (base.empty() || slash + 1 == name.size()) {
        invalid_name(name, context, "there should be something on both sides of '/'");
    }

    const auto* dimension = standard_dimension(base);
    if (dimension == nullptr) {
        invalid_name(
            name, context, "only standard quantities have variants, and '" + base + "' is not one"
        );
    }

    if (warn_on_deprecated && is_deprecated(base)) {
        METATOMIC_WARN_DEPRECATION_ONCE(
            "'",
            base,
            "' is deprecated as the base of the ",
            context,
            " name '",
            name,
            "', use '",
            current_quantity_name(base) + name.substr(slash),
            "' instead"
        );
    }
    return {base, *dimension};
}

std::string unit_dimension_for_quantity(const std::string& name) {
    return details::parse_quantity_name(name, "quantity", /* warn_on_deprecated */ true).dimension;
}

} // namespace metatomic_torch
