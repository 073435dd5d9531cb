import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import metatensor
import metatensor.learn.data
import metatensor.learn.nn
import metatensor.torch


def run_python(code):
    subprocess.run([sys.executable, "-c", code], check=True)


MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(metatensor.learn.__path__, "metatensor.learn.")
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples_in_the_documentation(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("package", [metatensor.learn.data, metatensor.learn.nn])
def test_everything_public_is_documented_with_an_example(package):
    for name in package.__all__:
        documentation = getattr(package, name).__doc__
        assert name == "Buffer" or ">>> " in documentation, name


def test_public_names():
    assert sorted(metatensor.learn.data.__all__) == [
        "DataLoader",
        "Dataset",
        "IndexedDataset",
        "group",
        "group_and_join",
    ]
    assert sorted(metatensor.learn.nn.__all__) == [
        "Buffer",
        "EquivariantLinear",
        "EquivariantTransformation",
        "InvariantLayerNorm",
        "InvariantReLU",
        "InvariantSiLU",
        "InvariantTanh",
        "LayerNorm",
        "Linear",
        "Module",
        "ModuleMap",
        "ReLU",
        "Sequential",
        "SiLU",
        "Tanh",
    ]
    assert not hasattr(metatensor, "Dataset")
    assert not hasattr(metatensor.torch, "ModuleMap")


def test_star_import():
    for package in ("metatensor.learn", "metatensor.torch.learn"):
        names: dict[str, object] = {}
        exec(f"from {package} import *", names)
        assert set(names) - {"__builtins__"} == {
            *("HAS_TORCH", "data", "nn"),
            *("DataLoader", "Dataset", "IndexedDataset", "Linear", "ModuleMap"),
        }
        module = importlib.import_module(package)
        assert names["Linear"] is module.nn.Linear
        assert len(set(dir(module))) == len(dir(module))


def test_two_versions():
    learn, torch_learn = metatensor.learn, metatensor.torch.learn
    assert torch_learn is not learn
    assert learn.HAS_TORCH and torch_learn.HAS_TORCH
    assert learn.__version__ == torch_learn.__version__
    assert torch_learn.__name__ == "metatensor_torch.learn"
    for package in ("data", "nn"):
        first, second = getattr(learn, package), getattr(torch_learn, package)
        for name in first.__all__:
            assert getattr(first, name) is not getattr(second, name)

    public = {"data": ["DataLoader", "Dataset", "IndexedDataset"], "nn": ["Linear", "ModuleMap"]}
    for version in (learn, torch_learn):
        for package, names in public.items():
            assert {package, *names} <= set(dir(version))
            for name in names:
                assert getattr(version, name) is getattr(getattr(version, package), name)
    with pytest.raises(AttributeError, match="foo"):
        learn.foo  # noqa: B018


def test_names_of_modules():
    import metatensor.torch.learn._backend
    import metatensor_learn.data._namedtuple
    import metatensor_learn.nn._module
    import metatensor_torch.learn.data
    import metatensor_torch.learn.nn

    import metatensor.torch.learn.data

    assert metatensor_learn is metatensor.learn
    assert metatensor_learn.nn._module is metatensor.learn.nn._module
    assert metatensor_learn.data._namedtuple is metatensor.learn.data._namedtuple
    assert metatensor_torch.learn.data is metatensor.torch.learn.data
    assert metatensor_torch.learn.nn is metatensor.torch.learn.nn
    assert "metatensor_torch.learn._backend" in sys.modules
    assert "metatensor.torch.learn._backend" in sys.modules


def test_torch_is_imported_on_demand():
    run_python(
        """
import sys
import metatensor
import metatensor.learn
assert metatensor.learn.HAS_TORCH
assert "torch" not in sys.modules
metatensor.learn.nn.Module
assert "torch" in sys.modules
"""
    )


def test_without_torch():
    run_python(
        """
import sys
sys.modules["torch"] = None
import metatensor_learn
import metatensor.learn
assert metatensor_learn is metatensor.learn
assert not metatensor.learn.HAS_TORCH
for name in ("data", "nn", "DataLoader", "Dataset", "IndexedDataset", "Linear", "ModuleMap"):
    assert not hasattr(metatensor.learn, name)
assert metatensor.learn.__all__ == ["HAS_TORCH"]
"""
    )
