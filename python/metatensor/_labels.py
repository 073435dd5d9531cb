"""Labels: the metadata of each axis of the data."""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ctypes_dlpack import DLDataType

from . import _metatensor
from ._c_api import address_of, c_uintptr_t, mts_array_t, mts_labels_t, pointer_at
from ._data import Conversion, backend_of, is_array, part, rows, to_list, unwrap_mts_array
from ._display.html import labels_html
from ._display.text import labels_print, labels_repr, labels_str
from ._labels_entry import LabelsEntry
from ._status import check_status

if TYPE_CHECKING:
    import pathlib
    from typing import BinaryIO

    from ._data import Array, Device


class Labels(_metatensor.Labels):
    """
    A set of labels: the metadata of one axis of an array, or the keys of a :py:class:`TensorMap`.

    Labels are a list of unique *entries*; each one has an integer value for each of the named
    *dimensions*. They behave like a list of :py:class:`LabelsEntry`, and can not be modified.

    >>> import numpy as np
    >>> from metatensor import Labels
    >>> labels = Labels(["system", "atom"], np.array([[0, 1], [0, 3], [2, 1]]))
    >>> labels.names
    ['system', 'atom']
    >>> len(labels)
    3
    >>> print(labels[1])
    LabelsEntry(system=0, atom=3)
    >>> labels.position([2, 1])
    2
    >>> labels["system"].tolist()
    [0, 0, 2]
    """

    __slots__ = ()
    __module__ = "metatensor"

    def __init__(
        self, names: str | Sequence[str], values: Array, assume_unique: bool = False
    ) -> None:
        """
        :param names: name of each dimension: letters, digits and underscores, not starting with a
            digit. A single dimension can be given as a str.
        :param values: integers with the shape ``(entries, dimensions)``, as an array of any kind
            (NumPy, torch, JAX, ...), or a ``mts_array_t`` (which then belongs to the labels).
            32-bit integers are not copied, and become read-only: this memory must not be modified
            afterwards. Arrays without any entry can have any shape and type.
        :param assume_unique: do not check that all entries are different. Everything that uses the
            labels relies on this!

        :raises TypeError: if ``names`` are not str, or if ``values`` are not integers
        :raises ValueError: if ``values`` is not an array, or has the wrong shape
        :raises MetatensorError: if a name is not valid, or if names or entries are not unique
        """
        names = _list_of_names(names)
        if isinstance(values, mts_array_t):
            _check_mts_array(values, len(names))
            array = unwrap_mts_array(values)
        elif is_array(values):
            array = values = _label_values(values, len(names))
        else:
            raise ValueError(
                "the values of Labels must be a NumPy array or a torch tensor, or an array of "
                f"another library, got '{type(values)}'"
            )
        super().__init__(names, values, assume_unique)
        if array is not None:
            backend_of(array).freeze(array)

    @staticmethod
    def single() -> Labels:
        """
        Labels with a single entry and a single dimension called ``_``, for axes or keys that do not
        need any metadata.
        """
        return Labels(["_"], np.zeros((1, 1), dtype=np.int32))

    @staticmethod
    def empty(names: str | Sequence[str]) -> Labels:
        """Labels with these dimensions but without any entry."""
        names = _list_of_names(names)
        return Labels(names, np.empty((0, len(names)), dtype=np.int32))

    @staticmethod
    def range(name: str, end: int) -> Labels:
        """
        Labels with one dimension, and the entries 0, 1, ... up to ``end`` (excluded).

        >>> Labels.range("n", 3).values.tolist()
        [[0], [1], [2]]

        :raises TypeError: if ``name`` is not a str
        """
        if not isinstance(name, str):
            raise TypeError(f"the name of the dimension must be a str, got '{type(name)}'")
        values = np.arange(end, dtype=np.int32).reshape(-1, 1)
        return Labels([name], values, assume_unique=True)

    # ------------------------------------------------------------------ container of entries

    @property
    def device(self) -> Device:
        """Device of the values, ``"cpu"`` for NumPy arrays."""
        values = self.values
        return backend_of(values).device(values)

    def __iter__(self) -> Iterator[LabelsEntry]:
        names = self.names
        for row in rows(self.values):
            yield LabelsEntry._from_row(names, row)

    def __getitem__(self, index: int | str) -> LabelsEntry | Array:
        """``labels[3]`` is :py:meth:`entry`, and ``labels["name"]`` is :py:meth:`column`."""
        if isinstance(index, str):
            return self.column(index)
        if isinstance(index, _INTEGERS):
            return self.entry(index)
        raise TypeError(f"can only index Labels with int or str, got '{type(index)}'")

    def entry(self, index: int) -> LabelsEntry:
        """
        Get one entry; negative values count from the end.

        :raises IndexError: if there are not enough entries
        """
        row = part(self.values, operator.index(index))
        return LabelsEntry._from_row(self.names, row)

    def column(self, name: str) -> Array:
        """
        Get the values of one dimension for all entries, as a view with a single axis.

        :raises ValueError: if there is no such dimension
        """
        if not isinstance(name, str):
            raise TypeError(f"the name of a column must be a str, got '{type(name)}'")
        return part(self.values, (slice(None), self._dimension(name)))

    def position(self, entry: LabelsEntry | Sequence[int]) -> int | None:
        """
        Get the position of an entry, ``None`` if it is not part of these labels.

        :param entry: one integer for each dimension; the names of a :py:class:`LabelsEntry` are not
            used
        :raises TypeError: if these are not integers
        :raises MetatensorError: if there are not as many values as dimensions
        """
        if isinstance(entry, LabelsEntry):
            entry = entry.values
        # arrays are read as lists, which is faster and works for all devices
        return self._position(to_list(entry) if is_array(entry) else entry)

    def __contains__(self, entry: LabelsEntry | Sequence[int]) -> bool:
        return self.position(entry) is not None

    def __eq__(self, other: object) -> bool:
        """Same dimensions and same entries, all in the same order, whatever the kind of arrays."""
        return self._equal(_check_labels(other))

    def __ne__(self, other: object) -> bool:
        return not self._equal(_check_labels(other))

    __hash__ = None  # type: ignore[assignment]

    # ------------------------------------------------------------------ set operations

    def union(self, other: Labels) -> Labels:
        """
        All the entries of ``self``, and then those of ``other`` that are not in ``self``.

        >>> first = Labels("n", np.array([[1], [2]]))
        >>> second = Labels("n", np.array([[3], [1]]))
        >>> first.union(second).values.tolist()
        [[1], [2], [3]]

        :raises MetatensorError: if the names of the dimensions, or the devices, are different
        """
        return self._union(_check_labels(other))

    def union_and_mapping(self, other: Labels) -> tuple[Labels, np.ndarray, np.ndarray]:
        """
        Same as :py:meth:`union`, and the mappings of both inputs: 64-bit integers with the position
        in the result of each of their entries.
        """
        return self._union_and_mapping(_check_labels(other))

    def intersection(self, other: Labels) -> Labels:
        """
        The entries which are in both, in the order of the one that has fewer entries (``self`` if
        they have the same number of entries).

        :raises MetatensorError: if the names of the dimensions, or the devices, are different
        """
        return self._intersection(_check_labels(other))

    def intersection_and_mapping(self, other: Labels) -> tuple[Labels, np.ndarray, np.ndarray]:
        """
        Same as :py:meth:`intersection`, and the mappings of both inputs: 64-bit integers with the
        position in the result of each of their entries, -1 for entries that are not part of it.
        """
        return self._intersection_and_mapping(_check_labels(other))

    def difference(self, other: Labels) -> Labels:
        """
        The entries of ``self`` that are not in ``other``, in the same order as in ``self``.

        :raises MetatensorError: if the names of the dimensions, or the devices, are different
        """
        return self._difference(_check_labels(other))

    def difference_and_mapping(self, other: Labels) -> tuple[Labels, np.ndarray]:
        """
        Same as :py:meth:`difference`, and the mapping of ``self``: 64-bit integers with the
        position in the result of each of its entries, -1 for entries that are not part of it.
        """
        return self._difference_and_mapping(_check_labels(other))

    def select(self, selection: Labels) -> np.ndarray:
        """
        Find all entries that match one of the entries of ``selection``, which can have only some of
        the dimensions of these labels.

        >>> labels = Labels(["a", "b"], np.array([[0, 1], [1, 2], [0, 3]]))
        >>> labels.select(Labels("a", np.array([[0]]))).tolist()
        [0, 2]

        :return: positions in these labels, as 64-bit unsigned integers (a NumPy array). If
            ``selection`` has exactly the same dimensions they follow the order of ``selection``,
            otherwise they are increasing.
        :raises MetatensorError: if a dimension of ``selection`` is not part of these labels, or if
            the devices are different
        """
        return self._select(_check_labels(selection))

    # ------------------------------------------------------------------ changes of dimensions

    def append(self, name: str, values: Array) -> Labels:
        """
        Add a dimension after all others, see :py:meth:`insert`.

        >>> labels = Labels("a", np.array([[1], [2]])).append("b", np.array([3, 4]))
        >>> labels.names, labels.values.tolist()
        (['a', 'b'], [[1, 3], [2, 4]])
        """
        return self.insert(len(self.names), name, values)

    def insert(self, index: int, name: str, values: Array) -> Labels:
        """
        Add a dimension before the one at position ``index``; negative values count from the end.

        :param values: integers, one for each entry: a NumPy array (or the same kind of array as the
            values of these labels)
        :raises IndexError: if ``index`` is out of range
        :raises ValueError: if ``values`` is not an array, or has the wrong shape
        :raises MetatensorError: if the name is not valid or already used
        """
        index = operator.index(index)
        count = len(self.names)
        if not -count <= index <= count:
            raise IndexError(
                f"can not insert a dimension at position {index} in Labels with {count} dimensions"
            )
        index = index + count if index < 0 else index

        column = self._new_column(values)
        names = [*self.names[:index], name, *self.names[index:]]
        return self._with_columns(names, [self._columns(0, index), column, self._columns(index)])

    def _new_column(self, values: Array) -> Array:
        backend = backend_of(self.values)
        if not isinstance(values, np.ndarray) and not backend.is_array(values):
            raise ValueError(f"the new values must be a NumPy array, got '{type(values)}'")
        if values.ndim != 1:
            raise ValueError(f"the new values must have one axis, got {values.ndim} axes")
        if values.shape[0] != len(self):
            raise ValueError(
                "there must be one value for each entry: "
                f"got {values.shape[0]} values for {len(self)} entries"
            )
        if isinstance(values, np.ndarray):
            integers = backend_of(values).label_values(_integers(values))
            values = backend.label_values_like(integers, self.values)
        return part(backend.label_values(values), (slice(None), None))

    def _columns(self, start: int, end: int | None = None) -> Array:
        """The values of successive dimensions, as an array with two axes."""
        return part(self.values, (slice(None), slice(start, end)))

    def _with_columns(self, names: list[str], columns: list[Array]) -> Labels:
        return Labels(names, backend_of(self.values).concatenate_columns(columns))

    def remove(self, name: str) -> Labels:
        """
        Remove a dimension.

        :raises ValueError: if there is no such dimension
        :raises MetatensorError: if entries are not unique without it
        """
        index = self._dimension(name)
        names = [*self.names[:index], *self.names[index + 1 :]]
        return self._with_columns(names, [self._columns(0, index), self._columns(index + 1)])

    def rename(self, old: str, new: str) -> Labels:
        """
        Change the name of a dimension.

        :raises ValueError: if there is no dimension called ``old``
        :raises MetatensorError: if ``new`` is not valid or already used
        """
        names = list(self.names)
        names[self._dimension(old)] = new
        return Labels(names, self.values)

    def permute(self, dimensions_indexes: Sequence[int]) -> Labels:
        """
        Change the order of the dimensions.

        >>> labels = Labels(["a", "b", "c"], np.array([[1, 2, 3]])).permute([2, 0, 1])
        >>> labels.names, labels.values.tolist()
        (['c', 'a', 'b'], [[3, 1, 2]])

        :param dimensions_indexes: for each dimension of the result, its position in these labels;
            negative values count from the end
        :raises ValueError: if there are not as many positions as dimensions
        :raises IndexError: if a position is out of range
        :raises MetatensorError: if a position is there more than once
        """
        indexes = [operator.index(index) for index in dimensions_indexes]
        if len(indexes) != len(self.names):
            raise ValueError(
                "the new order must contain all the dimensions: got "
                f"{len(indexes)} positions for {len(self.names)} dimensions"
            )
        names = [self.names[index] for index in indexes]
        positions = [range(len(indexes))[index] for index in indexes]
        # the first columns are an empty set: there can be no dimensions at all
        columns = [self._columns(0, 0), *(self._columns(i, i + 1) for i in positions)]
        return self._with_columns(names, columns)

    def _dimension(self, name: str) -> int:
        if name not in self.names:
            raise ValueError(f"'{name}' not found in the dimensions of these Labels: {self.names}")
        return self.names.index(name)

    # ------------------------------------------------------------------ conversions and copies

    def to(
        self,
        *args: Any,
        dtype: None = None,
        device: Device | None = None,
        arrays: str | None = None,
        non_blocking: bool = False,
    ) -> Labels:
        """
        Change the device, or the kind of array of the values.

        :param args: the device can be given as a positional argument
        :param dtype: labels always contain 32-bit integers, this can not be used
        :param device: new device, for example ``"cpu"`` or ``"cuda"``
        :param arrays: new kind of array: ``"numpy"``, ``"torch"``, ``"jax"``, ``"cupy"``, ...
        :param non_blocking: try to move data without waiting for it (torch only)
        :return: ``self`` if there is nothing to change
        """
        conversion = Conversion(
            "Labels.to",
            args,
            dtype=dtype,
            device=device,
            arrays=arrays,
            non_blocking=non_blocking,
        )
        if conversion.dtype is not None:
            raise ValueError("can not change the dtype of Labels: they are always 32-bit integers")
        return self._convert(conversion)

    def _convert(self, conversion: Conversion) -> Labels:
        current = self.values
        values = conversion.apply_to_label_values(current)
        return self if values is current else Labels(self.names, values, assume_unique=True)

    def __copy__(self) -> Labels:
        return self._clone()

    def __deepcopy__(self, memo: dict) -> Labels:
        # labels can not change, there is no reason to copy their values
        return self._clone()

    # ------------------------------------------------------------------ text

    def print(self, max_entries: int, indent: int = 0) -> str:
        """
        The labels as a table.

        :param max_entries: how many entries to show, all of them for negative values
        :param indent: number of spaces before all lines but the first one
        """
        return labels_print(self.names, self.values, max_entries, indent)

    def __repr__(self) -> str:
        return _RELEASED if self._is_released else labels_repr(self.names, self.values)

    def __str__(self) -> str:
        return _RELEASED if self._is_released else labels_str(self.names, self.values)

    def _repr_html_(self) -> str:
        return _RELEASED if self._is_released else labels_html(self)

    # ------------------------------------------------------------------ files

    @staticmethod
    def load(file: str | pathlib.Path | BinaryIO) -> Labels:
        """Read labels from a file, see :py:func:`metatensor.load_labels`."""
        from .io import load_labels

        return load_labels(file)

    @staticmethod
    def load_buffer(buffer: bytes | bytearray | memoryview) -> Labels:
        """Read labels from memory, see :py:func:`metatensor.io.load_labels_buffer`."""
        from .io import load_labels_buffer

        return load_labels_buffer(buffer)

    def save(self, file: str | pathlib.Path | BinaryIO) -> None:
        """Write these labels to a file, see :py:func:`metatensor.save`."""
        from .io import save

        save(file, self)

    def save_buffer(self) -> memoryview:
        """Write these labels to memory, see :py:func:`metatensor.io.save_buffer`."""
        from .io import save_buffer

        return save_buffer(self)

    def __reduce_ex__(self, protocol: int) -> tuple:
        from .io._pickle import reduce

        return reduce(self, protocol)

    @classmethod
    def _from_pickle(cls, data: Any) -> Labels:
        from .io import load_labels_buffer

        return load_labels_buffer(data)

    # ------------------------------------------------------------------ C interface

    @staticmethod
    def unsafe_from_ptr(ptr: ctypes._Pointer[mts_labels_t]) -> Labels:
        """Labels from a ``mts_labels_t*`` of the C interface, taking ownership of it."""
        return Labels._from_address(address_of(ptr))

    def as_mts_labels_t(self) -> ctypes._Pointer[mts_labels_t]:
        """The ``mts_labels_t*`` of the C interface, which these labels still own."""
        return pointer_at(self._address, mts_labels_t)

    def release(self) -> ctypes._Pointer[mts_labels_t]:
        """
        The ``mts_labels_t*`` of the C interface, which then belongs to the caller. After this,
        these labels can not be used anymore.
        """
        return pointer_at(self._release(), mts_labels_t)

    # name of `as_mts_labels_t` in older versions, used by featomic up to 0.6.6
    _as_mts_labels_t = as_mts_labels_t


