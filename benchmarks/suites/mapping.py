"""Files that are mapped or partially loaded, which the published packages can not do."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from data import arrays, tensor_map
from harness import Suite, Work

import metatensor
from metatensor import Labels, TensorMap

suite = Suite("Mapping and partial loading, 160 MB in the page cache", only_ours=True)

N_SAMPLES = 50_000
N_PROPERTIES = 100


@functools.cache
def folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="metatensor-benchmarks-")


@functools.cache
def saved(aligned: bool) -> str:
    path = str(Path(folder().name) / f"aligned-{aligned}.mts")
    metatensor.save(path, tensor_map(4, (N_SAMPLES, N_PROPERTIES)), aligned=aligned)
    return path


@suite.add("map", baseline="load")
def map_file() -> Work:
    path = saved(aligned=False)
    return Work(lambda: metatensor.load(path, mmap=True), baseline=lambda: metatensor.load(path))


@suite.add("load 1 % of the samples", baseline="load and slice")
def load_samples() -> Work:
    path = saved(aligned=False)
    systems = np.arange(0, N_SAMPLES // 5, 100, dtype=np.int32).reshape(-1, 1)
    samples = Labels(["system"], systems)
    return Work(
        lambda: metatensor.load(path, samples=samples),
        baseline=lambda: metatensor.slice(metatensor.load(path), "samples", samples),
    )


@suite.add("load 1 block of 4", baseline="load")
def load_block() -> Work:
    path = saved(aligned=False)
    keys = Labels(["key"], np.array([[2]], dtype=np.int32))
    return Work(lambda: metatensor.load(path, keys=keys), baseline=lambda: metatensor.load(path))


def use(function: Callable[[np.ndarray], object], aligned: bool) -> Callable[[], Work]:
    def on_all(tensor: TensorMap) -> list[object]:
        return [function(array) for array in arrays(tensor)]

    def set_up() -> Work:
        mapped = metatensor.load(saved(aligned), mmap=True)
        loaded = metatensor.load(saved(aligned))
        return Work(lambda: on_all(mapped), baseline=lambda: on_all(loaded))

    return set_up


vector = np.linspace(0, 1, N_PROPERTIES)
for name, function in {
    "sum of": np.sum,
    "add a number to": lambda array: array + 1.0,
    "matrix times vector,": lambda array: array @ vector,
}.items():
    for aligned in (False, True):
        kind = "aligned" if aligned else "not aligned"
        suite.add(f"{name} mapped arrays, {kind}", baseline="loaded arrays")(use(function, aligned))
