"""Options of the ASE calculator: models, variants, non-conservative and additional outputs."""

from pathlib import Path

import ase.io
import numpy as np
import pytest
import torch
from ase.calculators.calculator import InputError

from metatomic.torch import AtomisticModel, ModelOutput, load_atomistic_model
from metatomic_ase import MetatomicCalculator
from metatomic_ase._calculator import _full_3x3_to_voigt_6_stress


@pytest.fixture
def saved(make_model, tmp_path):
    path = tmp_path / "model.pt"
    make_model().save(path)
    return path


@pytest.fixture
def all_outputs():
    """Outputs for a model with many of them"""
    return {
        "energy": ModelOutput(unit="eV", sample_kind="atom", description="with variants"),
        "energy/double": ModelOutput(unit="eV", sample_kind="atom", description="twice"),
        "non_conservative_force": ModelOutput(unit="eV/A", sample_kind="atom"),
        "non_conservative_stress": ModelOutput(unit="eV/A^3"),
    }


@pytest.mark.parametrize("convert", [str, Path, lambda path: str(path).encode(), torch.jit.load])
def test_models(saved, crystal, reference, convert):
    calculator = MetatomicCalculator(convert(saved))

    assert isinstance(calculator.model(), AtomisticModel)
    assert calculator.metadata().name == "pairs"
    energy = calculator.get_property("energy", crystal)
    np.testing.assert_allclose(energy, reference(crystal)["energy"], rtol=1e-12)


def test_model_in_memory(make_model, saved):
    model = make_model()
    assert MetatomicCalculator(model).model() is model

    loaded = load_atomistic_model(saved)
    assert MetatomicCalculator(loaded).model() is loaded


def test_invalid_models(make_model):
    with pytest.raises(InputError, match="missing.pt"):
        MetatomicCalculator("missing.pt")
    with pytest.raises(InputError, match="PairPotential"):
        MetatomicCalculator(torch.jit.script(make_model().module))
    with pytest.raises(TypeError, match="int"):
        MetatomicCalculator(3)
    with pytest.raises(TypeError, match="PairPotential"):
        MetatomicCalculator(make_model().module)


@pytest.mark.parametrize("device", ["something", "meta", torch.device("cuda:3")])
def test_invalid_device(make_model, device):
    with pytest.raises(RuntimeError, match=str(device).split(":")[0]):
        MetatomicCalculator(make_model(), device=device)


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")])
def test_device(make_model, device):
    assert MetatomicCalculator(make_model(), device=device).parameters["device"] == "cpu"


def test_invalid_non_conservative():
    # even before looking at the model
    with pytest.raises(ValueError, match="`non_conservative`.*'energy'"):
        MetatomicCalculator("missing.pt", non_conservative="energy")


def test_invalid_additional_outputs(make_model):
    with pytest.raises(AssertionError, match="dictionary"):
        MetatomicCalculator(make_model(), additional_outputs=["energy"])
    for wrong in ["eV", torch.zeros(3), make_model().metadata()]:
        with pytest.raises(AssertionError, match="ModelOutput"):
            MetatomicCalculator(make_model(), additional_outputs={"energy": wrong})


def test_parameters(saved):
    options = {
        "check_consistency": True,
        "device": "cpu",
        "do_gradients_with_energy": False,
        "uncertainty_threshold": None,
        "neighbor_skin": 1.0,
    }
    calculator = MetatomicCalculator(saved, **options)
    defaults = {
        "model": str(saved),
        "extensions_directory": None,
        "variants": None,
        "non_conservative": False,
        "additional_outputs": {},
    }
    assert calculator.parameters == {**options, **defaults}
    assert calculator.todict() == calculator.parameters

    again = MetatomicCalculator.fromdict(calculator.todict())
    assert again.parameters == calculator.parameters


def test_todict_in_memory(make_model):
    calculator = MetatomicCalculator(make_model())
    assert "model" not in calculator.parameters
    with pytest.raises(RuntimeError, match="path of a saved model"):
        calculator.todict()


def test_trajectory(saved, crystal, tmp_path):
    crystal.calc = MetatomicCalculator(saved)
    forces = crystal.get_forces()
    ase.io.write(tmp_path / "atoms.traj", crystal)

    read = ase.io.read(tmp_path / "atoms.traj")
    assert np.array_equal(read.get_forces(), forces)
    assert read.calc.parameters["model"] == str(saved)


