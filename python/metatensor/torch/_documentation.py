"""
What the TorchScript classes and operators look like, for people.

The classes are implemented in C++, and torch does not keep any documentation for them. The classes
in this file have the same functions with the same arguments, and no implementation. They are what
``help()`` shows and what type checkers see. They replace the actual ones when the environment
variable ``METATENSOR_IMPORT_FOR_SPHINX`` is set, to build the documentation without the shared
library.
"""

import functools
from collections.abc import Callable
from typing import Any, Dict, List, Optional, Tuple, TypeVar, Union, cast

import torch

_Class = TypeVar("_Class")
_Function = TypeVar("_Function", bound=Callable[..., Any])


def _refuse(function: _Function) -> _Function:
    @functools.wraps(function)
    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "this is only here for the documentation: unset `METATENSOR_IMPORT_FOR_SPHINX` to use "
            "`metatensor.torch`"
        )

    return cast(_Function, refuse)


def _documentation_only(cls: type[_Class]) -> type[_Class]:
    """Show the class under its public name, and make all its methods raise a ``RuntimeError``."""
    cls.__module__ = "metatensor.torch"
    for name, member in list(vars(cls).items()):
        if isinstance(member, property):
            setattr(cls, name, property(_refuse(member.fget)))
        elif isinstance(member, staticmethod):
            setattr(cls, name, staticmethod(_refuse(member.__func__)))
        elif callable(member):
            setattr(cls, name, _refuse(member))
    return cls


@_documentation_only
class LabelsEntry:
    """
    One entry of some :py:class:`Labels`, as given by ``labels[i]``. It keeps the labels alive.

    Entries are equal if they have the same names in the same order, and the same values.
    """

    @property
    def names(self) -> List[str]:
        """Names of the dimensions."""

    @property
    def values(self) -> torch.Tensor:
        """
        Values of the dimensions: 1-D tensor of 32-bit integers, view in the values of the labels.
        """

    @property
    def device(self) -> torch.device:
        """Device of the values."""

    def print(self) -> str:
        """Print as ``(a=0, b=1)``."""

    def __len__(self) -> int:
        """Number of dimensions."""

    def __getitem__(self, index: Union[str, int]) -> int:
        """
        Value of one dimension.

        :param index: name of the dimension, or its index
        :raises ValueError: if there is no dimension with this name
        :raises IndexError: if the index is out of range
        :raises TypeError: for any other type
        """

    def __eq__(self, other: "LabelsEntry") -> bool:
        """Are the names and values the same?"""

    def __ne__(self, other: "LabelsEntry") -> bool:
        """Are the names or values different?"""


