"""Blocks: values, the labels of all their axes, and gradients."""

from __future__ import annotations

import ctypes
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

from . import _metatensor
from ._c_api import address_of, mts_block_t, pointer_at
from ._data import Conversion, backend_of
from ._display.html import block_html
from ._display.text import block_repr
from ._labels import Labels

if TYPE_CHECKING:
    import pathlib
    from typing import BinaryIO

    from ._data import Array, Device, DType


class TensorBlock(_metatensor.TensorBlock):
    """
    An array of any dimension, with :py:class:`Labels` for each of its axes.

    The first axis contains the *samples*, the last one the *properties*; axes between them, if any,
    are the *components*. A block can also contain *gradients* of its values, which are blocks too.

    >>> import numpy as np
    >>> from metatensor import Labels, TensorBlock
    >>> block = TensorBlock(
    ...     values=np.zeros((2, 3)),
    ...     samples=Labels.range("atom", 2),
    ...     components=[],
    ...     properties=Labels.range("n", 3),
    ... )
    >>> block.values[0, 1] = 4.0
    >>> print(block)
    TensorBlock with shape (2, 3)
        samples: [atom]
        properties: [n]
    """

    __slots__ = ()
    __module__ = "metatensor"

    def __init__(
        self,
        values: Array,
        samples: Labels,
        components: Iterable[Labels],
        properties: Labels,
    ) -> None:
        """
        :param values: array of any kind (NumPy, torch, JAX, ...), with any type and any device. It
            is not copied.
        :param samples: labels of the first axis of ``values``
        :param components: labels of each axis between the first and the last one: labels with a
            single dimension and at least one entry
        :param properties: labels of the last axis of ``values``

        :raises TypeError: if samples, components or properties are not Labels
        :raises ValueError: if this kind of array is not supported
        :raises MetatensorError: if the labels do not match the shape or the device of the values
        """
        _check_labels("samples", samples)
        components = list(components)
        for component in components:
            _check_labels("components", component)
        _check_labels("properties", properties)
        super().__init__(values, samples, components, properties)

    # ------------------------------------------------------------------ values

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values."""
        return self.values.shape

    @property
    def dtype(self) -> DType:
        """Type of the values, as a type of the library of this array."""
        values = self.values
        return values.dtype if hasattr(values, "dtype") else backend_of(values).dtype(values)

    @property
    def device(self) -> Device:
        """Device of the values, ``"cpu"`` for NumPy arrays."""
        values = self.values
        return backend_of(values).device(values)

    def __len__(self) -> int:
        """Number of samples."""
        return self.values.shape[0]

    def __eq__(self, other: object) -> bool:
        """Same values, labels and gradients: see :py:func:`metatensor.equal_block`."""
        from .operations import equal_block

        return equal_block(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    # ------------------------------------------------------------------ gradients

    def gradients(self) -> Generator[tuple[str, TensorBlock], None, None]:
        """Iterate over the parameters and the gradients with respect to them."""
        for parameter in self.gradients_list():
            yield parameter, self.gradient(parameter)

    def add_gradient(self, parameter: str, gradient: TensorBlock) -> None:
        """
        Add the gradient of the values with respect to ``parameter``.

        The gradient is *moved* inside of this block: ``gradient`` can not be used anymore
        afterwards, use :py:meth:`gradient` to get it back.

        The first dimension of its samples must be called ``sample``, and contain the position of a
        sample of this block. It must have the components of this block, after any number of others,
        and the same properties.

        >>> import numpy as np
        >>> from metatensor import Labels, TensorBlock
        >>> block = TensorBlock(
        ...     np.zeros((2, 1)), Labels.range("system", 2), [], Labels.range("energy", 1)
        ... )
        >>> gradient = TensorBlock(
        ...     values=np.ones((3, 3, 1)),
        ...     samples=Labels(["sample", "atom"], np.array([[0, 0], [0, 1], [1, 0]])),
        ...     components=[Labels.range("xyz", 3)],
        ...     properties=block.properties,
        ... )
        >>> block.add_gradient("positions", gradient)
        >>> block.gradients_list()
        ['positions']

        :raises ValueError: if this block is part of a TensorMap or of another block, or if
            ``gradient`` was already moved
        :raises RuntimeError: if ``gradient`` is part of a TensorMap or of another block
        :raises MetatensorError: if this is not a gradient of this block, or if there is already a
            gradient with respect to ``parameter``
        """
        if not isinstance(gradient, TensorBlock):
            raise TypeError(f"the gradient must be a TensorBlock, got '{type(gradient)}'")
        if self.is_view:
            raise ValueError(
                "can not add gradients to a TensorBlock that is part of a TensorMap or of another "
                "TensorBlock, use `block.copy()` first"
            )
        self._add_gradient(parameter, gradient)

    # ------------------------------------------------------------------ conversions and copies

    def to(
        self,
        *args: Any,
        dtype: DType | None = None,
        device: Device | None = None,
        arrays: str | None = None,
        non_blocking: bool = False,
    ) -> TensorBlock:
        """
        Change the type, the device, or the kind of array of all values. Labels and gradients
        follow.

        :param args: type and device can be given as positional arguments, in any order
        :param dtype: new type of the values, for the *new* kind of arrays
        :param device: new device, for example ``"cpu"`` or ``"cuda"``
        :param arrays: new kind of array: ``"numpy"``, ``"torch"``, ``"jax"``, ``"cupy"``, ...
        :param non_blocking: try to move data without waiting for it (torch only)
        :return: a new block, with the same array if there is nothing to change
        """
        conversion = Conversion(
            "TensorBlock.to",
            args,
            dtype=dtype,
            device=device,
            arrays=arrays,
            non_blocking=non_blocking,
        )
        return self._convert(conversion)

    def _convert(self, conversion: Conversion) -> TensorBlock:
        block = TensorBlock(
            values=conversion.apply(self.values),
            samples=conversion.labels(self.samples),
            components=[conversion.labels(component) for component in self.components],
            properties=conversion.labels(self.properties),
        )
        for parameter, gradient in self.gradients():
            block._add_gradient(parameter, gradient._convert(conversion))
        return block

    def copy(self, deep: bool = True) -> TensorBlock:
        """
        Copy this block. The result can be used everywhere, also if this block is part of a
        TensorMap or of another block.

        :param deep: copy the values, or use the same array for both blocks? Labels can not change,
            and are always shared.
        """
        if deep:
            return self._copy()
        block = self._with_values(self.values)
        for parameter, gradient in self.gradients():
            block._add_gradient(parameter, gradient.copy(deep=False))
        return block

    def __copy__(self) -> TensorBlock:
        return self.copy(deep=False)

    def __deepcopy__(self, memo: dict) -> TensorBlock:
        return self.copy(deep=True)

    # ------------------------------------------------------------------ text

    def __repr__(self) -> str:
        return _RELEASED if self._is_released else block_repr(self, self._gradient_path)

    def _repr_html_(self) -> str:
        return _RELEASED if self._is_released else block_html(self, self._gradient_path)

    # ------------------------------------------------------------------ files

    @staticmethod
    def load(
        file: str | pathlib.Path | BinaryIO,
        use_numpy: bool = False,
        *,
        mmap: bool = False,
        samples: Labels | None = None,
        properties: Labels | None = None,
    ) -> TensorBlock:
        """Read a block from a file, see :py:func:`metatensor.load_block`."""
        from .io import load_block

        return load_block(file, use_numpy, mmap=mmap, samples=samples, properties=properties)

    @staticmethod
    def load_buffer(buffer: bytes | bytearray | memoryview, use_numpy: bool = False) -> TensorBlock:
        """Read a block from memory, see :py:func:`metatensor.io.load_block_buffer`."""
        from .io import load_block_buffer

        return load_block_buffer(buffer, use_numpy)

    def save(
        self,
        file: str | pathlib.Path | BinaryIO,
        use_numpy: bool = False,
        *,
        aligned: bool = False,
    ) -> None:
        """Write this block to a file, see :py:func:`metatensor.save`."""
        from .io import save

        save(file, self, use_numpy, aligned=aligned)

    def save_buffer(self, use_numpy: bool = False) -> memoryview:
        """Write this block to memory, see :py:func:`metatensor.io.save_buffer`."""
        from .io import save_buffer

        return save_buffer(self, use_numpy)

    def __reduce__(self) -> tuple:
        raise NotImplementedError("pickle uses `__reduce_ex__` for TensorBlock")

    def __reduce_ex__(self, protocol: int) -> tuple:
        from .io._pickle import reduce

        return reduce(self, protocol)

    @classmethod
    def _from_pickle(cls, data: Any) -> TensorBlock:
        from .io import load_block_buffer

        return load_block_buffer(data)

    # ------------------------------------------------------------------ C interface

    @staticmethod
    def unsafe_from_ptr(ptr: ctypes._Pointer[mts_block_t]) -> TensorBlock:
        """Block from a ``mts_block_t*`` of the C interface, taking ownership of it."""
        return TensorBlock._from_address(address_of(ptr))

    @staticmethod
    def unsafe_view_from_ptr(ptr: ctypes._Pointer[mts_block_t], parent: Any) -> TensorBlock:
        """View of a ``mts_block_t*`` of the C interface, which keeps its owner ``parent`` alive."""
        assert parent is not None, "the owner of the block is needed"
        return TensorBlock._view_from_address(address_of(ptr), parent)

    def as_mts_block_t(self) -> ctypes._Pointer[mts_block_t]:
        """The ``mts_block_t*`` of the C interface, which this block still owns."""
        return pointer_at(self._address, mts_block_t)

    def release(self) -> ctypes._Pointer[mts_block_t]:
        """
        The ``mts_block_t*`` of the C interface, which then belongs to the caller. After this, the
        block can not be used anymore.

        :raises RuntimeError: if this block is part of a TensorMap or of another block
        """
        return pointer_at(self._release(), mts_block_t)


_metatensor.register("TensorBlock", TensorBlock)

_RELEASED = "TensorBlock(<empty>)"


def _check_labels(argument: str, labels: Any) -> None:
    if not isinstance(labels, Labels):
        raise TypeError(f"`{argument}` must be Labels, got '{type(labels)}'")
