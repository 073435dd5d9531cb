import copy
from typing import List, Optional

import torch

from .._backend import Labels
from ._gradients import NoGradientsModule
from ._module_map import ModuleMap
from ._per_key import check_keys, invariant_positions


class ReLU(NoGradientsModule):
    """
    Apply ``torch.nn.ReLU`` to each block of a tensor map.

    :param in_keys: keys of the blocks that the module can be applied to
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param in_place: change the values of the input?
    :raises TypeError: if ``in_keys`` is not a ``Labels``

    >>> import torch
    >>> import metatensor
    >>> from metatensor.learn.nn import ReLU
    >>> keys = metatensor.Labels.single()
    >>> block = metatensor.block_from_array(torch.tensor([[-1.0, 2.0]]))
    >>> ReLU(keys)(metatensor.TensorMap(keys, [block])).block().values
    tensor([[0., 2.]])
    """

    _name = "ReLU"

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        *,
        in_place: bool = False,
    ) -> None:
        super().__init__()
        self.module_map = _for_all_keys(in_keys, torch.nn.ReLU(in_place), out_properties)


class InvariantReLU(NoGradientsModule):
    """
    Apply ``torch.nn.ReLU`` to the invariant blocks of a tensor map. The values of other blocks stay
    as they are.

    :param in_keys: keys of the blocks that the module can be applied to
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param invariant_keys: selection of the invariant blocks in ``in_keys``. By default, these have
        ``o3_lambda=0`` and ``o3_sigma=1``
    :param in_place: change the values of the invariant blocks of the input?
    :raises TypeError: if ``in_keys`` is not a ``Labels``

    >>> import torch
    >>> from metatensor import Labels
    >>> from metatensor.learn.nn import InvariantReLU
    >>> keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[0, 1], [1, 1]]))
    >>> InvariantReLU(keys).module_map.module_list
    ModuleList(
      (0): ReLU()
      (1): Identity()
    )
    """

    _name = "InvariantReLU"

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        in_place: bool = False,
    ) -> None:
        super().__init__()
        self.module_map = _for_invariant_keys(
            in_keys, torch.nn.ReLU(in_place), out_properties, invariant_keys
        )


class SiLU(NoGradientsModule):
    """
    Apply ``torch.nn.SiLU`` to each block of a tensor map.

    :param in_keys: keys of the blocks that the module can be applied to
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param in_place: change the values of the input?
    :raises TypeError: if ``in_keys`` is not a ``Labels``

    >>> import torch
    >>> import metatensor
    >>> from metatensor.learn.nn import SiLU
    >>> keys = metatensor.Labels.single()
    >>> block = metatensor.block_from_array(torch.tensor([[-1.0, 2.0]]))
    >>> SiLU(keys)(metatensor.TensorMap(keys, [block])).block().values
    tensor([[-0.2689,  1.7616]])
    """

    _name = "SiLU"

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        *,
        in_place: bool = False,
    ) -> None:
        super().__init__()
        self.module_map = _for_all_keys(in_keys, torch.nn.SiLU(in_place), out_properties)


class InvariantSiLU(NoGradientsModule):
    """
    Apply ``torch.nn.SiLU`` to the invariant blocks of a tensor map. The values of other blocks stay
    as they are.

    :param in_keys: keys of the blocks that the module can be applied to
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param invariant_keys: selection of the invariant blocks in ``in_keys``. By default, these have
        ``o3_lambda=0`` and ``o3_sigma=1``
    :param in_place: change the values of the invariant blocks of the input?
    :raises TypeError: if ``in_keys`` is not a ``Labels``

    >>> import torch
    >>> from metatensor import Labels
    >>> from metatensor.learn.nn import InvariantSiLU
    >>> keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[0, 1], [1, 1]]))
    >>> InvariantSiLU(keys).module_map.module_list
    ModuleList(
      (0): SiLU()
      (1): Identity()
    )
    """

    _name = "InvariantSiLU"

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        in_place: bool = False,
    ) -> None:
        super().__init__()
        self.module_map = _for_invariant_keys(
            in_keys, torch.nn.SiLU(in_place), out_properties, invariant_keys
        )


class Tanh(NoGradientsModule):
    """
    Apply ``torch.nn.Tanh`` to each block of a tensor map.

    :param in_keys: keys of the blocks that the module can be applied to
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :raises TypeError: if ``in_keys`` is not a ``Labels``

    >>> import torch
    >>> import metatensor
    >>> from metatensor.learn.nn import Tanh
    >>> keys = metatensor.Labels.single()
    >>> block = metatensor.block_from_array(torch.tensor([[-1.0, 2.0]]))
    >>> Tanh(keys)(metatensor.TensorMap(keys, [block])).block().values
    tensor([[-0.7616,  0.9640]])
    """

    _name = "Tanh"

    def __init__(self, in_keys: Labels, out_properties: Optional[List[Labels]] = None) -> None:
        super().__init__()
        self.module_map = _for_all_keys(in_keys, torch.nn.Tanh(), out_properties)


class InvariantTanh(NoGradientsModule):
    """
    Apply ``torch.nn.Tanh`` to the invariant blocks of a tensor map. The values of other blocks stay
    as they are.

    :param in_keys: keys of the blocks that the module can be applied to
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param invariant_keys: selection of the invariant blocks in ``in_keys``. By default, these have
        ``o3_lambda=0`` and ``o3_sigma=1``
    :raises TypeError: if ``in_keys`` is not a ``Labels``

    >>> import torch
    >>> from metatensor import Labels
    >>> from metatensor.learn.nn import InvariantTanh
    >>> keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[0, 1], [1, 1]]))
    >>> InvariantTanh(keys).module_map.module_list
    ModuleList(
      (0): Tanh()
      (1): Identity()
    )
    """

    _name = "InvariantTanh"

    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
    ) -> None:
        super().__init__()
        self.module_map = _for_invariant_keys(
            in_keys, torch.nn.Tanh(), out_properties, invariant_keys
        )


def _for_all_keys(
    in_keys: Labels, module: torch.nn.Module, out_properties: Optional[List[Labels]]
) -> ModuleMap:
    check_keys(in_keys)
    return ModuleMap.from_module(in_keys, module, out_properties)


def _for_invariant_keys(
    in_keys: Labels,
    module: torch.nn.Module,
    out_properties: Optional[List[Labels]],
    invariant_keys: Optional[Labels],
) -> ModuleMap:
    modules: List[torch.nn.Module] = [torch.nn.Identity() for _ in range(len(in_keys))]
    for position in invariant_positions(in_keys, invariant_keys):
        modules[position] = copy.deepcopy(module)
    return ModuleMap(in_keys, modules, out_properties)
