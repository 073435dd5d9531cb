"""Conversion from and to the Python classes of ``metatensor``, without copies of the data."""

from typing import Any, Union, overload

import torch

import metatensor
from metatensor._data import TorchBackend

from ._classes import Labels, TensorBlock, TensorMap

_TORCH = TorchBackend()


@overload
def from_python(data: metatensor.Labels) -> Labels: ...
@overload
def from_python(data: metatensor.TensorBlock) -> TensorBlock: ...
@overload
def from_python(data: metatensor.TensorMap) -> TensorMap: ...
def from_python(
    data: Union[metatensor.Labels, metatensor.TensorBlock, metatensor.TensorMap],
) -> Union[Labels, TensorBlock, TensorMap]:
    """
    The TorchScript version of an object of ``metatensor``. The inverse is :py:func:`to_python`.

    Torch tensors are used as they are, and stay part of the graph of autograd. Other arrays (NumPy,
    CuPy, ...) become tensors in the same memory, on the same device. Only what torch can not share
    is copied: read-only values (for example of files mapped in memory), negative strides, and JAX
    arrays. Gradients and ``info`` are included; ``data`` is not changed.

    >>> import numpy as np
    >>> import metatensor
    >>> from metatensor.torch import from_python
    >>> block = metatensor.block_from_array(np.zeros((2, 3)))
    >>> from_python(block).values[0, 0] = 5.0
    >>> float(block.values[0, 0])
    5.0

    :param data: ``metatensor.Labels``, ``metatensor.TensorBlock`` or ``metatensor.TensorMap``
    :returns: object of the class with the same name in ``metatensor.torch``
    :raises TypeError: if ``data`` is anything else
    :raises ValueError: for arrays with a type or a device that torch does not have
    """
    conversion = _FromPython()
    if isinstance(data, metatensor.Labels):
        return conversion.labels(data)
    if isinstance(data, metatensor.TensorBlock):
        return conversion.block(data)
    if isinstance(data, metatensor.TensorMap):
        return conversion.tensor(data)
    raise TypeError(
        "`data` must be metatensor.Labels, metatensor.TensorBlock or metatensor.TensorMap, "
        f"got {_describe(data)}"
    )


@overload
def to_python(data: Labels) -> metatensor.Labels: ...
@overload
def to_python(data: TensorBlock) -> metatensor.TensorBlock: ...
@overload
def to_python(data: TensorMap) -> metatensor.TensorMap: ...
def to_python(
    data: Union[Labels, TensorBlock, TensorMap],
) -> Union[metatensor.Labels, metatensor.TensorBlock, metatensor.TensorMap]:
    """
    The Python version of an object of ``metatensor.torch``. The inverse is :py:func:`from_python`.

    The values are the same torch tensors, for labels too, and stay part of the graph of autograd:
    nothing is copied. Gradients and ``info`` are included; ``data`` is not changed. For NumPy
    arrays in the same memory, use ``to_python(data).to(arrays="numpy")``.

    >>> import torch
    >>> from metatensor.torch import block_from_array, to_python
    >>> block = block_from_array(torch.zeros((2, 3), requires_grad=True))
    >>> to_python(block).values is block.values
    True

    :param data: ``Labels``, ``TensorBlock`` or ``TensorMap`` of ``metatensor.torch``
    :returns: object of the class with the same name in ``metatensor``
    :raises TypeError: if ``data`` is anything else
    """
    conversion = _ToPython()
    name = _script_class(data)
    if name == "Labels":
        return conversion.labels(data)
    if name == "TensorBlock":
        return conversion.block(data)
    if name == "TensorMap":
        return conversion.tensor(data)
    raise TypeError(
        "`data` must be Labels, TensorBlock or TensorMap of metatensor.torch, "
        f"got {_describe(data)}"
    )


class _FromPython:
    """Conversion of one object to TorchScript classes."""

    def __init__(self) -> None:
        # labels shared by many blocks stay shared; originals are here to keep their address alive
        self._labels: dict[int, tuple[metatensor.Labels, Labels]] = {}

    def labels(self, labels: metatensor.Labels) -> Labels:
        address = labels._address
        if address not in self._labels:
            self._labels[address] = (labels, _labels_from_python(labels))
        return self._labels[address][1]

    def block(self, block: metatensor.TensorBlock) -> TensorBlock:
        converted = TensorBlock(
            _as_tensor(block.values),
            self.labels(block.samples),
            [self.labels(component) for component in block.components],
            self.labels(block.properties),
        )
        for parameter, gradient in block.gradients():
            converted.add_gradient(parameter, self.block(gradient))
        return converted

    def tensor(self, tensor: metatensor.TensorMap) -> TensorMap:
        blocks = [self.block(block) for block in tensor]
        converted = TensorMap(self.labels(tensor.keys), blocks)
        for key, value in tensor.info().items():
            converted.set_info(key, value)
        return converted


class _ToPython:
    """Conversion of one object to Python classes."""

    def __init__(self) -> None:
        # labels shared by many blocks stay shared; originals are here to keep their address alive
        self._labels: dict[int, tuple[Labels, metatensor.Labels]] = {}

    def labels(self, labels: Labels) -> metatensor.Labels:
        address = labels.as_mts_labels_t()
        if address not in self._labels:
            converted = metatensor.Labels(labels.names, labels.values, assume_unique=True)
            self._labels[address] = (labels, converted)
        return self._labels[address][1]

    def block(self, block: TensorBlock) -> metatensor.TensorBlock:
        converted = metatensor.TensorBlock(
            block.values,
            self.labels(block.samples),
            [self.labels(component) for component in block.components],
            self.labels(block.properties),
        )
        for parameter, gradient in block.gradients():
            converted.add_gradient(parameter, self.block(gradient))
        return converted

    def tensor(self, tensor: TensorMap) -> metatensor.TensorMap:
        blocks = [self.block(block) for block in tensor.blocks()]
        converted = metatensor.TensorMap(self.labels(tensor.keys), blocks)
        for key, value in tensor.info().items():
            converted.set_info(key, value)
        return converted


def _labels_from_python(labels: metatensor.Labels) -> Labels:
    if isinstance(labels.values, torch.Tensor):
        return Labels(tuple(labels.names), labels.values, assume_unique=True)
    # torch would copy these values, since it has no read-only tensors; the core library shares them
    return Labels.unsafe_from_ptr(labels._clone()._release())


def _as_tensor(values: Any) -> torch.Tensor:
    if isinstance(values, torch.Tensor):
        return values
    return _TORCH.from_array(values)


def _script_class(data: Any) -> str | None:
    """Name of the class of one of our TorchScript objects, ``None`` for everything else."""
    if not isinstance(data, torch.ScriptObject):
        return None
    name = data._type().qualified_name()
    prefix = "__torch__.torch.classes.metatensor."
    return name.removeprefix(prefix) if name.startswith(prefix) else None


def _describe(data: Any) -> str:
    """What the user gave, for messages of errors."""
    name = _script_class(data)
    if name is not None:
        return f"metatensor.torch.{name}"
    return f"'{type(data)}'"
