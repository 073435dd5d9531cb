"""
Conventions of the operations that the tests of single operations do not look at: what is shared,
pairs of blocks, the order of checks, warnings, generators of random numbers.
"""

import inspect

import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, MetatensorError, NotEqualError, TensorBlock, TensorMap


def make_block(values, gradient_rows=None, names=("sample",), samples=None, properties="p"):
    values = np.array(values, dtype=float)
    block = TensorBlock(
        values,
        Labels.range("s", len(values)) if samples is None else samples,
        [],
        Labels.range(properties, values.shape[-1]),
    )
    if gradient_rows is not None:
        rows = np.array(gradient_rows).reshape(-1, len(names))
        array = np.ones((len(rows), values.shape[-1]))
        gradient = TensorBlock(array, Labels(list(names), rows), [], block.properties)
        block.add_gradient("g", gradient)
    return block


def make_tensor(*blocks, keys=None):
    return TensorMap(Labels.range("key", len(blocks)) if keys is None else keys, list(blocks))


def reordered(tensor, order):
    keys = Labels(tensor.keys.names, tensor.keys.values[order])
    return TensorMap(keys, [tensor.block_by_id(i).copy() for i in order])


# ------------------------------------------------------------------------------------------------
# Pairs of blocks


def two_tensors():
    rng = np.random.default_rng(2)
    return tuple(
        make_tensor(*(make_block(rng.normal(size=(3, 3)) + 3 * np.eye(3)) for _ in range(3)))
        for _ in range(2)
    )


@pytest.mark.parametrize(
    "operation",
    [
        metatensor.dot,
        metatensor.solve,
        lambda a, b: metatensor.lstsq(a, b, rcond=1e-12),
        lambda a, b: metatensor.join([a, b], "samples", add_dimension="t"),
        lambda a, b: metatensor.join([a, b], "properties", add_dimension="t"),
    ],
    ids=["dot", "solve", "lstsq", "join samples", "join properties"],
)
def test_blocks_are_paired_by_key(operation):
    """The order is the one of the first tensor map."""
    a, b = two_tensors()
    expected = operation(a, b)
    assert expected.keys == a.keys
    assert operation(a, reordered(b, [2, 0, 1])) == expected
    result = operation(reordered(a, [1, 2, 0]), b)
    assert result.keys.values[:, 0].tolist() == [1, 2, 0]
    assert result == expected


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
def test_gradients_must_fit(name):
    """Parameters first, then the metadata of each of the gradients: samples, for example."""
    operation = getattr(metatensor, name)
    name = {"subtract": "add"}.get(name, name)
    a = make_tensor(make_block([[1], [2]], [0, 1]))
    with pytest.raises(NotEqualError, match=f"'{name}'.*gradient 'g'.*samples"):
        operation(a, make_tensor(make_block([[1], [2]], [1, 0])))
    with pytest.raises(NotEqualError, match=f"'{name}'.*gradient 'g'.*samples"):
        operation(a, make_tensor(make_block([[1], [2]], [[0, 0], [1, 0]], ("sample", "x"))))
    with pytest.raises(NotEqualError, match=f"'{name}'.*gradient parameters"):
        operation(a, make_tensor(make_block([[1], [2]])))


def test_gradients_of_linear_systems_must_fit():
    X = make_tensor(make_block(np.eye(2), [0, 1]))
    other = make_tensor(make_block(np.eye(2), [1, 0]))
    with pytest.raises(NotEqualError, match="'lstsq'.*gradient 'g'.*samples"):
        metatensor.lstsq(X, other, rcond=1e-12)
    with pytest.raises(NotEqualError, match="'solve'.*gradient 'g'.*samples"):
        metatensor.solve(X, other)
    # only `solve` compares the properties of the gradients
    renamed = metatensor.rename_dimension(X, "properties", "p", "q")
    metatensor.lstsq(X, renamed, rcond=1e-12)
    with pytest.raises(NotEqualError, match="'solve'.*gradient 'g'.*properties"):
        metatensor.solve(X, renamed)


def test_all_blocks_are_checked_before_solving():
    """Also before the samples of the first pair of blocks are compared."""
    X = make_tensor(make_block(np.eye(2)), make_block(np.ones((3, 2))))
    Y = make_tensor(make_block(np.ones((3, 1))), make_block(np.ones((3, 1))))
    with pytest.raises(ValueError, match=r"square matrices.*\[3, 2\]"):
        metatensor.solve(X, Y)


def test_order_of_the_checks_of_dot():
    a = make_tensor(make_block([[1, 2]]))
    components = TensorBlock(
        np.ones((1, 1, 3)), Labels.range("s", 1), [Labels.range("c", 1)], Labels.range("q", 3)
    )
    with pytest.raises(ValueError, match="same properties"):
        metatensor.dot(a, make_tensor(components))
    both = make_block([[1, 2]], [0])
    values = both.values[:, None, :]
    both = TensorBlock(values, both.samples, [Labels.range("c", 1)], both.properties)
    gradient = TensorBlock(values, Labels.range("sample", 1), both.components, both.properties)
    both.add_gradient("g", gradient)
    with pytest.raises(ValueError, match="components"):
        metatensor.dot(a, make_tensor(both))


