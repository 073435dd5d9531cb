"""The command ``python -m metatensor inspect``."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import metatensor
from metatensor import Labels, TensorBlock, TensorMap
from metatensor._command_line import main


@pytest.fixture
def tensor():
    blocks = []
    for i in range(2):
        block = TensorBlock(
            np.zeros((3, 2, 4 + i), np.float32),
            Labels.range("s", 3),
            [Labels.range("xyz", 2)],
            Labels.range("p", 4 + i),
        )
        gradient = TensorBlock(
            np.zeros((1, 2, 4 + i), np.float32),
            Labels(["sample"], np.array([[0]])),
            block.components,
            block.properties,
        )
        block.add_gradient("g", gradient)
        blocks.append(block)
    tensor = TensorMap(Labels(["key"], np.array([[-1], [12]])), blocks)
    tensor.set_info("unit", "eV")
    tensor.set_info("description", "first line\nsecond line")
    return tensor


@pytest.fixture
def inspect(capsys):
    """Function that runs the command, and gives its output"""

    def inspect(*arguments, exit_code=0):
        assert main(["inspect", *map(str, arguments)]) == exit_code
        return capsys.readouterr()

    return inspect


TENSOR_OUTPUT = """\
TensorMap with 2 blocks
    keys: [key]
    blocks:
       -1   => TensorBlock with shape (3, 2, 4)
       12   => TensorBlock with shape (3, 2, 5)

values:      216 bytes, float32
gradients:   72 bytes for 'g'
samples:     [s], 6 in total
components:  [xyz]
properties:  [p], 4 to 5 in each block

info:
    description  first line
                 second line
    unit         eV
"""


def test_tensor(tmp_path, tensor, inspect):
    path = tmp_path / "tensor.mts"
    tensor.save(path)
    output = inspect(path)
    title, content = output.out.split("\n", 1)
    assert title == f"{path} ({path.stat().st_size / 1024:.3g} KiB)"
    assert content == TENSOR_OUTPUT
    assert content.startswith(f"{tensor}\n")
    assert output.err == ""


def test_blocks(tmp_path, tensor, inspect):
    path = tmp_path / "tensor.mts"
    tensor.save(path)
    content = inspect("--blocks", path).out.split("\n", 1)[1]
    expected = f"""\
{TENSOR_OUTPUT}
block 0, (key=-1)
{tensor[0]}

values:     96 bytes, float32
gradients:  32 bytes for 'g'

block 1, (key=12)
{tensor[1]}

values:     120 bytes, float32
gradients:  40 bytes for 'g'
"""
    assert content == expected


def test_block_and_labels(tmp_path, tensor, inspect):
    block = tensor[0].copy()
    block.save(tmp_path / "block.mts")
    tensor.keys.save(tmp_path / "labels.mts")
    output = inspect(tmp_path / "block.mts", tmp_path / "labels.mts")
    assert output.out.split("\n", 1)[1] == (
        f"{block}\n\nvalues:     96 bytes, float32\ngradients:  32 bytes for 'g'\n\n"
        f"{tmp_path / 'labels.mts'} (136 bytes)\n{tensor.keys}\n\n2 entries\n"
    )


def test_empty(tmp_path, inspect):
    metatensor.save(tmp_path / "empty.mts", TensorMap(Labels.empty(["key"]), []))
    assert inspect(tmp_path / "empty.mts").out.endswith(
        "\nTensorMap with 0 blocks\n    keys: [key]\n    blocks:\n"
    )


def test_errors(tmp_path, tensor, inspect):
    """Errors take one line, and do not prevent from showing other files."""
    good, damaged = tmp_path / "good.mts", tmp_path / "damaged.mts"
    tensor.save(good)
    damaged.write_bytes(good.read_bytes()[:-10])
    output = inspect(tmp_path / "missing.mts", damaged, good, exit_code=1)
    assert output.out.split("\n", 1)[1] == TENSOR_OUTPUT
    missing_error, damaged_error = output.err.splitlines()
    assert missing_error.startswith("error: io error: could not open")
    assert damaged_error.startswith("error: serialization format error: could not open")


def test_values_are_not_read(tmp_path, inspect):
    path = tmp_path / "large.mts"
    values = np.zeros((1000, 1000))
    block = TensorBlock(values, Labels.range("s", 1000), [], Labels.range("p", 1000))
    metatensor.save(path, TensorMap(Labels.single(), [block]))

    before = bytes_read()
    output = inspect(path)
    # labels are read: two times 4000 bytes, and what comes with them
    assert bytes_read() - before < 40_000
    assert "values:      7.63 MiB, float64" in output.out


def bytes_read():
    """Number of bytes that this process asked from the system."""
    counts = pathlib.Path("/proc/self/io").read_text().split()
    return int(counts[counts.index("rchar:") + 1])


def test_command(tmp_path, tensor):
    path = tmp_path / "tensor.mts"
    tensor.save(path)
    command = [sys.executable, "-m", "metatensor"]
    result = subprocess.run([*command, "inspect", path], capture_output=True, text=True)
    assert result.returncode == 0
    assert result.stdout.endswith(TENSOR_OUTPUT)

    result = subprocess.run([*command, "inspect", "nope"], capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr == ("error: io error: could not open 'nope': No such file or directory\n")
    result = subprocess.run([*command, "--help"], capture_output=True, text=True)
    assert result.returncode == 0
    assert "inspect" in result.stdout


def test_closed_output(tmp_path, tensor):
    tensor.save(tmp_path / "tensor.mts")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "metatensor", "inspect", tmp_path / "tensor.mts"]
    result = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert result.returncode == 1
    assert result.stderr == ""
