from typing import List, Optional, Union

import torch

from .._backend import Labels, TensorMap
from ._module import Module
from ._module_map import ModuleMap
from ._per_key import check_keys, invariant_positions, one_value_per_key


class Linear(Module):
    """
    A different ``torch.nn.Linear`` for each block of a tensor map.

    Parameters which can be lists have one entry for each of the ``in_keys``; a single value is used
    for all of them.

    :param in_keys: keys of the blocks that the module can be applied to
    :param in_features: number of properties of the input
    :param out_features: number of properties of the output, by default the number of entries in
        ``out_properties``
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param bias: add a learnable bias?
    :param device: device of the parameters
    :param dtype: dtype of the parameters
    :raises TypeError: if a parameter has the wrong type
    :raises ValueError: if there is not one entry for each key in a list, or if neither
        ``out_features`` nor ``out_properties`` are given

    >>> import torch
    >>> import metatensor
    >>> from metatensor.learn.nn import Linear
    >>> keys = metatensor.Labels.single()
    >>> tensor = metatensor.TensorMap(keys, [metatensor.block_from_array(torch.ones(2, 3))])
    >>> module = Linear(keys, in_features=3, out_features=5)
    >>> module(tensor).block().values.shape
    torch.Size([2, 5])
    """

    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_features: Optional[Union[int, List[int]]] = None,
        out_properties: Optional[List[Labels]] = None,
        *,
        bias: Union[bool, List[bool]] = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        biases = one_value_per_key(bias, "bias", bool, in_keys, "in_keys")
        modules = _linear_layers(
            in_keys, in_features, out_features, out_properties, biases, device, dtype
        )
        self.module_map = ModuleMap(in_keys, modules, out_properties)

    def forward(self, tensor: TensorMap) -> TensorMap:
        """
        Apply the linear layers to the blocks of ``tensor``, see :py:meth:`ModuleMap.forward`.

        :param tensor: tensor map with some of the keys of this module, in any order
        """
        return self.module_map(tensor)


class EquivariantLinear(Module):
    """
    A different ``torch.nn.Linear`` for each block of a tensor map, with a bias only for invariant
    blocks.

    Adding a constant to the components of other blocks would break their transformation under
    rotations. Parameters which can be lists have one entry for each of the ``in_keys``, except
    ``bias`` which has one entry for each of the invariant ones; a single value is used for all.

    :param in_keys: keys of the blocks that the module can be applied to
    :param in_features: number of properties of the input
    :param out_features: number of properties of the output, by default the number of entries in
        ``out_properties``
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param invariant_keys: selection of the invariant blocks in ``in_keys``. By default, these have
        ``o3_lambda=0`` and ``o3_sigma=1``
    :param bias: add a learnable bias to the invariant blocks?
    :param device: device of the parameters
    :param dtype: dtype of the parameters
    :raises TypeError: if a parameter has the wrong type
    :raises ValueError: if the length of a list is wrong, or if neither ``out_features`` nor
        ``out_properties`` are given

    >>> import torch
    >>> from metatensor import Labels
    >>> from metatensor.learn.nn import EquivariantLinear
    >>> keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[0, 1], [1, 1]]))
    >>> module = EquivariantLinear(keys, in_features=[2, 3], out_features=4)
    >>> [name for name, _ in module.module_map.module_list.named_parameters()]
    ['0.weight', '0.bias', '1.weight']
    """

    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_features: Optional[Union[int, List[int]]] = None,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        bias: Union[bool, List[bool]] = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        super().__init__()
        invariants = invariant_positions(in_keys, invariant_keys)
        biases = [False] * len(in_keys)
        for position, has_bias in zip(
            invariants, one_value_per_key(bias, "bias", bool, invariants, "invariant_keys")
        ):
            biases[position] = has_bias

        modules = _linear_layers(
            in_keys, in_features, out_features, out_properties, biases, device, dtype
        )
        self.module_map = ModuleMap(in_keys, modules, out_properties)

    def forward(self, tensor: TensorMap) -> TensorMap:
        """
        Apply the linear layers to the blocks of ``tensor``, see :py:meth:`ModuleMap.forward`.

        :param tensor: tensor map with some of the keys of this module, in any order
        """
        return self.module_map(tensor)


def _linear_layers(
    in_keys: Labels,
    in_features: Union[int, List[int]],
    out_features: Optional[Union[int, List[int]]],
    out_properties: Optional[List[Labels]],
    biases: List[bool],
    device: Optional[torch.device],
    dtype: Optional[torch.dtype],
) -> List[torch.nn.Module]:
    """One linear layer for each of the keys."""
    if out_features is None:
        if out_properties is None:
            raise ValueError("one of `out_features` and `out_properties` must be given")
        out_features = [len(properties) for properties in out_properties]

    modules: List[torch.nn.Module] = []
    for n_in, n_out, has_bias in zip(
        one_value_per_key(in_features, "in_features", int, in_keys, "in_keys"),
        one_value_per_key(out_features, "out_features", int, in_keys, "in_keys"),
        biases,
    ):
        modules.append(torch.nn.Linear(n_in, n_out, has_bias, device, dtype))
    return modules
