"""The operations inside of compiled functions and modules, also saved and loaded."""

import os
import subprocess
import sys
from pathlib import Path
from typing import List, Union

import pytest
import torch
from metatensor.torch.operations._add import _add_block_block
from metatensor.torch.operations._backend import isinstance_metatensor
from metatensor.torch.operations._multiply import _multiply_block_constant

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


@pytest.fixture
def tensor() -> TensorMap:
    """Two blocks with gradients."""
    generator = torch.Generator().manual_seed(0)
    blocks = []
    for _ in range(2):
        block = TensorBlock(
            torch.rand(4, 2, 3, generator=generator, dtype=torch.float64),
            Labels(["system", "atom"], torch.tensor([[1, 0], [0, 2], [0, 1], [1, 4]])),
            [Labels(["c"], torch.tensor([[1], [0]]))],
            Labels(["n", "l"], torch.tensor([[0, 1], [1, 0], [1, 1]])),
        )
        gradient = TensorBlock(
            torch.rand(2, 3, 2, 3, generator=generator, dtype=torch.float64),
            Labels(["sample", "g"], torch.tensor([[2, 0], [0, 7]])),
            [Labels(["xyz"], torch.tensor([[0], [1], [2]])), *block.components],
            block.properties,
        )
        block.add_gradient("positions", gradient)
        blocks.append(block)
    return TensorMap(Labels(["key"], torch.tensor([[4], [1]])), blocks)


def arithmetic(a: TensorMap, b: TensorMap) -> List[TensorMap]:
    c = mts.add(mts.multiply(a, b), 3)
    c = mts.divide(mts.subtract(c, 1.5), mts.add(mts.abs(b), 1.0))
    d = mts.subtract(mts.pow(c, 2), a)
    return [c, d, mts.add(d, c), mts.multiply(d, -1.0), mts.divide(d, 2)]


def linear_algebra(a: TensorMap, b: TensorMap) -> List[TensorMap]:
    blocks: List[TensorBlock] = []
    for block in b.blocks():
        blocks.append(TensorBlock(block.values[:, 0], block.samples, [], block.properties))
    weights = TensorMap(b.keys, blocks)
    no_gradients = mts.remove_gradients(a)
    lstsq = mts.lstsq(no_gradients, no_gradients, 1e-13)
    return [mts.dot(a, weights), lstsq]


def comparisons(a: TensorMap, b: TensorMap) -> List[bool]:
    block_a = a.block_by_id(0)
    block_b = b.block_by_id(0)
    mts.equal_raise(a, a)
    mts.equal_block_raise(block_a, block_a)
    mts.allclose_raise(a, a)
    mts.allclose_block_raise(block_a, block_a)
    mts.equal_metadata_raise(a, b)
    mts.equal_metadata_block_raise(block_a, block_b, check=["samples"])
    return [
        mts.equal(a, b),
        mts.equal_block(block_a, block_b),
        mts.allclose(a, b, atol=100.0),
        mts.allclose_block(block_a, block_b, 1e-3, 1e-3, True),
        mts.equal_metadata(a, b),
        mts.equal_metadata(a, b, check=["samples", "components"], check_gradients=False),
        mts.equal_metadata_block(block_a, block_b, "all"),
        mts.is_contiguous(a),
        mts.is_contiguous_block(block_a),
    ]


def creation(a: TensorMap, b: TensorMap) -> List[TensorMap]:
    zeros = mts.zeros_like(a, gradients="positions")
    ones = mts.ones_like(b, gradients=["positions"])
    block = mts.block_from_array(a.block_by_id(0).values)
    names = mts.block_from_array(b.block_by_id(0).values, ["s", "t"], [], ["p"])
    keys = Labels(["new"], torch.tensor([[0]]))
    return [
        mts.add(zeros, ones),
        mts.zeros_like(mts.empty_like(a)),
        mts.zeros_like(mts.random_uniform_like(a, gradients=None)),
        TensorMap(keys, [block]),
        TensorMap(keys, [names]),
        mts.detach(mts.requires_grad(a, True)),
        mts.make_contiguous(a),
        TensorMap(keys, [mts.remove_gradients_block(mts.ones_like_block(a.block_by_id(0)))]),
    ]


