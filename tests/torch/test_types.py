"""What type checkers and editors know about ``metatensor.torch``."""

import ast
import collections.abc
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import metatensor
import metatensor.torch as mts
from metatensor.torch import _documentation

STUB = Path(mts.__file__).parent / "operations.pyi"

NAMES = {
    **{name: getattr(typing, name) for name in ("Dict", "List", "Optional", "Tuple", "Union")},
    **{name: getattr(_documentation, name) for name in ("Labels", "TensorBlock", "TensorMap")},
    "Callable": collections.abc.Callable,
    "torch": torch,
}


def declared_functions() -> Iterator[tuple[str, inspect.Signature]]:
    """Names and signatures of the functions in the stub."""
    module = ast.parse(STUB.read_text())
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    namespace = dict(NAMES)
    for function in functions:
        exec(compile(ast.Module([function], []), str(STUB), "exec"), namespace, declared := {})
        yield function.name, inspect.signature(declared[function.name])


DECLARED = dict(declared_functions())


@pytest.mark.parametrize("name", DECLARED)
def test_operations(name):
    assert inspect.signature(getattr(mts, name)) == DECLARED[name]


def test_all_operations_are_declared():
    classes = {"NotEqualError", "unsafe_disable_checks", "unsafe_enable_checks"}
    assert set(DECLARED) | classes == set(mts.operations.__all__)
    for name in classes:
        assert name in STUB.read_text()


def test_types_of_methods_can_be_resolved():
    for name in ("Labels", "LabelsEntry", "TensorBlock", "TensorMap"):
        for member in vars(getattr(_documentation, name)).values():
            function = member.fget if isinstance(member, property) else member
            function = getattr(function, "__func__", function)
            if inspect.isfunction(function):
                assert typing.get_type_hints(function)


def test_package_is_typed():

    assert (Path(metatensor.__file__).parent / "py.typed").exists()
