"""
What is special in arrays of libraries other than NumPy and torch: all that follow the array API
standard (array-api-strict has nothing else), and JAX, where arrays can not be modified. See also
``every_operation``.
"""

import array_api_strict
import jax
import jax.numpy
import numpy as np
import pytest

import metatensor
from metatensor import Labels, TensorBlock, TensorMap


@pytest.fixture(autouse=True)
def _float64_in_jax():
    with jax.enable_x64(True):
        yield


def strict_array(array):
    return array_api_strict.asarray(array.copy())


def jax_array(array):
    return jax.numpy.asarray(array)


def unchanged(array):
    return array


LIBRARIES = {
    "array-api-strict": (strict_array, strict_array),
    "jax": (jax_array, unchanged),
}

SHAPES = [(5, 2, 4), (5, 3, 2, 4)]


def make_tensor(arrays, to_labels=unchanged):
    """Two blocks with gradients, ``arrays`` are the values and gradients of each of the blocks."""

    def labels(names, rows):
        rows = np.array(rows, dtype=np.int32).reshape(-1, len(names))
        return Labels(names, to_labels(rows))

    samples = labels(["system", "atom"], [[1, 0], [0, 2], [0, 1], [1, 4], [2, 0]])
    components = [labels(["c"], [1, 0])]
    properties = labels(["n", "l"], [[0, 1], [1, 0], [0, 0], [1, 1]])
    gradient_samples = labels(["sample", "m"], [[0, 0], [3, 1], [3, 2], [1, 0], [4, 7]])
    xyz = labels(["xyz"], [0, 1, 2])

    blocks = []
    for values, gradient in arrays:
        block = TensorBlock(values, samples, components, properties)
        block.add_gradient(
            "g", TensorBlock(gradient, gradient_samples, [xyz, *components], properties)
        )
        blocks.append(block)
    return TensorMap(labels(["key"], [3, 1]), blocks)


def make_arrays(convert, seed):
    rng = np.random.default_rng(seed)
    return [tuple(convert(rng.uniform(0.5, 1.5, shape)) for shape in SHAPES) for _ in range(2)]


@pytest.fixture(params=LIBRARIES)
def conversions(request):
    return LIBRARIES[request.param]


def test_comparisons(conversions):
    convert, to_labels = conversions
    a = make_tensor(make_arrays(convert, 1), to_labels)
    b = make_tensor(make_arrays(convert, 2), to_labels)
    assert metatensor.equal(a, a)
    assert not metatensor.equal(a, b)
    assert metatensor.allclose(a, a + 1e-14)
    assert not metatensor.allclose(a, a + 1e-3)
    assert metatensor.equal_metadata(a, b)
    assert metatensor.is_contiguous(a)

    def filled(value):
        return metatensor.map_blocks(a, lambda x: 0 * x + value, gradients="linear")

    infinite, nothing = filled(float("inf")), filled(float("nan"))
    assert metatensor.allclose(infinite, infinite)
    assert not metatensor.allclose(a, infinite)
    assert not metatensor.allclose(nothing, nothing)
    assert metatensor.allclose(nothing, nothing, equal_nan=True)
    with pytest.raises(TypeError, match="arrays of the same kind"):
        metatensor.allclose(a, a.to(arrays="numpy"))


def test_labels(conversions):
    convert, to_labels = conversions
    tensor = make_tensor(make_arrays(convert, 1), to_labels)
    systems = metatensor.unique_metadata(tensor, "samples", "system")
    assert systems == Labels.range("system", 3)
    assert type(systems.values) is type(to_labels(np.zeros(1)))

    dimension = Labels(["system"], to_labels(np.array([[0], [1], [2]], dtype=np.int32)))
    encoded = metatensor.one_hot(tensor.block(0).samples, dimension)
    assert type(encoded) is type(dimension.values)
    np.testing.assert_array_equal(np.asarray(encoded), np.eye(3)[[1, 0, 0, 1, 2]])

    block = metatensor.block_from_array(convert(np.arange(24.0).reshape(2, 3, 4)), ["a", "b"])
    assert block.samples.values.shape == (6, 2)
    assert block.values.shape == (6, 4)


def test_requires_grad_warns(conversions):
    tensor = make_tensor(make_arrays(conversions[0], 1))
    with pytest.warns(UserWarning, match="does nothing for (jax|array_api_strict) arrays"):
        metatensor.requires_grad(tensor)


def test_std_of_equal_values_in_jax():
    """The derivative of the square root is infinite at zero, but not the one of the result."""

    def function(values):
        block = metatensor.block_from_array(values)
        return metatensor.std_over_samples_block(block, "sample").values.sum()

    derivative = jax.grad(function)(jax.numpy.ones((3, 2)))
    np.testing.assert_array_equal(derivative, np.zeros((3, 2)))
