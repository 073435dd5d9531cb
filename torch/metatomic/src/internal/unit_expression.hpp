#pragma once

#include <array>
#include <string>

namespace metatomic_torch::details {

/// Exponents of the base dimensions of a physical quantity
class Dimension {
public:
    Dimension() = default;
    Dimension(double length, double time, double mass, double current = 0, double temperature = 0)
        : exponents_{length, time, mass, current, temperature} {}

    Dimension operator*(const Dimension& other) const;
    Dimension operator/(const Dimension& other) const;
    Dimension power(double exponent) const;

    /// Compare up to a small tolerance, since exponents are the result of floating point operations
    bool operator==(const Dimension& other) const;
    bool is_dimensionless() const { return *this == Dimension(); }

    /// Text for error messages, like `L^2 T^-2 M` or `dimensionless`
    std::string str() const;

private:
    std::array<double, 5> exponents_ = {0, 0, 0, 0, 0};
};

/// Value of a unit expression, in SI units
struct UnitValue {
    double value = 1;
    Dimension dimension;
};

/// Evaluate a unit expression, like `kcal/mol` or `(eV/u)^(1/2)`. An empty expression is the number
/// 1, without dimension.
///
/// @throws c10::ValueError if this is not a valid expression, uses unknown units, or overflows
UnitValue evaluate_unit(const std::string& expression);

} // namespace metatomic_torch::details
