"""Neural-network modules which take and return tensor maps."""

from ._linear import Linear
from ._module import Buffer, Module
from ._module_map import ModuleMap

__all__ = ["Buffer", "Linear", "Module", "ModuleMap"]