_metatensor.register("Labels", Labels)

# DLPack type code, number of bits and of lanes
_INT32 = (0, 32, 1)
_INTEGERS = (int, np.int8, np.int16, np.int32, np.int64)
_RELEASED = "Labels(<empty>)"


def _list_of_names(names: str | Iterable[str]) -> list[str]:
    if isinstance(names, str):
        return [names] if names else []
    names = list(names)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"the names of Labels dimensions must be str, got '{type(name)}'")
    return names


def _check_labels(labels: Any) -> Labels:
    if not isinstance(labels, Labels):
        raise TypeError(f"expected Labels, got '{type(labels)}'")
    return labels


def _check_shape(shape: Sequence[int], size: int) -> None:
    if len(shape) != 2:
        raise ValueError(f"the values of Labels must have two axes, got {len(shape)} axes")
    if shape[1] != size:
        raise ValueError(
            "the values of Labels must have one column for each name: "
            f"got {shape[1]} columns and {size} names"
        )


def _label_values(values: Array, size: int) -> Array:
    """The values to use for labels with ``size`` dimensions."""
    backend = backend_of(values)
    shape = values.shape
    if len(shape) != 0 and shape[0] == 0:
        return backend.empty_label_values(values, size)
    _check_shape(shape, size)
    return backend.label_values(values)


def _check_mts_array(array: mts_array_t, size: int) -> None:
    shape = ctypes.POINTER(c_uintptr_t)()
    ndim = c_uintptr_t()
    check_status(array.shape(array.ptr, ctypes.byref(shape), ctypes.byref(ndim)))
    _check_shape(shape[: ndim.value], size)

    dtype = DLDataType()
    check_status(array.dtype(array.ptr, ctypes.byref(dtype)))
    if (dtype.code, dtype.bits, dtype.lanes) != _INT32:
        raise TypeError("the values of Labels must be 32-bit integers")


def _integers(values: np.ndarray) -> np.ndarray:
    """The same values; floating point numbers are accepted if they do not have decimals."""
    if values.dtype.kind == "f":
        integers = values.astype(np.int64)
        if np.array_equal(integers, values):
            return integers
    return values