@_documentation_only
class Labels:
    """
    A set of unique entries: one 32-bit integer for each of the named dimensions. Labels describe
    the axes of a :py:class:`TensorBlock`, and the keys of a :py:class:`TensorMap`.

    Labels are immutable, and all functions return new labels on the same device. Labels are equal
    if they have the same names in the same order, and the same entries in the same order.

    :param names: names of the dimensions: letters, digits and underscores
    :param values: 2-D tensor of integers with one row per entry and one column per dimension, on
        any device. A tensor with dtype ``int32`` is used without copy, and must not be modified
        afterwards; other dtypes are converted.
    :param assume_unique: do not check that the entries are unique. The result of other functions
        is undefined if they are not.
    :raises TypeError: if ``names`` has the wrong type
    :raises ValueError: if ``values`` has the wrong dtype or shape
    :raises RuntimeError: if a name is invalid, or if there are duplicated names or entries
    """

    def __init__(
        self,
        names: Union[str, List[str], Tuple[str, ...]],
        values: torch.Tensor,
        assume_unique: bool = False,
    ) -> None:
        pass

    @staticmethod
    def single() -> "Labels":
        """Labels for data without structure: one dimension named ``"_"``, one entry with 0."""

    @staticmethod
    def empty(names: Union[str, List[str], Tuple[str, ...]]) -> "Labels":
        """Labels without entries."""

    @staticmethod
    def range(name: str, end: int) -> "Labels":
        """Labels with one dimension, and entries from 0 to ``end`` (excluded)."""

    @property
    def names(self) -> List[str]:
        """Names of the dimensions."""

    @property
    def values(self) -> torch.Tensor:
        """
        All the entries: ``int32`` tensor with shape ``(len(self), len(self.names))``. This is
        always the same tensor, which must not be modified.
        """

    @property
    def device(self) -> torch.device:
        """Device of the values."""

    def column(self, dimension: str) -> torch.Tensor:
        """
        Values of a single dimension for all entries, as a view of ``values``.

        :raises ValueError: if there is no dimension with this name
        """

    def entry(self, index: int) -> LabelsEntry:
        """
        One entry. Negative indexes count from the last entry.

        :raises IndexError: if the index is out of range
        """

    def __len__(self) -> int:
        """Number of entries."""

    def __getitem__(self, index: Union[int, str]) -> Union[LabelsEntry, torch.Tensor]:
        """``entry(index)`` if the index is an integer, ``column(index)`` if it is a string."""

    def __contains__(
        self, entry: Union[LabelsEntry, torch.Tensor, List[int], Tuple[int, ...]]
    ) -> bool:
        """Is this entry in the labels? See :py:meth:`position`."""

    def position(
        self, entry: Union[LabelsEntry, torch.Tensor, List[int], Tuple[int, ...]]
    ) -> Optional[int]:
        """
        Index of an entry, or ``None`` if it is not in these labels.

        :param entry: values of the entry, one for each dimension
        :raises TypeError: for anything else than a LabelsEntry, a tensor, or integers
        :raises ValueError: if a tensor is not 1-D or does not contain integers
        :raises RuntimeError: if there is not one value for each dimension
        """

    def append(self, name: str, values: torch.Tensor) -> "Labels":
        """Same as :py:meth:`insert` after the last dimension."""

    def insert(self, index: int, name: str, values: torch.Tensor) -> "Labels":
        """
        Labels with one more dimension.

        :param index: position of the new dimension
        :param name: name of the new dimension
        :param values: 1-D tensor of integers with one value for each entry
        :raises IndexError: if the index is out of range
        :raises ValueError: if the values do not have the right shape or dtype
        :raises RuntimeError: if the name is invalid or already used
        """

    def permute(self, dimensions_indexes: List[int]) -> "Labels":
        """
        Labels with the dimensions in another order.

        :param dimensions_indexes: for each dimension of the result, its current index. Negative
            indexes count from the last dimension
        :raises ValueError: if there is not one index for each dimension
        :raises IndexError: if an index is out of range
        """

    def remove(self, name: str) -> "Labels":
        """
        Labels without one of the dimensions.

        :raises ValueError: if there is no dimension with this name
        :raises RuntimeError: if the remaining entries are not unique
        """

    def rename(self, old: str, new: str) -> "Labels":
        """
        Labels with another name for one of the dimensions. The values are shared.

        :raises ValueError: if there is no dimension named ``old``
        """

    def to(self, device: Union[str, torch.device, None], non_blocking: bool = False) -> "Labels":
        """
        Move the labels to another device; ``None`` is the current device.

        :param non_blocking: do not wait for the end of the copy, if this is possible
        """

    def union(self, other: "Labels") -> "Labels":
        """
        All the entries of ``self``, followed by the entries which are only in ``other``.

        :param other: labels with the same names, on the same device
        """

    def union_and_mapping(self, other: "Labels") -> Tuple["Labels", torch.Tensor, torch.Tensor]:
        """
        Same as :py:meth:`union`; and for the entries of ``self`` and ``other``, their positions in
        the union (1-D ``int64`` tensors).
        """

    def intersection(self, other: "Labels") -> "Labels":
        """
        The entries which are in both ``self`` and ``other``, in the order of the smallest one.

        :param other: labels with the same names, on the same device
        """

    def intersection_and_mapping(
        self, other: "Labels"
    ) -> Tuple["Labels", torch.Tensor, torch.Tensor]:
        """
        Same as :py:meth:`intersection`; and for the entries of ``self`` and ``other``, their
        positions in the intersection or -1 (1-D ``int64`` tensors).
        """

    def difference(self, other: "Labels") -> "Labels":
        """
        The entries of ``self`` which are not in ``other``.

        :param other: labels with the same names, on the same device
        """

    def difference_and_mapping(self, other: "Labels") -> Tuple["Labels", torch.Tensor]:
        """
        Same as :py:meth:`difference`; and for the entries of ``self``, their positions in the
        difference or -1 (1-D ``int64`` tensor).
        """

    def select(self, selection: "Labels") -> torch.Tensor:
        """
        Indexes of the entries which match one of the entries in ``selection``.

        :param selection: labels with some of the names of ``self``, on the same device
        :returns: 1-D ``int64`` tensor. The indexes follow the order of ``selection`` if it has
            exactly the same names as ``self``, and are increasing otherwise.
        """

    def print(self, max_entries: int, indent: int = 0) -> str:
        """
        Print the labels as a table.

        :param max_entries: maximum number of entries to print, all of them if it is negative
        :param indent: number of spaces at the beginning of all lines but the first
        """

    def save(self, file: str) -> None:
        """Save to a file."""

    def save_buffer(self) -> torch.Tensor:
        """Save to a tensor of bytes."""

    @staticmethod
    def load(file: str) -> "Labels":
        """Load from a file."""

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "Labels":
        """Load from a 1-D, contiguous CPU tensor of bytes."""

    @staticmethod
    def unsafe_from_ptr(ptr: int) -> "Labels":
        """Take the ownership of an ``mts_labels_t*`` of the C API."""

    def as_mts_labels_t(self) -> int:
        """The ``mts_labels_t*`` of the C API, valid as long as these labels."""

    def release(self) -> int:
        """
        Give away the ``mts_labels_t*`` of the C API. The names and values can still be accessed
        afterwards, all other functions raise a ``RuntimeError``. Labels that come from a block,
        which shares them, can still be used.
        """


