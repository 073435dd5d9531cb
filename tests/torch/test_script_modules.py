"""Metatensor data in modules: eager, scripted, and loaded from archives."""

import io
import warnings
from typing import Dict, List, Optional, Tuple

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn.nn import Module


class Registered(Module):
    nested: Dict[str, List[List[TensorBlock]]]
    other: TensorBlock

    def __init__(self, labels: Labels, block: TensorBlock, tensor: TensorMap):
        super().__init__()
        self.register_buffer("labels", labels)
        self.register_buffer("tensor", tensor)
        self.register_buffer("nested", {"key": [[block], []], "empty": []})
        self.register_buffer("pair", (tensor, 3))
        self.other = block

    def forward(self) -> TensorMap:
        return self.tensor


class Unregistered(torch.nn.Module):
    """What older versions exported: no list of the attributes with data."""

    nested: Dict[str, List[List[Labels]]]
    pair: Tuple[TensorMap, int]

    def __init__(self, block: TensorBlock, tensor: TensorMap, with_helper: bool):
        super().__init__()
        self.tensor = tensor
        # the declared type is wrong on purpose
        self.nested = {"key": [[block], []], "empty": []}
        self.pair = (tensor, 3)
        self.linear = torch.nn.Linear(1, 1)
        if with_helper:
            self.register_buffer("_mts_helper", torch.zeros(0))

    def forward(self) -> TensorMap:
        return self.tensor


def scripted(module, saved):
    module = torch.jit.script(module)
    if saved:
        buffer = io.BytesIO()
        torch.jit.save(module, buffer)
        buffer.seek(0)
        module = torch.jit.load(buffer)
    return module


def check_moved(module, device, dtype):
    for block in (module.tensor.block(0), module.nested["key"][0][0], module.pair[0].block(0)):
        assert block.values.device.type == device
        assert block.values.dtype == dtype
    assert module.pair[1] == 3
    assert module.nested["key"][1] == []
    assert module.nested["empty"] == []
    assert module().block(0).values.dtype == dtype


@pytest.mark.parametrize("saved", [False, True])
def test_registered_data_follows_the_module(labels, block, tensor, saved):
    module = scripted(Registered(labels, block, tensor), saved)
    module.to(torch.float32)
    check_moved(module, "cpu", torch.float32)
    module.to(dtype=torch.float64, device="meta")
    check_moved(module, "meta", torch.float64)
    assert module.labels.device.type == "meta"
    # this one is not registered
    assert module.other.device.type == "cpu"


def test_in_submodules(labels, block, tensor):
    class Parent(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.child = Registered(labels, block, tensor)

        def forward(self) -> TensorMap:
            return self.child.tensor

    module = torch.jit.script(Parent()).to(torch.float16)
    check_moved(module.child, "cpu", torch.float16)


@pytest.mark.parametrize("saved", [False, True])
def test_modules_without_list_of_data(block, tensor, saved):
    module = scripted(Unregistered(block, tensor, with_helper=True), saved)
    with pytest.warns(UserWarning, match="old version"):
        module.to(torch.float32)
    check_moved(module, "cpu", torch.float32)


def test_other_modules_are_not_touched(block, tensor):
    module = scripted(Unregistered(block, tensor, with_helper=False), saved=False)
    module.to(torch.float32)
    check_moved(module, "cpu", torch.float64)
    assert torch.jit.script(torch.nn.Linear(1, 1)).to(torch.float64).weight.dtype == torch.float64


class Mixed(torch.nn.Module):
    value: List[Optional[TensorMap]]

    def __init__(self, value: List[Optional[TensorMap]], registered: bool):
        super().__init__()
        if registered:
            self._mts_buffer_names = ["value"]
        self.register_buffer("_mts_helper", torch.zeros(0))
        self.value = value

    def forward(self) -> int:
        return len(self.value)


def test_mixed_containers(tensor):
    module = torch.jit.script(Mixed([tensor, None], registered=True))
    with pytest.raises(ValueError, match="list"):
        module.to(torch.float32)

    module = torch.jit.script(Mixed([tensor, None], registered=False))
    with pytest.warns(UserWarning, match="old version"):
        module.to(torch.float32)
    assert module.value[0].block(0).values.dtype == torch.float32
    assert module.value[1] is None


def test_no_warning_for_current_modules(labels, block, tensor):
    module = torch.jit.script(Registered(labels, block, tensor))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module.to(torch.float32)
