from typing import List

import torch

from .._backend import Labels, TensorMap
from ._module import Module
from ._module_map import ModuleMap
from ._per_key import check_keys


class Sequential(Module):
    """
    Apply several modules to a tensor map, one after the other.

    For each key, the modules of the arguments for this key are put together in a single
    ``torch.nn.Sequential``, with the same parameters. This is faster than calling the arguments,
    which would create a tensor map in each step.

    :param in_keys: keys of the blocks that the module can be applied to
    :param args: modules of :py:mod:`metatensor.learn.nn`, made for the same keys in the same order
        (or keys which would follow from these). The properties of the output are the ones of the
        last module
    :raises TypeError: if ``in_keys`` is not a ``Labels``
    :raises AttributeError: if a module is not one with a different module for each key
    :raises IndexError: if there are no modules
    :raises ValueError: if a module is made for fewer keys than ``in_keys``

    >>> import torch
    >>> import metatensor
    >>> from metatensor.learn.nn import Linear, ReLU, Sequential
    >>> keys = metatensor.Labels.single()
    >>> tensor = metatensor.TensorMap(keys, [metatensor.block_from_array(torch.ones(2, 3))])
    >>> module = Sequential(keys, Linear(keys, 3, 8), ReLU(keys), Linear(keys, 8, 1))
    >>> module(tensor).block().values.shape
    torch.Size([2, 1])
    """

    def __init__(self, in_keys: Labels, *args: Module) -> None:
        super().__init__()
        check_keys(in_keys)
        if len(args) == 0:
            raise IndexError("`Sequential` needs at least one module")

        module_lists = [arg.module_map.module_list for arg in args]
        for i, module_list in enumerate(module_lists):
            if len(module_list) < len(in_keys):
                raise ValueError(
                    f"there are {len(in_keys)} `in_keys`, but module {i} of the sequence is made "
                    f"for {len(module_list)} keys"
                )

        modules: List[torch.nn.Module] = []
        for i in range(len(in_keys)):
            modules.append(torch.nn.Sequential(*[module_list[i] for module_list in module_lists]))
        self.module_map = ModuleMap(in_keys, modules, args[-1].module_map.out_properties)

    def forward(self, tensor: TensorMap) -> TensorMap:
        """
        Apply the sequence to the blocks of ``tensor``, see :py:meth:`ModuleMap.forward`.

        :param tensor: tensor map with some of the keys of this module, in any order
        """
        return self.module_map(tensor)
