import math

import pytest
import torch
from hypothesis import given, strategies

from metatomic.torch import unit_conversion_factor

#: name and dimension of all units
UNITS = {
    "length": "angstrom a bohr nm nanometer m meter cm centimeter mm millimeter um µm micrometer",
    "energy": "ev electronvolt mev hartree ry rydberg j joule kcal kj",
    "time": "s second ms millisecond us µs microsecond ns nanosecond ps picosecond fs femtosecond",
    "mass": "u dalton kg kilogram g gram m_e electron_mass",
    "charge": "e c coulomb",
    "temperature": "k kelvin",
    "pressure": "pa pascal kpa kilopascal mpa megapascal gpa gigapascal bar atm",
    "dipole": "d debye",
    "action": "hbar",
    "dimensionless": "mol",
}
PAIRS_OF_UNITS = strategies.sampled_from(sorted(UNITS)).flatmap(
    lambda dimension: strategies.tuples(*[strategies.sampled_from(UNITS[dimension].split())] * 2)
)
ALL_UNITS = strategies.sampled_from(" ".join(UNITS.values()).split())


def close(actual: float, expected: float) -> bool:
    return math.isclose(actual, expected, rel_tol=1e-13)


@pytest.mark.parametrize(
    "from_unit, to_unit, factor",
    [
        # exact values: these can not change by a single bit
        ("angstrom", "nm", 0.09999999999999999),
        ("bohr", "angstrom", 0.5291772105448199),
        ("hartree", "eV", 27.211386245981465),
        ("kcal/mol", "eV", 0.043364104241800934),
        ("eV/A^3", "GPa", 160.21766339999996),
        ("(eV/u)^(1/2)", "A/fs", 0.09822694743376073),
        ("debye", "e*A", 0.20819433270935594),
        # case and spaces do not matter
        ("EV", "ev", 1.0),
        (" kJ /\tmol\n", "KJ/MOL", 1.0),
        # `^` before `*` and `/`, and everything from left to right
        ("m^2^3", "m^6", 1.0),
        ("eV^1/2", "eV/2", 1.0),
        ("m/s*s", "m", 1.0),
        ("2*nm^2", "A^2", 200.0),
        ("(2*nm)^2", "A^2", 400.0),
        ("nm^-1", "A^-1", 0.1),
        ("eV/-2", "eV", -0.5),
        ("m^(2*3/2)", "m^3", 1.0),
        # numbers
        ("1e3*m", "m", 1000.0),
        ("0x10*m", "m", 16.0),
        ("2eV", "1", 2.0),
        # empty expressions
        ("", "eV", 1.0),
        ("eV", "", 1.0),
        ("not a unit", "", 1.0),
        (" ", "1", 1.0),
        ("mol", " ", 6.02214076e23),
        # prefixes with unexpected meanings
        ("MeV", "eV", 1e-3),
        ("MPa", "Pa", 1e6),
        # no overflow
        ("u^12", "1*u^12", 1.0),
    ],
)
def test_values(from_unit, to_unit, factor):
    assert close(unit_conversion_factor(from_unit, to_unit), factor)


@pytest.mark.parametrize(
    "unit, message",
    [
        ("foo", "unknown unit 'foo'"),
        ("m s * m", "unknown unit|can not convert"),
        ("kJ mol", "unknown unit 'kJmol'"),
        ("\u03bcm", "unknown unit"),
        ("Å", "unknown unit"),
        ("-eV", "unknown unit '-eV'"),
        ("eV*(", "parentheses"),
        (")m(", "parentheses"),
        ("(m", "parentheses"),
        ("foo)", "parentheses"),
        ("m*", "missing at the end"),
        ("*m", "missing before"),
        ("m**m", "missing before"),
        ("()", "missing before"),
        ("(m)(m)", "operator is missing"),
        ("(m)m", "operator is missing"),
        ("m^s", "'s' with dimension T"),
        ("m^(s*eV)", r"'\(s \* eV\)' with dimension L\^2 T\^-1 M"),
        ("u^-10*u^-10", r"multiplication.*'\(u \^ -10\) \* \(u \^ -10\)'"),
        ("m/0", "division.*'m / 0'"),
        ("mol^20", r"exponentiation.*'mol \^ 20'"),
        ("(-2)^0.5*m", "exponentiation"),
        ("m^inf", "exponent is not finite"),
        ("eV", r"'eV' is L\^2 T\^-2 M, .* 'm' is L$"),
        ("C*m^0.5", r"L\^0.500000 T I"),
        ("mol", "'mol' is dimensionless"),
        (" ", "dimensionless"),
    ],
)
def test_errors(unit, message):
    with pytest.raises(ValueError, match=message):
        unit_conversion_factor(unit, "m")


