"""Modules of `metatensor.torch.learn` inside of TorchScript."""

from pathlib import Path
from typing import Dict, List, Tuple

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.learn import nn
from metatensor.torch.learn.nn import Buffer, Linear, Module, ModuleMap


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


SPHERICAL_KEYS = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[1, 1], [0, 1]]))


def spherical_tensor() -> TensorMap:
    blocks = []
    for angular in (1, 0):
        blocks.append(
            TensorBlock(
                torch.randn(3, 2 * angular + 1, 2, dtype=torch.float64),
                Labels(["s"], torch.arange(3).reshape(-1, 1)),
                [Labels(["o3_mu"], torch.arange(2 * angular + 1).reshape(-1, 1))],
                Labels(["p"], torch.arange(2).reshape(-1, 1)),
            )
        )
    return TensorMap(SPHERICAL_KEYS, blocks)


def gates() -> List[torch.nn.Module]:
    return [torch.nn.Linear(2, 2, dtype=torch.float64), torch.nn.Tanh()]


MODULES = {
    "EquivariantLinear": lambda **o: nn.EquivariantLinear(
        SPHERICAL_KEYS, 2, 2, dtype=torch.float64, **o
    ),
    "EquivariantTransformation": lambda **o: nn.EquivariantTransformation(
        gates(), SPHERICAL_KEYS, 2, 2, **o
    ),
    "LayerNorm": lambda **o: nn.LayerNorm(SPHERICAL_KEYS, 2, dtype=torch.float64, **o),
    "LayerNorm without parameters": lambda **o: nn.LayerNorm(
        SPHERICAL_KEYS, 2, elementwise_affine=False, mean=[True, False], **o
    ),
    "InvariantLayerNorm": lambda **o: nn.InvariantLayerNorm(
        SPHERICAL_KEYS, 2, bias=False, dtype=torch.float64, **o
    ),
    "ReLU": lambda **o: nn.ReLU(SPHERICAL_KEYS, **o),
    "InvariantReLU": lambda **o: nn.InvariantReLU(SPHERICAL_KEYS, **o),
    "SiLU": lambda **o: nn.SiLU(SPHERICAL_KEYS, **o),
    "InvariantSiLU": lambda **o: nn.InvariantSiLU(SPHERICAL_KEYS, **o),
    "Tanh": lambda **o: nn.Tanh(SPHERICAL_KEYS, **o),
    "InvariantTanh": lambda **o: nn.InvariantTanh(SPHERICAL_KEYS, **o),
    "Sequential": lambda **o: nn.Sequential(
        SPHERICAL_KEYS,
        nn.EquivariantLinear(SPHERICAL_KEYS, 2, 4, dtype=torch.float64),
        nn.InvariantLayerNorm(SPHERICAL_KEYS, 4, dtype=torch.float64),
        nn.Sequential(SPHERICAL_KEYS, nn.InvariantTanh(SPHERICAL_KEYS)),
        nn.EquivariantLinear(SPHERICAL_KEYS, 4, 2, dtype=torch.float64, **o),
    ),
}


@pytest.mark.parametrize("with_properties", [True, False])
@pytest.mark.parametrize("name", MODULES)
def test_all_modules(name, with_properties, tmp_path):
    properties = [Labels(["n"], torch.tensor([[5], [i]])) for i in range(2)]
    module = MODULES[name](**({"out_properties": properties} if with_properties else {}))
    tensor = spherical_tensor()
    expected = module(tensor)
    for scripted in (torch.jit.script(module), saved_and_loaded(module, tmp_path)):
        result = scripted(tensor)
        assert result.keys == expected.keys
        for block, expected_block in zip(result.blocks(), expected.blocks(), strict=True):
            assert torch.equal(block.values, expected_block.values)
            assert block.samples == expected_block.samples
            assert block.components == expected_block.components
            assert block.properties == expected_block.properties

        scripted.to(torch.float32)
        result = scripted(tensor.to(torch.float32))
        assert result.block_by_id(0).values.dtype == torch.float32


def test_errors_inside_of_torchscript():
    tensor = spherical_tensor()
    samples = Labels(["sample"], torch.tensor([[0]]))
    blocks = []
    for block in tensor.blocks():
        block = block.copy()
        gradient = TensorBlock(block.values[:1], samples, block.components, block.properties)
        block.add_gradient("g", gradient)
        blocks.append(block)
    with_gradients = TensorMap(tensor.keys, blocks)
    for name in ("LayerNorm", "InvariantLayerNorm", "ReLU", "InvariantTanh"):
        with pytest.raises(torch.jit.Error, match=f"ValueError: {name} does not support"):
            torch.jit.script(MODULES[name]())(with_gradients)


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