# ------------------------------------------------------------------------------------------------
# Sharing

SAME_LABELS = {
    "add": lambda a: a + a,
    "add scalar": lambda a: a + 1,
    "multiply": lambda a: a * a,
    "pow": lambda a: a**2,
    "abs": metatensor.abs,
    "zeros_like": metatensor.zeros_like,
    "detach": metatensor.detach,
    "make_contiguous": metatensor.make_contiguous,
    "map_blocks": lambda a: metatensor.map_blocks(a, np.sin, gradients="linear"),
    "append_dimension": lambda a: metatensor.append_dimension(a, "keys", "new", 1),
    "filter_blocks": lambda a: metatensor.filter_blocks(a, a.keys),
}


@pytest.mark.parametrize("name", SAME_LABELS)
def test_labels_are_shared(name):
    """Labels which do not change are not made again."""
    a = make_tensor(make_block([[1], [2]], [0, 1]), make_block([[3], [4]], [0, 1]))
    for block, initial in zip(SAME_LABELS[name](a), a, strict=True):
        pairs = [(block, initial), (block.gradient("g"), initial.gradient("g"))]
        for new, old in pairs:
            assert new.samples.values is old.samples.values
            assert new.properties.values is old.properties.values


def test_one_axis_is_shared():
    """Along the axis that an operation does not change."""
    block = make_block(np.ones((3, 2)), [0, 2])
    for name, other in (("samples", "properties"), ("properties", "samples")):
        dimension = getattr(block, name).names[0]
        for result in (
            metatensor.slice_block(block, name, [0]),
            metatensor.sort_block(block, name),
            getattr(metatensor, f"sum_over_{name}_block")(block, dimension),
            metatensor.join_blocks([block, block], name, add_dimension="t"),
        ):
            assert getattr(result, other).values is getattr(block, other).values


def test_selections_are_copies():
    """Even when everything is selected; the arrays of edited labels are shared."""
    block = make_block(np.ones((3, 2)), [0, 2])
    for result in (
        metatensor.slice_block(block, "samples", [0, 1, 2]),
        metatensor.slice_block(block, "properties", block.properties),
        metatensor.sort_block(block, "samples"),
        metatensor.sort_block(block, "properties"),
        metatensor.join_blocks([block, metatensor.slice_block(block, "samples", [])], "samples"),
    ):
        assert not np.shares_memory(result.values, block.values)
        assert not np.shares_memory(result.gradient("g").values, block.gradient("g").values)


# ------------------------------------------------------------------------------------------------
# Random numbers, division by zero, complex numbers


def test_numpy_random_numbers_are_drawn_in_order():
    """Block by block, values before gradients, in double precision."""
    tensor = make_tensor(make_block(np.ones((2, 3)), [0]), make_block(np.ones((1, 3)), [0]))
    tensor = tensor.to(dtype=np.float32)
    np.random.seed(7)  # noqa: NPY002
    result = metatensor.random_uniform_like(tensor)
    expected = np.random.RandomState(7)
    for block in result:
        for array in (block.values, block.gradient("g").values):
            np.testing.assert_array_equal(array, expected.rand(*array.shape).astype(np.float32))


def test_torch_random_numbers_are_drawn_in_order():
    values = torch.zeros((2, 3), dtype=torch.float64)
    blocks = [metatensor.block_from_array(values) for _ in range(2)]
    torch.manual_seed(7)
    result = metatensor.random_uniform_like(make_tensor(*blocks))
    torch.manual_seed(7)
    for block in result:
        assert torch.equal(block.values, torch.rand((2, 3), dtype=torch.float64))


def test_division_by_zero_is_the_one_of_the_library():
    a, b = make_tensor(make_block([[1, 0, -1]])), make_tensor(make_block([[0, 0, 0]]))
    for operation in (lambda: a / b, lambda: metatensor.pow(b, -1)):
        with pytest.warns(RuntimeWarning, match="divide by zero|invalid value"):
            assert not np.isfinite(operation().block().values).any()

    a = make_tensor(metatensor.block_from_array(torch.tensor([[1.0, -1.0]])))
    result = a / metatensor.zeros_like(a)
    assert result.block().values.tolist() == [[float("inf"), -float("inf")]]


def test_absolute_values_of_complex_tensors_are_real():
    block = metatensor.block_from_array(torch.tensor([[3 + 4j, 0]]))
    result = metatensor.abs(make_tensor(block)).block().values
    assert result.dtype == torch.float32
    assert result.tolist() == [[5, 0]]


# ------------------------------------------------------------------------------------------------
# Warnings and signatures


def test_one_warning_for_all_blocks():
    X = make_tensor(make_block(np.eye(2)), make_block(np.eye(2)))
    with pytest.warns(UserWarning, match="rcond") as record:
        metatensor.lstsq(X, X, rcond=None)
    assert len(record) == 1
    assert record[0].filename == __file__


