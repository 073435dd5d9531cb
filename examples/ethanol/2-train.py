"""
Step 2: train a potential on energies and forces, and export it.

    python 2-train.py OUTPUT

reads ``OUTPUT/train.xyz`` and ``OUTPUT/test.xyz`` from step 1 and writes the exported model
``OUTPUT/ethanol.pt``, its predictions on the test set ``OUTPUT/predictions.npz`` (for the check in
step 3) and the parity plot ``OUTPUT/parity.png``.
"""

import sys
from pathlib import Path
from typing import List, Tuple

import ase.io
import matplotlib.pyplot as plt
import numpy as np
import torch
from potential import Potential
from tqdm import tqdm
from vesin.metatomic import neighbor_lists_for_model

from metatensor.torch import TensorBlock
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelMetadata,
    ModelOutput,
    System,
    register_autograd_neighbors,
    systems_to_torch,
)

TYPES = [1, 6, 8]
CUTOFF_A = 4.5
N_MAX = 6
L_MAX = 3
WIDTH = 32

EPOCHS = 60
BATCH_SIZE = 15
LEARNING_RATE = 5e-3
MAX_GRADIENT_NORM = 1.0
# the loss is the mean square error of force components, in eV/A, plus this times the mean square
# error of energies per atom, in eV
ENERGY_WEIGHT = 10.0

OUTPUTS = {"energy": ModelOutput(unit="eV", sample_kind="system")}


class Dataset:
    """Structures with their neighbor lists, energies (eV) and forces (eV/A)."""

    def __init__(self, path: Path, potential: Potential):
        frames = ase.io.read(path, ":")
        self.systems = systems_to_torch(frames, dtype=torch.float64)
        for calculator in neighbor_lists_for_model("angstrom", potential, "angstrom"):
            calculator.add_neighbor_list(self.systems)

        self.energies = torch.tensor([frame.get_potential_energy() for frame in frames])
        self.forces = [torch.from_numpy(frame.get_forces()) for frame in frames]
        self.n_atoms = torch.tensor([len(frame) for frame in frames])

    def __len__(self) -> int:
        return len(self.systems)


def differentiable(system: System) -> System:
    """A copy of ``system`` whose positions, and neighbors with them, are tracked by autograd."""
    positions = system.positions.clone().requires_grad_(True)
    tracked = System(system.types, positions, system.cell, system.pbc)
    for options in system.known_neighbor_lists():
        pairs = system.get_neighbor_list(options)
        pairs = TensorBlock(pairs.values.clone(), pairs.samples, pairs.components, pairs.properties)
        register_autograd_neighbors(tracked, pairs)
        tracked.add_neighbor_list(options, pairs)
    return tracked


def predict(
    potential: Potential, systems: List[System], training: bool
) -> Tuple[torch.Tensor, List[torch.Tensor]]:
    """
    Energy of each system and forces on its atoms. With ``training``, both can be differentiated
    with respect to the parameters of the potential.
    """
    systems = [differentiable(system) for system in systems]
    energies = potential(systems, OUTPUTS)["energy"].block().values.squeeze(1)
    gradients = torch.autograd.grad(
        energies.sum(), [system.positions for system in systems], create_graph=training
    )
    if not training:
        energies = energies.detach()
    return energies, [-gradient for gradient in gradients]


def train(potential: Potential, dataset: Dataset):
    """Train the potential on the energies and forces of a data set."""
    potential.normalize(dataset.systems, dataset.energies)

    generator = torch.Generator().manual_seed(0)
    batches_per_epoch = len(dataset) // BATCH_SIZE
    optimizer = torch.optim.Adam(potential.parameters(), lr=LEARNING_RATE)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, total_steps=EPOCHS * batches_per_epoch
    )

    with tqdm(total=EPOCHS, desc="training", unit="epoch") as progress:
        for _ in range(EPOCHS):
            losses = []
            order = torch.randperm(len(dataset), generator=generator)
            for batch in order[: batches_per_epoch * BATCH_SIZE].split(BATCH_SIZE):
                systems = [dataset.systems[i] for i in batch]
                energies, forces = predict(potential, systems, training=True)

                energy_error = (energies - dataset.energies[batch]) / dataset.n_atoms[batch]
                force_error = torch.cat(forces) - torch.cat([dataset.forces[i] for i in batch])
                loss = ENERGY_WEIGHT * energy_error.square().mean() + force_error.square().mean()

                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(potential.parameters(), MAX_GRADIENT_NORM)
                optimizer.step()
                scheduler.step()
                losses.append(loss.item())

            progress.set_postfix(loss=f"{np.mean(losses):.2e}")
            progress.update()


