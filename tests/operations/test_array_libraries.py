"""
Operations on arrays of libraries other than numpy and torch: all that follow the array API
standard (array-api-strict has nothing else), and JAX, where arrays can not be modified and
functions are traced.
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


def without_components(tensor, n_samples=5):
    """The first component of the values, without gradients."""
    blocks = []
    for block in tensor:
        block = metatensor.slice_block(block, "samples", list(range(n_samples)))
        blocks.append(TensorBlock(block.values[:, 0, :], block.samples, [], block.properties))
    return TensorMap(tensor.keys, blocks)


ONE_SYSTEM = Labels(["system"], np.array([[1]], dtype=np.int32))
ONE_KEY = Labels(["key"], np.array([[1]], dtype=np.int32))
L_ZERO = Labels(["l"], np.array([[0]], dtype=np.int32))

OPERATIONS = {
    "abs": lambda a, b: metatensor.abs(-a),
    "add": lambda a, b: a + b,
    "add scalar": lambda a, b: a + 2,
    "add union": lambda a, b: metatensor.add(a, metatensor.drop_blocks(b, ONE_KEY), keys="union"),
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "multiply scalar": lambda a, b: a * 3.5,
    "divide": lambda a, b: a / b,
    "divide scalar": lambda a, b: a / 2,
    "pow": lambda a, b: a**1.7,
    "dot": lambda a, b: a @ without_components(b),
    "lstsq": lambda a, b: metatensor.lstsq(a, b, rcond=1e-13),
    "solve": lambda a, b: metatensor.solve(without_components(a, 4), without_components(b, 4)),
    "detach": lambda a, b: metatensor.detach(a),
    "requires_grad": lambda a, b: metatensor.requires_grad(a, False),
    "make_contiguous": lambda a, b: metatensor.make_contiguous(a),
    "slice labels": lambda a, b: metatensor.slice(a, "samples", ONE_SYSTEM),
    "slice list": lambda a, b: metatensor.slice(a, "samples", [3, 0]),
    "slice array": lambda a, b: metatensor.slice(a, "samples", np.array([-1, 0])),
    "slice properties": lambda a, b: metatensor.slice(a, "properties", L_ZERO),
    "slice nothing": lambda a, b: metatensor.slice(a, "properties", []),
    "split": lambda a, b: metatensor.split(a, "samples", [[0], [2, 1]])[1],
    "split by dimension": lambda a, b: metatensor.split_by_dimension(a, "properties", "n")[1],
    "filter_blocks": lambda a, b: metatensor.filter_blocks(a, ONE_KEY, copy=True),
    "drop_blocks": lambda a, b: metatensor.drop_blocks(a, ONE_KEY),
    "drop_empty_blocks": lambda a, b: metatensor.drop_empty_blocks(a),
    "join samples": lambda a, b: metatensor.join([a, b], "samples", add_dimension="t"),
    "join properties": lambda a, b: metatensor.join(
        [a, metatensor.drop_blocks(b, ONE_KEY)],
        "properties",
        different_keys="union",
        add_dimension="t",
    ),
    "join different gradients": lambda a, b: metatensor.join(
        [metatensor.slice(a, "samples", [1, 3]), metatensor.slice(a * b, "samples", [1, 3])],
        "properties",
        add_dimension="t",
    ),
    "sort": lambda a, b: metatensor.sort(a),
    "sort descending": lambda a, b: metatensor.sort(a, ["samples"], descending=True),
    "append_dimension": lambda a, b: metatensor.append_dimension(a, "samples", "z", 4),
    "insert_dimension": lambda a, b: metatensor.insert_dimension(
        a, "properties", 0, "z", np.arange(4)
    ),
    "permute_dimensions": lambda a, b: metatensor.permute_dimensions(a, "samples", [1, 0]),
    "remove_dimension": lambda a, b: metatensor.remove_dimension(
        metatensor.append_dimension(a, "samples", "z", 4), "samples", "z"
    ),
    "rename_dimension": lambda a, b: metatensor.rename_dimension(a, "properties", "n", "m"),
    "update_dimension": lambda a, b: metatensor.update_dimension(
        a, "samples", "atom", np.arange(5)
    ),
    "map_blocks": lambda a, b: metatensor.map_blocks(a, lambda x: 2 * x, gradients="linear"),
}
for _name in ("sum", "mean", "var", "std"):
    for _axis, _dimensions in (
        ("samples", "atom"),
        ("samples", ["system", "atom"]),
        ("properties", "n"),
        ("properties", ["n", "l"]),
    ):
        OPERATIONS[f"{_name} over {_axis} {_dimensions}"] = (
            lambda a, b, f=f"{_name}_over_{_axis}", d=_dimensions: getattr(metatensor, f)(a, d)
        )

CREATION = {
    "zeros_like": lambda a: metatensor.zeros_like(a),
    "ones_like": lambda a: metatensor.ones_like(a, gradients="g"),
    "empty_like": lambda a: metatensor.zeros_like(metatensor.empty_like(a)),
    "random_uniform_like": lambda a: metatensor.random_uniform_like(a),
}


@pytest.fixture(params=LIBRARIES)
def conversions(request):
    return LIBRARIES[request.param]


#: JAX compiles everything for each shape of arrays, so that these are only the ones which are not
#: made of the same functions
IN_JAX = [
    "divide",
    "dot",
    "lstsq",
    "solve",
    "slice list",
    "join different gradients",
    "sort",
    "insert_dimension",
    "sum over samples atom",
    "std over properties n",
    "zeros_like",
    "random_uniform_like",
]


@pytest.mark.parametrize(
    ("name", "conversions"),
    [(name, LIBRARIES["array-api-strict"]) for name in [*OPERATIONS, *CREATION]]
    + [(name, LIBRARIES["jax"]) for name in IN_JAX],
    ids=lambda value: value if isinstance(value, str) else value[0].__name__,
)
def test_same_result_as_numpy(name, conversions):
    convert, to_labels = conversions

    def result(convert, to_labels):
        np.random.seed(0)  # noqa: NPY002
        a = make_tensor(make_arrays(convert, 1), to_labels)
        b = make_tensor(make_arrays(convert, 2), to_labels)
        return OPERATIONS[name](a, b) if name in OPERATIONS else CREATION[name](a)

    expected = result(unchanged, unchanged)
    actual = result(convert, to_labels)
    for block in actual:
        assert type(block.values) is type(convert(np.zeros(1)))
        assert type(block.properties.values) is type(to_labels(np.zeros(1)))
    metatensor.allclose_raise(actual.to(arrays="numpy"), expected, rtol=1e-9, atol=1e-9)


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


@pytest.mark.parametrize(
    "name",
    [
        "divide",
        "join different gradients",
        "sort",
        "std over samples atom",
    ],
)
def test_derivatives_in_jax(name):
    """``jax.grad`` of a function of all the arrays of two tensor maps."""
    a, b = make_arrays(jax_array, 1), make_arrays(jax_array, 2)

    def function(a, b):
        result = OPERATIONS[name](make_tensor(a), make_tensor(b))
        total = 0.0
        for block in result:
            weights = np.sqrt(np.arange(block.values.size).reshape(block.values.shape))
            total += (weights * block.values).sum()
            for _, gradient in block.gradients():
                total += jax.numpy.sin(gradient.values).sum()
        return total

    derivatives = jax.grad(function, argnums=(0, 1))(a, b)
    rng = np.random.default_rng(0)
    direction = jax.tree.map(lambda x: rng.normal(size=x.shape), (a, b))

    def displaced(step):
        return jax.tree.map(lambda x, d: x + step * d, (a, b), direction)

    expected = (function(*displaced(1e-6)) - function(*displaced(-1e-6))) / 2e-6
    terms = jax.tree.map(lambda x, d: (x * d).sum(), derivatives, direction)
    np.testing.assert_allclose(sum(jax.tree.leaves(terms)), expected, rtol=1e-5, atol=1e-6)


def test_compiled_by_jax():
    def function(a, b):
        a, b = make_tensor(a), make_tensor(b)
        total = metatensor.sort(metatensor.join([a * b, a + b], "samples", add_dimension="t"))
        mean = metatensor.mean_over_samples(metatensor.slice(total, "samples", ONE_SYSTEM), "atom")
        return [(block.values, block.gradient("g").values) for block in mean]

    a, b = make_arrays(jax_array, 1), make_arrays(jax_array, 2)
    for actual, expected in zip(jax.jit(function)(a, b), function(a, b), strict=True):
        np.testing.assert_allclose(actual[0], expected[0], rtol=1e-12)
        np.testing.assert_allclose(actual[1], expected[1], rtol=1e-12)


def test_std_of_equal_values_in_jax():
    """The derivative of the square root is infinite at zero, but not the one of the result."""

    def function(values):
        block = metatensor.block_from_array(values)
        return metatensor.std_over_samples_block(block, "sample").values.sum()

    derivative = jax.grad(function)(jax.numpy.ones((3, 2)))
    np.testing.assert_array_equal(derivative, np.zeros((3, 2)))
