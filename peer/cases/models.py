"""Modules that the cases `archives` and `atomistic` compile, save, exchange and run."""

from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn.nn import Buffer, EquivariantLinear, Linear, Module
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    register_autograd_neighbors,
)

CUTOFF = 4.5
TYPES = [1, 6, 8]


class Containers(Module):
    """Holds metatensor objects in all kinds of containers."""

    nested: Dict[str, Dict[int, List[List[Labels]]]]

    def __init__(self, labels: Labels, block: TensorBlock, tensor: TensorMap):
        super().__init__()
        self.register_buffer("labels", labels)
        self.register_buffer("block", block)
        self.tensor = Buffer(tensor)
        self.register_buffer("several", (labels, block, tensor))
        self.register_buffer("listed", [tensor, tensor])
        self.register_buffer("named", {"a": block, "b": block})
        self.register_buffer("nested", {"x": {42: [[labels], []], 50: []}, "empty": {}})
        self.register_buffer("not_saved", labels, persistent=False)

    def forward(self, factor: float) -> TensorMap:
        return mts.multiply(mts.add(self.tensor, self.listed[1]), factor)


class Pipeline(torch.nn.Module):
    """Calls many operations, so that their compiled code goes in the archive."""

    def forward(self, tensor: TensorMap) -> Dict[str, TensorMap]:
        results: Dict[str, TensorMap] = {}
        results["add"] = mts.add(tensor, mts.multiply(tensor, 0.5))
        results["subtract"] = mts.subtract(tensor, 2)
        results["divide"] = mts.divide(tensor, mts.add(mts.pow(tensor, 2), 1.0))
        results["abs"] = mts.abs(tensor)
        results["zeros_like"] = mts.zeros_like(tensor)
        results["sort"] = mts.sort(tensor)
        results["sum"] = mts.sum_over_samples(tensor, tensor.sample_names[-1])
        results["std"] = mts.std_over_samples(tensor, tensor.sample_names)
        results["mean"] = mts.mean_over_properties(tensor, tensor.property_names)
        results["renamed"] = mts.rename_dimension(tensor, "keys", tensor.keys.names[0], "renamed")
        results["appended"] = mts.append_dimension(tensor, "samples", "appended", 3)
        results["joined"] = mts.join([tensor, tensor], "properties", add_dimension="tensor")
        results["sliced"] = mts.slice(
            tensor, "samples", Labels([tensor.sample_names[0]], torch.tensor([[0], [2]]))
        )
        results["filtered"] = mts.filter_blocks(tensor, tensor.keys)
        results["contiguous"] = mts.make_contiguous(mts.detach(mts.remove_gradients(tensor)))
        results["block"] = TensorMap(
            Labels(["_"], torch.tensor([[0]])), [mts.block_from_array(torch.ones(3, 2, 4))]
        )
        assert mts.equal(tensor, tensor)
        assert mts.allclose(tensor, tensor)
        assert mts.equal_metadata(tensor, tensor)
        return results


class Layers(torch.nn.Module):
    """Neural networks on the blocks of a map."""

    def __init__(self, keys: Labels):
        super().__init__()
        self.first = EquivariantLinear(keys, 5, 4, dtype=torch.float64)
        self.second = Linear(keys, 4, [1, 2, 3, 4], dtype=torch.float64)

    def forward(self, tensor: TensorMap) -> TensorMap:
        return self.second(self.first(tensor))


