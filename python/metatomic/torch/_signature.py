"""Checks that a module can be called as a model, before it gets wrapped or exported."""

# TorchScript classes are not Python types, `System | None` does not work where `Optional[System]`
# does; the annotations of models are compared with the ones that TorchScript always understood

import re
from typing import Any, Dict, List, Optional, get_args

import torch

from metatensor.torch import Labels, TensorMap

from ._classes import ModelOutput, System

_EXPECTED_TYPES = {
    "systems": List[System],
    "outputs": Dict[str, ModelOutput],
    "selected_atoms": Optional[Labels],
    "return": Dict[str, TensorMap],
}

# the same types, as TorchScript writes them
_EXPECTED_SCRIPTED_TYPES = {
    "systems": "List[__torch__.torch.classes.metatomic.System]",
    "outputs": "Dict[str, __torch__.torch.classes.metatomic.ModelOutput]",
    "selected_atoms": "Optional[__torch__.torch.classes.metatensor.Labels]",
    "return": "Dict[str, __torch__.torch.classes.metatensor.TensorMap]",
}

# TorchScript classes do not know their own name
_CLASS_NAMES = {
    Labels: "Labels",
    ModelOutput: "ModelOutput",
    System: "System",
    TensorMap: "TensorMap",
}


def check_model_signature(module: torch.nn.Module) -> None:
    """
    Check that ``module.forward`` takes and returns what
    :py:class:`metatomic.torch.ModelInterface` documents.

    :raises TypeError: if any name or type is different
    """
    if isinstance(module, torch.jit.ScriptModule):
        actual = _scripted_types(module)
        expected = _EXPECTED_SCRIPTED_TYPES
    else:
        actual = dict(getattr(module.forward, "__annotations__", {}))
        expected = _EXPECTED_TYPES

    if list(actual) != list(expected):
        raise TypeError(
            "`forward` of an atomistic model should have the signature "
            f"`{_signature(expected)}`, got `{_signature(actual)}` for the model "
            f"{type(module).__name__}"
        )

    for name, annotation in expected.items():
        if actual[name] == annotation:
            continue

        what = "the return type" if name == "return" else f"the type of argument `{name}`"
        raise TypeError(
            f"{what} in `forward` of an atomistic model should be {_type_name(annotation)}, "
            f"got {_type_name(actual[name])} for the model {type(module).__name__}"
        )


def _scripted_types(module: torch.jit.ScriptModule) -> dict[str, str]:
    schema = module.forward.schema
    types = {argument.name: argument.type.annotation_str for argument in schema.arguments[1:]}
    types["return"] = schema.returns[0].type.annotation_str
    return types


def _signature(types: dict[str, Any]) -> str:
    arguments = [f"{n}: {_type_name(t)}" for n, t in types.items() if n != "return"]
    returned = f" -> {_type_name(types['return'])}" if "return" in types else ""
    return f"forward({', '.join(['self', *arguments])}){returned}"


def _type_name(annotation: Any) -> str:
    """Short name of a type: ``List[System]`` for a list of the TorchScript class ``System``."""
    if isinstance(annotation, str):
        return re.sub(r"__torch__[\w.]*\.", "", annotation)

    if isinstance(annotation, torch.ScriptClass):
        return _CLASS_NAMES.get(annotation, "another TorchScript class")

    arguments = [_type_name(argument) for argument in get_args(annotation)]
    if not arguments:
        return getattr(annotation, "__name__", repr(annotation))

    name = getattr(annotation, "__name__", "Union")
    if name == "Optional":
        arguments.remove("NoneType")

    return f"{name}[{', '.join(arguments)}]"
