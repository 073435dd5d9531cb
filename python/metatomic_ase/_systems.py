"""From :py:class:`ase.Atoms` to :py:class:`metatomic.torch.System`, ready for differentiation."""

import ase
import numpy as np
import torch

from metatomic.torch import System

_COMPARED_ARRAYS = ["numbers", "positions", "initial_charges", "initial_magmoms"]


def is_identical(first: ase.Atoms | None, second: ase.Atoms) -> bool:
    """
    Is everything that ASE compares before a calculation the same in two structures, to the last
    bit?

    ASE compares them each time it is asked for the energy or the forces, in a much slower way
    because of tolerances.
    """
    return (
        first is not None
        and all(_same_array(name, first, second) for name in _COMPARED_ARRAYS)
        and np.array_equal(first.cell.array, second.cell.array)
        and np.array_equal(first.pbc, second.pbc)
    )


def _same_array(name: str, first: ase.Atoms, second: ase.Atoms) -> bool:
    if name not in first.arrays or name not in second.arrays:
        return name not in first.arrays and name not in second.arrays
    return np.array_equal(first.arrays[name], second.arrays[name])


class DifferentiableSystem:
    """
    The system corresponding to some ``atoms``, and what its energy can be differentiated with.

    Stresses are derivatives with respect to a ``strain`` applied to positions and cell: at zero
    stress, an infinitesimal strain does not change the energy. The strain is the identity matrix.

    :param atoms: atoms to convert
    :param dtype: floating point type of the model
    :param device: device of the model
    :param positions_grad: will derivatives with respect to the positions be needed?
    :param strain_grad: will derivatives with respect to the strain be needed?
    """

    def __init__(
        self,
        atoms: ase.Atoms,
        *,
        dtype: torch.dtype,
        device: torch.device,
        positions_grad: bool = False,
        strain_grad: bool = False,
    ) -> None:
        self.volume = atoms.cell.volume
        self.positions_grad = positions_grad
        self.strain_grad = strain_grad

        positions = torch.tensor(
            atoms.positions, dtype=dtype, device=device, requires_grad=positions_grad
        )
        # systems do not have cell vectors in directions that are not periodic
        cell = torch.tensor(atoms.cell.array * atoms.pbc[:, np.newaxis], dtype=dtype, device=device)

        self.strain = torch.eye(3, dtype=dtype, device=device, requires_grad=strain_grad)
        if strain_grad:
            positions = positions @ self.strain
            cell = cell @ self.strain

        #: positions in the system, these are the ones that forces are for
        self.positions = positions
        self.system = System(
            types=torch.tensor(atoms.numbers, dtype=torch.int32, device=device),
            positions=positions,
            cell=cell,
            pbc=torch.tensor(atoms.pbc, dtype=torch.bool, device=device),
        )


def differentiate(
    energy: torch.Tensor, systems: list[DifferentiableSystem]
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """
    Conservative forces and stresses of all ``systems``.

    :param energy: sum of the energies of all the systems
    :param systems: systems that were given to the model, all created with the same options
    :return: forces for each system if they were created with ``positions_grad``, and stresses (of
        shape ``(3, 3)``) for each system if they were created with ``strain_grad``; empty otherwise
    :raises RuntimeError: if ``energy`` was not computed with differentiable operations
    """
    positions = [system.positions for system in systems if system.positions_grad]
    strains = [system.strain for system in systems if system.strain_grad]
    # the energy may depend on the positions only, or on the cell only
    gradients = torch.autograd.grad(energy, positions + strains, materialize_grads=True)

    forces = [-gradient for gradient in gradients[: len(positions)]]
    stresses = [
        gradient / system.volume
        for gradient, system in zip(gradients[len(positions) :], systems, strict=False)
    ]
    return forces, stresses
