#include "metatomic/torch/units.hpp"

#include <map>

#include "internal/unit_expression.hpp"
#include "internal/units.hpp"
#include "internal/warnings.hpp"

namespace metatomic_torch {

using details::Dimension;

static const std::map<std::string, Dimension> KNOWN_DIMENSIONS = {
    {"charge", Dimension(0, 1, 0, 1)},
    {"energy", Dimension(2, -2, 1)},
    {"force", Dimension(1, -2, 1)},
    {"heat_flux", Dimension(3, -3, 1)},
    {"length", Dimension(1, 0, 0)},
    {"mass", Dimension(0, 0, 1)},
    {"momentum", Dimension(1, -1, 1)},
    {"pressure", Dimension(-1, -2, 1)},
    {"velocity", Dimension(1, -1, 0)},
};

bool details::is_known_dimension(const std::string& dimension) {
    return KNOWN_DIMENSIONS.count(dimension) != 0;
}

std::vector<std::string> details::known_dimensions() {
    std::vector<std::string> names;
    for (const auto& [name, _] : KNOWN_DIMENSIONS) {
        names.push_back(name);
    }
    return names;
}

void details::check_unit(
    const std::string& unit, const std::string& dimension, const std::string& context
) {
    if (unit.empty()) {
        return;
    }

    auto actual = evaluate_unit(unit).dimension;
    auto expected = KNOWN_DIMENSIONS.find(dimension);
    TORCH_CHECK_VALUE(
        expected == KNOWN_DIMENSIONS.end() || actual == expected->second,
        "invalid unit for ",
        context,
        ": '",
        unit,
        "' has dimension ",
        actual.str(),
        ", expected the dimension of ",
        dimension,
        " (",
        expected->second.str(),
        ")"
    );
}

double unit_conversion_factor(const std::string& from, const std::string& to) {
    if (from.empty() || to.empty()) {
        return 1.0;
    }

    auto from_unit = details::evaluate_unit(from);
    auto to_unit = details::evaluate_unit(to);
    TORCH_CHECK_VALUE(
        from_unit.dimension == to_unit.dimension,
        "can not convert from '",
        from,
        "' to '",
        to,
        "': the dimension of '",
        from,
        "' is ",
        from_unit.dimension.str(),
        ", and the dimension of '",
        to,
        "' is ",
        to_unit.dimension.str()
    );

    return from_unit.value / to_unit.value;
}

double unit_conversion_factor(
    const std::string& /*quantity*/, const std::string& from, const std::string& to
) {
    METATOMIC_WARN_DEPRECATION_ONCE(
        "giving a quantity to `unit_conversion_factor` is deprecated, units are enough: "
        "use `unit_conversion_factor(from, to)` instead"
    );
    return unit_conversion_factor(from, to);
}

} // namespace metatomic_torch
