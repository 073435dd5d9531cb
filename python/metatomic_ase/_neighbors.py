"""Neighbor lists for the systems given to models."""

import functools
import math
import warnings
from collections.abc import Callable

import torch
import vesin.metatomic

from metatensor.torch import Labels, TensorBlock
from metatomic.torch import NeighborListOptions, System, register_autograd_neighbors

_SAMPLE_NAMES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]


class NeighborLists:
    """
    Computes all the neighbor lists that a model requests. The memory and the Verlet lists are
    reused from one call to the next.

    :param options: the requested neighbor lists
    :param check_consistency: should the neighbor lists be checked after they were computed?
    :param skin: how far atoms can move before pairs are searched again, in Angstrom
    """

    def __init__(
        self, options: list[NeighborListOptions], check_consistency: bool, skin: float
    ) -> None:
        self._check_consistency = check_consistency
        self._calculators = [
            vesin.metatomic.NeighborList(
                requested,
                length_unit="angstrom",
                check_consistency=check_consistency,
                skin=skin,
            )
            for requested in options
        ]

    def add_to(self, systems: list[System]) -> list[System]:
        """
        Add all the neighbor lists to ``systems``, which are returned. With a single system, the
        lists are only valid until this is called again.
        """
        calculators = self._calculators
        on_cuda = all(system.device.type == "cuda" for system in systems)
        if on_cuda and _nvalchemi_neighbor_list() is not None:
            full_lists = [c.options for c in calculators if c.options.full_list]
            _compute_requested_neighbors_nvalchemi(
                systems, full_lists, check_consistency=self._check_consistency
            )
            calculators = [c for c in calculators if not c.options.full_list]

        return _compute_requested_neighbors_vesin(systems, calculators)


def _compute_requested_neighbors_vesin(
    systems: list[System], calculators: list[vesin.metatomic.NeighborList]
) -> list[System]:
    """Add to all ``systems`` the neighbor lists from all ``calculators``, and return them."""
    device = systems[0].device
    # vesin does not know any other device
    needs_move = device.type not in ["cpu", "cuda"]
    if needs_move:
        systems = [system.to(device="cpu") for system in systems]

    # vesin refuses systems without atoms
    with_atoms = [system for system in systems if len(system) > 0]
    for calculator in calculators:
        calculator.add_neighbor_list(with_atoms, copy=len(with_atoms) > 1)

        for system in systems:
            if len(system) == 0:
                system.add_neighbor_list(calculator.options, _no_neighbors(system))

    if needs_move:
        systems = [system.to(device=device) for system in systems]

    return systems


@functools.cache
def _nvalchemi_neighbor_list() -> Callable | None:
    """The function that finds neighbors on GPU in ``nvalchemiops``, if it can be used."""
    try:
        import nvalchemiops
        from nvalchemiops.torch.neighbors import neighbor_list
    except (ImportError, RuntimeError):
        # RuntimeError: the package is there, but not the drivers that it needs
        return None

    version = nvalchemiops.__version__
    if version.split(".")[:2] != ["0", "4"]:
        warnings.warn(
            f"found nvalchemiops v{version}, but only the versions >=0.4.0,<0.5.0 can be used for "
            "neighbor lists: using vesin instead",
            stacklevel=2,
        )
        return None

    return neighbor_list


def _compute_requested_neighbors_nvalchemi(
    systems: list[System],
    requested_options: list[NeighborListOptions],
    *,
    check_consistency: bool = False,
) -> None:
    """Add to all ``systems`` (on GPU) the full neighbor lists with all ``requested_options``."""
    for options in requested_options:
        cutoff = options.engine_cutoff("angstrom")
        for system in systems:
            neighbors = _full_list_nvalchemi(system, cutoff)
            register_autograd_neighbors(system, neighbors, check_consistency)
            system.add_neighbor_list(options, neighbors)


def _full_list_nvalchemi(system: System, cutoff: float) -> TensorBlock:
    positions = system.positions.detach()
    cell = system.cell.detach()
    neighbor_list = _nvalchemi_neighbor_list()

    arguments = {
        "positions": positions,
        "cutoff": cutoff,
        "max_neighbors": math.ceil(max(128, cutoff**3)),
        "return_neighbor_list": True,
    }
    if bool(system.pbc.any()):
        box = _complete_cell(positions, cell, system.pbc, cutoff)
        pairs, _, shifts = neighbor_list(**arguments, cell=box, pbc=system.pbc)
    else:
        pairs, _ = neighbor_list(**arguments)
        shifts = torch.zeros((pairs.shape[1], 3), dtype=torch.int32, device=positions.device)

    first, second = pairs.to(torch.int64)
    vectors = positions[second] - positions[first] + shifts.to(cell.dtype) @ cell
    return _neighbors_block(vectors, torch.hstack([pairs.T, shifts]))


def _no_neighbors(system: System) -> TensorBlock:
    samples = torch.zeros((0, 5), dtype=torch.int32, device=system.device)
    neighbors = _neighbors_block(system.positions.detach(), samples)
    register_autograd_neighbors(system, neighbors)
    return neighbors


def _neighbors_block(vectors: torch.Tensor, samples: torch.Tensor) -> TensorBlock:
    """Neighbor list for pairs with the given ``vectors``, of shape ``(n_pairs, 3)``."""
    device = vectors.device
    return TensorBlock(
        values=vectors.unsqueeze(-1),
        samples=Labels(_SAMPLE_NAMES, samples, assume_unique=True),
        components=[Labels("xyz", torch.tensor([[0], [1], [2]], device=device))],
        properties=Labels("distance", torch.tensor([[0]], device=device)),
    )


def _complete_cell(
    positions: torch.Tensor, cell: torch.Tensor, pbc: torch.Tensor, cutoff: float
) -> torch.Tensor:
    """
    ``cell`` with vectors in the directions that are not periodic: orthogonal to the periodic ones,
    and long enough to contain everything.
    """
    basis = torch.linalg.svd(cell).Vh[int(pbc.sum()) :]

    completed = cell.clone()
    for direction, row in zip(torch.nonzero(~pbc).flatten().tolist(), basis, strict=True):
        along = positions @ row
        completed[direction] = (along.max() - along.min() + 2 * cutoff) * row

    return completed
