"""TorchScript classes: what their methods give, called from Python and from compiled code."""

import copy
import io
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import torch
from random_maps import LabelsPlan, MapPlan, draw_map, flavour
from record import Record

import metatensor.torch as mts
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap

Call = tuple[str, Callable[[], Any]]

TRAITS = [(), ("components",), ("gradients", "components"), ("nested",), ("no-samples",)]
TRAITS += [("no-blocks",), ("gradients", "sparse")]
MAPS_PER_TRAITS = 4


def run(record: Record, here: Path) -> None:
    script = flavour("script")
    for traits in TRAITS:
        for seed in range(MAPS_PER_TRAITS):
            rng = np.random.default_rng([seed, TRAITS.index(traits)])
            plan = draw_map(rng, "float64", *traits)
            where = f"{'+'.join(traits) or 'plain'} #{seed}"
            for name, call in (*map_calls(script.map(plan), plan), *compiled_calls(script, plan)):
                record.call(f"{name} | {where}", call)
    for family in (labels_calls, wrong_labels, wrong_blocks, wrong_maps, operators):
        for name, call in family():
            record.call(f"{family.__name__}: {name}", call)
    for name, call in serialization(here):
        record.call(f"serialization: {name}", call)


def map_calls(tensor: TensorMap, plan: MapPlan) -> Iterator[Call]:
    yield "itself", lambda: tensor
    yield "repr", partial(repr, tensor)
    yield "str", partial(str, tensor)
    yield "print 1", partial(tensor.print, 1)
    yield "names", lambda: [tensor.sample_names, tensor.component_names, tensor.property_names]
    yield "device", lambda: [str(tensor.device), tensor.dtype, tensor.is_view, len(tensor)]
    yield "items", lambda: [[key.print(), block] for key, block in tensor.items()]
    yield "keys", lambda: [str(tensor.keys), repr(tensor.keys)]
    yield "copy", partial(tensor.copy, deep=False)
    yield "deepcopy", partial(copy.deepcopy, tensor)
    yield "pickle", lambda: pickle.loads(pickle.dumps(tensor))
    yield "buffer", tensor.save_buffer
    yield "to float32", partial(tensor.to, torch.float32)
    yield "to meta", partial(_meta_shapes, tensor)
    names = plan.keys.names
    moved = {"first": names[:1], "last": names[-1:], "all": names, "unknown": ["unknown"]}
    for what, to_move in moved.items():
        for sort_samples in (True, False):
            for method in ("keys_to_samples", "keys_to_properties"):
                yield (
                    f"{method} {what} {sort_samples=}",
                    partial(getattr(tensor, method), to_move, sort_samples=sort_samples),
                )
    yield "fill", partial(tensor.keys_to_properties, names[0], fill_value=2.5)
    for what, dimensions in {"all": tensor.component_names, "unknown": ["unknown"]}.items():
        yield (
            f"components_to_properties {what}",
            partial(tensor.components_to_properties, tuple(dimensions)),
        )
    row = plan.keys.values[0] if len(plan.keys.values) else np.zeros(len(names), dtype=np.int32)
    whole = {name: int(value) for name, value in zip(names, row, strict=True)}
    selections: dict[str, Any] = {
        "int": 0,
        "negative": -1,
        "too large": 99,
        "bool": True,
        "none": None,
        "whole": whole,
        "first": {names[0]: int(row[0])},
        "absent": {names[0]: 77},
        "unknown": {"unknown": 0},
        "wrong dict": {"a": "b"},
        "text": "a",
        "float": 1.0,
        "labels": Labels(names, torch.tensor(np.array([row]))),
        "two labels": Labels(names, torch.tensor(np.array([row, row + 1]))),
        "entry": Labels(names, torch.tensor(np.array([row])))[0],
        "list": [0],
    }
    for name, selection in selections.items():
        yield f"block {name}", partial(tensor.block, selection)
        yield f"blocks {name}", partial(tensor.blocks, selection)
        if selection is not None:
            yield f"[{name}]", partial(tensor.__getitem__, selection)
    if plan.blocks:
        block = tensor.block_by_id(0)
        yield "text of a block", lambda: [repr(block), str(block), len(block), block.shape]
        yield "gradients", lambda: [[name, repr(g)] for name, g in block.gradients()]
        yield "gradient unknown", partial(block.gradient, "unknown")
        yield "block copy", block.copy
        yield "block buffer", block.save_buffer
        yield "add to a view", partial(block.add_gradient, "x", block.copy())
        yield "autograd", partial(_autograd, tensor, plan)


