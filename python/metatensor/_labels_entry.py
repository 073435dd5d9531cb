"""One entry of some Labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._data import backend_of, is_array, part, rows, to_list
from ._display.html import labels_entry_html
from ._display.text import labels_entry_print, labels_entry_repr

if TYPE_CHECKING:
    from ._data import Array, Device


class LabelsEntry:
    """
    One entry of :py:class:`Labels`: the names of the dimensions, and the values of the entry.

    >>> import numpy as np
    >>> from metatensor import Labels
    >>> labels = Labels(["system", "atom"], np.array([[0, 1], [0, 3]]))
    >>> entry = labels[1]
    >>> print(entry)
    LabelsEntry(system=0, atom=3)
    >>> int(entry["atom"])
    3
    >>> system, atom = entry
    """

    __module__ = "metatensor"

    _names: list[str]
    _values: Array

    def __init__(self, names: list[str], values: Array):
        """
        :param names: names of the dimensions
        :param values: one 32-bit integer for each dimension, as a one-dimensional array
        :raises ValueError: if ``values`` has another shape or another type
        """
        assert isinstance(names, list), "names must be a list of str"
        assert all(isinstance(name, str) for name in names), "names must be a list of str"
        assert is_array(values), "values must be an array"

        if values.ndim != 1:
            raise ValueError(
                f"the values of a LabelsEntry must have one axis, got {values.ndim} axes"
            )
        if backend_of(values).dlpack_dtype(values) != _INT32:
            raise ValueError(
                "the values of a LabelsEntry must be 32-bit integers, "
                f"got an array with dtype '{values.dtype}'"
            )
        if len(names) != values.shape[0]:
            raise ValueError(
                "expected one value for each name, "
                f"got {len(names)} names and {values.shape[0]} values"
            )
        self._names = names
        self._values = values

    @classmethod
    def _from_row(cls, names: list[str], values: Array) -> LabelsEntry:
        """An entry of existing labels: there is nothing to check."""
        entry = cls.__new__(cls)
        entry._names = names
        entry._values = values
        return entry

    @property
    def names(self) -> list[str]:
        """Names of the dimensions; this list must not be modified."""
        return self._names

    @property
    def values(self) -> Array:
        """Values, one 32-bit integer for each dimension. This is a view inside of the Labels."""
        return self._values

    @property
    def device(self) -> Device:
        """Device of the values, ``"cpu"`` for NumPy arrays."""
        return backend_of(self._values).device(self._values)

    def print(self) -> str:
        """The entry as text: ``(system=0, atom=3)``."""
        return labels_entry_print(self._names, self._values)

    def __repr__(self) -> str:
        return labels_entry_repr(self._names, self._values)

    def _repr_html_(self) -> str:
        return labels_entry_html(self)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Any]:
        return rows(self._values)

    def __getitem__(self, index: int | str) -> Any:
        """
        Value of one dimension, from its position or its name.

        :raises IndexError: if there is no dimension at this position
        :raises ValueError: if there is no dimension with this name
        """
        if isinstance(index, int):
            return part(self._values, index)
        if isinstance(index, str):
            if index not in self._names:
                raise ValueError(f"'{index}' not found in the dimensions of this LabelsEntry")
            return part(self._values, self._names.index(index))
        raise TypeError(f"can only index LabelsEntry with int or str, got '{type(index)}'")

    def __eq__(self, other: object) -> bool:
        """Same names in the same order, and same values."""
        if not isinstance(other, LabelsEntry):
            raise TypeError(
                f"can only compare a LabelsEntry to another LabelsEntry, got '{type(other)}'"
            )
        return self._names == other._names and to_list(self._values) == to_list(other._values)

    def __ne__(self, other: object) -> bool:
        return not self == other


# DLPack type code and number of bits
_INT32 = (0, 32)
