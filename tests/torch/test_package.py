import inspect
import os
import subprocess
import sys
import textwrap
import types

import pytest
import torch

import metatensor.torch
from metatensor._versions import TORCH_INTERFACE
from metatensor.torch import _c_lib, _documentation


def run(script: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def check_run(script: str, **environment: str) -> None:
    result = run(script, **environment)
    assert result.returncode == 0, result.stderr


def test_versions():
    assert metatensor.torch.__version__ == TORCH_INTERFACE
    assert metatensor.torch.version() == TORCH_INTERFACE


def test_names():
    assert sys.modules["metatensor_torch"] is sys.modules["metatensor.torch"]
    assert sys.modules["metatensor"].torch is metatensor.torch
    assert metatensor.torch.__all__ == ["Labels", "TensorBlock", "TensorMap"]
    for name in (
        "load",
        "load_block",
        "load_labels",
        "save",
        "add",
        "join",
        "utils",
        "io",
        "learn",
    ):
        assert hasattr(metatensor.torch, name)
    assert metatensor.torch.HAS_METATENSOR_OPERATIONS
    assert not hasattr(metatensor.torch, "Module")


@pytest.mark.parametrize("first", ["metatensor.torch", "metatensor_torch"])
def test_import_order(first):
    check_run(
        f"""
        import {first}
        import metatensor.torch, metatensor_torch
        from metatensor.torch import TensorMap
        from metatensor_torch.operations import _add
        import metatensor.torch.operations._add
        assert metatensor.torch is metatensor_torch
        assert metatensor.torch.operations._add is _add
        """
    )


@pytest.mark.parametrize(
    "dtype, name",
    [
        (torch.float32, "torch.float32"),
        (torch.complex32, "torch.complex32"),
        (torch.bool, "torch.bool"),
        (torch.int8, "torch.int8"),
        (torch.uint8, "torch.int8"),
        (torch.bfloat16, "BFloat16"),
        (torch.uint16, "UInt16"),
        (7, "torch.float64"),
    ],
)
def test_dtype_name(dtype, name):
    assert metatensor.torch.dtype_name(dtype) == name


def test_library_path():
    path = metatensor.torch._c_lib._lib_path()
    assert "metatensor_torch." in path
    assert any(os.path.samefile(path, loaded) for loaded in torch.ops.loaded_libraries)
    metatensor.torch._c_lib._load_library()
    directory = metatensor.torch.utils.cmake_prefix_path
    config = os.path.join(directory, "metatensor_torch", "metatensor_torch-config.cmake")
    assert os.path.isfile(config)


def test_io_annotations():
    annotation = metatensor.torch.load.__annotations__["file"]
    assert "Path" in str(annotation) and "BinaryIO" in str(annotation)
    assert "str file" in str(torch.jit.script(metatensor.torch.load).schema)


def test_without_torchscript():
    check_run(
        """
        import torch, metatensor.torch as mts
        labels = mts.Labels.range("s", 2)
        block = mts.TensorBlock(torch.ones(2, 2), labels, [], labels)
        tensor = mts.TensorMap(mts.Labels.single(), [block])
        assert mts.add(tensor, tensor).block().values.sum() == 8
        """,
        PYTORCH_JIT="0",
    )


def test_unknown_torch_version():
    result = run("import torch; torch.__version__ = '1.0.3'; import metatensor.torch")
    assert result.returncode != 0
    assert "ImportError" in result.stderr
    assert "1.0" in result.stderr
    assert ".".join(torch.__version__.split(".")[:2]) in result.stderr


@pytest.mark.parametrize(
    "reason, message",
    [
        ("undefined symbol: _ZN3c10", "different sources"),
        ("file too short", "could not load .*file too short"),
    ],
)
@pytest.mark.parametrize("as_cause", [True, False])
def test_library_that_can_not_be_loaded(monkeypatch, reason, message, as_cause):
    def load_library(path):
        if as_cause:
            raise OSError(f"Could not load this library: {path}") from OSError(reason)
        raise OSError(reason)

    monkeypatch.setattr(torch.ops, "load_library", load_library)
    monkeypatch.setattr(_c_lib, "_is_loaded", lambda: False)
    with pytest.raises(ImportError, match=message):
        _c_lib._load_library()


def test_documentation_classes():
    check_run(
        """
        import torch
        import metatensor.torch as mts
        assert not any("metatensor_torch" in path for path in torch.ops.loaded_libraries)
        assert "samples" in mts.TensorBlock.__doc__
        assert mts.TensorMap.keys_to_samples.__doc__
        for use in (
            lambda: mts.Labels(["a"], torch.zeros(1, 1)),
            lambda: mts.Labels.range("a", 3),
            lambda: mts.version(),
        ):
            try:
                use()
            except RuntimeError as error:
                assert "documentation" in str(error)
            else:
                raise AssertionError("this should be refused")
        """,
        METATENSOR_IMPORT_FOR_SPHINX="1",
    )


def test_documentation_matches_the_classes(labels, block, tensor):
    for example in (labels, labels[0], block, tensor):
        documented = getattr(_documentation, example._type().name())
        properties = {
            name for name in vars(documented) if isinstance(vars(documented)[name], property)
        }
        assert properties == {p.name for p in example._properties()}

        methods = set(vars(documented)) - properties
        static = {m for m in methods if isinstance(vars(documented)[m], staticmethod)}
        for name in example._method_names():
            if name.endswith(("_getter", "_setter")) or name.startswith("__"):
                continue
            assert name in methods
            if name != "to":
                arguments = [a.name for a in example._get_method(name).schema.arguments][1:]
                assert list(inspect.signature(vars(documented)[name]).parameters)[1:] == arguments
        assert {m for m in methods - static if not m.startswith("_")} == {
            name
            for name in example._method_names()
            if not name.startswith("__") and not name.endswith(("_getter", "_setter"))
        }


class Formatter:
    """The functions of IPython's formatters that are used, which come with notebooks only."""

    def __init__(self):
        self.functions = {}

    def lookup_by_type(self, cls):
        return self.functions[cls]

    def for_type(self, cls, function):
        self.functions[cls] = function


def install_in_notebook(monkeypatch, formatter):
    display = types.SimpleNamespace(formatters={"text/html": formatter})
    shell = types.SimpleNamespace(display_formatter=display)
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    metatensor.torch._jupyter.install_html_formatter()
    return formatter.functions[torch.ScriptObject]


def test_html(monkeypatch, labels, block, tensor):
    html = install_in_notebook(monkeypatch, Formatter())
    assert "metatensor.torch.Labels" in html(labels)
    assert "metatensor.torch.LabelsEntry" in html(labels[0])
    assert "metatensor.torch.TensorBlock with shape (3, 3, 2)" in html(block)
    assert "metatensor.torch.TensorMap with 3 blocks" in html(tensor)


def test_html_of_other_objects(monkeypatch, labels):
    other = torch.classes._nnapi.Compilation()
    formatter = Formatter()
    html = install_in_notebook(monkeypatch, formatter)
    assert html(other).startswith("&lt;torch.ScriptObject")

    formatter.functions[torch.ScriptObject] = lambda script_object: "from somebody else"
    html = install_in_notebook(monkeypatch, formatter)
    assert html(other) == "from somebody else"
    assert "metatensor.torch.Labels" in html(labels)


def test_html_outside_of_notebooks(monkeypatch):
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    metatensor.torch._jupyter.install_html_formatter()
