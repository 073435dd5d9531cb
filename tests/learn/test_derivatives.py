"""First and second derivatives of all modules, which training with forces needs."""

from collections.abc import Callable
from typing import Any

import pytest
import torch


def gates(size: int) -> list[torch.nn.Module]:
    """Smooth functions of the norms, one for each of the four keys."""
    return [
        torch.nn.Sequential(torch.nn.Linear(size, size, dtype=torch.float64), torch.nn.SiLU())
        for _ in range(4)
    ]


MODULES: dict[str, Callable[[Any, Any], torch.nn.Module]] = {
    "Linear": lambda nn, keys: nn.Linear(keys, 3, 2, dtype=torch.float64),
    "EquivariantLinear": lambda nn, keys: nn.EquivariantLinear(keys, 3, 2, dtype=torch.float64),
    "LayerNorm": lambda nn, keys: nn.LayerNorm(keys, 3, dtype=torch.float64),
    "LayerNorm without mean": lambda nn, keys: nn.LayerNorm(
        keys, 3, mean=False, dtype=torch.float64
    ),
    "InvariantLayerNorm": lambda nn, keys: nn.InvariantLayerNorm(keys, 3, dtype=torch.float64),
    "ReLU": lambda nn, keys: nn.ReLU(keys),
    "InvariantReLU": lambda nn, keys: nn.InvariantReLU(keys),
    "SiLU": lambda nn, keys: nn.SiLU(keys),
    "InvariantSiLU": lambda nn, keys: nn.InvariantSiLU(keys),
    "Tanh": lambda nn, keys: nn.Tanh(keys),
    "InvariantTanh": lambda nn, keys: nn.InvariantTanh(keys),
    "EquivariantTransformation": lambda nn, keys: nn.EquivariantTransformation(
        gates(3), keys, 3, 3
    ),
    "Sequential": lambda nn, keys: nn.Sequential(
        keys,
        nn.EquivariantLinear(keys, 3, 2, dtype=torch.float64),
        nn.EquivariantTransformation(gates(2), keys, 2, 2),
        nn.InvariantLayerNorm(keys, 2, dtype=torch.float64),
        nn.InvariantTanh(keys),
    ),
}


def values_to_values(twin: Any, module: Callable[[Any], Any], tensor: Any) -> Callable:
    """``module`` as a function from the arrays of all blocks to the arrays of all blocks."""

    def function(*values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        blocks = [
            twin.TensorBlock(v, block.samples, block.components, block.properties)
            for v, block in zip(values, tensor.blocks(), strict=True)
        ]
        output = module(twin.TensorMap(tensor.keys, blocks))
        return tuple(block.values for block in output.blocks())

    return function


@pytest.mark.parametrize("name", MODULES)
def test_finite_differences(twin, name):
    tensor = twin.spherical(2, 3)
    module = MODULES[name](twin.nn, tensor.keys)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)

    function = values_to_values(twin, module, tensor)
    inputs = [block.values.clone().requires_grad_(True) for block in tensor.blocks()]
    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)

    # the parameters too, through the derivative with respect to the input
    outputs = function(*inputs)
    forces = torch.autograd.grad(sum(o.sum() for o in outputs), inputs, create_graph=True)
    loss = sum(f.square().sum() for f in [*forces, *outputs])
    loss.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())


@pytest.mark.parametrize("twin", ["torchscript"], indirect=True)
@pytest.mark.parametrize("name", [name for name in MODULES if "ReLU" not in name])
def test_compiled_modules(twin, name):
    """The gradient of a loss of the forces stays the same"""
    tensor = twin.spherical(2, 3)
    module = MODULES[name](twin.nn, tensor.keys)
    scripted = torch.jit.script(module)

    def gradients(module: Callable[[Any], Any]) -> tuple[torch.Tensor, ...]:
        inputs = [block.values.clone().requires_grad_(True) for block in tensor.blocks()]
        outputs = values_to_values(twin, module, tensor)(*inputs)
        energy = sum(output.square().sum() for output in outputs)
        forces = torch.autograd.grad(energy, inputs, create_graph=True)
        return torch.autograd.grad(sum(f.square().sum() for f in forces), inputs)

    expected = gradients(module)
    for _ in range(3):  # TorchScript optimizes during the first calls
        for actual, value in zip(gradients(scripted), expected, strict=True):
            torch.testing.assert_close(actual, value, rtol=1e-10, atol=1e-12)


def test_second_derivative_where_values_are_zero(twin):
    """An atom can have no neighbors, or be a center of inversion"""
    tensor = twin.spherical(3, 2)
    module = twin.nn.EquivariantTransformation(gates(2), tensor.keys, 2, 2)
    inputs = [block.values.clone() for block in tensor.blocks()]
    for values in inputs:
        values[1] = 0.0
        values.requires_grad_(True)

    outputs = values_to_values(twin, module, tensor)(*inputs)
    forces = torch.autograd.grad(sum(o.sum() for o in outputs), inputs, create_graph=True)
    sum(force.square().sum() for force in forces).backward()
    for tracked in [*inputs, *module.parameters()]:
        assert tracked.grad.isfinite().all()
