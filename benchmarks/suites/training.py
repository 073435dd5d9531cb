"""The model of `examples/ethanol`: training with energies and forces, batches of 15 molecules."""

import functools
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import ase.build
import torch
from harness import Suite, Work
from vesin.metatomic import neighbor_lists_for_model

from metatomic.torch import System, systems_to_torch

EXAMPLE = Path(__file__).parents[2] / "examples" / "ethanol"
sys.path.insert(0, str(EXAMPLE))

suite = Suite("Training step of the ethanol example")


@functools.cache
def training_script() -> dict:
    """What the script of the example defines; nothing runs when it is not executed by its name."""
    return runpy.run_path(str(EXAMPLE / "2-train.py"))


def new_potential() -> torch.nn.Module:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    script = training_script()
    parameters = [script[name] for name in ("TYPES", "CUTOFF_A", "N_MAX", "L_MAX", "WIDTH")]
    return script["Potential"](*parameters)


def systems_with_neighbors(frames: list[ase.Atoms], potential: torch.nn.Module) -> list[System]:
    systems = systems_to_torch(frames, dtype=torch.float64)
    for calculator in neighbor_lists_for_model("angstrom", potential, "angstrom"):
        calculator.add_neighbor_list(systems)
    return systems


def batch(potential: torch.nn.Module) -> list[System]:
    frames = []
    for seed in range(training_script()["BATCH_SIZE"]):
        frame = ase.build.molecule("CH3CH2OH")
        frame.rattle(0.05, seed=seed)
        frames.append(frame)
    return systems_with_neighbors(frames, potential)


class PlainTorch:
    """
    The same model without metatensor and metatomic: one tensor for the atoms of all systems, whose
    meaning is only known by this code. The neighbor lists stay those of the given systems.

    :param training: can the energies and forces be differentiated?
    """

    def __init__(self, potential: torch.nn.Module, systems: list[System], training: bool):
        self._potential = potential
        self._training = training
        self._representation = potential.representation
        self._positions = torch.cat([system.positions for system in systems])
        self._n_systems = len(systems)
        sizes = torch.tensor([len(system) for system in systems])
        self._system = torch.arange(len(systems)).repeat_interleave(sizes)

        types = torch.cat([system.types for system in systems])
        known = torch.tensor(self._representation.types)
        self._type_index = (types[:, None] == known[None, :]).int().argmax(dim=1)

        pairs = [system.get_neighbor_list(self._representation.neighbors) for system in systems]
        offsets = (torch.cumsum(sizes, 0) - sizes).repeat_interleave(
            torch.tensor([len(block.samples) for block in pairs])
        )
        atoms = torch.cat([block.samples.values[:, :2] for block in pairs]) + offsets[:, None]
        self._centers, self._neighbors = atoms.unbind(1)
        vectors = torch.cat([block.values.squeeze(2) for block in pairs])
        self._cell_shifts = vectors - self._distances(self._positions)

    def __call__(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Energies of all systems, and forces on all atoms."""
        positions = self._positions.clone().requires_grad_(True)
        density = self._density(self._distances(positions) + self._cell_shifts)

        atomic = torch.zeros(len(positions), 1)
        for index, network in enumerate(self._potential.networks):
            selected = torch.nonzero(self._type_index == index).squeeze(1)
            values = network(self._features(density[selected], index))
            atomic = atomic.index_add(0, selected, values + self._potential.atomic_energy)

        energies = torch.zeros(self._n_systems).index_add(0, self._system, atomic.squeeze(1))
        (gradient,) = torch.autograd.grad(energies.sum(), positions, create_graph=self._training)
        return energies, -gradient

    def _distances(self, positions: torch.Tensor) -> torch.Tensor:
        return positions[self._neighbors] - positions[self._centers]

    def _density(self, vectors: torch.Tensor) -> torch.Tensor:
        angular = self._representation.angular(vectors)
        radial = self._representation.radial_functions(vectors)
        terms = angular.unsqueeze(2) * radial.unsqueeze(1)
        n_types = len(self._representation.types)
        density = torch.zeros(len(self._positions) * n_types, *terms.shape[1:])
        rows = self._centers * n_types + self._type_index[self._neighbors]
        density = density.index_add(0, rows, terms)
        # the channels of the power spectrum are pairs of a neighbor type and a radial function
        density = density.reshape(len(self._positions), n_types, *terms.shape[1:])
        return density.transpose(1, 2).flatten(start_dim=2)

    def _features(self, density: torch.Tensor, index: int) -> torch.Tensor:
        features = self._representation.contract(density)
        normalized = features - self._potential.feature_mean[index]
        return normalized * self._potential.feature_scale[index]


def training_step(scripted: bool) -> Work:
    """Energies, forces, a loss of both, and its gradients with respect to all parameters."""
    potential = new_potential()
    systems = batch(potential)
    potential.normalize(systems, torch.zeros(len(systems)))
    plain = PlainTorch(potential, systems, training=True)
    model = torch.jit.script(potential) if scripted else potential

    def predict() -> tuple[torch.Tensor, torch.Tensor]:
        energies, forces = training_script()["predict"](model, systems, training=True)
        return energies, torch.cat(forces)

    def step(predict: Callable[[], tuple[torch.Tensor, torch.Tensor]]) -> None:
        model.zero_grad()
        energies, forces = predict()
        loss = energies.square().mean() + forces.square().mean()
        loss.backward()

    for ours, expected in zip(predict(), plain(), strict=True):
        torch.testing.assert_close(ours, expected)
    if scripted:
        for _ in range(5):
            step(predict)  # TorchScript optimizes during the first calls
    return Work(lambda: step(predict), baseline=lambda: step(plain))


@suite.add("energies, forces, and gradients of the loss", faster=1.1, baseline="plain torch")
def eager() -> Work:
    return training_step(scripted=False)


@suite.add(
    "energies, forces, and gradients of the loss, compiled", faster=1.1, baseline="plain torch"
)
def compiled() -> Work:
    return training_step(scripted=True)
