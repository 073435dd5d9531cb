"""Extra inputs that models request from ASE."""

import warnings

import ase
import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from metatomic.torch import ModelOutput, unit_conversion_factor
from metatomic_ase import MetatomicCalculator
from metatomic_ase._calculator import PER_ATOM_QUANTITIES

ATOM = "atom"
SYSTEM = "system"


@pytest.fixture
def atoms(cluster):
    rng = np.random.default_rng(3)
    cluster.set_momenta(rng.normal(size=(6, 3)))
    cluster.set_initial_charges(rng.normal(size=6))
    cluster.set_initial_magnetic_moments(rng.normal(size=6))
    cluster.set_tags([1, 2, 3, 4, 5, 6])
    return cluster


@pytest.fixture
def sum_of_inputs(make_model):
    """Function to get, for each atom, the sum of all inputs that are given to the model."""

    def compute(atoms, inputs):
        calculator = MetatomicCalculator(make_model(inputs=inputs), check_consistency=True)
        outputs = {"test::inputs": ModelOutput(sample_kind="atom")}
        values = calculator.run_model(atoms, outputs)["test::inputs"].block().values
        return values.numpy().flatten()[::-1]

    return compute


@pytest.mark.parametrize(
    "name, unit, getter",
    [
        ("momentum", "(eV*u)^(1/2)", ase.Atoms.get_momenta),
        ("mass", "u", ase.Atoms.get_masses),
        ("velocity", "(eV/u)^(1/2)", ase.Atoms.get_velocities),
        ("charge", "e", ase.Atoms.get_initial_charges),
        ("ase::initial_charges", "e", ase.Atoms.get_initial_charges),
        ("ase::initial_magmoms", "e*hbar/(2*m_e)", ase.Atoms.get_initial_magnetic_moments),
        ("ase::tags", "", ase.Atoms.get_tags),
        ("ase::arrays::tags", "", ase.Atoms.get_tags),
    ],
)
def test_per_atom(atoms, sum_of_inputs, name, unit, getter):
    values = getter(atoms).reshape(len(atoms), -1).sum(axis=1)
    result = sum_of_inputs(atoms, {name: ModelOutput(unit=unit, sample_kind=ATOM)})
    np.testing.assert_allclose(result, values, rtol=1e-12)


@pytest.mark.parametrize(
    "name, unit, in_ase",
    [("momentum", "u*A/fs", "(eV*u)^(1/2)"), ("mass", "m_e", "u"), ("charge", "C", "e")],
)
def test_units(atoms, sum_of_inputs, name, unit, in_ase):
    reference = sum_of_inputs(atoms, {name: ModelOutput(unit=in_ase, sample_kind=ATOM)})
    converted = sum_of_inputs(atoms, {name: ModelOutput(unit=unit, sample_kind=ATOM)})
    np.testing.assert_allclose(converted, reference * unit_conversion_factor(in_ase, unit))


def test_vectors(atoms, sum_of_inputs):
    moments = np.arange(18.0).reshape(6, 3)
    del atoms.arrays["initial_magmoms"]
    atoms.set_initial_magnetic_moments(moments)
    result = sum_of_inputs(atoms, {"ase::initial_magmoms": ModelOutput(sample_kind=ATOM)})
    np.testing.assert_allclose(result, moments.sum(axis=1))


def test_charges_of_a_calculator(atoms, sum_of_inputs):
    charges = np.arange(6.0)
    atoms.calc = SinglePointCalculator(atoms, charges=charges)
    result = sum_of_inputs(atoms, {"charge": ModelOutput(unit="e", sample_kind=ATOM)})
    np.testing.assert_allclose(result, charges)


def test_charges_in_calculations(atoms, make_model):
    """Asking for the charges must not ask this very calculator for them."""
    inputs = {"charge": ModelOutput(unit="e", sample_kind=ATOM)}
    calculator = MetatomicCalculator(
        make_model(inputs=inputs),
        additional_outputs={"test::inputs": ModelOutput(sample_kind=ATOM)},
    )
    atoms.calc = calculator
    atoms.get_potential_energy()
    values = calculator.additional_outputs["test::inputs"].block().values.numpy().flatten()
    np.testing.assert_allclose(values[::-1], atoms.get_initial_charges())


@pytest.mark.parametrize(
    "name, info, expected",
    [
        ("charge", {}, 0),
        ("charge", {"charge": -2}, -2),
        ("spin_multiplicity", {}, 1),
        ("spin_multiplicity", {"spin": 3}, 3),
        ("spin_multiplicity", {"spin": 3, "spin_multiplicity": 2}, 2),
        ("ase::info::temperature", {"temperature": 300.5}, 300.5),
        ("ase::info::field", {"field": [1, 2, 3]}, 6),
    ],
)
def test_per_system(atoms, sum_of_inputs, name, info, expected):
    atoms.info.update(info)
    result = sum_of_inputs(atoms, {name: ModelOutput(sample_kind=SYSTEM)})
    assert result.tolist() == [expected] * 6


def test_several_systems(atoms, sum_of_inputs):
    other = atoms.copy()
    other.set_tags(range(11, 17))
    result = sum_of_inputs([atoms, other], {"ase::tags": ModelOutput(sample_kind=ATOM)})
    assert result.tolist() == [*range(1, 7), *range(11, 17)]