def test_variants(make_model, all_outputs, crystal, reference):
    expected = reference(crystal)
    for variants, factor in [(None, 1), ({"energy": None}, 1), ({"energy": "double"}, 2)]:
        model = make_model(outputs=all_outputs)
        crystal.calc = MetatomicCalculator(model, variants=variants)
        assert crystal.get_potential_energy() == pytest.approx(factor * expected["energy"])
        np.testing.assert_allclose(crystal.get_forces(), factor * expected["forces"])

    with pytest.raises(ValueError, match="other"):
        MetatomicCalculator(make_model(outputs=all_outputs), variants={"energy": "other"})


def test_variants_of_other_outputs(make_model, all_outputs, crystal):
    variants = {"energy": "double"}
    model = make_model(outputs=all_outputs)
    # the variant of the energy is the default
    with pytest.raises(ValueError, match="'double' of the output 'non_conservative_force'"):
        MetatomicCalculator(model, variants=variants, non_conservative=True)

    variants["non_conservative_force"] = None
    with pytest.raises(ValueError, match="'double' of the output 'non_conservative_stress'"):
        MetatomicCalculator(model, variants=variants, non_conservative=True)
    MetatomicCalculator(model, variants=variants, non_conservative="forces")

    variants["non_conservative_stress"] = None
    MetatomicCalculator(model, variants=variants, non_conservative=True)

    variants["non_conservative_stress"] = "other"
    with pytest.raises(ValueError, match="both be None"):
        MetatomicCalculator(model, variants=variants, non_conservative=True)


def test_deprecated_variant(make_model, all_outputs):
    model = make_model(outputs=all_outputs)
    variants = {"non_conservative_forces": None}
    with pytest.warns(UserWarning, match="'non_conservative_forces' is deprecated"):
        MetatomicCalculator(model, variants=variants, non_conservative="forces")
    assert variants == {"non_conservative_forces": None}

    variants["non_conservative_force"] = None
    with pytest.raises(ValueError, match="both 'non_conservative_force' and"):
        MetatomicCalculator(model, variants=variants, non_conservative="forces")


@pytest.mark.parametrize("non_conservative", [True, "forces", "stress"])
def test_missing_non_conservative(make_model, non_conservative):
    with pytest.raises(ValueError, match="non_conservative"):
        MetatomicCalculator(make_model(), non_conservative=non_conservative)


@pytest.mark.parametrize("non_conservative", [False, True, "forces", "stress"])
def test_non_conservative(make_model, all_outputs, crystal, reference, non_conservative):
    crystal.calc = MetatomicCalculator(
        make_model(outputs=all_outputs),
        non_conservative=non_conservative,
        check_consistency=True,
    )
    expected = reference(crystal)
    n_neighbors = expected["n_neighbors"]
    forces, stress = expected["forces"], expected["stress"]
    if non_conservative in [True, "forces"]:
        # without the net force
        forces = np.outer(n_neighbors - n_neighbors.mean(), [1, 0, 0])
    if non_conservative in [True, "stress"]:
        stress = np.full((3, 3), n_neighbors.sum() / 2)

    np.testing.assert_allclose(crystal.get_potential_energy(), expected["energy"])
    np.testing.assert_allclose(crystal.get_forces(), forces, atol=1e-12)
    np.testing.assert_allclose(crystal.get_stress(voigt=False), stress, rtol=1e-10)

    results = crystal.calc.compute_energy([crystal, crystal], compute_forces_and_stresses=True)
    for i in range(2):
        np.testing.assert_allclose(results["forces"][i], forces, atol=1e-12)
        np.testing.assert_allclose(results["stress"][i], stress, rtol=1e-10)


def test_non_conservative_forces_of_constant_energy(make_model, all_outputs, crystal):
    """What can be computed is computed."""
    all_outputs["energy/constant"] = ModelOutput(unit="eV", description="one")
    calculator = MetatomicCalculator(
        make_model(outputs=all_outputs),
        non_conservative="forces",
        variants={"energy": "constant", "non_conservative_force": None},
    )
    calculator.calculate(crystal, ["energy"], [])
    assert set(calculator.results) == {"energy", "forces"}