def _meta_shapes(tensor: TensorMap) -> list[Any]:
    meta = tensor.to("meta")
    return [str(meta.device), [block.shape for block in meta.blocks()]]


def _autograd(tensor: TensorMap, plan: MapPlan) -> list[Any]:
    """Derivatives of a number made of everything that is differentiable."""
    leaves = mts.requires_grad(mts.remove_gradients(tensor), True)
    moved = leaves.keys_to_properties(plan.keys.names[0])
    moved = moved.keys_to_samples(moved.keys.names) if len(moved.keys.names) > 1 else moved
    total = sum((block.values**3).sum() for block in moved.to(torch.float64).blocks())
    total.backward()
    return [block.values.grad for block in leaves.blocks()]


# --- compiled code -----------------------------------------------------------------------------


class Walk(torch.nn.Module):
    """Goes through a map with the loops and conversions that TorchScript allows."""

    def forward(self, tensor: TensorMap) -> Tuple[List[str], List[torch.Tensor], Dict[str, int]]:
        texts: List[str] = [str(tensor), tensor.print(2)]
        values: List[torch.Tensor] = []
        counts: Dict[str, int] = {}
        for key, block in tensor.items():
            texts.append(key.print())
            for name in key.names:
                counts[name] = counts.get(name, 0) + int(key[name])
            values.append(block.values * 2)
            for parameter, gradient in block.gradients():
                texts.append(parameter + " " + str(gradient))
                counts[parameter] = len(gradient.samples)
                assert gradient.samples.names[0] == "sample"
        counts["dtype is float64"] = int(tensor.dtype == torch.float64)
        return texts, values, counts


class Rebuild(torch.nn.Module):
    """Makes a new map from blocks, with gradients, and moves its keys."""

    def forward(self, tensor: TensorMap, factor: float) -> TensorMap:
        blocks: List[TensorBlock] = []
        for block in tensor.blocks():
            new_block = TensorBlock(
                values=block.values * factor,
                samples=block.samples,
                components=block.components,
                properties=block.properties.append(
                    "extra", torch.zeros(len(block.properties), dtype=torch.int32)
                ),
            )
            for parameter, gradient in block.gradients():
                new_block.add_gradient(
                    parameter,
                    TensorBlock(
                        gradient.values * factor,
                        gradient.samples,
                        gradient.components,
                        new_block.properties,
                    ),
                )
            blocks.append(new_block)
        result = TensorMap(tensor.keys.append("new", torch.arange(len(tensor.keys))), blocks)
        for key, value in tensor.info().items():
            result.set_info(key, value)
        return result.keys_to_samples("new")


class Chosen(torch.nn.Module):
    """Optional arguments, unions and lookups."""

    def forward(
        self, tensor: TensorMap, selection: Optional[Labels], entry: Optional[LabelsEntry] = None
    ) -> Tuple[int, Optional[int], torch.Tensor, Labels]:
        keys = tensor.keys if selection is None else selection
        position: Optional[int] = None
        if entry is not None:
            position = tensor.keys.position(entry)
        union, mapping, _ = tensor.keys.union_and_mapping(keys)
        return len(keys), position, mapping, union


def compiled_calls(script: Any, plan: MapPlan) -> Iterator[Call]:
    tensor = script.map(plan)
    for module in (Walk(), Rebuild(), Chosen()):
        name = type(module).__name__
        arguments: dict[str, tuple] = {
            "Walk": (tensor,),
            "Rebuild": (tensor, 1.5),
            "Chosen": (tensor, tensor.keys, tensor.keys[0] if len(tensor) else None),
        }
        yield f"{name} eager", partial(module, *arguments[name])
        yield f"{name} compiled", partial(_COMPILED[name], *arguments[name])


_COMPILED = {kind.__name__: torch.jit.script(kind()) for kind in (Walk, Rebuild, Chosen)}


# --- labels ------------------------------------------------------------------------------------


