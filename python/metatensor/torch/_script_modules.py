"""
Metatensor data inside of scripted modules follows the module to another device or dtype.

``metatensor.torch.learn.nn.Module`` does this for Python modules, but TorchScript replaces the
module by a ``torch.jit.RecursiveScriptModule``, which only knows about tensors. Two attributes of
our modules survive in TorchScript: ``_mts_helper``, an empty buffer with the current dtype and
device, and ``_mts_buffer_names``, the list of the attributes to move.
"""

import functools
import importlib
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch

_Move = Callable[[Any, torch.device, torch.dtype], Any]


def move_data_with_script_modules() -> None:
    """Make ``to()``, ``cuda()``, ... of scripted modules move the metatensor data they contain."""
    apply = torch.jit.RecursiveScriptModule._apply

    @functools.wraps(apply)
    def apply_and_move(
        self: torch.jit.RecursiveScriptModule,
        fn: Callable[[torch.Tensor], torch.Tensor],
        recurse: bool = True,
    ) -> torch.jit.RecursiveScriptModule:
        # for the children, this calls `_apply` again
        module = apply(self, fn, recurse)
        _move_attributes(module)
        return module

    torch.jit.RecursiveScriptModule._apply = apply_and_move


def _buffers() -> ModuleType:
    """The functions that move data, imported when they are first needed like all of ``learn``."""
    return importlib.import_module("metatensor.torch.learn.nn._buffers")


def _move_attributes(module: torch.jit.RecursiveScriptModule) -> None:
    if not any(name == "_mts_helper" for name, _ in module.named_buffers(recurse=False)):
        return

    attributes = module._concrete_type.get_attributes()
    if "_mts_buffer_names" in attributes:
        # TorchScript drops empty containers that are not used, but not their names
        for name in module._mts_buffer_names:
            if name in attributes:
                _move_attribute(module, name, _buffers().move)
        return

    moved = [_move_attribute(module, name, _move_mixed) for name in attributes]
    if any(moved):
        warnings.warn(
            "this module was exported with an old version of metatensor, without a list of the "
            "metatensor data to move: all of it was moved. Please export the module again",
            UserWarning,
            stacklevel=2,
        )


def _move_attribute(module: torch.jit.RecursiveScriptModule, name: str, move_value: _Move) -> bool:
    """Move one attribute in place. Returns ``True`` if there was metatensor data in it."""
    value = module._c.getattr(name)
    if not _buffers().contains_metatensor(value):
        return False
    helper = module._mts_helper
    # torch does not check the elements of containers against the declared type, which is wrong in
    # some old archives
    module._c.setattr(name, move_value(value, helper.device, helper.dtype))
    return True


def _move_mixed(value: Any, device: torch.device, dtype: torch.dtype) -> Any:
    """Same as ``move``, for containers with both metatensor and other data."""
    if isinstance(value, dict):
        return {key: _move_mixed(element, device, dtype) for key, element in value.items()}
    if isinstance(value, list):
        return [_move_mixed(element, device, dtype) for element in value]
    if isinstance(value, tuple):
        return tuple(_move_mixed(element, device, dtype) for element in value)
    return _buffers().move(value, device, dtype)
