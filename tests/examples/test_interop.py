"""The examples in C and C++ build against installed packages, run, and agree with Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import metatensor

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
SANITIZERS = "-fsanitize=address,undefined"


def run(*command, expected_status: int = 0) -> str:
    """Run a program, and give what it prints"""
    result = subprocess.run(
        [str(argument) for argument in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert result.returncode == expected_status, f"{command} failed:\n{result.stdout}"
    return result.stdout


def configure(source: Path, build: Path, *options: str) -> str:
    return run("cmake", "-S", source, "-B", build, "-DCMAKE_BUILD_TYPE=debug", *options)


def build_example(name: str, build: Path, prefix: Path, *options: str) -> Path:
    """Build one of the examples with the metatensor that is installed in a prefix"""
    configure(
        EXAMPLES / name,
        build,
        f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON",
        *options,
    )
    run("cmake", "--build", build, "--parallel", os.cpu_count())
    return build


@pytest.fixture(scope="module")
def package_prefix() -> Path:
    """The metatensor of the Python package"""
    return Path(metatensor.utils.cmake_prefix_path)


@pytest.fixture(scope="module")
def core_prefix(tmp_path_factory) -> Path:
    """The core library alone, in a folder which was moved after the installation"""
    path = tmp_path_factory.mktemp("core")
    # nothing depends on the speed of this library: build it as fast as possible
    flags = ["-DCMAKE_CXX_FLAGS_DEBUG=-O0", f"-DPython_EXECUTABLE={sys.executable}"]
    configure(ROOT / "core", path / "build", *flags)
    run("cmake", "--build", path / "build", "--parallel", os.cpu_count())
    run("cmake", "--install", path / "build", "--prefix", path / "installed")
    (path / "installed").rename(path / "moved")
    return path / "moved"


@pytest.fixture(scope="module")
def sanitizers(tmp_path_factory) -> list[str]:
    """Options to find errors in the use of memory, if the compilers of this machine have them"""
    path = tmp_path_factory.mktemp("sanitizers")
    source = path / "main.c"
    source.write_text("int main(void) { return 0; }\n")
    compiler = ["cc", SANITIZERS, str(source), "-o", str(path / "main")]
    if subprocess.run(compiler, stderr=subprocess.DEVNULL).returncode != 0:
        return []
    return [f"-DCMAKE_C_FLAGS={SANITIZERS}", f"-DCMAKE_CXX_FLAGS={SANITIZERS}"]


@pytest.fixture(scope="module")
def c_file(tmp_path_factory, package_prefix, sanitizers) -> Path:
    """The file written by the C program; the program checks all numbers itself"""
    path = tmp_path_factory.mktemp("c")
    build_example("c", path / "build", package_prefix, *sanitizers)
    output = run(path / "build" / "tour", path / "tour.mts")
    assert "keys_to_properties: 2 blocks, 420 numbers checked" in output
    assert "can not move 'neighbour_type'" in output
    assert "this program needs at most 3 axes, got 5" in output
    assert output.endswith("all arrays are released\n")

    # errors in the middle are reported, and everything is released too
    output = run(path / "build" / "tour", path / "no" / "folder", expected_status=1)
    assert "error: io error: could not open" in output
    return path / "tour.mts"


def test_c_with_the_python_package(c_file):
    tensor = metatensor.load(c_file)
    assert tensor.keys.names == ["center_type", "neighbor_type"]
    assert tensor.info() == {"created by": "the tour of metatensor"}

    block = tensor.block(center_type=1, neighbor_type=8)
    assert block.samples.values.tolist() == [[0, 1], [0, 2]]
    assert [component.names for component in block.components] == [["o3_mu"]]
    # digits: types of center and neighbor, system, atom, component and property
    expected = [
        [[int(f"180{atom}{mu + 1}{n}") for n in (0, 1)] for mu in (-1, 0, 1)] for atom in (1, 2)
    ]
    assert block.values.tolist() == expected
    gradient = block.gradient("strain")
    assert gradient.samples.names == ["sample"]
    assert gradient.values[1, 2, 1, 0, 0] == expected[1][0][0] + 0.25 * 2 + 0.0625


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_c_with_the_core_library(tmp_path, core_prefix, c_file, kind):
    build = build_example(
        "c", tmp_path / "build", core_prefix, f"-DMETATENSOR_TARGET=metatensor::{kind}"
    )
    output = run(build / "tour", tmp_path / "tour.mts")
    assert output.endswith("all arrays are released\n")
    assert (tmp_path / "tour.mts").read_bytes() == c_file.read_bytes()


def test_cpp(tmp_path, package_prefix, sanitizers, c_file):
    build = build_example("cpp", tmp_path / "build", package_prefix, *sanitizers)
    output = run(build / "tour", tmp_path / "tour.mts")
    assert "sparse: 24 of 36 numbers are stored" in output
    assert "can not move 'neighbour_type'" in output
    assert "this program needs at most 3 axes, got 5" in output
    # different languages and arrays, but the same file
    assert (tmp_path / "tour.mts").read_bytes() == c_file.read_bytes()


def test_exchange(tmp_path, package_prefix):
    build = build_example("exchange", tmp_path / "build", package_prefix)
    script = EXAMPLES / "exchange" / "exchange.py"
    output = run(sys.executable, "-W", "error", script, build / "libparticles.so")
    assert output.splitlines() == [
        "Python has moved the particles of the library",
        "the particles live as long as the array that uses their memory",
        "the library has used the memory of NumPy and torch",
        "the library has created torch tensors, without knowing torch",
        "expected error: this TensorMap was released: it does not contain anything anymore",
        "the library has released an array of Python",
        "expected error: dtype mismatch: can not read an array of f32 as an array of f64",
    ]


def test_core_as_subdirectory(tmp_path):
    """The same targets exist in a project that contains the source code of the core library."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "CMakeLists.txt").write_text(
        f"""
        cmake_minimum_required(VERSION 3.22)
        project(uses_metatensor C CXX)
        add_subdirectory("{ROOT / "core"}" metatensor)
        file(GENERATE OUTPUT targets.txt CONTENT
            "$<TARGET_PROPERTY:metatensor::shared,BUILD_VERSION>
            $<TARGET_PROPERTY:metatensor::static,BUILD_VERSION>
            $<TARGET_FILE_NAME:metatensor>
            $<TARGET_FILE_DIR:metatensor::shared>")
        """
    )
    # options of other projects are harmless
    unknown = ["-DCARGO_EXE=cargo", "-DRUST_BUILD_TARGET=x", "-DEXTRA_RUST_FLAGS=y"]
    configure(source, tmp_path / "build", f"-DPython_EXECUTABLE={sys.executable}", *unknown)
    targets = (tmp_path / "build" / "targets.txt").read_text().split()
    version = metatensor.__version__
    assert targets == [version, version, "libmetatensor.so", str(tmp_path / "build" / "metatensor")]