def labels_calls() -> Iterator[Call]:
    rng = np.random.default_rng(2)
    for i in range(40):
        dimensions = int(rng.integers(1, 4))
        names = ["a", "bb", "long_name_3"][:dimensions]
        a, b = (_random_labels(rng, names) for _ in range(2))
        for name in ("union", "intersection", "difference"):
            yield f"{name} #{i}", partial(getattr(a, name), b)
            yield f"{name}_and_mapping #{i}", partial(getattr(a, f"{name}_and_mapping"), b)
        yield f"select #{i}", partial(a.select, b)
        yield (
            f"select one #{i}",
            partial(a.select, Labels(names[-1:], torch.unique(b.values[:, -1:], dim=0))),
        )
        yield f"positions #{i}", lambda a=a, b=b: [a.position(entry) for entry in b]
        yield f"contains #{i}", lambda a=a, b=b: [entry in a for entry in b]
        yield f"text #{i}", lambda a=a: [repr(a), str(a), a.print(3, 5), a.print(0)]
        yield f"equal #{i}", lambda a=a, b=b: [a == b, a == a, a != b]
        yield f"pickle #{i}", lambda a=a: pickle.loads(pickle.dumps(a))
        yield f"buffer #{i}", a.save_buffer
        yield f"permute #{i}", partial(a.permute, list(range(dimensions))[::-1])
        yield f"insert #{i}", partial(a.insert, 0, "new", torch.arange(len(a)))
        yield f"remove #{i}", partial(a.remove, names[0])
        yield f"rename #{i}", partial(a.rename, names[-1], "renamed")


def _random_labels(rng: np.random.Generator, names: list[str]) -> Labels:
    values = rng.integers(-3, 4, size=(int(rng.integers(0, 40)), len(names)))
    values = rng.permutation(np.unique(values.astype(np.int32), axis=0))
    return flavour("script").labels(LabelsPlan(names, values))


def wrong_labels() -> Iterator[Call]:
    rows = torch.tensor([[0, 1], [2, 3]], dtype=torch.int32)
    labels = Labels(["a", "b"], rows)
    yield "values are shared", lambda: labels.values is rows
    arguments: dict[str, tuple] = {
        "numpy": (["a", "b"], rows.numpy()),
        "list": (["a", "b"], [[0, 1]]),
        "float": (["a", "b"], rows.double()),
        "bool": (["a", "b"], rows[:1] > 0),
        "int64": (["a", "b"], rows.long() + 2**33),
        "empty float": (["a", "b"], torch.zeros(0, 2)),
        "empty, other shape": (["a", "b"], torch.zeros(0, 3)),
        "1-D": (["a"], rows[0]),
        "requires_grad": (["a", "b"], rows.double().requires_grad_()),
        "names": (["a"], rows),
        "text": ("a", rows[:, :1]),
        "tuple": (("a", "b"), rows),
        "numbers": ([1, 2], rows),
        "number": (1, rows),
        "no names": ((), torch.zeros(0, 0)),
        "repeated names": (["a", "a"], rows),
        "repeated rows": (["a", "b"], rows[[0, 0]]),
        "repeated rows, unchecked": (["a", "b"], rows[[0, 0]], True),
        "invalid name": (["a", "b c"], rows),
        "meta": (["a", "b"], rows.to("meta")),
    }
    for name, args in arguments.items():
        yield f"constructor {name}", partial(Labels, *args)
    yield "single", Labels.single
    yield "empty", partial(Labels.empty, ["a", "b"])
    yield "range", partial(Labels.range, "a", 4)
    yield "range negative", partial(Labels.range, "a", -4)
    for index in (0, -1, 2, "a", "c", 1.0, True, None, torch.tensor(0), [0]):
        yield f"[{index!r}]", partial(labels.__getitem__, index)
        yield f"entry {index!r}", partial(labels.entry, index)
        yield f"position {index!r}", partial(labels.position, index)
    for entry in ([0, 1], (2, 3), [0, 2], [0], [0.0, 1.0], torch.tensor([0, 1]), labels[1], "a"):
        yield f"position of {entry!r}", partial(labels.position, entry)
    other = Labels(["b", "a"], rows)
    for method in ("union", "intersection", "difference", "select"):
        yield f"{method} other names", partial(getattr(labels, method), other)
        yield f"{method} None", partial(getattr(labels, method), None)
    column = torch.tensor([5, 6])
    yield "append", partial(labels.append, "c", column)
    yield "append again", partial(labels.append, "a", column)
    yield "append short", partial(labels.append, "c", column[:1])
    yield "append 2-D", partial(labels.append, "c", column[None])
    yield "append float", partial(labels.append, "c", column.double())
    for index in (0, 2, 3, -1):
        yield f"insert {index}", partial(labels.insert, index, "c", column)
    yield "remove unknown", partial(labels.remove, "c")
    yield "remove the last", partial(Labels.range("a", 1).remove, "a")
    yield "rename unknown", partial(labels.rename, "c", "d")
    for order in ([1, 0], [0], [0, 0], [0, 2], [-1, 0]):
        yield f"permute {order}", partial(labels.permute, order)
    for target in ("cpu", "meta", torch.device("cpu"), None, torch.float32, 3, "unknown"):
        yield f"to {target!r}", partial(labels.to, target)
    yield "== 3", partial(labels.__eq__, 3)
    yield "entry text", lambda: [str(labels[0]), repr(labels[0]), labels[0].print(), len(labels[0])]
    yield "entry equal", lambda: [labels[0] == labels[0], labels[0] != labels[1]]
    for index in (0, -1, 2, "a", "c", 0.5):
        yield f"entry[{index!r}]", partial(labels[0].__getitem__, index)
    yield "entry pickle", lambda: pickle.dumps(labels[0])
    yield "assignment", partial(setattr, labels, "names", ["c", "d"])


