#include "internal/unit_expression.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <locale.h>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <c10/util/Exception.h>

namespace metatomic_torch::details {

// ---------------------------------------------------------------------------------------------- //
// dimensions

static constexpr double EXPONENT_TOLERANCE = 1e-10;

Dimension Dimension::operator*(const Dimension& other) const {
    auto result = *this;
    for (size_t i = 0; i < exponents_.size(); i++) {
        result.exponents_[i] += other.exponents_[i];
    }
    return result;
}

Dimension Dimension::operator/(const Dimension& other) const {
    auto result = *this;
    for (size_t i = 0; i < exponents_.size(); i++) {
        result.exponents_[i] -= other.exponents_[i];
    }
    return result;
}

Dimension Dimension::power(double exponent) const {
    auto result = *this;
    for (auto& value : result.exponents_) {
        value *= exponent;
    }
    return result;
}

bool Dimension::operator==(const Dimension& other) const {
    return std::equal(
        exponents_.begin(), exponents_.end(), other.exponents_.begin(), [](double a, double b) {
            return std::abs(a - b) < EXPONENT_TOLERANCE;
        }
    );
}

static std::string format_exponent(double exponent) {
    auto rounded = std::round(exponent);
    if (std::abs(exponent - rounded) < EXPONENT_TOLERANCE && std::abs(rounded) < 1e15) {
        return std::to_string(static_cast<int64_t>(rounded));
    }
    return std::to_string(exponent);
}

std::string Dimension::str() const {
    static constexpr std::array<const char*, 5> SYMBOLS = {"L", "T", "M", "I", "Theta"};

    std::string result;
    for (size_t i = 0; i < exponents_.size(); i++) {
        if (std::abs(exponents_[i]) < EXPONENT_TOLERANCE) {
            continue;
        }
        if (!result.empty()) {
            result += " ";
        }
        result += SYMBOLS[i];

        auto exponent = format_exponent(exponents_[i]);
        if (exponent != "1") {
            result += "^" + exponent;
        }
    }
    return result.empty() ? "dimensionless" : result;
}

// ---------------------------------------------------------------------------------------------- //
// known units

static const Dimension NO_DIMENSION;
static const Dimension LENGTH(1, 0, 0);
static const Dimension TIME(0, 1, 0);
static const Dimension MASS(0, 0, 1);
static const Dimension ENERGY(2, -2, 1);
static const Dimension PRESSURE(-1, -2, 1);
static const Dimension ACTION(2, -1, 1);
static const Dimension CHARGE(0, 1, 0, 1);
static const Dimension ELECTRIC_DIPOLE(1, 1, 0, 1);
static const Dimension TEMPERATURE(0, 0, 0, 0, 1);

// The last digits of these constants are observable in conversion factors, and changing them
// changes the results of existing models: they must stay as they are.
static constexpr double ELEMENTARY_CHARGE = 1.602176634e-19;
static constexpr double ATOMIC_MASS = 1.6605390689252e-27;
static constexpr double ELECTRON_MASS = 9.109383713928e-31;
static constexpr double RYDBERG = 2.179872361103024e-18;
static constexpr double DEBYE = (1.0 / 299792458) * 1e-21;

/// All known units, in lower case, with their value in SI units
static const std::unordered_map<std::string, UnitValue> BASE_UNITS = {
    {"angstrom", {1e-10, LENGTH}},
    {"a", {1e-10, LENGTH}},
    {"bohr", {5.2917721054482e-11, LENGTH}},
    {"nm", {1e-9, LENGTH}},
    {"nanometer", {1e-9, LENGTH}},
    {"m", {1, LENGTH}},
    {"meter", {1, LENGTH}},
    {"cm", {1e-2, LENGTH}},
    {"centimeter", {1e-2, LENGTH}},
    {"mm", {1e-3, LENGTH}},
    {"millimeter", {1e-3, LENGTH}},
    {"um", {1e-6, LENGTH}},
    {"\u00b5m", {1e-6, LENGTH}},
    {"micrometer", {1e-6, LENGTH}},

    {"ev", {ELEMENTARY_CHARGE, ENERGY}},
    {"electronvolt", {ELEMENTARY_CHARGE, ENERGY}},
    {"mev", {ELEMENTARY_CHARGE * 1e-3, ENERGY}},
    {"hartree", {4.359744722206048e-18, ENERGY}},
    {"ry", {RYDBERG, ENERGY}},
    {"rydberg", {RYDBERG, ENERGY}},
    {"j", {1, ENERGY}},
    {"joule", {1, ENERGY}},
    {"kcal", {4184, ENERGY}},
    {"kj", {1000, ENERGY}},

    {"s", {1, TIME}},
    {"second", {1, TIME}},
    {"ms", {1e-3, TIME}},
    {"millisecond", {1e-3, TIME}},
    {"us", {1e-6, TIME}},
    {"\u00b5s", {1e-6, TIME}},
    {"microsecond", {1e-6, TIME}},
    {"ns", {1e-9, TIME}},
    {"nanosecond", {1e-9, TIME}},
    {"ps", {1e-12, TIME}},
    {"picosecond", {1e-12, TIME}},
    {"fs", {1e-15, TIME}},
    {"femtosecond", {1e-15, TIME}},

    {"u", {ATOMIC_MASS, MASS}},
    {"dalton", {ATOMIC_MASS, MASS}},
    {"kg", {1, MASS}},
    {"kilogram", {1, MASS}},
    {"g", {1e-3, MASS}},
    {"gram", {1e-3, MASS}},
    {"m_e", {ELECTRON_MASS, MASS}},
    {"electron_mass", {ELECTRON_MASS, MASS}},

    {"e", {ELEMENTARY_CHARGE, CHARGE}},
    {"c", {1, CHARGE}},
    {"coulomb", {1, CHARGE}},

    {"k", {1, TEMPERATURE}},
    {"kelvin", {1, TEMPERATURE}},

    {"pa", {1, PRESSURE}},
    {"pascal", {1, PRESSURE}},
    {"kpa", {1e3, PRESSURE}},
    {"kilopascal", {1e3, PRESSURE}},
    {"mpa", {1e6, PRESSURE}},
    {"megapascal", {1e6, PRESSURE}},
    {"gpa", {1e9, PRESSURE}},
    {"gigapascal", {1e9, PRESSURE}},
    {"bar", {100000, PRESSURE}},
    {"atm", {101325, PRESSURE}},

    {"d", {DEBYE, ELECTRIC_DIPOLE}},
    {"debye", {DEBYE, ELECTRIC_DIPOLE}},

    {"mol", {6.02214076e23, NO_DIMENSION}},
    {"hbar", {1.0545718176462e-34, ACTION}},
};

// ---------------------------------------------------------------------------------------------- //
// parser

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_operator(char c) {
    return c == '*' || c == '/' || c == '^';
}

static char ascii_lower(char c) {
    return (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Parse the number at the start of `token`, whatever the current locale is
static std::optional<double> parse_number(const std::string& token) {
    static const locale_t C_LOCALE = newlocale(LC_ALL_MASK, "C", nullptr);

    char* end = nullptr;
    auto value = strtod_l(token.c_str(), &end, C_LOCALE);
    if (end == token.c_str()) {
        return std::nullopt;
    }
    return value;
}

static UnitValue lookup(const std::string& token, const std::string& expression) {
    auto name = token;
    std::transform(name.begin(), name.end(), name.begin(), ascii_lower);

    auto it = BASE_UNITS.find(name);
    if (it != BASE_UNITS.end()) {
        return it->second;
    }

    auto number = parse_number(token);
    TORCH_CHECK_VALUE(
        number.has_value(), "unknown unit '", token, "' in the unit expression '", expression, "'"
    );
    return UnitValue{*number, Dimension()};
}

/// A value together with the (fully parenthesised) expression it comes from
struct Operand {
    UnitValue unit;
    std::string text;
};

static Operand apply_operator(char op, const Operand& lhs, const Operand& rhs) {
    auto text = lhs.text + " " + op + " " + rhs.text;

    UnitValue result;
    if (op == '*') {
        result.value = lhs.unit.value * rhs.unit.value;
        result.dimension = lhs.unit.dimension * rhs.unit.dimension;
    } else if (op == '/') {
        result.value = lhs.unit.value / rhs.unit.value;
        result.dimension = lhs.unit.dimension / rhs.unit.dimension;
    } else {
        const auto& exponent = rhs.unit;
        TORCH_CHECK_VALUE(
            exponent.dimension.is_dimensionless(),
            "exponents must be dimensionless in unit expressions, got '",
            rhs.text,
            "' with dimension ",
            exponent.dimension.str()
        );
        TORCH_CHECK_VALUE(
            std::isfinite(exponent.value), "the exponent is not finite in the unit '", text, "'"
        );
        result.value = std::pow(lhs.unit.value, exponent.value);
        result.dimension = lhs.unit.dimension.power(exponent.value);
    }

    static const std::unordered_map<char, const char*> OPERATIONS = {
        {'*', "multiplication"}, {'/', "division"}, {'^', "exponentiation"}
    };
    TORCH_CHECK_VALUE(
        std::isfinite(result.value),
        "overflow in the ",
        OPERATIONS.at(op),
        " of a unit expression: the value of '",
        text,
        "' is not finite"
    );

    return {result, "(" + text + ")"};
}

/// Operator precedence parser, with explicit stacks: the depth of nested parentheses is only
/// limited by the available memory.
class UnitParser {
public:
    UnitParser(const std::string& expression) : original_(expression) {
        std::copy_if(
            expression.begin(), expression.end(), std::back_inserter(expression_), [](char c) {
                return !is_space(c);
            }
        );
    }

    UnitValue evaluate() {
        if (expression_.empty()) {
            return UnitValue();
        }
        check_parentheses();

        size_t position = 0;
        while (position < expression_.size()) {
            position += consume(std::string_view(expression_).substr(position));
        }

        if (expects_operand_) {
            error("a value is missing at the end");
        }
        reduce(0);
        return operands_.back().unit;
    }

private:
    [[noreturn]] void error(const std::string& reason) const {
        C10_THROW_ERROR(ValueError, "invalid unit expression '" + original_ + "': " + reason);
    }

    void check_parentheses() const {
        size_t opened = 0;
        for (auto c : expression_) {
            if (c == '(') {
                opened += 1;
            } else if (c == ')') {
                if (opened == 0) {
                    error("unbalanced parentheses, there is a ')' without the matching '('");
                }
                opened -= 1;
            }
        }
        if (opened != 0) {
            error("unbalanced parentheses, there is a '(' without the matching ')'");
        }
    }

    /// Process one token at the start of `remaining`, and get its length
    size_t consume(std::string_view remaining) {
        auto c = remaining[0];
        if (c == '(') {
            expect_operand(true, remaining);
            operators_.push_back(c);
            return 1;
        }

        if (c == ')') {
            expect_operand(false, remaining);
            reduce(0);
            operators_.pop_back();
            return 1;
        }

        if (is_operator(c)) {
            expect_operand(false, remaining);
            reduce(precedence(c));
            operators_.push_back(c);
            expects_operand_ = true;
            return 1;
        }

        expect_operand(true, remaining);
        auto token = std::string(remaining.substr(0, remaining.find_first_of("*/^()")));
        operands_.push_back({lookup(token, original_), token});
        expects_operand_ = false;
        return token.size();
    }

    void expect_operand(bool expected, std::string_view remaining) const {
        if (expected && !expects_operand_) {
            error("an operator is missing before '" + std::string(remaining) + "'");
        } else if (!expected && expects_operand_) {
            error("a value is missing before '" + std::string(remaining) + "'");
        }
    }

    static int precedence(char op) { return op == '^' ? 2 : 1; }

    /// Apply pending operators, up to the last opened parenthesis, which bind at least as tightly
    /// as `minimal_precedence`
    void reduce(int minimal_precedence) {
        while (!operators_.empty() && operators_.back() != '(' &&
               precedence(operators_.back()) >= minimal_precedence) {
            auto rhs = std::move(operands_.back());
            operands_.pop_back();
            operands_.back() = apply_operator(operators_.back(), operands_.back(), rhs);
            operators_.pop_back();
        }
    }

    const std::string& original_;
    std::string expression_;
    std::vector<Operand> operands_;
    std::vector<char> operators_;
    bool expects_operand_ = true;
};

UnitValue evaluate_unit(const std::string& expression) {
    return UnitParser(expression).evaluate();
}

} // namespace metatomic_torch::details