def test_uncertainty(make_model, crystal, reference):
    outputs = {
        "energy": ModelOutput(unit="kcal/mol", sample_kind="atom"),
        "energy_uncertainty": ModelOutput(unit="kcal/mol", sample_kind="atom"),
    }
    # the model gives 0.01 for each neighbor
    per_neighbor = 0.01 * 0.043364104241800934
    n_neighbors = reference(crystal)["n_neighbors"]
    threshold = per_neighbor * (n_neighbors.min() + 0.5)
    uncertain = np.nonzero(n_neighbors > n_neighbors.min())[0].tolist()
    assert 0 < len(uncertain) < len(crystal)

    model = make_model(outputs=outputs)
    crystal.calc = MetatomicCalculator(model, uncertainty_threshold=threshold)
    with pytest.warns(UserWarning) as warnings:
        crystal.get_potential_energy()
    assert len(warnings) == 1
    assert f"{threshold} eV" in str(warnings[0].message)
    assert str(uncertain) in str(warnings[0].message)

    # no warning: high threshold, no threshold, or other functions
    for threshold in [0.1, None]:
        crystal.calc = MetatomicCalculator(model, uncertainty_threshold=threshold)
        crystal.get_potential_energy()
    MetatomicCalculator(model, uncertainty_threshold=1e-8).compute_energy(crystal)


@pytest.mark.parametrize("threshold", [0, -0.1, float("nan")])
def test_invalid_threshold(make_model, threshold):
    outputs = {
        "energy": ModelOutput(unit="eV", sample_kind="atom"),
        "energy_uncertainty": ModelOutput(unit="eV", sample_kind="atom"),
    }
    with pytest.raises(ValueError, match=f"`uncertainty_threshold`.*{threshold}"):
        MetatomicCalculator(make_model(outputs=outputs), uncertainty_threshold=threshold)

    # it does not matter for other models
    MetatomicCalculator(make_model(), uncertainty_threshold=threshold)
    outputs["energy_uncertainty"].sample_kind = "system"
    MetatomicCalculator(make_model(outputs=outputs), uncertainty_threshold=threshold)


def test_additional_outputs(make_model, all_outputs, crystal, reference):
    requested = {"energy/double": ModelOutput(unit="kJ/mol", sample_kind="atom")}
    calculator = MetatomicCalculator(make_model(outputs=all_outputs), additional_outputs=requested)
    assert calculator.additional_outputs == {}

    crystal.calc = calculator
    expected = reference(crystal)
    np.testing.assert_allclose(crystal.get_potential_energy(), expected["energy"])

    assert list(calculator.additional_outputs) == ["energy/double"]
    block = calculator.additional_outputs["energy/double"].block()
    assert block.samples.column("atom").tolist() == [4, 3, 2, 1, 0]
    energies = block.values.detach().numpy().flatten()[::-1]
    np.testing.assert_allclose(energies, 2 * 96.48533212331002 * expected["energies"])


def test_additional_output_instead_of_a_standard_one(make_model, crystal, reference):
    """This changes what the model computes, not the units of ASE."""
    calculator = MetatomicCalculator(
        make_model(),
        additional_outputs={"energy": ModelOutput(unit="kJ/mol", sample_kind="atom")},
    )
    crystal.calc = calculator
    expected = reference(crystal)
    np.testing.assert_allclose(crystal.get_potential_energy(), expected["energy"])
    np.testing.assert_allclose(crystal.get_forces(), expected["forces"], rtol=1e-9)
    assert calculator.additional_outputs["energy"].block().values.shape == (5, 1)


def test_unknown_additional_output(make_model, crystal):
    requested = {"energy/double": ModelOutput(unit="eV")}
    crystal.calc = MetatomicCalculator(make_model(), additional_outputs=requested)
    with pytest.raises(ValueError, match="'energy/double'"):
        crystal.get_potential_energy()


def test_voigt():
    stress = np.arange(9.0).reshape(3, 3)
    assert _full_3x3_to_voigt_6_stress(stress).tolist() == [0, 4, 8, 6, 4, 2]
