import copy
import warnings
from typing import Dict, List, Optional

import torch

from .._backend import Labels, TensorBlock, TensorMap
from ._module import Module
from ._per_key import check_keys

with warnings.catch_warnings():
    # torch deprecates TorchScript, which is what models are exported with
    warnings.simplefilter("ignore", DeprecationWarning)

    @torch.jit.interface
    class ModuleMapInterface(torch.nn.Module):
        """Modules which can be used in a :py:class:`ModuleMap`."""

        def forward(self, input: torch.Tensor) -> torch.Tensor:
            pass


class ModuleMap(Module):
    """
    Apply a different module to each block of a tensor map.

    The modules are applied in the same way to the values and to the values of the gradients: use
    modules for which this makes sense, or inputs without gradients.

    :param in_keys: keys of the blocks that the modules are made for
    :param modules: one module for each entry of ``in_keys``, taking a tensor argument called
        ``input`` and returning a tensor. They must preserve all axes but the last one
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :raises TypeError: if ``in_keys`` is not a ``Labels``
    :raises ValueError: if the number of modules is not the number of keys

    >>> import torch
    >>> import metatensor
    >>> from metatensor.learn.nn import ModuleMap
    >>> keys = metatensor.Labels.single()
    >>> tensor = metatensor.TensorMap(keys, [metatensor.block_from_array(-torch.ones(2, 3))])
    >>> module = ModuleMap(keys, [torch.nn.ReLU()])
    >>> module(tensor).block().values
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """

    _in_keys: Labels
    _out_properties: Optional[List[Labels]]

    def __init__(
        self,
        in_keys: Labels,
        modules: List[torch.nn.Module],
        out_properties: Optional[List[Labels]] = None,
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        if len(in_keys) != len(modules):
            raise ValueError(
                "there must be one module for each of the entries of `in_keys`, got "
                f"{len(modules)} modules for {len(in_keys)} keys"
            )

        self.register_buffer("_in_keys", in_keys)
        self.register_buffer("_out_properties", out_properties)
        self.module_list = torch.nn.ModuleList(modules)

    @classmethod
    def from_module(
        cls,
        in_keys: Labels,
        module: torch.nn.Module,
        out_properties: Optional[List[Labels]] = None,
    ) -> "ModuleMap":
        """
        Use an independent copy of the same module for each key.

        :param in_keys: keys of the blocks that the modules are made for
        :param module: the module to copy
        :param out_properties: the properties of each output block
        """
        modules = [copy.deepcopy(module) for _ in range(len(in_keys))]
        return cls(in_keys, modules, out_properties)

    def forward(self, tensor: TensorMap) -> TensorMap:
        """
        Apply the modules to the blocks of ``tensor``.

        :param tensor: tensor map with some of the keys of this module, in any order
        :return: tensor map with the same keys, samples and components
        :raises KeyError: if ``tensor`` has a key for which there is no module
        :raises NotImplementedError: if a gradient has gradients
        """
        blocks: List[TensorBlock] = []
        default_properties: Dict[int, Labels] = {}
        for key, block in tensor.items():
            position = self._in_keys.position(key)
            if position is None:
                raise KeyError(f"there is no module for the key {key.print()}")
            blocks.append(self._forward_block(position, block, default_properties))
        return TensorMap(tensor.keys, blocks)

    def _forward_block(
        self, position: int, block: TensorBlock, default_properties: Dict[int, Labels]
    ) -> TensorBlock:
        """
        Apply the module at this ``position`` to ``block``.

        :param default_properties: the properties which were already made for other blocks, by their
            number
        """
        module: ModuleMapInterface = self.module_list[position]
        values = module.forward(block.values)

        out_properties = self._out_properties
        if out_properties is None:
            n_properties = values.shape[len(values.shape) - 1]
            if n_properties not in default_properties:
                entries = torch.arange(n_properties, dtype=torch.int32, device=block.samples.device)
                default_properties[n_properties] = Labels(
                    ["_"], entries.reshape(-1, 1), assume_unique=True
                )
            properties = default_properties[n_properties]
        else:
            properties = out_properties[position]

        result = TensorBlock(
            values=values,
            samples=block.samples,
            components=block.components,
            properties=properties,
        )
        for parameter, gradient in block.gradients():
            if len(gradient.gradients_list()) != 0:
                raise NotImplementedError("gradients of gradients are not supported by ModuleMap")
            result.add_gradient(
                parameter,
                TensorBlock(
                    values=module.forward(gradient.values),
                    samples=gradient.samples,
                    components=gradient.components,
                    properties=properties,
                ),
            )
        return result

    @property
    def in_keys(self) -> Labels:
        """Keys of the blocks that the modules are made for."""
        return self._in_keys

    @property
    def out_properties(self) -> Optional[List[Labels]]:
        """Properties of each output block, if they were set."""
        return self._out_properties
