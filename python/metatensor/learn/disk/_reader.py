"""Reading the samples of a data set from the mapped file of a field."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

import metatensor
from metatensor.io import File

from .._backend import Labels, TensorMap
from ._chunk import CHUNK, ENTRY, Chunk, read_chunks
from ._memory_advice import RandomAccess
from ._stored_blocks import Layout, Part, StoredBlock, add_joined
from ._tensor_builder import TensorBuilder

_Key = tuple[int, ...]

_ONE_ITEM = np.zeros(1, dtype=int)
_MAX_KNOWN_KEYS = 1000


@dataclass
class _Section:
    """
    Consecutive samples of the data set, which are in the same blocks of the file.

    :param first: position of the first of these samples in the data set
    :param keys: keys of the blocks
    :param blocks: the blocks
    :param missing: for samples which do not have all blocks, positions of the ones not there
    """

    first: int
    keys: list[_Key]
    blocks: list[StoredBlock]
    missing: dict[int, set[int]] = field(default_factory=dict)

    def positions(self, index: int) -> list[int]:
        """The blocks that a sample has."""
        missing = self.missing.get(index)
        if missing is None:
            return list(range(len(self.keys)))
        return [i for i in range(len(self.keys)) if i not in missing]


class FieldReader:
    """
    Reads a field of the samples from a file.

    :param path: a file with one tensor map
    :param dimension: for files which were not written by ``DiskDatasetWriter``: the dimension of
        the samples that tells the samples of the data set apart. ``None`` to refuse these files
    """

    def __init__(self, path: Path, dimension: str | None) -> None:
        self.path = path
        self._file = File(path)
        if self._file.content != "TensorMap":
            raise ValueError(f"'{path}' must contain a TensorMap, not a {self._file.content}")

        self._random_access = RandomAccess(path.stat().st_size)
        self._sections: dict[int, _Section] = {}
        self._layouts: dict[_Key, Layout] = {}
        self._known_keys: dict[tuple[_Key, ...], Labels] = {}
        self._info: dict[str, str] | None = None
        self.chunks = read_chunks(path)
        if self.chunks:
            if self._file.keys.names[-1] != CHUNK:
                raise ValueError(f"the last dimension of the keys in '{path}' must be '{CHUNK}'")
            self.entries = np.arange(self.chunks[-1].first + self.chunks[-1].size)
            self._key_names = self._file.keys.names[:-1]
            self._n_dimensions: int | None = -1  # the last dimension is not one of the user
        elif dimension is None:
            raise ValueError(f"'{path}' was not written by `DiskDatasetWriter`")
        else:
            self.entries = self._read_everything(dimension)
            self._key_names = self._file.keys.names
            self._n_dimensions = None
        self._first = [chunk.first for chunk in self.chunks]

    @property
    def file_keys(self) -> metatensor.Labels:
        """The keys in the file, with the numbers of the chunks."""
        return self._file.keys

    def load(self, index: int) -> TensorMap:
        """
        Read one sample.

        :param index: position of the sample in the data set
        :raises ValueError: if the file is not what the description of its chunk says
        """
        section = self._section_of(index)
        entries = np.array([index - section.first])
        builder = TensorBuilder()
        positions = section.positions(index)
        for i in positions:
            part = Part(section.blocks[i], entries, _ONE_ITEM)
            # all of them are from the same sample of the data set: they are still unique
            add_joined(builder, [part], 1, self._n_dimensions)
        tensor = builder.build(self._keys(tuple(section.keys[i] for i in positions)))
        return self._with_info(tensor)

    def open(self, indices: list[int]) -> None:
        """
        Read all the metadata that is needed for some samples.

        :raises ValueError: if the file is not what the descriptions of its chunks say
        """
        for index in indices:
            self._section_of(index)

    def load_joined(
        self, indices: list[int], different_keys: str = "error", add_dimension: str | None = None
    ) -> TensorMap | None:
        """
        The same as reading each of the samples, then using ``join`` along the samples.

        :param indices: positions of the samples in the data set
        :param different_keys: see ``join``
        :param add_dimension: see ``join``
        :return: the joined tensor map; or ``None`` if this needs more than putting rows together,
            or if ``join`` can say better what is wrong
        """
        if len(indices) < 2 or different_keys not in ("error", "intersection", "union"):
            return None
        parts = self._parts(indices, different_keys == "union")
        if parts is None:
            return None

        builder = TensorBuilder()
        for block_parts in parts.values():
            layout = block_parts[0].block.layout
            if any(part.block.layout is not layout for part in block_parts):
                return None
            if any(gradient.gradients for gradient in layout.gradients.values()):
                return None
            if add_dimension in layout.sample_names[: self._n_dimensions]:
                return None
            add_joined(builder, block_parts, len(indices), self._n_dimensions, add_dimension, False)
        return builder.build(self._keys(tuple(parts)))

    def load_without_samples(self) -> TensorMap:
        """
        Tensor map with all the keys in the file, in which the blocks have no samples. These have
        the dimension ``"entry"``.
        """
        nothing = np.zeros(0, dtype=int)
        builder = TensorBuilder()
        keys: dict[_Key, None] = {}
        for chunk in self.chunks:
            section = self._section_of(chunk.first)
            for key, block in zip(section.keys, section.blocks):
                if key not in keys:
                    keys[key] = None
                    add_joined(builder, [Part(block, nothing, nothing)], 0)
        return self._with_info(builder.build(self._keys(tuple(keys))))

    def _parts(self, indices: list[int], is_union: bool) -> dict[_Key, list[Part]] | None:
        """
        For each key, where the data of the given samples is. There is no answer if the samples have
        different keys, and these are not to be united.
        """
        # samples in the same section, which have the same keys
        groups: dict[tuple[int, tuple[int, ...]], tuple[list[int], list[int]]] = {}
        for item, index in enumerate(indices):
            section = self._section_of(index)
            group = (section.first, tuple(sorted(section.missing.get(index, ()))))
            entries, items = groups.setdefault(group, ([], []))
            entries.append(index - section.first)
            items.append(item)

        parts: dict[_Key, list[Part]] = {}
        first_keys: list[_Key] | None = None
        for (first, _), (entries, items) in groups.items():
            section = self._section_of(first)
            positions = section.positions(first + entries[0])
            keys = [section.keys[i] for i in positions]
            if first_keys is None:
                first_keys = keys
            if not is_union and keys != first_keys:
                return None
            for i, key in zip(positions, keys):
                part = Part(section.blocks[i], np.array(entries), np.array(items))
                parts.setdefault(key, []).append(part)
        return parts

    def _section_of(self, index: int) -> _Section:
        number = bisect.bisect_right(self._first, index) - 1 if self.chunks else 0
        section = self._sections.get(number)
        if section is None:
            section = self._sections[number] = self._read_chunk(number, self.chunks[number])
        return section

    def _read_chunk(self, number: int, chunk: Chunk) -> _Section:
        selection = metatensor.Labels([CHUNK], np.array([[number]], dtype=np.int32))
        tensor = self._file.map(keys=selection)
        self._info = tensor.info()
        if len(chunk.missing) != len(tensor):
            raise ValueError(f"'{self.path}' does not have the blocks that it should have")

        section = _Section(
            chunk.first, [tuple(key[:-1]) for key in tensor.keys.values.tolist()], []
        )
        for position, indices in enumerate(chunk.missing):
            for index in indices:
                section.missing.setdefault(index, set()).add(position)
        for key, block in zip(section.keys, tensor):
            entries = block.samples.values[:, -1] - chunk.first
            if block.samples.names[-1] != ENTRY:
                raise ValueError(f"the last dimension of the samples must be '{ENTRY}'")
            if len(entries) != 0 and not 0 <= entries.min() <= entries.max() < chunk.size:
                raise ValueError(
                    f"'{self.path}' contains other samples than the ones of its chunks"
                )
            section.blocks.append(self._stored_block(key, block, entries, chunk.size))
        return section

    def _read_everything(self, dimension: str) -> np.ndarray:
        """A single section with everything in the file. Returns what tells the samples apart."""
        tensor = self._file.map()
        self._info = tensor.info()
        names = tensor.sample_names
        if dimension not in names:
            raise ValueError(
                f"the samples in '{self.path}' have no dimension '{dimension}' that tells "
                f"which sample of the data set they belong to, only {names}"
            )
        columns = [block.samples.column(dimension) for block in tensor]
        entries = np.unique(np.concatenate(columns))

        section = _Section(0, [tuple(key) for key in tensor.keys.values.tolist()], [])
        for key, block, column in zip(section.keys, tensor, columns):
            entry_of_row = np.searchsorted(entries, column)
            section.blocks.append(self._stored_block(key, block, entry_of_row, len(entries)))
        self._sections[0] = section
        return entries

    def _stored_block(
        self, key: _Key, block: Any, entry_of_row: np.ndarray, n_entries: int
    ) -> StoredBlock:
        layout = Layout.of(block)
        known = self._layouts.setdefault(key, layout)
        # the same object for the same layout, so that comparing is fast from here on
        layout = known if known == layout else layout
        return StoredBlock(block, entry_of_row, n_entries, layout, self._random_access)

    def _keys(self, keys: tuple[_Key, ...]) -> Labels:
        labels = self._known_keys.get(keys)
        if labels is None:
            values = torch.tensor(keys, dtype=torch.int32).reshape(-1, len(self._key_names))
            labels = Labels(self._key_names, values, assume_unique=True)
            # not for ever more of them, if each batch has its own combination of keys
            if len(self._known_keys) < _MAX_KNOWN_KEYS:
                self._known_keys[keys] = labels
        return labels

    def _with_info(self, tensor: TensorMap) -> TensorMap:
        for key, value in (self._info or {}).items():
            tensor.set_info(key, value)
        return tensor
