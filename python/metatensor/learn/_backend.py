"""
What this copy of the package is bound to: the pure Python classes.

``metatensor.torch.learn`` executes the same files a second time, with another ``_backend`` (see
``metatensor/torch/_source_twin.py``).
"""

import warnings
from typing import Any

from metatensor import Labels, LabelsEntry, TensorBlock, TensorMap
from metatensor._module_alias import alias_module
from metatensor.operations._backend import is_torchscript_metatensor

__all__ = [
    "Labels",
    "LabelsEntry",
    "TensorBlock",
    "TensorMap",
    "isinstance_metatensor",
    "torch_jit_is_scripting",
]

alias_module("metatensor_learn", "metatensor.learn")

_CLASSES = {"Labels": Labels, "TensorBlock": TensorBlock, "TensorMap": TensorMap}


def isinstance_metatensor(value: Any, typename: str) -> bool:
    """
    Check if ``value`` is an instance of the class called ``typename``.

    For an object of a TorchScript class of metatensor, this is false and warns that
    ``metatensor.torch.learn`` is made for it.
    """
    assert typename in _CLASSES
    if isinstance(value, _CLASSES[typename]):
        return True

    if is_torchscript_metatensor(value):
        warnings.warn(
            "`metatensor.learn` got a TorchScript object of metatensor, use "
            "`metatensor.torch.learn` for these",
            category=UserWarning,
            stacklevel=3,
        )
    return False


def torch_jit_is_scripting() -> bool:
    """Always false: this copy of the code is never compiled."""
    return False
