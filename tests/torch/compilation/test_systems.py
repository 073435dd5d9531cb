"""Compiled atomistic models: systems as arguments, neighbor lists that change, forces."""

from typing import Dict, List, Optional

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.compilation import UnsupportedModel, compile
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

CUTOFF = 3.0
NEIGHBORS = NeighborListOptions(cutoff=CUTOFF, full_list=True, strict=True)
SAMPLES = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
ENERGY = {"energy": ModelOutput(unit="eV", sample_kind="atom")}


class PairPotential(torch.nn.Module):
    """Energy of each atom, as a sum over its neighbors, with a depth for each type."""

    def __init__(self):
        super().__init__()
        self.depth = torch.nn.Parameter(torch.tensor([1.0, 2.0], dtype=torch.float64))
        self.properties = Labels("energy", torch.tensor([[0]]))

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [NeighborListOptions(cutoff=3.0, full_list=True, strict=True)]

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> Dict[str, TensorMap]:
        energies: List[torch.Tensor] = []
        samples: List[torch.Tensor] = []
        for index, system in enumerate(systems):
            pairs = system.get_neighbor_list(self.requested_neighbor_lists()[0])
            r = torch.linalg.vector_norm(pairs.values.squeeze(2), dim=1)
            pair_energy = (1 - r / 3.0) ** 3 * (r < 3.0)
            energy = torch.zeros(len(system), dtype=r.dtype, device=r.device)
            energy = energy.index_add(0, pairs.samples.column("first_atom"), pair_energy)
            energies.append(energy * self.depth[(system.types > 1).to(torch.int64)])
            atoms = torch.arange(len(system), device=r.device)
            samples.append(torch.stack([torch.full_like(atoms, index), atoms], dim=1))

        block = TensorBlock(
            torch.cat(energies).reshape(-1, 1),
            Labels(["system", "atom"], torch.cat(samples), assume_unique=True),
            torch.jit.annotate(List[Labels], []),
            self.properties.to(self.depth.device),
        )
        energy = TensorMap(Labels("_", torch.tensor([[0]])), [block])
        if selected_atoms is not None:
            energy = mts.slice(energy, "samples", selected_atoms)
        if outputs["energy"].sample_kind == "system":
            energy = mts.sum_over_samples(energy, "atom")
        return {"energy": energy}


def make_system(
    n_atoms=4, seed=0, periodic=False, requires_grad=False, size: Optional[int] = None
) -> System:
    """A chain of atoms with its pairs, and pairs that are too far up to a given ``size``."""
    generator = torch.Generator().manual_seed(seed)
    positions = 0.1 * torch.randn(n_atoms, 3, generator=generator, dtype=torch.float64)
    positions[:, 0] += 1.5 * torch.arange(n_atoms)
    types = torch.arange(n_atoms) % 2 + 1
    cell = torch.eye(3, dtype=torch.float64) * (20.0 if periodic else 0.0)
    system = System(
        types.to(torch.int32),
        positions.requires_grad_(requires_grad),
        cell.requires_grad_(requires_grad and periodic),
        torch.full((3,), periodic),
    )

    distances = torch.cdist(positions.detach(), positions.detach()).fill_diagonal_(10 * CUTOFF)
    first, second = torch.nonzero(distances < CUTOFF).unbind(1)
    vectors = (positions[second] - positions[first]).detach()
    samples = torch.zeros(len(first), 5, dtype=torch.int32)
    samples[:, 0], samples[:, 1] = first, second
    if size is not None:
        n_missing = size - len(first)
        padding = torch.zeros(n_missing, 5, dtype=torch.int32)
        padding[:, 2] = torch.arange(1, n_missing + 1)  # different from each other
        samples = torch.cat([samples, padding])
        vectors = torch.cat([vectors, torch.full((n_missing, 3), CUTOFF, dtype=torch.float64)])
    neighbors = TensorBlock(
        vectors.unsqueeze(2),
        Labels(SAMPLES, samples),
        [Labels("xyz", torch.tensor([[0], [1], [2]]))],
        Labels("distance", torch.tensor([[0]])),
    )
    if requires_grad:
        register_autograd_neighbors(system, neighbors)
    system.add_neighbor_list(NEIGHBORS, neighbors)
    return system


