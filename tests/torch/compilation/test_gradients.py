"""Derivatives in and of compiled models."""

import pytest
import torch

from metatensor.torch import TensorMap
from metatensor.torch.compilation import UnsupportedModel


def test_forces_inside_of_the_model(compiled, make_map, Network, values):
    model = Network()

    def forces(tensor: TensorMap):
        energy = sum(v.square().sum() for v in values(model(tensor)))
        return energy, torch.autograd.grad(energy, values(tensor), create_graph=True)

    def loss_gradients(function):
        energy, gradients = function(make_map(requires_grad=True))
        loss = energy + sum(g.square().sum() for g in gradients)
        return [energy, *gradients, *torch.autograd.grad(loss, list(model.parameters()))]

    for backend in ("eager", "aot_eager"):
        actual = loss_gradients(compiled(forces, backend))
        for a, b in zip(actual, loss_gradients(forces), strict=True):
            torch.testing.assert_close(a, b)


def test_forces_outside_of_the_model_are_not_differentiable_again(
    compiled, make_map, Network, values
):
    model = Network()
    tensor = make_map(requires_grad=True)
    energy = sum(v.square().sum() for v in values(compiled(model, "aot_eager")(tensor)))
    gradients = torch.autograd.grad(energy, values(tensor), create_graph=True)
    expected = torch.autograd.grad(
        sum(v.square().sum() for v in values(model(tensor))), values(tensor)
    )
    for a, b in zip(gradients, expected, strict=True):
        torch.testing.assert_close(a, b)

    with pytest.raises(RuntimeError, match="double backward"):
        sum(g.square().sum() for g in gradients).backward()


def _detach_scripted(y: torch.Tensor) -> torch.Tensor:
    return y * y.detach() + torch.sigmoid(y) * y.detach().square()


@pytest.mark.parametrize("how", ["detach", "data", "no_grad", "leaf", "scripted", "inner"])
def test_gradients_stop_where_the_model_stops_them(how, compiled):
    scripted = torch.jit.script(_detach_scripted)

    def function(x: torch.Tensor):
        y = x.exp()
        if how == "detach":
            y = y * y.detach()
        elif how == "data":
            y = y * y.data
        elif how == "no_grad":
            with torch.no_grad():
                scale = y.square()
            y = y * scale
        elif how == "leaf":
            copy = y.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(copy.square().sum(), copy, create_graph=True)
            y = y * gradient
        elif how == "scripted":
            y = scripted(y)
        else:
            (gradient,) = torch.autograd.grad(y.sum(), x, retain_graph=True)
            y = y * gradient
        return y.tanh()

    x = torch.tensor([0.1, 0.2, 0.4], dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(function(x).sum(), x)
    for backend in ("eager", "aot_eager"):
        (actual,) = torch.autograd.grad(compiled(function, backend)(x).sum(), x)
        torch.testing.assert_close(actual, expected)


def test_results_do_not_require_more_gradients_than_without_compilation(compiled):
    def function(x: torch.Tensor):
        return x.detach() * 2, x * 2, [x.exp().detach()]

    x = torch.ones(3, requires_grad=True)
    for backend in ("eager", "aot_eager"):
        first, second, (third,) = compiled(function, backend)(x)
        assert [t.requires_grad for t in (first, second, third)] == [False, True, False]


def test_the_same_tensor_in_two_arguments(compiled):
    def function(a: torch.Tensor, b: torch.Tensor):
        return torch.autograd.grad((a * b).sum(), a)[0]

    run = compiled(function)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.tensor([3.0, 4.0], requires_grad=True)
    torch.testing.assert_close(run(x, y), y.detach())
    torch.testing.assert_close(run(x, x), 2 * x.detach())


def test_derivatives_with_respect_to_parameters(compiled, make_map, Network, values):
    model = Network()

    def function(tensor: TensorMap):
        loss = sum(v.square().sum() for v in values(model(tensor)))
        return torch.autograd.grad(loss, list(model.parameters()))

    torch.testing.assert_close(compiled(function)(make_map()), function(make_map()))


class _Double(torch.autograd.Function):
    """With a gradient that operators alone do not have."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def test_custom_gradients(compiled):
    def outside(x):
        return _Double.apply(x).square()

    def inside(x):
        x = x.detach().requires_grad_(True)
        return torch.autograd.grad(_Double.apply(x).square().sum(), x)[0]

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(UnsupportedModel, match="custom autograd function '_DoubleBackward'"):
        compiled(outside)(x)
    torch.testing.assert_close(compiled(inside)(x), inside(x))
    with torch.no_grad():
        torch.testing.assert_close(compiled(outside)(x), outside(x))


def test_arguments_computed_from_each_other(compiled):
    def derivative(x: torch.Tensor, y: torch.Tensor):
        return torch.autograd.grad((x * y).sum(), x)[0]

    run = compiled(derivative)
    x = torch.ones(2, requires_grad=True)
    torch.testing.assert_close(run(x, 3 * torch.ones(2)), torch.full((2,), 3.0))
    torch.testing.assert_close(run(x, 3 * torch.ones(2, requires_grad=True)), torch.full((2,), 3.0))
    with pytest.raises(UnsupportedModel, match="was computed from another one"):
        run(x, 3 * x)


def test_backward_is_refused(compiled, make_map, Network, values):
    model = Network()

    def function(tensor: TensorMap):
        sum(v.sum() for v in values(model(tensor))).backward()
        return tensor

    with pytest.raises(UnsupportedModel, match="backward"):
        compiled(function)(make_map())
    assert all(parameter.grad is None for parameter in model.parameters())
