"""Conversion of structures from other Python packages to :py:class:`metatomic.torch.System`."""

import abc
import warnings
from typing import Any, Union

import torch

from ._classes import System

try:
    import ase
except ImportError:
    ase = None


class IntoSystem(abc.ABC):  # noqa: B024
    """
    Anything that :py:func:`systems_to_torch` converts: an :py:class:`ase.Atoms`, with the elements
    as atomic types and lengths in Angstrom.
    """


def systems_to_torch(
    systems: "ase.Atoms | list[ase.Atoms]",
    dtype: torch.dtype | None = None,
    device: torch.device | str | None = None,
    positions_requires_grad: bool = False,
    cell_requires_grad: bool = False,
) -> Union[System, list[System]]:
    """
    Convert one structure, or a list of structures.

    Cell vectors in directions that are not periodic are set to zero, as a
    :py:class:`metatomic.torch.System` requires.

    :param systems: structure or list of structures
    :param dtype: floating point type of positions and cell, torch's default one if ``None``
    :param device: where to put the data, torch's default device if ``None``
    :param positions_requires_grad: should gradients be recorded for the positions?
    :param cell_requires_grad: should gradients be recorded for the cell?
    :return: a list if ``systems`` is a list, a single system otherwise
    :raises ValueError: if a structure is not an :py:class:`ase.Atoms`
    :raises RuntimeError: if ASE is not installed
    """
    if ase is None:
        raise RuntimeError("`systems_to_torch` needs ASE, install it with `pip install ase`")

    options = (dtype, device, positions_requires_grad, cell_requires_grad)
    if isinstance(systems, list):
        return [_system_from_ase(system, *options) for system in systems]

    return _system_from_ase(systems, *options)


def _system_from_ase(
    atoms: Any,
    dtype: torch.dtype | None,
    device: torch.device | str | None,
    positions_requires_grad: bool,
    cell_requires_grad: bool,
) -> System:
    if not isinstance(atoms, ase.Atoms):
        raise ValueError(f"expected systems to be `ase.Atoms`, got an object of type {type(atoms)}")

    if dtype is None:
        dtype = torch.get_default_dtype()

    cell = atoms.cell.array.copy()
    if ((cell != 0).any(axis=1) != atoms.pbc).any():
        warnings.warn(
            "a structure should have a cell vector in each periodic direction, and only there. "
            f"Got pbc={atoms.pbc.tolist()} with the cell {cell.tolist()}; cell vectors of "
            "directions that are not periodic will be set to zero",
            stacklevel=3,
        )
        cell[~atoms.pbc] = 0

    return System(
        types=torch.tensor(atoms.numbers, dtype=torch.int32, device=device),
        positions=torch.tensor(
            atoms.positions, dtype=dtype, device=device, requires_grad=positions_requires_grad
        ),
        cell=torch.tensor(cell, dtype=dtype, device=device, requires_grad=cell_requires_grad),
        pbc=torch.tensor(atoms.pbc, dtype=torch.bool, device=device),
    )


__all__ = ["IntoSystem", "systems_to_torch"]
