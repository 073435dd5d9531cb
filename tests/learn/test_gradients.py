"""Gradients of the output of modules, against finite differences."""

from typing import Any

import pytest
import torch


def distances(positions: torch.Tensor) -> torch.Tensor:
    """Gaussians of the distances between three points: 3 samples (pairs) and 2 properties."""
    vectors = positions[[0, 0, 1]] - positions[[1, 2, 2]]
    r2 = vectors.square().sum(dim=1, keepdim=True)
    return torch.cat([torch.exp(-r2), torch.exp(-r2 / 3)], dim=1)


def descriptor(twin: Any, positions: torch.Tensor, with_gradients: bool) -> Any:
    """Block with `distances`, and its gradients with respect to the positions."""
    properties = twin.labels(["gaussian"], [0, 1])
    samples = twin.labels(["first", "second"], [[0, 1], [0, 2], [1, 2]])
    block = twin.TensorBlock(distances(positions), samples, [], properties)
    if with_gradients:
        jacobian = torch.autograd.functional.jacobian(distances, positions)
        gradient = twin.TensorBlock(
            jacobian.permute(0, 2, 3, 1).reshape(9, 3, 2),
            twin.labels(["sample", "atom"], [[i, j] for i in range(3) for j in range(3)]),
            [twin.labels(["xyz"], [0, 1, 2])],
            properties,
        )
        block.add_gradient("positions", gradient)
    return twin.TensorMap(twin.labels(["o3_lambda", "o3_sigma"], [[0, 1]]), [block])


@pytest.fixture
def positions():
    return torch.randn(3, 3, dtype=torch.float64)


LINEAR_MODULES = {
    "Linear": lambda nn, keys: nn.Linear(keys, 2, 4, bias=False, dtype=torch.float64),
    "EquivariantLinear": lambda nn, keys: nn.EquivariantLinear(
        keys, 2, 4, bias=False, dtype=torch.float64
    ),
    "Sequential": lambda nn, keys: nn.Sequential(
        keys,
        nn.Linear(keys, 2, 3, bias=False, dtype=torch.float64),
        nn.Linear(keys, 3, 1, bias=False, dtype=torch.float64),
    ),
}


@pytest.mark.parametrize("name", LINEAR_MODULES)
def test_explicit_gradients_of_linear_modules(twin, positions, name):
    tensor = descriptor(twin, positions, with_gradients=True)
    module = LINEAR_MODULES[name](twin.nn, tensor.keys)
    gradient = module(tensor).block().gradient("positions")
    assert gradient.samples == tensor.block().gradient("positions").samples
    assert gradient.components == tensor.block().gradient("positions").components

    step = 1e-6
    for row, (sample, atom) in enumerate(gradient.samples.values.tolist()):
        for axis in range(3):
            shift = torch.zeros_like(positions)
            shift[atom, axis] = step
            plus = module(descriptor(twin, positions + shift, False)).block().values[sample]
            minus = module(descriptor(twin, positions - shift, False)).block().values[sample]
            torch.testing.assert_close(
                gradient.values[row, axis], (plus - minus) / (2 * step), rtol=0, atol=1e-9
            )


def test_bias_is_added_to_gradients(twin, positions):
    tensor = descriptor(twin, positions, with_gradients=True)
    module = twin.nn.Linear(tensor.keys, 2, 4, dtype=torch.float64)
    linear = module.module_map.module_list[0]
    gradient = module(tensor).block().gradient("positions")
    expected = linear(tensor.block().gradient("positions").values)
    assert torch.equal(gradient.values, expected)


def test_autograd(twin, positions):
    keys = descriptor(twin, positions, False).keys
    nn = twin.nn
    module = nn.Sequential(
        keys,
        nn.EquivariantLinear(keys, 2, 4, dtype=torch.float64),
        nn.InvariantLayerNorm(keys, 4, dtype=torch.float64),
        nn.InvariantSiLU(keys),
        nn.EquivariantTransformation([torch.nn.Tanh()], keys, 4, 4),
        nn.Linear(keys, 4, 1, dtype=torch.float64),
    )

    def energy(positions: torch.Tensor) -> torch.Tensor:
        return module(descriptor(twin, positions, False)).block().values

    positions.requires_grad_(True)
    assert torch.autograd.gradcheck(energy, [positions])
    assert torch.autograd.gradgradcheck(energy, [positions])
    energy(positions).sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())
