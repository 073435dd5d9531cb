"""Saving and loading, with the content of the files in the page cache of the system."""

import functools
import tempfile
from pathlib import Path

import numpy as np
from data import arrays, tensor_map
from harness import Suite, Work

import metatensor

suite = Suite("Files, in the page cache")

# 160 MB in four blocks
LARGE = {"n_blocks": 4, "shape": (50_000, 100)}
SMALL = {"n_blocks": 1000}


@functools.cache
def folder() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="metatensor-benchmarks-")


def paths() -> tuple[str, str]:
    """Where to save a tensor map, and with numpy the same bytes in one array."""
    return str(Path(folder().name) / "tensor.mts"), str(Path(folder().name) / "array.npy")


def saving(**size: object) -> Work:
    tensor = tensor_map(**size)
    array = np.concatenate([values.reshape(-1) for values in arrays(tensor)])
    tensor_path, array_path = paths()
    return Work(
        lambda: metatensor.save(tensor_path, tensor), baseline=lambda: np.save(array_path, array)
    )


def loading(**size: object) -> Work:
    work = saving(**size)
    work.run()
    work.baseline()
    tensor_path, array_path = paths()
    return Work(lambda: metatensor.load(tensor_path), baseline=lambda: np.load(array_path))


@suite.add("save 160 MB", faster=8, baseline="numpy.save", at_most=3)
def save_large() -> Work:
    return saving(**LARGE)


@suite.add("load 160 MB", faster=8, baseline="numpy.load", at_most=3)
def load_large() -> Work:
    return loading(**LARGE)


@suite.add("save 1,000 blocks of 20 x 5 x 10", faster=5)
def save_small() -> Work:
    return saving(**SMALL)


@suite.add("load 1,000 blocks of 20 x 5 x 10", faster=5)
def load_small() -> Work:
    return loading(**SMALL)


@suite.add("save_buffer, 160 MB")
def save_large_buffer() -> Work:
    tensor = tensor_map(**LARGE)
    return Work(lambda: metatensor.io.save_buffer(tensor))


@suite.add("load_buffer, 160 MB")
def load_large_buffer() -> Work:
    buffer = metatensor.io.save_buffer(tensor_map(**LARGE))
    return Work(lambda: metatensor.io.load_buffer(buffer))


@suite.add("save_buffer, 1,000 blocks of 20 x 5 x 10", faster=5)
def save_small_buffer() -> Work:
    tensor = tensor_map(**SMALL)
    return Work(lambda: metatensor.io.save_buffer(tensor))


@suite.add("load_buffer, 1,000 blocks of 20 x 5 x 10", faster=5)
def load_small_buffer() -> Work:
    buffer = metatensor.io.save_buffer(tensor_map(**SMALL))
    return Work(lambda: metatensor.io.load_buffer(buffer))