@given(PAIRS_OF_UNITS)
def test_round_trip(units):
    forward = unit_conversion_factor(units[0], units[1])
    backward = unit_conversion_factor(units[1], units[0])
    assert close(forward * backward, 1.0)


@given(PAIRS_OF_UNITS, PAIRS_OF_UNITS)
def test_products_and_quotients(first, second):
    factor_1 = unit_conversion_factor(*first)
    factor_2 = unit_conversion_factor(*second)
    product = unit_conversion_factor(f"{first[0]}*{second[0]}", f"{first[1]}*{second[1]}")
    assert close(product, factor_1 * factor_2)
    quotient = unit_conversion_factor(f"{first[0]}/{second[0]}", f"{first[1]}/{second[1]}")
    assert close(quotient, factor_1 / factor_2)


@given(PAIRS_OF_UNITS, strategies.integers(min_value=-3, max_value=3))
def test_powers(units, power):
    factor = unit_conversion_factor(f"{units[0]}^{power}", f"({units[1]})^({power})")
    assert close(factor, unit_conversion_factor(*units) ** power)


@given(ALL_UNITS, strategies.data())
def test_case(unit, data):
    # this is only about ASCII: the upper case version of µ is not the same character
    any_case = "".join(
        data.draw(strategies.sampled_from([c, c.upper()])) if c.isascii() else c for c in unit
    )
    assert unit_conversion_factor(any_case, unit) == 1.0


@given(strategies.text(alphabet="mseV123.*/^()+- µ\x00\t", max_size=30))
def test_any_text(expression):
    try:
        factor = unit_conversion_factor(expression, "m")
        assert isinstance(factor, float)
    except ValueError as error:
        assert str(error) != ""


class TestArguments:
    """Arguments can be given by position and by name, with and without the deprecated quantity."""

    @pytest.mark.parametrize(
        "args, kwargs",
        [
            (("nm", "A"), {}),
            (("nm",), {"to_unit": "A"}),
            ((), {"from_unit": "nm", "to_unit": "A"}),
            # a lone quantity is ignored
            (("nm", "A"), {"quantity": "length"}),
        ],
    )
    def test_without_quantity(self, args, kwargs, capfd):
        assert unit_conversion_factor(*args, **kwargs) == 10.0
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize(
        "args, kwargs",
        [
            (("length", "nm", "A"), {}),
            (("length", "nm"), {"to_unit": "A"}),
            (("length",), {"from_unit": "nm", "to_unit": "A"}),
            ((), {"quantity": "length", "from_unit": "nm", "to_unit": "A"}),
            # the quantity is not used
            (("energy", "nm", "A"), {}),
        ],
    )
    def test_with_quantity(self, args, kwargs, capfd):
        torch.set_warn_always(True)
        try:
            assert unit_conversion_factor(*args, **kwargs) == 10.0
        finally:
            torch.set_warn_always(False)
        assert "giving a quantity to `unit_conversion_factor` is deprecated" in (
            capfd.readouterr().err
        )

    @pytest.mark.parametrize(
        "args, kwargs",
        [
            ((), {}),
            (("nm",), {}),
            (("nm",), {"from_unit": "nm"}),
            ((), {"to_unit": "nm"}),
            (("", "nm", "A"), {}),
            (("length", "", "A"), {}),
            ((), {"quantity": "length", "from_unit": "nm"}),
        ],
    )
    def test_missing(self, args, kwargs):
        with pytest.raises(RuntimeError, match="arguments"):
            unit_conversion_factor(*args, **kwargs)


def test_script():
    @torch.jit.script
    def convert(value: float, from_unit: str) -> float:
        return value * torch.ops.metatomic.unit_conversion_factor(from_unit, "A")

    assert convert(2.0, "nm") == 20.0
