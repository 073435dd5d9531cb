"""A tensor map with a thousand blocks."""

import numpy as np
from data import arrays, tensor_map
from harness import Suite, Work

from metatensor import Labels, TensorBlock, TensorMap

N_BLOCKS = 1000

suite = Suite("TensorMap with 1,000 blocks of 20 x 5 x 10")


@suite.add("create from arrays", faster=5)
def create() -> Work:
    values = arrays(tensor_map(N_BLOCKS))
    samples = Labels.range("sample", 20)
    components = [Labels.range("component", 5)]
    properties = Labels.range("property", 10)
    keys = Labels.range("key", N_BLOCKS)
    return Work(
        lambda: TensorMap(
            keys, [TensorBlock(array, samples, components, properties) for array in values]
        )
    )


@suite.add("keys_to_properties", faster=5, baseline="numpy.concatenate")
def keys_to_properties() -> Work:
    tensor = tensor_map(N_BLOCKS)
    values = arrays(tensor)
    return Work(
        lambda: tensor.keys_to_properties("key"), baseline=lambda: np.concatenate(values, axis=-1)
    )


@suite.add("keys_to_samples", faster=5, baseline="numpy.concatenate")
def keys_to_samples() -> Work:
    tensor = tensor_map(N_BLOCKS)
    values = arrays(tensor)
    return Work(
        lambda: tensor.keys_to_samples("key"), baseline=lambda: np.concatenate(values, axis=0)
    )


@suite.add("copy", baseline="loop of array.copy")
def copy() -> Work:
    tensor = tensor_map(N_BLOCKS)
    values = arrays(tensor)
    return Work(tensor.copy, baseline=lambda: [array.copy() for array in values])
