"""Autograd through every operation, twice: what training on forces needs."""

from typing import Callable, List

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap

Inputs = List[torch.Tensor]


def make_map(values: torch.Tensor, gradient: torch.Tensor | None = None) -> TensorMap:
    """Two blocks, made of halves of the values, with gradients if there are values for them."""
    blocks = []
    for i, half in enumerate(values.chunk(2, dim=-1)):
        block = TensorBlock(
            half,
            Labels(["system", "atom"], torch.tensor([[1, 0], [0, 2], [0, 1]])),
            [Labels(["c"], torch.tensor([[0], [1]]))] * (half.dim() - 2),
            Labels(["n", "l"], torch.tensor([[1, 0], [0, 3]])),
        )
        if gradient is not None:
            block.add_gradient(
                "positions",
                TensorBlock(
                    gradient.chunk(2, dim=-1)[i],
                    Labels(["sample", "other"], torch.tensor([[0, 4], [2, 1]])),
                    [Labels.range("xyz", 1), *block.components],
                    block.properties,
                ),
            )
        blocks.append(block)
    return TensorMap(Labels(["key"], torch.tensor([[3], [1]])), blocks)


def outputs(result) -> tuple[torch.Tensor, ...]:
    """All the values in what an operation gives."""
    if isinstance(result, torch.Tensor):
        return (result,)
    if isinstance(result, list):
        return tuple(values for element in result for values in outputs(element))
    if result._type().name() == "TensorMap":
        return tuple(values for block in result for values in outputs(block))
    gradients = (outputs(gradient) for _, gradient in result.gradients())
    return (result.values, *(values for gradient in gradients for values in gradient))


SYSTEMS = Labels(["system"], torch.tensor([[0]]))
KEYS = Labels(["key"], torch.tensor([[1]]))

Operation = Callable[[TensorMap, TensorMap], object]

# called with two maps that have gradients
WITH_GRADIENTS: dict[str, Operation] = {
    "abs": lambda a, b: mts.abs(a),
    "add": lambda a, b: mts.add(a, b),
    "add number": lambda a, b: mts.add(a, 3.0),
    "subtract": lambda a, b: mts.subtract(a, b),
    "multiply": lambda a, b: mts.multiply(a, b),
    "multiply number": lambda a, b: mts.multiply(a, -2.0),
    "divide": lambda a, b: mts.divide(a, b),
    "divide number": lambda a, b: mts.divide(a, 3),
    "pow": lambda a, b: mts.pow(a, 3),
    "pow float": lambda a, b: mts.pow(a, -0.5),
    "append_dimension": lambda a, b: mts.append_dimension(a, "samples", "new", 3),
    "drop_blocks": lambda a, b: mts.drop_blocks(a, KEYS, copy=True),
    "drop_empty_blocks": lambda a, b: mts.drop_empty_blocks(a, copy=True),
    "filter_blocks": lambda a, b: mts.filter_blocks(a, KEYS),
    "insert_dimension": lambda a, b: mts.insert_dimension(a, "properties", 0, "new", 3),
    "join samples": lambda a, b: mts.join([a, b], "samples", add_dimension="tensor"),
    "join properties": lambda a, b: mts.join([a, b], "properties", add_dimension="tensor"),
    "join union": lambda a, b: mts.join(
        [mts.filter_blocks(a, KEYS), b], "samples", "union", add_dimension="tensor"
    ),
    "join_blocks": lambda a, b: mts.join_blocks([a.block(0), b.block(0)], "properties", "block"),
    "make_contiguous": lambda a, b: mts.make_contiguous(a),
    "make_contiguous_block": lambda a, b: mts.make_contiguous_block(a.block(0)),
    "permute_dimensions": lambda a, b: mts.permute_dimensions(a, "samples", [1, 0]),
    "remove_dimension": lambda a, b: mts.remove_dimension(
        mts.append_dimension(a, "samples", "new", 3), "samples", "new"
    ),
    "remove_gradients": lambda a, b: mts.remove_gradients(a),
    "remove_gradients_block": lambda a, b: mts.remove_gradients_block(a.block(0)),
    "rename_dimension": lambda a, b: mts.rename_dimension(a, "samples", "atom", "new"),
    "slice samples": lambda a, b: mts.slice(a, "samples", SYSTEMS),
    "slice properties": lambda a, b: mts.slice(a, "properties", Labels(["l"], torch.tensor([[3]]))),
    "slice_block": lambda a, b: mts.slice_block(a.block(0), "samples", [-1, 0]),
    "sort": lambda a, b: mts.sort(a, descending=True),
    "sort_block": lambda a, b: mts.sort_block(a.block(0)),
    "split": lambda a, b: mts.split(a, "samples", [SYSTEMS, SYSTEMS]),
    "split_block": lambda a, b: mts.split_block(a.block(0), "properties", [[1], [0, 1]]),
    "split_by_dimension": lambda a, b: mts.split_by_dimension(a, "samples", "system"),
    "update_dimension": lambda a, b: mts.update_dimension(a, "keys", "key", torch.arange(2)),
}
for _name in ("sum", "mean", "std", "var"):
    for _axis, _dimension in (("samples", "atom"), ("properties", "l")):
        _function = getattr(mts, f"{_name}_over_{_axis}")
        _block_function = getattr(mts, f"{_name}_over_{_axis}_block")
        WITH_GRADIENTS[f"{_name}_over_{_axis}"] = lambda a, b, f=_function, d=_dimension: f(a, d)
        WITH_GRADIENTS[f"{_name}_over_{_axis}_block"] = (
            lambda a, b, f=_block_function, d=_dimension: f(a.block(0), [d])
        )

