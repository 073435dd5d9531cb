import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, TensorBlock, TensorMap

REDUCTIONS = {"sum": np.sum, "mean": np.mean, "var": np.var, "std": np.std}


@pytest.fixture(params=REDUCTIONS)
def reduction(request):
    return request.param


def over(reduction, axis, block=False):
    return getattr(metatensor, f"{reduction}_over_{axis}" + ("_block" if block else ""))


def make_block(library, values, samples, properties=None, names=("system", "atom")):
    array = library.array(values)
    if properties is None:
        properties = library.make_range("p", array.shape[-1])
    return TensorBlock(array, library.make_labels(list(names), samples), [], properties)


def add_gradient(block, library, values, samples, names=("sample", "cell")):
    gradient = TensorBlock(
        library.array(values), library.make_labels(list(names), samples), [], block.properties
    )
    block.add_gradient("g", gradient)


VALUES = np.random.default_rng(3).normal(size=(6, 3))
SAMPLES = [[3, 0], [-1, 2], [3, 1], [-1, 5], [0, 0], [3, 7]]
GROUPS = {-1: [1, 3], 0: [4], 3: [0, 2, 5]}


def test_over_samples(library, reduction, as_numpy):
    block = make_block(library, VALUES, SAMPLES)
    result = over(reduction, "samples", block=True)(block, "atom")
    # negative values come first
    assert result.samples == library.make_labels(["system"], [-1, 0, 3])
    assert result.properties == block.properties
    expected = [REDUCTIONS[reduction](VALUES[group], axis=0) for group in GROUPS.values()]
    np.testing.assert_array_equal(as_numpy(result.values), expected)


def test_over_all_samples(library, reduction, as_numpy):
    block = make_block(library, VALUES, SAMPLES)
    result = over(reduction, "samples", block=True)(block, ["atom", "system"])
    assert result.samples == Labels.single()
    expected = REDUCTIONS[reduction](VALUES, axis=0, keepdims=True)
    np.testing.assert_array_equal(as_numpy(result.values), expected)


def test_over_properties(library, reduction, as_numpy):
    values = VALUES.T.reshape(3, 1, 6).repeat(2, 1)
    block = TensorBlock(
        library.array(values),
        library.make_range("s", 3),
        [library.make_range("c", 2)],
        library.make_labels(["system", "atom"], SAMPLES),
    )
    function = over(reduction, "properties", block=True)

    result = function(block, ["atom"])
    assert result.properties == library.make_labels(["system"], [-1, 0, 3])
    assert result.samples == block.samples
    assert result.components == block.components
    for i, group in enumerate(GROUPS.values()):
        expected = REDUCTIONS[reduction](values[..., group], axis=-1)
        np.testing.assert_array_equal(as_numpy(result.values)[..., i], expected)

    result = function(block, ["atom", "system"])
    assert result.properties == Labels.single()
    expected = REDUCTIONS[reduction](values, axis=-1, keepdims=True)
    np.testing.assert_allclose(as_numpy(result.values), expected, rtol=1e-14)


def test_many_terms(library, reduction, as_numpy):
    # float32 sums are in the order of the input, as in numpy along the first axis
    values = np.random.default_rng(1).normal(100, 1, size=(1000, 2)).astype(np.float32)
    block = TensorBlock(
        library.array(values, np.float32),
        library.make_labels(["a", "b"], [[i % 2, i] for i in range(1000)]),
        [],
        library.make_range("p", 2),
    )
    result = as_numpy(over(reduction, "samples", block=True)(block, "b").values)
    expected = [REDUCTIONS[reduction](values[i::2], axis=0) for i in range(2)]
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("axis", ["samples", "properties"])
def test_gradients(check_gradients, reduction, axis):
    names = {"samples": "atom", "properties": "n"}
    check_gradients(lambda tensor: over(reduction, axis)(tensor, names[axis]))
    names = {"samples": ["system", "atom"], "properties": ["l", "n"]}
    check_gradients(lambda tensor: over(reduction, axis)(tensor, names[axis]))


