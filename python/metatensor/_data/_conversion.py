"""Conversions between kinds of arrays, types and devices: everything behind the ``to`` methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._backend import backend_named, backend_of
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
        for arg in args:
            if arg is None:
                continue
            if isinstance(arg, str) or is_torch_device(arg):
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
        self.arrays = arrays
        self.non_blocking = non_blocking
        # labels shared by many blocks stay shared; originals are here to keep their address alive
        self._labels: dict[int, tuple[Labels, Labels]] = {}

    def apply(self, array: Array) -> Array:
        """Convert an array; the result is ``array`` itself if there is nothing to do."""
        return self._apply(array, self.dtype)

    def apply_to_label_values(self, array: Array) -> Array:
        """Same as ``apply``, for values which stay 32-bit integers."""
        return self._apply(array, dtype=None)

    def _apply(self, array: Array, dtype: DType | None) -> Array:
        backend = backend_of(array)
        if self.arrays is not None and self.arrays != backend.name:
            backend = backend_named(self.arrays)
            array = backend.from_array(array)
        if dtype is not None:
            array = backend.to_dtype(array, dtype, self.non_blocking)
        if self.device is not None:
            array = backend.to_device(array, self.device, self.non_blocking)
        return array

    def labels(self, labels: Labels) -> Labels:
        """Convert labels, to the same kind of arrays and the same device."""
        if self.arrays is None and self.device is None:
            return labels
        address = labels._address
        if address not in self._labels:
            self._labels[address] = (labels, labels._convert(self))
        return self._labels[address][1]


def _is_dtype(value: Any) -> bool:
    if isinstance(value, np.dtype) or is_torch_dtype(value):
        return True
    try:
        return np.issubdtype(np.dtype(value), np.number)
    except Exception:
        # whatever was wrong, this is not a type
        return False
