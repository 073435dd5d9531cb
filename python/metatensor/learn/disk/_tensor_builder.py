"""
Creating a tensor map from all its arrays.

The constructors of TorchScript classes take much longer when called from Python than in compiled
code. So everything is created by a single function, which is compiled for these classes.
"""

import warnings
from typing import List

import torch

import metatensor

from .._backend import Labels, TensorBlock, TensorMap


class TensorBuilder:
    """Collects the arrays and metadata of the blocks of a tensor map, and of their gradients."""

    def __init__(self) -> None:
        self._values: List[torch.Tensor] = []
        self._names: List[List[str]] = []
        self._samples: List[torch.Tensor] = []
        self._are_unique: List[bool] = []
        self._components: List[List[Labels]] = []
        self._properties: List[Labels] = []
        self._parents: List[int] = []
        self._parameters: List[str] = []
        self._depths: List[int] = []

    def add(
        self,
        values: torch.Tensor,
        names: List[str],
        samples: torch.Tensor,
        are_unique: bool,
        components: List[Labels],
        properties: Labels,
        parent: int = -1,
        parameter: str = "",
    ) -> int:
        """
        Add a block, or a gradient of a block which was added before.

        :param values: values of the block
        :param names: names of the samples
        :param samples: values of the samples
        :param are_unique: is it known that samples are unique?
        :param components: components of the block
        :param properties: properties of the block
        :param parent: number of the parent block, if this is a gradient
        :param parameter: name of the gradient
        :return: number of the block
        """
        self._values.append(values)
        self._names.append(names)
        self._samples.append(samples)
        self._are_unique.append(are_unique)
        self._components.append(components)
        self._properties.append(properties)
        self._parents.append(parent)
        self._parameters.append(parameter)
        self._depths.append(0 if parent < 0 else self._depths[parent] + 1)
        return len(self._values) - 1

    def build(self, keys: Labels) -> TensorMap:
        """The tensor map with all the blocks."""
        # gradients of gradients are added to them before these are moved into their own parent
        order = sorted(range(len(self._depths)), key=self._depths.__getitem__, reverse=True)
        return _build(
            keys,
            self._values,
            self._names,
            self._samples,
            self._are_unique,
            self._components,
            self._properties,
            self._parents,
            self._parameters,
            order,
        )


def _build(
    keys: Labels,
    values: List[torch.Tensor],
    names: List[List[str]],
    samples: List[torch.Tensor],
    are_unique: List[bool],
    components: List[List[Labels]],
    properties: List[Labels],
    parents: List[int],
    parameters: List[str],
    order: List[int],
) -> TensorMap:
    all_blocks: List[TensorBlock] = []
    for i in range(len(values)):
        labels = Labels(names[i], samples[i], are_unique[i])
        all_blocks.append(TensorBlock(values[i], labels, components[i], properties[i]))

    blocks: List[TensorBlock] = []
    for i in order:
        if parents[i] < 0:
            blocks.append(all_blocks[i])
        else:
            all_blocks[parents[i]].add_gradient(parameters[i], all_blocks[i])
    return TensorMap(keys, blocks)


if TensorMap is not metatensor.TensorMap:
    with warnings.catch_warnings():
        # torch deprecates TorchScript, users of the TorchScript classes can do nothing about it
        warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)
        _build = torch.jit.script(_build)
