"""Every operation with one argument at a time replaced by something unusual, or wrong.

Part of the case ``operations``: mostly the classes of exceptions are compared here.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from random_maps import Flavour, LabelsPlan, MapPlan, draw_map, flavour
from record import Record

Arguments = dict[str, Any]

# what Python makes of another type is not a matter of the operations
NUMBERS_AND_FLAGS = {
    "atol",
    "check_gradients",
    "descending",
    "driver",
    "equal_nan",
    "rcond",
    "requires_grad",
    "rtol",
}


def run(record: Record) -> None:
    """Record the results of all operations with all unusual arguments, in all flavours."""
    for name in ("numpy", "torch", "script"):
        kind = flavour(name)
        for trait in ("components", "gradients"):
            plan = draw_map(np.random.default_rng(11), "float64", trait)
            for operation, arguments in usual_calls(kind, plan):
                _record_call(record, kind, plan, f"{name} {trait}", operation, arguments)


def _record_call(
    record: Record, kind: Flavour, plan: MapPlan, where: str, operation: str, arguments: Arguments
) -> None:
    function = getattr(kind.classes, operation)
    for argument in arguments.keys() - NUMBERS_AND_FLAGS:
        for description, value in unusual_values(kind, plan):
            changed = {**arguments, argument: value}
            record.call(
                f"{operation} {argument}={description} | {where}", partial(function, **changed)
            )
    record.call(f"{operation} by position | {where}", function, *arguments.values())
    record.call(
        f"{operation} unknown parameter | {where}", partial(function, **arguments, unknown=1)
    )
    record.call(f"{operation} no arguments | {where}", function)


def unusual_values(kind: Flavour, plan: MapPlan) -> Iterator[tuple[str, Any]]:
    """Values of all kinds: each one is wrong for most of the parameters."""
    yield "None", None
    yield "True", True
    yield "0", 0
    yield "-1", -1
    yield "100", 100
    yield "0.5", 0.5
    yield "text", "nothing"
    yield "empty text", ""
    yield "[]", []
    yield "()", ()
    yield "[0]", [0]
    yield "['nothing']", ["nothing"]
    yield "('samples',)", ("samples",)
    yield "['samples', 'samples']", ["samples", "samples"]
    yield "numpy scalar", np.int64(1)
    yield "numpy float", np.float64(1.5)
    yield "vector", kind.values(np.arange(3.0))
    yield "integers", kind.values(np.arange(2))
    yield "booleans", kind.values(np.array([True, False]))
    yield "matrix", kind.values(np.zeros((1, 2)))
    yield "labels", kind.labels(LabelsPlan(["nothing"], np.array([[0]], dtype=np.int32)))
    yield "block", kind.block(plan.blocks[0])
    yield "map", kind.map(plan)


def usual_calls(kind: Flavour, plan: MapPlan) -> Iterator[tuple[str, Arguments]]:
    """A call without mistakes for each of the operations."""
    a, b = kind.map(plan), kind.map(plan)
    x, y = kind.block(plan.blocks[0]), kind.block(plan.blocks[0])
    samples = plan.blocks[0].samples.names
    properties = plan.blocks[0].properties.names
    some = kind.labels(LabelsPlan(samples[:1], np.zeros((1, 1), dtype=np.int32)))

    for name in ("add", "subtract", "multiply", "divide"):
        yield name, {"A": a, "B": b}
    yield "pow", {"A": a, "B": 2.0}
    yield "abs", {"A": a}
    yield "dot", {"tensor_1": a, "tensor_2": kind.classes.remove_gradients(b)}
    yield "lstsq", {"X": a, "Y": b, "rcond": 1e-12, "driver": None}
    yield "solve", {"X": a, "Y": b}

    for name in ("equal", "equal_raise"):
        yield name, {"tensor_1": a, "tensor_2": b}
        yield name.replace("equal", "equal_block"), {"block_1": x, "block_2": y}
    tolerances = {"rtol": 1e-13, "atol": 1e-12, "equal_nan": False}
    for name in ("allclose", "allclose_raise"):
        yield name, {"tensor_1": a, "tensor_2": b, **tolerances}
        yield name.replace("close", "close_block"), {"block_1": x, "block_2": y, **tolerances}
    checks = {"check": "all", "check_gradients": True}
    for name in ("equal_metadata", "equal_metadata_raise"):
        yield name, {"tensor_1": a, "tensor_2": b, **checks}
        yield name.replace("data", "data_block"), {"block_1": x, "block_2": y, **checks}

    yield (
        "block_from_array",
        {
            "array": kind.values(np.zeros((2, 3, 4))),
            "sample_names": ["s"],
            "component_names": ["c"],
            "property_names": ["p"],
        },
    )
    for name in ("zeros_like", "ones_like"):
        yield name, {"tensor": a, "gradients": None, "requires_grad": False}
        yield f"{name}_block", {"block": x, "gradients": None, "requires_grad": False}
    dimension = kind.labels(LabelsPlan(samples[:1], np.arange(9, dtype=np.int32).reshape(-1, 1)))
    yield "one_hot", {"labels": x.samples, "dimension": dimension}

    for reduction in ("sum", "mean", "var", "std"):
        for axis, names in (("samples", samples), ("properties", properties)):
            argument = {"sample_names" if axis == "samples" else "property_names": names[:1]}
            yield f"{reduction}_over_{axis}", {"tensor": a, **argument}
            yield f"{reduction}_over_{axis}_block", {"block": x, **argument}

    yield (
        "join",
        {"tensors": [a, b], "axis": "samples", "different_keys": "error", "add_dimension": "t"},
    )
    yield "join_blocks", {"blocks": [x, y], "axis": "samples", "add_dimension": "t"}
    yield "slice", {"tensor": a, "axis": "samples", "selection": some}
    yield "slice_block", {"block": x, "axis": "samples", "selection": some}
    yield "split", {"tensor": a, "axis": "samples", "selections": [some]}
    yield "split_block", {"block": x, "axis": "samples", "selections": [some]}
    keys = a.keys
    yield "filter_blocks", {"tensor": a, "keys": keys, "copy": False}
    yield "drop_blocks", {"tensor": a, "keys": keys, "copy": False}
    yield "drop_empty_blocks", {"tensor": a, "copy": False}

    yield "remove_gradients", {"tensor": a, "remove": ["strain"]}
    yield "remove_gradients_block", {"block": x, "remove": ["strain"]}
    for name in ("detach", "is_contiguous", "make_contiguous"):
        yield name, {"tensor": a}
        yield f"{name}_block", {"block": x}
    yield "requires_grad", {"tensor": a, "requires_grad": False}
    yield "requires_grad_block", {"block": x, "requires_grad": False}

    new = {"name": "new", "values": 1}
    yield "insert_dimension", {"tensor": a, "axis": "samples", "index": 0, **new}
    yield "append_dimension", {"tensor": a, "axis": "samples", **new}
    order = list(range(len(samples)))[::-1]
    yield "permute_dimensions", {"tensor": a, "axis": "samples", "dimensions_indexes": order}
    yield "remove_dimension", {"tensor": a, "axis": "samples", "name": samples[0]}
    yield "rename_dimension", {"tensor": a, "axis": "samples", "old": samples[0], "new": "new"}
    yield "sort", {"tensor": a, "axes": "all", "descending": False}
    yield "sort_block", {"block": x, "axes": "all", "descending": False}
    names = {"axis": "samples", "names": samples[:1], "gradient": None}
    yield "unique_metadata", {"tensor": a, **names}
    yield "unique_metadata_block", {"block": x, **names}