def reductions(a: TensorMap, b: TensorMap) -> List[TensorMap]:
    return [
        mts.sum_over_samples(a, "atom"),
        mts.mean_over_samples(a, ["atom", "system"]),
        mts.var_over_samples(a, ["atom"]),
        mts.std_over_samples(a, "system"),
        mts.sum_over_properties(b, ["n", "l"]),
        mts.mean_over_properties(b, "n"),
        mts.var_over_properties(b, "l"),
        mts.std_over_properties(b, ["l"]),
        TensorMap(a.keys, [mts.std_over_samples_block(block, "atom") for block in a.blocks()]),
    ]


def selections(a: TensorMap, b: TensorMap) -> List[TensorMap]:
    systems = Labels(["system"], torch.tensor([[0]]))
    keys = Labels(["key"], torch.tensor([[1]]))
    parts: List[Union[torch.Tensor, List[int], Labels]] = [
        torch.tensor([1, 2]),
        [-1],
        systems,
    ]
    joined = mts.join([a, b], axis="samples", add_dimension="tensor")
    filtered = mts.filter_blocks(b, keys)
    split = mts.split_block(a.block_by_id(0), "samples", parts[:2])
    return mts.split(a, "samples", parts) + [
        mts.slice(a, "samples", systems),
        joined,
        mts.join([a, b], "properties", different_keys="error", add_dimension="tensor"),
        mts.join([a, filtered], "samples", different_keys="union", add_dimension="tensor"),
        filtered,
        mts.drop_blocks(a, keys, copy=True),
        mts.drop_empty_blocks(a),
        mts.sort(joined, axes="all", descending=True),
        mts.sort(joined, axes=["keys", "samples"]),
        TensorMap(keys, [mts.slice_block(a.block_by_id(0), "properties", [0, 2])]),
        TensorMap(keys, [mts.join_blocks(split, "samples")]),
    ]


def dimensions(a: TensorMap, b: TensorMap) -> List[TensorMap]:
    a = mts.append_dimension(a, "samples", "new", torch.arange(4))
    a = mts.insert_dimension(a, "properties", 1, "new", 7)
    a = mts.permute_dimensions(a, "properties", [2, 1, 0])
    b = mts.rename_dimension(b, "samples", "system", "structure")
    unique = mts.unique_metadata(a, "samples", ["new"])
    names: List[str] = ["g"]
    in_gradient = mts.unique_metadata_block(b.block_by_id(0), "samples", names, "positions")
    encoded = mts.one_hot(a.block_by_id(0).samples, unique)
    return [
        a,
        mts.remove_dimension(b, "samples", "structure"),
        TensorMap(unique, [mts.block_from_array(encoded) for _ in range(len(unique))]),
        TensorMap(in_gradient, [mts.block_from_array(encoded) for _ in range(len(in_gradient))]),
    ]


FUNCTIONS = [arithmetic, linear_algebra, creation, reductions, selections, dimensions]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_scripted_functions(function, tensor):
    other = mts.add(mts.pow(tensor, 2), 0.5)
    expected = function(tensor, other)
    actual = torch.jit.script(function)(tensor, other)
    assert len(actual) == len(expected)
    for result, expected_result in zip(actual, expected, strict=True):
        assert result.keys == expected_result.keys
        mts.allclose_raise(result, expected_result, atol=1e-13)


def test_scripted_comparisons(tensor):
    other = mts.add(tensor, 0.5)
    assert torch.jit.script(comparisons)(tensor, other) == comparisons(tensor, other)


def private_functions(block: TensorBlock) -> TensorBlock:
    return _add_block_block(block, _multiply_block_constant(block, 2.0))


def test_private_functions(tensor):
    assert not isinstance(_add_block_block, torch.jit.ScriptFunction)
    for function in (private_functions, torch.jit.script(private_functions)):
        block = tensor.block_by_id(0)
        result = function(block)
        assert torch.equal(result.values, block.values + 2.0 * block.values)
        gradient = result.gradient("positions").values
        assert torch.allclose(gradient, 3 * block.gradient("positions").values)


