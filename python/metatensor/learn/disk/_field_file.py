"""The file with all the samples of one field, to which chunks are added."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from .._backend import Labels, TensorMap
from ._archive import GrowingArchive, members_of
from ._chunk import CHUNK, Chunk, chunk_member
from ._files import Modification
from ._reader import FieldReader

_KEYS = "keys.npy"
_INFO = "info.json"
_BLOCKS = "blocks/"


class FieldFile:
    """
    What has to be known about a file to add something to it.

    :param path: the file
    :param existing: what is in the file, if it already exists
    """

    def __init__(self, path: Path, existing: FieldReader | None = None) -> None:
        self._path = path
        # keys of all the blocks, as in the file
        self._names: list[str] = []
        self._keys = np.zeros((0, 0), dtype=np.int32)
        self._archive = GrowingArchive()
        if existing is not None:
            self._names = existing.file_keys.names
            self._keys = existing.file_keys.values
            self._archive = GrowingArchive.read(path, first_of_tail=_KEYS)
        self._prepared = (self._names, self._keys, self._archive)

    def prepare(self, tensor: TensorMap, number: int, chunk: Chunk) -> Modification:
        """
        Prepare the addition of a chunk. :py:meth:`commit` must be called when the file is modified.

        :param tensor: all the samples of the chunk, joined
        :param number: position of the chunk in the data set
        :param chunk: description of the chunk
        """
        names = [*tensor.keys.names, CHUNK]
        rows = np.asarray(tensor.keys.values)
        rows = np.concatenate([rows, np.full((len(rows), 1), number, rows.dtype)], axis=1)
        keys = np.concatenate([self._keys, rows]) if len(self._keys) != 0 else rows
        all_keys = Labels(names, torch.from_numpy(keys))
        tail = {_KEYS: _bytes(all_keys.save_buffer())}
        members = _added_members(tensor, first_block=len(self._keys))
        members.update(chunk_member(number, chunk))

        def write(file: BinaryIO) -> None:
            self._prepared = (names, keys, self._archive.write(file, members, tail))

        return Modification(self._path, self._archive.tail_start, write)

    def commit(self) -> None:
        """The file was modified as prepared."""
        self._names, self._keys, self._archive = self._prepared


def _added_members(tensor: TensorMap, first_block: int) -> dict[str, bytes]:
    """Names and contents of the members to add for some blocks, after the ones already there."""
    added = {}
    for name, content in members_of(_bytes(tensor.save_buffer())).items():
        if name.startswith(_BLOCKS):
            number, _, rest = name.removeprefix(_BLOCKS).partition("/")
            added[f"{_BLOCKS}{first_block + int(number)}/{rest}"] = content
        elif name == _INFO and first_block == 0:
            added[name] = content  # the same in all chunks
    return added


def _bytes(buffer: Any) -> bytes:
    """Content of what ``save_buffer`` returns for the classes of both versions of the package."""
    return memoryview(np.asarray(buffer)).tobytes()
