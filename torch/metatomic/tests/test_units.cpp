#include <vector>

#include <c10/util/Exception.h>

#include "check.hpp"
#include "metatomic/torch/units.hpp"

using metatomic_torch::unit_conversion_factor;

struct Reference {
    const char* from;
    const char* to;
    double factor;
};

/// Conversion factors are exactly reproducible, whatever the compiler and its options
static const std::vector<Reference> REFERENCES = {
    {"angstrom", "nm", 0.09999999999999999},
    {"nm", "angstrom", 10.0},
    {"angstrom", "bohr", 1.8897261259048541},
    {"bohr", "angstrom", 0.5291772105448199},
    {"nm", "bohr", 18.89726125904854},
    {"eV", "meV", 1000.0},
    {"eV", "hartree", 0.03674932217566382},
    {"hartree", "eV", 27.211386245981465},
    {"eV", "kcal/mol", 23.06054783061903},
    {"kcal/mol", "eV", 0.043364104241800934},
    {"eV", "kJ/mol", 96.48533212331002},
    {"kJ/mol", "eV", 0.010364269656262174},
    {"eV", "Ry", 0.07349864435132764},
    {"kcal/mol", "kJ/mol", 4.184},
    {"eV/A", "hartree/bohr", 0.01944690379833067},
    {"hartree/bohr", "eV/A", 51.42206751111919},
    {"eV/A^3", "GPa", 160.21766339999996},
    {"GPa", "eV/A^3", 0.006241509074460764},
    {"bar", "eV/A^3", 6.241509074460763e-07},
    {"hartree/bohr^3", "eV/A^3", 183.6315368225306},
    {"u", "m_e", 1822.8884862828659},
    {"kg", "u", 6.02214075364851e+26},
    {"(eV/u)^(1/2)", "A/fs", 0.09822694743376073},
    {"A/fs", "(eV/u)^(1/2)", 10.180505717887135},
    {"(eV*u)^(1/2)", "u*A/fs", 0.09822694743376074},
    {"hbar/bohr", "u*A/fs", 0.012001234736011883},
    {"u*A^2/fs^2", "eV", 103.64269667193263},
    {"debye", "e*A", 0.20819433270935594},
    {"e*A", "debye", 4.803204712570264},
    {"eV*A/fs", "kcal/mol*A/ps", 23060.547830619027},
};

static void reference_values() {
    for (const auto& [from, to, factor] : REFERENCES) {
        EXPECT_EQ(unit_conversion_factor(from, to), factor);
    }
}

static void long_expressions() {
    // the stack does not overflow for any number of parentheses
    constexpr size_t DEPTH = 100000;
    auto nested = std::string(DEPTH, '(') + "nm" + std::string(DEPTH, ')');
    EXPECT_EQ(unit_conversion_factor(nested, "angstrom"), 10.0);

    std::string product = "nm";
    for (size_t i = 0; i < 1000; i++) {
        product += "*nm/nm";
    }
    EXPECT_EQ(unit_conversion_factor(product, "nm"), 1.0);
}

static void errors() {
    EXPECT_THROWS(
        unit_conversion_factor("eV", "m"),
        c10::ValueError,
        "can not convert from 'eV' to 'm': the dimension of 'eV' is L^2 T^-2 M, and the dimension "
        "of "
        "'m' is L"
    );
    EXPECT_THROWS(unit_conversion_factor("foo", "m"), c10::ValueError, "unknown unit 'foo'");
    EXPECT_THROWS(
        unit_conversion_factor("eV*(", "m"), c10::ValueError, "invalid unit expression 'eV*('"
    );
}

int main() {
    reference_values();
    long_expressions();
    errors();
}
