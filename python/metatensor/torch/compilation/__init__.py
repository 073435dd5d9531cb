"""
Compile models with ``torch.compile``, and export them with ``torch.export``: what comes after
TorchScript.

Importing this module takes a while, since it imports the compiler of torch.
"""

from ._compile import compile
from ._compiled import CompiledFunction, CompiledModule
from ._package import Package, load_package, save_package
from ._recorder import UnsupportedModel

__all__ = [
    "CompiledFunction",
    "CompiledModule",
    "Package",
    "UnsupportedModel",
    "compile",
    "load_package",
    "save_package",
]
