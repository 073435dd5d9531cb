"""Every operation and every module of neural networks, each one in an archive of its own.

What an archive contains is compiled code: it runs with the library of whoever loads it, so it may
only call what both libraries have.
"""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from random_maps import LabelsPlan, draw_map, flavour, other_values
from record import Record

import metatensor.torch as mts
from cases.learn import equivariant_map
from metatensor.torch import Labels, TensorBlock, TensorMap

KEYS = LabelsPlan(
    ["o3_lambda", "o3_sigma"], np.array([[0, 1], [1, 1], [2, 1], [0, -1]], dtype=np.int32)
)


def run(record: Record, here: Path) -> None:
    """Save everything, and record what it gives before it is saved."""
    missing = _compiled_functions() - OPERATIONS.keys() - EXTENSIONS.keys()
    if missing:
        raise ValueError(f"there are no arguments for {', '.join(sorted(missing))}")

    for name in sorted(_compiled_functions()):
        torch.jit.save(getattr(mts, name), str(here / f"{name}.pt"))
        if name in OPERATIONS:
            record_operation(record, name, getattr(mts, name))
    for name, module in _modules():
        compiled = _compile(name, module)
        if compiled is not None:
            compiled.save(here / f"{name}.pt")
        if name not in NOT_COMPILED_BY_ALL:
            record_module(record, name, compiled)


def exchange(record: Record, other: Path) -> None:
    """
    Record what the archives of the other side give. What only one side can save is run without an
    archive there.
    """
    for name in sorted(OPERATIONS.keys() | EXTENSIONS.keys()):
        path = other / f"{name}.pt"
        if path.exists():
            record_operation(record, name, torch.jit.load(path))
        elif hasattr(mts, name):
            record_operation(record, name, getattr(mts, name))
    for name, module in _modules():
        path = other / f"{name}.pt"
        compiled = torch.jit.load(path) if path.exists() else _compile(name, module)
        if compiled is not None:
            record_module(record, name, compiled)


# --- operations --------------------------------------------------------------------------------


def _inputs() -> SimpleNamespace:
    """Arguments of the operations, with gradients where these are possible."""
    script = flavour("script")
    rng = np.random.default_rng(3)
    plan = draw_map(rng, "float64", "gradients", "components")
    other = other_values(rng, plan)
    simple = draw_map(rng, "float64")
    rows = plan.blocks[0].samples
    return SimpleNamespace(
        a=script.map(plan),
        b=script.map(other),
        block=script.block(plan.blocks[0]),
        same_block=script.block(plan.blocks[0]),
        simple=script.map(simple),
        left=script.map(simple),
        some_keys=script.labels(LabelsPlan(plan.keys.names, plan.keys.values[:1])),
        some_samples=script.labels(
            LabelsPlan(rows.names[:1], np.unique(rows.values[:2, :1])[:, None])
        ),
        names=SimpleNamespace(samples=rows.names, properties=plan.blocks[0].properties.names),
        column=torch.arange(len(plan.keys.values), dtype=torch.int32),
        square=_matrix([[2.0, 1.0], [0.5, 3.0]], "x"),
        tall=_matrix([[2.0, 1.0], [0.5, 3.0], [1.0, -1.0]], "x"),
        target=_matrix([[1.0], [2.0]], "y"),
        tall_target=_matrix([[1.0], [2.0], [0.3]], "y"),
        array=torch.arange(24.0, dtype=torch.float64).reshape(2, 3, 4),
    )


def _matrix(values: list[list[float]], name: str) -> TensorMap:
    tensor = torch.tensor(values, dtype=torch.float64)
    properties = Labels([name], torch.arange(tensor.shape[1])[:, None])
    block = TensorBlock(tensor, Labels.range("s", len(tensor)), [], properties)
    return TensorMap(Labels.range("k", 1), [block])


Arguments = Callable[[SimpleNamespace], list[tuple]]

