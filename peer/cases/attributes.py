"""Objects in attributes of compiled modules, declared in all ways; and objects in pickles."""

import copy
import pickle
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import torch
from random_maps import draw_map, flavour
from record import Record

from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap

NAMES = ("labels", "maybe", "nothing", "blocks", "named", "numbered", "pair", "nested", "empty")


class Attributes(torch.nn.Module):
    """
    Data in attributes that are not registered. With the helper buffer, this is what older versions
    exported: everything moves with the module.
    """

    maybe: Optional[TensorMap]
    nothing: Optional[Labels]
    blocks: List[TensorBlock]
    named: Dict[str, TensorMap]
    numbered: Dict[int, Labels]
    pair: Tuple[Labels, int]
    nested: Dict[str, List[Tuple[TensorBlock, Labels]]]
    empty: List[TensorMap]

    def __init__(self, labels: Labels, block: TensorBlock, tensor: TensorMap, helper: bool):
        super().__init__()
        if helper:
            self.register_buffer("_mts_helper", torch.zeros(0))
        self.labels = labels
        self.maybe = tensor
        self.nothing = None
        self.blocks = [block, block]
        self.named = {"a": tensor, "b": tensor}
        self.numbered = {-3: labels}
        self.pair = (labels, 5)
        self.nested = {"x": [(block, labels), (block, labels)], "y": []}
        self.empty = []

    def forward(self, which: str) -> Tuple[Optional[TensorMap], List[TensorBlock], int]:
        count = len(self.labels) + len(self.numbered[-3]) + len(self.pair[0]) + self.pair[1]
        blocks = self.blocks
        for block, labels in self.nested["x"]:
            blocks = blocks + [block.copy()]
            count += len(labels)
        if self.nothing is None and which in self.named and len(self.empty) == 0:
            return self.named[which], blocks, count
        return self.maybe, blocks, count


class Entry(torch.nn.Module):
    """Entries of labels can be used in compiled code, but have no stored form."""

    def __init__(self, entry: LabelsEntry):
        super().__init__()
        self.entry = entry

    def forward(self, name: str) -> int:
        return self.entry[name]


def run(record: Record, here: Path) -> None:
    labels, block, tensor = _data()
    for name, helper in (("plain", False), ("older", True)):
        module = torch.jit.script(Attributes(labels, block, tensor, helper))
        module.save(here / f"attributes-{name}.pt")
        _record_module(record, name, module)

    entry = torch.jit.script(Entry(labels[0]))
    record.call("attributes: entry", entry, labels.names[0])
    record.call("attributes: entry saved", entry.save, here / "entry.pt")

    objects = {"labels": labels, "block": block, "maps": [tensor, tensor], "none": None}
    torch.save(objects, here / "objects.pt")
    (here / "objects.pickle").write_bytes(pickle.dumps(objects))
    _record_objects(record, here)


def exchange(record: Record, other: Path) -> None:
    for name in ("plain", "older"):
        _record_module(record, name, torch.jit.load(other / f"attributes-{name}.pt"))
    _record_objects(record, other)


def _data() -> tuple[Labels, TensorBlock, TensorMap]:
    script = flavour("script")
    plan = draw_map(np.random.default_rng(13), "float64", "nested", "components")
    return script.labels(plan.blocks[0].samples), script.block(plan.blocks[0]), script.map(plan)


def _record_module(record: Record, name: str, module: Any) -> None:
    record.call(f"attributes {name}: forward", module, "a")
    record.call(f"attributes {name}: forward, other map", module, "c")
    record.call(f"attributes {name}: all", _attributes, module)
    record.call(f"attributes {name}: copied", lambda: _attributes(copy.deepcopy(module)))
    for dtype in (torch.float32, torch.float64):
        record.call(f"attributes {name}: to {dtype}", _move, module, dtype)
        record.call(f"attributes {name}: forward in {dtype}", module, "a")
        record.call(f"attributes {name}: all in {dtype}", _attributes, module)


def _move(module: Any, dtype: torch.dtype) -> bool:
    return module.to(dtype) is module


def _attributes(module: Any) -> list[Any]:
    return [getattr(module, name) for name in NAMES]


def _record_objects(record: Record, folder: Path) -> None:
    record.call("objects: torch.load", torch.load, folder / "objects.pt", weights_only=False)
    record.call("objects: torch.load, weights only", torch.load, folder / "objects.pt")
    record.call("objects: pickle", lambda: pickle.loads((folder / "objects.pickle").read_bytes()))
