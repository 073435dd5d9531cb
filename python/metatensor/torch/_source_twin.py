"""
One source, two sets of classes: executes ``metatensor.operations`` and ``metatensor.learn`` once
more, with the TorchScript classes.

Each of these packages takes the classes from its module ``_backend``. Here, a ``_backend`` module
made of the TorchScript classes is registered first, and then the same files are executed as
``metatensor_torch.operations`` and ``metatensor_torch.learn``, also known as
``metatensor.torch.operations`` and ``metatensor.torch.learn``. The functions of the result are
compiled, and they work with the objects of ``metatensor.torch``.
"""

import importlib.util
import os
import sys
import warnings
from types import ModuleType
from typing import Any, Union

import torch

from metatensor._module_alias import alias_module
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap

_CLASSES_PREFIX = "__torch__.torch.classes.metatensor."


def install() -> tuple[ModuleType, ModuleType]:
    """
    Create ``metatensor.torch.operations`` and ``metatensor.torch.learn``.

    To be called once, when the classes are available in ``metatensor.torch``. The two modules are
    registered in :py:data:`sys.modules` and returned.
    """
    with warnings.catch_warnings():
        # torch deprecates TorchScript, which is what the simulation engines load today. Users can
        # do nothing about it.
        warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)
        operations = _execute_twin("operations", _operations_backend())
        learn = _execute_twin("learn", _learn_backend())
    return operations, learn


def _execute_twin(package: str, backend: dict[str, Any]) -> ModuleType:
    source = importlib.util.find_spec(f"metatensor.{package}")
    name = f"metatensor_torch.{package}"
    spec = importlib.util.spec_from_file_location(
        name,
        source.origin,
        submodule_search_locations=list(source.submodule_search_locations),
    )
    module = importlib.util.module_from_spec(spec)
    module._backend = ModuleType(f"{name}._backend", "What this package is bound to.")
    module._backend.__dict__.update(backend)

    sys.modules[name] = module
    sys.modules[f"{name}._backend"] = module._backend
    alias_module(f"metatensor.torch.{package}", name)
    sys.modules[f"metatensor.torch.{package}._backend"] = module._backend

    spec.loader.exec_module(module)
    return module


def _operations_backend() -> dict[str, Any]:
    return {
        "Array": torch.Tensor,
        "Labels": Labels,
        "LabelsValues": torch.Tensor,
        "TensorBlock": TensorBlock,
        "TensorMap": TensorMap,
        "block_with_values": block_with_values,
        "default_array": default_array,
        "isinstance_metatensor": isinstance_metatensor,
        "labels_array": labels_array,
        "torch": torch,
        "torch_jit_annotate": torch.jit.annotate,
        "torch_jit_is_scripting": torch.jit.is_scripting,
        "torch_jit_script": _do_not_script if _documentation_only() else torch.jit.script,
    }


def _learn_backend() -> dict[str, Any]:
    return {
        "Labels": Labels,
        "LabelsEntry": LabelsEntry,
        "TensorBlock": TensorBlock,
        "TensorMap": TensorMap,
        "isinstance_metatensor": isinstance_metatensor,
        "torch_jit_is_scripting": torch.jit.is_scripting,
    }


def _documentation_only() -> bool:
    return os.environ.get("METATENSOR_IMPORT_FOR_SPHINX", "0") != "0"


def _do_not_script(function: Any) -> Any:
    return function


def block_with_values(block: TensorBlock, values: torch.Tensor) -> TensorBlock:
    """New block with the given values and the labels of ``block``, without gradients."""
    return TensorBlock(values, block.samples, block.components, block.properties)


def default_array() -> torch.Tensor:
    """A tensor with the dtype and device of new tensors for which users give none of these."""
    return torch.empty(0)


def labels_array(array: torch.Tensor) -> torch.Tensor:
    """A tensor with the device of new labels for the axes of ``array``."""
    return array


def isinstance_metatensor(value: Union[Labels, TensorBlock, TensorMap], typename: str) -> bool:
    """
    Check if ``value`` is an instance of the TorchScript class called ``typename``: ``"Labels"``,
    ``"TensorBlock"`` or ``"TensorMap"``.

    The builtin ``isinstance`` knows these classes only inside of compiled functions.
    """
    assert typename == "Labels" or typename == "TensorBlock" or typename == "TensorMap"
    if torch.jit.is_scripting():
        if typename == "Labels":
            return isinstance(value, Labels)
        elif typename == "TensorBlock":
            return isinstance(value, TensorBlock)
        else:
            return isinstance(value, TensorMap)
    else:
        if not isinstance(value, torch.ScriptObject):
            return False
        return value._type().qualified_name() == _CLASSES_PREFIX + typename