def export(potential: Potential, path: Path) -> None:
    """Write the potential to a file that any engine can run."""
    metadata = ModelMetadata(
        name="ethanol",
        description="Ethanol at the GFN2-xTB level: neural networks of the SOAP power spectrum",
        references={
            "architecture": [
                "Behler and Parrinello, Phys. Rev. Lett. 98, 146401 (2007)",
                "Bartok, Kondor and Csanyi, Phys. Rev. B 87, 184115 (2013)",
            ],
        },
    )
    capabilities = ModelCapabilities(
        outputs={
            "energy": ModelOutput(unit="eV", sample_kind="atom", description="potential energy")
        },
        atomic_types=TYPES,
        interaction_range=CUTOFF_A,
        length_unit="angstrom",
        supported_devices=["cpu", "cuda"],
        dtype="float64",
    )
    AtomisticModel(potential.eval(), metadata, capabilities).save(path)


def report(name: str, unit: str, reference: np.ndarray, predicted: np.ndarray) -> None:
    """Print errors next to the spread of the reference, so that they can be judged."""
    error = predicted - reference
    spread = reference.std()
    mae = np.abs(error).mean()
    rmse = np.sqrt(np.square(error).mean())
    print(
        f"  {name:<16} MAE {1e3 * mae:7.2f}   RMSE {1e3 * rmse:7.2f}   "
        f"spread {1e3 * spread:8.2f} {unit}   (RMSE/spread {100 * rmse / spread:.1f} %)"
    )


def parity_plot(path: Path, panels: List[Tuple[str, np.ndarray, np.ndarray]]) -> None:
    """Predicted against reference values, one panel for each quantity."""
    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.2 * len(panels), 4), layout="constrained"
    )
    for axis, (label, reference, predicted) in zip(axes, panels, strict=True):
        limits = [min(reference.min(), predicted.min()), max(reference.max(), predicted.max())]
        axis.plot(limits, limits, color="0.7", linewidth=1, zorder=0)
        axis.scatter(reference, predicted, s=4, alpha=0.5, linewidths=0)
        axis.set_xlabel(f"GFN2-xTB {label}")
        axis.set_ylabel(f"predicted {label}")
        axis.set_aspect("equal")
    figure.suptitle("Ethanol, test set")
    figure.savefig(path, dpi=150)


def main(output: Path) -> None:
    # double precision, so that an exported model can be checked to the last digits
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)

    potential = Potential(TYPES, CUTOFF_A, N_MAX, L_MAX, WIDTH)
    n_parameters = sum(parameter.numel() for parameter in potential.parameters())
    train_set = Dataset(output / "train.xyz", potential)
    test_set = Dataset(output / "test.xyz", potential)
    print(
        f"{len(potential.representation.features)} features, {n_parameters} parameters, "
        f"{len(train_set)} training and {len(test_set)} test geometries"
    )

    train(potential, train_set)

    energies, forces = predict(potential, test_set.systems, training=False)
    predicted_energy = (energies / test_set.n_atoms).numpy()
    reference_energy = (test_set.energies / test_set.n_atoms).numpy()
    predicted_forces = torch.cat(forces).numpy().ravel()
    reference_forces = torch.cat(test_set.forces).numpy().ravel()

    print("errors on the test set:")
    report("energy", "meV/atom", reference_energy, predicted_energy)
    report("force component", "meV/A", reference_forces, predicted_forces)

    # energies relative to their mean, in meV: the total energy of the electrons means nothing here
    shift = reference_energy.mean()
    parity_plot(
        output / "parity.png",
        [
            (
                "energy (meV/atom)",
                1e3 * (reference_energy - shift),
                1e3 * (predicted_energy - shift),
            ),
            ("force component (eV/Å)", reference_forces, predicted_forces),
        ],
    )

    export(potential, output / "ethanol.pt")
    np.savez(
        output / "predictions.npz", energies=energies.numpy(), forces=torch.stack(forces).numpy()
    )
    print(f"wrote ethanol.pt, predictions.npz and parity.png in {output}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
