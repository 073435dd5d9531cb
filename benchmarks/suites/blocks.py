"""Small objects: what each line of a program costs. All times are for 1,000 repetitions."""

from collections.abc import Callable

import numpy as np
from data import tensor_map
from harness import Suite, Work

from metatensor import Labels, TensorBlock

COUNT = 1000

suite = Suite("Small objects, 1,000 times each")


@suite.add("Labels(...) with 100 entries of three dimensions", faster=5)
def small_labels() -> Work:
    values = np.stack(np.unravel_index(np.arange(100), (4, 5, 5)), axis=1).astype(np.int32)

    def create(arrays: list[np.ndarray]) -> None:
        for array in arrays:
            Labels(["a", "b", "c"], array)

    return Work(create, prepare=lambda: [values.copy() for _ in range(COUNT)])


@suite.add("TensorBlock(...) of 20 x 5 x 10", faster=5)
def small_blocks() -> Callable:
    array = np.zeros((20, 5, 10))
    samples = Labels.range("sample", 20)
    components = [Labels.range("component", 5)]
    properties = Labels.range("property", 10)

    def create() -> None:
        for _ in range(COUNT):
            TensorBlock(array, samples, components, properties)

    return create


@suite.add("block.values", faster=5)
def values() -> Callable:
    blocks = tensor_map(COUNT).blocks()

    def access() -> None:
        for block in blocks:
            block.values  # noqa: B018

    return access


@suite.add("block.samples", faster=5)
def samples() -> Callable:
    blocks = tensor_map(COUNT).blocks()

    def access() -> None:
        for block in blocks:
            block.samples  # noqa: B018

    return access


@suite.add("tensor.block(i)", faster=5)
def block_by_position() -> Callable:
    tensor = tensor_map(COUNT)

    def access() -> None:
        for i in range(COUNT):
            tensor.block(i)

    return access


@suite.add("tensor.block(key=i)", faster=5)
def block_by_key() -> Callable:
    tensor = tensor_map(COUNT)

    def access() -> None:
        for i in range(COUNT):
            tensor.block(key=i)

    return access