def atomic_data(value: float) -> TensorMap:
    block = TensorBlock(
        torch.full((4, 1), value, dtype=torch.float64),
        Labels(["system", "atom"], torch.tensor([[0, i] for i in range(4)])),
        [],
        Labels("data", torch.tensor([[0]])),
    )
    return TensorMap(Labels("_", torch.tensor([[0]])), [block])


def tracked(system: System) -> System:
    """The same system, whose pairs are functions of its positions."""
    positions = system.positions.clone().requires_grad_(True)
    copy = System(system.types, positions, system.cell, system.pbc)
    pairs = system.get_neighbor_list(NEIGHBORS)
    pairs = TensorBlock(pairs.values.clone(), pairs.samples, pairs.components, pairs.properties)
    register_autograd_neighbors(copy, pairs)
    copy.add_neighbor_list(NEIGHBORS, pairs)
    return copy


def energy_and_forces(model: torch.nn.Module, systems: List[System]):
    """The recipe for forces that a loss depends on: everything happens in compiled code."""
    systems = [tracked(system) for system in systems]
    energy = model(systems, ENERGY)["energy"].block().values
    forces = torch.autograd.grad(
        energy.sum(), [system.positions for system in systems], create_graph=True
    )
    return energy, forces


@pytest.mark.parametrize("sample_kind", ["atom", "system"])
def test_energies(sample_kind):
    model = PairPotential()
    run = compile(model, backend="eager")
    outputs = {"energy": ModelOutput(unit="eV", sample_kind=sample_kind)}
    selected = Labels(["system", "atom"], torch.tensor([[0, 1], [1, 3]]))
    for selected_atoms in (None, selected):
        for seed in range(2):
            systems = [make_system(2, seed=seed), make_system(4, seed=seed)]
            actual = run(systems, outputs, selected_atoms)["energy"]
            expected = model(systems, outputs, selected_atoms)["energy"]
            mts.equal_raise(actual, expected)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_training_on_forces(backend):
    model = PairPotential()
    systems = [make_system(3), make_system(4)]

    def results(function):
        energy, forces = function(model, systems)
        loss = energy.square().sum() + torch.cat(forces).square().sum()
        return [energy, *forces, *torch.autograd.grad(loss, list(model.parameters()))]

    actual = results(compile(energy_and_forces, backend=backend))
    for a, b in zip(actual, results(energy_and_forces), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_forces_and_stress_outside(backend):
    model = PairPotential()
    run = compile(model, backend=backend)
    for seed in range(2):
        results = []
        for function in (run, model):
            system = make_system(seed=seed, periodic=True, requires_grad=True)
            energy = function([system], ENERGY)["energy"].block().values.sum()
            results.append(torch.autograd.grad(energy, system.positions)[0])
        torch.testing.assert_close(*results)
    assert run.n_variants == 1


def test_the_cell_of_periodic_systems_is_a_value():
    def volume(system: System):
        copy = System(system.types, system.positions * 2, system.cell * 2, system.pbc)
        return torch.linalg.det(copy.cell)

    run = compile(volume, backend="eager")
    for factor in (1.0, 2.0):
        system = make_system(periodic=True)
        system.cell = factor * system.cell
        torch.testing.assert_close(run(system), volume(system))
    assert run.n_variants == 1

    slab = make_system(periodic=True)
    cell = slab.cell.clone()
    cell[2] = 0
    slab = System(slab.types, slab.positions, cell, torch.tensor([True, True, False]))
    assert run(slab) == 0
    slab.cell[0, 0] = 1.0
    torch.testing.assert_close(run(slab), volume(slab))

    slab.cell = slab.cell.clone().requires_grad_(True)
    with pytest.raises(ValueError, match="periodic in all directions"):
        run(slab)


def test_types_are_metadata():
    model = PairPotential()
    run = compile(model, backend="eager")
    system = make_system()
    run([system], ENERGY)
    system.types[:] = 2
    mts.equal_raise(run([system], ENERGY)["energy"], model([system], ENERGY)["energy"])
    assert run.n_variants == 2


def test_derivatives_of_systems_tracked_outside_are_refused():
    def forces(system: System):
        energy = PairPotential()([system], ENERGY)["energy"].block().values
        return torch.autograd.grad(energy.sum() + system.positions.sum(), system.positions)[0]

    with pytest.raises(UnsupportedModel, match="register_autograd_neighbors"):
        compile(forces, backend="eager")(make_system(requires_grad=True))


def test_gradients_of_neighbors_registered_in_the_model_stay_there():
    def energy(system: System):
        pairs = system.get_neighbor_list(NEIGHBORS)
        pairs = TensorBlock(pairs.values.clone(), pairs.samples, pairs.components, pairs.properties)
        register_autograd_neighbors(system, pairs)
        return pairs.values.square().sum()

    system = make_system()
    system.positions.requires_grad_(True)
    with pytest.raises(UnsupportedModel, match="custom autograd function"):
        compile(energy, backend="eager")(system)


def test_data_of_systems():
    def total(system: System):
        return system.get_data("example::data").block().values.sum()

    run = compile(total, backend="eager")
    for value in (1.0, 2.0):
        system = make_system()
        system.add_data("example::data", atomic_data(value))
        assert run(system) == 4 * value
    assert run.n_variants == 1


def test_data_can_not_be_added_to_arguments():
    def add_data(system: System):
        system.add_data("example::data", atomic_data(1.0))
        return system.positions

    with pytest.raises(UnsupportedModel, match="modifies its arguments"):
        compile(add_data, backend="eager")(make_system())


@pytest.mark.filterwarnings("error")
def test_neighbors_which_change_without_compiling_again():
    model = PairPotential()
    run = compile(energy_and_forces, backend="aot_eager", known_samples=False)
    counts = set()
    for seed in range(5):
        system = make_system(6, seed=seed)
        counts.add(len(system.get_neighbor_list(NEIGHBORS).samples))
        actual = run(model, [make_system(6, seed=seed, size=40)])
        expected = energy_and_forces(model, [system])
        torch.testing.assert_close(actual, expected)
    assert len(counts) > 1
    assert run.n_variants == 1


def test_samples_as_values_can_not_be_searched():
    def search(system: System):
        return system.get_neighbor_list(NEIGHBORS).samples.position([0, 1, 0, 0, 0])

    assert compile(search, backend="eager")(make_system()) == search(make_system())
    with pytest.raises(UnsupportedModel, match="the model reads values"):
        compile(search, backend="eager", known_samples=False)(make_system())


def test_samples_as_values_of_results():
    def double(tensor: TensorMap):
        return mts.multiply(tensor, 2.0)

    run = compile(double, backend="eager", known_samples=False)
    for start in (0, 5):
        block = TensorBlock(
            torch.ones(3, 1),
            Labels("atom", torch.arange(start, start + 3).reshape(-1, 1)),
            [],
            Labels("p", torch.tensor([[0]])),
        )
        tensor = TensorMap(Labels("_", torch.tensor([[0]])), [block])
        mts.equal_raise(run(tensor), double(tensor))
    assert run.n_variants == 1


@pytest.mark.parametrize("scripted", [False, True])
def test_exported_models(scripted, tmp_path):
    capabilities = ModelCapabilities(
        outputs={"energy": ModelOutput(unit="eV", sample_kind="atom", description="energy")},
        atomic_types=[1, 2],
        interaction_range=CUTOFF,
        length_unit="angstrom",
        supported_devices=["cpu"],
        dtype="float64",
    )
    model = AtomisticModel(PairPotential().eval(), ModelMetadata(), capabilities)
    if scripted:
        model.save(tmp_path / "model.pt")
        model = torch.jit.load(str(tmp_path / "model.pt"))

    run = compile(model, backend="eager")
    for length_unit in ("angstrom", "nm"):
        options = ModelEvaluationOptions(
            length_unit=length_unit,
            outputs={"energy": ModelOutput(unit="meV", sample_kind="system")},
        )
        for seed in range(2):
            systems = [make_system(seed=seed, periodic=True)]
            actual = run(systems, options, False)["energy"]
            mts.allclose_raise(actual, model(systems, options, False)["energy"])
    assert run.n_variants == 2
