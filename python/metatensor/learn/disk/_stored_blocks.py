"""
The blocks in a mapped file, and reading the rows of some entries from them.

An *entry* is the part of a file that belongs to one sample of the data set. Within a block, entries
are numbered from zero, and a row (a sample, in the words of blocks) belongs to one of them.
"""

from __future__ import annotations

import math
import mmap
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .._backend import Labels
from ._memory_advice import RandomAccess, expect_access
from ._tensor_builder import TensorBuilder


@dataclass
class Layout:
    """
    What blocks must have in common to be joined.

    :param sample_names: names of the samples
    :param components: all components
    :param properties: the properties
    :param dtype: type of the values
    :param gradients: the same for all gradients
    """

    sample_names: list[str]
    components: list[Labels]
    properties: Labels
    dtype: np.dtype
    gradients: dict[str, Layout]

    @classmethod
    def of(cls, block: Any) -> Layout:
        """Layout of a block of a mapped file."""
        return cls(
            sample_names=block.samples.names,
            components=[_labels(component) for component in block.components],
            properties=_labels(block.properties),
            dtype=block.values.dtype,
            gradients={parameter: cls.of(gradient) for parameter, gradient in block.gradients()},
        )


def _labels(labels: Any) -> Labels:
    # copied: torch tensors can not use arrays which are read-only
    return Labels(labels.names, torch.from_numpy(labels.values.copy()), assume_unique=True)


