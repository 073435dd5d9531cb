"""Names and signatures of classes and operators are used by exported models: they never change."""

import re

import pytest
import torch

import metatomic.torch
from metatomic.torch import (
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
)

SYSTEM = "__torch__.torch.classes.metatomic.System"
OUTPUT = "__torch__.torch.classes.metatomic.ModelOutput"
METADATA = "__torch__.torch.classes.metatomic.ModelMetadata"
BLOCK = "__torch__.torch.classes.metatensor.TensorBlock"
TENSOR_MAP = "__torch__.torch.classes.metatensor.TensorMap"
LABELS = "__torch__.torch.classes.metatensor.Labels"

CHECK_ARGUMENTS = (
    f"{SYSTEM}[] systems, Dict(str, {OUTPUT}) requested, {LABELS}? selected_atoms, "
    f"Dict(str, {TENSOR_MAP})"
)

OPERATORS = [
    "version() -> str",
    "pick_device(str[] model_devices, str? requested_device=None) -> str",
    f"pick_output(str requested_output, Dict(str, {OUTPUT}) outputs, "
    "str? desired_variant=None) -> str",
    f"read_model_metadata(str path) -> {METADATA}",
    "unit_conversion_factor(str? _0=None, str? _1=None, str? _2=None, str? quantity=None, "
    "str? from_unit=None, str? to_unit=None) -> float",
    "unit_dimension_for_quantity(str name) -> str",
    f"save(str path, {SYSTEM} system) -> ()",
    f"load_system(str path) -> {SYSTEM}",
    f"save_buffer({SYSTEM} system) -> Tensor",
    f"load_system_buffer(Tensor buffer) -> {SYSTEM}",
    "check_atomistic_model.check_atomistic_model(str path) -> ()",
    "load_model_extensions.load_model_extensions(str path, str? extensions_directory) -> ()",
    f"register_autograd_neighbors.register_autograd_neighbors({SYSTEM} system, "
    f"{BLOCK} neighbors, bool check_consistency=False) -> ()",
    f"_check_quantities._check_quantities({CHECK_ARGUMENTS} values, str model_dtype, "
    "str inputs_or_outputs) -> ()",
    f"_check_outputs._check_outputs({CHECK_ARGUMENTS} outputs, str model_dtype) -> ()",
]


@pytest.mark.parametrize("schema", OPERATORS)
def test_operators(schema):
    name, overload = schema.split("(")[0].partition(".")[::2]
    actual = torch._C._get_schema(f"metatomic::{name}", overload)
    assert str(actual) == f"metatomic::{schema}"


def accessors(**types: str) -> dict[str, tuple[str, str]]:
    """Arguments and result of the methods used to get and set the properties with these types."""
    getters = {f"{name}_getter": ("", type) for name, type in types.items()}
    setters = {f"{name}_setter": (f"{type} _1", "NoneType") for name, type in types.items()}
    return {**getters, **setters}


