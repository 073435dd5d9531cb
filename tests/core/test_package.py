"""Names, imports, and what happens in a new process."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import metatensor

SUFFIX = {"linux": "so", "darwin": "dylib"}


def run(code):
    """Run some code in a new interpreter, where all warnings are errors"""
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def test_names():
    for name in [
        "Labels",
        "LabelsEntry",
        "TensorBlock",
        "TensorMap",
        "MetatensorError",
        "Array",
        "ExternalCpuArray",
        "ExternalCudaArray",
        "register_external_data_wrapper",
        "load",
        "load_block",
        "load_labels",
        "save",
        "io",
        "utils",
        "operations",
        "learn",
        "add",
        "_c_api",
        "_c_lib",
        "_data",
        "_status",
    ]:
        assert hasattr(metatensor, name)
    assert metatensor.__all__ == ["Labels", "TensorBlock", "TensorMap"]
    assert metatensor.HAS_METATENSOR_OPERATIONS is True
    major, minor, *_ = metatensor.__version__.split(".")
    assert (int(major), int(minor)) == (0, 2)
    assert metatensor.add is metatensor.operations.add


def test_array_type():
    kinds = metatensor.Array.__supertype__
    for array in [np.zeros(2), torch.zeros(2), metatensor._c_api.mts_array_t()]:
        assert isinstance(array, kinds)
    for other in [[1, 2], 3, None, "a"]:
        assert not isinstance(other, kinds)
    assert isinstance("cpu", metatensor._data.Device)
    assert isinstance(torch.device("cpu"), metatensor._data.Device)
    assert isinstance(torch.float32, metatensor._data.DType)
    assert isinstance(np.dtype("f4"), metatensor._data.DType)
    assert not isinstance(torch.float32, metatensor._data.Device)


def test_lazy_names():
    assert not hasattr(metatensor, "does_not_exist")
    with pytest.raises(AttributeError, match=r"'does_not_exist'.*operations"):
        _ = metatensor.does_not_exist
    with pytest.warns(DeprecationWarning, match="DeviceWarning"):
        warning = metatensor.DeviceWarning
    assert issubclass(warning, Warning)


def test_examples_of_the_documentation():
    globals_of_examples = {"np": np, "Labels": metatensor.Labels}
    results = doctest.testmod(metatensor, extraglobs=globals_of_examples)
    assert results.attempted > 20
    assert results.failed == 0


def test_cmake_prefix_path():
    prefix = metatensor.utils.cmake_prefix_path
    assert isinstance(prefix, str)
    assert Path(prefix).is_dir()


def test_import_does_not_import_torch():
    run(
        """
import sys
import metatensor
assert "torch" not in sys.modules
assert not hasattr(metatensor, "torch")
assert not hasattr(metatensor.operations, "torch")

import numpy as np
block = metatensor.TensorBlock(
    np.zeros((2, 1)), metatensor.Labels.range("s", 2), [], metatensor.Labels.single()
)
tensor = metatensor.TensorMap(metatensor.Labels.range("k", 1), [block])
tensor = (tensor + tensor).keys_to_samples("k").to("cpu")
assert isinstance(tensor[0].values, metatensor.Array.__supertype__)
assert "torch" not in sys.modules

assert isinstance(block := tensor.to(arrays="torch").block().values, sys.modules["torch"].Tensor)
"""
    )


def test_without_torch():
    run(
        """
import sys
sys.modules["torch"] = None
import metatensor
try:
    metatensor.Labels.single().to(arrays="torch")
except ModuleNotFoundError:
    pass
else:
    raise AssertionError("this needs torch")
"""
    )


@pytest.mark.parametrize(
    "first", ["metatensor", "metatensor_operations", "metatensor_learn", "metatensor.operations"]
)
def test_import_orders(first):
    run(
        f"""
import {first}
import sys
import metatensor, metatensor_operations, metatensor.learn
assert sys.modules["metatensor.operations"] is metatensor_operations
assert metatensor.operations is metatensor_operations
assert metatensor.add is metatensor_operations.add
"""
    )


def test_globals_at_exit():
    """Nothing is printed, and nothing crashes, when Python exits with objects that are alive"""
    run(
        """
import numpy as np
import metatensor
from metatensor import Labels, TensorBlock, TensorMap
labels = Labels.range("s", 2)
tensor = TensorMap(
    Labels.single(), [TensorBlock(np.zeros((2, 2)), labels, [], Labels.range("p", 2))]
)
view = tensor.block(0)
loaded = Labels.load_buffer(labels.save_buffer()).values
class Keeper:
    pass
keeper = Keeper()
keeper.self, keeper.labels, keeper.view = keeper, labels, view
metatensor._status.save_exception(ValueError("never raised"))
"""
    )


def test_library_is_shared():
    """Other libraries find the one that we loaded by its name"""
    name = f"libmetatensor.{SUFFIX[sys.platform]}"
    run(
        f"""
import ctypes, os
import metatensor
library = ctypes.CDLL({name!r}, mode=os.RTLD_NOLOAD)
assert library._handle == metatensor._c_lib._get_library()._handle
"""
    )
