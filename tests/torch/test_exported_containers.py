"""
Exported modules with metatensor data in all kinds of containers, in submodules, as the current and
as older versions of modules declare them.
"""

import copy
import io
import warnings
from typing import Dict, List, Tuple

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn.nn import Module

NestedLabels = Dict[str, Dict[int, List[List[Labels]]]]


class WithLabels(Module):
    nested: NestedLabels

    def __init__(self, value: Labels):
        super().__init__()
        self.register_buffer("dict", {"value": value})
        self.register_buffer("list", [value])
        self.register_buffer("tuple", (value, value))
        self.register_buffer("nested", {"dict": {42: [[value], []], 50: []}, "empty": {}})

    def forward(self) -> int:
        return len(self.dict) + len(self.list) + len(self.tuple) + len(self.nested["dict"][42])


class WithMaps(Module):
    nested: Dict[str, Dict[int, List[List[TensorMap]]]]

    def __init__(self, value: TensorMap):
        super().__init__()
        self.register_buffer("dict", {"value": value})
        self.register_buffer("list", [value])
        self.register_buffer("tuple", (value, value))
        self.register_buffer("nested", {"dict": {42: [[value], []], 50: []}, "empty": {}})

    def forward(self) -> int:
        return len(self.dict) + len(self.list) + len(self.tuple) + len(self.nested["dict"][42])


class WithTensor(torch.nn.Module):
    def __init__(self, parameter: bool):
        super().__init__()
        value = torch.zeros(3, dtype=torch.float64)
        if parameter:
            self.test = torch.nn.Parameter(value)
        else:
            self.register_buffer("test", value)

    def forward(self) -> torch.Tensor:
        return self.test


class Parent(Module):
    def __init__(self, labels: Labels, block: TensorBlock, tensor: TensorMap):
        super().__init__()
        self.register_buffer("labels", labels)
        self.register_buffer("block", block)
        self.register_buffer("tensor", tensor)
        self.register_buffer("tuple", (labels, block, tensor))
        self.a = WithLabels(labels)
        self.c = WithMaps(tensor)
        self.d = WithTensor(parameter=False)
        self.e = WithTensor(parameter=True)

    def forward(self) -> int:
        return self.a() + self.c() + len(self.tensor) + len(self.block) + len(self.tuple[0])


class Older(torch.nn.Module):
    """
    Without registration. Declares labels where there are maps, which torch does not check.
    """

    nested: NestedLabels
    mixed: Dict[str, Tuple[TensorMap, int]]

    def __init__(self, block: TensorBlock, tensor: TensorMap):
        super().__init__()
        self.register_buffer("_mts_helper", torch.zeros(0))
        self.block = block
        self.nested = {"dict": {42: [[tensor], []], 50: []}, "empty": {}}
        self.mixed = {"key": (tensor, 3)}

    def forward(self) -> int:
        return len(self.block) + len(self.nested["dict"][42]) + self.mixed["key"][1]


def saved_and_loaded(module: torch.nn.Module) -> torch.jit.ScriptModule:
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(module), file)
    file.seek(0)
    return torch.jit.load(file)


def arrays(value) -> list[torch.Tensor]:
    """Values of all blocks in some data."""
    if isinstance(value, dict):
        return [array for element in value.values() for array in arrays(element)]
    if isinstance(value, (list, tuple)):
        return [array for element in value for array in arrays(element)]
    if not isinstance(value, torch.ScriptObject):
        return []
    if value._type().name() == "TensorMap":
        return [array for block in value for array in arrays(block)]
    if value._type().name() == "TensorBlock":
        gradients = [array for _, gradient in value.gradients() for array in arrays(gradient)]
        return [value.values, *gradients]
    return []


def attribute_names(module: torch.jit.ScriptModule) -> dict[str, list[str]]:
    return {
        name: sorted(child._concrete_type.get_attributes())
        for name, child in module.named_modules()
    }


def check_containers(nested) -> None:
    assert list(nested) == ["dict", "empty"]
    assert list(nested["dict"]) == [42, 50]
    assert len(nested["dict"][42]) == 2
    assert nested["dict"][42][1] == nested["dict"][50] == []
    assert nested["empty"] == {}


def test_registered_data(labels, block, tensor):
    module = saved_and_loaded(Parent(labels, block, tensor))
    names = attribute_names(module)
    count = module()
    for dtype in (torch.float32, torch.float64, torch.float16):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            module.to(dtype)
        found = [
            *(module.block, module.tensor, module.tuple),
            *(module.c.dict, module.c.list, module.c.tuple, module.c.nested),
        ]
        for value in found:
            assert {array.dtype for array in arrays(value)} == {dtype}
        assert module.d.test.dtype == module.e.test.dtype == dtype
        assert module.labels == module.a.nested["dict"][42][0][0] == module.a.tuple[1] == labels
        check_containers(module.a.nested)
        check_containers(module.c.nested)
        assert attribute_names(module) == names
        assert module() == count

    # what was changed is saved again
    again = saved_and_loaded(module)
    assert again.c.list[0].block(0).values.dtype == torch.float16


def test_older_modules(block, tensor):
    module = saved_and_loaded(Older(block, tensor))
    names = attribute_names(module)
    with pytest.warns(UserWarning, match="old version"):
        module.to(torch.float32)
    for value in (module.block, module.nested, module.mixed):
        assert {array.dtype for array in arrays(value)} == {torch.float32}
    assert module.mixed["key"][1] == 3
    check_containers(module.nested)
    assert attribute_names(module) == names
    assert module() == 3 + 2 + 3


def test_files_of_torch(labels, block, tensor):
    """By default, torch only loads what was declared to be safe."""
    file = io.BytesIO()
    torch.save([labels, block, tensor], file)
    file.seek(0)
    with pytest.raises(Exception, match="weights_only"):
        torch.load(file)
    for options in ({"weights_only": False}, {"weights_only": True}):
        file.seek(0)
        with torch.serialization.safe_globals([torch.ScriptObject]):
            loaded = torch.load(file, **options)
        for value, expected in zip(loaded, (labels, block, tensor), strict=True):
            assert torch.equal(mts.save_buffer(value), mts.save_buffer(expected))


def test_copies_of_modules(labels, block, tensor):
    module = saved_and_loaded(Parent(labels, block, tensor))
    # torch would make the copied parameters a part of the graph of autograd
    with torch.no_grad():
        copied = copy.deepcopy(module)
    copied.to(torch.float32)
    assert copied.block.values.dtype == torch.float32
    assert module.block.values.dtype == torch.float64
    assert torch.equal(module.tensor.save_buffer(), tensor.save_buffer())


def test_entries_can_not_be_saved(labels):
    class WithEntry(torch.nn.Module):
        def __init__(self, entry):
            super().__init__()
            self.entry = entry

        def forward(self) -> int:
            return self.entry["b"]

    module = torch.jit.script(WithEntry(labels[1]))
    assert module() == 3
    with pytest.raises(RuntimeError):
        torch.jit.save(module, io.BytesIO())