def name_of_class(value: Union[Labels, TensorBlock, TensorMap]) -> str:
    if isinstance_metatensor(value, "Labels"):
        return "Labels"
    if isinstance_metatensor(value, "TensorBlock"):
        return "TensorBlock"
    assert isinstance_metatensor(value, "TensorMap")
    return "TensorMap"


def test_isinstance(tensor):
    for function in (name_of_class, torch.jit.script(name_of_class)):
        for value in (tensor.keys, tensor.block_by_id(0), tensor):
            assert function(value) == value._type().name()
    assert not isinstance_metatensor(3, "Labels")
    with pytest.raises(AssertionError):
        isinstance_metatensor(tensor, "System")


class Model(torch.nn.Module):
    def forward(self, tensor: TensorMap, systems: Labels) -> TensorMap:
        total = mts.sum_over_samples(mts.multiply(tensor, tensor), ["atom"])
        selected = mts.slice(total, "samples", systems)
        parts: List[Union[torch.Tensor, List[int], Labels]] = [[0], [1, 2]]
        tensors = mts.split(selected, "properties", parts)
        mts.equal_metadata_raise(tensors[0], mts.zeros_like(tensors[0]))
        joined = mts.join(tensors, "properties")
        joined = mts.append_dimension(mts.sort(joined), "properties", "new", 1)
        return mts.std_over_properties(joined, "l")


def test_saved_module(tensor, tmp_path: Path):
    systems = Labels(["system"], torch.tensor([[1], [0]]))
    expected = Model()(tensor, systems)
    torch.jit.save(torch.jit.script(Model()), tmp_path / "model.pt")
    tensor.save(str(tmp_path / "input.mts"))
    systems.save(str(tmp_path / "systems.mts"))

    code = """
import sys
import torch
import metatensor.torch as mts
model = torch.jit.load("model.pt")
mts.save("output.mts", model(mts.load("input.mts"), mts.load_labels("systems.mts")))
"""
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    mts.allclose_raise(mts.load(str(tmp_path / "output.mts")), expected)


def test_saved_operations(tmp_path: Path, tensor):
    for name in mts.operations.__all__:
        function = getattr(mts, name)
        if isinstance(function, torch.jit.ScriptFunction):
            torch.jit.save(function, str(tmp_path / f"{name}.pt"))
    loaded = torch.jit.load(str(tmp_path / "abs.pt"))
    assert mts.equal(loaded(tensor), mts.abs(tensor))


def test_without_compilation():
    code = """
import torch
import metatensor.torch as mts

assert not isinstance(mts.add, torch.jit.ScriptFunction)
block = mts.block_from_array(torch.ones(2, 3))
block.add_gradient("g", mts.block_from_array(torch.ones(1, 3)))
tensor = mts.TensorMap(mts.Labels.range("key", 1), [block])
tensor = mts.add(mts.multiply(tensor, tensor), 3)
tensor = mts.std_over_samples(mts.sort(tensor), ["sample"])
tensor = mts.append_dimension(tensor, "samples", "new", 2)
(tensor,) = mts.split(tensor, "properties", [[0, 1]])
(tensor,) = mts.split(tensor, "samples", [mts.Labels(["new"], torch.tensor([[2]]))])
tensor = mts.join([tensor, mts.remove_gradients(tensor)][:1], "samples")
assert tensor.block().shape == [1, 2]
assert mts.unique_metadata(tensor, "samples", ("new",)).names == ["new"]

for call, error in (
    (lambda: mts.add(tensor, "a"), TypeError),
    (lambda: mts.equal_raise(tensor, mts.add(tensor, 1)), mts.NotEqualError),
    (lambda: mts.sum_over_samples(tensor, "foo"), ValueError),
):
    try:
        call()
    except error:
        pass
    else:
        raise AssertionError("no error")
"""
    environment = {**os.environ, "PYTORCH_JIT": "0"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
