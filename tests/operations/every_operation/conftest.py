"""
A table with a call of each of the operations, for tests of what has to be true for all of them.

A test with the argument ``call``, ``smooth_call``, ``other_call`` or ``comparison`` runs for each
call of this kind: the argument is the name of the call. The fixture ``every`` has the table, and
what these tests need.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, TensorBlock, TensorMap


def labels(names: list[str], rows: Any, convert: Callable = np.asarray) -> Labels:
    return Labels(names, convert(np.array(rows, dtype=np.int32).reshape(-1, len(names))))


@dataclass
class Inputs:
    """Arguments for the calls: ``a`` and ``b`` have the same metadata, and gradients."""

    a: TensorMap
    b: TensorMap
    convert: Callable[[np.ndarray], Any]

    @property
    def block(self) -> TensorBlock:
        return self.a.block_by_id(0)

    @property
    def other_block(self) -> TensorBlock:
        return self.b.block_by_id(0)

    @property
    def matrix(self) -> TensorMap:
        """As many samples as properties, no components and no gradients."""
        return _matrix(self.a)

    @property
    def other_matrix(self) -> TensorMap:
        return _matrix(self.b)


def _with_fewer_gradients(tensor: TensorMap) -> TensorMap:
    """Without the last rows of the gradients with respect to "g"."""
    blocks = []
    for block in tensor:
        result, g = metatensor.remove_gradients_block(block, ["g"]), block.gradient("g")
        samples = Labels(g.samples.names, g.samples.values[:-2, :])
        values = g.values[:-2, ...]
        result.add_gradient("g", TensorBlock(values, samples, g.components, g.properties))
        blocks.append(result)
    return TensorMap(tensor.keys, blocks)


def _matrix(tensor: TensorMap) -> TensorMap:
    blocks = []
    for block in tensor:
        n = len(block.properties)
        block = metatensor.remove_gradients_block(block)
        block = metatensor.slice_block(block, "samples", list(range(n)))
        blocks.append(TensorBlock(block.values[:, 0, :], block.samples, [], block.properties))
    return TensorMap(tensor.keys, blocks)


SAMPLES = [[1, 0], [0, 2], [0, 1], [1, 4]]
GRADIENT_SAMPLES = [[0, 0], [3, 1], [3, 2], [1, 0]]
PROPERTIES = [[0, 1], [1, 0], [0, 0]]


def draw_arrays(seed: int, n_samples: int = 4, n_properties: int = 3) -> list[list[np.ndarray]]:
    """Values, gradient "g" and gradient "h" of two blocks: numbers that are far from singular."""
    rng = np.random.default_rng(seed)
    n_gradient = sum(sample < n_samples for sample, _ in GRADIENT_SAMPLES)
    shapes = [
        (n_samples, 2, n_properties),
        (n_gradient, 3, 2, n_properties),
        (n_samples, 2, n_properties),
    ]
    blocks = [[rng.uniform(0.5, 1.5, shape) for shape in shapes] for _ in range(2)]
    for values, *_ in blocks:
        rows = np.arange(min(n_samples, n_properties))
        values[rows, :, rows] += 3.0
    return blocks


def make_tensor(arrays: list[list[Any]], label_array: Callable = np.asarray) -> TensorMap:
    blocks = []
    for values, g, h in arrays:
        samples = labels(["system", "atom"], SAMPLES[: values.shape[0]], label_array)
        components = [labels(["c"], [1, 0], label_array)]
        properties = labels(["n", "l"], PROPERTIES[: values.shape[-1]], label_array)
        block = TensorBlock(values, samples, components, properties)
        rows = [row for row in GRADIENT_SAMPLES if row[0] < values.shape[0]]
        xyz = labels(["xyz"], [0, 1, 2], label_array)
        gradient_samples = labels(["sample", "m"], rows, label_array)
        block.add_gradient("g", TensorBlock(g, gradient_samples, [xyz, *components], properties))
        gradient_samples = labels(["sample"], range(values.shape[0]), label_array)
        block.add_gradient("h", TensorBlock(h, gradient_samples, components, properties))
        blocks.append(block)
    return TensorMap(labels(["key", "other"], [[3, 0], [1, 0]], label_array), blocks)


def make_inputs(
    convert: Callable = np.asarray, label_array: Callable = np.asarray, **sizes: int
) -> Inputs:
    a, b = (
        make_tensor(
            [[convert(x) for x in block] for block in draw_arrays(seed, **sizes)], label_array
        )
        for seed in (1, 2)
    )
    return Inputs(a, b, convert)


SYSTEM = labels(["system"], [[1]])
ATOMS = labels(["system", "atom"], [[0, 1], [1, 0]])
L = labels(["l"], [[0]])
KEY = labels(["key"], [[1]])
SIZES = ({"key": 2}, {"s": 2, "t": 2}, {"c": 2}, {"p": 3}, {"g": {"xyz": 3}})

#: calls that are linear or smooth functions of the arrays
DIFFERENTIABLE = {
    "abs": lambda i: metatensor.abs(i.a),
    "add": lambda i: metatensor.add(i.a, i.b),
    "add scalar": lambda i: metatensor.add(i.a, 2),
    "add union": lambda i: metatensor.add(i.a, metatensor.drop_blocks(i.b, KEY), keys="union"),
    "subtract": lambda i: metatensor.subtract(i.a, i.b),
    "subtract scalar": lambda i: metatensor.subtract(i.a, 1.5),
    "multiply": lambda i: metatensor.multiply(i.a, i.b),
    "multiply scalar": lambda i: metatensor.multiply(i.a, -3),
    "divide": lambda i: metatensor.divide(i.a, i.b),
    "divide scalar": lambda i: metatensor.divide(i.a, 4),
    "pow": lambda i: metatensor.pow(i.a, 1.7),
    "map_blocks": lambda i: metatensor.map_blocks(i.a, lambda x: x + x, gradients="linear"),
    "dot": lambda i: metatensor.dot(i.a, i.other_matrix),
    "lstsq": lambda i: metatensor.lstsq(i.a, i.b, rcond=1e-3),
    "solve": lambda i: metatensor.solve(i.matrix, i.other_matrix),
    "slice": lambda i: metatensor.slice(i.a, "samples", SYSTEM),
    "slice entries": lambda i: metatensor.slice(i.a, "samples", ATOMS),
    "slice properties": lambda i: metatensor.slice(i.a, "properties", L),
    "slice_block": lambda i: metatensor.slice_block(i.block, "samples", [2, 0]),
    "slice_block array": lambda i: metatensor.slice_block(i.block, "samples", np.array([-1, 0])),
    "slice_block nothing": lambda i: metatensor.slice_block(i.block, "properties", []),
    "split": lambda i: metatensor.split(i.a, "samples", [SYSTEM, [1]]),
    "split_block": lambda i: metatensor.split_block(i.block, "properties", [L, [0]]),
    "split_by_dimension": lambda i: metatensor.split_by_dimension(i.a, "samples", "system"),
    "split_by_dimension groups": lambda i: metatensor.split_by_dimension(
        i.a, "properties", "n", groups=[[1, 0], [5]]
    ),
    "split_by_dimension keys": lambda i: metatensor.split_by_dimension(i.a, "keys", "key"),
    "filter_blocks": lambda i: metatensor.filter_blocks(i.a, KEY),
    "filter_blocks copy": lambda i: metatensor.filter_blocks(i.a, KEY, copy=True),
    "drop_blocks": lambda i: metatensor.drop_blocks(i.a, KEY),
    "drop_empty_blocks": lambda i: metatensor.drop_empty_blocks(i.a),
    "join samples": lambda i: metatensor.join([i.a, i.b], "samples", add_dimension="t"),
    "join properties": lambda i: metatensor.join(
        [i.a, metatensor.drop_blocks(i.b, KEY)], "properties", "union", add_dimension="t"
    ),
    "join properties, other gradients": lambda i: metatensor.join(
        [_with_fewer_gradients(i.a), i.b], "properties", add_dimension="t"
    ),
    "join_blocks": lambda i: metatensor.join_blocks([i.block, i.other_block], "properties", "t"),
    "remove_gradients": lambda i: metatensor.remove_gradients(i.a, ["g"]),
    "remove_gradients_block": lambda i: metatensor.remove_gradients_block(i.block),
    "make_contiguous": lambda i: metatensor.make_contiguous(i.a),
    "make_contiguous_block": lambda i: metatensor.make_contiguous_block(i.block),
    "append_dimension": lambda i: metatensor.append_dimension(i.a, "samples", "z", 4),
    "insert_dimension": lambda i: metatensor.insert_dimension(
        i.a, "samples", 0, "z", np.arange(len(i.block.samples))
    ),
    "permute_dimensions": lambda i: metatensor.permute_dimensions(i.a, "keys", [1, 0]),
    "remove_dimension": lambda i: metatensor.remove_dimension(i.a, "keys", "other"),
    "rename_dimension": lambda i: metatensor.rename_dimension(i.a, "components", "c", "d"),
    "update_dimension": lambda i: metatensor.update_dimension(
        i.a, "components", "c", np.array([4, 2])
    ),
    "sort": lambda i: metatensor.sort(i.a),
    "sort_block": lambda i: metatensor.sort_block(i.block, ["samples"], descending=True),
}
for _name in ("sum", "mean", "var", "std"):
    for _axis, _dimensions in (("samples", ["atom", "system"]), ("properties", ["l", "n"])):
        _function = f"{_name}_over_{_axis}"
        DIFFERENTIABLE |= {
            _function: lambda i, f=_function, d=_dimensions: getattr(metatensor, f)(i.a, d[0]),
            f"{_function} all": lambda i, f=_function, d=_dimensions: getattr(metatensor, f)(
                i.a, d
            ),
        }

#: calls which depend on the metadata only, are not smooth functions, or do the same as a smooth one
OTHERS = {
    "block_from_array": lambda i: metatensor.block_from_array(
        i.convert(np.ones((2, 3, 4))), ["s", "t"]
    ),
    "detach": lambda i: metatensor.detach(i.a),
    "detach_block": lambda i: metatensor.detach_block(i.block),
    "requires_grad": lambda i: metatensor.requires_grad(i.a, False),
    "requires_grad_block": lambda i: metatensor.requires_grad_block(i.block, False),
    "is_contiguous": lambda i: metatensor.is_contiguous(i.a),
    "is_contiguous_block": lambda i: metatensor.is_contiguous_block(i.block),
    "one_hot": lambda i: metatensor.one_hot(i.block.samples, labels(["system"], [0, 2, 1])),
    "unique_metadata": lambda i: metatensor.unique_metadata(i.a, "samples", ["m"], gradient="g"),
    "unique_metadata_block": lambda i: metatensor.unique_metadata_block(i.block, "properties", "n"),
    "equal_metadata": lambda i: metatensor.equal_metadata(i.a, i.b),
    "equal_metadata_raise": lambda i: metatensor.equal_metadata_raise(i.a, i.b),
    "equal_metadata_block": lambda i: metatensor.equal_metadata_block(i.block, i.other_block),
    "equal_metadata_block_raise": lambda i: metatensor.equal_metadata_block_raise(
        i.block, i.other_block, check=["samples"]
    ),
    "zeros": lambda i: metatensor.zeros(*SIZES, like=i.block.values),
    "ones": lambda i: metatensor.ones(*SIZES, like=i.block.values),
    "random_uniform": lambda i: metatensor.random_uniform(*SIZES, like=i.block.values),
    "empty_like": lambda i: metatensor.zeros_like(metatensor.empty_like(i.a)),
    "empty_like_block": lambda i: metatensor.ones_like_block(metatensor.empty_like_block(i.block)),
}
for _name in ("zeros_like", "ones_like", "random_uniform_like"):
    OTHERS[_name] = lambda i, f=_name: getattr(metatensor, f)(i.a, gradients=["h", "g"])
    OTHERS[f"{_name}_block"] = lambda i, f=f"{_name}_block": getattr(metatensor, f)(i.block, "g")
for _function in [name for name in DIFFERENTIABLE if "_over_" in name and not name.endswith("all")]:
    _dimension = "atom" if "samples" in _function else "n"
    OTHERS[f"{_function}_block"] = lambda i, f=f"{_function}_block", d=_dimension: getattr(
        metatensor, f
    )(i.block, d)

#: calls which have to look at the values
COMPARISONS = {}
for _name in ("equal", "allclose"):
    COMPARISONS |= {
        _name: lambda i, f=_name: [
            getattr(metatensor, f)(i.a, i.b),
            getattr(metatensor, f)(i.a, i.a),
        ],
        f"{_name}_raise": lambda i, f=f"{_name}_raise": getattr(metatensor, f)(i.a, i.a),
        f"{_name}_block": lambda i, f=f"{_name}_block": getattr(metatensor, f)(i.block, i.block),
        f"{_name}_block_raise": lambda i, f=f"{_name}_block_raise": getattr(metatensor, f)(
            i.block, i.block
        ),
    }

CALLS = DIFFERENTIABLE | OTHERS | COMPARISONS


def blocks_of(result: Any) -> list[TensorBlock]:
    """All the blocks in a result, gradients included."""
    if isinstance(result, list):
        return [block for element in result for block in blocks_of(element)]
    if isinstance(result, TensorMap):
        return blocks_of(result.blocks())
    if isinstance(result, TensorBlock):
        return [result, *(gradient for _, gradient in result.gradients())]
    return []


def arrays_of(result: Any) -> list[Any]:
    return [block.values for block in blocks_of(result)]


def to_numpy(array: Any) -> np.ndarray:
    if isinstance(array, torch.Tensor):
        if array.dtype == torch.bfloat16:
            return array.detach().to(torch.float32).numpy().astype(ml_dtypes.bfloat16)
        return array.detach().numpy()
    return np.asarray(array)


def check_same(actual: Any, expected: Any, tolerance: float) -> None:
    """The same metadata, and the same numbers whatever kind of arrays they are in."""
    assert type(actual) is type(expected) or not isinstance(
        expected, TensorMap | TensorBlock | list
    )
    if isinstance(expected, list):
        assert len(actual) == len(expected)
        for element, expected_element in zip(actual, expected, strict=True):
            check_same(element, expected_element, tolerance)
    elif isinstance(expected, TensorMap):
        assert actual.keys == expected.keys
        check_same(actual.blocks(), expected.blocks(), tolerance)
    elif isinstance(expected, TensorBlock):
        metatensor.equal_metadata_block_raise(actual, expected)
        assert actual.gradients_list() == expected.gradients_list()
        for array, other in zip(arrays_of(actual), arrays_of(expected), strict=True):
            other = to_numpy(other).astype(np.complex128)
            assert tuple(array.shape) == other.shape
            error = np.abs(to_numpy(array).astype(np.complex128) - other)
            assert (error <= tolerance * np.maximum(1, np.abs(other))).all()
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(to_numpy(actual), expected)
    else:
        assert actual == expected


CALLS_FOR_ARGUMENTS = {
    "call": CALLS,
    "smooth_call": DIFFERENTIABLE,
    "other_call": OTHERS,
    "comparison": COMPARISONS,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for argument, calls in CALLS_FOR_ARGUMENTS.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, calls)


def run(name: str, inputs: Inputs) -> Any:
    """The result of a call, with the same random numbers each time."""
    np.random.seed(0)  # noqa: NPY002
    return CALLS[name](inputs)


@pytest.fixture(scope="session")
def every() -> SimpleNamespace:
    return SimpleNamespace(
        calls=CALLS,
        Inputs=Inputs,
        labels=labels,
        draw_arrays=draw_arrays,
        make_tensor=make_tensor,
        make_inputs=make_inputs,
        run=run,
        blocks_of=blocks_of,
        arrays_of=arrays_of,
        check_same=check_same,
    )