def test_one_warning_for_each_array():
    values = torch.ones((2, 3), requires_grad=True)
    block = metatensor.block_from_array(values * 2)
    block.add_gradient("g", metatensor.block_from_array(values * 3))
    tensor = make_tensor(block)
    with pytest.warns(UserWarning, match="already requires grad") as record:
        metatensor.requires_grad(tensor)
    assert len(record) == 2


SIGNATURES = {
    "add": "(A, B, keys='equal')",
    "abs": "(A)",
    "pow": "(A, B)",
    "dot": "(tensor_1, tensor_2)",
    "lstsq": "(X, Y, rcond, driver=None)",
    "solve": "(X, Y)",
    "block_from_array": "(array, sample_names=None, component_names=None, property_names=None)",
    "zeros_like": "(tensor, gradients=None, requires_grad=False)",
    "random_uniform_like_block": "(block, gradients=None, requires_grad=False)",
    "one_hot": "(labels, dimension)",
    "equal_raise": "(tensor_1, tensor_2)",
    "equal_block": "(block_1, block_2)",
    "allclose": "(tensor_1, tensor_2, rtol=1e-13, atol=1e-12, equal_nan=False)",
    "allclose_block_raise": "(block_1, block_2, rtol=1e-13, atol=1e-12, equal_nan=False)",
    "equal_metadata": "(tensor_1, tensor_2, check='all', check_gradients=True)",
    "equal_metadata_block_raise": "(block_1, block_2, check='all', check_gradients=True)",
    "mean_over_samples": "(tensor, sample_names)",
    "std_over_properties_block": "(block, property_names)",
    "join": "(tensors, axis, different_keys='error', add_dimension=None)",
    "join_blocks": "(blocks, axis, add_dimension=None)",
    "slice": "(tensor, axis, selection)",
    "split_block": "(block, axis, selections)",
    "filter_blocks": "(tensor, keys, copy=False)",
    "drop_empty_blocks": "(tensor, copy=False)",
    "remove_gradients": "(tensor, remove=None)",
    "requires_grad": "(tensor, requires_grad=True)",
    "insert_dimension": "(tensor, axis, index, name, values)",
    "append_dimension": "(tensor, axis, name, values)",
    "permute_dimensions": "(tensor, axis, dimensions_indexes)",
    "remove_dimension": "(tensor, axis, name)",
    "rename_dimension": "(tensor, axis, old, new)",
    "sort": "(tensor, axes='all', descending=False)",
    "sort_block": "(block, axes='all', descending=False)",
    "unique_metadata": "(tensor, axis, names, gradient=None)",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_signature(name):
    signature = inspect.signature(getattr(metatensor, name))
    parameters = [
        parameter.replace(annotation=inspect.Parameter.empty)
        for parameter in signature.parameters.values()
    ]
    plain = inspect.Signature(parameters)
    assert str(plain) == SIGNATURES[name]


# ------------------------------------------------------------------------------------------------
# Limits


def test_the_first_block_is_checked_for_names():
    """Names which only the first block does not have can not exist: blocks have the same names."""
    tensor = make_tensor(make_block(np.ones((2, 2))), make_block(np.ones((1, 2))))
    with pytest.raises(ValueError, match="'x'"):
        metatensor.slice(tensor, "samples", Labels("x", np.array([[0]])))


def test_arrays_must_fit_all_blocks():
    tensor = make_tensor(make_block(np.ones((2, 2))), make_block(np.ones((3, 2))))
    for operation in (
        lambda values: metatensor.append_dimension(tensor, "samples", "new", values),
        lambda values: metatensor.insert_dimension(tensor, "samples", 0, "new", values),
    ):
        for count, other in ((2, 3), (3, 2)):
            with pytest.raises(ValueError, match=f"{count}.*{other}|{other}.*{count}"):
                operation(np.arange(count))
    # one number fits anything
    result = metatensor.append_dimension(tensor, "samples", "new", 4)
    assert [len(block.samples) for block in result] == [2, 3]


def test_only_dimension_of_keys_can_not_be_removed():
    tensor = make_tensor(make_block([[1]]))
    with pytest.raises(MetatensorError):
        metatensor.remove_dimension(tensor, "keys", "key")


def test_repeated_entries_are_shown():
    samples = Labels(["s", "t"], np.array([[1, 0], [1, 1]]))
    tensor = make_tensor(make_block([[1], [2]], samples=samples))
    wider = metatensor.append_dimension(tensor, "samples", "u", 1)
    with pytest.raises(MetatensorError, match=r"1, 1"):
        metatensor.remove_dimension(wider, "samples", "t")


def test_one_hot_of_other_columns():
    labels = Labels(["a", "b"], np.array([[0, 5], [1, 5], [2, 3]]))
    encoded = metatensor.one_hot(labels, Labels("b", np.array([[5], [3]])))
    assert encoded.tolist() == [[1, 0], [1, 0], [0, 1]]
    with pytest.raises(ValueError, match="b=5"):
        metatensor.one_hot(labels, Labels("b", np.array([[3], [4]])))
