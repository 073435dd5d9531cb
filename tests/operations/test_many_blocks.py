"""
Element-wise operations work on all the blocks of tensor maps together: no block, gradient or array
may be treated in another way because of the blocks around it.
"""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import metatensor
from metatensor import Labels, NotEqualError, TensorBlock, TensorMap

BINARY = [metatensor.add, metatensor.subtract, metatensor.multiply, metatensor.divide]
UNARY = [metatensor.abs, lambda tensor: metatensor.pow(tensor, 3), lambda tensor: tensor * 2.5]


def labels(names, rows):
    return Labels(names, np.array(rows, dtype=np.int32).reshape(-1, len(names)))


def make_block(rng, n_samples, n_properties, parameters, gradient_rows):
    """Block with one component. Samples without rows in the gradients have a zero gradient."""
    components = [labels(["c"], [5, 3])]
    properties = labels(["p"], range(n_properties))
    shape = (n_samples, 2, n_properties)
    block = TensorBlock(
        rng.uniform(0.5, 1.5, shape), labels(["s"], range(n_samples)), components, properties
    )
    for parameter in parameters:
        rows = [[sample % n_samples, i] for i, sample in enumerate(gradient_rows)]
        gradient = TensorBlock(
            rng.normal(size=(len(rows), 3, *shape[1:])),
            labels(["sample", "g"], rows),
            [labels(["xyz"], range(3)), *components],
            properties,
        )
        block.add_gradient(parameter, gradient)
    return block


def make_tensor(seed, n_blocks=3, parameters=("a", "b"), gradient_rows=(0, 3, 1, 1)):
    rng = np.random.default_rng(seed)
    blocks = [make_block(rng, 2 + i, 1 + i, parameters, gradient_rows) for i in range(n_blocks)]
    return TensorMap(labels(["key"], range(n_blocks)), blocks)


def alone(tensor, index):
    """One of the blocks in its own tensor map."""
    return TensorMap(Labels.single(), [tensor.block_by_id(index).copy()])


def with_gradients_in_order(tensor, orders):
    """The same tensor map, with the gradients of each block added in another order."""
    blocks = []
    for block, order in zip(tensor.blocks(), orders, strict=True):
        new = metatensor.remove_gradients_block(block)
        for parameter in order:
            new.add_gradient(parameter, block.gradient(parameter).copy())
        blocks.append(new)
    return TensorMap(tensor.keys, blocks)


@given(st.data())
def test_each_block_is_independent(data):
    options = {
        "n_blocks": data.draw(st.integers(1, 4)),
        "parameters": data.draw(st.permutations(["a", "b", "c"]))[: data.draw(st.integers(0, 3))],
        "gradient_rows": data.draw(st.lists(st.integers(0, 9), max_size=5)),
    }
    first, second = make_tensor(1, **options), make_tensor(2, **options)
    operation = data.draw(st.sampled_from([*BINARY, *UNARY]))
    tensors = (first, second) if operation in BINARY else (first,)

    result = operation(*tensors)
    assert metatensor.equal_metadata(result, first)
    for i, block in enumerate(result):
        expected = operation(*(alone(tensor, i) for tensor in tensors))[0]
        metatensor.equal_block_raise(block, expected)
        assert block.gradients_list() == expected.gradients_list()


@pytest.mark.parametrize("operation", BINARY)
def test_order_of_gradients(operation):
    first, second = make_tensor(1), make_tensor(2)
    expected = operation(first, second)

    orders = ["ab", "ba", "ab"]
    first = with_gradients_in_order(first, orders)
    result = operation(first, with_gradients_in_order(second, ["ba", "ab", "ba"]))
    assert result == expected
    assert [block.gradients_list() for block in result] == [list(order) for order in orders]


def replaced(tensor, index, function):
    """The same tensor map, with other labels in one of the blocks."""
    blocks = [block.copy() for block in tensor]
    blocks[index] = function(blocks[index])
    return TensorMap(tensor.keys, blocks)


def change_samples(block):
    samples = labels(["s"], [*range(len(block.samples) - 1), 100])
    new = TensorBlock(block.values, samples, block.components, block.properties)
    for parameter, gradient in block.gradients():
        new.add_gradient(parameter, gradient.copy())
    return new


def change_components(block):
    new = TensorBlock(block.values, block.samples, [labels(["c"], [5, 4])], block.properties)
    for parameter, gradient in block.gradients():
        components = [gradient.components[0], *new.components]
        gradient = TensorBlock(gradient.values, gradient.samples, components, block.properties)
        new.add_gradient(parameter, gradient)
    return new


