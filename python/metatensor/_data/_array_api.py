"""
All libraries that follow the `array API standard <https://data-apis.org/array-api>`_, with nothing
but the functions of the standard.

CuPy is one of them, through ``array_api_compat``. For JAX, where arrays can not be changed, see
``_jax.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from ._backend import DLPACK_CPU, ArrayBackend, DLPackDevice
from ._dlpack import dlpack_capsule, dlpack_device, read_dlpack
from ._dtypes import DLPACK_DTYPES, numpy_dtype
from ._movements import Movement, read_movements
from ._namespace import array_namespace, follows_array_api
from ._numpy import as_numpy
from ._registry import backend_of

if TYPE_CHECKING:
    from .. import _metatensor
    from ._types import Device, DType


class ArrayApiBackend(ArrayBackend):
    """
    Arrays of one library.

    :param name: name of the library
    :param namespace: module with the functions of the standard
    """

    def __init__(self, name: str, namespace: ModuleType):
        self.name = name
        self.origin = f"python.{name}"
        self._xp = namespace
        self._dtype_names: dict[Any, str] = {}

    @classmethod
    def from_array_type(cls, array: Any) -> ArrayApiBackend:
        """The backend of the library of this array."""
        namespace = array_namespace(array)
        return cls(_library_name(array, namespace), namespace)

    def is_array(self, value: Any) -> bool:
        # scalars of NumPy are not arrays, and classes have the same attributes as their instances
        if isinstance(value, (np.generic, type)) or not follows_array_api(value):
            return False
        return _library_name(value, array_namespace(value)) == self.name

    # ---------------------------------------------------------------------- called from C++

    def dlpack_device(self, array: Any) -> DLPackDevice:
        return dlpack_device(array)

    def dlpack_dtype(self, array: Any) -> tuple[int, int]:
        return DLPACK_DTYPES[self._dtype_name(array)]

    def as_dlpack(
        self,
        array: Any,
        device: DLPackDevice,
        stream: int | None,
        max_version: tuple[int, int],
    ) -> Any:
        if device == self.dlpack_device(array):
            return dlpack_capsule(array, stream, max_version)
        if device == DLPACK_CPU:
            return dlpack_capsule(self.to_numpy(array), stream, max_version)
        raise ValueError(f"can not move an array of {self.name} to the DLPack device {device}")

    def from_dlpack(self, array: Any, tensor: _metatensor.DLPackTensor) -> Any:
        # not all libraries can import data from CPU with `from_dlpack`
        if tensor.__dlpack_device__() == DLPACK_CPU:
            return self._new_array(np.array(as_numpy(tensor)), array)
        return self._xp.from_dlpack(tensor)

    def create(self, array: Any, shape: tuple[int, ...], fill: _metatensor.DLPackTensor) -> Any:
        value = as_numpy(fill).item()
        return self._xp.full(shape, value, dtype=array.dtype, device=self.device(array))

    def copy(self, array: Any, device: DLPackDevice) -> Any:
        if device != self.dlpack_device(array):
            raise ValueError(f"can not copy an array of {self.name} to the DLPack device {device}")
        return self._xp.asarray(array, copy=True)

    def reshape(self, array: Any, shape: tuple[int, ...]) -> Any:
        return self._xp.reshape(array, shape)

    def swap_axes(self, array: Any, axis_1: int, axis_2: int) -> Any:
        axes = list(range(array.ndim))
        axes[axis_1], axes[axis_2] = axes[axis_2], axes[axis_1]
        return self._xp.permute_dims(array, tuple(axes))

    def move_data(self, array: Any, source: Any, movements: memoryview) -> Any:
        for movement in read_movements(movements, source.shape, array.shape):
            array = self._move(array, source[..., movement.properties_in], movement)
        return array

    def _move(self, array: Any, values: Any, movement: Movement) -> Any:
        # arrays of integers can not be used as indexes in assignments: this replaces the whole
        # range of samples around the ones that change
        first, last = int(movement.samples_out.min()), int(movement.samples_out.max())
        positions = np.full(last - first + 1, -1)
        positions[movement.samples_out - first] = movement.samples_in

        is_moved = (positions >= 0).reshape(-1, *(1,) * (array.ndim - 1))
        window = (slice(first, last + 1), ..., movement.properties_out)
        values = self._xp.take(values, self._new_array(positions.clip(0), array), axis=0)
        if not is_moved.all():
            values = self._xp.where(self._new_array(is_moved, array), values, array[window])
        array[window] = values
        return array

    # ---------------------------------------------------------------------- values

    def device(self, array: Any) -> Device:
        import array_api_compat

        return array_api_compat.device(array)

    def is_device(self, value: Any) -> bool:
        return type(value) in {type(device) for device in self._devices()}

    def is_dtype(self, value: Any) -> bool:
        types = {type(getattr(self._xp, name)) for name in DLPACK_DTYPES if hasattr(self._xp, name)}
        return type(value) in types and self._find_dtype_name(value) is not None

    def scalar(self, value: Any, array: Any) -> np.ndarray:
        return np.array(value, dtype=numpy_dtype(self._dtype_name(array)))

    def from_array(self, array: Any) -> Any:
        other = backend_of(array)
        if other.dlpack_device(array) != DLPACK_CPU:
            return self._xp.from_dlpack(array)
        values = other.to_numpy(array)
        # the standard has no read-only arrays
        return self._xp.asarray(values if values.flags.writeable else values.copy())

    def to_numpy(self, array: Any) -> np.ndarray:
        if self.dlpack_device(array) == DLPACK_CPU:
            return as_numpy(read_dlpack(array))

        import array_api_compat

        # this gives a NumPy array for CuPy
        array = array_api_compat.to_device(array, "cpu")
        return array if isinstance(array, np.ndarray) else as_numpy(read_dlpack(array))

    def to_dtype(self, array: Any, dtype: DType, non_blocking: bool) -> Any:
        dtype = self._own_dtype(dtype)
        return array if dtype == array.dtype else self._xp.astype(array, dtype)

    def to_device(self, array: Any, device: Device, non_blocking: bool) -> Any:
        if device == self.device(array):
            return array
        if device == "cpu" and self.dlpack_device(array) == DLPACK_CPU:
            return array

        import array_api_compat

        result = array_api_compat.to_device(array, device)
        if not self.is_array(result):
            raise ValueError(
                f'arrays of {self.name} can not be on {device!r}, use `arrays="numpy"`'
            )
        return result

    # ---------------------------------------------------------------------- values of labels

    def label_values(self, array: Any) -> Any:
        if not self._xp.isdtype(array.dtype, "integral"):
            raise TypeError(
                f"the values of Labels must be integers, got an array with dtype '{array.dtype}'"
            )
        int32 = self._xp.int32
        return array if array.dtype == int32 else self._xp.astype(array, int32)

    def empty_label_values(self, array: Any, size: int) -> Any:
        return self._xp.empty((0, size), dtype=self._xp.int32, device=self.device(array))

    def label_values_like(self, rows: Sequence[Sequence[int]] | np.ndarray, array: Any) -> Any:
        return self._new_array(np.array(rows, dtype=np.int32), array)

    def concatenate_columns(self, arrays: Sequence[Any]) -> Any:
        return self._xp.concat(list(arrays), axis=1)

    def part(self, array: Any, index: Any) -> Any:
        index = index if isinstance(index, tuple) else (index,)
        count = array.shape[0]
        # not all libraries check this
        if isinstance(index[0], int) and not -count <= index[0] < count:
            raise IndexError(f"index {index[0]} is out of bounds for an array of size {count}")
        return array[(*index, ...)]

    def rows(self, array: Any) -> Iterator[Any]:
        return (self.part(array, index) for index in range(array.shape[0]))

    # ---------------------------------------------------------------------- helpers

    def _new_array(self, values: np.ndarray, array: Any) -> Any:
        """``values`` on the device of ``array``."""
        return self._xp.asarray(values, device=self.device(array))

    def _devices(self) -> list[Any]:
        try:
            return self._xp.__array_namespace_info__().devices()
        except AttributeError:
            # from before version 2023.12 of the standard
            return []

    def _own_dtype(self, dtype: DType) -> Any:
        """The type of this library for one of its types, or for a type of NumPy."""
        if self.is_dtype(dtype):
            return dtype
        try:
            name = np.dtype(dtype).name
        except TypeError:
            raise TypeError(f"{dtype!r} is not a dtype for arrays of {self.name}") from None
        if name not in DLPACK_DTYPES or not hasattr(self._xp, name):
            raise TypeError(f"there are no arrays of {self.name} with dtype '{name}'")
        return getattr(self._xp, name)

    def _dtype_name(self, array: Any) -> str:
        """The name of the type of an array, as in ``DLPACK_DTYPES``."""
        dtype = array.dtype
        name = self._dtype_names.get(dtype) or self._find_dtype_name(dtype)
        if name is None:
            raise ValueError(f"unsupported dtype '{dtype}' for an array of {self.name}")
        self._dtype_names[dtype] = name
        return name

    def _find_dtype_name(self, dtype: Any) -> str | None:
        for name in DLPACK_DTYPES:
            if hasattr(self._xp, name) and getattr(self._xp, name) == dtype:
                return name
        return None


def _library_name(array: Any, namespace: ModuleType) -> str:
    """Name of the library that defines an array."""
    name = getattr(namespace, "__name__", "").removeprefix("array_api_compat.")
    # arrays built around NumPy can have the functions of NumPy, but they are something else
    if not name or name.startswith("numpy"):
        name = type(array).__module__
    return name.partition(".")[0]
