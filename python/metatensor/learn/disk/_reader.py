"""Reading of single samples from the files of a data set."""

from __future__ import annotations

import bisect
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import metatensor
from metatensor.io import File

from .._backend import Labels, TensorBlock, TensorMap
from ._chunk import ENTRY, Chunk, chunk_path, field_path

# files are kept open, but not so many that the process could run out of file descriptors
_MAX_OPEN_FILES = 64


@dataclass
class _OpenField:
    """
    An open file of a chunk, and the metadata which is the same for all its samples.

    :param file: the file
    :param keys: keys of all its blocks
    :param info: additional information about the tensor maps
    :param starts: for each block, where the rows of each sample start, and where the last ones end
    :param missing: for each block, the samples which do not have it
    :param layouts: for each block, and for each gradient, the labels that samples share
    """

    file: File
    keys: Labels
    info: dict[str, str]
    starts: list[np.ndarray]
    missing: list[set[int]]
    layouts: list[_Layout]


@dataclass
class _Layout:
    components: list[Labels]
    properties: Labels
    gradients: dict[str, _Layout]


class Reader:
    """
    Reads the samples of a data set. Readers can be sent to other processes.

    :param folder: folder of the data set
    :param chunks: all its chunks
    """

    def __init__(self, folder: Path, chunks: list[Chunk]) -> None:
        self._folder = folder
        self._chunks = chunks
        self._first = [chunk.first for chunk in chunks]
        self._open = functools.lru_cache(maxsize=_MAX_OPEN_FILES)(self._open_field)

    def __reduce__(self) -> tuple:
        return type(self), (self._folder, self._chunks)

    def load(self, field: int, index: int) -> TensorMap:
        """
        Read one sample.

        :param field: position of the field
        :param index: position of the sample in the data set
        :raises ValueError: if the file is not what the description of its chunk says
        """
        chunk = bisect.bisect_right(self._first, index) - 1
        opened = self._open(chunk, field)
        positions = [i for i, missing in enumerate(opened.missing) if index not in missing]
        blocks = []
        for i in positions:
            start, stop = opened.starts[i][index - self._first[chunk] :][:2].tolist()
            block = opened.file.load_samples(start, stop - start, block=i)
            # still unique: all of them are from the same sample of the data set
            samples = _labels(block.samples, n_dimensions=len(block.samples.names) - 1)
            blocks.append(_to_twin(block, samples, opened.layouts[i]))

        keys = opened.keys
        if len(positions) != len(keys):
            keys = Labels(keys.names, keys.values[positions], assume_unique=True)
        return _tensor_map(keys, blocks, opened.info)

    def load_without_samples(self, field: int) -> TensorMap:
        """
        The metadata of the last chunk: tensor map with all its keys, in which the blocks have no
        samples. These have the dimension ``"entry"``.

        :param field: position of the field
        """
        opened = self._open(len(self._chunks) - 1, field)
        blocks = []
        for i, layout in enumerate(opened.layouts):
            block = opened.file.load_samples(0, 0, block=i)
            blocks.append(_to_twin(block, _labels(block.samples), layout))
        return _tensor_map(opened.keys, blocks, opened.info)

    def _open_field(self, index: int, field: int) -> _OpenField:
        chunk = self._chunks[index]
        path = field_path(chunk_path(self._folder, index), field)
        file = File(path)
        metadata = file.metadata()
        if not isinstance(metadata, metatensor.TensorMap):
            raise ValueError(f"'{path}' must contain a TensorMap, not a {file.content}")
        if len(chunk.missing[field]) != len(metadata):
            raise ValueError(f"'{path}' does not have the blocks that its chunk should have")

        return _OpenField(
            file=file,
            keys=_labels(metadata.keys),
            info=metadata.info(),
            starts=[_starts(block.samples, chunk, path) for block in metadata],
            missing=[set(missing) for missing in chunk.missing[field]],
            layouts=[_layout(block) for block in metadata],
        )


def _starts(samples: metatensor.Labels, chunk: Chunk, path: Path) -> np.ndarray:
    """Where the rows of each sample of a chunk start, and where the last ones end."""
    entries = samples.values[:, -1]
    stop = chunk.first + chunk.size
    if samples.names[-1] != ENTRY or np.any(np.diff(entries) < 0):
        raise ValueError(f"the last dimension of the samples in '{path}' must be '{ENTRY}', sorted")
    if len(entries) != 0 and not chunk.first <= entries[0] <= entries[-1] < stop:
        raise ValueError(f"'{path}' contains other samples than the ones of its chunk")
    return np.searchsorted(entries, np.arange(chunk.first, stop + 1))


def _layout(block: metatensor.TensorBlock) -> _Layout:
    return _Layout(
        components=[_labels(component) for component in block.components],
        properties=_labels(block.properties),
        gradients={parameter: _layout(gradient) for parameter, gradient in block.gradients()},
    )


def _labels(labels: metatensor.Labels, n_dimensions: int | None = None) -> Labels:
    """The first dimensions of some labels, with the class of this package."""
    # copied: torch tensors can not use arrays which are read-only
    values = torch.from_numpy(labels.values[:, :n_dimensions].copy())
    return Labels(labels.names[:n_dimensions], values, assume_unique=True)


def _tensor_map(keys: Labels, blocks: list[TensorBlock], info: dict[str, str]) -> TensorMap:
    tensor = TensorMap(keys, blocks)
    for key, value in info.items():
        tensor.set_info(key, value)
    return tensor


def _to_twin(block: Any, samples: Labels, layout: _Layout) -> TensorBlock:
    """The same block for the classes of this package, with torch tensors."""
    result = TensorBlock(
        torch.from_numpy(block.values), samples, layout.components, layout.properties
    )
    for parameter, gradient in block.gradients():
        gradient_layout = layout.gradients[parameter]
        result.add_gradient(
            parameter, _to_twin(gradient, _labels(gradient.samples), gradient_layout)
        )
    return result
