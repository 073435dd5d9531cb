"""From the outputs of a model to the arrays that ASE uses."""

import ase
import numpy as np
import torch

from metatensor.torch import TensorBlock, TensorMap, multiply
from metatomic.torch import unit_conversion_factor


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """``tensor`` as an array, without its history."""
    return tensor.detach().cpu().numpy()


def convert_unit(tensor: TensorMap, unit: str, new_unit: str) -> TensorMap:
    """``tensor`` in another unit; the given one if there is nothing to do."""
    factor = unit_conversion_factor(unit, new_unit)
    return tensor if factor == 1.0 else multiply(tensor, factor)


def single_energy_block(energy: TensorMap) -> TensorBlock:
    """The only block of the ``energy`` of a single system."""
    assert len(energy) == 1, f"the energy should have one block, got {len(energy)}"

    block = energy.block()
    assert len(block.gradients_list()) == 0, "the energy should not have explicit gradients"
    if "atom" not in block.samples.names:
        shape = tuple(block.values.shape)
        assert shape == (1, 1), (
            f"the energy should be a single number, got an array of shape {shape}"
        )

    return block


def per_system_energy(block: TensorBlock, n_systems: int) -> np.ndarray:
    """
    Energy of each system, as ``float64``.

    :param block: energies with the samples ``system``, or ``system`` and ``atom``
    """
    energies = np.zeros(n_systems)
    np.add.at(energies, to_numpy(block.samples.column("system")), to_numpy(block.values)[:, 0])
    return energies


def per_atom_energies(block: TensorBlock, structures: list[ase.Atoms]) -> list[np.ndarray]:
    """
    Energies of the atoms in each structure, as ``float64``, in the order of the atoms: models
    return them in any order.

    :param block: energies with the samples ``system`` and ``atom``
    """
    if "atom" not in block.samples.names:
        raise ValueError("the energies of the atoms are needed, but the model gave another kind")

    first_atom = np.cumsum([0] + [len(atoms) for atoms in structures])
    system, atom = (to_numpy(block.samples.column(name)) for name in ["system", "atom"])

    energies = np.zeros(first_atom[-1])
    energies[first_atom[system] + atom] = to_numpy(block.values)[:, 0]
    return np.split(energies, first_atom[1:-1])


def non_conservative_forces(output: TensorMap, structures: list[ase.Atoms]) -> list[torch.Tensor]:
    """Forces on the atoms of each structure, with a net force of zero."""
    forces = output.block().values.detach().reshape(-1, 3)
    return [
        forces_in_system - forces_in_system.mean(dim=0, keepdim=True)
        for forces_in_system in torch.split(forces, [len(atoms) for atoms in structures])
    ]


def non_conservative_stresses(output: TensorMap) -> list[torch.Tensor]:
    """Stress of each structure, with shape ``(3, 3)``."""
    return list(output.block().values.detach().reshape(-1, 3, 3))


def full_3x3_to_voigt_6_stress(stress: np.ndarray) -> np.ndarray:
    """The components ``xx, yy, zz, yz, xz, xy`` of the symmetric part of a stress tensor."""
    # without volume, infinities of both signs meet here
    with np.errstate(invalid="ignore"):
        symmetric = (stress + stress.T) / 2
    return symmetric[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
