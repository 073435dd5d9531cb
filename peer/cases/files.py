"""Files: compared byte by byte; then those of the other side, read and written again."""

import io
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from random_maps import LabelsPlan, MapPlan, draw_map, draw_values, flavour
from record import Record

import metatensor
from metatensor.io import (
    create_numpy_array,
    create_torch_array,
    load_block_buffer,
    load_block_custom_array,
    load_buffer,
    load_custom_array,
    load_labels_buffer,
    save_buffer,
)

DTYPES = ["bool", "float16", "float32", "float64", "complex64", "complex128"]
DTYPES += [f"{sign}int{size}" for sign in ("", "u") for size in (8, 16, 32, 64)]
TRAITS = [
    (),
    ("components",),
    ("gradients",),
    ("nested", "components"),
    ("no-samples", "gradients"),
    ("no-properties", "components"),
    ("no-blocks",),
    ("gradients", "sparse"),
]
MAPS_PER_GROUP = 2
INT32 = np.iinfo(np.int32)


def plans() -> Iterator[tuple[str, MapPlan]]:
    """More than 200 maps: all types of numbers with all traits, and some unusual ones."""
    for dtype in DTYPES:
        for traits in TRAITS:
            for seed in range(MAPS_PER_GROUP):
                rng = np.random.default_rng([seed, len(dtype), TRAITS.index(traits)])
                plan = draw_map(rng, dtype, *traits)
                info = {"a": 'quote " \\ \n\t', "b": " "} if seed else {}
                name = f"{dtype}-{'+'.join(traits) or 'plain'}-{seed}"
                yield name, MapPlan(plan.keys, plan.blocks, info)

    rng = np.random.default_rng(3)
    keys = LabelsPlan(["i"], np.arange(500, dtype=np.int32).reshape(-1, 1))
    one = draw_map(rng, "float64", "gradients").blocks[0]
    yield "many-blocks", MapPlan(keys, [one] * 500)
    one_key = LabelsPlan(["k"], keys.values[:1])
    yield "info-unicode", MapPlan(one_key, [one], {"é \u4e2d": "\U0001f600"})
    yield "info-unsorted", MapPlan(one_key, [one], {"b": "1", "a": "2"})


def labels_plans() -> Iterator[tuple[str, LabelsPlan]]:
    rng = np.random.default_rng(4)
    for dimensions in (1, 2, 5, 40):
        for count in (0, 1, 17):
            names = [f"dimension_{i}" for i in range(dimensions)]
            values = rng.integers(INT32.min, INT32.max, size=(count, dimensions), endpoint=True)
            yield f"{dimensions}-dimensions-{count}", LabelsPlan(names, values.astype(np.int32))
    extremes = np.array([[INT32.min, INT32.max], [INT32.max, INT32.min], [0, -1]], dtype=np.int32)
    yield "extremes", LabelsPlan(["a", "b" * 300], extremes)


def run(record: Record, here: Path) -> None:
    numpy = flavour("numpy")
    for name, plan in plans():
        tensor = numpy.map(plan)
        metatensor.save(here / f"{name}.mts", tensor)
        record.value(f"{name}: bytes", (here / f"{name}.mts").read_bytes())
        record.call(f"{name}: buffer", save_buffer, tensor)
        record.call(f"{name}: numpy writer", _archive_content, save_buffer(tensor, use_numpy=True))
        (here / f"{name}.numpy.mts").write_bytes(save_buffer(tensor, use_numpy=True))
        _write_deflated(here / f"{name}.mts", here / f"{name}.deflated.mts")
        if plan.blocks:
            block = tensor.block_by_id(0).copy()
            metatensor.save(here / f"{name}.block.mts", block)
            record.value(f"{name}: bytes of a block", (here / f"{name}.block.mts").read_bytes())
    for name, plan in labels_plans():
        metatensor.save(here / f"{name}.labels.mts", numpy.labels(plan))
        record.value(f"{name}: bytes", (here / f"{name}.labels.mts").read_bytes())
    _record_unusual_arrays(record)


def exchange(record: Record, here: Path, other: Path) -> None:
    for path in sorted(other.glob("*.mts")):
        for name, call in _readers(path):
            record.call(f"{path.name}: {name}", call)


def _readers(path: Path) -> Iterator[tuple[str, Callable[[], Any]]]:
    data = path.read_bytes()
    kinds = path.suffixes
    if ".labels" in kinds:
        yield "load", partial(metatensor.load_labels, path)
        yield "load buffer", partial(load_labels_buffer, data)
        yield "same bytes", lambda: bytes(save_buffer(metatensor.load_labels(path))) == data
        yield "as a map", partial(metatensor.load, path)
        return
    if ".block" in kinds:
        yield "load", partial(metatensor.load_block, path)
        yield "load use_numpy", partial(metatensor.load_block, path, use_numpy=True)
        yield "load buffer", partial(load_block_buffer, data)
        yield "same bytes", lambda: bytes(save_buffer(metatensor.load_block(path))) == data
        yield "torch arrays", partial(load_block_custom_array, path, create_torch_array)
        yield "as labels", partial(metatensor.load_labels, path)
        return
    yield "load", partial(metatensor.load, path)
    yield "load use_numpy", partial(metatensor.load, path, use_numpy=True)
    yield "load buffer", partial(load_buffer, bytearray(data))
    yield "load file object", lambda: metatensor.load(io.BytesIO(data))
    yield "as a block", partial(metatensor.load_block, path)
    yield "torch arrays", partial(load_custom_array, path, create_torch_array)
    yield "numpy arrays", partial(load_custom_array, path, create_numpy_array)
    if ".numpy" not in kinds and ".deflated" not in kinds:
        yield "same bytes", lambda: bytes(save_buffer(metatensor.load(path))) == data


def _archive_content(buffer: memoryview) -> list[Any]:
    """Names and content of the members, without dates; and the size of the archive."""
    with zipfile.ZipFile(io.BytesIO(buffer)) as archive:
        return [len(buffer), [[name, archive.read(name)] for name in archive.namelist()]]


def _write_deflated(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as stored:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as deflated:
            for name in stored.namelist():
                deflated.writestr(name, stored.read(name))


def _record_unusual_arrays(record: Record) -> None:
    """Arrays which are not contiguous, not native, from torch, or of types that have no format."""
    values = draw_values(np.random.default_rng(5), [4, 6], "float64")
    arrays = {
        "Fortran order": np.asfortranarray(values),
        "strided": values[::2, ::-1],
        "transposed": values.T,
        "read-only": np.broadcast_to(values, values.shape),
        "byte-swapped": values.astype(">f8"),
        "long double": values.astype(np.longdouble),
        "torch": torch.from_numpy(values),
        "torch transposed": torch.from_numpy(values).T,
        "torch bfloat16": torch.from_numpy(values).to(torch.bfloat16),
        "torch requires_grad": torch.from_numpy(values).requires_grad_(True),
        "torch conjugate": torch.from_numpy(values + 1j * values).conj(),
    }
    for name, array in arrays.items():
        block = metatensor.block_from_array(array)
        record.call(f"saving {name}", save_buffer, block)
        record.call(f"saving {name}, numpy writer", _save_as_members, block)


def _save_as_members(block: Any) -> list[Any]:
    return _archive_content(save_buffer(block, use_numpy=True))
