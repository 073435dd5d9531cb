"""Arguments and results of compiled models, and how these look like the original ones."""

from typing import Dict, List

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap
from metatensor.torch.compilation import compile


def test_containers(compiled, make_map, assert_same):
    def function(maps: List[TensorMap], named: Dict[str, TensorBlock], scale: float = 1.0):
        block = named["block"]
        block = TensorBlock(block.values * scale, block.samples, block.components, block.properties)
        return {"sum": mts.add(maps[0], maps[1])}, [block], ("text", 3, None, maps[0].keys[1])

    maps = [make_map(seed=1), make_map(seed=2)]
    named = {"block": make_map().block(0)}
    run = compiled(function)
    for scale in (2.0, 3.0):
        sums, blocks, (text, number, nothing, entry) = run(maps, named, scale=scale)
        assert_same(sums["sum"], mts.add(*maps))
        torch.testing.assert_close(blocks[0].values, scale * named["block"].values)
        assert (text, number, nothing) == ("text", 3, None)
        assert entry == maps[0].keys[1]
    # numbers which are no tensors are constants of the compiled code
    assert run.n_variants == 2


def test_labels_and_entries_as_arguments(compiled, make_map, assert_same):
    def function(tensor: TensorMap, selection: Labels, key: LabelsEntry):
        return mts.slice(tensor, "samples", selection), tensor.block(key).values * 2, selection

    tensor = make_map()
    run = compiled(function)
    for row in (0, 1):
        selection = Labels("sample", torch.tensor([[row]]))
        sliced, doubled, same = run(tensor, selection, tensor.keys[row])
        assert_same(sliced, mts.slice(tensor, "samples", selection))
        torch.testing.assert_close(doubled, 2 * tensor.block(row).values)
        assert same == selection
    assert run.n_variants == 2


def test_constant_results(compiled, make_map):
    def function(tensor: TensorMap):
        return TensorMap(
            tensor.keys,
            [
                TensorBlock(
                    torch.full((len(block.samples), 1), len(block.samples)),
                    block.samples,
                    [],
                    Labels("count", torch.tensor([[0]])),
                )
                for block in tensor.blocks()
            ],
        )

    run = compiled(function)
    first = run(make_map())
    first.block(0).values[:] = -1
    torch.testing.assert_close(run(make_map()).block(0).values, torch.full((3, 1), 3))


def test_unknown_arguments_are_refused(compiled):
    with pytest.raises(TypeError, match="compiled models take .* got 'object'"):
        compiled(lambda x: x)(object())
    with pytest.raises(TypeError, match="compiled models take .* got 'set'"):
        compiled(lambda x: {1, 2})(torch.ones(1))


def test_sparse_tensors_are_refused(compiled):
    with pytest.raises(TypeError, match="take and return dense tensors"):
        compiled(lambda x: x)(torch.eye(2).to_sparse())


def test_keyword_arguments_and_decorator(make_map, assert_same):
    @compile(backend="eager")
    def scaled(tensor: TensorMap, *, factor: float) -> TensorMap:
        """Documented."""
        return mts.multiply(tensor, factor)

    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Documented."
    assert_same(scaled(make_map(), factor=3.0), mts.multiply(make_map(), 3.0))


def test_module_as_argument(compiled, make_map, Network, assert_same):
    def apply(module: torch.nn.Module, tensor: TensorMap) -> TensorMap:
        return module(tensor)

    run = compiled(apply)
    first, second = Network(), Network()
    torch.nn.init.zeros_(second.layers[0].weight)
    assert_same(run(first, make_map()), first(make_map()))
    assert_same(run(second, make_map()), second(make_map()))
    assert run.n_variants == 2


def test_module_is_like_the_original_one(compiled, Network):
    model = Network()
    run = compiled(model)
    assert isinstance(run, torch.nn.Module)
    assert [id(p) for p in run.parameters()] == [id(p) for p in model.parameters()]
    assert set(run.state_dict()) == {f"_orig_mod.{name}" for name in model.state_dict()}
    run.eval()
    assert not model.training


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_values_of_arguments_can_be_modified(backend, compiled, make_map, values):
    def function(tensor: TensorMap):
        for block in tensor.blocks():
            block.values[:] *= 2
        return tensor.block(0).values.sum()

    run = compiled(function, backend)
    tensor = make_map()
    expected = [2 * v for v in values(make_map())]
    torch.testing.assert_close(run(tensor), expected[0].sum())
    for actual, v in zip(values(tensor), expected, strict=True):
        torch.testing.assert_close(actual, v)
