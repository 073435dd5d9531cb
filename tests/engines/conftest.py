"""A pair potential with known energies, as a model with all the standard outputs."""

from collections.abc import Callable
from typing import Dict, List, Optional

import ase
import numpy as np
import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)

# eV and Angstrom
DEPTH = 0.8
RADIUS = 1.9
CUTOFF = 3.4


class PairPotential(torch.nn.Module):
    """
    The energy of a pair at distance r is ``depth * (1 - r²/cutoff²)³ * (1 - r²/radius²)``: it is
    smooth everywhere, repulsive below ``radius`` and attractive up to ``cutoff``.

    Energies of atoms are returned in reverse order, engines must look at the labels. Variants of
    the energy are ``energy/double``, and ``energy/constant`` which is one for each atom, and does
    not depend on positions. The non-conservative forces are the number of neighbors of each atom in
    the x direction, and the stress is the number of pairs in the system for each component.
    """

    inputs: Dict[str, ModelOutput]

    def __init__(self, depth: float, radius: float, cutoff: float, full_list: bool):
        super().__init__()
        self.depth = depth
        self.radius = radius
        self.cutoff = cutoff
        self.full_list = full_list
        self.inputs = {}

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [NeighborListOptions(self.cutoff, self.full_list, True)]

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return self.inputs

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        samples: List[torch.Tensor] = []
        energies: List[torch.Tensor] = []
        counts: List[torch.Tensor] = []
        for i, system in enumerate(systems):
            energy, count = self.energy_and_neighbors(system)
            energies.append(energy)
            counts.append(count)
            atom = torch.arange(len(system), device=energy.device)
            samples.append(torch.stack([torch.full_like(atom, i), atom], dim=1))

        labels = torch.vstack(samples)
        energy = torch.hstack(energies)
        count = torch.hstack(counts)
        if selected_atoms is not None:
            atoms = Labels(["system", "atom"], labels)
            selected = torch.tensor(
                [entry in selected_atoms for entry in entries(atoms)], dtype=torch.bool
            )
            labels, energy, count = labels[selected], energy[selected], count[selected]

        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            base = name.split("/")[0]
            if base == "non_conservative_force":
                values = torch.stack([count, torch.zeros_like(count), torch.zeros_like(count)], 1)
                block = self.block(values, labels, ["system", "atom"], ["xyz"], base)
            elif base == "non_conservative_stress":
                totals = self.total(count / 2, labels, len(systems))
                values = totals.reshape(-1, 1, 1).repeat(1, 3, 3)
                systems_labels = torch.arange(len(systems)).reshape(-1, 1)
                block = self.block(values, systems_labels, ["system"], ["xyz_1", "xyz_2"], base)
            else:
                values = energy
                if name == "energy/double":
                    values = 2 * energy
                elif name == "energy/constant":
                    values = torch.ones_like(count)
                elif base == "energy_uncertainty":
                    values = 0.01 * count
                elif base == "test::inputs":
                    values = self.sum_of_inputs(systems)

                if output.sample_kind == "atom":
                    flipped = [values.flip(0), labels.flip(0)]
                    block = self.block(flipped[0], flipped[1], ["system", "atom"], [], "energy")
                else:
                    values = self.total(values, labels, len(systems))
                    systems_labels = torch.arange(len(systems)).reshape(-1, 1)
                    block = self.block(values, systems_labels, ["system"], [], "energy")

            results[name] = TensorMap(Labels("_", torch.tensor([[0]])), [block])

        return results

    def energy_and_neighbors(self, system: System) -> List[torch.Tensor]:
        """Energy and number of neighbors of each atom."""
        options = NeighborListOptions(self.cutoff, self.full_list, True)
        neighbors = system.get_neighbor_list(options)
        r2 = (neighbors.values * neighbors.values).sum(dim=1).flatten()
        smooth = (1 - r2 / self.cutoff**2) ** 3
        pairs = 0.5 * self.depth * smooth * (1 - r2 / self.radius**2)

        energy = torch.zeros(len(system), dtype=r2.dtype, device=r2.device)
        count = torch.zeros_like(energy)
        first = neighbors.samples.column("first_atom").to(torch.int64)
        second = neighbors.samples.column("second_atom").to(torch.int64)
        energy = energy.index_add(0, first, pairs)
        count = count.index_add(0, first, torch.ones_like(pairs))
        if not self.full_list:
            energy = energy.index_add(0, second, pairs)
            count = count.index_add(0, second, torch.ones_like(pairs))

        return [energy, count]

    def total(self, values: torch.Tensor, labels: torch.Tensor, n_systems: int) -> torch.Tensor:
        zeros = torch.zeros(n_systems, dtype=values.dtype, device=values.device)
        return zeros.index_add(0, labels[:, 0], values)

    def block(
        self,
        values: torch.Tensor,
        samples: torch.Tensor,
        sample_names: List[str],
        components: List[str],
        property_name: str,
    ) -> TensorBlock:
        xyz = torch.arange(3).reshape(-1, 1)
        return TensorBlock(
            values=values.unsqueeze(-1),
            samples=Labels(sample_names, samples),
            components=[Labels(name, xyz) for name in components],
            properties=Labels(property_name, torch.tensor([[0]])),
        )

    def sum_of_inputs(self, systems: List[System]) -> torch.Tensor:
        """For each atom, the sum of all the extra inputs."""
        sums: List[torch.Tensor] = []
        for system in systems:
            total = torch.zeros(len(system), dtype=system.positions.dtype)
            for name in self.inputs.keys():
                values = system.get_data(name).block().values
                total = total + values.reshape(values.shape[0], -1).sum(dim=1)
            sums.append(total)

        return torch.hstack(sums)