OPERATIONS: dict[str, Arguments] = {
    "abs": lambda i: [(i.a,)],
    "allclose": lambda i: [(i.a, i.a), (i.a, i.b, 1e-3, 100.0, True)],
    "allclose_block": lambda i: [(i.block, i.same_block)],
    "allclose_block_raise": lambda i: [(i.block, i.same_block), (i.block, i.a.block_by_id(0))],
    "allclose_raise": lambda i: [(i.a, i.a), (i.a, i.b)],
    "append_dimension": lambda i: [(i.a, "keys", "new", i.column), (i.a, "samples", "new", 3)],
    "block_from_array": lambda i: [(i.array,), (i.array, ["s", "t"], [], ["p"])],
    "detach": lambda i: [(i.a,)],
    "detach_block": lambda i: [(i.block,)],
    "dot": lambda i: [(i.simple, i.left)],
    "drop_blocks": lambda i: [(i.a, i.some_keys), (i.a, i.some_keys, True)],
    "drop_empty_blocks": lambda i: [(i.a,)],
    "empty_like": lambda i: [(i.a,), (i.a, "strain")],
    "empty_like_block": lambda i: [(i.block,)],
    "equal": lambda i: [(i.a, i.a), (i.a, i.b)],
    "equal_block": lambda i: [(i.block, i.same_block)],
    "equal_block_raise": lambda i: [(i.block, i.same_block), (i.block, i.b.block_by_id(0))],
    "equal_metadata": lambda i: [(i.a, i.b), (i.a, i.b, ["samples"], False), (i.a, i.simple)],
    "equal_metadata_block": lambda i: [(i.block, i.same_block, "all")],
    "equal_metadata_block_raise": lambda i: [(i.block, i.simple.block_by_id(0))],
    "equal_metadata_raise": lambda i: [(i.a, i.b), (i.a, i.simple)],
    "equal_raise": lambda i: [(i.a, i.a), (i.a, i.b)],
    "filter_blocks": lambda i: [(i.a, i.some_keys)],
    "insert_dimension": lambda i: [(i.a, "keys", 0, "new", i.column)],
    "is_contiguous": lambda i: [(i.a,)],
    "is_contiguous_block": lambda i: [(i.block,)],
    "join": lambda i: [
        ([i.a, i.b], "samples", "error", "tensor"),
        ([i.a, i.b], "properties", "union", "tensor"),
        ([i.a, i.simple], "samples"),
    ],
    "join_blocks": lambda i: [([i.block, i.same_block], "samples", "tensor")],
    "lstsq": lambda i: [(i.tall, i.tall_target, 1e-13), (i.tall, i.tall_target, 1e-13, "gelsd")],
    "make_contiguous": lambda i: [(i.a,)],
    "make_contiguous_block": lambda i: [(i.block,)],
    "one_hot": lambda i: [(i.some_keys, i.some_keys)],
    "permute_dimensions": lambda i: [
        (i.a, "properties", list(range(len(i.names.properties)))[::-1])
    ],
    "pow": lambda i: [(i.a, 2), (i.simple, -0.5)],
    "random_uniform_like": lambda i: [(i.a,), (i.a, "strain")],
    "random_uniform_like_block": lambda i: [(i.block,)],
    "remove_dimension": lambda i: [(i.a, "samples", "unknown")],
    "remove_gradients": lambda i: [(i.a,), (i.a, ["strain"]), (i.a, ["unknown"])],
    "remove_gradients_block": lambda i: [(i.block,), (i.block, ["strain"])],
    "rename_dimension": lambda i: [(i.a, "samples", i.names.samples[0], "new")],
    "requires_grad": lambda i: [(i.simple,), (i.a, False)],
    "requires_grad_block": lambda i: [(i.simple.block_by_id(0),)],
    "slice": lambda i: [(i.a, "samples", i.some_samples)],
    "slice_block": lambda i: [
        (i.block, "samples", i.some_samples),
        (i.block, "samples", [0]),
        (i.block, "properties", torch.tensor([0])),
    ],
    "solve": lambda i: [(i.square, i.target)],
    "sort": lambda i: [(i.a,), (i.a, ["samples", "keys"], True)],
    "sort_block": lambda i: [(i.block,), (i.block, "properties", True)],
    "split": lambda i: [(i.a, "samples", [i.some_samples, i.some_samples])],
    "split_block": lambda i: [(i.block, "samples", [[0], []])],
    "unique_metadata": lambda i: [
        (i.a, "samples", i.names.samples[0]),
        (i.a, "properties", i.names.properties),
        (i.a, "samples", ["sample"], "strain"),
    ],
    "unique_metadata_block": lambda i: [(i.block, "samples", i.names.samples)],
}
for _name in ("add", "subtract", "multiply", "divide"):
    OPERATIONS[_name] = lambda i: [(i.a, i.b), (i.a, 3), (i.a, 0.5), (i.a, i.simple)]
for _name in ("zeros_like", "ones_like"):
    OPERATIONS[_name] = lambda i: [(i.a,), (i.a, "strain"), (i.a, ["strain"], True)]
    OPERATIONS[f"{_name}_block"] = lambda i: [(i.block,), (i.block, [])]
for _name in ("sum", "mean", "std", "var"):
    OPERATIONS[f"{_name}_over_samples"] = lambda i: [
        (i.a, i.names.samples[-1]),
        (i.a, i.names.samples),
        (i.a, "unknown"),
    ]
    OPERATIONS[f"{_name}_over_samples_block"] = lambda i: [(i.block, i.names.samples)]
    # the published package can not do some of this with gradients
    OPERATIONS[f"{_name}_over_properties"] = lambda i: [
        (i.simple, i.simple.property_names[-1]),
        (i.simple, i.simple.property_names),
        (i.simple, "unknown"),
    ]
    OPERATIONS[f"{_name}_over_properties_block"] = lambda i: [
        (i.simple.block_by_id(0), i.simple.property_names)
    ]

