"""
Reading the ``.mts`` format with NumPy and the standard library.

This reads the files written by libmetatensor, and those written with NumPy.
"""

import json
import os
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from .._block import TensorBlock
from .._c_api import mts_status_t
from .._labels import Labels
from .._status import MetatensorError
from .._tensor import TensorMap

_Loaded = TypeVar("_Loaded", TensorBlock, TensorMap)

#: function to use instead, and what to load with it, for each member that shows the kind of an
#: archive
_KINDS = {
    "keys.npy": ("load", "TensorMap"),
    "values.npy": ("load_block", "TensorBlock"),
}

_NPY_MAGIC = b"\x93NUMPY"


class _Archive:
    """The members of an archive of ``.npy`` files."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self.names = archive.namelist()
        self._gradients = self._find_gradients()

    def array(self, name: str) -> np.ndarray:
        """Read the array in the member ``name``."""
        with self._archive.open(f"{name}.npy") as member:
            array = np.lib.format.read_array(member, allow_pickle=False)
            if member.read(1):
                raise ValueError(f"there are unexpected bytes at the end of '{name}.npy'")
            return array

    def labels(self, name: str) -> Labels:
        """Read the labels in the member ``name``."""
        array = self.array(name)
        names = array.dtype.names
        if names is None or array.ndim != 1:
            raise ValueError(f"'{name}.npy' does not contain labels")
        if any(array.dtype[field] not in ("<i4", ">i4") for field in names):
            raise ValueError(f"the labels in '{name}.npy' are not 32-bit integers")
        values = np.empty((len(array), len(names)), dtype=np.int32)
        for i, field in enumerate(names):
            values[:, i] = array[field]
        return Labels(list(names), values)

    def info(self) -> dict[str, str]:
        """Read the global information of a tensor map."""
        if "info.json" not in self.names:
            return {}
        info = json.loads(self._archive.read("info.json"))
        if not isinstance(info, dict) or any(not isinstance(v, str) for v in info.values()):
            raise ValueError("'info.json' should contain an object with strings only")
        return info

    def gradients(self, prefix: str) -> list[str]:
        """Parameters of the gradients of the block with members ``{prefix}...``"""
        return list(self._gradients[prefix])

    def _find_gradients(self) -> dict[str, dict[str, None]]:
        # the inner dictionaries are ordered sets
        gradients: dict[str, dict[str, None]] = defaultdict(dict)
        for name in self.names:
            *path, last = name.split("/")
            if last != "samples.npy":
                continue
            for i, element in enumerate(path[:-1]):
                if element == "gradients":
                    prefix = "".join(f"{parent}/" for parent in path[:i])
                    gradients[prefix][path[i + 1]] = None
        return gradients


def load_tensor(file: str | Path | BinaryIO) -> TensorMap:
    """Read a tensor map from a file."""
    return _load(file, _read_tensor, "TensorMap")


def load_block(file: str | Path | BinaryIO) -> TensorBlock:
    """Read a block from a file."""
    return _load(file, lambda archive: _read_block(archive, ""), "TensorBlock")


def _load(file: str | Path | BinaryIO, read: Callable[[_Archive], _Loaded], kind: str) -> _Loaded:
    """
    Open the archive, and read it with ``read``. Everything that the standard library and NumPy can
    raise for a wrong content becomes the error that libmetatensor would give.
    """
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened:
            return _load(opened, read, kind)

    names: list[str] = []
    try:
        with zipfile.ZipFile(file) as opened_archive:
            names = opened_archive.namelist()
            return read(_Archive(opened_archive))
    except (
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise MetatensorError(
            "serialization format error: could not load "
            f"{kind} from {_describe(file)}: {error}{_hint(file, names, kind)}",
            mts_status_t.MTS_SERIALIZATION_ERROR,
        ) from error


def _describe(file: BinaryIO) -> str:
    name = getattr(file, "name", None)
    return "a buffer" if name is None else f"'{name}'"


def _hint(file: BinaryIO, names: list[str], kind: str) -> str:
    """The function to use instead, if the content is recognized as another kind of object."""
    suffix = "" if hasattr(file, "name") else "_buffer"
    for member, (function, found) in _KINDS.items():
        if member in names and found != kind:
            return f"; use `{function}{suffix}` to load {found}"
    file.seek(0)
    if file.read(len(_NPY_MAGIC)) == _NPY_MAGIC:
        return f"; use `load_labels{suffix}` to load Labels"
    return ""


def _read_tensor(archive: _Archive) -> TensorMap:
    keys = archive.labels("keys")
    blocks = [_read_block(archive, f"blocks/{i}/") for i in range(len(keys))]
    tensor = TensorMap(keys, blocks)
    for key, value in archive.info().items():
        tensor.set_info(key, value)
    return tensor


def _read_block(archive: _Archive, prefix: str, properties: Labels | None = None) -> TensorBlock:
    """``properties`` are those of the parent for gradients, ``None`` for blocks"""
    values = archive.array(f"{prefix}values")
    samples = archive.labels(f"{prefix}samples")
    components = [archive.labels(f"{prefix}components/{i}") for i in range(values.ndim - 2)]
    if properties is None:
        properties = archive.labels(f"{prefix}properties")

    block = TensorBlock(values, samples, components, properties)
    for parameter in archive.gradients(prefix):
        gradient = _read_block(archive, f"{prefix}gradients/{parameter}/", properties)
        block.add_gradient(parameter, gradient)
    return block