# called with maps without components and gradients
PLAIN: dict[str, Operation] = {
    "block_from_array": lambda a, b: mts.block_from_array(a.block(0).values),
    "dot": lambda a, b: mts.dot(a, b),
    "lstsq": lambda a, b: mts.lstsq(a, b, rcond=1e-13),
    "solve": lambda a, b: mts.solve(
        mts.slice(a, "samples", Labels(["atom"], torch.tensor([[0], [2]]))),
        mts.slice(b, "samples", Labels(["atom"], torch.tensor([[0], [2]]))),
    ),
}

# the result does not depend on the values, or has no derivatives on purpose
NOT_DIFFERENTIABLE = {"detach", "detach_block", "one_hot", "zeros", "ones", "random_uniform"}
NOT_DIFFERENTIABLE |= {"is_contiguous", "is_contiguous_block"}
NOT_DIFFERENTIABLE |= {"requires_grad", "requires_grad_block"}
NOT_DIFFERENTIABLE |= {"unique_metadata", "unique_metadata_block"}
for _name in ("empty_like", "ones_like", "random_uniform_like", "zeros_like"):
    NOT_DIFFERENTIABLE |= {_name, f"{_name}_block"}


def random_inputs(*shapes: tuple[int, ...]) -> Inputs:
    """Tensors without numbers close to zero, where some of the functions have no derivatives."""
    generator = torch.Generator().manual_seed(0x5EED)
    return [
        (0.5 + torch.rand(shape, generator=generator, dtype=torch.float64)).requires_grad_(True)
        for shape in shapes
    ]


def check_derivatives(function: Callable[..., object], inputs: Inputs) -> None:
    def non_linear(*arguments: torch.Tensor) -> tuple[torch.Tensor, ...]:
        # linear operations have second derivatives too, then
        return outputs(function(*(argument**2 for argument in arguments)))

    assert torch.autograd.gradcheck(non_linear, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(non_linear, inputs, fast_mode=True)


@pytest.mark.parametrize("name", WITH_GRADIENTS)
def test_with_gradients(name):
    operation = WITH_GRADIENTS[name]

    def function(values, other, gradient, other_gradient):
        return operation(make_map(values, gradient), make_map(other, other_gradient))

    check_derivatives(function, random_inputs(*[(3, 2, 4)] * 2, *[(2, 1, 2, 4)] * 2))


@pytest.mark.parametrize("name", PLAIN)
def test_without_gradients(name):
    def function(values, other):
        return PLAIN[name](make_map(values), make_map(other))

    check_derivatives(function, random_inputs((3, 4), (3, 4)))


def test_every_operation_is_tested():
    tested = {name.split()[0] for name in (*WITH_GRADIENTS, *PLAIN)}
    compared = {name for name in mts.operations.__all__ if name.startswith(("equal", "allclose"))}
    not_functions = {"NotEqualError", "checks_enabled", "map_blocks"}
    not_functions |= {"unsafe_enable_checks", "unsafe_disable_checks"}
    assert set(mts.operations.__all__) == (tested | NOT_DIFFERENTIABLE | compared | not_functions)


def test_map_blocks():
    def function(values, gradient):
        tensor = make_map(values, gradient)
        return mts.map_blocks(tensor, lambda x: 3.0 * x, gradients="linear")

    check_derivatives(function, random_inputs((3, 2, 4), (2, 1, 2, 4)))


@pytest.mark.parametrize("name", ["detach", "detach_block"])
def test_detached(name):
    (values,) = random_inputs((3, 4))
    tensor = make_map(values)
    result = mts.detach(tensor) if name == "detach" else mts.detach_block(tensor.block(0))
    assert not any(array.requires_grad for array in outputs(result))


class Energy(torch.nn.Module):
    """Energy of systems, from descriptors of their atoms."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.tensor([[0.3, -0.7]], dtype=torch.float64))

    def forward(self, positions: torch.Tensor) -> TensorMap:
        samples = Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1], [1, 0]]))
        properties = Labels(["n"], torch.arange(2)[:, None])
        descriptors = TensorMap(
            Labels(["_"], torch.tensor([[0]])),
            [TensorBlock(torch.sin(positions), samples, [], properties)],
        )
        weights = TensorMap(
            descriptors.keys,
            [TensorBlock(self.weights, Labels(["energy"], torch.tensor([[0]])), [], properties)],
        )
        per_atom = mts.multiply(mts.dot(descriptors, weights), mts.dot(descriptors, weights))
        return mts.sum_over_samples(per_atom, ["atom"])


@pytest.mark.parametrize("scripted", [False, True])
def test_training_on_forces(scripted):
    """Derivatives of a loss which contains forces, with respect to the parameters."""
    module = torch.jit.script(Energy()) if scripted else Energy()
    (positions,) = random_inputs((3, 2))
    energy = module(positions).block().values
    (forces,) = torch.autograd.grad(energy.sum(), positions, create_graph=True)
    torch.sum(forces**2).backward()

    weights = module.weights.detach().clone().requires_grad_(True)
    expected = ((torch.sin(positions) @ weights.T) ** 2).sum()
    (expected_forces,) = torch.autograd.grad(expected, positions, create_graph=True)
    torch.sum(expected_forces**2).backward()
    torch.testing.assert_close(forces, expected_forces)
    torch.testing.assert_close(module.weights.grad, weights.grad)
