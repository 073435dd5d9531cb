"""Evaluation of several structures at once."""

import numpy as np
import pytest
import torch

from metatensor.torch import Labels
from metatomic.torch import ModelOutput
from metatomic_ase import MetatomicCalculator


@pytest.fixture
def calculator(make_model):
    return MetatomicCalculator(make_model(), check_consistency=True)


def test_single(calculator, crystal, reference):
    expected = reference(crystal)

    results = calculator.compute_energy(crystal)
    assert set(results) == {"energy"}
    assert type(results["energy"]) is float
    assert results["energy"] == pytest.approx(expected["energy"], rel=1e-12)

    results = calculator.compute_energy(crystal, True, per_atom=True)
    assert set(results) == {"energy", "energies", "forces", "stress"}
    np.testing.assert_allclose(results["energies"], expected["energies"], rtol=1e-10)
    np.testing.assert_allclose(results["forces"], expected["forces"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(results["stress"], expected["stress"], rtol=1e-9)


def test_several(calculator, crystal, reference):
    larger = crystal * (2, 1, 1)
    larger.rattle(0.1)
    structures = [crystal, larger, crystal[:2]]
    expected = [reference(atoms) for atoms in structures]

    results = calculator.compute_energy(structures)
    assert isinstance(results["energy"], np.ndarray)
    np.testing.assert_allclose(results["energy"], [e["energy"] for e in expected], rtol=1e-12)

    results = calculator.compute_energy(structures, True, per_atom=True)
    assert set(results) == {"energy", "energies", "forces", "stress"}
    assert all(isinstance(values, list) and len(values) == 3 for values in results.values())
    assert all(type(energy) is float for energy in results["energy"])
    for i, single in enumerate(expected):
        assert results["energies"][i].dtype == np.float64
        np.testing.assert_allclose(results["energies"][i], single["energies"], rtol=1e-10)
        np.testing.assert_allclose(results["forces"][i], single["forces"], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(results["stress"][i], single["stress"], rtol=1e-9)


def test_stress_needs_periodicity(calculator, crystal, cluster, reference):
    results = calculator.compute_energy([crystal, cluster], compute_forces_and_stresses=True)
    assert set(results) == {"energy", "forces"}
    np.testing.assert_allclose(results["forces"][1], reference(cluster)["forces"], atol=1e-12)


def test_does_not_change_the_results(calculator, crystal, cluster):
    crystal.calc = calculator
    energy = crystal.get_potential_energy()
    calculator.compute_energy([cluster], compute_forces_and_stresses=True)
    assert calculator.results["energy"] == energy
    assert calculator.calculation_required(crystal, ["energy"]) is False


def test_no_structures(calculator):
    with pytest.raises(IndexError):
        calculator.compute_energy([])


def test_dtype_of_forces(make_model, crystal):
    calculator = MetatomicCalculator(make_model(dtype="float32"))
    results = calculator.compute_energy(crystal, True, per_atom=True)
    assert results["forces"].dtype == np.float32
    assert results["energies"].dtype == np.float64


def test_run_model(calculator, crystal, cluster, reference):
    outputs = {"energy": ModelOutput(unit="meV", sample_kind="atom")}
    energy = calculator.run_model([crystal, cluster], outputs)["energy"].block()

    expected = [*reference(crystal)["energies"], *reference(cluster)["energies"]]
    assert isinstance(energy.values, torch.Tensor)
    assert not energy.values.requires_grad
    np.testing.assert_allclose(energy.values.numpy().flatten()[::-1], 1000 * np.array(expected))

    single = calculator.run_model(cluster, outputs)["energy"].block()
    assert len(single.samples) == len(cluster)


def test_run_model_with_selected_atoms(calculator, crystal, cluster, reference):
    outputs = {"energy": ModelOutput(unit="eV", sample_kind="atom")}
    selected = Labels(["system", "atom"], torch.tensor([[0, 3], [1, 0]]))
    energy = calculator.run_model([crystal, cluster], outputs, selected)["energy"].block()

    assert energy.samples.values.tolist() == [[1, 0], [0, 3]]
    expected = [reference(cluster)["energies"][0], reference(crystal)["energies"][3]]
    np.testing.assert_allclose(energy.values.numpy().flatten(), expected)


def test_run_model_with_unknown_output(calculator, crystal):
    with pytest.raises(ValueError, match="'feature', only energy"):
        calculator.run_model(crystal, {"feature": ModelOutput()})
