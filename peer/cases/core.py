"""Python classes: labels, blocks, tensor maps, their text, and what wrong calls raise."""

import copy
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from random_maps import LabelsPlan, MapPlan, draw_map, flavour
from record import Record

import metatensor
from metatensor import Labels, LabelsEntry, TensorBlock, TensorMap

Call = tuple[str, Callable[[], Any]]

INT32 = np.iinfo(np.int32)
TRAITS = [(), ("components",), ("gradients", "components"), ("nested",), ("no-samples",)]
TRAITS += [("no-properties", "gradients"), ("no-blocks",), ("gradients", "sparse")]
MAPS_PER_TRAITS = 4
LABELS_PAIRS = 60


def run(record: Record, here: Path) -> None:
    rng = np.random.default_rng(1)
    for i in range(LABELS_PAIRS):
        a, b = _labels_pair(rng)
        for flavour_name in ("numpy", "torch"):
            make = flavour(flavour_name).labels
            for name, call in labels_calls(make(a), make(b)):
                record.call(f"Labels {name} | {flavour_name} #{i}", call)

    for flavour_name in ("numpy", "torch"):
        for traits in TRAITS:
            for seed in range(MAPS_PER_TRAITS):
                rng = np.random.default_rng([seed, TRAITS.index(traits)])
                plan = draw_map(rng, "float64", *traits)
                for name, call in map_calls(flavour(flavour_name).map(plan), plan, rng):
                    where = f"{flavour_name} {'+'.join(traits) or 'plain'} #{seed}"
                    record.call(f"TensorMap {name} | {where}", call)

    for family in (wrong_labels, wrong_blocks, wrong_maps, conversions, names_of_the_package):
        for name, call in family():
            record.call(f"{family.__name__} {name}", call)


def _labels_pair(rng: np.random.Generator) -> tuple[LabelsPlan, LabelsPlan]:
    """Two labels with common entries; 0 to 3 dimensions, 0 to 60 entries, extreme values."""
    dimensions = int(rng.integers(0, 4))
    names = ["a", "bb", "long_name_3"][:dimensions]
    extremes = np.array([INT32.min, INT32.max, 0, -1], dtype=np.int64)
    plans = []
    for _ in range(2):
        count = int(rng.integers(0, 60)) if dimensions else 0
        values = rng.integers(-3, 4, size=(count, dimensions))
        rare = rng.random(values.shape) < 0.05
        values[rare] = rng.choice(extremes, size=int(rare.sum()))
        values = np.unique(values.astype(np.int32), axis=0)
        plans.append(LabelsPlan(names, rng.permutation(values)))
    return plans[0], plans[1]


def labels_calls(a: Labels, b: Labels) -> Iterator[Call]:
    for name in ("union", "intersection", "difference"):
        yield name, partial(getattr(a, name), b)
        yield f"{name}_and_mapping", partial(getattr(a, f"{name}_and_mapping"), b)
    yield "select", partial(a.select, b)
    yield "equal", partial(a.__eq__, b)
    yield "equal itself", partial(a.__eq__, a)
    yield "repr", partial(repr, a)
    yield "str", partial(str, a)
    for entries in (0, 1, 2, 3, 10):
        yield f"print {entries}", partial(a.print, entries, 2)
    yield "positions", lambda: [a.position(entry) for entry in b]
    yield "contains", lambda: [entry in a for entry in b]
    yield "entries", lambda: [entry.print() for entry in a]
    yield "entries text", lambda: [repr(entry) + str(entry) for entry in a]
    yield "entry -1", partial(a.entry, -1)
    yield "copy", partial(copy.copy, a)
    yield "deepcopy", partial(copy.deepcopy, a)
    yield "pickle", lambda: pickle.loads(pickle.dumps(a))
    yield "to torch", partial(a.to, arrays="torch")
    yield "to numpy", partial(a.to, arrays="numpy")
    count = len(a.names)
    yield "permute", partial(a.permute, list(range(count))[::-1])
    yield "permute twice the same", partial(a.permute, [0] * count)
    column = np.arange(len(a), dtype=np.int32)
    for index in {0, 1, -1, count}:
        yield f"insert {index}", partial(a.insert, index, "inserted", column)
    for name in (*a.names, "unknown"):
        yield f"column {name}", partial(a.column, name)
        yield f"remove {name}", partial(a.remove, name)
        yield f"rename {name}", partial(a.rename, name, "renamed")
        yield f"rename {name} to a", partial(a.rename, name, "a")
    if count > 1:
        yield "select one name", partial(a.select, _columns(b, [b.names[-1]]))
        yield "select two names", partial(a.select, _columns(b, b.names[:1:-1]))