def find_metatensor(source: Path, version: str, prefix: Path) -> str:
    """What CMake prints in a project that only looks for metatensor"""
    source.mkdir()
    (source / "CMakeLists.txt").write_text(
        f"""
        cmake_minimum_required(VERSION 3.22)
        project(find NONE)
        find_package(metatensor {version} QUIET)
        message(STATUS "metatensor_FOUND: ${{metatensor_FOUND}}")
        """
    )
    command = ["cmake", "-S", source, "-B", source / "build", f"-DCMAKE_PREFIX_PATH={prefix}"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    # CMake breaks lines
    return " ".join(result.stdout.split())


def test_versions(tmp_path, package_prefix):
    """Before version 1.0, each minor version is another interface."""
    major, minor, patch = (int(part) for part in metatensor.__version__.split("."))
    for version in [f"{major}.{minor}", f"{major}.{minor}.{patch}"]:
        output = find_metatensor(tmp_path / version, version, package_prefix)
        assert "metatensor_FOUND: 1" in output, version
    for version in [
        f"{major}.{minor}.{patch + 1}",
        f"{major}.{minor + 1}",
        f"{major}.{minor - 1}",
        f"{major + 1}.{minor}",
    ]:
        output = find_metatensor(tmp_path / version, version, package_prefix)
        assert "metatensor_FOUND: 0" in output, version


def test_incomplete_installations(tmp_path, package_prefix):
    """An installation without headers, or without the library, is an error with a reason."""
    prefix = tmp_path / "metatensor"
    shutil.copytree(package_prefix / "metatensor", prefix / "lib" / "cmake" / "metatensor")
    output = find_metatensor(tmp_path / "no_headers", "0.2", prefix)
    assert "CMake Error" in output
    assert "could not find 'metatensor.h'" in output

    shutil.copytree(package_prefix / ".." / ".." / "include", prefix / "include")
    output = find_metatensor(tmp_path / "no_library", "0.2", prefix)
    assert "CMake Error" in output
    assert "could not find the shared library of metatensor" in output
