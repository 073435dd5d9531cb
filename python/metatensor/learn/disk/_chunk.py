"""
The chunks in the file of a field, and what is said about them besides their data.

The file contains one tensor map. The blocks of a chunk have its number in the last dimension of
the keys, called ``"chunk"``, and the position of the sample in the data set in the last dimension
of the samples, called ``"entry"``. For each chunk, there is one additional member with its
description, which readers of tensor maps ignore.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT_VERSION = 1

#: last dimension of the samples in the files: position of the sample in the data set
ENTRY = "entry"
#: last dimension of the keys in the files: number of the chunk
CHUNK = "chunk"

_PREFIX = "entries/"


@dataclass
class Chunk:
    """
    Description of a chunk.

    :param first: position of the first sample of the chunk in the data set
    :param size: number of samples in the chunk
    :param fields: names of all fields of the data set. The one in this file is ``fields[field]``
    :param field: see ``fields``
    :param missing: for each block of the chunk, the positions in the data set of the samples which
        do not have this block
    """

    first: int
    size: int
    fields: list[str]
    field: int
    missing: list[list[int]]


def chunk_member(index: int, chunk: Chunk) -> dict[str, bytes]:
    """Name and content of the member with the description of a chunk."""
    content = json.dumps({"version": FORMAT_VERSION, **asdict(chunk)})
    return {_member_name(index): content.encode()}


def read_chunks(path: Path) -> list[Chunk]:
    """
    Read the descriptions of all the chunks in a file. There are none if the file was not written by
    this package.

    :raises ValueError: if a description is damaged, or does not fit to the chunks before it
    """
    chunks: list[Chunk] = []
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            while _member_name(len(chunks)) in names:
                chunk = _read_description(archive.read(_member_name(len(chunks))))
                if chunks:
                    _check_follows(chunks[-1], chunk)
                elif chunk.first != 0:
                    raise ValueError("the first chunk must contain the first sample")
                chunks.append(chunk)
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"description {len(chunks)} of the samples in '{path}' is damaged: {error}"
        ) from error
    return chunks


def _member_name(index: int) -> str:
    return f"{_PREFIX}{index}.json"


def _read_description(content: bytes) -> Chunk:
    description = json.loads(content)
    version = description.pop("version")
    if version != FORMAT_VERSION:
        raise ValueError(f"this is version {version}, only {FORMAT_VERSION} is supported")
    chunk = Chunk(**description)

    numbers = [chunk.first, chunk.size, chunk.field]
    if any(type(number) is not int for number in numbers) or chunk.size < 1:
        raise ValueError(f"{numbers} are not a position, a number of samples and a field")
    if not isinstance(chunk.fields, list) or any(type(name) is not str for name in chunk.fields):
        raise ValueError("the names of the fields must be a list of strings")
    if not 0 <= chunk.field < len(chunk.fields):
        raise ValueError(f"there is no field number {chunk.field}")
    for position in (position for positions in chunk.missing for position in positions):
        if type(position) is not int:
            raise ValueError("the positions of missing blocks must be integers")
    return chunk


def _check_follows(previous: Chunk, chunk: Chunk) -> None:
    if chunk.first != previous.first + previous.size:
        raise ValueError(f"it starts with sample {chunk.first}, after the end of the last chunk")
    if (chunk.fields, chunk.field) != (previous.fields, previous.field):
        raise ValueError("it has other fields than the ones before")
