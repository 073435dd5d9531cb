"""Batches of tensor maps in memory are what ``join`` gives, also where this takes a shortcut."""

import itertools
from typing import Any

import pytest
import torch

import metatensor.torch


def sample(
    twin: Any,
    system: int = 0,
    keys: tuple = (1, 6),
    key_name: str = "type",
    names: tuple = ("system", "atom"),
    components: tuple = (2,),
    properties: int = 3,
    dtype: torch.dtype = torch.float64,
    parameters: tuple = ("positions", "strain"),
    gradient_names: tuple = ("sample", "atom"),
    xyz: str = "xyz",
    nested: bool = False,
    n_rows: int = 2,
) -> Any:
    """A tensor map, every detail of which can be another one."""
    generator = torch.Generator().manual_seed(system)

    def labels(name: str, count: int) -> Any:
        return twin.labels([name], list(range(count)))

    def block(rows: list, names: tuple, extra: tuple) -> Any:
        shape = (len(rows), *(3 for _ in extra), *components, properties)
        return twin.TensorBlock(
            torch.rand(shape, generator=generator, dtype=torch.float64).to(dtype),
            twin.labels(list(names), rows),
            [
                *(labels(name, 3) for name in extra),
                *(labels(f"c{i}", n) for i, n in enumerate(components)),
            ],
            labels("p", properties),
        )

    blocks = []
    for _ in keys:
        parent = block([[system, i] for i in range(n_rows)], names, ())
        for parameter in parameters:
            parents = [(i + system) % n_rows for i in range(3)] if n_rows != 0 else []
            rows = [[p, *([i] * (len(gradient_names) - 1))] for i, p in enumerate(parents)]
            gradient = block(rows, gradient_names, (xyz,))
            if nested:
                rows = [[i, 0] for i in range(len(rows))]
                gradient.add_gradient("n", block(rows, ("sample", "n"), ("abc", xyz)))
            parent.add_gradient(parameter, gradient)
        blocks.append(parent)
    return twin.TensorMap(twin.labels([key_name], list(keys)), blocks)


OTHERS = {
    "same samples": {"system": 0},
    "keys": {"keys": (6, 1)},
    "more keys": {"keys": (1, 6, 8)},
    "key names": {"key_name": "t"},
    "no blocks": {"keys": ()},
    "order of names": {"names": ("atom", "system")},
    "names": {"names": ("system", "center")},
    "components": {"components": (3,)},
    "more components": {"components": (2, 2)},
    "properties": {"properties": 2},
    "dtype": {"dtype": torch.float32},
    "fewer gradients": {"parameters": ("positions",)},
    "order of gradients": {"parameters": ("strain", "positions")},
    "no gradients": {"parameters": ()},
    "names of gradients": {"gradient_names": ("sample", "a")},
    "number of names of gradients": {"gradient_names": ("sample", "a", "b")},
    "components of gradients": {"xyz": "x"},
    "gradients of gradients": {"nested": True},
    "no samples": {"n_rows": 0},
}


def outcome(function: Any, *arguments: Any, **options: Any) -> Any:
    try:
        return function(*arguments, **options)
    except Exception as error:
        # the last line: compiled functions add where the error comes from
        return type(error), str(error).strip().splitlines()[-1]


def check_same(twin: Any, result: Any, expected: Any) -> None:
    if isinstance(expected, tuple):
        assert result == expected
        return
    assert type(result) is type(expected), result
    assert result.info() == expected.info()
    twin.package.equal_raise(result, expected)
    for first, second in zip(result.blocks(), expected.blocks(), strict=True):
        assert first.values.dtype == second.values.dtype
        assert first.samples == second.samples
        assert first.gradients_list() == second.gradients_list()


def check_batch(twin: Any, tensors: list, **options: Any) -> None:
    data = twin.package.learn.data
    batch = [data.Dataset(x=[tensor])[0] for tensor in tensors]
    result = outcome(data.group_and_join, batch, join_kwargs=options)
    expected = outcome(twin.package.join, tensors, "samples", **options)
    check_same(twin, expected if isinstance(expected, tuple) else result.x, expected)
    if isinstance(expected, tuple):
        assert result == expected


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("options", [{}, {"different_keys": "union"}])
def test_same_as_join(twin, other, options):
    tensors = [sample(twin, 0), sample(twin, 1), sample(twin, **{"system": 2, **OTHERS[other]})]
    for order in itertools.permutations(tensors):
        check_batch(twin, list(order), **options)


@pytest.mark.parametrize(
    "options",
    [
        {"add_dimension": "batch"},
        {"add_dimension": "batch", "different_keys": "intersection"},
        {"add_dimension": "atom"},
        {"add_dimension": "not a name"},
        {"different_keys": "wrong"},
        {"wrong": 1},
        {"axis": "properties"},
    ],
)
def test_options(twin, options):
    for tensors in ([sample(twin, i) for i in range(3)], [sample(twin)] * 2, [sample(twin)]):
        if options.get("axis") is None:
            check_batch(twin, tensors, **options)
        else:
            batch = [twin.package.learn.data.Dataset(x=[tensor])[0] for tensor in tensors]
            with pytest.raises(TypeError, match="axis"):
                twin.package.learn.data.group_and_join(batch, join_kwargs=options)


def test_mixed_values(twin):
    data = twin.package.learn.data
    batch = [data.Dataset(x=[sample(twin)])[0]._replace(x=value) for value in (sample(twin), 3)]
    with pytest.raises(Exception, match="TensorMap"):
        data.group_and_join(batch)


def test_autograd(twin):
    values = torch.rand(2, 1, dtype=torch.float64, requires_grad=True)
    tensors = []
    for i in range(2):
        block = twin.TensorBlock(
            values[i : i + 1], twin.labels(["s"], [i]), [], twin.labels(["p"], [0])
        )
        tensors.append(twin.TensorMap(twin.labels(["k"], [0]), [block]))
    data = twin.package.learn.data
    batch = data.group_and_join([data.Dataset(x=[tensor])[0] for tensor in tensors])
    (batch.x.block().values ** 2).sum().backward()
    assert torch.equal(values.grad, 2 * values.detach())


def test_arguments_are_not_modified():
    class Twin:
        TensorBlock = metatensor.torch.TensorBlock
        TensorMap = metatensor.torch.TensorMap

        @staticmethod
        def labels(names, rows):
            rows = torch.tensor(rows, dtype=torch.int32).reshape(-1, len(names))
            return metatensor.torch.Labels(names, rows)

    tensors = [sample(Twin, i) for i in range(2)]
    before = [tensor.copy() for tensor in tensors]
    torch.ops.metatensor.join_similar(tensors, None)
    for tensor, copy in zip(tensors, before, strict=True):
        assert metatensor.torch.equal(tensor, copy)
    # nothing to join
    assert torch.ops.metatensor.join_similar(tensors[:1], None) is None
    assert torch.ops.metatensor.join_similar([], None) is None