def entries(labels: Labels) -> List[List[int]]:
    result: List[List[int]] = []
    for i in range(len(labels)):
        result.append([int(v) for v in labels.values[i]])
    return result


@pytest.fixture(autouse=True, scope="session")
def single_thread():
    """With a handful of atoms, threads would mostly wait for each other."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture
def make_model() -> Callable[..., AtomisticModel]:
    """
    Function to create the model of a pair potential, with other units or capabilities. ``inputs``
    are the extra inputs to request; without them there is no ``test::inputs`` output.
    """

    def make(
        length_unit: str = "Angstrom",
        energy_unit: str = "eV",
        full_list: bool = True,
        inputs: Optional[Dict[str, ModelOutput]] = None,
        outputs: Optional[Dict[str, ModelOutput]] = None,
        dtype: str = "float64",
    ) -> AtomisticModel:
        length = {"Angstrom": 1.0, "nm": 0.1}[length_unit]
        energy = {"eV": 1.0, "kcal/mol": 23.06054783061903}[energy_unit]
        module = PairPotential(DEPTH * energy, RADIUS * length, CUTOFF * length, full_list)

        if outputs is None:
            outputs = {
                "energy": ModelOutput(unit=energy_unit, sample_kind="atom", description="best"),
            }
        if inputs is not None:
            module.inputs = inputs
            outputs["test::inputs"] = ModelOutput(sample_kind="atom")

        capabilities = ModelCapabilities(
            outputs=outputs,
            atomic_types=[18, 36],
            interaction_range=CUTOFF * length,
            length_unit=length_unit,
            supported_devices=["cpu"],
            dtype=dtype,
        )
        return AtomisticModel(module.eval(), ModelMetadata(name="pairs"), capabilities)

    return make


@pytest.fixture
def crystal() -> ase.Atoms:
    """Atoms without any symmetry in a small triclinic cell: atoms see their own images."""
    rng = np.random.default_rng(0)
    atoms = ase.Atoms(
        "Ar3Kr2",
        cell=[[3.1, 0.2, -0.1], [0.4, 3.9, 0.3], [-0.2, 0.6, 4.3]],
        pbc=True,
    )
    atoms.set_scaled_positions(rng.uniform(size=(5, 3)))
    return atoms


@pytest.fixture
def cluster() -> ase.Atoms:
    """A few bound atoms, in vacuum."""
    rng = np.random.default_rng(1)
    positions = 2.1 * np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1]])
    return ase.Atoms("Ar4Kr2", positions + 0.05 * rng.normal(size=(6, 3)))


@pytest.fixture
def reference() -> Callable[[ase.Atoms], dict[str, np.ndarray]]:
    """Function to compute the exact energies, forces and stress, by summing over all images."""

    def compute(atoms: ase.Atoms) -> dict[str, np.ndarray]:
        shifts = [np.arange(-3, 4) if periodic else [0] for periodic in atoms.pbc]
        images = np.array(np.meshgrid(*shifts)).reshape(3, -1).T @ atoms.cell.array

        vectors = atoms.positions[np.newaxis] - atoms.positions[:, np.newaxis]
        vectors = vectors[:, :, np.newaxis] + images
        r2 = (vectors**2).sum(axis=-1)
        x, y = r2 / CUTOFF**2, r2 / RADIUS**2
        is_pair = (r2 > 1e-12) & (x < 1)

        energies = np.where(is_pair, DEPTH * (1 - x) ** 3 * (1 - y), 0)
        # derivative with respect to r²
        derivative = -3 * (1 - x) ** 2 / CUTOFF**2 * (1 - y) - (1 - x) ** 3 / RADIUS**2
        derivative = np.where(is_pair, DEPTH * derivative, 0)

        virial = np.einsum("ijs,ijsa,ijsb->ab", derivative, vectors, vectors)
        return {
            "energies": energies.sum(axis=(1, 2)) / 2,
            "energy": energies.sum() / 2,
            "forces": np.einsum("ijs,ijsa->ia", 2 * derivative, vectors),
            "stress": virial / atoms.cell.volume if atoms.cell.volume > 0 else None,
            "n_neighbors": is_pair.sum(axis=(1, 2)),
        }

    return compute
