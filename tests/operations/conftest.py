from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, TensorBlock, TensorMap


@dataclass
class Library:
    """One of the kinds of arrays that operations accept."""

    name: str
    values: str
    labels: str

    def array(self, values: Any, dtype: Any = np.float64) -> Any:
        array = np.array(values, dtype=dtype)
        return torch.from_numpy(array) if self.values == "torch" else array

    def make_labels(self, names: list[str], rows: Any) -> Labels:
        array = np.array(rows, dtype=np.int32).reshape(-1, len(names))
        return Labels(names, torch.from_numpy(array) if self.labels == "torch" else array)

    def make_range(self, name: str, count: int) -> Labels:
        return self.make_labels([name], np.arange(count))

    def owns(self, array: Any) -> bool:
        return isinstance(array, torch.Tensor if self.values == "torch" else np.ndarray)


def _as_numpy(array: Any) -> np.ndarray:
    return array.detach().numpy() if isinstance(array, torch.Tensor) else np.asarray(array)


@pytest.fixture
def as_numpy() -> Callable[[Any], np.ndarray]:
    return _as_numpy


@pytest.fixture(
    params=[
        Library("numpy", "numpy", "numpy"),
        Library("torch", "torch", "torch"),
        Library("torch-numpy-labels", "torch", "numpy"),
    ],
    ids=lambda library: library.name,
)
def library(request: pytest.FixtureRequest) -> Library:
    return request.param


N_PARAMETERS = 2


@pytest.fixture
def family(library: Library) -> Callable[..., TensorMap]:
    """
    Tensor maps which depend linearly on the parameters ``theta``, with the derivatives with respect
    to these as explicit gradients ``"theta"``.
    """

    def make(theta: Any = (0.0, 0.0), seed: int = 0) -> TensorMap:
        rng = np.random.default_rng(seed)
        keys = library.make_labels(["key", "other"], [[3, 0], [1, 0]])
        samples = library.make_labels(["system", "atom"], [[1, 0], [0, 2], [0, 1], [1, 4], [2, 0]])
        components = [library.make_range("component", 2)]
        properties = library.make_labels(["n", "l"], [[0, 1], [1, 0], [0, 0], [1, 1]])

        blocks = []
        for _ in range(2):
            values = rng.uniform(0.5, 1.5, (5, 2, 4)) * rng.choice([-1, 1], (5, 2, 4))
            derivatives = rng.normal(size=(5, N_PARAMETERS, 2, 4))
            block = TensorBlock(
                library.array(values + np.einsum("sk...,k->s...", derivatives, np.array(theta))),
                samples,
                components,
                properties,
            )
            gradient = TensorBlock(
                library.array(derivatives),
                library.make_range("sample", 5),
                [library.make_range("parameter", N_PARAMETERS), *components],
                properties,
            )
            block.add_gradient("theta", gradient)
            blocks.append(block)
        return TensorMap(keys, blocks)

    return make


@pytest.fixture
def check_gradients(family: Callable[..., TensorMap]) -> Callable[..., None]:
    """Compare the gradients of a function of a tensor map to finite differences."""

    def check(
        function: Callable[[TensorMap], TensorMap],
        seed: int = 0,
        atol: float = 1e-7,
    ) -> None:
        step = 1e-5
        result = function(family(seed=seed))
        for parameter in range(N_PARAMETERS):
            theta = np.zeros(N_PARAMETERS)
            theta[parameter] = step
            after = function(family(theta, seed=seed))
            before = function(family(-theta, seed=seed))
            for key, block in result.items():
                change = _as_numpy(after[key].values) - _as_numpy(before[key].values)
                gradient = block.gradient("theta")
                parents = _as_numpy(gradient.samples.column("sample"))
                assert len(parents) == len(block.samples)
                np.testing.assert_allclose(
                    _as_numpy(gradient.values)[:, parameter],
                    (change / (2 * step))[parents],
                    atol=atol,
                )

    return check


@pytest.fixture
def nested(library: Library) -> TensorMap:
    """Tensor map with gradients of gradients."""
    properties = library.make_range("p", 2)

    def make(names: list[str]) -> TensorBlock:
        return TensorBlock(
            library.array(np.ones((2, 2))),
            library.make_labels(names, np.arange(2).repeat(len(names))),
            [],
            properties,
        )

    gradient = make(["sample"])
    gradient.add_gradient("b", make(["sample"]))
    block = make(["s"])
    block.add_gradient("a", gradient)
    return TensorMap(library.make_range("key", 1), [block])


@pytest.fixture
def same_result() -> Callable[[TensorMap, TensorMap], None]:
    """Assert that two tensor maps are the same, including order, dtype and kind of arrays."""

    def check(actual: TensorMap, expected: TensorMap) -> None:
        assert actual.keys == expected.keys
        metatensor.equal_raise(actual, expected)
        for block, other in zip(actual.blocks(), expected.blocks(), strict=True):
            assert block.values.dtype == other.values.dtype
            assert type(block.values) is type(other.values)
            assert block.gradients_list() == other.gradients_list()

    return check