class Pairs(torch.nn.Module):
    """Morse potential with a charge-like input; energy, per-atom features and direct forces."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = torch.nn.Parameter(torch.tensor([0.3, 0.7, 1.1], dtype=torch.float64))
        self.register_buffer("types", torch.tensor(TYPES, dtype=torch.int32))
        self.cutoff = CUTOFF

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [NeighborListOptions(cutoff=self.cutoff, full_list=True, strict=True)]

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return {"peer::charge": ModelOutput(unit="e", sample_kind="atom")}

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> Dict[str, TensorMap]:
        energies: List[torch.Tensor] = []
        forces: List[torch.Tensor] = []
        samples: List[torch.Tensor] = []
        for i, system in enumerate(systems):
            energy, force = self.atoms(system)
            atoms = torch.arange(len(system), dtype=torch.int32)
            if selected_atoms is not None:
                rows = selected_atoms.column("system") == i
                atoms = selected_atoms.column("atom")[rows]
            energies.append(energy[atoms.to(torch.int64)])
            forces.append(force[atoms.to(torch.int64)])
            samples.append(torch.stack([torch.full_like(atoms, i), atoms], dim=1))

        atoms_labels = Labels(["system", "atom"], torch.vstack(samples), assume_unique=True)
        per_atom = self.map(torch.concatenate(energies)[:, None], atoms_labels, "energy")
        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            if name.startswith("energy"):
                kind = output.sample_kind
                results[name] = (
                    per_atom if kind == "atom" else mts.sum_over_samples(per_atom, ["atom"])
                )
            if name == "feature":
                values = torch.concatenate(energies)
                features = torch.stack([values, values**2, torch.sin(values)], dim=1)
                results[name] = self.map(features, atoms_labels, "n")
            if name == "non_conservative_force":
                results[name] = TensorMap(
                    Labels(["_"], torch.tensor([[0]])),
                    [
                        TensorBlock(
                            torch.vstack(forces)[:, :, None],
                            atoms_labels,
                            [Labels(["xyz"], torch.arange(3)[:, None])],
                            Labels(["non_conservative_force"], torch.tensor([[0]])),
                        )
                    ],
                )
        return results

    def atoms(self, system: System) -> Tuple[torch.Tensor, torch.Tensor]:
        """Energies and (approximate) forces of all atoms of a system."""
        neighbors = system.get_neighbor_list(self.requested_neighbor_lists()[0])
        first = neighbors.samples.column("first_atom").to(torch.int64)
        second = neighbors.samples.column("second_atom").to(torch.int64)
        vectors = neighbors.values[:, :, 0]
        distances = torch.sqrt((vectors**2).sum(dim=1))
        kinds = torch.searchsorted(self.types, system.types).to(torch.int64)
        charges = system.get_data("peer::charge").block().values[:, 0]
        depth = self.depth[kinds].to(distances.dtype)
        decay = 1.0 - torch.exp(1.2 - distances)
        smooth = 0.5 * (1.0 + torch.cos(3.141592653589793 * distances / self.cutoff))
        pair = depth[first] * depth[second] * (decay**2 - 1.0) * smooth
        pair = pair + charges[first] * charges[second] * torch.exp(-distances)
        energy = torch.zeros(len(system), dtype=distances.dtype).index_add(0, first, 0.5 * pair)
        force = torch.zeros_like(system.positions).index_add(0, first, pair[:, None] * vectors)
        return energy, force

    def map(self, values: torch.Tensor, samples: Labels, name: str) -> TensorMap:
        properties = Labels([name], torch.arange(values.shape[1])[:, None])
        return TensorMap(
            Labels(["_"], torch.tensor([[0]])), [TensorBlock(values, samples, [], properties)]
        )


class LennardJones(torch.nn.Module):
    """Argon; needs positions only."""

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [NeighborListOptions(cutoff=6.0, full_list=False, strict=True)]

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> Dict[str, TensorMap]:
        energies: List[torch.Tensor] = []
        samples: List[torch.Tensor] = []
        for i, system in enumerate(systems):
            neighbors = system.get_neighbor_list(self.requested_neighbor_lists()[0])
            inverse = 3.4**2 / (neighbors.values**2).sum(dim=1)[:, 0]
            pair = 4 * 0.0104 * (inverse**6 - inverse**3)
            energy = torch.zeros(len(system), dtype=pair.dtype)
            for side in ("first_atom", "second_atom"):
                atoms = neighbors.samples.column(side).to(torch.int64)
                energy = energy.index_add(0, atoms, 0.5 * pair)
            indices = torch.arange(len(system), dtype=torch.int32)
            energies.append(energy)
            samples.append(torch.stack([torch.full_like(indices, i), indices], dim=1))
        block = TensorBlock(
            torch.concatenate(energies)[:, None],
            Labels(["system", "atom"], torch.vstack(samples)),
            [],
            Labels(["energy"], torch.tensor([[0]])),
        )
        per_atom = TensorMap(Labels(["_"], torch.tensor([[0]])), [block])
        results: Dict[str, TensorMap] = {}
        for name, output in outputs.items():
            if output.sample_kind == "atom":
                results[name] = per_atom
            else:
                results[name] = mts.sum_over_samples(per_atom, ["atom"])
        return results


def lennard_jones() -> AtomisticModel:
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="atom")},
        atomic_types=[18],
        interaction_range=6.0,
        length_unit="Angstrom",
        supported_devices=["cpu"],
        dtype="float64",
    )
    return AtomisticModel(LennardJones().eval(), ModelMetadata(), capabilities)


OUTPUTS = {
    "energy": ModelOutput(unit="eV", sample_kind="atom", description="sum of pairs"),
    "energy/doubtful": ModelOutput(unit="eV", sample_kind="system", description="same"),
    "feature": ModelOutput(sample_kind="atom"),
    "non_conservative_force": ModelOutput(unit="eV/A", sample_kind="atom"),
}


def atomistic_model() -> AtomisticModel:
    metadata = ModelMetadata(
        name="pairs", authors=["Éva"], description="d " * 60, references={"model": ["me"]}
    )
    capabilities = ModelCapabilities(
        outputs=dict(OUTPUTS),
        atomic_types=TYPES,
        interaction_range=CUTOFF,
        length_unit="Angstrom",
        supported_devices=["cpu"],
        dtype="float64",
    )
    return AtomisticModel(Pairs().eval(), metadata, capabilities)


def systems(requires_grad: bool = False) -> Tuple[List[System], torch.Tensor]:
    """A molecule and a crystal of 8 atoms with their neighbor lists, and the strain they share."""
    strain = torch.eye(3, dtype=torch.float64, requires_grad=requires_grad)
    made = [_system(seed, cell, strain) for seed, cell in ((0, 0.0), (1, 4.2))]
    return made, strain


def _system(seed: int, cell_length: float, strain: torch.Tensor) -> System:
    rng = np.random.default_rng(seed)
    corners = np.array([[x, y, z] for x in range(2) for y in range(2) for z in range(2)])
    positions = torch.from_numpy(corners * (cell_length / 2 or 1.6) + rng.normal(size=(8, 3)) * 0.1)
    cell = torch.eye(3, dtype=torch.float64) * cell_length
    system = System(
        types=torch.from_numpy(rng.choice(TYPES, size=8)),
        positions=positions.requires_grad_(strain.requires_grad) @ strain,
        cell=cell @ strain,
        pbc=torch.tensor([cell_length > 0] * 3),
    )
    neighbors = _neighbors(system)
    register_autograd_neighbors(system, neighbors, check_consistency=True)
    system.add_neighbor_list(NeighborListOptions(CUTOFF, True, True), neighbors)
    charges = torch.from_numpy(rng.normal(size=(8, 1)))
    atoms = torch.stack([torch.zeros(8), torch.arange(8)], dim=1).to(torch.int32)
    data = TensorMap(
        Labels.single(),
        [TensorBlock(charges, Labels(["system", "atom"], atoms), [], Labels.range("charge", 1))],
    )
    data.set_info("unit", "e")
    system.add_data("peer::charge", data)
    return system


def _neighbors(system: System) -> TensorBlock:
    """All pairs closer than the cutoff, by trying all images in a 7x7x7 box."""
    positions, cell = system.positions.detach(), system.cell.detach()
    reach = range(-3, 4) if bool(system.pbc.all()) else range(1)
    rows, vectors = [], []
    for shift in ((a, b, c) for a in reach for b in reach for c in reach):
        images = positions + torch.tensor(shift, dtype=positions.dtype) @ cell
        all_vectors = images[None, :, :] - positions[:, None, :]
        distances = all_vectors.norm(dim=2)
        for i, j in ((distances < CUTOFF) & (distances > 1e-6)).nonzero().tolist():
            rows.append([i, j, *shift])
            vectors.append(all_vectors[i, j])
    names = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    return TensorBlock(
        values=torch.stack(vectors)[:, :, None],
        samples=Labels(names, torch.tensor(rows, dtype=torch.int32)),
        components=[Labels.range("xyz", 3)],
        properties=Labels.range("distance", 1),
    )


def evaluate(model: Any, unit: str = "", selected: Optional[Labels] = None) -> Dict[str, Any]:
    """All outputs of a model, and the derivatives of its energy: forces and strain."""
    made, strain = systems(requires_grad=True)
    for system in made:
        system.positions.retain_grad()
    outputs = {name: ModelOutput(sample_kind=o.sample_kind) for name, o in OUTPUTS.items()}
    outputs["energy"] = ModelOutput(unit=unit, sample_kind="system")
    options = ModelEvaluationOptions(
        length_unit="Angstrom", outputs=outputs, selected_atoms=selected
    )
    results = model(made, options, check_consistency=True)
    results["energy"].block().values.sum().backward()
    return {
        "outputs": [[name, mts.detach(results[name])] for name in sorted(results)],
        "forces": [system.positions.grad for system in made],
        "strain": strain.grad,
    }
