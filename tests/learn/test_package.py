import doctest
import subprocess
import sys

import pytest

import metatensor
import metatensor.learn.nn
import metatensor.torch


def run_python(code):
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", ["_linear", "_module", "_module_map"])
def test_examples_in_the_documentation(name):
    module = sys.modules[f"metatensor.learn.nn.{name}"]
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0


def test_two_versions():
    learn, torch_learn = metatensor.learn, metatensor.torch.learn
    assert torch_learn is not learn
    assert learn.HAS_TORCH and torch_learn.HAS_TORCH
    assert learn.__version__ == torch_learn.__version__
    assert torch_learn.__name__ == "metatensor_torch.learn"
    for name in metatensor.learn.nn.__all__:
        assert getattr(learn.nn, name) is not getattr(torch_learn.nn, name)
    for name in ("Linear", "ModuleMap"):
        assert getattr(learn, name) is getattr(learn.nn, name)
    assert {"nn", "Linear", "ModuleMap"} <= set(dir(learn))
    with pytest.raises(AttributeError, match="foo"):
        learn.foo  # noqa: B018


def test_names_of_modules():
    import metatensor.torch.learn._backend
    import metatensor_learn.nn._module
    import metatensor_torch.learn.nn

    assert metatensor_learn is metatensor.learn
    assert metatensor_learn.nn._module is metatensor.learn.nn._module
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
assert not hasattr(metatensor.learn, "nn")
assert not hasattr(metatensor.learn, "Linear")
"""
    )