def test_read_only_arrays(atoms, sum_of_inputs):
    atoms.arrays["tags"].flags.writeable = False
    sum_of_inputs(atoms, {"ase::arrays::tags": ModelOutput(sample_kind=ATOM)})


@pytest.mark.parametrize(
    "name, kind, message",
    [
        ("position", ATOM, "'position' for each atom, which ASE can not provide"),
        ("test::other", ATOM, "'test::other' for each atom"),
        ("mass", SYSTEM, "'mass' for each system"),
        ("charge", "atom_pair", "'charge' for each atom_pair"),
        ("ase::arrays::missing", ATOM, "'missing' in `atoms.arrays`"),
        ("ase::info::missing", SYSTEM, "'missing' in `atoms.info`"),
        ("ase::arrays::matrix", ATOM, "'ase::arrays::matrix'.*\\(6, 2\\)"),
        ("ase::arrays::tensor", ATOM, "'ase::arrays::tensor'.*\\(6, 3, 3\\)"),
        ("ase::info::text", SYSTEM, "'ase::info::text' are not numbers"),
    ],
)
def test_errors(atoms, sum_of_inputs, name, kind, message):
    atoms.arrays["matrix"] = np.zeros((6, 2))
    atoms.arrays["tensor"] = np.zeros((6, 3, 3))
    atoms.info["text"] = "hello"
    with pytest.raises(ValueError, match=message):
        sum_of_inputs(atoms, {name: ModelOutput(sample_kind=kind)})


def test_wrong_number_of_values(atoms, sum_of_inputs):
    atoms.arrays["short"] = np.zeros(5)
    with pytest.raises(NotImplementedError, match="each of the 6 atoms.*\\(5,\\)"):
        sum_of_inputs(atoms, {"ase::arrays::short": ModelOutput(sample_kind=ATOM)})


def test_table(atoms):
    for name, quantity in PER_ATOM_QUANTITIES.items():
        assert set(quantity) == {"properties_name", "getter", "unit"}, name
        assert len(quantity["getter"](atoms)) == len(atoms)


@pytest.mark.parametrize(
    "name, kind, change, expected",
    [
        ("charge", SYSTEM, {"charge": 1}, ["charge"]),
        ("charge", SYSTEM, {"charge": 0}, []),
        ("charge", SYSTEM, {"spin": 2}, []),
        ("charge", SYSTEM, {"charge": np.zeros(2)}, ["charge"]),
        ("spin_multiplicity", SYSTEM, {"spin": 2}, ["spin"]),
        ("spin_multiplicity", SYSTEM, {"spin_multiplicity": 3}, ["spin_multiplicity"]),
        ("spin_multiplicity", SYSTEM, {"spin_multiplicity": 1}, []),
        ("ase::info::x", SYSTEM, {"x": 1}, ["x"]),
        ("ase::info::x", SYSTEM, {"y": 1}, []),
        ("ase::tags", ATOM, {"charge": 1}, []),
    ],
)
def test_changes_of_info(atoms, make_model, name, kind, change, expected):
    inputs = {name: ModelOutput(sample_kind=kind)}
    calculator = MetatomicCalculator(make_model(inputs=inputs))
    assert set(calculator.check_state(atoms)) >= {"positions", "numbers"}

    calculator.atoms = atoms.copy()
    assert calculator.check_state(atoms) == []
    atoms.info.update(change)
    assert calculator.check_state(atoms) == expected


def test_comparison_that_fails(atoms, make_model):
    inputs = {"charge": ModelOutput(sample_kind=SYSTEM)}
    calculator = MetatomicCalculator(make_model(inputs=inputs))
    atoms.info["charge"] = np.zeros(2)
    calculator.atoms = atoms.copy()
    atoms.info["charge"] = np.zeros(3)
    with warnings.catch_warnings():
        assert calculator.check_state(atoms) == ["charge"]


def test_changes_of_arrays(atoms, make_model):
    """Inputs are up to date, also the ones that ASE does not look at."""
    inputs = {
        "velocity": ModelOutput(unit="A/fs", sample_kind=ATOM),
        "ase::arrays::custom": ModelOutput(sample_kind=ATOM),
    }
    calculator = MetatomicCalculator(make_model(inputs=inputs))
    atoms.arrays["custom"] = np.zeros(6)
    calculator.atoms = atoms.copy()
    assert calculator.check_state(atoms) == []

    atoms.arrays["custom"][3] = 1
    assert calculator.check_state(atoms) == ["ase::arrays::custom"]
    atoms.arrays["custom"][3] = 0
    atoms.set_velocities(np.zeros((6, 3)))
    assert calculator.check_state(atoms) == ["velocity"]


def test_info_changes_results(atoms, make_model):
    inputs = {"charge": ModelOutput(unit="e", sample_kind=SYSTEM)}
    calculator = MetatomicCalculator(
        make_model(inputs=inputs),
        additional_outputs={"test::inputs": ModelOutput(sample_kind=ATOM)},
    )
    atoms.calc = calculator
    for charge in [1, 2]:
        atoms.info["charge"] = charge
        atoms.get_potential_energy()
        values = calculator.additional_outputs["test::inputs"].block().values
        assert values.flatten().tolist() == [charge] * 6
