"""Tensor maps: blocks, identified by their keys."""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Generator, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _metatensor
from ._block import TensorBlock
from ._c_api import address_of, mts_tensormap_t, pointer_at
from ._data import Conversion, backend_of
from ._display.html import tensor_html
from ._display.text import tensor_print
from ._labels import Labels
from ._labels_entry import LabelsEntry

if TYPE_CHECKING:
    import pathlib
    from typing import BinaryIO

    from ._data import Array, Device, DType

    #: What identifies blocks: position, values of some dimensions of the keys, an entry, or labels
    Selection = int | dict[str, int] | LabelsEntry | Labels | None


class TensorMap(_metatensor.TensorMap):
    """
    A list of :py:class:`TensorBlock`, each one identified by an entry of the *keys*.

    All blocks have the same dimension names, the same gradients, and values of the same kind, type
    and device.

    >>> import numpy as np
    >>> from metatensor import Labels, TensorBlock, TensorMap
    >>> blocks = [
    ...     TensorBlock(
    ...         values=np.full((1, 2), float(angular)),
    ...         samples=Labels.range("atom", 1),
    ...         components=[],
    ...         properties=Labels.range("n", 2),
    ...     )
    ...     for angular in [0, 1, 2]
    ... ]
    >>> tensor = TensorMap(Labels.range("angular", 3), blocks)
    >>> tensor.block(angular=2).values
    array([[2., 2.]])
    >>> print(tensor)
    TensorMap with 3 blocks
        keys: [angular]
        blocks:
           0   => TensorBlock with shape (1, 2)
           1   => TensorBlock with shape (1, 2)
           2   => TensorBlock with shape (1, 2)
    """

    __slots__ = ()
    __module__ = "metatensor"

    def __init__(self, keys: Labels, blocks: Iterable[TensorBlock]) -> None:
        """
        The blocks are *moved* inside of the TensorMap: they can not be used anymore afterwards, use
        :py:meth:`block` to get them back.

        :param keys: one entry for each block
        :param blocks: blocks which are not part of anything else yet

        :raises TypeError: if ``keys`` are not Labels, or ``blocks`` are not TensorBlocks
        :raises RuntimeError: for blocks that are part of another TensorMap or block: use
            :py:meth:`TensorBlock.copy`
        :raises ValueError: if one of the blocks was already moved
        :raises MetatensorError: if there are not as many blocks as keys, or if the blocks do not
            have the same dimensions, gradients, types or devices
        """
        if not isinstance(keys, Labels):
            raise TypeError(f"`keys` must be Labels, got '{type(keys)}'")
        super().__init__(keys, list(blocks))

    # ------------------------------------------------------------------ metadata of all blocks

    @property
    def sample_names(self) -> list[str]:
        """Names of the dimensions of the samples; empty without blocks."""
        return list(self.block_by_id(0).samples.names) if len(self) != 0 else []

    @property
    def component_names(self) -> list[str]:
        """Names of the components, one for each axis of components; empty without blocks."""
        if len(self) == 0:
            return []
        return [component.names[0] for component in self.block_by_id(0).components]

    @property
    def property_names(self) -> list[str]:
        """Names of the dimensions of the properties; empty without blocks."""
        return list(self.block_by_id(0).properties.names) if len(self) != 0 else []

    @property
    def device(self) -> Device:
        """Device of the values of all blocks; ``"cpu"`` without blocks."""
        return self.block_by_id(0).device if len(self) != 0 else "cpu"

    @property
    def dtype(self) -> DType | None:
        """Type of the values of all blocks; ``None`` without blocks."""
        return self.block_by_id(0).dtype if len(self) != 0 else None

    # ------------------------------------------------------------------ access to blocks

    def items(self) -> Generator[tuple[LabelsEntry, TensorBlock], None, None]:
        """Iterate over the keys and the blocks."""
        for index, key in enumerate(self.keys):
            yield key, self.block_by_id(index)

    def __getitem__(self, selection: Selection) -> TensorBlock:
        """``tensor[selection]`` is :py:meth:`block`; positions also make iterations work."""
        return self.block(selection)

    def block(self, selection: Selection = None, **kwargs: int) -> TensorBlock:
        """
        Get the only block which matches a selection.

        :param selection: the position of the block, or values of dimensions of the keys: a dict, an
            entry of Labels, or Labels
        :param kwargs: same as a dict, used if there is no ``selection``:
            ``tensor.block(angular=2)``
        :return: a view inside of this TensorMap

        :raises IndexError: if there is no block at this position
        :raises ValueError: if no block matches, or more than one
        :raises TypeError: if this is something else, or if the values are not integers
        :raises MetatensorError: if one of the dimensions is not part of the keys
        """
        if isinstance(selection, int):
            return self.block_by_id(selection)

        selected, positions = self._select(selection, kwargs)
        if len(positions) == 1:
            return self.block_by_id(positions[0])
        if len(self) == 0:
            raise ValueError("there are no blocks in this TensorMap")
        if len(positions) == 0:
            raise ValueError(f"there is no block matching {_describe(selected)}")
        raise ValueError(
            f"{len(positions)} blocks match {_describe(selected)}: use `TensorMap.blocks` to get "
            "more than one block"
        )

    def blocks(self, selection: Selection = None, **kwargs: int) -> list[TensorBlock]:
        """
        Get all blocks which match a selection, or all blocks without any selection.

        The arguments are the same as in :py:meth:`block`. If Labels with exactly the same
        dimensions as the keys are used, the blocks are in the order of these Labels; otherwise
        they are in the order of the keys.

        :raises ValueError: if no block matches
        """
        if isinstance(selection, int):
            return [self.block_by_id(selection)]
        if selection is None and not kwargs:
            return self.blocks_by_id(range(len(self)))

        selected, positions = self._select(selection, kwargs)
        if len(positions) == 0 and len(self) != 0:
            raise ValueError(f"there is no block matching {_describe(selected)}")
        return self.blocks_by_id(positions.tolist())

    def blocks_by_id(self, indices: Iterable[int]) -> list[TensorBlock]:
        """Get the blocks at some positions in the keys."""
        return [self.block_by_id(index) for index in indices]

    def _select(self, selection: Selection, kwargs: dict[str, int]) -> tuple[Labels, np.ndarray]:
        """The selection as Labels, and the position of the matching blocks"""
        keys = self.keys
        if selection is None:
            selection = kwargs
        if isinstance(selection, dict):
            selection = _labels_from_dict(selection, keys)
        elif isinstance(selection, LabelsEntry):
            selection = Labels(selection.names, selection.values[None, :], assume_unique=True)
        elif not isinstance(selection, Labels):
            raise TypeError(
                "blocks can be selected with an int, a dict, a LabelsEntry or Labels, "
                f"got '{type(selection)}'"
            )
        return selection, keys.select(selection)

    # ------------------------------------------------------------------ changes of the keys

    def keys_to_properties(
        self,
        keys_to_move: str | Sequence[str] | Labels,
        *,
        fill_value: float = 0.0,
        sort_samples: bool = True,
    ) -> TensorMap:
        """
        Merge the blocks which only differ by some dimensions of the keys, along the properties.
        These dimensions are then the first ones of the properties.

        :param keys_to_move: names of the dimensions of the keys. With Labels that contain entries,
            the result has the properties of exactly these entries; the blocks must all have the
            same properties.
        :param fill_value: value for samples which are not part of all merged blocks
        :param sort_samples: sort the samples of the new blocks? Otherwise, they are in order of
            first occurrence.
        :return: a new TensorMap, which does not share its values with this one

        :raises MetatensorError: if blocks can not be merged: components are different (use
            :py:meth:`components_to_properties` first), or there are gradients of gradients
        """
        return self._keys_to_properties(
            _labels_of_names(keys_to_move), self._fill_value(fill_value), sort_samples
        )

    def keys_to_samples(
        self,
        keys_to_move: str | Sequence[str] | Labels,
        *,
        fill_value: float = 0.0,
        sort_samples: bool = True,
    ) -> TensorMap:
        """
        Merge the blocks which only differ by some dimensions of the keys, along the samples. These
        dimensions are then the last ones of the samples.

        :param keys_to_move: names of the dimensions of the keys, or Labels without any entry
        :param fill_value: value for properties which are not part of all merged blocks
        :param sort_samples: sort the samples of the new blocks? Otherwise, they are in order of
            first occurrence.
        :return: a new TensorMap, which does not share its values with this one

        :raises MetatensorError: if blocks can not be merged: components are different (use
            :py:meth:`components_to_properties` first), or there are gradients of gradients
        """
        return self._keys_to_samples(
            _labels_of_names(keys_to_move), self._fill_value(fill_value), sort_samples
        )

    def components_to_properties(self, dimensions: str | Sequence[str]) -> TensorMap:
        """
        Move components to the properties, one after the other: each one becomes the first dimension
        of the properties.

        :param dimensions: names of the components
        :return: a new TensorMap, which does not share its values with this one

        :raises MetatensorError: if there is no such component
        """
        names = _list_of_names(dimensions)
        return self._components_to_properties(names) if names else self.copy()

    def _fill_value(self, value: Any) -> Array | None:
        """The value as an array without axes and with the type of all blocks."""
        if len(self) == 0:
            return None
        values = self.block_by_id(0).values
        return backend_of(values).scalar(value, values)

    # ------------------------------------------------------------------ operators

    def __eq__(self, other: object) -> bool:
        """Same keys and blocks: see :py:func:`metatensor.equal`."""
        from .operations import equal

        return equal(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Any) -> TensorMap:
        from .operations import add

        return add(self, other)

    def __sub__(self, other: Any) -> TensorMap:
        from .operations import subtract

        return subtract(self, other)

    def __mul__(self, other: Any) -> TensorMap:
        from .operations import multiply

        return multiply(self, other)

    def __truediv__(self, other: Any) -> TensorMap:
        from .operations import divide

        return divide(self, other)

    def __pow__(self, other: Any) -> TensorMap:
        from .operations import pow

        return pow(self, other)

    def __matmul__(self, other: Any) -> TensorMap:
        from .operations import dot

        return dot(self, other)

    def __neg__(self) -> TensorMap:
        from .operations import multiply

        return multiply(self, -1)

    def __pos__(self) -> TensorMap:
        return self

    # ------------------------------------------------------------------ conversions and copies

    def to(
        self,
        *args: Any,
        dtype: DType | None = None,
        device: Device | None = None,
        arrays: str | None = None,
        non_blocking: bool = False,
    ) -> TensorMap:
        """
        Change the type, the device, or the kind of array of all blocks. Labels and gradients
        follow.

        :param args: type and device can be given as positional arguments, in any order
        :param dtype: new type of the values, for the *new* kind of arrays
        :param device: new device, for example ``"cpu"`` or ``"cuda"``
        :param arrays: new kind of array: ``"numpy"``, ``"torch"``, ``"jax"``, ``"cupy"``, ...
        :param non_blocking: try to move data without waiting for it (torch only)
        :return: a new TensorMap, with the same arrays if there is nothing to change
        """
        conversion = Conversion(
            "TensorMap.to",
            args,
            dtype=dtype,
            device=device,
            arrays=arrays,
            non_blocking=non_blocking,
        )
        blocks = [block._convert(conversion) for block in self]
        return self._with_same_info(TensorMap(conversion.labels(self.keys), blocks))

    def copy(self, deep: bool = True) -> TensorMap:
        """
        Copy this TensorMap.

        :param deep: copy the values, or use the same arrays for both? Labels can not change, and
            are always shared.
        """
        if deep:
            return self._copy()
        blocks = [block.copy(deep=False) for block in self]
        return self._with_same_info(TensorMap(self.keys, blocks))

    def __copy__(self) -> TensorMap:
        return self.copy(deep=False)

    def __deepcopy__(self, memo: dict) -> TensorMap:
        return self.copy(deep=True)

    def _with_same_info(self, tensor: TensorMap) -> TensorMap:
        for key, value in self.info().items():
            tensor.set_info(key, value)
        return tensor

    # ------------------------------------------------------------------ text

    def print(self, max_keys: int) -> str:
        """
        The keys and the shape of the blocks as text.

        :param max_keys: how many blocks to show, all of them for negative values
        """
        return tensor_print(self, max_keys)

    def __repr__(self) -> str:
        return _RELEASED if self._is_released else self.print(-1)

    def __str__(self) -> str:
        return _RELEASED if self._is_released else self.print(7)

    def _repr_html_(self) -> str:
        return _RELEASED if self._is_released else tensor_html(self)

    # ------------------------------------------------------------------ files

    @staticmethod
    def load(
        file: str | pathlib.Path | BinaryIO,
        use_numpy: bool = False,
        *,
        mmap: bool = False,
        keys: Labels | None = None,
        samples: Labels | None = None,
        properties: Labels | None = None,
    ) -> TensorMap:
        """Read a TensorMap from a file, see :py:func:`metatensor.load`."""
        from .io import load

        return load(file, use_numpy, mmap=mmap, keys=keys, samples=samples, properties=properties)

    @staticmethod
    def load_buffer(buffer: bytes | bytearray | memoryview, use_numpy: bool = False) -> TensorMap:
        """Read a TensorMap from memory, see :py:func:`metatensor.io.load_buffer`."""
        from .io import load_buffer

        return load_buffer(buffer, use_numpy)

    def save(
        self,
        file: str | pathlib.Path | BinaryIO,
        use_numpy: bool = False,
        *,
        aligned: bool = False,
    ) -> None:
        """Write this TensorMap to a file, see :py:func:`metatensor.save`."""
        from .io import save

        save(file, self, use_numpy, aligned=aligned)

    def save_buffer(self, use_numpy: bool = False) -> memoryview:
        """Write this TensorMap to memory, see :py:func:`metatensor.io.save_buffer`."""
        from .io import save_buffer

        return save_buffer(self, use_numpy)

    def __reduce_ex__(self, protocol: int) -> tuple:
        from .io._pickle import reduce

        return reduce(self, protocol)

    @classmethod
    def _from_pickle(cls, data: Any) -> TensorMap:
        from .io import load_buffer

        return load_buffer(data)

    # ------------------------------------------------------------------ C interface

    @staticmethod
    def unsafe_from_ptr(ptr: ctypes._Pointer[mts_tensormap_t]) -> TensorMap:
        """TensorMap from a ``mts_tensormap_t*`` of the C interface, taking ownership of it."""
        return TensorMap._from_address(address_of(ptr))

    # name of `unsafe_from_ptr` in older versions, used by featomic up to 0.6.6
    _from_ptr = unsafe_from_ptr

    @staticmethod
    def unsafe_view_from_ptr(ptr: ctypes._Pointer[mts_tensormap_t], parent: Any) -> TensorMap:
        """View of a ``mts_tensormap_t*`` of the C interface, which keeps ``parent`` alive."""
        assert parent is not None, "the owner of the tensor map is needed"
        return TensorMap._view_from_address(address_of(ptr), parent)

    def as_mts_tensormap_t(self) -> ctypes._Pointer[mts_tensormap_t]:
        """The ``mts_tensormap_t*`` of the C interface, which this TensorMap still owns."""
        return pointer_at(self._address, mts_tensormap_t)

    @property
    def _ptr(self) -> ctypes._Pointer[mts_tensormap_t] | None:
        # used by featomic up to 0.6.6
        return None if self._is_released else self.as_mts_tensormap_t()

    def release(self) -> ctypes._Pointer[mts_tensormap_t]:
        """
        The ``mts_tensormap_t*`` of the C interface, which then belongs to the caller. After this,
        the TensorMap can not be used anymore.

        :raises RuntimeError: if this is a view
        """
        return pointer_at(self._release(), mts_tensormap_t)


