"""
What this copy of the operations is bound to: the pure Python classes.

All the other modules of this package are written in the subset of Python that TorchScript compiles
and take everything that depends on the classes from here. ``metatensor.torch.operations`` executes
the same files a second time, with another ``_backend`` (see ``metatensor/torch/_source_twin.py``).
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, Union

import numpy as np

from metatensor import Labels, TensorBlock, TensorMap
from metatensor._data import backend_of
from metatensor._data._backend import DLPACK_CPU
from metatensor._module_alias import alias_module

__all__ = [
    "Array",
    "Labels",
    "LabelsValues",
    "TensorBlock",
    "TensorMap",
    "block_with_values",
    "default_array",
    "isinstance_metatensor",
    "labels_array",
    "torch",
    "torch_jit_annotate",
    "torch_jit_is_scripting",
    "torch_jit_script",
]

alias_module("metatensor_operations", "metatensor.operations")


class _TensorType(type):
    """
    ``isinstance`` for the stand-in of ``torch.Tensor``. This is called for each array as long as
    torch is not imported: the answer for numpy arrays comes first.
    """

    def __instancecheck__(cls, value: Any) -> bool:
        if type(value) is np.ndarray or "torch" not in sys.modules:
            return False
        # nothing can be a tensor before torch is fully imported
        tensor_type = getattr(sys.modules["torch"], "Tensor", None)
        if tensor_type is None:
            return False
        torch.Tensor = tensor_type
        return isinstance(value, tensor_type)


class _Tensor(metaclass=_TensorType):
    """Stands for ``torch.Tensor`` until there is an array which could be one."""


class _LoadedTorch:
    """
    The module ``torch``, if something imported it already.

    metatensor must not import torch on its own: this takes seconds and users of numpy do not need
    it. An array can only be a tensor when torch is loaded, so that looking at the loaded modules
    is enough.
    """

    def __init__(self) -> None:
        self.Tensor: type = _Tensor

    def __getattr__(self, name: str) -> Any:
        module = sys.modules.get("torch")
        value = getattr(module, name, None)
        if value is None:
            raise AttributeError(f"module 'torch' has no attribute '{name}', or it is not imported")
        setattr(self, name, value)  # the next access does not come here
        return value


torch = _LoadedTorch()

Array = Union[np.ndarray, "torch.Tensor"]
LabelsValues = np.ndarray

_CLASSES = {"Labels": Labels, "TensorBlock": TensorBlock, "TensorMap": TensorMap}

_T = TypeVar("_T")


def block_with_values(block: TensorBlock, values: Any) -> TensorBlock:
    """New block with the given values and the labels of ``block``, without gradients."""
    # the labels come from a valid block: there is no reason to check their types again
    return block._with_values(values)


def default_array() -> np.ndarray:
    """An array with the kind, dtype and device of new arrays for which users give none of these."""
    return np.empty(0)


def labels_array(array: Any) -> Any:
    """An array with the kind and device of new labels for the axes of ``array``."""
    # numpy is what labels use, unless the data is somewhere else
    is_on_cpu = backend_of(array).dlpack_device(array) == DLPACK_CPU
    return np.empty((0, 0), dtype=np.int32) if is_on_cpu else array


def isinstance_metatensor(value: Any, typename: str) -> bool:
    """
    Check if ``value`` is an instance of the class called ``typename``.

    For an object of a TorchScript class of metatensor, this is false and warns that
    ``metatensor.torch`` has the functions for it.
    """
    assert typename in _CLASSES
    if isinstance(value, _CLASSES[typename]):
        return True

    if is_torchscript_metatensor(value):
        warnings.warn(
            f"this function of `metatensor` got a TorchScript object where it needs a "
            f"metatensor.{typename}, use the same function of `metatensor.torch` instead",
            category=UserWarning,
            stacklevel=_stacklevel_of_user(),
        )
    return False


def is_torchscript_metatensor(value: Any) -> bool:
    """Check if ``value`` is an object of one of the TorchScript classes of metatensor."""
    module = sys.modules.get("torch")
    if module is None or not isinstance(value, module.ScriptObject):
        return False
    return value._type().qualified_name().startswith("__torch__.torch.classes.metatensor.")


def _stacklevel_of_user() -> int:
    """``stacklevel`` for warnings, such that they point to the first frame out of this package."""
    package = __name__.rpartition(".")[0] + "."
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(package):
        frame = frame.f_back
        level += 1
    return level


def torch_jit_is_scripting() -> bool:
    """Always false: this copy of the code is never compiled."""
    return False


def torch_jit_script(function: Callable[..., _T]) -> Callable[..., _T]:
    """Decorator of all public functions, which are compiled in ``metatensor.torch`` only."""
    return function


def torch_jit_annotate(type: Any, value: _T) -> _T:
    """Give ``value``, the type of which is only of interest to the TorchScript compiler."""
    return value