def test_sparse_gradients_over_samples(library, reduction, as_numpy):
    # averages are over the gradient rows that exist
    block = make_block(library, [[1], [2], [6]], [[0, 0], [0, 1], [0, 2]])
    values = np.array([[1.0], [2.0], [3.0], [5.0]])
    add_gradient(block, library, values, [[2, 7], [0, 7], [1, 4], [2, -1]])
    result = over(reduction, "samples", block=True)(block, "atom").gradient("g")
    assert result.samples == library.make_labels(["sample", "cell"], [[0, -1], [0, 4], [0, 7]])

    x = np.array([1.0, 2.0, 6.0])
    rows = [(x[2:], values[3:, 0]), (x[1:2], values[2:3, 0]), (x[[2, 0]], values[:2, 0])]
    expected = []
    for x_rows, g_rows in rows:
        covariance = np.mean(x_rows * g_rows) - np.mean(x) * np.mean(g_rows)
        expected.append(
            {
                "sum": np.sum(g_rows),
                "mean": np.mean(g_rows),
                "var": 2 * covariance,
                "std": covariance / np.std(x),
            }[reduction]
        )
    np.testing.assert_allclose(as_numpy(result.values)[:, 0], expected)


@pytest.mark.parametrize("axis", ["samples", "properties"])
def test_groups_of_one(library, reduction, axis, as_numpy):
    block = make_block(library, [[0.1, 0.7], [0.3, 1e8]], [[0, 0], [1, 0]])
    add_gradient(block, library, [[1 / 3, 0.7]], [[1, 0]])
    result = over(reduction, axis, block=True)(block, "atom" if axis == "samples" else [])
    if reduction in ("sum", "mean"):
        np.testing.assert_array_equal(as_numpy(result.values), as_numpy(block.values))
        expected = as_numpy(block.gradient("g").values)
    else:
        assert (as_numpy(result.values) == 0).all()
        expected = np.zeros((1, 2))
    np.testing.assert_array_equal(as_numpy(result.gradient("g").values), expected)


def test_names_are_optional(library, reduction, as_numpy):
    # nothing to reduce, but the samples are still sorted
    block = make_block(library, VALUES, SAMPLES)
    result = over(reduction, "samples", block=True)(block, [])
    order = [1, 3, 4, 0, 2, 5]
    assert result.samples == library.make_labels(["system", "atom"], np.array(SAMPLES)[order])
    if reduction in ("sum", "mean"):
        np.testing.assert_array_equal(as_numpy(result.values), VALUES[order])


def test_tensor(library, reduction):
    blocks = [make_block(library, VALUES, SAMPLES), make_block(library, [[1, 2, 3]], [[0, 0]])]
    tensor = TensorMap(library.make_range("key", 2), [block.copy() for block in blocks])
    for axis, name in (("samples", "atom"), ("properties", "p")):
        result = over(reduction, axis)(tensor, name)
        assert result.keys == tensor.keys
        for block, initial in zip(result, blocks, strict=True):
            expected = over(reduction, axis, block=True)(initial, [name])
            assert metatensor.equal_block(block, expected)
        # a tuple is fine as well
        assert result == over(reduction, axis)(tensor, (name,))


def test_unknown_names(library, reduction):
    block = make_block(library, VALUES, SAMPLES)
    tensor = TensorMap(library.make_range("key", 1), [block.copy()])
    for axis in ("samples", "properties"):
        with pytest.raises(ValueError, match="'foo'"):
            over(reduction, axis)(tensor, ["foo"])
    # blocks ignore unknown names
    assert over(reduction, "samples", block=True)(block, "foo").samples.names == ["system", "atom"]