class _Rows:
    """
    Which rows belong to which entries.

    :param entry_of_row: entry of each row
    :param n_entries: number of entries
    """

    def __init__(self, entry_of_row: np.ndarray, n_entries: int) -> None:
        self._order = None
        if np.any(entry_of_row[1:] < entry_of_row[:-1]):
            self._order = np.argsort(entry_of_row, kind="stable")
            entry_of_row = entry_of_row[self._order]
        self._starts = np.searchsorted(entry_of_row, np.arange(n_entries + 1))

    @property
    def are_sorted(self) -> bool:
        """Are the rows of each entry next to each other?"""
        return self._order is None

    def of(self, entries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The rows of some entries, one entry after the other, and their number for each entry."""
        starts = self._starts[entries]
        counts = self._starts[entries + 1] - starts
        rows = ranges(starts, counts)
        return (rows if self._order is None else self._order[rows]), counts

    def of_one(self, entry: int) -> slice | np.ndarray:
        """The rows of one entry."""
        start, stop = self._starts[entry : entry + 2].tolist()
        return slice(start, stop) if self._order is None else self._order[start:stop]

    def positions_in_entry(self) -> np.ndarray:
        """For each row, how many rows of the same entry come before."""
        counts = np.diff(self._starts)
        positions = ranges(np.zeros_like(counts), counts)
        if self._order is None:
            return positions
        result = np.empty_like(positions)
        result[self._order] = positions
        return result


def ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """``counts[i]`` consecutive integers for each ``starts[i]``."""
    if len(starts) == 1:
        return np.arange(starts[0], starts[0] + counts[0])
    ends = counts.cumsum()
    total = ends[-1] if len(ends) != 0 else 0
    return np.arange(total) + (starts - ends + counts).repeat(counts)


class StoredBlock:
    """
    A block with mapped values, or one of the gradients of a block.

    :param block: block of which the values are in a file
    :param entry_of_row: entry of each sample
    :param n_entries: number of entries
    :param layout: layout of the block
    :param random_access: the part of the file which is accessed at random
    :param parents: for a gradient, the position of the parent sample of each row, among the samples
        that the parent block has for the same entry
    """

    def __init__(
        self,
        block: Any,
        entry_of_row: np.ndarray,
        n_entries: int,
        layout: Layout,
        random_access: RandomAccess,
        parents: np.ndarray | None = None,
    ) -> None:
        self.layout = layout
        self._rows = _Rows(entry_of_row, n_entries)
        self.shape = block.values.shape[1:]
        self._samples = block.samples.values
        if parents is not None:
            self._samples = self._samples.copy()
            self._samples[:, 0] = parents
        # bytes, because numpy would copy all the values of a file in which they are not aligned
        row_size = math.prod(self.shape) * block.values.dtype.itemsize
        self._raw = block.values.view(np.uint8).reshape(len(entry_of_row), row_size)
        # larger than pages: worth announcing each entry to the system
        is_large = self._raw.nbytes > n_entries * mmap.PAGESIZE
        self._is_announced = is_large and self._rows.are_sorted
        random_access.include(self._raw)

        self.gradients = {}
        for parameter, gradient in block.gradients():
            parent = gradient.samples.values[:, 0]
            self.gradients[parameter] = StoredBlock(
                gradient,
                entry_of_row[parent],
                n_entries,
                layout.gradients[parameter],
                random_access,
                self._rows.positions_in_entry()[parent],
            )

    def take(self, entries: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The bytes of the values, the samples, and the number of rows of some entries."""
        if self._is_announced:
            for entry in entries.tolist():
                self.entry(entry)
        rows, counts = self._rows.of(entries)
        return self._raw.take(rows, axis=0), self._samples.take(rows, axis=0), counts

    def entry(self, entry: int) -> tuple[np.ndarray, np.ndarray]:
        """The bytes of the values, and the samples, of one entry: views if this is possible."""
        rows = self._rows.of_one(entry)
        raw = self._raw[rows]
        if self._is_announced:
            expect_access(raw)
        return raw, self._samples[rows]


@dataclass
class Part:
    """
    Some entries of a block, and what to do with them.

    :param block: the block
    :param entries: entries of this block
    :param items: position of each entry in the result, in increasing order
    """

    block: StoredBlock
    entries: np.ndarray
    items: np.ndarray


def add_joined(
    builder: TensorBuilder,
    parts: list[Part],
    n_items: int,
    n_dimensions: int | None = None,
    add_dimension: str | None = None,
    are_unique: bool = True,
) -> None:
    """
    Add a new block, with the entries of one or several blocks, to a tensor map.

    :param builder: the tensor map
    :param parts: the entries to read, from blocks with the same layout
    :param n_items: number of entries in the result, some of which can have no data
    :param n_dimensions: end of the range of the dimensions of the samples to keep
    :param add_dimension: name of a last dimension of the samples, with the position of the entry
    :param are_unique: is it known that samples are unique?
    """
    layout = parts[0].block.layout
    values, samples, counts = _gather(parts, n_items)
    names = layout.sample_names[:n_dimensions]
    samples = samples[:, :n_dimensions]
    if add_dimension is not None:
        column = np.arange(n_items, dtype=np.int32).repeat(counts)
        names = [*names, add_dimension]
        samples = np.concatenate([samples, column[:, None]], axis=1)

    block = _add(builder, values, names, samples, are_unique, layout)
    _add_gradients(builder, block, parts, layout, counts)


def _add_gradients(
    builder: TensorBuilder, parent: int, parts: list[Part], layout: Layout, counts: np.ndarray
) -> None:
    """Add the gradients of a block, which has some number of rows for each item."""
    for parameter, gradient_layout in layout.gradients.items():
        gradients = [
            Part(part.block.gradients[parameter], part.entries, part.items) for part in parts
        ]
        # the first column of these samples is the position among the parent rows of the same item
        values, samples, gradient_counts = _gather(gradients, len(counts))
        samples[:, 0] += (counts.cumsum() - counts).astype(np.int32).repeat(gradient_counts)
        names = gradient_layout.sample_names
        gradient = _add(builder, values, names, samples, True, gradient_layout, parent, parameter)
        _add_gradients(builder, gradient, gradients, gradient_layout, gradient_counts)


def _add(
    builder: TensorBuilder,
    values: np.ndarray,
    names: list[str],
    samples: np.ndarray,
    are_unique: bool,
    layout: Layout,
    parent: int = -1,
    parameter: str = "",
) -> int:
    return builder.add(
        torch.from_numpy(values),
        names,
        torch.from_numpy(samples),
        are_unique,
        layout.components,
        layout.properties,
        parent,
        parameter,
    )


def _gather(parts: list[Part], n_items: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values and samples of all entries in the order of the items, and number of rows of each."""
    if len(parts) == 1:
        raw, samples, part_counts = parts[0].block.take(parts[0].entries)
        counts = np.zeros(n_items, dtype=int)
        counts[parts[0].items] = part_counts
    else:
        raw, samples, counts = _concatenate(parts, n_items)
    first = parts[0].block
    values = raw.reshape(-1).view(first.layout.dtype).reshape(len(raw), *first.shape)
    return values, samples, counts


def _concatenate(parts: list[Part], n_items: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """
    Bytes, samples, and number of rows of several blocks. There are typically few entries of each
    block, and it would take longer to find the positions of all their rows.
    """
    entries = []
    for part in parts:
        pairs = zip(part.items.tolist(), part.entries.tolist())
        entries.extend((item, *part.block.entry(entry)) for item, entry in pairs)
    entries.sort(key=operator.itemgetter(0))

    items, raw, samples = zip(*entries)
    counts = np.zeros(n_items, dtype=int)
    counts[list(items)] = [len(rows) for rows in samples]
    return np.concatenate(raw), np.concatenate(samples), counts
