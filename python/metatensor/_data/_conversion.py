"""Conversions between kinds of arrays, types and devices: everything behind the ``to`` methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._backend import DLPACK_CPU
from ._registry import backend_named, backend_of, registered_backends
from ._types import is_torch_device, is_torch_dtype

if TYPE_CHECKING:
    from .._labels import Labels
    from ._types import Array, Device, DType


class Conversion:
    """What to do with all the arrays of an object."""

    def __init__(
        self,
        function: str,
        args: tuple[Any, ...],
        *,
        dtype: DType | None,
        device: Device | None,
        arrays: str | None,
        non_blocking: bool,
    ):
        """
        :param function: name of the function called by the user, for error messages
        :param args: positional arguments of this function: each is a type or a device, in any order
        :raises TypeError: if one of ``args`` is something else
        :raises ValueError: if there is more than one type, or more than one device
        """
        # this also makes the types and devices of this library known
        self._backend = None if arrays is None else backend_named(arrays)

        for arg in args:
            if arg is None:
                continue
            if _is_device(arg):
                if device is not None:
                    raise ValueError(f"can not give a device twice to `{function}`")
                device = arg
            elif _is_dtype(arg):
                if dtype is not None:
                    raise ValueError(f"can not give a dtype twice to `{function}`")
                dtype = arg
            else:
                raise TypeError(
                    f"unexpected type in `{function}`: expected a dtype or a device, "
                    f"got '{type(arg)}'"
                )

        self.dtype = dtype
        self.device = device
        self.non_blocking = non_blocking
        # the last converted values: their labels have to be on the same device
        self._values: Array | None = None
        # labels shared by many blocks stay shared; originals are here to keep their address alive
        self._labels: dict[int, tuple[Labels, Labels]] = {}

    def apply(self, array: Array) -> Array:
        """Convert values; the result is ``array`` itself if there is nothing to do."""
        self._values = self._apply(array, self.dtype)
        return self._values

    def apply_to_label_values(self, array: Array) -> Array:
        """Same as ``apply``, for values of labels, which stay 32-bit integers."""
        if self._backend is None and self._values is not None and isinstance(array, np.ndarray):
            return self._follow_values(array)
        return self._apply(array, dtype=None)

    def _follow_values(self, array: np.ndarray) -> Array:
        """NumPy only is on CPU: on other devices, labels are arrays of the same kind as values."""
        backend = backend_of(self._values)
        if backend.dlpack_device(self._values) == DLPACK_CPU:
            return array
        return backend.label_values_like(array, self._values)

    def _apply(self, array: Array, dtype: DType | None) -> Array:
        backend = backend_of(array)
        if self._backend is not None and self._backend is not backend:
            backend = self._backend
            array = backend.from_array(array)
        if dtype is not None:
            array = backend.to_dtype(array, dtype, self.non_blocking)
        if self.device is not None:
            array = backend.to_device(array, self.device, self.non_blocking)
        return array

    def labels(self, labels: Labels) -> Labels:
        """Convert labels, to the same kind of arrays and the same device."""
        if self._backend is None and self.device is None:
            return labels
        address = labels._address
        if address not in self._labels:
            self._labels[address] = (labels, labels._convert(self))
        return self._labels[address][1]


def _is_device(value: Any) -> bool:
    if isinstance(value, str) or is_torch_device(value):
        return True
    return any(backend.is_device(value) for backend in registered_backends())


def _is_dtype(value: Any) -> bool:
    if isinstance(value, np.dtype) or is_torch_dtype(value):
        return True
    try:
        if np.issubdtype(np.dtype(value), np.number):
            return True
    except Exception:
        # whatever was wrong, this is not a type of NumPy
        pass
    return any(backend.is_dtype(value) for backend in registered_backends())
