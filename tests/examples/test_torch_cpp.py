"""The C++ program which runs a TorchScript model builds, runs, and agrees with Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap

EXAMPLE = Path(__file__).parents[2] / "examples" / "cpp_torch"

# what is in the program
ATOMS = {
    1: ([[0, 1], [0, 2]], [[0.76, 0.0, -0.5], [-0.76, 0.0, -0.5]]),
    6: ([[1, 0]], [[0.1, 0.2, -0.3]]),
    8: ([[0, 0]], [[0.0, 0.0, 0.1]]),
}


def run(*command: object, expected_status: int = 0) -> str:
    """Run a program, and give what it prints"""
    # the libraries of torch can be in another place than next to those of metatensor
    libraries = [str(Path(torch.__file__).parent / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    result = subprocess.run(
        [str(argument) for argument in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, libraries))},
    )
    assert result.returncode == expected_status, f"{command} failed:\n{result.stdout}"
    return result.stdout


@pytest.fixture(scope="module")
def prefix() -> str:
    """What CMake has to know, as in the documentation"""
    script = (
        "import torch, metatensor, metatensor.torch as mts;"
        "modules = (torch, metatensor, mts);"
        "print(';'.join(module.utils.cmake_prefix_path for module in modules))"
    )
    return run(sys.executable, "-c", script).strip()


@pytest.fixture(scope="module")
def engine(tmp_path_factory, prefix) -> Path:
    """The program, built as its documentation says"""
    build = tmp_path_factory.mktemp("cpp_torch")
    run(
        *("cmake", "-S", EXAMPLE, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}"),
        # the fastest compilation: nothing depends on the speed of the program
        *("-DCMAKE_BUILD_TYPE=", "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON"),
    )
    run("cmake", "--build", build)
    return build / "engine"


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.pt"
    run(sys.executable, "-W", "error", EXAMPLE / "export_model.py", path)
    return path


def python_positions(dtype: torch.dtype) -> TensorMap:
    blocks = [
        TensorBlock(
            torch.tensor(positions, dtype=dtype)[:, :, None].requires_grad_(True),
            Labels(["system", "atom"], torch.tensor(samples)),
            [Labels.range("xyz", 3)],
            Labels.range("position", 1),
        )
        for samples, positions in ATOMS.values()
    ]
    return TensorMap(Labels(["atom_type"], torch.tensor(list(ATOMS))[:, None]), blocks)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_same_results_as_in_python(engine, model, tmp_path, dtype):
    output = run(engine, model, tmp_path / "energy.mts", str(dtype).removeprefix("torch."))

    module = torch.jit.load(model).to(dtype)
    positions = python_positions(dtype)
    expected = module(positions)
    expected["energy"].block().values.sum().backward()

    energy = mts.load(str(tmp_path / "energy.mts"))
    assert energy.block().values.dtype == dtype
    assert energy.info() == {"unit": "eV"}
    mts.allclose_raise(energy, mts.detach(expected["energy"]), rtol=1e-6)

    lines = output.splitlines()
    assert lines[0] == f"metatensor_torch {mts.version()}"
    assert "type 1, system 0, atom 2: energy 0.2069" in lines
    assert "energy of system 0: 0.4238" in lines
    forces = [line.split("force ")[1].split() for line in lines if "force" in line]
    expected_forces = torch.vstack([-block.values.grad[:, :, 0] for block in positions])
    torch.testing.assert_close(
        torch.tensor([list(map(float, force)) for force in forces], dtype=dtype), expected_forces
    )
    assert lines[-1].startswith("expected error: ")
    assert "(atom_type=99)" in lines[-1]


def test_errors(engine, model, tmp_path):
    output = run(engine, tmp_path / "missing.pt", tmp_path / "energy.mts", expected_status=1)
    assert "missing.pt" in output
    output = run(engine, model, tmp_path / "no" / "folder.mts", expected_status=1)
    assert "could not open" in output
    assert "usage" in run(engine, expected_status=2)


def test_versions(tmp_path, prefix):
    """Each minor version is another interface; the target has all that programs need."""
    major, minor, patch = (int(part) for part in mts.__version__.split("."))
    accepted = [f"{major}.{minor}", f"{major}.{minor}.{patch}"]
    refused = [f"{major}.{minor}.{patch + 1}", f"{major}.{minor + 1}", f"{major}.{minor - 1}"]
    (tmp_path / "CMakeLists.txt").write_text(
        f"""
        cmake_minimum_required(VERSION 3.22)
        project(find CXX)
        foreach (version {" ".join([*refused, *accepted])})
            find_package(metatensor_torch ${{version}} QUIET)
            message(STATUS "${{version}}: ${{metatensor_torch_FOUND}}")
            unset(metatensor_torch_DIR CACHE)
        endforeach()
        foreach (property BUILD_VERSION INTERFACE_LINK_LIBRARIES INTERFACE_COMPILE_FEATURES)
            get_target_property(value metatensor_torch ${{property}})
            message(STATUS "${{property}}: ${{value}}")
        endforeach()
        """
    )
    output = run("cmake", "-S", tmp_path, "-B", tmp_path / "b", f"-DCMAKE_PREFIX_PATH={prefix}")
    for version in accepted:
        assert f"-- {version}: 1\n" in output
    for version in refused:
        assert f"-- {version}: 0\n" in output
    assert f"-- BUILD_VERSION: {mts.__version__}\n" in output
    assert "-- INTERFACE_LINK_LIBRARIES: torch;metatensor::shared" in output
    assert "cxx_std_" in output


def test_another_version_of_torch(tmp_path, prefix):
    """There is no library for it: an error which says both versions."""
    torch_package = tmp_path / "torch" / "TorchConfig.cmake"
    torch_package.parent.mkdir()
    torch_package.write_text('set(Torch_FOUND 1)\nset(Torch_VERSION "1.7.3")\n')
    (tmp_path / "CMakeLists.txt").write_text(
        """
        cmake_minimum_required(VERSION 3.22)
        project(find CXX)
        find_package(metatensor_torch REQUIRED)
        """
    )
    output = run(
        *("cmake", "-S", tmp_path, "-B", tmp_path / "b", f"-DCMAKE_PREFIX_PATH={prefix}"),
        f"-DTorch_DIR={torch_package.parent}",
        expected_status=1,
    )
    output = " ".join(output.split())
    assert "torch v1.7.3" in output
    assert ".".join(torch.__version__.split(".")[:2]) in output