@_documentation_only
class TensorBlock:
    """
    Values with metadata for each axis: samples, any number of components, and properties; together
    with gradients of the values with respect to some parameters.

    All labels must be on the same device as the values. Nothing is copied when creating a block:
    ``block.values`` is the tensor given to the constructor.

    :param values: tensor with at least two axes
    :param samples: labels describing the first axis
    :param components: labels with a single dimension, one for each of the axes in the middle
    :param properties: labels describing the last axis
    :raises RuntimeError: if the labels do not match the shape of the values, or are on another
        device
    """

    def __init__(
        self,
        values: torch.Tensor,
        samples: Labels,
        components: List[Labels],
        properties: Labels,
    ) -> None:
        pass

    @property
    def values(self) -> torch.Tensor:
        """
        The values. They can be changed with ``block.values[:] = ...``.

        :raises ValueError: when trying to replace the tensor itself
        """

    @property
    def samples(self) -> Labels:
        """Description of the first axis of the values."""

    @property
    def components(self) -> List[Labels]:
        """Description of the axes in the middle."""

    @property
    def properties(self) -> Labels:
        """Description of the last axis of the values."""

    @property
    def shape(self) -> List[int]:
        """Shape of the values."""

    @property
    def device(self) -> torch.device:
        """Device of the values and of all labels."""

    @property
    def dtype(self) -> torch.dtype:
        """
        dtype of the values. Outside of TorchScript this is an integer, which is not equal to the
        corresponding ``torch.dtype``: use ``block.values.dtype`` there.
        """

    @property
    def is_view(self) -> bool:
        """Is this block a part of a :py:class:`TensorMap`, or a gradient of another block?"""

    def __len__(self) -> int:
        """Number of samples."""

    def copy(self, deep: bool = True) -> "TensorBlock":
        """
        A block which is not a view.

        :param deep: copy the values and gradients (this can be differentiated), or share them?
            Labels are always shared.
        """

    def add_gradient(self, parameter: str, gradient: "TensorBlock") -> None:
        """
        Add the gradient of the values with respect to ``parameter``, sharing the values, labels and
        gradients of ``gradient``. No other thread may use this block at the same time.

        :param parameter: name of the parameter
        :param gradient: gradient, the first dimension of its samples must be named ``sample``
            and contain positions in the samples of this block
        :raises RuntimeError: if there already is a gradient for this parameter, the gradient does
            not match the block, or the block is a view
        """

    def gradients_list(self) -> List[str]:
        """Parameters for which this block has gradients."""

    def has_gradient(self, parameter: str) -> bool:
        """Is there a gradient with respect to this parameter?"""

    def gradient(self, parameter: str) -> "TensorBlock":
        """
        View of the gradient with respect to a parameter.

        :raises RuntimeError: if there is no such gradient
        """

    def gradients(self) -> List[Tuple[str, "TensorBlock"]]:
        """All parameters and the corresponding gradients."""

    def to(
        self,
        *args: Union[torch.device, str, torch.dtype],
        dtype: Optional[torch.dtype] = None,
        device: Optional[torch.device] = None,
        arrays: Optional[str] = None,
        non_blocking: bool = False,
    ) -> "TensorBlock":
        """
        Move the values, all gradients and labels to another device, and convert the values and
        gradients to another dtype. This can be differentiated. Tensors which do not change are
        shared with the new block.

        :param args: device, dtype, or both in any order
        :param dtype: new dtype
        :param device: new device
        :param arrays: ``"torch"`` or ``None``; for compatibility with ``metatensor.TensorBlock``
        :param non_blocking: do not wait for the end of copies, if this is possible
        :raises TypeError: if an argument has the wrong type
        :raises ValueError: if a device or a dtype is given twice
        """

    def save(self, file: str) -> None:
        """Save to a file."""

    def save_buffer(self) -> torch.Tensor:
        """Save to a tensor of bytes."""

    @staticmethod
    def load(file: str) -> "TensorBlock":
        """Load from a file."""

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "TensorBlock":
        """Load from a 1-D, contiguous CPU tensor of bytes."""

    @staticmethod
    def unsafe_from_ptr(ptr: int) -> "TensorBlock":
        """Take the ownership of an ``mts_block_t*`` of the C API."""

    @staticmethod
    def unsafe_view_from_ptr(ptr: int, parent: Any) -> "TensorBlock":
        """
        Use an ``mts_block_t*`` of the C API without taking its ownership. ``parent`` owns the data
        and is kept alive.
        """

    def as_mts_block_t(self) -> int:
        """The ``mts_block_t*`` of the C API, valid as long as this block."""

    def release(self) -> int:
        """
        Give away the ``mts_block_t*`` of the C API. The block can not be used afterwards.

        :raises RuntimeError: if this block is a view
        """