def test_no_samples(library, reduction):
    block = make_block(library, np.zeros((0, 2)), [])
    add_gradient(block, library, np.zeros((0, 2)), [])
    function = over(reduction, "samples", block=True)

    result = function(block, "atom")
    assert result.samples.names == ["system"]
    assert len(result.samples) == 0
    assert result.values is block.values
    assert result.gradient("g").samples == block.gradient("g").samples

    result = function(block, ["atom", "system"])
    assert result.samples.names == []
    assert result.samples.values.shape == (0, 0)


def test_no_properties(library, reduction):
    properties = library.make_labels(["n", "l"], [])
    block = make_block(library, np.zeros((2, 0)), [[0, 0], [1, 0]], properties)
    add_gradient(block, library, np.zeros((1, 0)), [[0, 0]])
    function = over(reduction, "properties", block=True)

    result = function(block, "n")
    assert result.properties.names == ["l"]
    assert result.values is block.values
    assert result.gradient("g").properties.names == ["l"]
    assert function(block, ["n", "l"]).properties.names == []

    # the other axis does not have to be empty
    assert tuple(over(reduction, "samples", block=True)(block, "system").values.shape) == (1, 0)


@pytest.mark.parametrize("axis", ["samples", "properties"])
def test_no_gradient_samples(library, reduction, axis):
    block = make_block(library, VALUES, SAMPLES)
    add_gradient(block, library, np.zeros((0, 3)), [])
    name = {"samples": "atom", "properties": "p"}[axis]
    result = over(reduction, axis, block=True)(block, name)
    gradient = result.gradient("g")
    assert gradient.samples.names == ["sample", "cell"]
    assert len(gradient.samples) == 0
    assert gradient.properties == result.properties


def test_dtypes(reduction):
    for library in (np, torch):
        block = metatensor.block_from_array(library.ones((2, 3), dtype=library.int32))
        dtype = over(reduction, "samples", block=True)(block, "sample").values.dtype
        if reduction == "sum":
            assert dtype == library.int32
        else:
            assert dtype == (np.float64 if library is np else torch.get_default_dtype())
        block = metatensor.block_from_array(library.ones((2, 3), dtype=library.float32))
        block.add_gradient("g", metatensor.block_from_array(block.values[:1]))
        result = over(reduction, "samples", block=True)(block, "sample")
        assert result.values.dtype == library.float32
        assert result.gradient("g").values.dtype == library.float32


def test_float32_variance_is_not_negative():
    values = np.full((1000, 1), 12345.678, dtype=np.float32)
    block = metatensor.block_from_array(values)
    variance = metatensor.var_over_samples_block(block, "sample").values[0, 0]
    assert 0 <= variance
    std = metatensor.std_over_samples_block(block, "sample").values[0, 0]
    np.testing.assert_allclose(std, np.sqrt(variance))


@pytest.mark.parametrize("axis", ["samples", "properties"])
def test_autograd(reduction, axis):
    values = torch.tensor(VALUES, requires_grad=True)
    gradient = torch.tensor(VALUES[:2] ** 2, requires_grad=True)
    names = ["system", "atom"]
    other = Labels.range("other", 3)

    def function(values, gradient):
        labels = Labels(names, torch.tensor(SAMPLES[: len(values)], dtype=torch.int32))
        block = TensorBlock(values, labels, [], other)
        block.add_gradient("g", TensorBlock(gradient, Labels.range("sample", 2), [], other))
        if axis == "samples":
            result = over(reduction, "samples", block=True)(block, "atom")
        else:
            result = over(reduction, "properties", block=True)(block, "other")
        return result.values, result.gradient("g").values

    assert torch.autograd.gradcheck(function, (values, gradient))


def test_nested_gradients(nested, reduction):
    with pytest.raises(NotImplementedError, match=f"{reduction}_over_samples"):
        over(reduction, "samples")(nested, "s")
    with pytest.raises(NotImplementedError, match=f"{reduction}_over_properties"):
        over(reduction, "properties")(nested, "p")
