"""
Batches of structures for training: energies with their gradients, and features in three blocks.

The data is in memory, or stored on disk: one file for each structure and field with the published
packages, which is how they store data sets, and in data sets on disk with ours.
"""

import functools
import importlib
import importlib.util
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from harness import Suite, Work

import metatensor
import metatensor.learn.data
import metatensor.torch

N_STORED = 10_000
N_LOADED = 1_000
N_ATOMS = {1: 6, 6: 2, 8: 1}

suite = Suite(f"Data loader, {N_LOADED:,} random structures of {N_STORED:,}")


class Structures:
    """
    Random structures as tensor maps.

    :param package: metatensor for the Python classes, or metatensor.torch
    """

    def __init__(self, package: ModuleType):
        self._package = package
        self._key = self._labels(["_"], [0])
        self._types = self._labels(["center_type"], list(N_ATOMS))
        self._energy = self._labels(["energy"], [0])
        self._xyz = self._labels(["xyz"], [0, 1, 2])
        self._features = self._labels(["n"], list(range(16)))

    def _labels(self, names: list[str], rows: object) -> Any:
        values = np.asarray(rows, dtype=np.int32).reshape(-1, len(names))
        return self._package.Labels(names, torch.from_numpy(values))

    def _random(self, *shape: int) -> torch.Tensor:
        return torch.rand(shape, dtype=torch.float64)

    def energy(self, index: int) -> Any:
        n_atoms = sum(N_ATOMS.values())
        system = self._labels(["system"], [index])
        block = self._package.TensorBlock(self._random(1, 1), system, [], self._energy)
        gradient = self._package.TensorBlock(
            self._random(n_atoms, 3, 1),
            self._labels(["sample", "atom"], [[0, atom] for atom in range(n_atoms)]),
            [self._xyz],
            self._energy,
        )
        block.add_gradient("positions", gradient)
        return self._package.TensorMap(self._key, [block])

    def features(self, index: int) -> Any:
        blocks = []
        for n_atoms in N_ATOMS.values():
            samples = self._labels(["system", "atom"], [[index, atom] for atom in range(n_atoms)])
            values = self._random(n_atoms, 16)
            blocks.append(self._package.TensorBlock(values, samples, [], self._features))
        return self._package.TensorMap(self._types, blocks)


@functools.cache
def stored(package: ModuleType) -> torch.utils.data.Dataset:
    """All the structures, on disk."""
    folder = Path(temporary_folder().name) / package.__name__
    structures = Structures(package)
    if importlib.util.find_spec("metatensor.learn.disk") is not None:
        disk = importlib.import_module(f"{package.__name__}.learn.disk")
        with disk.DiskDatasetWriter(folder) as writer:
            for index in range(N_STORED):
                energy, features = structures.energy(index), structures.features(index)
                writer.append({"energy": energy, "features": features})
        return disk.DiskDataset(folder)

    folder.mkdir()
    for index in range(N_STORED):
        package.save(str(folder / f"energy-{index}.mts"), structures.energy(index))
        package.save(str(folder / f"features-{index}.mts"), structures.features(index))

    def load(name: str, index: int) -> Any:
        tensor = package.load(str(folder / f"{name}-{index}.mts"))
        return tensor.to(arrays="torch") if package is metatensor else tensor

    return package.learn.data.Dataset(
        size=N_STORED,
        energy=functools.partial(load, "energy"),
        features=functools.partial(load, "features"),
    )


@functools.cache
def temporary_folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="metatensor-benchmarks-")


@functools.cache
def in_memory(package: ModuleType) -> torch.utils.data.Dataset:
    """As many structures as are loaded, in memory."""
    structures = Structures(package)
    return package.learn.data.Dataset(
        energy=[structures.energy(index) for index in range(N_LOADED)],
        features=[structures.features(index) for index in range(N_LOADED)],
    )


def loading(
    package: ModuleType, dataset: Callable[[ModuleType], torch.utils.data.Dataset], batch_size: int
) -> Work:
    samples = dataset(package)
    generator = torch.Generator().manual_seed(0)

    def load_all() -> None:
        sampler = torch.utils.data.RandomSampler(samples, num_samples=N_LOADED, generator=generator)
        loader = package.learn.data.DataLoader(samples, batch_size=batch_size, sampler=sampler)
        n_loaded = sum(len(batch.energy.block().samples) for batch in loader)
        assert n_loaded == N_LOADED

    return Work(load_all)


def access(package: ModuleType) -> Work:
    samples = stored(package)
    indices = torch.randperm(N_STORED)[:100].tolist()

    def access_all() -> None:
        for index in indices:
            samples[index]

    return Work(access_all)


for _package, _classes in ((metatensor, "Python"), (metatensor.torch, "TorchScript")):
    for _batch_size in (10, 100):
        suite.add(f"on disk, batches of {_batch_size}, {_classes} classes", faster=5)(
            functools.partial(loading, _package, stored, _batch_size)
        )
    suite.add(f"on disk, 100 single structures, {_classes} classes")(
        functools.partial(access, _package)
    )
    suite.add(f"in memory, batches of 100, {_classes} classes")(
        functools.partial(loading, _package, in_memory, 100)
    )
