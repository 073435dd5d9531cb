"""Energies, forces and stresses from the ASE calculator."""

import ase
import numpy as np
import pytest
from ase.calculators.calculator import PropertyNotImplementedError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metatomic.torch import ModelOutput
from metatomic_ase import MetatomicCalculator


def relative_difference(actual, expected):
    return np.max(np.abs(actual - expected)) / np.max(np.abs(expected))


def central_difference(function, step):
    """Derivative of ``function`` at 0, with an error of order ``step**6``"""
    coefficients = [3 / 4, -3 / 20, 1 / 60]
    return sum(
        c * (function(i * step) - function(-i * step)) / step
        for i, c in enumerate(coefficients, start=1)
    )


@pytest.fixture
def make_calculator(make_model):
    def make(**options):
        names = ["length_unit", "energy_unit", "full_list", "inputs", "outputs", "dtype"]
        model = {name: options.pop(name) for name in names if name in options}
        return MetatomicCalculator(make_model(**model), **options)

    return make


@pytest.mark.parametrize("full_list", [True, False])
@pytest.mark.parametrize("check_consistency", [True, False])
@pytest.mark.parametrize(
    "units", [{}, {"length_unit": "nm", "energy_unit": "kcal/mol"}, {"length_unit": "nm"}]
)
def test_against_reference(
    make_calculator, crystal, cluster, reference, units, check_consistency, full_list
):
    calculator = make_calculator(check_consistency=check_consistency, full_list=full_list, **units)
    for atoms in [crystal, cluster]:
        expected = reference(atoms)
        atoms.calc = calculator

        np.testing.assert_allclose(atoms.get_potential_energy(), expected["energy"], rtol=1e-12)
        np.testing.assert_allclose(atoms.get_potential_energies(), expected["energies"], rtol=1e-10)
        assert relative_difference(atoms.get_forces(), expected["forces"]) < 1e-12

    stress = crystal.get_stress(voigt=False)
    assert relative_difference(stress, reference(crystal)["stress"]) < 1e-12


@pytest.mark.parametrize("pbc", [[True, True, True], [True, False, True]])
def test_forces_finite_differences(make_calculator, crystal, pbc):
    crystal.pbc = pbc
    crystal.calc = make_calculator()
    positions = crystal.positions.copy()

    def energy(displacement, i, axis):
        crystal.positions = positions
        crystal.positions[i, axis] += displacement
        return crystal.get_potential_energy()

    numerical = [
        [-central_difference(lambda d: energy(d, i, axis), 1e-3) for axis in range(3)]  # noqa: B023
        for i in range(len(crystal))
    ]
    crystal.positions = positions
    assert relative_difference(crystal.get_forces(), np.array(numerical)) < 1e-7


def test_stress_finite_differences(make_calculator, crystal):
    crystal.calc = make_calculator()
    cell = crystal.cell.array.copy()

    def energy(amount, a, b):
        strain = np.eye(3)
        strain[a, b] += amount
        crystal.set_cell(cell @ strain, scale_atoms=True)
        return crystal.get_potential_energy()

    numerical = np.array(
        [
            [central_difference(lambda s: energy(s, a, b), 2e-4) for b in range(3)]  # noqa: B023
            for a in range(3)
        ]
    )
    crystal.set_cell(cell, scale_atoms=True)
    stress = crystal.get_stress(voigt=False)
    assert relative_difference(stress, numerical / crystal.cell.volume) < 1e-7
    assert np.array_equal(stress, stress.T)


@settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    translation=st.lists(st.floats(-20, 20), min_size=3, max_size=3),
    order=st.permutations(range(5)),
    angle=st.floats(0, 360),
)
def test_invariances(make_calculator, crystal, translation, order, angle):
    """The energy does not change when the description of the structure does."""
    calculator = make_calculator()
    crystal.calc = calculator
    energy = crystal.get_potential_energy()
    forces = crystal.get_forces()

    atoms = crystal[order]
    atoms.positions += translation
    atoms.wrap()
    atoms.rotate(angle, [1, 2, 3], rotate_cell=True)
    atoms.calc = calculator
    np.testing.assert_allclose(atoms.get_potential_energy(), energy, rtol=1e-9)
    np.testing.assert_allclose(atoms.get_forces().sum(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(
        np.linalg.norm(atoms.get_forces(), axis=1), np.linalg.norm(forces[order], axis=1), rtol=1e-7
    )


@pytest.mark.parametrize(
    "properties, gradients, periodic, expected",
    [
        (["energy"], True, True, {"energy", "forces", "stress"}),
        (["energy"], True, False, {"energy", "forces", "stress"}),
        (["energy"], False, True, {"energy"}),
        (["energy"], False, False, {"energy"}),
        (["energies"], False, True, {"energy", "energies"}),
        (["energies"], True, True, {"energy", "energies", "forces", "stress"}),
        (["forces"], False, True, {"energy", "forces", "stress"}),
        (["forces"], False, False, {"energy", "forces"}),
        (["stress"], False, True, {"energy", "forces", "stress"}),
        ([], True, True, set()),
    ],
)
def test_what_is_computed(
    make_calculator, crystal, cluster, properties, gradients, periodic, expected
):
    calculator = make_calculator(do_gradients_with_energy=gradients)
    calculator.calculate(crystal if periodic else cluster, properties, [])
    assert set(calculator.results) == expected


def test_types_of_results(make_calculator, crystal):
    calculator = make_calculator(dtype="float32")
    calculator.calculate(crystal, ["energies", "stress"], [])

    assert isinstance(calculator.results["energy"], np.float64)
    for name, shape in [("energies", (5,)), ("forces", (5, 3)), ("stress", (6,))]:
        assert calculator.results[name].dtype == np.float64
        assert calculator.results[name].shape == shape


def test_single_precision(make_calculator, crystal, reference):
    crystal.calc = make_calculator(dtype="float32", check_consistency=True)
    expected = reference(crystal)
    assert crystal.get_potential_energy() == pytest.approx(expected["energy"], rel=1e-5)
    assert relative_difference(crystal.get_forces(), expected["forces"]) < 1e-4


def test_stress_of_molecules(make_calculator, cluster):
    cluster.calc = make_calculator()
    with pytest.warns(UserWarning, match="not periodic in all directions"):
        stress = cluster.get_stress()
    assert not np.isfinite(stress).any()

    # without asking for it, there is no warning
    cluster.rattle(0.01)
    cluster.get_potential_energy()


def test_cell_of_molecules(make_calculator, cluster):
    """A cell without periodicity does not do anything."""
    cluster.calc = make_calculator(check_consistency=True)
    energy = cluster.get_potential_energy()
    cluster.cell = [5, 5, 5]
    assert cluster.get_potential_energy() == pytest.approx(energy, rel=1e-14)


@pytest.mark.parametrize("property", ["free_energy", "dipole", "charges", "magmoms"])
def test_not_implemented(make_calculator, crystal, property):
    crystal.calc = make_calculator()
    energy = crystal.get_potential_energy()
    with pytest.raises(PropertyNotImplementedError, match=property):
        crystal.calc.get_property(property, crystal)

    # this does not change the results
    assert crystal.calc.results["energy"] == energy

    with pytest.raises(NotImplementedError, match="stresses"):
        crystal.get_stresses()


def test_no_energy(make_calculator, crystal):
    outputs = {"test::count": ModelOutput(sample_kind="atom")}
    calculator = make_calculator(outputs=outputs, additional_outputs=outputs)

    for name in ["energy", "energies", "forces", "stress"]:
        with pytest.raises(PropertyNotImplementedError, match="does not have an energy"):
            calculator.get_property(name, crystal)

    calculator.calculate(crystal, [], [])
    assert list(calculator.additional_outputs) == ["test::count"]
    assert calculator.results == {}
    with pytest.raises(ValueError, match="does not have an energy"):
        calculator.compute_energy(crystal)


def test_constant_energy(make_calculator, crystal):
    outputs = {"energy/constant": ModelOutput(unit="eV")}
    calculator = make_calculator(outputs=outputs, variants={"energy": "constant"})
    crystal.calc = calculator

    assert crystal.get_potential_energy() == 5
    assert set(calculator.results) == {"energy"}
    with pytest.raises(RuntimeError, match="does not require grad"):
        crystal.get_forces()


def test_failed_calculations_leave_nothing(make_calculator, crystal):
    calculator = make_calculator()
    calculator.calculate(crystal, ["energy"], [])

    crystal.numbers[2] = 1
    with pytest.raises(ValueError, match="atomic type 1"):
        calculator.calculate(crystal, ["energy"], [])
    assert calculator.results == {}


@pytest.mark.parametrize("size", [0, 1])
def test_few_atoms(make_calculator, size):
    calculator = make_calculator(check_consistency=True)
    atoms = ase.Atoms("Ar" * size, positions=np.zeros((size, 3)))
    calculator.calculate(atoms, ["energies", "forces"], [])

    assert calculator.results["energy"] == 0
    assert calculator.results["energies"].tolist() == [0] * size
    assert calculator.results["forces"].shape == (size, 3)


def test_changing_systems(make_calculator, crystal, cluster, reference):
    """The same calculator, with its neighbor lists, can be used for anything in any order."""
    calculator = make_calculator(neighbor_skin=1.0)
    rng = np.random.default_rng(2)
    for _ in range(10):
        for atoms in [crystal, cluster, crystal[:3], cluster[1:]]:
            atoms.positions += 0.1 * rng.normal(size=(len(atoms), 3))
            calculator.calculate(atoms, ["forces"], [])
            np.testing.assert_allclose(
                calculator.results["energy"], reference(atoms)["energy"], rtol=1e-10, atol=1e-10
            )
