"""
Data-parallel training of the potential of `examples/ethanol`, with several processes.

    torchrun --standalone --nproc-per-node 2 train.py OUTPUT

reads ``OUTPUT/train.xyz`` (from step 1 of the ethanol example) and writes the loss of each epoch to
``OUTPUT/losses-2.txt`` (for 2 processes) and the exported model to ``OUTPUT/ethanol-2.pt``.
``python train.py OUTPUT`` does the same in one process.

All processes have the same copy of the potential. In each step, they share the structures of the
batch between them, then sum the derivatives of the loss with respect to the parameters. The
batches do not depend on the number of processes, and neither does the result, up to rounding.

If there is a GPU for each of the processes of this computer, they use these, and communicate with
NCCL; otherwise they use the CPU, and communicate with Gloo.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed
from torch.nn.utils import clip_grad_norm_, parameters_to_vector, vector_to_parameters

from metatensor.torch.learn.data import DataLoader, Dataset, group

# the model, and everything that has nothing to do with the number of processes
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ethanol"))
ethanol = importlib.import_module("2-train")


def start_processes() -> torch.device:
    """
    Connect to the other processes, if this one was started by ``torchrun``.

    :return: where this process stores and computes everything
    """
    # these are set by torchrun, and are about the processes on this computer
    local_rank = int(os.environ.get("LOCAL_RANK", 0))
    n_local_processes = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    device = torch.device("cpu")
    if n_local_processes <= torch.cuda.device_count():
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)

    backend = "nccl" if device.type == "cuda" else "gloo"
    if torch.distributed.is_torchelastic_launched():
        torch.distributed.init_process_group(backend)
    else:
        store = torch.distributed.HashStore()
        torch.distributed.init_process_group(backend, store=store, rank=0, world_size=1)
    return device


class SharedBatches:
    """
    The samples of each batch of one epoch which are for this process. The batches are random, and
    the same in all processes.

    :param n_samples: number of samples in the data set
    :param batch_size: number of samples in a batch, for all processes together
    """

    def __init__(self, n_samples: int, batch_size: int) -> None:
        self.n_samples = n_samples
        self.batch_size = batch_size
        self.rank = torch.distributed.get_rank()
        self.n_processes = torch.distributed.get_world_size()
        if not self.n_processes <= batch_size <= n_samples:
            raise ValueError(
                f"there must be a sample for each of the {self.n_processes} processes in a batch "
                f"of {batch_size}, and a batch in the data set of {n_samples}"
            )
        self.generator = torch.Generator().manual_seed(0)

    def __len__(self) -> int:
        return self.n_samples // self.batch_size

    def __iter__(self) -> Iterator[list[int]]:
        order = torch.randperm(self.n_samples, generator=self.generator)
        for batch in order[: len(self) * self.batch_size].split(self.batch_size):
            yield batch[self.rank :: self.n_processes].tolist()


def sum_over_processes(value: float, device: torch.device) -> float:
    total = torch.tensor(value, dtype=torch.float64, device=device)
    torch.distributed.all_reduce(total)
    return total.item()


def sum_derivatives(parameters: list[torch.nn.Parameter]) -> None:
    """Replace the derivatives of the loss by their sum over all processes, in a single message."""
    derivatives = [parameter.grad for parameter in parameters]
    total = parameters_to_vector(derivatives)
    torch.distributed.all_reduce(total)
    vector_to_parameters(total, derivatives)


def loss_of_share(potential: torch.nn.Module, batch: Any) -> torch.Tensor:
    """
    What the structures of this process add to the loss of a batch. The loss is an average over all
    structures of the batch, not over processes: these do not all have the same number of them.
    """
    energies, forces = ethanol.predict(potential, list(batch.system), training=True)
    device = energies.device
    n_atoms = torch.tensor([len(system) for system in batch.system], device=device)
    energy_errors = (energies - torch.stack(batch.energy)) / n_atoms
    force_errors = torch.cat(forces) - torch.cat(batch.forces)

    n_structures = sum_over_processes(len(batch.system), device)
    n_forces = sum_over_processes(force_errors.numel(), device)
    energy_loss = energy_errors.square().sum() / n_structures
    return ethanol.ENERGY_WEIGHT * energy_loss + force_errors.square().sum() / n_forces


def train(
    potential: torch.nn.Module, data: Any, n_epochs: int, device: torch.device
) -> list[float]:
    """Train the potential on energies and forces. Returns the average loss of each epoch."""
    # the same in all processes, and a small part of the work
    potential.normalize(data.systems, data.energies)
    potential.to(device)
    dataset = Dataset(
        system=[system.to(device=device) for system in data.systems],
        energy=list(data.energies.to(device)),
        forces=[forces.to(device) for forces in data.forces],
    )
    batches = SharedBatches(len(dataset), ethanol.BATCH_SIZE)
    loader = DataLoader(dataset, group, batch_sampler=batches)

    parameters = list(potential.parameters())
    optimizer = torch.optim.Adam(parameters, lr=ethanol.LEARNING_RATE)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, ethanol.LEARNING_RATE, total_steps=n_epochs * len(batches)
    )

    epoch_losses = []
    for epoch in range(n_epochs):
        loss_of_epoch = 0.0
        for batch in loader:
            loss = loss_of_share(potential, batch)
            optimizer.zero_grad()
            loss.backward()
            sum_derivatives(parameters)
            clip_grad_norm_(parameters, ethanol.MAX_GRADIENT_NORM)
            optimizer.step()
            scheduler.step()
            loss_of_epoch += sum_over_processes(loss.item(), device) / len(batches)

        epoch_losses.append(loss_of_epoch)
        if batches.rank == 0:
            print(f"epoch {epoch + 1:3d}: loss {loss_of_epoch:.6e}", flush=True)
    return epoch_losses


def main(output: Path, n_epochs: int) -> None:
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    device = start_processes()

    potential = ethanol.Potential(
        ethanol.TYPES, ethanol.CUTOFF_A, ethanol.N_MAX, ethanol.L_MAX, ethanol.WIDTH
    )
    data = ethanol.Dataset(output / "train.xyz", potential)
    losses = train(potential, data, n_epochs, device)

    if torch.distributed.get_rank() == 0:
        n_processes = torch.distributed.get_world_size()
        lines = [f"{loss:.17e}\n" for loss in losses]
        (output / f"losses-{n_processes}.txt").write_text("".join(lines))
        ethanol.export(potential.cpu(), output / f"ethanol-{n_processes}.pt")
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("output", type=Path, help="folder with the training set")
    parser.add_argument("--epochs", type=int, default=ethanol.EPOCHS, help="number of epochs")
    arguments = parser.parse_args()
    main(arguments.output, arguments.epochs)
