import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


def make_tensor(first: torch.Tensor, second: torch.Tensor) -> TensorMap:
    """Two blocks, whose merged samples are partly the same and not in the same order."""
    blocks = []
    for i, values in enumerate((first, second)):
        block = TensorBlock(
            values=values,
            samples=Labels(["s"], torch.tensor([[3 - i], [2 - i]])),
            components=[Labels.range("c", 2)],
            properties=Labels.range("p", 2),
        )
        block.add_gradient(
            "g",
            TensorBlock(
                values=values[:1] * values[1:],
                samples=Labels(["sample"], torch.tensor([[i]])),
                components=block.components,
                properties=block.properties,
            ),
        )
        blocks.append(block)
    return TensorMap(Labels(["a", "b"], torch.tensor([[0, 0], [1, 0]])), blocks)


def outputs(tensor: TensorMap):
    values = [block.values for block in tensor]
    return tuple(values + [block.gradient("g").values for block in tensor])


TRANSFORMATIONS = {
    "keys_to_samples": lambda t: t.keys_to_samples("a"),
    "keys_to_samples, unsorted": lambda t: t.keys_to_samples("a", sort_samples=False),
    "keys_to_properties": lambda t: t.keys_to_properties("a"),
    "keys_to_properties, filled": lambda t: t.keys_to_properties("a", fill_value=3.0),
    "keys_to_properties, all keys": lambda t: t.keys_to_properties(["a", "b"]),
    "components_to_properties": lambda t: t.components_to_properties("c"),
    "copy": lambda t: t.copy(),
    "shallow copy": lambda t: t.copy(deep=False),
    "to": lambda t: t.to(torch.complex128),
}


@pytest.mark.parametrize("transformation", TRANSFORMATIONS.values(), ids=TRANSFORMATIONS.keys())
def test_first_and_second_derivatives(transformation):
    generator = torch.Generator().manual_seed(0xDEADBEEF)
    inputs = [
        torch.rand(2, 2, 2, dtype=torch.float64, generator=generator).requires_grad_(True)
        for _ in range(2)
    ]

    def function(first, second):
        # a non-linear function, for the second derivatives to be something else than zero
        return outputs(transformation(make_tensor(first**2, second)))

    assert torch.autograd.gradcheck(function, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, inputs, fast_mode=True)


def test_fill_values_have_no_gradient():
    first = torch.zeros(2, 2, 2, requires_grad=True)
    tensor = make_tensor(first, torch.zeros(2, 2, 2))
    merged = tensor.keys_to_properties("a", fill_value=1e3)
    merged.block().values.sum().backward()
    assert torch.all(first.grad == 1)


def test_forward_mode():
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(torch.ones(2, 2, 2), torch.full((2, 2, 2), 3.0))
        tensor = make_tensor(dual, torch.zeros(2, 2, 2)).keys_to_samples("a")
        primal, tangent = torch.autograd.forward_ad.unpack_dual(tensor.block().values)
        assert tangent.sum() == 3 * 8
        assert primal.sum() == 8


def test_gradients_through_torchscript():
    inputs = torch.rand(2, 2, 2, requires_grad=True)
    tensor = make_tensor(inputs, torch.zeros(2, 2, 2))
    torch.jit.script(scripted_energy)(tensor).backward()
    assert torch.allclose(inputs.grad, 2 * inputs)


def scripted_energy(tensor: TensorMap) -> torch.Tensor:
    merged = tensor.keys_to_properties("a").components_to_properties("c")
    return torch.sum(merged.block().values ** 2)


def test_functional_transforms():
    def function(values):
        block = TensorBlock(values, Labels.range("s", 2), [], Labels.range("p", 3))
        return (block.copy().values ** 3).sum()

    values = torch.rand(2, 3, dtype=torch.float64)
    assert torch.allclose(torch.func.grad(function)(values), 3 * values**2)
    _, tangent = torch.func.jvp(function, (values,), (torch.ones_like(values),))
    assert torch.allclose(tangent, (3 * values**2).sum())
    hessian = torch.func.hessian(function)(values).reshape(6, 6)
    assert torch.allclose(hessian, torch.diag(6 * values.reshape(-1)))


def test_copies_in_functional_transforms():
    values = torch.tensor([[1.0, 2.0, 3.0]], dtype=torch.float64)
    block = TensorBlock(values, Labels.single(), [], Labels.range("p", 3))
    tensor = TensorMap(Labels.single(), [block])

    def function(factor):
        outside = tensor.copy().block().values + tensor.block().copy().values
        return (outside * factor).sum()

    one = torch.ones((), dtype=torch.float64)
    value, tangent = torch.func.jvp(function, (one,), (one,))
    assert value == tangent == 12


def inside_jvp(function):
    """Run the function while tensors created by torch have no storage."""

    def with_input(values):
        function()
        return values

    torch.func.jvp(with_input, (torch.ones(1),), (torch.ones(1),))


def test_existing_labels_in_functional_transforms(labels):
    outside = torch.tensor([2, 3])
    selection = Labels(["a", "b"], torch.tensor([[4, 5], [6, 7]]))

    def function():
        inside = torch.tensor([2, 3])
        assert labels.values.shape == (3, 2)
        assert labels.column("a").shape == (3,)
        for entry in (outside, inside, [2, 3], (2, 3), labels[1]):
            assert labels.position(entry) == 1
        assert "(a=2, b=3)" in str(labels[1])
        assert labels.select(selection).tolist() == [2]
        assert len(labels.union(selection)) == 4
        assert len(labels.intersection(selection)) == 1
        assert len(labels.difference(selection)) == 2
        assert labels.union_and_mapping(selection)[2].tolist() == [2, 3]
        assert labels.intersection_and_mapping(selection)[1].tolist() == [-1, -1, 0]
        assert labels.difference_and_mapping(selection)[1].tolist() == [0, 1, -1]
        column = torch.tensor([1, 2, 3])
        assert labels.append("c", column).names == ["a", "b", "c"]
        assert labels.insert(0, "c", column).values.shape == (3, 3)
        assert labels.permute([1, 0]).names == ["b", "a"]
        assert labels.remove("b").names == ["a"]
        assert labels.rename("b", "c").names == ["a", "c"]
        assert labels.to("cpu").values.shape == (3, 2)

    inside_jvp(function)


def test_new_labels_in_functional_transforms():
    def function():
        for labels in (
            Labels(["a"], torch.tensor([[1], [2]])),
            Labels.empty("a"),
            Labels.range("a", 3),
            Labels.single(),
        ):
            assert labels.values.shape == (len(labels), 1)
            assert [int(entry[0]) for entry in labels] == labels.column(labels.names[0]).tolist()

    inside_jvp(function)
