"""The operators of tensor maps and blocks, with all kinds of operands on both sides."""

import operator

import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, TensorMap

ARITHMETIC = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "pow": operator.pow,
}
SCALARS = [2, 2.5, True, np.float64(1.5)]
NOT_SCALARS = [
    np.float32(2),
    np.int64(2),
    np.bool_(True),
    np.array(2.0),
    np.ones((2, 3)),
    torch.tensor(2.0),
    torch.ones(2, 3),
    1j,
    "2",
    None,
    [1],
    Labels.single(),
]


def name_of(value):
    return f"{type(value).__module__}.{type(value).__name__}"


@pytest.fixture
def tensor():
    block = metatensor.block_from_array(np.array([[1.0, 2.0, 4.0], [3.0, 0.5, 1.0]]))
    return TensorMap(Labels.single(), [block])


@pytest.mark.parametrize("scalar", SCALARS, ids=name_of)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_numbers_are_on_the_right(tensor, name, scalar):
    operation = ARITHMETIC[name]
    result = operation(tensor, scalar)
    assert result == getattr(metatensor, name)(tensor, scalar)
    np.testing.assert_array_equal(
        result.block().values, operation(tensor.block().values, float(scalar))
    )
    with pytest.raises(TypeError):
        operation(scalar, tensor)


@pytest.mark.parametrize("value", NOT_SCALARS, ids=name_of)
@pytest.mark.parametrize("name", ARITHMETIC)
def test_other_operands(tensor, name, value):
    for left, right in ((tensor, value), (value, tensor), (tensor, tensor.block())):
        with pytest.raises(TypeError):
            ARITHMETIC[name](left, right)


def test_a_power_is_a_number(tensor):
    with pytest.raises(TypeError):
        tensor**tensor


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
def test_two_tensor_maps(tensor, name):
    other = metatensor.ones_like(tensor)
    assert ARITHMETIC[name](tensor, other) == getattr(metatensor, name)(tensor, other)


def test_signs(tensor):
    assert -tensor == metatensor.multiply(tensor, -1)
    assert +tensor is tensor


def test_matrix_product(tensor):
    assert tensor @ tensor == metatensor.dot(tensor, tensor)
    for value in (2.0, np.eye(3)):
        with pytest.raises((TypeError, AttributeError)):
            tensor @ value
        # NumPy sees a sequence in a tensor map, and tries
        with pytest.raises((TypeError, ValueError)):
            value @ tensor


def test_in_place_makes_a_new_object(tensor):
    initial, values = tensor, tensor.block().values.copy()
    tensor += 1
    tensor -= 0.5
    tensor *= 2
    tensor /= 4
    tensor **= 2
    assert tensor is not initial
    np.testing.assert_array_equal(initial.block().values, values)
    np.testing.assert_array_equal(tensor.block().values, ((values + 0.5) / 2) ** 2)


def test_comparisons_give_one_boolean(tensor):
    other = tensor + 1
    assert (tensor == tensor.copy()) is True
    assert (tensor != tensor.copy()) is False
    assert (tensor == other) is False
    assert (tensor != other) is True
    block = tensor.block()
    assert (block == tensor.copy().block()) is True
    assert (block != other.block()) is True


@pytest.mark.parametrize("operation", [operator.lt, operator.ge, operator.floordiv, operator.mod])
def test_operators_which_do_not_exist(tensor, operation):
    for value in (2, tensor):
        with pytest.raises(TypeError):
            operation(tensor, value)


@pytest.mark.parametrize("operation", [operator.add, operator.mul, operator.matmul])
def test_blocks_have_no_arithmetic(tensor, operation):
    block = tensor.block()
    for value in (block, 2.0, tensor):
        with pytest.raises(TypeError):
            operation(block, value)


def test_not_hashable(tensor):
    for value in (tensor, tensor.block()):
        with pytest.raises(TypeError, match="unhashable"):
            hash(value)