def _columns(labels: Labels, names: list[str]) -> Labels:
    columns = [labels.names.index(name) for name in names]
    values = np.unique(np.asarray(labels.values)[:, columns], axis=0)
    if isinstance(labels.values, torch.Tensor):
        return Labels(names, torch.from_numpy(values))
    return Labels(names, values)


def map_calls(tensor: TensorMap, plan: MapPlan, rng: np.random.Generator) -> Iterator[Call]:
    yield "itself", lambda: tensor
    yield "repr", partial(repr, tensor)
    yield "str", partial(str, tensor)
    for keys in (0, 1, 2, 100):
        yield f"print {keys}", partial(tensor.print, keys)
    yield "names", lambda: [tensor.sample_names, tensor.component_names, tensor.property_names]
    yield "device", lambda: [str(tensor.device), str(tensor.dtype), tensor.is_view]
    yield "items", lambda: [[key.print(), block] for key, block in tensor.items()]
    yield "iteration", lambda: [block.shape for block in tensor]
    yield "info", lambda: [tensor.get_info("unit"), tensor.get_info("unknown"), len(tensor.info())]
    for name, call in _block_selections(tensor, plan, rng):
        yield name, call

    names = plan.keys.names
    moved = {"first": names[:1], "last": names[-1:], "reversed": names[::-1], "all": names}
    moved |= {"unknown": ["unknown"], "none": []}
    for what, to_move in moved.items():
        for sort_samples in (True, False):
            for method in ("keys_to_samples", "keys_to_properties"):
                yield (
                    f"{method} {what} {sort_samples=}",
                    partial(getattr(tensor, method), to_move, sort_samples=sort_samples),
                )
    yield "keys_to_properties text", partial(tensor.keys_to_properties, names[0])
    for fill in (1.5, float("nan")):
        yield f"fill {fill}", partial(tensor.keys_to_properties, names[0], fill_value=fill)
    entries = tensor.keys.values[: len(tensor) // 2 + 1, :1]
    entries = np.unique(np.asarray(entries), axis=0)
    selection = Labels(names[:1], np.vstack([entries, [[77]]]).astype(np.int32))
    if isinstance(tensor.keys.values, torch.Tensor):
        selection = selection.to(arrays="torch")
    yield "keys_to_properties entries", partial(tensor.keys_to_properties, selection)
    yield "keys_to_samples entries", partial(tensor.keys_to_samples, selection)

    components = tensor.component_names
    for name, dimensions in {
        "all": components,
        "reversed": components[::-1],
        "first": components[:1],
        "unknown": ["unknown"],
    }.items():
        yield (
            f"components_to_properties {name}",
            partial(tensor.components_to_properties, dimensions),
        )
    yield "copy", partial(copy.copy, tensor)
    yield "deepcopy", partial(copy.deepcopy, tensor)
    yield "pickle", lambda: pickle.loads(pickle.dumps(tensor))
    yield "to torch", partial(tensor.to, arrays="torch")
    yield "to numpy", partial(tensor.to, arrays="numpy")
    yield "to float32", partial(tensor.to, np.float32)
    yield "to torch float32", partial(tensor.to, dtype=torch.float32, arrays="torch")
    for name, call in _operators(tensor):
        yield name, call
    for block in tensor:
        for name, call in _block_calls(block):
            yield f"first block {name}", call
        break


def _block_selections(tensor: TensorMap, plan: MapPlan, rng: np.random.Generator) -> Iterator[Call]:
    values = plan.keys.values
    row = values[rng.integers(len(values))] if len(values) else [0] * len(plan.keys.names)
    whole = dict(zip(plan.keys.names, map(int, row), strict=True))
    first = {plan.keys.names[0]: int(row[0])}
    one = Labels(list(whole), np.array([list(whole.values())], dtype=np.int32))
    if isinstance(tensor.keys.values, torch.Tensor):
        one = one.to(arrays="torch")
    selections = {
        "whole": whole,
        "first": first,
        "none": None,
        "int": 0,
        "too large": 55,
        "negative": -1,
        "labels": one,
        "entry": one.entry(0),
        "absent": {plan.keys.names[0]: 99},
        "unknown name": {"unknown": 0},
        "float": {plan.keys.names[0]: 1.5},
        "text": "center",
        "list": [0],
        "slice": slice(0, 1),
    }
    for name, selection in selections.items():
        if name != "none":
            yield f"[{name}]", partial(tensor.__getitem__, selection)
        yield f"block {name}", partial(tensor.block, selection)
        yield f"blocks {name}", partial(tensor.blocks, selection)
    yield "block keywords", partial(tensor.block, **whole)
    yield "blocks keywords", partial(tensor.blocks, **first)
    yield "blocks_by_id", partial(tensor.blocks_by_id, list(range(len(tensor)))[::-1])


def _block_calls(block: TensorBlock) -> Iterator[Call]:
    yield "repr", partial(repr, block)
    yield "attributes", lambda: [list(block.shape), len(block), str(block.dtype), block.is_view]
    yield "gradients_list", block.gradients_list
    yield "gradients text", lambda: [[name, repr(g)] for name, g in block.gradients()]
    yield "unknown gradient", partial(block.gradient, "unknown")
    yield "has_gradient", partial(block.has_gradient, "positions")
    yield "copy", block.copy
    yield "shallow copy", partial(block.copy, deep=False)
    yield "add to a view", partial(block.add_gradient, "x", block.copy())
    yield "assign", partial(setattr, block, "values", 3)
    yield "pickle", lambda: pickle.loads(pickle.dumps(block))


def _operators(tensor: TensorMap) -> Iterator[Call]:
    yield "a + 1", lambda: tensor + 1
    yield "a - a", lambda: tensor - tensor
    yield "-a", lambda: -tensor
    yield "+a", lambda: (+tensor) is tensor
    yield "a * 2.5", lambda: tensor * 2.5
    yield "a / a", lambda: tensor / tensor
    yield "a ** 2", lambda: tensor**2
    yield "a @ a", lambda: tensor @ tensor
    yield "a == a", lambda: tensor == tensor
    yield "a != a", lambda: tensor != tensor
    yield "1 + a", lambda: 1 + tensor
    yield "2 * a", lambda: 2 * tensor
    yield "a + array", lambda: tensor + np.zeros(3)
    yield "a == 3", lambda: tensor == 3
    yield "hash", partial(hash, tensor)


def wrong_labels() -> Iterator[Call]:
    rows = np.array([[0, 1], [2, 3]], dtype=np.int32)
    labels = Labels(["a", "b"], rows)
    arguments = {
        "list of values": (["a", "b"], [[0, 1]]),
        "float values": (["a", "b"], rows.astype(float)),
        "complex values": (["a", "b"], rows.astype(complex)),
        "text values": (["a"], np.array([["x"]])),
        "1-D": (["a"], rows[0]),
        "3-D": (["a", "b"], rows[None]),
        "too many names": (["a", "b", "c"], rows),
        "too few names": (["a"], rows),
        "name is a number": (["a", 3], rows),
        "names are a number": (3, rows),
        "names are None": (None, rows),
        "repeated names": (["a", "a"], rows),
        "empty name": (["a", ""], rows),
        "invalid name": (["a", "1b"], rows),
        "unicode name": (["a", "é"], rows),
        "name with a space": (["a", "b c"], rows),
        "repeated rows": (["a", "b"], rows[[0, 0]]),
        "torch floats": (["a", "b"], torch.zeros(2, 2)),
        "torch bools": (["a", "b"], torch.zeros(1, 2, dtype=torch.bool)),
        "torch requires_grad": (["a", "b"], torch.zeros(2, 2, requires_grad=True)),
        "numpy bools": (["a", "b"], rows > 1),
        "uint64": (["a", "b"], rows.astype(np.uint64)),
        "int8": (["a", "b"], rows.astype(np.int8)),
        "large int64": (["a", "b"], rows.astype(np.int64) + 2**33),
        "empty floats": (["a", "b"], np.zeros((0, 3))),
        "empty 1-D": (["a", "b"], np.zeros(0)),
        "empty torch": (["a", "b"], torch.zeros(0)),
        "one name as text": ("ab", rows[:, :1]),
        "no names": ([], np.zeros((0, 0))),
        "no names, one row": ([], np.zeros((1, 0), dtype=np.int32)),
        "tuple of names": (("a", "b"), rows),
        "Fortran order": (["a", "b"], np.asfortranarray(rows)),
        "strided": (["a"], rows[::-1, ::2]),
        "None": (["a"], None),
    }
    for name, args in arguments.items():
        yield f"constructor {name}", partial(Labels, *args)
    yield "assume_unique", partial(Labels, ["a", "b"], rows[[0, 0]], assume_unique=True)
    yield "single", Labels.single
    yield "empty", partial(Labels.empty, ["a", "b"])
    yield "empty text", partial(Labels.empty, "abc")
    for end in (3, 0, -2):
        yield f"range {end}", partial(Labels.range, "a", end)
    yield "range without name", partial(Labels.range, 3, 3)
    for index in (0, -1, 5, -5, "a", "c", 1.0, None, [0], (0,), slice(1), np.int64(1), np.uint8(1)):
        yield f"[{index!r}]", partial(labels.__getitem__, index)
    for index in (0, -1, 5, "a"):
        yield f"entry {index!r}", partial(labels.entry, index)
    for entry in ((0, 1), [2, 3], (0, 5), (0,), (0, 1, 2), (0.5, 1), "ab", (2**40, 1), labels[0]):
        yield f"position {entry!r}", partial(labels.position, entry)
    other_names = Labels(["b", "a"], rows)
    for method in ("union", "intersection", "difference", "select"):
        yield f"{method} other names", partial(getattr(labels, method), other_names)
        yield f"{method} empty other", partial(getattr(labels, method), Labels.empty(["c"]))
    for other in (3, None, "a", rows):
        yield f"== {type(other).__name__}", partial(labels.__eq__, other)
    yield "hash", partial(hash, labels)
    yield "assign values", partial(labels.values.__setitem__, (0, 0), 3)
    yield "column 0", partial(labels.column, 0)
    column = np.array([7, 8])
    yield "append", partial(labels.append, "a", column)
    yield "insert list", partial(labels.insert, 0, "c", [1, 2])
    yield "insert short", partial(labels.insert, 0, "c", column[:1])
    yield "insert 2-D", partial(labels.insert, 0, "c", column[None])
    yield "insert beyond", partial(labels.insert, 5, "c", column)
    yield "insert before beyond", partial(labels.insert, -5, "c", column)
    yield "insert invalid name", partial(labels.insert, 0, "c c", column)
    yield "remove to repeated", partial(Labels(["a", "b"], rows * [[0, 1]]).remove, "b")
    yield "remove the last", partial(Labels.range("a", 1).remove, "a")
    yield "permute short", partial(labels.permute, [0])
    yield "permute out", partial(labels.permute, [0, 4])
    yield "permute negative", partial(labels.permute, [-1, 0])
    yield "to dtype", partial(labels.to, np.int32)
    yield "to dtype keyword", partial(labels.to, dtype=np.int32)
    yield "to backend", partial(labels.to, arrays="unknown")
    yield "to device", partial(labels.to, "cuda:0")
    yield "to cpu twice", partial(labels.to, "cpu", device="cpu")
    yield "to a list", partial(labels.to, [])
    entry = labels[0]
    for index in (0, -1, 2, "a", "c", 0.5, (0,), [0]):
        yield f"entry[{index!r}]", partial(entry.__getitem__, index)
    yield "entry == entry", partial(entry.__eq__, labels[0])
    yield "entry == other", partial(entry.__eq__, labels[1])
    yield "entry == tuple", partial(entry.__eq__, (0, 1))
    yield "entry hash", partial(hash, entry)
    yield "entry tuple", lambda: [int(value) for value in entry]
    yield "LabelsEntry", partial(LabelsEntry, ["a", "b"], rows[0])
    yield "LabelsEntry floats", partial(LabelsEntry, ["a", "b"], rows[0].astype(float))
    yield "LabelsEntry 2-D", partial(LabelsEntry, ["a", "b"], rows)
    yield "LabelsEntry list", partial(LabelsEntry, ["a", "b"], [0, 1])


def _block(values: Any = None, **axes: Any) -> TensorBlock:
    values = np.ones((2, 3, 1)) if values is None else values
    given = {
        "samples": Labels.range("s", 2),
        "components": [Labels.range("c", 3)],
        "properties": Labels.range("p", 1),
        **axes,
    }
    return TensorBlock(values, **given)


def _map_of(*blocks: dict[str, Any]) -> TensorMap:
    return TensorMap(Labels.range("k", len(blocks)), [_block(**axes) for axes in blocks])


def _with_gradient(**changes: Any) -> TensorBlock:
    block = _block()
    given: dict[str, Any] = {
        "values": np.ones((1, 3, 1)),
        "samples": Labels(["sample"], np.array([[1]])),
        **changes,
    }
    parameter = given.pop("parameter", "g")
    block.add_gradient(parameter, _block(**given))
    return block


def wrong_blocks() -> Iterator[Call]:
    for name, values in {
        "list": [[1.0]],
        "None": None.__class__,
        "1-D": np.ones(2),
        "2-D": np.ones((2, 1)),
        "4-D": np.ones((2, 3, 1, 1)),
        "other shape": np.ones((2, 3, 2)),
        "other components": np.ones((2, 4, 1)),
        "Fortran order": np.asfortranarray(np.ones((2, 3, 1))),
        "torch": torch.ones(2, 3, 1),
        "torch bfloat16": torch.ones(2, 3, 1, dtype=torch.bfloat16),
        "text": np.full((2, 3, 1), "x"),
        "datetime": np.zeros((2, 3, 1), dtype="datetime64[s]"),
        "objects": np.full((2, 3, 1), None),
        "booleans": np.ones((2, 3, 1), dtype=bool),
    }.items():
        yield f"values {name}", partial(_block, values)
        yield f"map of values {name}", partial(_map_of, {"values": values})
    for name, axes in {
        "samples array": {"samples": np.zeros((2, 1))},
        "properties None": {"properties": None},
        "components Labels": {"components": Labels.range("c", 3)},
        "components list of arrays": {"components": [np.zeros((3, 1))]},
        "components tuple": {"components": (Labels.range("c", 3),)},
        "component with two dimensions": {
            "components": [Labels(["c", "d"], np.array([[0, 0], [1, 1], [2, 2]]))]
        },
        "same name for all": {"samples": Labels.range("p", 2)},
        "same name as the component": {"samples": Labels.range("c", 2)},
        "no components": {"components": []},
    }.items():
        yield name, partial(_block, **axes)
    yield (
        "component without entries",
        partial(_block, np.ones((2, 0, 1)), components=[Labels.empty(["c"])]),
    )
    yield (
        "components with one name",
        partial(_block, np.ones((2, 3, 3, 1)), components=[Labels.range("c", 3)] * 2),
    )
    yield "empty samples", partial(_block, np.ones((0, 3, 1)), samples=Labels.empty(["s"]))

    extra = [Labels.range("xyz", 2), Labels.range("c", 3)]
    for name, changes in {
        "as it should be": {},
        "other dtype": {"values": np.ones((1, 3, 1), dtype=np.float32)},
        "other backend": {"values": torch.ones(1, 3, 1, dtype=torch.float64)},
        "first name": {"samples": Labels(["s"], np.array([[1]]))},
        "sample too large": {"samples": Labels(["sample"], np.array([[2]]))},
        "sample negative": {"samples": Labels(["sample"], np.array([[-1]]))},
        "more dimensions": {"samples": Labels(["sample", "x"], np.array([[1, 5]]))},
        "other properties": {"properties": Labels(["p"], np.array([[1]]))},
        "extra components": {"values": np.ones((1, 2, 3, 1)), "components": extra},
        "extra components last": {"values": np.ones((1, 3, 2, 1)), "components": extra[::-1]},
        "missing components": {"values": np.ones((1, 1)), "components": []},
        "empty": {"values": np.ones((0, 3, 1)), "samples": Labels.empty(["sample"])},
        "parameter without letters": {"parameter": ""},
        "parameter path": {"parameter": "a/b c-é"},
        "parameter not text": {"parameter": 3},
    }.items():
        yield f"gradient {name}", partial(_with_gradient, **changes)

    yield "gradient again", lambda: _with_gradient().add_gradient("g", _with_gradient())
    yield "gradient array", lambda: _block().add_gradient("g", np.ones((1, 3, 1)))
    moved = _block()
    _with = TensorMap(Labels.single(), [moved])
    yield "moved values", lambda: moved.values
    yield "moved shape", lambda: moved.shape
    yield "moved samples", lambda: moved.samples
    yield "moved repr", partial(repr, moved)
    yield "moved copy", moved.copy
    yield "moved is_view", lambda: moved.is_view
    yield "moved gradients_list", moved.gradients_list
    yield "moved again", partial(TensorMap, Labels.single(), [moved])
    yield "moved as a gradient", partial(_block().add_gradient, "g", moved)
    yield "view into a map", partial(TensorMap, Labels.single(), [_with.block(0)])
    yield "to unknown backend", partial(_block().to, arrays="unknown")
    yield "to dtype twice", partial(_block().to, np.float32, dtype=np.float64)
    yield "to text", partial(_block().to, "float32")
    yield "to torch dtype", partial(_block().to, torch.float32)
    yield "to number", partial(_block().to, 3)
    yield "to float", partial(_block().to, float)
    yield "hash", partial(hash, _block())
    yield "block + 1", lambda: _block() + 1
    yield "block == block", lambda: _block() == _block()
    yield "block == 3", lambda: _block() == 3


def wrong_maps() -> Iterator[Call]:
    two = Labels.range("k", 2)
    yield "keys array", lambda: TensorMap(np.zeros((1, 1)), [_block()])
    yield "block array", lambda: TensorMap(Labels.single(), [np.zeros((1, 1))])
    yield "one block", lambda: TensorMap(Labels.single(), _block())
    yield "too few blocks", lambda: TensorMap(two, [_block()])
    yield "too many blocks", lambda: TensorMap(Labels.single(), [_block(), _block()])
    yield "no blocks", lambda: TensorMap(Labels.empty(["k"]), [])
    yield "keys without names", lambda: TensorMap(Labels([], np.zeros((0, 0))), [])
    for name, other in {
        "equal": {},
        "sample names": {"samples": Labels.range("t", 2)},
        "property names": {"properties": Labels.range("q", 1)},
        "property entries": {"properties": Labels(["p"], np.array([[5]]))},
        "component names": {"components": [Labels.range("d", 3)]},
        "component entries": {"components": [Labels(["c"], np.array([[3], [4], [5]]))]},
        "dtype": {"values": np.ones((2, 3, 1), dtype=np.float32)},
        "backend": {"values": torch.ones(2, 3, 1, dtype=torch.float64)},
    }.items():
        yield f"two blocks, {name}", partial(_map_of, {}, other)
    block = _block()
    yield "twice the same block", partial(TensorMap, two, [block, block])
    yield "gradient in one block", lambda: TensorMap(two, [_block(), _with_gradient()])
    tensor = TensorMap(two, [_block(), _block()])
    yield "block without selection", tensor.block
    yield "block_by_id 2", partial(tensor.block_by_id, 2)
    yield "block_by_id text", partial(tensor.block_by_id, "0")
    yield "info empty value", lambda: [tensor.set_info("a", ""), tensor.get_info("a")][1:]
    yield "info unicode", lambda: [tensor.set_info("é", "ü\n"), tensor.get_info("é")][1:]
    yield "set_info number", partial(tensor.set_info, "a", 3)
    for method in ("keys_to_samples", "keys_to_properties", "components_to_properties"):
        for name, argument in {"number": 3, "list of numbers": [3], "None": None}.items():
            yield f"{method} {name}", partial(getattr(tensor, method), argument)
    for fill in ("a", [1, 2], None, 1j):
        yield f"fill_value {fill!r}", partial(tensor.keys_to_samples, "k", fill_value=fill)
    yield (
        "keys_to_samples same name",
        lambda: TensorMap(Labels.range("s", 2), [_block(), _block()]).keys_to_samples("s"),
    )
    yield (
        "other components",
        lambda: TensorMap(
            two, [_block(), _block(components=[Labels(["c"], np.array([[3], [4], [5]]))])]
        ).keys_to_samples("k"),
    )
    released = TensorMap(Labels.single(), [_block()])
    released.release()
    yield "released release", released.release
    yield "released keys", lambda: released.keys
    yield "released len", partial(len, released)


def conversions() -> Iterator[Call]:
    """Values of every type through ``to`` and ``keys_to_properties``."""
    kinds = ["bool", "complex64", "complex128", "float16", "float32", "float64"]
    kinds += [f"{sign}int{size}" for sign in ("", "u") for size in (8, 16, 32, 64)]
    for kind in kinds:
        plan = draw_map(np.random.default_rng(7), kind, "gradients")
        tensor = flavour("numpy").map(plan)
        yield f"{kind}", partial(flavour("numpy").map, plan)
        yield f"{kind} copy", tensor.copy
        yield f"{kind} keys_to_properties", partial(tensor.keys_to_properties, plan.keys.names)
        yield (
            f"{kind} keys_to_samples fill",
            partial(tensor.keys_to_samples, plan.keys.names, fill_value=1),
        )
        yield f"{kind} to float64", partial(tensor.to, np.float64)
        yield f"{kind} to torch", partial(tensor.to, arrays="torch")


def names_of_the_package() -> Iterator[Call]:
    yield "__all__", lambda: sorted(metatensor.__all__)
    yield "unknown", lambda: metatensor.unknown
    for name in ("torch", "operations", "learn", "io", "utils", "_c_api", "_data", "_status"):
        yield f"hasattr {name}", partial(hasattr, metatensor, name)
    for kind in (Labels, LabelsEntry, TensorBlock, TensorMap, metatensor.MetatensorError):
        yield f"text of {kind.__name__}", partial(str, kind)
    error = metatensor.MetatensorError("message", 3)
    yield "MetatensorError", lambda: [str(error), error.message, error.status, len(error.args)]
    yield "DeviceWarning", lambda: issubclass(metatensor.DeviceWarning, Warning)
