import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import array_api_strict
import jax
import numpy as np
import pytest
import torch

from metatensor import Labels, TensorBlock, TensorMap

# otherwise JAX has no 64-bit types
jax.config.update("jax_enable_x64", True)


class DLPackOnly:
    """An array that only has a shape, and the DLPack protocol."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape

    def __dlpack__(self, **kwargs):
        return self.array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


@dataclass
class Library:
    """A library of arrays."""

    #: name of this kind of arrays
    name: str
    #: function that makes an array from a NumPy array; the memory is not shared
    make: Callable[[np.ndarray], Any]
    #: function that makes a NumPy array from an array
    read: Callable[[Any], np.ndarray]
    #: type of the arrays, and of the ones that metatensor makes when it needs new ones
    type: type
    type_of_new: type
    #: same for values of labels
    type_of_labels: type
    #: one of the types of elements
    float32: Any = np.float32


def _read_torch(array):
    return array.detach().cpu().numpy()


LIBRARIES = {
    "numpy": Library("numpy", np.array, np.asarray, np.ndarray, np.ndarray, np.ndarray),
    "torch": Library("torch", torch.tensor, _read_torch, *[torch.Tensor] * 3, torch.float32),
    "jax": Library("jax", jax.numpy.array, np.asarray, *[jax.Array] * 3),
    "array_api_strict": Library(
        "array_api_strict",
        lambda array: array_api_strict.asarray(np.array(array)),
        np.from_dlpack,
        *[type(array_api_strict.zeros(1))] * 3,
        array_api_strict.float32,
    ),
    "dlpack": Library(
        "dlpack",
        lambda array: DLPackOnly(np.array(array)),
        np.from_dlpack,
        DLPackOnly,
        np.ndarray,
        np.ndarray,
    ),
}

if torch.cuda.is_available():
    LIBRARIES["torch-cuda"] = Library(
        "torch",
        lambda array: torch.tensor(array, device="cuda"),
        _read_torch,
        *[torch.Tensor] * 3,
        torch.float32,
    )
    if importlib.util.find_spec("cupy") is not None:
        import cupy

        LIBRARIES["cupy"] = Library("cupy", cupy.array, cupy.asnumpy, *[cupy.ndarray] * 3)


@pytest.fixture(params=LIBRARIES.values(), ids=LIBRARIES.keys())
def library(request):
    """Each library of arrays that can be used on this machine."""
    return request.param


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
