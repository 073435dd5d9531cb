"""What type checkers and editors know about ``metatensor.torch.learn``."""

import ast
import inspect
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

import metatensor.torch
import metatensor.torch.learn.data
import metatensor.torch.learn.disk
import metatensor.torch.learn.nn

learn = metatensor.torch.learn
STUBS = Path(metatensor.torch.__file__).parent / "learn"


def parse_stub(module: str) -> ast.Module:
    return ast.parse((STUBS / module / "__init__.pyi").read_text())


def declared_names(module: str) -> set[str]:
    names = set()
    for node in parse_stub(module).body:
        if isinstance(node, ast.ImportFrom):
            # only names which are imported with `as` are visible for users of the stub
            names |= {name.asname for name in node.names if name.asname is not None}
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            names.add(node.name)
    return names


@pytest.mark.parametrize("module", [learn, learn.data, learn.disk, learn.nn])
def test_all_names_are_declared(module):
    if module is learn:
        assert declared_names("") == {*learn.__all__, "__version__"}
    else:
        assert declared_names(module.__name__.split(".")[-1]) == set(module.__all__)


def signature(function: ast.FunctionDef) -> str:
    returned = None if function.returns is None else ast.unparse(function.returns).strip("'")
    return f"({ast.unparse(function.args)}) -> {returned}"


def declared_classes(module: str) -> dict[str, dict[str, str]]:
    """Signatures of the methods of the classes in a stub, with the ones they inherit there."""
    classes: dict[str, dict[str, str]] = {}
    for node in parse_stub(module).body:
        if isinstance(node, ast.ClassDef):
            methods = classes[node.name] = {}
            for base in node.bases:
                methods.update(classes.get(ast.unparse(base), {}))
            for member in node.body:
                if isinstance(member, ast.FunctionDef):
                    methods[member.name] = signature(member)
    return {name: methods for name, methods in classes.items() if not name.startswith("_")}


def actual_signature(cls: type, name: str) -> str:
    member = inspect.getattr_static(cls, name)
    function = member.fget if isinstance(member, property) else member
    source = textwrap.dedent(inspect.getsource(getattr(function, "__func__", function)))
    return signature(ast.parse(source).body[0])


@pytest.mark.parametrize("module", [learn.disk, learn.nn])
def test_methods(module: ModuleType):
    for class_name, methods in declared_classes(module.__name__.split(".")[-1]).items():
        cls = getattr(module, class_name)
        public = {name for name in vars(cls) if name == "__init__" or not name.startswith("_")}
        assert public <= set(methods), class_name
        for name, declared in methods.items():
            assert declared == actual_signature(cls, name), f"{class_name}.{name}"
