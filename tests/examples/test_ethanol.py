"""The representation and the model of the ethanol example."""

from pathlib import Path

import ase.build
import numpy as np
import pytest
import torch
from vesin.metatomic import neighbor_lists_for_model

from metatensor.torch import Labels
from metatomic.torch import ModelOutput, systems_to_torch

EXAMPLE = Path(__file__).parents[2] / "examples" / "ethanol"
TYPES = [1, 6, 8]
CUTOFF = 3.0
N_MAX = 2
L_MAX = 3

PER_SYSTEM = {"energy": ModelOutput(unit="eV", sample_kind="system")}
PER_ATOM = {"energy": ModelOutput(unit="eV", sample_kind="atom")}


@pytest.fixture(autouse=True)
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def example(monkeypatch):
    """The modules of the example, which import each other by name."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    import potential
    import power_spectrum

    return power_spectrum, potential


@pytest.fixture
def potential(example):
    torch.manual_seed(0)
    model = example[1].Potential(TYPES, CUTOFF, N_MAX, L_MAX, width=4)
    return model.eval()


def ethanol(seed: int = 0) -> ase.Atoms:
    atoms = ase.build.molecule("CH3CH2OH")
    atoms.rattle(0.1, seed=seed)
    return atoms


def systems(model, *frames):
    converted = systems_to_torch(list(frames), dtype=torch.float64)
    for calculator in neighbor_lists_for_model("angstrom", model, "angstrom"):
        calculator.add_neighbor_list(converted)
    return converted


def direct_power_spectrum(atoms, center, l, type_1, n_1, type_2, n_2):
    """The double sum over neighbors of the example's documentation."""
    vectors = atoms.positions - atoms.positions[center]
    r = np.linalg.norm(vectors, axis=1)
    neighbors = np.nonzero((r > 0) & (r < CUTOFF))[0]
    legendre = np.polynomial.legendre.Legendre.basis(l)

    def radial(n, r):
        smooth = (1 - (r / CUTOFF) ** 2) ** 3
        return np.sqrt(2 / CUTOFF) * np.sin(n * np.pi * r / CUTOFF) / r * smooth

    total = 0.0
    for j in neighbors:
        for k in neighbors:
            if atoms.numbers[j] == type_1 and atoms.numbers[k] == type_2:
                cosine = vectors[j] @ vectors[k] / (r[j] * r[k])
                total += radial(n_1, r[j]) * radial(n_2, r[k]) * legendre(cosine)
    return total


def test_power_spectrum_is_the_double_sum(example):
    representation = example[0].PowerSpectrum(TYPES, CUTOFF, N_MAX, L_MAX)
    atoms = ethanol()
    features = representation(systems(representation, atoms))

    assert features.keys == Labels("center_type", torch.tensor([[1], [6], [8]]))
    assert features.sample_names == ["system", "atom"]
    for key, block in features.items():
        assert len(block.samples) == np.sum(atoms.numbers == int(key["center_type"]))
        for row, (_, atom) in enumerate(block.samples.values.tolist()):
            for column, (l, type_1, n_1, type_2, n_2) in enumerate(
                block.properties.values.tolist()
            ):
                expected = direct_power_spectrum(atoms, atom, l, type_1, n_1, type_2, n_2)
                if (type_1, n_1) != (type_2, n_2):
                    expected *= np.sqrt(2)
                assert block.values[row, column].item() == pytest.approx(expected, abs=1e-12)


def test_energy_is_invariant(potential):
    atoms = ethanol()
    rotated = atoms.copy()
    rotated.rotate(37, (1, 2, 3))
    rotated.translate((5, -3, 1))
    permuted = atoms[np.random.default_rng(0).permutation(len(atoms))]

    energies = potential(systems(potential, atoms, rotated, permuted), PER_SYSTEM)["energy"]
    energies = energies.block().values.detach()
    np.testing.assert_allclose(energies, energies[0, 0].expand(3, 1), rtol=1e-12)


def test_atomic_energies_sum_to_the_energy(potential):
    frames = systems(potential, ethanol(0), ethanol(1)[:5])
    total = potential(frames, PER_SYSTEM)["energy"].block().values
    atomic = potential(frames, PER_ATOM)["energy"].block()

    assert atomic.samples.names == ["system", "atom"]
    assert len(atomic.samples) == 9 + 5
    for index in range(2):
        selected = atomic.samples.column("system") == index
        torch.testing.assert_close(atomic.values[selected].sum(), total[index, 0])


def test_selected_atoms(potential):
    frames = systems(potential, ethanol(0), ethanol(1))
    selection = Labels(["system", "atom"], torch.tensor([[0, 3], [1, 0], [1, 8]]))
    every = potential(frames, PER_ATOM)["energy"].block()
    selected = potential(frames, PER_ATOM, selection)["energy"].block()

    assert selected.samples == selection
    for row, entry in enumerate(selection):
        torch.testing.assert_close(
            selected.values[row], every.values[every.samples.position(entry)]
        )


def test_energy_is_smooth_at_the_cutoff(potential):
    def energy(distance):
        atoms = ase.Atoms("CO", positions=[[0, 0, 0], [0, 0, distance]])
        return potential(systems(potential, atoms), PER_SYSTEM)["energy"].block().values.item()

    alone = energy(CUTOFF + 1)
    assert abs(energy(CUTOFF - 1.0) - alone) > 1e-4
    assert abs(energy(CUTOFF - 1e-3) - alone) < 1e-8


def test_scripted_model_gives_the_same(potential):
    frames = systems(potential, ethanol())
    scripted = torch.jit.script(potential)
    torch.testing.assert_close(
        scripted(frames, PER_SYSTEM)["energy"].block().values,
        potential(frames, PER_SYSTEM)["energy"].block().values,
        rtol=1e-14,
        atol=0,
    )
