"""Which changes make a new calculation necessary, and what molecules have instead of a stress."""

from collections.abc import Callable

import ase
import numpy as np
import pytest

from metatomic_ase import MetatomicCalculator
from metatomic_ase._calculator import _full_3x3_to_voigt_6_stress

CHANGES: dict[str, Callable[[ase.Atoms], None]] = {
    "positions": lambda atoms: atoms.positions.__setitem__((0, 1), 1e-9),
    "numbers": lambda atoms: atoms.numbers.__setitem__(0, 1),
    "cell": lambda atoms: atoms.set_cell([4, 5, 7]),
    "pbc": lambda atoms: atoms.set_pbc([True, False, True]),
    "initial_charges": lambda atoms: atoms.set_initial_charges([1, 0, 0]),
    "initial_magmoms": lambda atoms: atoms.set_initial_magnetic_moments([0, 1, 0]),
}


@pytest.fixture
def calculated(make_model) -> ase.Atoms:
    atoms = ase.Atoms("Ar3", [[0, 0, 0], [2, 0, 0], [0, 2.1, 0]], cell=[4, 5, 6], pbc=True)
    atoms.calc = MetatomicCalculator(make_model())
    atoms.get_forces()
    return atoms


@pytest.mark.parametrize("name", CHANGES)
def test_one_change(calculated, name):
    assert calculated.calc.check_state(calculated) == []
    CHANGES[name](calculated)
    assert calculated.calc.check_state(calculated) == [name]


@pytest.mark.parametrize("name", ["initial_charges", "initial_magmoms"])
def test_array_disappears(calculated, name):
    CHANGES[name](calculated)
    calculated.get_forces()
    assert calculated.calc.check_state(calculated) == []
    del calculated.arrays[name]
    assert calculated.calc.check_state(calculated) == [name]


def test_momenta_do_not_matter(calculated):
    calculated.set_momenta(np.ones((3, 3)))
    calculated.set_array("custom", np.arange(3))
    assert calculated.calc.check_state(calculated) == []


def test_nan(calculated):
    calculated.positions[0, 0] = np.nan
    calculated.calc.atoms = calculated.copy()
    assert calculated.calc.check_state(calculated) == ["positions"]


def test_tolerance(calculated):
    calculated.positions[0, 0] += 1e-6
    assert calculated.calc.check_state(calculated) == ["positions"]
    assert calculated.calc.check_state(calculated, tol=1e-4) == []


def test_results_are_reused(calculated):
    results = calculated.calc.results
    calculated.get_potential_energy()
    calculated.get_stress()
    assert calculated.calc.results is results

    calculated.rattle(0.01)
    calculated.get_potential_energy()
    assert calculated.calc.results is not results


def test_infinite_stress():
    """What molecules get, without a volume to divide by: not worth a warning at each step"""
    stress = np.full((3, 3), np.inf)
    stress[1, 2] = -np.inf
    expected = [np.inf, np.inf, np.inf, np.nan, np.inf, np.inf]
    np.testing.assert_array_equal(_full_3x3_to_voigt_6_stress(stress), expected)
