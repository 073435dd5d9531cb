"""Every operation on random maps, with options drawn at random."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from random_maps import (
    BlockPlan,
    Flavour,
    LabelsPlan,
    MapPlan,
    draw_map,
    flavour,
    other_values,
)
from record import Record

from cases import unusual_arguments

Call = tuple[str, Callable[[], Any]]

TRAITS = [
    (),
    ("components",),
    ("gradients",),
    ("gradients", "components"),
    ("gradients", "sparse"),
    ("nested", "components"),
    ("no-samples",),
    ("no-samples", "gradients"),
    ("no-properties", "components"),
    ("no-properties", "gradients"),
    ("no-blocks",),
]
# flavour, dtype, number of maps for each group of traits
GROUPS = [
    ("numpy", "float64", 6),
    ("numpy", "float32", 2),
    ("numpy", "int64", 2),
    ("numpy", "complex128", 1),
    ("numpy", "bool", 1),
    ("numpy strided", "float64", 1),
    ("torch", "float64", 2),
    ("torch", "int64", 1),
    ("torch", "complex128", 1),
    ("torch strided", "float64", 1),
    ("script", "float64", 3),
    ("script", "float32", 1),
    ("script", "int64", 1),
    ("script", "complex128", 1),
]


def run(record: Record, here: Path) -> None:
    for name, dtype, count in GROUPS:
        for traits in TRAITS:
            for seed in range(count):
                _record_map(record, _flavour(name), dtype, traits, seed)
    unusual_arguments.run(record)


def _flavour(name: str) -> Flavour:
    """As ``random_maps.flavour``, with values that are not contiguous for names in ``strided``."""
    kind, _, is_strided = name.partition(" ")
    usual = flavour(kind)
    if not is_strided:
        return usual
    return replace(usual, name=name, values=lambda array: usual.values(_with_gaps(array)))


def _with_gaps(array: np.ndarray) -> np.ndarray:
    """The same values, first axis last in memory and with gaps between the elements."""
    return np.repeat(array.T, 2, axis=0)[::2].T


def _record_map(
    record: Record, flavour: Flavour, dtype: str, traits: tuple[str, ...], seed: int
) -> None:
    rng = np.random.default_rng([seed, len(dtype), TRAITS.index(traits)])
    plan = draw_map(rng, dtype, *traits)
    other = other_values(rng, plan)
    for name, call in calls(flavour, plan, other, rng):
        where = f"{flavour.name} {dtype} {'+'.join(traits) or 'plain'} #{seed}"
        record.call(f"{name} | {where}", call)


def calls(
    flavour: Flavour, plan: MapPlan, other: MapPlan, rng: np.random.Generator
) -> Iterator[Call]:
    """All calls on a map, and on pairs made of it and of ``other`` (equal metadata)."""
    mts = flavour.classes
    a, b = flavour.map(plan), flavour.map(other)
    yield from arithmetic(mts, a, b, rng)
    yield from comparisons(mts, a, b)
    yield from creation(flavour, a, plan, rng)
    yield from linear_algebra(mts, a, b)
    yield from reductions(mts, a, plan, rng)
    yield from joining(mts, a, b, flavour, plan, rng)
    yield from slicing(flavour, a, plan, rng)
    yield from whole_blocks(flavour, a, plan, rng)
    yield from layout(mts, a)
    yield from dimensions(flavour, a, plan, rng)
    yield from sorting(mts, a, plan, rng)
    yield from mismatches(flavour, a, plan)
    is_real = all(block.values.dtype.kind == "f" for block in plan.blocks)
    if is_real and not flavour.name.startswith("numpy"):
        yield from derivatives(mts, a, b)


def arithmetic(mts: Any, a: Any, b: Any, rng: np.random.Generator) -> Iterator[Call]:
    scalar = float(np.round(rng.normal() + 2, 3))
    for name in ("add", "subtract", "multiply", "divide"):
        operation = getattr(mts, name)
        yield f"{name} map", partial(operation, a, b)
        yield f"{name} itself", partial(operation, a, a)
        yield f"{name} float", partial(operation, a, scalar)
        yield f"{name} int", partial(operation, a, 3)
    for exponent in (2, 2.0, 3, -1, 1):
        yield f"pow {exponent}", partial(mts.pow, a, exponent)
    yield "abs", partial(mts.abs, a)


def comparisons(mts: Any, a: Any, b: Any) -> Iterator[Call]:
    for x, y, pair in ((a, a, "itself"), (a, b, "other values")):
        for name in ("equal", "allclose", "equal_metadata"):
            yield f"{name} {pair}", partial(getattr(mts, name), x, y)
            yield f"{name}_raise {pair}", partial(getattr(mts, f"{name}_raise"), x, y)
            if len(a) == 0:
                continue
            block_x, block_y = x.block_by_id(0), y.block_by_id(len(y) - 1)
            yield f"{name}_block {pair}", partial(getattr(mts, f"{name}_block"), block_x, block_y)
            yield (
                f"{name}_block_raise {pair}",
                partial(getattr(mts, f"{name}_block_raise"), block_x, block_y),
            )
    for check in ("samples", "components", "properties"):
        yield f"equal_metadata {check}", partial(mts.equal_metadata, a, b, check=[check])
    yield (
        "equal_metadata no gradients",
        partial(mts.equal_metadata, a, b, check_gradients=False),
    )
    yield "equal_metadata wrong check", partial(mts.equal_metadata, a, b, check=["keys"])
    yield "allclose loose", partial(mts.allclose, a, b, rtol=1e3, atol=1e3)


def creation(flavour: Flavour, a: Any, plan: MapPlan, rng: np.random.Generator) -> Iterator[Call]:
    mts = flavour.classes
    for name in ("zeros_like", "ones_like"):
        operation = getattr(mts, name)
        yield f"{name}", partial(operation, a)
        yield f"{name} one gradient", partial(operation, a, gradients="strain")
        yield f"{name} two gradients", partial(operation, a, gradients=["strain", "positions"])
        yield f"{name} wrong gradient", partial(operation, a, gradients=["nothing"])
    yield "empty_like shape", partial(_shapes, mts.empty_like, a)
    yield "zeros_like requires_grad", partial(mts.zeros_like, a, requires_grad=True)
    yield "random_uniform_like shape", partial(_shapes, mts.random_uniform_like, a)

    for shape in ((3, 2), (2, 3, 4), (2, 3, 2, 2), (0, 3)):
        array = flavour.values(rng.normal(size=shape))
        yield f"block_from_array {shape}", partial(mts.block_from_array, array)
        yield (
            f"block_from_array {shape} names",
            partial(mts.block_from_array, array, ["s"], ["c"] * (len(shape) - 2), ["p"]),
        )
        yield (
            f"block_from_array {shape} two sample names",
            partial(mts.block_from_array, array, sample_names=["s", "t"]),
        )
    yield "block_from_array 1-D", partial(mts.block_from_array, flavour.values(np.zeros(3)))

    if plan.blocks:
        samples = flavour.labels(plan.blocks[0].samples)
        entries = np.arange(-2, 12, dtype=np.int32).reshape(-1, 1)
        for name in (*samples.names, "nothing"):
            dimension = flavour.labels(LabelsPlan([name], entries))
            yield f"one_hot {name}", partial(mts.one_hot, samples, dimension)
        few = flavour.labels(LabelsPlan([samples.names[0]], entries[:3]))
        yield "one_hot few", partial(mts.one_hot, samples, few)
        yield "one_hot two dimensions", partial(mts.one_hot, samples, flavour.labels(plan.keys))


def _shapes(create: Callable, like: Any) -> list[list[int]]:
    tensor = create(like)
    return [list(tensor.block_by_id(i).values.shape) for i in range(len(tensor))]


def linear_algebra(mts: Any, a: Any, b: Any) -> Iterator[Call]:
    yield "dot itself", partial(mts.dot, a, a)
    yield "dot without gradients", partial(_dot_values, mts, a, b)
    yield "lstsq", partial(mts.lstsq, a, b, rcond=1e-12)
    yield "lstsq default rcond", partial(mts.lstsq, a, b, rcond=None)
    yield "solve", partial(mts.solve, a, b)
    yield "solve square", partial(_solve_square, mts, a)


def _dot_values(mts: Any, a: Any, b: Any) -> Any:
    return mts.dot(a, mts.remove_gradients(b))


def _solve_square(mts: Any, a: Any) -> Any:
    values = mts.remove_gradients(a)
    square = mts.dot(values, values)
    return mts.solve(square, square)


def reductions(mts: Any, a: Any, plan: MapPlan, rng: np.random.Generator) -> Iterator[Call]:
    if plan.blocks:
        sample_names = plan.blocks[0].samples.names
        property_names = plan.blocks[0].properties.names
    else:
        sample_names, property_names = ["system"], ["n"]

    for axis, names in (("samples", sample_names), ("properties", property_names)):
        count = int(rng.integers(1, len(names) + 1))
        some = [str(name) for name in rng.choice(names, size=count, replace=False)]
        for reduction in ("sum", "mean", "var", "std"):
            name = f"{reduction}_over_{axis}"
            operation, on_block = getattr(mts, name), getattr(mts, f"{name}_block")
            yield f"{name} some", partial(operation, a, some)
            yield f"{name} one", partial(operation, a, names[-1])
            yield f"{name} all", partial(operation, a, list(names))
            yield f"{name} none", partial(operation, a, [])
            yield f"{name} wrong", partial(operation, a, "nothing")
            if plan.blocks:
                yield f"{name}_block one", partial(on_block, a.block_by_id(0), names[0])


def joining(
    mts: Any, a: Any, b: Any, flavour: Flavour, plan: MapPlan, rng: np.random.Generator
) -> Iterator[Call]:
    for axis in ("samples", "properties"):
        yield f"join {axis}", partial(mts.join, [a, b], axis)
        yield f"join {axis} add", partial(mts.join, [a, b, a], axis, add_dimension="tensor")
        yield f"join {axis} one", partial(mts.join, [a], axis, add_dimension="tensor")
        for mode in ("error", "intersection", "union"):
            fewer = flavour.map(_without_first_block(plan))
            yield (
                f"join {axis} {mode}",
                partial(mts.join, [fewer, a], axis, different_keys=mode, add_dimension="tensor"),
            )
            yield (
                f"join {axis} {mode} reversed",
                partial(mts.join, [a, fewer], axis, different_keys=mode, add_dimension="tensor"),
            )
        if plan.blocks:
            first, last = a.block_by_id(0), a.block_by_id(len(a) - 1)
            blocks = [first, last]
            yield f"join_blocks {axis}", partial(mts.join_blocks, blocks, axis)
            yield (
                f"join_blocks {axis} add",
                partial(mts.join_blocks, blocks, axis, add_dimension="block"),
            )
            renamed = mts.rename_dimension(a, axis, _names(first, axis)[0], "renamed")
            yield f"join {axis} other names", partial(mts.join, [a, renamed], axis)
            left, right = _halves(flavour, first, axis)
            yield f"join_blocks {axis} halves", partial(mts.join_blocks, [right, left], axis)
    yield "join wrong axis", partial(mts.join, [a, b], "keys")
    yield "join nothing", partial(mts.join_blocks, [], "samples")
    yield "join wrong mode", partial(mts.join, [a, b], "samples", different_keys="all")


def _without_first_block(plan: MapPlan) -> MapPlan:
    keys = LabelsPlan(plan.keys.names, plan.keys.values[1:])
    return MapPlan(keys, plan.blocks[1:], plan.info)


def _names(block: Any, axis: str) -> list[str]:
    return list(getattr(block, axis).names)


def _halves(flavour: Flavour, block: Any, axis: str) -> tuple[Any, Any]:
    """The two halves of a block, by positions (also with gradients of gradients: without them)."""
    mts = flavour.classes
    simple = mts.remove_gradients_block(block, ["positions"])
    count = len(getattr(block, axis))
    positions = [list(range(count // 2)), list(range(count // 2, count))]
    if flavour.name == "script":
        import torch

        positions = [torch.tensor(p, dtype=torch.int64) for p in positions]
    return tuple(mts.slice_block(simple, axis, selection) for selection in positions)


def slicing(flavour: Flavour, a: Any, plan: MapPlan, rng: np.random.Generator) -> Iterator[Call]:
    mts = flavour.classes
    for axis in ("samples", "properties"):
        if not plan.blocks:
            anything = flavour.labels(LabelsPlan(["n"], np.zeros((1, 1), dtype=np.int32)))
            yield f"slice {axis} no-blocks", partial(mts.slice, a, axis, anything)
            continue
        labels = getattr(plan.blocks[0], axis)
        rows = rng.permutation(len(labels.values))[: rng.integers(0, len(labels.values) + 1)]
        whole = flavour.labels(LabelsPlan(labels.names, labels.values[rows]))
        column = np.unique(labels.values[rows][:, -1:], axis=0)[::-1].copy()
        one_name = flavour.labels(LabelsPlan(labels.names[-1:], column))
        absent = flavour.labels(LabelsPlan(labels.names[-1:], column + 100))
        wrong = flavour.labels(LabelsPlan(["nothing"], column))
        for label, selection in (
            ("entries", whole),
            ("one name", one_name),
            ("absent", absent),
            ("wrong name", wrong),
        ):
            yield f"slice {axis} {label}", partial(mts.slice, a, axis, selection)
        yield f"split {axis}", partial(mts.split, a, axis, [whole, one_name])

        block = a.block_by_id(0)
        positions = [int(row) for row in rows]
        array = np.array(positions, dtype=np.int64)
        if flavour.name == "script":
            array = flavour.values(array)
        elif positions:
            negative = [p - len(labels.values) for p in positions]
            yield f"slice_block {axis} list", partial(mts.slice_block, block, axis, positions)
            yield f"slice_block {axis} negative", partial(mts.slice_block, block, axis, negative)
            yield f"slice_block {axis} out", partial(mts.slice_block, block, axis, [99])
            yield f"slice_block {axis} tuple", partial(mts.slice_block, block, axis, (0,))
        yield f"slice_block {axis} array", partial(mts.slice_block, block, axis, array)
        yield f"slice_block {axis} labels", partial(mts.slice_block, block, axis, whole)
        yield (
            f"split_block {axis}",
            partial(mts.split_block, block, axis, [whole, one_name]),
        )
        yield f"split {axis} nothing", partial(mts.split, a, axis, [])
    yield "slice wrong axis", partial(mts.slice, a, "keys", flavour.labels(plan.keys))


def whole_blocks(
    flavour: Flavour, a: Any, plan: MapPlan, rng: np.random.Generator
) -> Iterator[Call]:
    mts = flavour.classes
    names, values = plan.keys.names, plan.keys.values
    rows = values[rng.permutation(len(values))[: rng.integers(0, len(values) + 1)]]
    column = np.unique(rows[:, -1:], axis=0)
    selections = {
        "entries": LabelsPlan(names, rows),
        "absent": LabelsPlan(names, values + 50),
        "one name": LabelsPlan(names[-1:], column),
        "reversed names": LabelsPlan(names[::-1], rows[:, ::-1].copy()),
        "wrong name": LabelsPlan(["nothing"], column),
        "nothing": LabelsPlan(names, values[:0]),
        "all": LabelsPlan(names, values[::-1].copy()),
    }
    for label, selection in selections.items():
        keys = flavour.labels(selection)
        for name in ("filter_blocks", "drop_blocks"):
            for copy in (False, True):
                yield f"{name} {label} {copy=}", partial(getattr(mts, name), a, keys, copy)
    yield "drop_empty_blocks", partial(mts.drop_empty_blocks, a)
    yield "drop_empty_blocks copy", partial(mts.drop_empty_blocks, a, copy=True)


def layout(mts: Any, a: Any) -> Iterator[Call]:
    yield "remove_gradients", partial(mts.remove_gradients, a)
    yield "remove_gradients one", partial(mts.remove_gradients, a, ["strain"])
    yield "remove_gradients unknown", partial(mts.remove_gradients, a, ["nothing"])
    yield "detach", partial(mts.detach, a)
    yield "requires_grad", partial(mts.requires_grad, a, True)
    yield "requires_grad false", partial(mts.requires_grad, a, False)
    yield "is_contiguous", partial(mts.is_contiguous, a)
    yield "make_contiguous", partial(mts.make_contiguous, a)


def dimensions(flavour: Flavour, a: Any, plan: MapPlan, rng: np.random.Generator) -> Iterator[Call]:
    mts = flavour.classes
    for axis in ("keys", "samples", "components", "properties", "wrong"):
        if axis == "keys" or not plan.blocks:
            labels = plan.keys
        elif axis == "components":
            components = plan.blocks[0].components
            labels = components[0] if components else plan.keys
        else:
            labels = getattr(plan.blocks[0], axis, plan.keys)
        name, count = labels.names[0], len(labels.names)
        column = flavour.integers(np.arange(len(labels.values), dtype=np.int32))
        order = [int(i) for i in rng.permutation(count)]

        places = {"first": 0, "last": count, "before last": -1, "beyond": count + 3}
        for place, index in places.items():
            yield (
                f"insert_dimension {axis} {place}",
                partial(mts.insert_dimension, a, axis, index, "inserted", 7),
            )
        yield (
            f"insert_dimension {axis} array",
            partial(mts.insert_dimension, a, axis, 0, "x", column),
        )
        yield f"insert_dimension {axis} again", partial(mts.insert_dimension, a, axis, 0, name, 1)
        yield f"append_dimension {axis}", partial(mts.append_dimension, a, axis, "appended", -3)
        yield f"append_dimension {axis} array", partial(mts.append_dimension, a, axis, "x", column)
        yield f"permute_dimensions {axis}", partial(mts.permute_dimensions, a, axis, order)
        yield f"permute_dimensions {axis} short", partial(mts.permute_dimensions, a, axis, [])
        yield (
            f"permute_dimensions {axis} out",
            partial(mts.permute_dimensions, a, axis, [9] * count),
        )
        yield f"remove_dimension {axis}", partial(mts.remove_dimension, a, axis, name)
        yield f"remove_dimension {axis} unknown", partial(mts.remove_dimension, a, axis, "nothing")
        yield f"rename_dimension {axis}", partial(mts.rename_dimension, a, axis, name, "renamed")
        yield f"rename_dimension {axis} unknown", partial(mts.rename_dimension, a, axis, "no", "x")
        yield f"rename_dimension {axis} wrong", partial(mts.rename_dimension, a, axis, name, "1 x")


def sorting(mts: Any, a: Any, plan: MapPlan, rng: np.random.Generator) -> Iterator[Call]:
    for axes in ("keys", "samples", "components", "properties", "all", "wrong"):
        for descending in (False, True):
            yield f"sort {axes} {descending=}", partial(mts.sort, a, axes, descending)
        if plan.blocks:
            yield f"sort_block {axes}", partial(mts.sort_block, a.block_by_id(0), axes)
    yield "sort two axes", partial(mts.sort, a, ["keys", "properties"])

    for axis in ("samples", "properties", "keys"):
        names = ["system"] if axis == "samples" else ["n"]
        yield f"unique_metadata {axis}", partial(mts.unique_metadata, a, axis, names)
        yield f"unique_metadata {axis} text", partial(mts.unique_metadata, a, axis, names[0])
        yield f"unique_metadata {axis} unknown", partial(mts.unique_metadata, a, axis, "nothing")
        if plan.blocks:
            block = a.block_by_id(0)
            yield (
                f"unique_metadata_block {axis}",
                partial(mts.unique_metadata_block, block, axis, names),
            )
    yield (
        "unique_metadata gradient",
        partial(mts.unique_metadata, a, "samples", ["atom_pair"], gradient="positions"),
    )
    yield (
        "unique_metadata gradient order",
        partial(mts.unique_metadata, a, "samples", ["atom_pair", "sample"], gradient="strain"),
    )


def mismatches(flavour: Flavour, a: Any, plan: MapPlan) -> Iterator[Call]:
    """Two maps that do not have the same metadata."""
    mts = flavour.classes
    for what, other in _other_metadata(plan).items():
        b = flavour.map(other)
        for name in ("add", "subtract", "divide", "multiply", "dot", "solve"):
            yield f"{name} with {what}", partial(getattr(mts, name), a, b)
        yield f"lstsq with {what}", partial(mts.lstsq, a, b, rcond=1e-12)
        for name in ("equal", "allclose", "equal_metadata"):
            yield f"{name} with {what}", partial(getattr(mts, name), a, b)
            yield f"{name}_raise with {what}", partial(getattr(mts, f"{name}_raise"), a, b)
        for axis in ("samples", "properties"):
            yield f"join {axis} with {what}", partial(mts.join, [a, b], axis)
            check = partial(mts.equal_metadata, a, b, check=[axis])
            yield f"equal_metadata {axis} with {what}", check


def _other_metadata(plan: MapPlan) -> dict[str, MapPlan]:
    key_names = LabelsPlan([f"other_{name}" for name in plan.keys.names], plan.keys.values)
    others = {
        "other key names": replace(plan, keys=key_names),
        "fewer blocks": _without_first_block(plan),
    }
    if plan.blocks:
        others["other entries of keys"] = replace(
            plan, keys=replace(plan.keys, values=plan.keys.values + 40)
        )
        for axis in ("samples", "properties"):
            blocks = [_reversed(block, axis) for block in plan.blocks]
            others[f"reversed {axis}"] = replace(plan, blocks=blocks)
        blocks = [replace(block, gradients={}) for block in plan.blocks]
        others["no gradients"] = replace(plan, blocks=blocks)
    return others


def _reversed(block: BlockPlan, axis: str) -> BlockPlan:
    """The same block with the entries of an axis in the opposite order."""
    labels = getattr(block, axis)
    labels = replace(labels, values=labels.values[::-1].copy())
    gradients = block.gradients
    if axis == "properties":
        gradients = {name: _reversed(gradient, axis) for name, gradient in gradients.items()}
    return replace(block, **{axis: labels}, gradients=gradients)


def derivatives(mts: Any, a: Any, b: Any) -> Iterator[Call]:
    """Derivatives of the squared norm of results, by autograd."""
    functions: dict[str, Callable] = {
        "add": lambda x, y: mts.add(x, y),
        "multiply": lambda x, y: mts.multiply(x, y),
        "divide": lambda x, y: mts.divide(x, y),
        "pow": lambda x, y: mts.pow(x, 3),
        "abs": lambda x, y: mts.abs(x),
        "dot": lambda x, y: mts.dot(x, y),
        "join samples": lambda x, y: mts.join([x, y], "samples", add_dimension="tensor"),
        "join properties": lambda x, y: mts.join([x, y], "properties", add_dimension="tensor"),
        "sort": lambda x, y: mts.sort(x),
        "sum_over_samples": lambda x, y: mts.sum_over_samples(x, x.sample_names[-1]),
        "mean_over_samples": lambda x, y: mts.mean_over_samples(x, x.sample_names[-1]),
        "var_over_samples": lambda x, y: mts.var_over_samples(x, x.sample_names[-1]),
        "sum_over_properties": lambda x, y: mts.sum_over_properties(x, x.property_names[-1]),
    }
    for name, function in functions.items():
        yield f"derivative of {name}", partial(_derivatives, mts, function, a, b)


def _derivatives(mts: Any, function: Callable, a: Any, b: Any) -> list[Any]:
    leaves = [mts.requires_grad(mts.remove_gradients(tensor), True) for tensor in (a, b)]
    result = function(*leaves)
    total = sum((result.block_by_id(i).values ** 2).sum() for i in range(len(result)))
    if len(result) == 0:
        return []
    total.backward()
    return [leaf.block_by_id(i).values.grad for leaf in leaves for i in range(len(leaf))]
