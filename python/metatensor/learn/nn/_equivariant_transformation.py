from typing import List, Optional, Union

import torch

from .._backend import Labels, TensorMap
from ._module import Module
from ._module_map import ModuleMap
from ._per_key import invariant_positions, one_value_per_key


class EquivariantTransformation(Module):
    r"""
    Apply any module to the invariant blocks of a tensor map, and use it to scale the other blocks
    in a way that keeps their transformation under rotations.

    The norm of a block over its components is invariant. The values :math:`x_m` of blocks that are
    not invariant become

    .. math:: y_m = x_m \; f\big(\sqrt{\textstyle\sum_{m'} x_{m'}^2}\big)

    with the module :math:`f` of this block.

    :param modules: one module for each of the ``in_keys``, taking a tensor argument called
        ``input`` and returning a tensor. Modules for blocks which are not invariant must not change
        the number of properties
    :param in_keys: keys of the blocks that the module can be applied to
    :param in_features: number of properties of the input, one for all keys or a list for all
        ``in_keys``
    :param out_features: number of properties of the output, one for all keys or a list for all
        ``in_keys``. The modules decide on it: this is not used, and can be omitted if there are
        ``out_properties``
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param invariant_keys: selection of the invariant blocks in ``in_keys``. By default, these have
        ``o3_lambda=0`` and ``o3_sigma=1``
    :raises TypeError: if a parameter has the wrong type
    :raises ValueError: if the length of a list is wrong, or if neither ``out_features`` nor
        ``out_properties`` are given

    >>> import torch
    >>> from metatensor import Labels, TensorBlock, TensorMap
    >>> from metatensor.learn.nn import EquivariantTransformation
    >>> keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[1, 1]]))
    >>> block = TensorBlock(
    ...     values=torch.tensor([[[3.0], [0.0], [-4.0]]]),
    ...     samples=Labels.range("s", 1),
    ...     components=[Labels.range("o3_mu", 3)],
    ...     properties=Labels.range("p", 1),
    ... )
    >>> module = EquivariantTransformation([torch.nn.ReLU()], keys, 1, 1)
    >>> module(TensorMap(keys, [block])).block().values.flatten()
    tensor([ 15.,   0., -20.])
    """

    def __init__(
        self,
        modules: List[torch.nn.Module],
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_features: Optional[Union[int, List[int]]] = None,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
    ) -> None:
        super().__init__()
        invariants = invariant_positions(in_keys, invariant_keys)
        one_value_per_key(in_features, "in_features", int, in_keys, "in_keys")
        if out_features is None and out_properties is None:
            raise ValueError("one of `out_features` and `out_properties` must be given")

        transformations: List[torch.nn.Module] = []
        for position, module in enumerate(modules):
            transformations.append(module if position in invariants else _ScaleWithNorm(module))
        self.module_map = ModuleMap(in_keys, transformations, out_properties)

    def forward(self, tensor: TensorMap) -> TensorMap:
        """
        Transform the blocks of ``tensor``, see :py:meth:`ModuleMap.forward`.

        :param tensor: tensor map with some of the keys of this module, in any order. Blocks which
            are not invariant must have exactly one component
        """
        return self.module_map(tensor)


class _ScaleWithNorm(Module):
    """Multiply an array with a function of its norm over the second of its three axes."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """
        Scale an array.

        :param input: array of shape ``(samples, components, properties)``
        """
        assert input.dim() == 3, "blocks which are not invariant must have exactly one component"
        # the norm has no second derivative at zero, where torch would make NaN of it: atoms without
        # neighbors, or at a center of inversion, must not spoil the training of all others
        is_zero = (input == 0).all(dim=1, keepdim=True)
        norm = torch.linalg.vector_norm(input.masked_fill(is_zero, 1.0), dim=1, keepdim=True)
        return input * self.module.forward(norm.masked_fill(is_zero, 0.0))
