"""
Types of the modules for TorchScript classes. They are not those of ``metatensor.learn.nn``, which
has the same source, because of the classes in the arguments.
"""

from typing import Any, List, Optional, Union

import torch

from metatensor.torch import Labels, TensorMap

class Buffer:
    data: Any
    persistent: bool
    def __init__(self, data: Any, persistent: bool = True) -> None: ...

class Module(torch.nn.Module):
    def __init__(self) -> None: ...
    def register_buffer(self, name: str, value: Any, persistent: bool = True) -> None: ...
    def get_extra_state(self) -> dict[str, Any]: ...
    def set_extra_state(self, state: dict[str, Any]) -> None: ...

class ModuleMap(Module):
    module_list: torch.nn.ModuleList
    def __init__(
        self,
        in_keys: Labels,
        modules: List[torch.nn.Module],
        out_properties: Optional[List[Labels]] = None,
    ) -> None: ...
    @classmethod
    def from_module(
        cls,
        in_keys: Labels,
        module: torch.nn.Module,
        out_properties: Optional[List[Labels]] = None,
    ) -> ModuleMap: ...
    def forward(self, tensor: TensorMap) -> TensorMap: ...
    @property
    def in_keys(self) -> Labels: ...
    @property
    def out_properties(self) -> Optional[List[Labels]]: ...

class _WithModuleMap(Module):
    module_map: ModuleMap
    def forward(self, tensor: TensorMap) -> TensorMap: ...

class Linear(_WithModuleMap):
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
    ) -> None: ...

class EquivariantLinear(_WithModuleMap):
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
    ) -> None: ...

class LayerNorm(_WithModuleMap):
    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_properties: Optional[List[Labels]] = None,
        *,
        eps: Union[float, List[float]] = 1e-5,
        elementwise_affine: Union[bool, List[bool]] = True,
        bias: Union[bool, List[bool]] = True,
        mean: Union[bool, List[bool]] = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None: ...

class InvariantLayerNorm(_WithModuleMap):
    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        eps: Union[float, List[float]] = 1e-5,
        elementwise_affine: Union[bool, List[bool]] = True,
        bias: Union[bool, List[bool]] = True,
        mean: Union[bool, List[bool]] = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None: ...

class ReLU(_WithModuleMap):
    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        *,
        in_place: bool = False,
    ) -> None: ...

class InvariantReLU(_WithModuleMap):
    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        in_place: bool = False,
    ) -> None: ...

class SiLU(_WithModuleMap):
    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        *,
        in_place: bool = False,
    ) -> None: ...

class InvariantSiLU(_WithModuleMap):
    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        in_place: bool = False,
    ) -> None: ...

class Tanh(_WithModuleMap):
    def __init__(self, in_keys: Labels, out_properties: Optional[List[Labels]] = None) -> None: ...

class InvariantTanh(_WithModuleMap):
    def __init__(
        self,
        in_keys: Labels,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
    ) -> None: ...

class Sequential(_WithModuleMap):
    def __init__(self, in_keys: Labels, *args: Module) -> None: ...

class EquivariantTransformation(_WithModuleMap):
    def __init__(
        self,
        modules: List[torch.nn.Module],
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_features: Optional[Union[int, List[int]]] = None,
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
    ) -> None: ...