# what the published package does not have
EXTENSIONS: dict[str, Arguments] = {
    "split_by_dimension": lambda i: [(i.a, "samples", i.names.samples[0])],
    "update_dimension": lambda i: [(i.a, "keys", i.a.keys.names[0], i.column)],
    "zeros": lambda i: [({"k": 2}, {"s": 2}, {"c": 3}, {"n": 2})],
    "ones": lambda i: [({"k": 2}, {"s": 2}, {"c": 3}, {"n": 2}, {"g": {"xyz": 3}}, i.array)],
    "random_uniform": lambda i: [({"k": 2}, {"s": 2}, {"c": 3}, {"n": 2})],
}

# the values are not defined, everything else is
ANY_VALUES = {"empty_like", "random_uniform_like", "random_uniform"}


def _compiled_functions() -> set[str]:
    functions = vars(mts.operations).items()
    return {name for name, value in functions if isinstance(value, torch.jit.ScriptFunction)}


def record_operation(record: Record, name: str, function: Callable) -> None:
    arguments = {**OPERATIONS, **EXTENSIONS}[name](_inputs())
    any_values = name.removesuffix("_block") in ANY_VALUES
    for i, values in enumerate(arguments):
        call = partial(function, *values, *_missing(name, function, len(values)))
        record.call(f"exported {name} #{i}", _text if any_values else _result, call)


def _missing(name: str, function: Callable, given: int) -> list[Any]:
    """Default values of the last arguments, which archives do not contain; most are `None`."""
    if not isinstance(function, torch.jit.ScriptModule):
        return []
    defaults: dict[str, Any] = {"keys": "equal"}
    if hasattr(mts, name):
        arguments = getattr(mts, name).schema.arguments
        defaults |= {a.name: a.default_value for a in arguments if a.has_default_value()}
    return [defaults.get(a.name) for a in function.forward.schema.arguments[1 + given :]]


def _result(call: Callable) -> Any:
    return call()


def _text(call: Callable) -> Any:
    return str(call())


# --- modules -----------------------------------------------------------------------------------


# the published package can not compile these
NOT_COMPILED_BY_ALL = {"nn.EquivariantTransformation"}


def _compile(name: str, module: torch.nn.Module) -> torch.jit.ScriptModule | None:
    try:
        return torch.jit.script(module)
    except RuntimeError:
        if name in NOT_COMPILED_BY_ALL:
            return None
        raise


def _modules() -> Iterator[tuple[str, torch.nn.Module]]:
    nn = mts.learn.nn
    keys = flavour("script").labels(KEYS)
    properties = [Labels.range("p", 2)] * 4
    makers: dict[str, Callable[[], torch.nn.Module]] = {
        "Linear": partial(nn.Linear, keys, 5, 3),
        "Linear-properties": partial(nn.Linear, keys, 5, out_properties=properties, bias=False),
        "EquivariantLinear": partial(nn.EquivariantLinear, keys, 5, 3),
        "LayerNorm": partial(nn.LayerNorm, keys, 5),
        "LayerNorm-no-mean": partial(nn.LayerNorm, keys, 5, mean=False, bias=False),
        "InvariantLayerNorm": partial(nn.InvariantLayerNorm, keys, 5),
        "ReLU": partial(nn.ReLU, keys),
        "SiLU": partial(nn.SiLU, keys, in_place=True),
        "Tanh": partial(nn.Tanh, keys),
        "InvariantReLU": partial(nn.InvariantReLU, keys),
        "InvariantSiLU": partial(nn.InvariantSiLU, keys),
        "InvariantTanh": partial(nn.InvariantTanh, keys),
        "ModuleMap": lambda: nn.ModuleMap(keys, [torch.nn.Linear(5, i + 1) for i in range(4)]),
        "EquivariantTransformation": lambda: nn.EquivariantTransformation(
            [torch.nn.Linear(5, 5) for _ in range(4)], keys, 5, 5
        ),
        "Sequential": lambda: nn.Sequential(
            keys, nn.EquivariantLinear(keys, 5, 4), nn.InvariantTanh(keys), nn.Linear(keys, 4, 2)
        ),
    }
    for name, make in makers.items():
        torch.manual_seed(11)
        yield f"nn.{name}", make()


def record_module(record: Record, name: str, module: Any) -> None:
    module.to(torch.float64)
    source = flavour("script")
    record.call(f"exported {name}", lambda: module(equivariant_map(source, KEYS)))
    # the published layer without mean works in place, in what is needed for the derivatives
    if name != "nn.LayerNorm-no-mean":
        record.call(f"exported {name}: gradient", _gradient, module)
    module.to(torch.float32)
    record.call(
        f"exported {name}: float32",
        lambda: module(equivariant_map(source, KEYS).to(torch.float32)),
    )


def _gradient(module: Any) -> list[torch.Tensor | None]:
    tensor = mts.requires_grad(equivariant_map(flavour("script"), KEYS), True)
    # layers can work in place, which is not possible for leaves
    output = module(tensor.copy())
    torch.stack([(block.values**2).sum() for block in output.blocks()]).sum().backward()
    return [block.values.grad for block in tensor.blocks()]
