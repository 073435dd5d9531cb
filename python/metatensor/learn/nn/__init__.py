"""Neural-network modules which take and return tensor maps."""

from ._activations import InvariantReLU, InvariantSiLU, InvariantTanh, ReLU, SiLU, Tanh
from ._equivariant_transformation import EquivariantTransformation
from ._layer_norm import InvariantLayerNorm, LayerNorm
from ._linear import EquivariantLinear, Linear
from ._module import Buffer, Module
from ._module_map import ModuleMap
from ._sequential import Sequential

__all__ = [
    "Buffer",
    "EquivariantLinear",
    "EquivariantTransformation",
    "InvariantLayerNorm",
    "InvariantReLU",
    "InvariantSiLU",
    "InvariantTanh",
    "LayerNorm",
    "Linear",
    "Module",
    "ModuleMap",
    "ReLU",
    "Sequential",
    "SiLU",
    "Tanh",
]
