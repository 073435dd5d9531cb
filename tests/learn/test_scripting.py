"""Modules of `metatensor.torch.learn` inside of TorchScript."""

from pathlib import Path
from typing import Dict, List, Tuple

import pytest
import torch
from metatensor.torch.learn.nn import Buffer, Linear, Module, ModuleMap

from metatensor.torch import Labels, TensorBlock, TensorMap


@pytest.fixture
def tensor() -> TensorMap:
    block = TensorBlock(
        torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64),
        Labels(["s"], torch.tensor([[0], [1]])),
        [],
        Labels(["p"], torch.tensor([[0], [1]])),
    )
    return TensorMap(Labels(["key"], torch.tensor([[4]])), [block])


@pytest.fixture
def keys() -> Labels:
    return Labels(["key"], torch.tensor([[2], [4]]))


def saved_and_loaded(module: torch.nn.Module, folder: Path) -> torch.nn.Module:
    torch.jit.save(torch.jit.script(module), folder / "module.pt")
    return torch.jit.load(folder / "module.pt")


@pytest.mark.parametrize("with_properties", [True, False])
def test_linear(tensor, keys, tmp_path, with_properties):
    properties = None
    if with_properties:
        properties = [Labels(["n"], torch.tensor([[5], [7], [i]])) for i in range(2)]
    module = Linear(keys, 2, 3, properties, dtype=torch.float64)
    expected = module(tensor).block()

    for scripted in (torch.jit.script(module), saved_and_loaded(module, tmp_path)):
        block = scripted(tensor).block()
        assert torch.equal(block.values, expected.values)
        assert block.properties == expected.properties
        assert scripted.module_map._in_keys == keys
        if with_properties:
            assert scripted.module_map._out_properties == properties
        else:
            assert scripted.module_map._out_properties is None


def test_module_map(tensor, keys, tmp_path):
    # TorchScript compiles each kind of module
    module = ModuleMap(keys, [torch.nn.Identity(), torch.nn.Tanh()])
    scripted = saved_and_loaded(module, tmp_path)
    assert torch.equal(scripted(tensor).block().values, torch.tanh(tensor.block().values))

    other = TensorMap(Labels(["key"], torch.tensor([[7]])), [tensor.block().copy()])
    with pytest.raises(torch.jit.Error, match="KeyError.*key=7"):
        scripted(other)

    scripted.to("meta")
    assert scripted._in_keys.device.type == "meta"


class Model(Module):
    nested: Dict[str, Dict[int, List[List[Labels]]]]
    empty: List[TensorMap]

    def __init__(self, tensor: TensorMap) -> None:
        super().__init__()
        self.labels = Buffer(tensor.keys)
        self.block = Buffer(tensor.block().copy())
        self.tensor = Buffer(tensor)
        self.list = Buffer([tensor.block().copy()])
        self.tuple = Buffer((tensor.keys, tensor))
        self.nested = Buffer({"dict": {42: [[tensor.keys], []], 50: []}, "empty": {}})
        self.empty = Buffer([])
        self.unused = Buffer([])
        self.unregistered = tensor

    def forward(self) -> Tuple[TensorMap, int]:
        count = len(self.empty) + len(self.nested["dict"][42])
        assert self.tuple[0] == self.labels
        return self.tensor, count + len(self.list)


def test_buffers(tensor, tmp_path):
    module = Model(tensor)
    for scripted in (torch.jit.script(module), saved_and_loaded(module, tmp_path)):
        result, count = scripted()
        assert torch.equal(result.block().values, tensor.block().values)
        assert count == 3

        outer = torch.nn.Module()
        outer.inner = scripted
        outer.to(torch.float32)
        assert scripted.tensor.block().values.dtype == torch.float32
        assert scripted.block.values.dtype == torch.float32
        assert scripted.list[0].values.dtype == torch.float32
        assert scripted.tuple[1].block().values.dtype == torch.float32
        assert scripted.unregistered.block().values.dtype == torch.float64


class WithAnnotations(Module):
    """The annotations of a class must not hide the ones of `Module`."""

    cutoff: float

    def __init__(self, tensor: TensorMap) -> None:
        super().__init__()
        self.cutoff = 3.0
        self.tensor = tensor

    def forward(self) -> float:
        return self.cutoff


def test_annotations(tensor):
    scripted = torch.jit.script(WithAnnotations(tensor))
    assert scripted._mts_buffer_names == []
    # not registered: it stays as it is
    scripted.to(torch.float32)
    assert scripted.tensor.block().values.dtype == torch.float64
