"""NumPy arrays. What is done often with them is in C++: ``python/bindings/numpy_arrays.cpp``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._backend import DLPACK_CPU, ArrayBackend, DLPackDevice
from ._dtypes import BFLOAT16, DLPACK_DTYPES, numpy_bfloat16
from ._movements import as_slice, read_movements
from ._registry import backend_of, register_backend

if TYPE_CHECKING:
    from .. import _metatensor
    from ._types import Device, DType


def as_numpy(tensor: _metatensor.DLPackTensor) -> np.ndarray:
    """NumPy array with the memory of a tensor; ``BufferError`` if NumPy has no such type."""
    # without `memoryview`, NumPy would make an array of Python objects of what is not a buffer
    array = np.asarray(memoryview(tensor))
    return array.view(numpy_bfloat16()) if tensor.dtype == BFLOAT16 else array


class NumpyBackend(ArrayBackend):
    name = "numpy"
    origin = "python.numpy"

    def is_array(self, value: Any) -> bool:
        return isinstance(value, np.ndarray)

    def dlpack_device(self, array: np.ndarray) -> DLPackDevice:
        return DLPACK_CPU

    def dlpack_dtype(self, array: np.ndarray) -> tuple[int, int]:
        try:
            return DLPACK_DTYPES[array.dtype.name]
        except KeyError:
            raise ValueError(f"unsupported dtype '{array.dtype}' for a NumPy array") from None

    def as_dlpack(
        self,
        array: np.ndarray,
        device: DLPackDevice,
        stream: int | None,
        max_version: tuple[int, int],
    ) -> Any:
        return array.__dlpack__(stream=stream, max_version=max_version, dl_device=device)

    def from_dlpack(self, array: np.ndarray, tensor: _metatensor.DLPackTensor) -> np.ndarray:
        return as_numpy(tensor)

    def create(
        self, array: np.ndarray, shape: tuple[int, ...], fill: _metatensor.DLPackTensor
    ) -> np.ndarray:
        value = as_numpy(fill)
        # zeros (but not the negative one) come for free from the operating system
        if not any(value.tobytes()):
            return np.zeros(shape, dtype=array.dtype)
        return np.full(shape, value, dtype=array.dtype)

    def copy(self, array: np.ndarray, device: DLPackDevice) -> np.ndarray:
        if device[0] != DLPACK_CPU[0]:
            raise ValueError(f"can not copy a NumPy array to the DLPack device {device}")
        return np.array(array)

    def reshape(self, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        return array.reshape(shape)

    def swap_axes(self, array: np.ndarray, axis_1: int, axis_2: int) -> np.ndarray:
        return array.swapaxes(axis_1, axis_2)

    def move_data(self, array: np.ndarray, source: np.ndarray, movements: memoryview) -> np.ndarray:
        for movement in read_movements(movements, source.shape, array.shape):
            samples_in = as_slice(movement.samples_in) or movement.samples_in
            samples_out = as_slice(movement.samples_out) or movement.samples_out
            values = source[samples_in, ..., movement.properties_in]
            array[samples_out, ..., movement.properties_out] = values
        return array

    def device(self, array: np.ndarray) -> Device:
        return "cpu"

    def scalar(self, value: Any, array: np.ndarray) -> np.ndarray:
        return np.array(value, dtype=array.dtype)

    def from_array(self, array: Any) -> np.ndarray:
        return backend_of(array).to_numpy(array)

    def to_numpy(self, array: np.ndarray) -> np.ndarray:
        return array

    def to_dtype(self, array: np.ndarray, dtype: DType, non_blocking: bool) -> np.ndarray:
        return array.astype(dtype, copy=False)

    def to_device(self, array: np.ndarray, device: Device, non_blocking: bool) -> np.ndarray:
        if str(device) != "cpu":
            raise ValueError(f"NumPy arrays can only be on the device 'cpu', not on '{device}'")
        return array

    def label_values(self, array: np.ndarray) -> np.ndarray:
        if array.dtype == np.int32:
            return np.asarray(array)
        if array.dtype.kind not in "iub":
            raise TypeError(
                f"the values of Labels must be integers, got an array with dtype '{array.dtype}'"
            )
        return array.astype(np.int32, casting="same_kind", subok=False)

    def empty_label_values(self, array: np.ndarray, size: int) -> np.ndarray:
        return np.empty((0, size), dtype=np.int32)

    def label_values_like(
        self, rows: Sequence[Sequence[int]] | np.ndarray, array: np.ndarray
    ) -> np.ndarray:
        return np.array(rows, dtype=np.int32)

    def concatenate_columns(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate(arrays, axis=1)

    def freeze(self, array: np.ndarray) -> None:
        # the argument is `write`; this is the fastest way, and it is called for all labels
        array.setflags(False)


register_backend(NumpyBackend())
