"""What can not be compiled, and says so."""

from typing import Dict

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.compilation import UnsupportedModel


def _branch(tensor: TensorMap):
    return tensor if tensor.block(0).values.sum() > 0 else mts.multiply(tensor, 2.0)


def _item(tensor: TensorMap):
    return mts.multiply(tensor, float(tensor.block(0).values.max().item()))


def _numpy(tensor: TensorMap):
    return torch.from_numpy(tensor.block(0).values.numpy() * 2)


def _tolist(tensor: TensorMap):
    return torch.tensor(tensor.block(0).values.tolist())


def _nonzero(tensor: TensorMap):
    block = tensor.block(0)
    return block.values[block.values[:, 0] > 0]


def _unique(tensor: TensorMap):
    return torch.unique(tensor.block(0).values)


def _labels_from_values(tensor: TensorMap):
    samples = Labels("n", torch.floor(tensor.block(0).values[:, :1]).to(torch.int32))
    return samples.union(Labels("n", torch.tensor([[1]])))


def _equal(tensor: TensorMap):
    return mts.allclose(tensor, tensor)


@torch.jit.script
def _scripted_branch(x: torch.Tensor) -> torch.Tensor:
    if bool(x.sum() > 0):
        return x
    return -x


def _scripted(tensor: TensorMap):
    return _scripted_branch(tensor.block(0).values)


@pytest.mark.parametrize(
    "function",
    [
        _branch,
        _item,
        _numpy,
        _tolist,
        _nonzero,
        _unique,
        _labels_from_values,
        _equal,
        _scripted,
    ],
)
def test_values_can_not_be_read(function, compiled, make_map):
    with pytest.raises(UnsupportedModel, match="the model reads values"):
        compiled(function)(make_map())


@pytest.mark.parametrize("read", [torch.Tensor.item, torch.Tensor.tolist, float, bool])
@pytest.mark.parametrize("name", ["weight", "buffer", "attribute"])
def test_values_of_modules_can_not_be_read(read, name, compiled):
    class Reader(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor(2.0))
            self.register_buffer("buffer", torch.tensor(2.0))
            self.attribute = torch.tensor(2.0)

        def forward(self, x):
            return x * read(getattr(self, name))

    with pytest.raises(UnsupportedModel, match="the model reads values"):
        compiled(Reader())(torch.ones(2))


def test_caught_errors_do_not_hide_that_values_are_read(compiled):
    def function(x: torch.Tensor):
        try:
            return x * float(x.sum())
        except RuntimeError:
            return x

    with pytest.raises(UnsupportedModel, match="the model reads values"):
        compiled(function)(torch.ones(2))


def test_integers_modified_with_values_are_refused(compiled):
    def function(x: torch.Tensor):
        counts = torch.zeros(4, dtype=torch.int64)
        counts.index_add_(0, torch.tensor([0, 1]), x.to(torch.int64))
        return counts

    with pytest.raises(UnsupportedModel, match="modifies metadata with values"):
        compiled(function)(torch.ones(2))


def test_state_of_python_can_not_be_modified(compiled, make_map, Network):
    class Counter(Network):
        def __init__(self):
            super().__init__()
            self.n_calls = 0
            self.cache = {}

        def forward(self, tensor):
            self.n_calls += 1
            self.cache["last"] = tensor
            return super().forward(tensor)

    model = Counter()
    with pytest.raises(UnsupportedModel, match="modifies 'Counter"):
        compiled(model)(make_map())
    assert model.n_calls == 0
    assert model.cache == {}


def test_caches_that_are_filled_can_be_used(compiled, make_map, Network):
    class Cache(Network):
        def __init__(self):
            super().__init__()
            self.cache: Dict[str, Labels] = {}

        def forward(self, tensor):
            if "out" not in self.cache:
                self.cache["out"] = self.out.rename("out", "cached")
            self.out = self.cache["out"]
            return super().forward(tensor)

    model = Cache()
    run = compiled(model)
    with pytest.raises(UnsupportedModel, match="call it once before"):
        run(make_map())
    model(make_map())
    assert run(make_map()).property_names == ["cached"]


def test_arguments_can_not_be_modified(compiled, make_map):
    def add_info(tensor: TensorMap):
        tensor.set_info("a", "b")
        return tensor

    def consume(block: TensorBlock):
        return TensorMap(Labels("key", torch.tensor([[0]])), [block])

    with pytest.raises(UnsupportedModel, match="modifies its arguments"):
        compiled(add_info)(make_map())
    with pytest.raises(UnsupportedModel, match="uses up its arguments"):
        compiled(consume)(make_map().block(0).copy())
