"""
Objects which only have the DLPack protocol: their data can be read, nothing else is known about
them.

What metatensor has to create or change is then a NumPy array, or a torch tensor for data which is
not on CPU. This can use the memory of the object, but never is the object itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _metatensor
from ._backend import DLPACK_CPU, ArrayBackend, DLPackDevice
from ._namespace import follows_array_api
from ._numpy import as_numpy
from ._registry import backend_named, backend_of

if TYPE_CHECKING:
    from ._types import Device, DType

#: Version of DLPack that is requested
_DLPACK_VERSION = (1, 3)
_INT32_MAX = 2**31 - 1


def is_dlpack_array(value: Any) -> bool:
    """Is this an object with a shape, data that can be read with DLPack, and nothing else?"""
    if isinstance(value, type) or follows_array_api(value):
        return False
    return all(hasattr(value, name) for name in ("shape", "__dlpack__", "__dlpack_device__"))


def dlpack_device(array: Any) -> DLPackDevice:
    """Where the data is: all of the memory of the host is the same device."""
    if not hasattr(array, "__dlpack_device__"):
        raise ValueError(
            f"can not use arrays of type '{type(array)}': they do not have `__dlpack_device__`"
        )
    device = array.__dlpack_device__()
    try:
        device_type, index = map(int, device)
    except (TypeError, ValueError):
        device_type = index = -1
    if not (0 <= device_type <= _INT32_MAX and 0 <= index <= _INT32_MAX):
        raise ValueError(
            f"`__dlpack_device__` of '{type(array)}' must give the type and the index of a device, "
            f"got {device!r}"
        )
    return DLPACK_CPU if device_type == DLPACK_CPU[0] else (device_type, index)


def dlpack_capsule(array: Any, stream: int | None, max_version: tuple[int, int]) -> Any:
    """A DLPack capsule with the data of the array, where it is."""
    try:
        return array.__dlpack__(stream=stream, max_version=max_version)
    except TypeError:
        # from before version 1 of DLPack
        return array.__dlpack__(stream=stream)


def read_dlpack(array: Any) -> _metatensor.DLPackTensor:
    """The data of an array, where it is."""
    return _metatensor.read_dlpack(dlpack_capsule(array, None, _DLPACK_VERSION))


class DLPackBackend(ArrayBackend):
    name = "dlpack"
    origin = "python.dlpack"

    def is_array(self, value: Any) -> bool:
        return is_dlpack_array(value)

    # ---------------------------------------------------------------------- called from C++

    def dlpack_device(self, array: Any) -> DLPackDevice:
        return dlpack_device(array)

    def dlpack_dtype(self, array: Any) -> tuple[int, int]:
        return read_dlpack(array).dtype

    def as_dlpack(
        self,
        array: Any,
        device: DLPackDevice,
        stream: int | None,
        max_version: tuple[int, int],
    ) -> Any:
        if device == dlpack_device(array):
            return dlpack_capsule(array, stream, max_version)
        array, backend = _usable(array)
        return backend.as_dlpack(array, device, stream, max_version)

    def from_dlpack(self, array: Any, tensor: _metatensor.DLPackTensor) -> Any:
        array, backend = _usable(array)
        return backend.from_dlpack(array, tensor)

    def create(self, array: Any, shape: tuple[int, ...], fill: _metatensor.DLPackTensor) -> Any:
        array, backend = _usable(array)
        return backend.create(array, shape, fill)

    def copy(self, array: Any, device: DLPackDevice) -> Any:
        array, backend = _usable(array)
        return backend.copy(array, device)

    def reshape(self, array: Any, shape: tuple[int, ...]) -> Any:
        array, backend = _usable(array)
        return backend.reshape(array, shape)

    def swap_axes(self, array: Any, axis_1: int, axis_2: int) -> Any:
        array, backend = _usable(array)
        return backend.swap_axes(array, axis_1, axis_2)

    def move_data(self, array: Any, source: Any, movements: memoryview) -> Any:
        usable, backend = _usable(array)
        backend.move_data(usable, backend.from_array(source), movements)
        return array

    # ---------------------------------------------------------------------- values

    def device(self, array: Any) -> Device:
        array, backend = _usable(array)
        return backend.device(array)

    def dtype(self, array: Any) -> DType:
        return array.dtype if hasattr(array, "dtype") else _usable(array)[0].dtype

    def scalar(self, value: Any, array: Any) -> Any:
        array, backend = _usable(array)
        return backend.scalar(value, array)

    def from_array(self, array: Any) -> Any:
        raise ValueError("can not make arrays which only have DLPack")

    def to_numpy(self, array: Any) -> np.ndarray:
        array, backend = _usable(array)
        return backend.to_numpy(array)

    def to_dtype(self, array: Any, dtype: DType, non_blocking: bool) -> Any:
        array, backend = _usable(array)
        return backend.to_dtype(array, dtype, non_blocking)

    def to_device(self, array: Any, device: Device, non_blocking: bool) -> Any:
        usable, backend = _usable(array)
        result = backend.to_device(usable, device, non_blocking)
        return array if result is usable else result

    # ---------------------------------------------------------------------- values of labels

    def label_values(self, array: Any) -> Any:
        # labels have to be indexed: these are not the values that were given, but the same memory
        array, backend = _usable(array)
        return backend.label_values(array)

    def empty_label_values(self, array: Any, size: int) -> Any:
        array, backend = _usable(array)
        return backend.empty_label_values(array, size)

    def label_values_like(self, rows: Sequence[Sequence[int]] | np.ndarray, array: Any) -> Any:
        array, backend = _usable(array)
        return backend.label_values_like(rows, array)

    def concatenate_columns(self, arrays: Sequence[Any]) -> Any:
        usable = [_usable(array) for array in arrays]
        return usable[0][1].concatenate_columns([array for array, _ in usable])


def _usable(array: Any) -> tuple[Any, ArrayBackend]:
    """The same memory as a NumPy array, or as a torch tensor if it is not on CPU."""
    if dlpack_device(array) == DLPACK_CPU:
        usable = as_numpy(read_dlpack(array))
    else:
        usable = backend_named("torch").from_array(array)
    if tuple(usable.shape) != tuple(array.shape):
        raise ValueError(
            f"the shape of an array of type '{type(array)}' is {tuple(array.shape)}, but the shape "
            f"of its data is {tuple(usable.shape)}"
        )
    return usable, backend_of(usable)
