"""Derivatives of the results: by autograd (torch, JAX), and as explicit gradients."""

import jax
import numpy as np
import pytest
import torch

import metatensor
from metatensor import TensorBlock, TensorMap


def weighted_sum(arrays):
    """A number that depends on each of the elements in another way."""
    total = 0.0
    for array in arrays:
        weights = np.cos(np.arange(np.prod(array.shape))).reshape(tuple(array.shape))
        total = total + (array * weights).sum()
    return total


@pytest.fixture
def arrays(every):
    return [every.draw_arrays(1), every.draw_arrays(2)]


@pytest.fixture
def results_of(every):
    """The arrays in the result of a call, for the arrays of both tensor maps."""

    def function(name, arrays, convert):
        a, b = (every.make_tensor(blocks) for blocks in arrays)
        return every.arrays_of(every.run(name, every.Inputs(a, b, convert)))

    return function


def test_jax(every, smooth_call, arrays, results_of):
    """``jax.jit`` of ``jax.grad``: the results and the derivatives with respect to all arrays."""

    def function(arrays):
        results = results_of(smooth_call, arrays, jax.numpy.asarray)
        return weighted_sum(results), results

    with jax.enable_x64(True):
        # most of the time goes into compiling, for arrays of a few elements
        options = {"xla_backend_optimization_level": 0}
        compiled = jax.jit(jax.grad(function, has_aux=True), compiler_options=options)
        derivatives, actual = compiled(arrays)

    for array, expected in zip(actual, results_of(smooth_call, arrays, np.asarray), strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-9, atol=1e-12)

    rng = np.random.default_rng(5)
    direction = jax.tree.map(lambda x: rng.normal(size=x.shape), arrays)

    def along(step):
        displaced = jax.tree.map(lambda x, d: x + step * d, arrays, direction)
        return weighted_sum(results_of(smooth_call, displaced, np.asarray))

    terms = jax.tree.map(lambda x, d: np.sum(np.asarray(x) * d), derivatives, direction)
    expected = (along(1e-6) - along(-1e-6)) / 2e-6
    np.testing.assert_allclose(sum(jax.tree.leaves(terms)), expected, rtol=1e-6, atol=1e-6)


def test_traced_by_jax(every, other_call, arrays, results_of):
    """What does not depend on the values is possible in ``jax.jit``."""
    with jax.enable_x64(True):
        shapes = jax.eval_shape(lambda x: results_of(other_call, x, jax.numpy.asarray), arrays)
    expected = results_of(other_call, arrays, np.asarray)
    assert [array.shape for array in shapes] == [array.shape for array in expected]


def test_not_traced_by_jax(every, comparison, arrays, results_of):
    """What has to look at the values is not: JAX says so."""
    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.eval_shape(lambda x: results_of(comparison, x, jax.numpy.asarray), arrays)


def test_torch(smooth_call, arrays, results_of):
    """First and second derivatives by autograd. All the results stay in its graph."""
    tensors = jax.tree.map(lambda x: torch.from_numpy(x).requires_grad_(), arrays)
    leaves, structure = jax.tree.flatten(tensors)

    def function(*leaves):
        results = results_of(smooth_call, jax.tree.unflatten(structure, leaves), torch.from_numpy)
        assert all(array.requires_grad for array in results)
        return tuple(results)

    assert torch.autograd.gradcheck(function, leaves, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, leaves, fast_mode=True)


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_explicit_gradients(every, smooth_call, arrays, dtype):
    """
    Values which depend on a parameter, with their derivative as the gradient "h": the gradient of
    the results is the derivative of their values. The functions of complex numbers are holomorphic.
    """
    if dtype == "complex128":
        if smooth_call == "abs":
            return  # the only one which is not
        arrays = jax.tree.map(
            lambda x: x * np.exp(0.4j * np.sin(np.arange(x.size))).reshape(x.shape), arrays
        )
    if smooth_call == "dot":
        arrays[1] = [[values, g, 0 * h] for values, g, h in arrays[1]]  # no gradients there

    def at(step):
        a, b = [[[values + step * h, g, h] for values, g, h in blocks] for blocks in arrays]
        inputs = every.Inputs(every.make_tensor(a), every.make_tensor(b), np.asarray)
        results = every.blocks_of(every.run(smooth_call, inputs))
        return [block for block in results if block.samples.names[0] != "sample"]

    step = 1e-5 if dtype == "float64" else 1e-5 * (0.6 + 0.8j)
    for result, before, after in zip(at(0), at(-step), at(step), strict=True):
        if "h" not in result.gradients_list():
            assert smooth_call in ("remove_gradients_block", "lstsq", "solve")
            continue
        change = (after.values - before.values) / (2 * step)
        gradient = result.gradient("h")
        assert len(gradient.samples) == len(result.samples)
        rows = gradient.samples.column("sample")
        np.testing.assert_allclose(gradient.values, change[rows], rtol=1e-6, atol=1e-7)


# ------------------------------------------------------------------------------------------------
# Gradients of gradients

#: what happens to them, for the calls that do not refuse them
NOT_LOOKED_AT = ("equal", "allclose", "lstsq", "solve", "unique_metadata")
KEPT = ("filter_blocks copy", "split_by_dimension keys")
LEFT_OUT = (
    *("append_dimension", "insert_dimension", "permute_dimensions", "remove_dimension"),
    "rename_dimension",
)
NO_GRADIENTS = (
    *("remove_gradients", "block_from_array", "one_hot"),
    *("zeros", "ones", "random_uniform"),
)


def with_nested_gradients(every, tensor):
    """Add a gradient (without any rows) to the gradient "g"."""
    blocks = []
    for block in tensor:
        nested, outer = metatensor.remove_gradients_block(block), block.gradient("g").copy()
        samples = every.labels(["sample"], [])
        inner = TensorBlock(outer.values[:0], samples, outer.components, outer.properties)
        outer.add_gradient("nested", inner)
        nested.add_gradient("g", outer)
        nested.add_gradient("h", block.gradient("h").copy())
        blocks.append(nested)
    return TensorMap(tensor.keys, blocks)


def test_gradients_of_gradients(every, call):
    inputs = every.make_inputs()
    a, b = (with_nested_gradients(every, tensor) for tensor in (inputs.a, inputs.b))
    inputs = every.Inputs(a, b, np.asarray)
    name = call.split()[0]
    accepted = call.startswith((*NOT_LOOKED_AT, *KEPT)) or name in (*LEFT_OUT, *NO_GRADIENTS)
    if not (accepted or name.startswith("remove_gradients")):
        with pytest.raises(NotImplementedError, match="gradients of gradients"):
            every.run(call, inputs)
        return

    outer = [
        block
        for block in every.blocks_of(every.run(call, inputs))
        if [component.names for component in block.components[:1]] == [["xyz"]]
    ]
    assert len(outer) != 0 or not (call in KEPT or name in LEFT_OUT)
    for gradient in outer:
        assert gradient.gradients_list() == (["nested"] if call in KEPT else [])
