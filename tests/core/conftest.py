import numpy as np
import pytest
import torch

from metatensor import Labels, TensorBlock, TensorMap


@pytest.fixture(params=["numpy", "torch"])
def arrays(request):
    """Name of each kind of arrays."""
    return request.param


@pytest.fixture
def to_array(arrays):
    """Function that makes an array of each kind from anything that NumPy understands."""

    def to_array(values, dtype=None):
        array = np.array(values, dtype=dtype)
        return array if arrays == "numpy" else torch.from_numpy(array)

    return to_array


@pytest.fixture
def make_block():
    """Function that makes a block around an array, with one dimension for each axis."""

    def make_block(values):
        return TensorBlock(
            values=values,
            samples=Labels.range("s", values.shape[0]),
            components=[
                Labels.range(f"c{axis}", size) for axis, size in enumerate(values.shape[1:-1])
            ],
            properties=Labels.range("p", values.shape[-1]),
        )

    return make_block


@pytest.fixture
def make_tensor():
    """Function that makes a TensorMap from blocks, with a single dimension in the keys."""

    def make_tensor(blocks):
        return TensorMap(Labels.range("key", len(blocks)), blocks)

    return make_tensor
