"""JAX arrays inside of functions that JAX transforms, where only their shape and type are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from metatensor import Labels, TensorBlock, TensorMap
from metatensor._data import array_namespace

X = np.random.default_rng(7).normal(size=(4, 3))
WEIGHTS = np.random.default_rng(8).normal(size=(4, 3))


@pytest.fixture(params=["numpy", "jax"])
def make_labels(request):
    """Labels for values that are JAX arrays"""

    def make_labels(names, values):
        return Labels(names, np.array(values, dtype=np.int32)).to(arrays=request.param)

    return make_labels


@pytest.fixture
def make_tensor(make_labels):
    """Function that makes a tensor map from 4x3 values: [x² of 2 rows, sin(x) of 2 rows]"""
    properties = make_labels("p", [[0], [1], [2]])
    samples = [make_labels("s", [[0], [2]]), make_labels("s", [[1], [2]])]
    keys = make_labels("k", [[3], [5]])

    def make_tensor(x):
        values = [x[:2] ** 2, jnp.sin(x[2:])]
        blocks = [TensorBlock(v, s, [], properties) for v, s in zip(values, samples, strict=True)]
        return TensorMap(keys, blocks)

    return make_tensor


def square_then_sine_gradient(x, upstream):
    return np.concatenate([2 * x[:2], np.cos(x[2:])]) * upstream


TRANSFORMATIONS = {
    "grad": jax.grad,
    "jit of grad": lambda function: jax.jit(jax.grad(function)),
    "grad of jit": lambda function: jax.grad(jax.jit(function)),
    "reverse over forward": lambda function: lambda x: jax.jacfwd(function)(x),
}


@pytest.fixture(params=TRANSFORMATIONS.values(), ids=TRANSFORMATIONS.keys())
def gradient(request):
    """Each way to get the gradient of a function"""
    return request.param


def test_gradient_of_keys_to_samples(make_tensor, gradient):
    def function(x):
        merged = make_tensor(x).keys_to_samples("k")
        return jnp.sum(merged[0].values * WEIGHTS)

    # sorted samples: (0, 3), (1, 5), (2, 3), (2, 5)
    expected = square_then_sine_gradient(X, WEIGHTS[[0, 2, 1, 3]])
    np.testing.assert_allclose(gradient(function)(jnp.array(X)), expected, rtol=1e-12)


def test_gradient_of_keys_to_properties(make_tensor, gradient):
    weights = np.random.default_rng(9).normal(size=(3, 6))

    def function(x):
        merged = make_tensor(x).keys_to_properties("k", fill_value=2.0)
        return jnp.sum(merged[0].values * weights)

    # sorted samples: 0, 1, 2
    upstream = np.stack([weights[0, :3], weights[2, :3], weights[1, 3:], weights[2, 3:]])
    expected = square_then_sine_gradient(X, upstream)
    np.testing.assert_allclose(gradient(function)(jnp.array(X)), expected, rtol=1e-12)


def test_gradient_of_components_to_properties(make_labels, gradient):
    samples, properties = make_labels("s", [[0], [1]]), make_labels("p", [[0], [1], [2]])
    component = make_labels("c", [[0], [1]])
    keys = make_labels("k", [[0]])
    weights = np.random.default_rng(10).normal(size=(2, 6))

    def function(x):
        block = TensorBlock(jnp.exp(x).reshape(2, 2, 3), samples, [component], properties)
        tensor = TensorMap(keys, [block]).copy().components_to_properties("c")
        return jnp.sum(tensor[0].values * weights)

    expected = np.exp(X) * weights.reshape(4, 3)
    np.testing.assert_allclose(gradient(function)(jnp.array(X)), expected, rtol=1e-12)


def test_gradients_are_merged(make_labels):
    """Blocks that contain gradients, with values that come from JAX as well"""
    properties = make_labels("p", [[0]])
    samples = make_labels("s", [[0]])
    gradient_samples = make_labels(["sample", "atom"], [[0, 0], [0, 1]])
    keys = make_labels("k", [[0], [1]])

    def energy(x):
        return jnp.sum(x**3)

    def function(x):
        blocks = []
        for part in [x[:2, 0], x[2:, 0]]:
            block = TensorBlock(energy(part).reshape(1, 1), samples, [], properties)
            values = jax.grad(energy)(part).reshape(2, 1)
            block.add_gradient("x", TensorBlock(values, gradient_samples, [], properties))
            blocks.append(block)
        merged = TensorMap(keys, blocks).keys_to_samples("k")
        return jnp.sum(merged[0].gradient("x").values)

    expected = np.zeros_like(X)
    expected[:, 0] = 6 * X[:, 0]
    for result in [jax.grad(function)(X), jax.jit(jax.grad(function))(X)]:
        np.testing.assert_allclose(result, expected, rtol=1e-12)


def test_vmap(make_tensor):
    def function(x):
        merged = make_tensor(x).keys_to_samples("k")
        return jnp.sum(merged[0].values * WEIGHTS)

    batch = np.stack([X, 2 * X, -X])
    expected = [function(jnp.array(x)) for x in batch]
    np.testing.assert_allclose(jax.vmap(function)(batch), expected, rtol=1e-12)


def test_metadata_in_transformed_functions(make_tensor):
    """Everything but the values is known"""

    def function(x):
        tensor = make_tensor(x)
        for index, (key, block) in enumerate(tensor.items()):
            assert int(key["k"]) == [3, 5][index]
            assert block.shape == (2, 3)
            assert block.dtype == np.float64
            assert block.device == jax.devices()[0]
            assert len(block) == 2
            assert isinstance(block.values, jax.core.Tracer)
            assert array_namespace(block.values) is jnp
        samples = tensor.block(k=5).samples
        assert [int(entry["s"]) for entry in samples] == [1, 2]
        assert samples.column("s").tolist() == [1, 2]
        assert samples.position([2]) == 1
        assert (tensor.keys[0] == tensor.keys[1]) is False
        assert str(samples) == "Labels\n    s\n    1\n    2"
        assert "shape (2, 3)" in str(tensor)
        assert "shape (2, 3)" in tensor._repr_html_()
        assert samples.append("t", np.array([0, 0])).permute([1, 0]).names == ["t", "s"]
        assert len(samples.union(tensor[0].samples)) == 3
        assert tensor.to("cpu")[0].values is tensor[0].values
        assert tensor.to(np.float32).dtype == np.float32
        return tensor.copy()[0].values.sum()

    expected = np.sum(X[:2] ** 2)
    np.testing.assert_allclose(jax.jit(function)(X), expected)
    np.testing.assert_allclose(jax.value_and_grad(function)(X)[0], expected)


@pytest.mark.parametrize(
    "use_data",
    [
        lambda tensor: tensor.save_buffer(),
        lambda tensor: tensor.to(arrays="numpy"),
        lambda tensor: tensor.to(arrays="torch"),
        lambda tensor: tensor[0].to(arrays="numpy"),
    ],
)
def test_data_is_not_known(make_tensor, use_data):
    def function(x):
        with pytest.raises(ValueError, match=r"not known.*shape \(2, 3\).*float64"):
            use_data(make_tensor(x))
        return x.sum()

    jax.jit(function)(X)
    jax.grad(function)(X)


def test_labels_are_never_tracers():
    def function(x):
        with pytest.raises(ValueError, match="create them with NumPy"):
            Labels("a", jnp.zeros((2, 1), dtype=int) + x[:2, :1].astype(int))
        return x.sum()

    jax.jit(function)(X)


def test_fill_value_is_known(make_tensor):
    def function(x):
        with pytest.raises(TypeError, match="traced array"):
            make_tensor(x).keys_to_properties("k", fill_value=x[0, 0])
        return x.sum()

    jax.jit(function)(X)


def test_devices():
    block = TensorBlock(jnp.array(X), Labels.range("s", 4), [], Labels.range("p", 3))
    device = jax.devices("cpu")[0]
    for same in [
        block.to("cpu"),
        block.to("cpu:0"),
        block.to(device),
        block.to(jax.sharding.SingleDeviceSharding(device)),
    ]:
        assert same.values.devices() == {device}
        assert same.device == device
    assert block.to(device).values is block.values
    for name in ["cpu:100", "nothing", "cpu:x"]:
        with pytest.raises(ValueError, match=f"no device '{name}'"):
            block.to(name)


def test_devices_without_any_jax_array(make_block):
    # nothing says that this is a device before the name of the library
    block = make_block(np.zeros((2, 2)))
    converted = block.to(jax.devices("cpu")[0], jnp.float32, arrays="jax")
    assert converted.dtype == jnp.float32
    assert isinstance(converted.values, jax.Array)


def test_conversions_copy(make_block):
    """Arrays that can not change do not share their memory with arrays that can"""
    memory = np.zeros((2, 2))
    block = make_block(memory).to(arrays="jax")
    memory[0, 0] = 1.0
    assert block.values[0, 0] == 0.0

    tensor = block.to(arrays="torch").values
    tensor[0, 0] = 2.0
    assert block.values[0, 0] == 0.0
    assert not block.to(arrays="numpy").values.flags.writeable