def _block(**changes: Any) -> TensorBlock:
    given: dict[str, Any] = {
        "values": torch.ones(2, 3, 1, dtype=torch.float64),
        "samples": Labels.range("s", 2),
        "components": [Labels.range("c", 3)],
        "properties": Labels.range("p", 1),
        **changes,
    }
    return TensorBlock(**given)


def _with_gradient(**changes: Any) -> TensorBlock:
    block = _block()
    given: dict[str, Any] = {
        "values": torch.ones(1, 3, 1, dtype=torch.float64),
        "samples": Labels(["sample"], torch.tensor([[1]])),
        **changes,
    }
    block.add_gradient("g", _block(**given))
    return block


def wrong_blocks() -> Iterator[Call]:
    for name, changes in {
        "as it should be": {},
        "numpy": {"values": np.ones((2, 3, 1))},
        "1-D": {"values": torch.ones(2)},
        "shape": {"values": torch.ones(2, 3, 2)},
        "meta": {"values": torch.ones(2, 3, 1, device="meta")},
        "samples tensor": {"samples": torch.zeros(2, 1)},
        "components tuple": {"components": (Labels.range("c", 3),)},
        "components": {"components": []},
        "unknown keyword": {"unknown": 3},
        "bfloat16": {"values": torch.ones(2, 3, 1, dtype=torch.bfloat16)},
        "bool": {"values": torch.ones(2, 3, 1, dtype=torch.bool)},
        "uint16": {"values": torch.ones(2, 3, 1).to(torch.uint16)},
    }.items():
        yield name, partial(_block, **changes)
        yield (
            f"map of {name}",
            lambda changes=changes: TensorMap(Labels.single(), [_block(**changes)]),
        )
        yield f"buffer of {name}", lambda changes=changes: _block(**changes).save_buffer()
    for name, changes in {
        "as it should be": {},
        "dtype": {"values": torch.ones(1, 3, 1)},
        "first name": {"samples": Labels(["s"], torch.tensor([[1]]))},
        "too large": {"samples": Labels(["sample"], torch.tensor([[2]]))},
        "properties": {"properties": Labels(["p"], torch.tensor([[1]]))},
        "components": {"values": torch.ones(1, 1, dtype=torch.float64), "components": []},
    }.items():
        yield f"gradient {name}", partial(_with_gradient, **changes)
    yield "gradient again", lambda: _with_gradient().add_gradient("g", _block())
    block = _block()
    yield "values are shared", lambda: block.values is block.values
    yield "set values", partial(setattr, block, "values", block.values)
    for args in ((torch.float32,), ("cpu",), ("meta",), (torch.float32, "cpu"), (3.5,), ("x",)):
        yield f"to {args}", partial(block.to, *args)
    yield "to twice", partial(block.to, torch.float32, dtype=torch.float64)
    yield "to arrays", partial(block.to, arrays="numpy")
    yield "== block", partial(block.__eq__, block)


