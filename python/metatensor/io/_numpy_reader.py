"""
Reading the ``.mts`` format with NumPy and the standard library.

This reads the files written by libmetatensor, and those written with NumPy.
"""

import bisect
import itertools
import json
import math
import os
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO, TypeVar

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
_NPY_VERSIONS = ((1, 0), (2, 0), (3, 0))

_CHUNK_BYTES = 2**20

#: bytes before the name of a member in an archive
_LOCAL_HEADER_SIZE = 30

#: the best that DEFLATE can do
_MAX_COMPRESSION_RATIO = 1032

#: blocks can not have more levels of gradients of gradients
_MAX_GRADIENT_LEVEL = 64


class _Archive:
    """The members of an archive of ``.npy`` files."""

    def __init__(self, archive: zipfile.ZipFile, size: int):
        """``size``: number of bytes of the archive"""
        self._archive = archive
        self._max_member_size = size * _MAX_COMPRESSION_RATIO
        self._positions = {name: i for i, name in enumerate(archive.namelist())}
        self._sorted_names = sorted(self._positions)
        self._check_overlaps()

    def array(self, name: str) -> np.ndarray:
        """Read the array in the member ``name``."""
        info = self._archive.getinfo(f"{name}.npy")
        with self._archive.open(info) as member:
            shape, fortran_order, dtype = self._read_header(member, info)
            # unlike `np.empty`, this never replaces types with elements of zero bytes
            array = np.ndarray(shape, dtype, order="F" if fortran_order else "C")
            if array.nbytes > 0:
                _read_into(member, array.reshape(-1, order="A").view(np.uint8))
            if member.read(1):
                raise ValueError(f"there are unexpected bytes at the end of '{info.filename}'")
        # any byte other than zero is true in files, but not in memory
        return array.view(np.uint8) != 0 if array.dtype == bool else array

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
        if "info.json" not in self._positions:
            return {}
        info = json.loads(self._archive.read("info.json"))
        if not isinstance(info, dict) or any(not isinstance(v, str) for v in info.values()):
            raise ValueError("'info.json' should contain an object with strings only")
        return info

    def gradients(self, prefix: str) -> list[str]:
        """Parameters of the gradients of the block with members ``{prefix}...``"""
        start = f"{prefix}gradients/"
        first = bisect.bisect_left(self._sorted_names, start)
        positions: dict[str, int] = {}
        for name in itertools.islice(self._sorted_names, first, None):
            if not name.startswith(start):
                break
            parameter, slash, _ = name[len(start) :].partition("/")
            if slash and name.endswith("/samples.npy"):
                position = self._positions[name]
                positions[parameter] = min(position, positions.get(parameter, position))
        return sorted(positions, key=positions.__getitem__)

    def _check_overlaps(self) -> None:
        """Members that share their data can expand a small archive to any size."""
        members = sorted(self._archive.infolist(), key=lambda info: info.header_offset)
        for member, following in itertools.pairwise(members):
            end = member.header_offset + _LOCAL_HEADER_SIZE + member.compress_size
            if end > following.header_offset:
                raise ValueError(f"'{member.filename}' and '{following.filename}' overlap")

    def _read_header(
        self, member: IO[bytes], info: zipfile.ZipInfo
    ) -> tuple[tuple[int, ...], bool, np.dtype]:
        """Shape, order and type of an array, after checking that there is enough data for it."""
        version = np.lib.format.read_magic(member)
        if version not in _NPY_VERSIONS:
            raise ValueError(f"unknown version {version} of the NPY format in '{info.filename}'")
        if version == (1, 0):
            read_header = np.lib.format.read_array_header_1_0
        else:
            # versions 2.0 and 3.0 only differ by the encoding of names
            read_header = np.lib.format.read_array_header_2_0
        try:
            shape, fortran_order, dtype = read_header(member)
        except Exception as error:
            # the parsers of Python have exceptions of their own, for syntax, complexity...
            raise ValueError(f"the header of '{info.filename}' is not valid: {error}") from error

        if any(type(size) is not int or size < 0 for size in shape):
            raise ValueError(f"the shape of '{info.filename}' is not valid: {shape}")
        if dtype.hasobject:
            raise ValueError(f"'{info.filename}' contains Python objects, which are not loaded")
        available = min(info.file_size, self._max_member_size)
        size = math.prod(shape) * dtype.itemsize
        if size > available:
            raise ValueError(
                f"'{info.filename}' has at most {available} bytes, but its shape {shape} needs "
                f"{size} bytes"
            )
        return shape, fortran_order, dtype


def _read_into(member: IO[bytes], content: np.ndarray) -> None:
    """Fill an array of bytes, without having all of them twice in memory."""
    for start in range(0, len(content), _CHUNK_BYTES):
        chunk = content[start : start + _CHUNK_BYTES]
        data = member.read(len(chunk))
        if len(data) != len(chunk):
            raise EOFError("the data ends too early")
        chunk[:] = np.frombuffer(data, np.uint8)


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
            return read(_Archive(opened_archive, file.seek(0, os.SEEK_END)))
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


def _read_block(
    archive: _Archive, prefix: str, properties: Labels | None = None, level: int = 0
) -> TensorBlock:
    """``properties`` are those of the parent for gradients, ``None`` for blocks"""
    if level > _MAX_GRADIENT_LEVEL:
        raise ValueError(f"there are more than {_MAX_GRADIENT_LEVEL} levels of gradients")
    values = archive.array(f"{prefix}values")
    samples = archive.labels(f"{prefix}samples")
    components = [archive.labels(f"{prefix}components/{i}") for i in range(values.ndim - 2)]
    if properties is None:
        properties = archive.labels(f"{prefix}properties")

    block = TensorBlock(values, samples, components, properties)
    for parameter in archive.gradients(prefix):
        path = f"{prefix}gradients/{parameter}/"
        block.add_gradient(parameter, _read_block(archive, path, properties, level + 1))
    return block