def change_properties(block):
    properties = labels(["p"], range(1, 1 + len(block.properties)))
    new = TensorBlock(block.values, block.samples, block.components, properties)
    for parameter, gradient in block.gradients():
        gradient = TensorBlock(gradient.values, gradient.samples, gradient.components, properties)
        new.add_gradient(parameter, gradient)
    return new


def change_gradient_samples(block):
    new = metatensor.remove_gradients_block(block, ["b"])
    gradient = block.gradient("b")
    rows = gradient.samples.values + np.array([0, 1])
    samples = labels(gradient.samples.names, rows)
    new.add_gradient(
        "b", TensorBlock(gradient.values, samples, gradient.components, block.properties)
    )
    return new


def remove_gradient_rows(block):
    new = metatensor.remove_gradients_block(block, ["b"])
    gradient = block.gradient("b")
    samples = labels(gradient.samples.names, gradient.samples.values[1:])
    new.add_gradient(
        "b", TensorBlock(gradient.values[1:], samples, gradient.components, block.properties)
    )
    return new


@pytest.mark.parametrize("operation", BINARY)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (change_samples, "samples are not"),
        (change_components, "components are not"),
        (change_properties, "properties are not"),
        (change_gradient_samples, "gradient 'b': samples"),
        (remove_gradient_rows, "gradient 'b': samples"),
    ],
)
@pytest.mark.parametrize("index", [0, 2])
def test_one_different_block(operation, change, message, index):
    tensor = make_tensor(0)
    different = replaced(tensor, index, change)
    for first, second in ((tensor, different), (different, tensor)):
        with pytest.raises(NotEqualError, match=message):
            operation(first, second)
        assert not metatensor.equal_metadata(first, second)
    operation(different, different.copy())


@pytest.mark.parametrize("operation", BINARY)
@pytest.mark.parametrize("other", ["", "a", "ac", "abc"])
def test_different_parameters(operation, other):
    tensor = make_tensor(0)
    different = make_tensor(0, parameters=other)
    for first, second in ((tensor, different), (different, tensor)):
        with pytest.raises(NotEqualError, match="gradient parameters"):
            operation(first, second)


def test_different_number_of_axes():
    tensor = make_tensor(0, parameters=())
    merged = tensor.components_to_properties("c")
    with pytest.raises(NotEqualError, match="components"):
        metatensor.add(tensor, merged)


class Temperatures(np.ndarray):
    """A subclass, as some libraries have them."""


def test_subclasses_of_numpy_arrays():
    tensor = make_tensor(0, parameters=())
    blocks = [
        TensorBlock(
            block.values.view(Temperatures), block.samples, block.components, block.properties
        )
        for block in tensor
    ]
    tensor = TensorMap(tensor.keys, blocks)
    for result in (tensor + tensor, tensor - tensor, tensor**2, metatensor.abs(tensor)):
        assert all(type(block.values) is Temperatures for block in result)


INTEGERS = ["bool", "int8", "int32", "uint8"]
FLOATS = ["float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("xp", [np, torch], ids=["numpy", "torch"])
@pytest.mark.parametrize("second", [*INTEGERS, *FLOATS])
@pytest.mark.parametrize("first", [*INTEGERS, *FLOATS])
def test_types_of_differences(xp, first, second):
    """The ones of ``A + (-1.0) * B``: differences of integers are floating point numbers."""
    a, b = xp.asarray([[0, 1, 1]]), xp.asarray([[1, 1, 0]])
    if xp is np:
        a, b = a.astype(first), b.astype(second)
    else:
        a, b = a.to(getattr(torch, first)), b.to(getattr(torch, second))
    expected = a + -1.0 * b

    tensors = [TensorMap(Labels.single(), [metatensor.block_from_array(array)]) for array in (a, b)]
    result = metatensor.subtract(*tensors).block().values
    assert result.dtype == expected.dtype
    assert result.tolist() == expected.tolist()


@pytest.mark.parametrize("wrong", [3, np.ones((2, 3)), torch.ones(2, 3)])
def test_absolute_value_of_something_else(wrong):
    with pytest.raises(AttributeError):
        metatensor.abs(wrong)


def test_gradients_where_the_power_has_no_derivative():
    # the sample without derivative has no rows in the gradient: no warning, no NaN for autograd
    values = torch.tensor([[0.0], [4.0]], dtype=torch.float64, requires_grad=True)
    for array in (np.array([[0.0], [4.0]]), values):
        block = metatensor.block_from_array(array)
        ones = array[1:] * 0 + 1
        block.add_gradient("g", TensorBlock(ones, labels(["sample"], [[1]]), [], block.properties))
        result = metatensor.pow(TensorMap(Labels.single(), [block]), 0.5)
        gradient = result.block().gradient("g").values
        assert gradient.tolist() == [[0.25]]
    gradient.sum().backward()
    assert values.grad.tolist()[0] == [0.0]