def wrong_maps() -> Iterator[Call]:
    two = Labels.range("k", 2)
    yield "too few blocks", lambda: TensorMap(two, [_block()])
    yield "tuple of blocks", lambda: TensorMap(two, (_block(), _block()))
    yield "one block", lambda: TensorMap(two, _block())
    yield "keys None", lambda: TensorMap(None, [_block()])
    yield "device", lambda: TensorMap(two.to("meta"), [_block(), _block()])
    block = _block()
    yield "same block", lambda: TensorMap(two, [block, block])
    yield "moved", lambda: block.values
    yield "moved is_view", lambda: block.is_view
    yield "gradients", lambda: TensorMap(two, [_block(), _with_gradient()])
    tensor = TensorMap(two, [_block(), _block()])
    yield "view", lambda: TensorMap(Labels.single(), [tensor.block(0)])
    for argument in (3, [1], None, 2.5, Labels.range("k", 2), Labels.empty("k")):
        yield f"keys_to_samples {argument}", partial(tensor.keys_to_samples, argument)
        yield f"keys_to_properties {argument}", partial(tensor.keys_to_properties, argument)
        yield (
            f"components_to_properties {argument}",
            partial(tensor.components_to_properties, argument),
        )
    for fill in ("a", None, True, 1j, 3):
        yield f"fill {fill!r}", partial(tensor.keys_to_samples, "k", fill)
    yield "blocks_by_id", lambda: tensor.blocks_by_id([1, 0, 7])
    yield "get_info", lambda: tensor.get_info("unknown")
    yield "set_info", partial(tensor.set_info, 1, "a")
    empty = TensorMap(Labels.empty("k"), [])
    yield "empty", lambda: [empty.sample_names, empty.dtype, str(empty.device), str(empty)]
    yield "empty keys_to_samples", partial(empty.keys_to_samples, "k")
    yield "no method", lambda: empty.unknown
    yield "hash", lambda: isinstance(hash(empty), int)
    for name in ("Labels", "LabelsEntry", "TensorBlock", "TensorMap"):
        yield f"methods of {name}", partial(_methods, name)


def _methods(name: str) -> list[str]:
    """Schemas of all methods, which is what archives are resolved against."""
    objects = {"Labels": Labels.single(), "LabelsEntry": Labels.single()[0]}
    objects |= {"TensorBlock": _block(), "TensorMap": TensorMap(Labels.single(), [_block()])}
    kind = objects[name]._type()
    return sorted(str(objects[name]._get_method(m).schema) for m in kind.method_names())


def operators() -> Iterator[Call]:
    names = ("load", "load_block", "load_labels", "load_buffer", "load_block_buffer")
    for name in (*names, "load_labels_buffer", "save", "save_buffer", "dtype_name", "version"):
        operator = getattr(torch.ops.metatensor, name)
        yield (
            f"schemas of {name}",
            lambda operator=operator: [
                str(getattr(operator, overload)._schema) for overload in operator.overloads()
            ],
        )
    for dtype in (torch.float32, torch.int64, torch.bool, torch.complex64, torch.bfloat16, 7):
        yield f"dtype_name {dtype}", partial(mts.dtype_name, dtype)
    yield "version", lambda: isinstance(mts.version(), str)
    for buffer in (torch.zeros(3), torch.zeros(3, dtype=torch.uint8), torch.zeros(2, 2)):
        yield f"load_buffer {buffer.dtype} {buffer.dim()}", partial(mts.load_buffer, buffer)
    yield "save_buffer text", partial(mts.save_buffer, "a")
    yield "load missing", partial(mts.load, "missing.mts")


# --- files -------------------------------------------------------------------------------------


def serialization(here: Path) -> Iterator[Call]:
    script = flavour("script")
    for traits in TRAITS:
        tensor = script.map(draw_map(np.random.default_rng(8), "float64", *traits))
        where = "+".join(traits) or "plain"
        yield f"save {where}", partial(mts.save, str(here / f"{where}.mts"), tensor)
        yield f"load {where}", partial(mts.load, here / f"{where}.mts")
        yield f"torch.save {where}", partial(_through_torch_save, tensor)
        yield f"file object {where}", partial(_through_file_object, tensor)


def _through_torch_save(value: Any) -> Any:
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def _through_file_object(value: Any) -> Any:
    file = io.BytesIO()
    mts.save(file, value)
    file.seek(0)
    return [np.frombuffer(file.getvalue(), dtype=np.uint8), mts.load(file)]
