"""
What metatensor needs to know about arrays, for each library of arrays.

There is one :py:class:`ArrayBackend` per library. The native module calls its methods when
libmetatensor has to do something with an array; the Python classes use it for everything that
depends on the kind of array.
"""

from __future__ import annotations

import abc
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .. import _metatensor
    from ._types import Device, DType

#: A device for DLPack: type (``DLDeviceType``) and index
DLPackDevice = tuple[int, int]

DLPACK_CPU: DLPackDevice = (1, 0)
#: arrays without data
DLPACK_META: DLPackDevice = (12, 0)


class ArrayBackend(abc.ABC):
    """
    The operations on arrays of one library.

    Arrays given to a method called ``array`` are of the kind that this backend handles.
    """

    #: name of this kind of array, as in ``tensor.to(arrays="numpy")``
    name: str
    #: name of the data origin of these arrays in libmetatensor
    origin: str

    @abc.abstractmethod
    def is_array(self, value: Any) -> bool:
        """Is this an array that this backend handles?"""

    # ---------------------------------------------------------------------- called from C++

    @abc.abstractmethod
    def dlpack_device(self, array: Any) -> DLPackDevice:
        """Where the data is."""

    @abc.abstractmethod
    def dlpack_dtype(self, array: Any) -> tuple[int, int]:
        """Code and number of bits of the elements; ``ValueError`` if DLPack has no such type."""

    @abc.abstractmethod
    def as_dlpack(
        self,
        array: Any,
        device: DLPackDevice,
        stream: int | None,
        max_version: tuple[int, int],
    ) -> Any:
        """A DLPack capsule with the data on the given device, not copied if it is there already."""

    @abc.abstractmethod
    def from_dlpack(self, array: Any, tensor: _metatensor.DLPackTensor) -> Any:
        """A new array of the same kind as ``array``, with the content of ``tensor``."""

    @abc.abstractmethod
    def create(self, array: Any, shape: tuple[int, ...], fill: _metatensor.DLPackTensor) -> Any:
        """A new array with the type and device of ``array``, filled with a scalar."""

    @abc.abstractmethod
    def copy(self, array: Any, device: DLPackDevice) -> Any:
        """An independent copy of the array on the given device."""

    @abc.abstractmethod
    def reshape(self, array: Any, shape: tuple[int, ...]) -> Any:
        """The array with another shape; the result can use the same memory."""

    @abc.abstractmethod
    def swap_axes(self, array: Any, axis_1: int, axis_2: int) -> Any:
        """The array with two exchanged axes; the result can use the same memory."""

    @abc.abstractmethod
    def move_data(self, array: Any, source: Any, movements: memoryview) -> Any:
        """
        Move data from ``source`` to ``array``, both with samples as the first axis and properties
        as the last one. The result is ``array`` if it was changed in place, or the array to be
        used instead of it.

        ``movements`` is only valid during the call, see ``_movements.read_movements``.
        """

    # ---------------------------------------------------------------------- values

    @abc.abstractmethod
    def device(self, array: Any) -> Device:
        """Where the data is, for users."""

    def dtype(self, array: Any) -> DType:
        """Type of the elements, for users."""
        return array.dtype

    def is_device(self, value: Any) -> bool:
        """Is this one of the objects that this library uses for devices?"""
        return False

    def is_dtype(self, value: Any) -> bool:
        """Is this one of the objects that only this library uses for types of elements?"""
        return False

    @abc.abstractmethod
    def scalar(self, value: Any, array: Any) -> Any:
        """
        ``value`` as an array without axes, on CPU, with the type of ``array``.

        ``ValueError`` or ``TypeError`` if it can not be converted to this type.
        """

    @abc.abstractmethod
    def from_array(self, array: Any) -> Any:
        """Convert an array of any other kind."""

    @abc.abstractmethod
    def to_numpy(self, array: Any) -> np.ndarray:
        """The content of the array as a NumPy array, not copied if it is on CPU."""

    @abc.abstractmethod
    def to_dtype(self, array: Any, dtype: DType, non_blocking: bool) -> Any:
        """Change the type of the elements; the array itself if it has this type already."""

    @abc.abstractmethod
    def to_device(self, array: Any, device: Device, non_blocking: bool) -> Any:
        """Move the data to another device; the array itself if it is there already."""

    # ---------------------------------------------------------------------- values of labels

    @abc.abstractmethod
    def label_values(self, array: Any) -> Any:
        """
        The array as 32-bit integers, without a copy if they are already.

        ``TypeError`` if the elements are not integers, ``ValueError`` if the array can not be used
        for labels.
        """

    @abc.abstractmethod
    def empty_label_values(self, array: Any, size: int) -> Any:
        """Values without any entry for labels with ``size`` dimensions, like ``array``."""

    @abc.abstractmethod
    def label_values_like(self, rows: Sequence[Sequence[int]] | np.ndarray, array: Any) -> Any:
        """Integers as values for labels, in the same kind of array and on the same device."""

    @abc.abstractmethod
    def concatenate_columns(self, arrays: Sequence[Any]) -> Any:
        """All the columns of some two-dimensional arrays, one array after the other."""

    def part(self, array: Any, index: Any) -> Any:
        """``array[index]``, for values of labels; ``index`` can be for the first axis only."""
        return array[index]

    def rows(self, array: Any) -> Iterator[Any]:
        """All parts of values of labels along the first axis."""
        return iter(array)

    def to_list(self, array: Any) -> list[Any]:
        """Values of labels as (nested) lists of integers."""
        return self.to_numpy(array).tolist()

    def freeze(self, array: Any) -> None:  # noqa: B027  (optional: not all libraries can do it)
        """Forbid changes to the elements, if this is possible."""
