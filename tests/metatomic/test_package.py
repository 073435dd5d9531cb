"""The package itself: versions, location of its files, and names that moved."""

import os
import subprocess
import sys

import pytest
import torch

import metatomic.torch
from metatomic.torch import utils


def run_python(code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore:`torch.jit", "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_version():
    assert metatomic.torch.__version__ == torch.ops.metatomic.version()
    assert metatomic.torch.__version__.startswith("0.1.")


def test_parse_version():
    version = utils.parse_version("1.23.4-rc5+abc")
    assert version == (1, 23, 4)
    assert version.major == 1
    assert version.minor == 23
    assert version.patch == 4

    for invalid in ["1.2", "v1.2.3", "", "a.b.c"]:
        with pytest.raises(ValueError, match="invalid version"):
            utils.parse_version(invalid)


def test_version_compatible():
    assert utils.version_compatible("1.2.3", "1.2.9")
    assert not utils.version_compatible("1.2.3", "1.3.3")
    assert not utils.version_compatible("2.2.3", "1.2.3")


def test_cmake_prefix_path():
    path = os.path.join(utils.cmake_prefix_path, "metatomic_torch", "metatomic_torch-config.cmake")
    assert os.path.isfile(path)

    with pytest.raises(AttributeError, match="something"):
        _ = utils.something


def test_lazy_imports():
    code = """
import sys
import metatomic.torch
assert "metatomic_ase" not in sys.modules
assert "metatomic.torch.documentation" not in sys.modules
metatomic.torch.documentation.System
"""
    completed = run_python(code)
    assert completed.returncode == 0, completed.stderr
    assert completed.stdout == completed.stderr == ""


def test_without_ase():
    code = """
import sys
sys.modules["ase"] = None
import metatomic.torch
try:
    metatomic.torch.systems_to_torch(None)
except RuntimeError as error:
    print(error)
"""
    completed = run_python(code)
    assert completed.returncode == 0, completed.stderr
    assert "pip install ase" in completed.stdout


def test_other_torch_version():
    # metatensor.torch is imported with the real version
    code = """
import torch
import metatensor.torch
torch.__version__ = "1.99.0+cpu"
try:
    import metatomic.torch
except ImportError as error:
    print(error)
"""
    completed = run_python(code)
    assert "torch v1.99.0+cpu" in completed.stdout, completed.stderr
    version = ".".join(torch.__version__.split(".")[:2])
    assert f"only for torch {version}" in completed.stdout


def test_documentation_import():
    code = """
import metatomic.torch as mta
import torch

print(type(mta.System).__name__)
options = mta.NeighborListOptions(cutoff=3.0, full_list=True, strict=False, requestor="me")
print(options.cutoff, options.requestors())
outputs = {"energy": mta.ModelOutput(unit="eV", sample_kind="atom")}
capabilities = mta.ModelCapabilities(outputs=outputs, dtype="float64")
print(capabilities.outputs["energy"].sample_kind)
mta.ModelMetadata(name="model")
mta.ModelEvaluationOptions(length_unit="A", outputs=outputs)

try:
    mta.System(torch.zeros(0), torch.zeros((0, 3)), torch.zeros((3, 3)), torch.zeros(3))
except RuntimeError as error:
    print(error)
try:
    mta.unit_conversion_factor("A", "nm")
except RuntimeError as error:
    print(error)
"""
    completed = run_python(code, METATOMIC_IMPORT_FOR_SPHINX="1")
    assert completed.returncode == 0, completed.stderr
    lines = completed.stdout.splitlines()
    assert lines[:3] == ["type", "3.0 ['me']", "atom"]
    assert "`System` needs the compiled library" in lines[3]
    assert "`unit_conversion_factor` needs the compiled library" in lines[4]


def test_documentation_has_all_members():
    """The documented classes have the same members as the compiled ones."""
    from metatomic.torch import documentation as docs

    objects = {
        "NeighborListOptions": metatomic.torch.NeighborListOptions(1.0, True, True),
        "ModelOutput": metatomic.torch.ModelOutput(),
        "ModelCapabilities": metatomic.torch.ModelCapabilities(),
        "ModelMetadata": metatomic.torch.ModelMetadata(),
        "ModelEvaluationOptions": metatomic.torch.ModelEvaluationOptions(),
    }
    for name, compiled in objects.items():
        arguments = (1.0, True, True) if name == "NeighborListOptions" else ()
        documented = getattr(docs, name)(*arguments)
        for member in compiled._method_names():
            member = member.removesuffix("_getter").removesuffix("_setter")
            if not member.startswith("__"):
                assert hasattr(documented, member), f"{name}.{member}"


def test_documentation_of_functions():
    for name in ["pick_device", "pick_output", "read_model_metadata", "unit_conversion_factor"]:
        with pytest.raises(RuntimeError, match=f"`{name}` needs the compiled library"):
            function = getattr(metatomic.torch.documentation, name)
            function(*[None] * (1 if name == "read_model_metadata" else 2))


def test_moved_calculators():
    import metatomic_ase

    with pytest.warns(
        DeprecationWarning, match="`metatomic.torch.ase_calculator`.*`metatomic_ase`"
    ):
        calculator = metatomic.torch.ase_calculator.MetatomicCalculator
    assert calculator is metatomic_ase.MetatomicCalculator

    # at each access
    with pytest.warns(DeprecationWarning):
        _ = metatomic.torch.ase_calculator.MetatomicCalculator

    with pytest.raises(AttributeError, match="has no attribute 'Other'"):
        _ = metatomic.torch.ase_calculator.Other