@_documentation_only
class TensorMap:
    """
    A set of :py:class:`TensorBlock`, each one identified by an entry of the keys.

    All blocks have the same dtype, device, names of dimensions and gradients. They are *moved* into
    the map: the objects given to the constructor can not be used afterwards.

    :param keys: keys of the blocks, on the same device
    :param blocks: one block for each key
    :raises ValueError: if the keys and blocks are on different devices
    :raises RuntimeError: if a block is a view, or if the blocks do not match each other or the keys
    """

    def __init__(self, keys: Labels, blocks: List[TensorBlock]) -> None:
        pass

    @property
    def keys(self) -> Labels:
        """Keys of the blocks."""

    @property
    def sample_names(self) -> List[str]:
        """Names of the samples of all blocks; empty if there are no blocks."""

    @property
    def component_names(self) -> List[str]:
        """Names of the components of all blocks; empty if there are no blocks."""

    @property
    def property_names(self) -> List[str]:
        """Names of the properties of all blocks; empty if there are no blocks."""

    @property
    def device(self) -> torch.device:
        """Device of all blocks and labels."""

    @property
    def dtype(self) -> torch.dtype:
        """dtype of all blocks, see :py:attr:`TensorBlock.dtype`."""

    @property
    def is_view(self) -> bool:
        """Is the data of this map owned by something else?"""

    def __len__(self) -> int:
        """Number of blocks."""

    def __getitem__(
        self, selection: Union[int, Dict[str, int], Labels, LabelsEntry]
    ) -> TensorBlock:
        """Same as :py:meth:`block`."""

    def items(self) -> List[Tuple[LabelsEntry, TensorBlock]]:
        """All keys and blocks."""

    def block_by_id(self, index: int) -> TensorBlock:
        """
        View of the block at the given position in the keys.

        :raises IndexError: if the index is out of range; there are no negative indexes
        """

    def blocks_by_id(self, indices: List[int]) -> List[TensorBlock]:
        """Views of the blocks at the given positions in the keys."""

    def block(
        self, selection: Union[None, int, Dict[str, int], Labels, LabelsEntry] = None
    ) -> TensorBlock:
        """
        View of the only block that matches a selection.

        :param selection: values for some of the dimensions of the keys; or position of the block;
            or ``None`` if there is only one block
        :raises ValueError: if no block or several blocks match the selection
        :raises TypeError: if the selection has another type
        """

    def blocks(
        self, selection: Union[None, int, List[int], Dict[str, int], Labels, LabelsEntry] = None
    ) -> List[TensorBlock]:
        """
        Views of all the blocks that match a selection, in the order of the keys.

        :param selection: values for some of the dimensions of the keys; or positions; or ``None``
            for all the blocks
        :raises ValueError: if the selection has another type
        """

    def keys_to_samples(
        self,
        keys_to_move: Union[str, List[str], Tuple[str, ...], Labels],
        fill_value: Union[int, float, complex] = 0,
        sort_samples: bool = True,
    ) -> "TensorMap":
        """
        Merge blocks, moving dimensions of the keys to the samples. The result can be differentiated
        with respect to the values of this map.

        :param keys_to_move: names of the dimensions to move
        :param fill_value: value for the properties which only exist in some of the blocks
        :param sort_samples: sort the new samples, or keep them in the order of the blocks?
        """

    def keys_to_properties(
        self,
        keys_to_move: Union[str, List[str], Tuple[str, ...], Labels],
        fill_value: Union[int, float, complex] = 0,
        sort_samples: bool = True,
    ) -> "TensorMap":
        """
        Merge blocks, moving dimensions of the keys to the properties. The result can be
        differentiated with respect to the values of this map.

        :param keys_to_move: names of the dimensions to move. Labels with entries give the
            values of these dimensions in the new properties
        :param fill_value: value for the samples and properties which are in none of the blocks
        :param sort_samples: sort the new samples, or keep them in the order of the blocks?
        """

    def components_to_properties(
        self, dimensions: Union[str, List[str], Tuple[str, ...]]
    ) -> "TensorMap":
        """
        Move components to the properties. The result can be differentiated with respect to the
        values of this map.

        :param dimensions: names of the components to move
        """

    def set_info(self, key: str, value: str) -> None:
        """
        Add some information about the data, or replace it. It is part of files, and of the maps
        derived from this one. No other thread may use this map at the same time.
        """

    def get_info(self, key: str) -> Optional[str]:
        """Get some information about the data, ``None`` if it does not exist."""

    def info(self) -> Dict[str, str]:
        """All information about the data."""

    def copy(self, deep: bool = True) -> "TensorMap":
        """
        A new map.

        :param deep: copy the values and gradients (this can be differentiated), or share them?
            Labels are always shared.
        """

    def to(
        self,
        *args: Union[torch.device, str, torch.dtype],
        dtype: Optional[torch.dtype] = None,
        device: Optional[torch.device] = None,
        arrays: Optional[str] = None,
        non_blocking: bool = False,
    ) -> "TensorMap":
        """Move the keys and all blocks, see :py:meth:`TensorBlock.to`."""

    def print(self, max_keys: int) -> str:
        """
        Print the keys, and the shape of the blocks.

        :param max_keys: maximum number of keys to print, all of them if it is negative
        """

    def save(self, file: str) -> None:
        """Save to a file."""

    def save_buffer(self) -> torch.Tensor:
        """Save to a tensor of bytes."""

    @staticmethod
    def load(file: str) -> "TensorMap":
        """Load from a file."""

    @staticmethod
    def load_buffer(buffer: torch.Tensor) -> "TensorMap":
        """Load from a 1-D, contiguous CPU tensor of bytes."""

    @staticmethod
    def unsafe_from_ptr(ptr: int) -> "TensorMap":
        """Take the ownership of an ``mts_tensormap_t*`` of the C API."""

    @staticmethod
    def unsafe_view_from_ptr(ptr: int, parent: Any) -> "TensorMap":
        """
        Use an ``mts_tensormap_t*`` of the C API without taking its ownership. ``parent`` owns the
        data and is kept alive.
        """

    def as_mts_tensormap_t(self) -> int:
        """The ``mts_tensormap_t*`` of the C API, valid as long as this map."""

    def release(self) -> int:
        """
        Give away the ``mts_tensormap_t*`` of the C API. The map can not be used afterwards.

        :raises RuntimeError: if this map is a view
        """


@_refuse
def version() -> str:
    """Version of the library."""


@_refuse
def dtype_name(dtype: torch.dtype) -> str:
    """Name of a dtype, such as ``torch.float32``."""


@_refuse
def load_buffer(buffer: torch.Tensor) -> TensorMap:
    """
    Load a :py:class:`TensorMap`.

    :param buffer: 1-D, contiguous CPU tensor of bytes (dtype ``uint8``)
    :raises ValueError: if the buffer is another kind of tensor
    :raises RuntimeError: if the buffer does not contain a tensor map
    """


@_refuse
def load_block_buffer(buffer: torch.Tensor) -> TensorBlock:
    """Load a :py:class:`TensorBlock`, see :py:func:`load_buffer`."""


@_refuse
def load_labels_buffer(buffer: torch.Tensor) -> Labels:
    """Load :py:class:`Labels`, see :py:func:`load_buffer`."""


@_refuse
def save_buffer(data: Union[Labels, TensorBlock, TensorMap]) -> torch.Tensor:
    """
    Save data to a 1-D CPU tensor of bytes (dtype ``uint8``), with the same content as a file.

    :raises TypeError: if ``data`` can not be saved
    """
