"""Documentation of the TorchScript classes in ``help()``, ``dir()`` and IPython."""

import inspect
import pydoc
from typing import Optional

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap


def help_of(thing) -> str:
    return pydoc.render_doc(thing, renderer=pydoc.plaintext)


CLASSES = {
    "Labels": Labels,
    "LabelsEntry": LabelsEntry,
    "TensorBlock": TensorBlock,
    "TensorMap": TensorMap,
}


@pytest.fixture
def objects(labels, block, tensor):
    return [labels, labels[0], block, tensor]


def test_classes_and_objects(objects):
    for script_object in objects:
        script_class = CLASSES[script_object._type().name()]
        methods = [
            name
            for name in script_object._method_names()
            if not name.startswith("_") and not name.endswith(("_getter", "_setter"))
        ]
        properties = [p.name for p in script_object._properties()]
        for documented in (script_class, script_object):
            text = help_of(documented)
            names = dir(documented)
            for name in methods:
                assert f"\n    {name}(" in text
                assert name in names
            for name in properties:
                assert f"\n    {name}: " in text
                assert name in names
            # special methods are there as well
            assert "__doc__" in names
            assert all(hasattr(documented, name) for name in names if not name.startswith("_"))


def test_methods(objects):
    for script_object in objects:
        script_class = CLASSES[script_object._type().name()]
        for name in script_object._method_names():
            if name.startswith("_") or name.endswith(("_getter", "_setter")):
                continue
            method = getattr(script_object, name)
            assert method.__doc__.startswith(f"{name}(")
            assert "self" not in inspect.signature(method).parameters
            assert list(inspect.signature(getattr(script_class, name)).parameters)[0] == "self"
            assert method.__doc__.splitlines()[2] in help_of(getattr(script_class, name))


def test_readable_types(labels):
    assert "union_and_mapping(other: Labels) -> Tuple[Labels, torch.Tensor, torch.Tensor]" in (
        help_of(Labels)
    )
    assert labels.union.__doc__.startswith("union(other: Labels) -> Labels\n")
    assert inspect.signature(Labels).parameters["assume_unique"].default is False
    assert str(inspect.signature(mts.split)).endswith("-> List[metatensor.torch.TensorMap]")
    assert "B: Union[float, int, metatensor.torch.TensorMap]" in str(inspect.signature(mts.add))
    assert "ScriptClass" not in str(inspect.signature(mts.from_python))


def test_static_methods():
    assert "static range(name: str, end: int) -> Labels" in help_of(Labels)
    assert "entries from 0" in help_of(Labels.range)
    assert Labels.range(name="a", end=2) == Labels.range("a", end=2) == Labels.range("a", 2)
    assert Labels.empty(names=["a"]).names == ["a"]
    for wrong in (
        lambda: Labels.range("a"),
        lambda: Labels.range("a", ends=2),
        lambda: Labels.range("a", 2, end=2),
        lambda: Labels.range(name=2, end="a"),
    ):
        with pytest.raises(RuntimeError):
            wrong()


def test_functions_of_classes(labels, tensor):
    other = Labels(labels.names, labels.values + 1)
    assert Labels.union(labels, other=other) == labels.union(other)
    assert torch.equal(TensorMap.block(tensor, 1).values, tensor.block(1).values)
    assert "Names of the dimensions" in help_of(Labels.names)


def test_functions():
    for name in ("load_buffer", "load_block_buffer", "load_labels_buffer", "save_buffer"):
        operator = getattr(mts, name)
        assert "buffer" in help_of(operator) or "bytes" in help_of(operator)
        (argument,) = inspect.signature(operator).parameters
        assert argument == operator.default._schema.arguments[0].name
    assert "torch.float32" in help_of(mts.dtype_name)
    assert "Version" in help_of(mts.version)
    for name in mts.operations.__all__:
        assert getattr(mts, name).__doc__.strip()


def test_unknown_names():
    for name in ("unknown", "_private", "__iter__"):
        with pytest.raises(AttributeError, match=name):
            getattr(Labels, name)
    assert not hasattr(TensorMap, "__iter__")


class Documented(torch.nn.Module):
    def forward(self, labels: Labels, other: Optional[Labels] = None) -> Labels:
        """About this module."""
        if other is not None:
            return labels.union(other)
        return labels.union(Labels.range("a", 2))


def test_other_torchscript_objects():
    """Only what has documentation changes."""
    module = torch.jit.script(Documented())
    assert module.forward.__doc__ == "About this module."
    assert len(module(Labels.range("a", 1))) == 2
    assert "labels" in inspect.signature(module.forward).parameters

    other = torch.classes._nnapi.Compilation
    assert other.__doc__ == ""
    assert other().__doc__ is None
    assert other().init.__doc__ is None
    assert "unknown" not in dir(other())
    with pytest.raises(AttributeError):
        _ = other.union
    for kind in (torch.ScriptObject, torch.ScriptMethod):
        assert kind.__doc__ is None
        with pytest.raises(AttributeError):
            _ = kind.__signature__