_metatensor.register("TensorMap", TensorMap)

_RELEASED = "TensorMap(<empty>)"
_INT32_MIN = -(2**31)
_INT32_MAX = 2**31 - 1


def _list_of_names(names: str | Iterable[str]) -> list[str]:
    names = [names] if isinstance(names, str) else list(names)
    assert all(isinstance(name, str) for name in names), "the names of dimensions must be str"
    return names


def _labels_of_names(names: str | Sequence[str] | Labels) -> Labels:
    """Labels without entries for the dimensions to move, if the user only gave names."""
    if isinstance(names, Labels):
        return names
    return Labels.empty(_list_of_names(names))


def _labels_from_dict(selection: dict[str, int], keys: Labels) -> Labels:
    """A single entry, in the same kind of array and on the same device as the keys."""
    row = []
    for name, value in selection.items():
        try:
            row.append(operator.index(value))
        except TypeError:
            raise TypeError(
                f"the values of a selection must be integers, got {value!r} with type "
                f"'{type(value)}' for '{name}'"
            ) from None
    if any(not _INT32_MIN <= value <= _INT32_MAX for value in row):
        raise ValueError(f"there is no block matching {selection}: keys are 32-bit integers")
    values = keys.values
    row_values = backend_of(values).label_values_like([row], values)
    return Labels(list(selection), row_values, assume_unique=True)


def _describe(selection: Labels) -> str:
    """The entries of a selection, for error messages."""
    return ", ".join(entry.print() for entry in selection) or "an empty selection"
