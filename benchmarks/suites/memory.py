"""
Growth of the memory of a process at the peak, while it saves and loads 160 MB (Linux only).

The limits are for the memory that is needed on top of what exists before: nothing but small buffers
to save to a file, the size of the data for everything that makes a copy of it.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from data import arrays, tensor_map
from harness import Suite, Work

import metatensor

BYTES_PER_MB = 1e6

suite = Suite("Memory to save and load 160 MB")


def memory(field: str) -> int:
    """``VmRSS``, resident memory of this process, or ``VmHWM``, its peak; in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return 1024 * int(value.split()[0])
    raise RuntimeError(f"there is no {field} in /proc/self/status")


def peak_growth(function: Callable[[], object]) -> float:
    """How far the memory grows above what is used before the call, in MB."""
    function()  # what is imported and allocated once does not count
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    before = memory("VmRSS")
    function()
    return (memory("VmHWM") - before) / BYTES_PER_MB


def large_map() -> metatensor.TensorMap:
    return tensor_map(4, (50_000, 100))


def work(function: Callable[[], object], tensor: metatensor.TensorMap) -> Work:
    data = sum(array.nbytes for array in arrays(tensor)) / BYTES_PER_MB
    return Work(lambda: peak_growth(function), baseline=lambda: data)


@suite.add("save to a file", baseline="the data", at_most=0.1, unit="MB")
def save_file() -> Work:
    tensor = large_map()
    folder = tempfile.TemporaryDirectory(prefix="metatensor-benchmarks-")
    return work(lambda: metatensor.save(str(Path(folder.name) / "tensor.mts"), tensor), tensor)


@suite.add("load from a file", baseline="the data", at_most=1.1, unit="MB")
def load_file() -> Work:
    tensor = large_map()
    folder = tempfile.TemporaryDirectory(prefix="metatensor-benchmarks-")
    metatensor.save(str(Path(folder.name) / "tensor.mts"), tensor)
    return work(lambda: metatensor.load(str(Path(folder.name) / "tensor.mts")), tensor)


@suite.add("save to a buffer", baseline="the data", at_most=1.1, unit="MB")
def save_buffer() -> Work:
    tensor = large_map()
    return work(lambda: metatensor.io.save_buffer(tensor), tensor)


@suite.add("load from a buffer", baseline="the data", at_most=1.1, unit="MB")
def load_buffer() -> Work:
    tensor = large_map()
    buffer = metatensor.io.save_buffer(tensor)
    return work(lambda: metatensor.io.load_buffer(buffer), tensor)
