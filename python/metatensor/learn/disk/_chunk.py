"""
The chunks of a data set on disk: names of files, and what is said about a chunk besides its data.

``DATASET/chunk-000000/`` contains ``field-0.mts``, ``field-1.mts``, ..., and ``chunk.json``. A
chunk gets its name when all of this is complete. Anything else in the folder of the data set is
ignored.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT_VERSION = 1

#: last dimension of the samples in the files: position of the sample in the data set
ENTRY = "entry"


@dataclass
class Chunk:
    """
    Description of a chunk.

    :param first: position of the first sample of the chunk in the data set
    :param size: number of samples in the chunk
    :param fields: names of the fields, in the order of the files
    :param missing: for each field and for each block in its file, the positions in the data set of
        the samples which do not have this block
    """

    first: int
    size: int
    fields: list[str]
    missing: list[list[list[int]]]


def chunk_path(dataset: Path, index: int) -> Path:
    """Folder of a chunk."""
    return dataset / f"chunk-{index:06}"


def field_path(chunk: Path, index: int) -> Path:
    """File with the data for one of the fields, in the folder of a chunk."""
    return chunk / f"field-{index}.mts"


def read_chunks(dataset: Path) -> list[Chunk]:
    """
    Read the descriptions of all the complete chunks.

    :raises FileNotFoundError: if there is no such folder
    :raises ValueError: if a description is damaged, or does not fit to the chunks before it
    """
    if not dataset.is_dir():
        raise FileNotFoundError(f"there is no data set (a folder) in '{dataset}'")

    chunks: list[Chunk] = []
    first = 0
    while chunk_path(dataset, len(chunks)).is_dir():
        path = chunk_path(dataset, len(chunks)) / "chunk.json"
        chunk = _read_description(path)
        if chunk.first != first or (chunks and chunk.fields != chunks[0].fields):
            raise ValueError(f"'{path}' does not belong to the same data set as the ones before")
        chunks.append(chunk)
        first += chunk.size
    return chunks


def _read_description(path: Path) -> Chunk:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        version = content.pop("version")
        if version != FORMAT_VERSION:
            raise ValueError(f"this is version {version}, only {FORMAT_VERSION} is supported")
        chunk = Chunk(**content)
        _check_description(chunk)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"'{path}' is not the description of a chunk: {error}") from error
    return chunk


def _check_description(chunk: Chunk) -> None:
    if type(chunk.first) is not int or type(chunk.size) is not int or chunk.size < 1:
        raise ValueError(f"{chunk.size} is not a number of samples")
    if not isinstance(chunk.fields, list) or any(type(name) is not str for name in chunk.fields):
        raise ValueError("the names of the fields must be a list of strings")
    if not isinstance(chunk.missing, list) or len(chunk.missing) != len(chunk.fields):
        raise ValueError("there must be one list of missing blocks for each field")
    for positions in (positions for blocks in chunk.missing for positions in blocks):
        if any(type(position) is not int for position in positions):
            raise ValueError("the positions of missing blocks must be integers")


def write_chunk(dataset: Path, index: int, chunk: Chunk, save_field: Callable) -> None:
    """
    Write a chunk, such that it is either complete or not there after a crash.

    :param dataset: folder of the data set
    :param index: position of the chunk
    :param chunk: description of the chunk
    :param save_field: function called with the position of a field and the path of its file
    """
    path = chunk_path(dataset, index)
    partial = path.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)

    for field in range(len(chunk.fields)):
        save_field(field, field_path(partial, field))
    description = json.dumps({"version": FORMAT_VERSION, **asdict(chunk)})
    (partial / "chunk.json").write_text(description, encoding="utf-8")

    # everything must be on the disk before the chunk has its name, and the name after this
    for file in partial.iterdir():
        _synchronize(file)
    _synchronize(partial)
    partial.rename(path)
    _synchronize(dataset)


def _synchronize(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
