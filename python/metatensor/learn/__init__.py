"""
Tools to train models which take and return tensor maps.

This package needs PyTorch, and works with blocks that contain torch tensors. Modules to be used
with TorchScript are in ``metatensor.torch.learn``, which has the same content for the TorchScript
classes.
"""

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

from metatensor._versions import LEARN_INTERFACE

from . import _backend  # noqa: F401, binds this package to the classes

__version__ = LEARN_INTERFACE

#: Is PyTorch installed? Only then the package has any content.
HAS_TORCH = importlib.util.find_spec("torch") is not None

__all__ = ["HAS_TORCH"]
if HAS_TORCH:
    __all__ += ["DataLoader", "Dataset", "IndexedDataset", "Linear", "ModuleMap", "data", "nn"]

#: where to find the public names. PyTorch is imported when one of them is used for the first time
_SUBMODULES = {
    "data": "data",
    "nn": "nn",
    "DataLoader": "data",
    "Dataset": "data",
    "IndexedDataset": "data",
    "Linear": "nn",
    "ModuleMap": "nn",
}

if TYPE_CHECKING:
    from . import data, nn
    from .data import DataLoader, Dataset, IndexedDataset
    from .nn import Linear, ModuleMap
else:

    def __getattr__(name: str) -> Any:
        if HAS_TORCH and name in _SUBMODULES:
            submodule = importlib.import_module(f"{__name__}.{_SUBMODULES[name]}")
            return submodule if name == _SUBMODULES[name] else getattr(submodule, name)
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
