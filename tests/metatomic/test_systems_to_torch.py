"""Conversion of ASE structures."""

import ase
import numpy as np
import pytest
import torch

import metatomic.torch.systems_to_torch  # noqa: F401 (not the function with the same name)
from metatomic.torch import systems_to_torch


@pytest.fixture
def atoms():
    return ase.Atoms("OH2", [[0, 0, 0.1], [0, 0.8, -0.5], [0, -0.8, -0.5]])


def test_molecule(atoms):
    system = systems_to_torch(atoms)

    assert system.types.tolist() == [8, 1, 1]
    assert system.types.dtype == torch.int32
    assert system.positions.dtype == torch.float32
    np.testing.assert_allclose(system.positions.numpy(), atoms.positions, rtol=1e-6)
    assert system.cell.tolist() == torch.zeros((3, 3)).tolist()
    assert system.pbc.tolist() == [False, False, False]
    assert not system.positions.requires_grad
    assert not system.cell.requires_grad


def test_options(atoms):
    atoms.cell = [[4, 0, 0], [1, 4, 0], [0, 0, 5]]
    atoms.pbc = True
    system = systems_to_torch(
        atoms,
        dtype=torch.float64,
        device="cpu",
        positions_requires_grad=True,
        cell_requires_grad=True,
    )

    assert np.array_equal(system.positions.detach().numpy(), atoms.positions)
    assert np.array_equal(system.cell.detach().numpy(), atoms.cell.array)
    assert system.pbc.tolist() == [True, True, True]
    assert system.positions.requires_grad
    assert system.cell.requires_grad


def test_default_dtype(atoms):
    torch.set_default_dtype(torch.float64)
    try:
        assert systems_to_torch(atoms).positions.dtype == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_list(atoms):
    systems = systems_to_torch([atoms, atoms[:1]])
    assert [len(system) for system in systems] == [3, 1]
    assert systems_to_torch([]) == []


@pytest.mark.parametrize("pbc", [[True, True, True], [True, False, False]])
def test_cell_and_pbc(atoms, pbc):
    atoms.cell = np.diag([4.0, 5.0, 0.0])
    atoms.pbc = pbc
    with pytest.warns(UserWarning, match="cell vector in each periodic direction"):
        system = systems_to_torch(atoms, dtype=torch.float64)

    assert np.array_equal(system.cell.numpy(), atoms.cell.array * np.array(pbc)[:, np.newaxis])
    assert np.array_equal(atoms.cell.array, np.diag([4.0, 5.0, 0.0]))


@pytest.mark.parametrize("wrong", ["OH2", [3], (ase.Atoms("H"),), None])
def test_errors(wrong):
    with pytest.raises(ValueError, match="`ase.Atoms`, got an object of type"):
        systems_to_torch(wrong)