#: arguments and result of all methods
CLASSES = {
    "NeighborListOptions": {
        "__init__": ('float cutoff, bool full_list, bool strict, str requestor=""', "NoneType"),
        "cutoff_getter": ("", "float"),
        "full_list_getter": ("", "bool"),
        "strict_getter": ("", "bool"),
        **accessors(length_unit="str"),
        "engine_cutoff": ("str engine_length_unit", "float"),
        "requestors": ("", "str[]"),
        "add_requestor": ("str requestor", "NoneType"),
        "__eq__": ("NeighborListOptions other", "bool"),
        "__ne__": ("NeighborListOptions other", "bool"),
        "__str__": ("", "str"),
        "__repr__": ("", "str"),
        "__getstate__": ("", "str"),
        "__setstate__": ("str _1", "NoneType"),
    },
    "System": {
        "__init__": ("Tensor types, Tensor positions, Tensor cell, Tensor pbc", "NoneType"),
        **accessors(types="Tensor", positions="Tensor", cell="Tensor", pbc="Tensor"),
        "device_getter": ("", "Device"),
        "dtype_getter": ("", "ScalarType"),
        "__len__": ("", "int"),
        "__str__": ("", "str"),
        "__repr__": ("", "str"),
        "to": (
            "Any _0=None, Any _1=None, ScalarType? dtype=None, Device? device=None, "
            "bool non_blocking=False",
            "System",
        ),
        "add_neighbor_list": ("NeighborListOptions options, TensorBlock neighbors", "NoneType"),
        "get_neighbor_list": ("NeighborListOptions options", "TensorBlock"),
        "known_neighbor_lists": ("", "NeighborListOptions[]"),
        "add_data": (
            "str name, TensorMap tensor, bool override=False, "
            "bool _private_warn_on_deprecated=True",
            "NoneType",
        ),
        "get_data": ("str name", "TensorMap"),
        "known_data": ("", "str[]"),
        "__getstate__": ("", "Tensor"),
        "__setstate__": ("Tensor _1", "NoneType"),
    },
    "ModelOutput": {
        "__init__": (
            'str quantity="", str unit="", Any _2=None, str[] explicit_gradients=[], '
            'str description="", bool? per_atom=None, str? sample_kind=None',
            "NoneType",
        ),
        **accessors(quantity="str", unit="str", per_atom="bool", sample_kind="str"),
        **accessors(explicit_gradients="str[]", description="str"),
        "__getstate__": ("", "str"),
        "__setstate__": ("str _1", "NoneType"),
    },
    "ModelCapabilities": {
        "__init__": (
            "Dict(str, ModelOutput) outputs={}, int[] atomic_types=[], "
            'float interaction_range=-1., str length_unit="", str[] supported_devices=[], '
            'str dtype=""',
            "NoneType",
        ),
        **accessors(outputs="Dict(str, ModelOutput)", atomic_types="int[]"),
        **accessors(interaction_range="float", length_unit="str"),
        **accessors(supported_devices="str[]", dtype="str"),
        "engine_interaction_range": ("str _1", "float"),
        "__getstate__": ("", "str"),
        "__setstate__": ("str _1", "NoneType"),
    },
    "ModelEvaluationOptions": {
        "__init__": (
            'str length_unit="", Dict(str, ModelOutput) outputs={}, Labels? selected_atoms=None',
            "NoneType",
        ),
        **accessors(length_unit="str", outputs="Dict(str, ModelOutput)", selected_atoms="Labels?"),
        "__getstate__": ("", "str"),
        "__setstate__": ("str _1", "NoneType"),
    },
    "ModelMetadata": {
        "__init__": (
            'str name="", str description="", str[] authors=[], '
            "Dict(str, str[]) references={}, Dict(str, str) extra={}",
            "NoneType",
        ),
        **accessors(name="str", description="str", authors="str[]"),
        **accessors(references="Dict(str, str[])", extra="Dict(str, str)"),
        "__str__": ("", "str"),
        "__repr__": ("", "str"),
        "__getstate__": ("", "str"),
        "__setstate__": ("str _1", "NoneType"),
    },
}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_classes(name, make_system):
    instance = {
        "NeighborListOptions": lambda: NeighborListOptions(3.5, True, True),
        "System": make_system,
        "ModelOutput": ModelOutput,
        "ModelCapabilities": ModelCapabilities,
        "ModelEvaluationOptions": ModelEvaluationOptions,
        "ModelMetadata": ModelMetadata,
    }[name]()
    assert instance._type().name() == name
    assert instance._type().qualified_name() == f"__torch__.torch.classes.metatomic.{name}"

    methods = CLASSES[name]
    assert sorted(instance._method_names()) == sorted(methods)
    for method, (arguments, result) in methods.items():
        schema = re.sub(
            r"__torch__\.torch\.classes\.\w+\.", "", str(instance._get_method(method).schema)
        )
        arguments = f", {arguments}" if arguments else ""
        assert schema == f"{method}({name} _0{arguments}) -> {result} _0"


def test_version():
    assert re.fullmatch(r"0\.1\.\d+", torch.ops.metatomic.version())
    assert torch.ops.metatomic.version() == metatomic.torch.__version__
