"""Models and tensor maps for the tests of ``metatensor.torch.compile``."""

from collections.abc import Callable, Sequence

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.compilation import compile


class Network(torch.nn.Module):
    """One layer, on all blocks."""

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.layers = torch.nn.Sequential(torch.nn.Linear(2, 4, dtype=dtype), torch.nn.Tanh())
        self.out = Labels("out", torch.arange(4).reshape(-1, 1))

    def forward(self, tensor: TensorMap) -> TensorMap:
        blocks = [
            TensorBlock(self.layers(b.values), b.samples, b.components, self.out)
            for b in tensor.blocks()
        ]
        return TensorMap(tensor.keys, blocks)


@pytest.fixture(name="Network")
def network_class() -> type[torch.nn.Module]:
    """Class of models with one layer, to be used or extended."""
    return Network


@pytest.fixture
def compiled() -> Callable:
    """Compiles in the fastest way: the graph is run by torch, one operator after the other."""

    def compiled(model: Callable, backend: str | Callable = "eager", **options: int) -> Callable:
        return compile(model, backend=backend, **options)

    return compiled


@pytest.fixture
def make_map() -> Callable[..., TensorMap]:
    """Creates a tensor map with random values, one block for each size."""

    def make_map(
        sizes: Sequence[int] = (3, 4),
        n_properties: int = 2,
        dtype: torch.dtype = torch.float64,
        seed: int = 0,
        requires_grad: bool = False,
    ) -> TensorMap:
        generator = torch.Generator().manual_seed(seed)
        blocks = []
        for size in sizes:
            values = torch.randn(size, n_properties, generator=generator, dtype=dtype)
            blocks.append(
                TensorBlock(
                    values.requires_grad_(requires_grad),
                    Labels("sample", torch.arange(size).reshape(-1, 1)),
                    [],
                    Labels("property", torch.arange(n_properties).reshape(-1, 1)),
                )
            )
        return TensorMap(Labels("key", torch.arange(len(sizes)).reshape(-1, 1)), blocks)

    return make_map


@pytest.fixture
def values() -> Callable[[TensorMap], list[torch.Tensor]]:
    """Gives the values of all blocks."""
    return lambda tensor: [block.values for block in tensor.blocks()]


@pytest.fixture
def assert_same() -> Callable[[TensorMap, TensorMap], None]:
    """Compares two tensor maps, with their information."""

    def assert_same(actual: TensorMap, expected: TensorMap) -> None:
        mts.allclose_raise(actual, expected, rtol=1e-12, atol=1e-14)
        assert actual.info() == expected.info()

    return assert_same
