"""
Adding members to a ``.mts`` file in place.

The members which stay come first in the file. After them is its *tail*: the members that are
replaced each time that something is added, then the directory of the archive. New members are
written over the tail, and followed by a new tail. Nothing else of the file is modified, so that
putting back the tail, which :py:mod:`._files` keeps in the meantime, puts back the file.

Python's ``zipfile`` reads such archives, and is used for this; it can not write members anywhere
else than over the directory, and not replace a member.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_VERSION_ZIP64 = 45
_DATE = (2000 - 1980) << 9 | 1 << 5 | 1  # the date of everything in .mts files, 2000-01-01
_IN_ZIP64 = 0xFFFFFFFF  # says that a number is in a ZIP64 field instead
_IN_ZIP64_SHORT = 0xFFFF

_LOCAL = struct.Struct("<4s5H3I2H")
_LOCAL_ZIP64 = struct.Struct("<2H2Q")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_CENTRAL_ZIP64 = struct.Struct("<2H3Q")
_END_ZIP64 = struct.Struct("<4sQ2H2I4Q")
_END_ZIP64_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")


@dataclass(frozen=True)
class _Member:
    """
    :param name: name in the archive
    :param checksum: CRC-32 of the content
    :param size: number of bytes of the content
    :param start: position of the member in the file
    """

    name: bytes
    checksum: int
    size: int
    start: int


class GrowingArchive:
    """
    What the next addition to a file needs to know about it.

    :param members: all members before the tail
    :param tail_start: where the tail starts, 0 if there is no file yet
    :param size: number of bytes of the file
    """

    def __init__(
        self, members: tuple[_Member, ...] = (), tail_start: int = 0, size: int = 0
    ) -> None:
        self._members = members
        self._size = size
        self.tail_start = tail_start

    @classmethod
    def read(cls, path: Path, first_of_tail: str) -> GrowingArchive:
        """
        Read the directory of a file.

        :param path: a file that this class has written
        :param first_of_tail: name of the first member of the tail
        """
        with zipfile.ZipFile(path) as archive:
            tail_start = archive.getinfo(first_of_tail).header_offset
            members = tuple(
                _Member(info.filename.encode(), info.CRC, info.file_size, info.header_offset)
                for info in archive.infolist()
                if info.header_offset < tail_start
            )
        return cls(members, tail_start, path.stat().st_size)

    def write(
        self, file: BinaryIO, members: Mapping[str, bytes], tail: Mapping[str, bytes]
    ) -> GrowingArchive:
        """
        Write new members and a new tail over the tail of the file.

        :param file: the file, open to be modified
        :param members: names and contents of new members
        :param tail: names and contents of the members which will be replaced the next time
        :return: what the file is now; ``self`` is what it was
        :raises ValueError: if the file is not what it was
        """
        if file.seek(0, io.SEEK_END) != self._size:
            raise ValueError("something else has modified the file, there can only be one writer")
        written = list(self._members)
        file.seek(self.tail_start)
        for name, content in members.items():
            written.append(_write_member(file, name, content))
        remaining = tuple(written)
        tail_start = file.tell()

        for name, content in tail.items():
            written.append(_write_member(file, name, content))
        _write_directory(file, written)
        return GrowingArchive(remaining, tail_start, file.tell())


def members_of(content: bytes) -> dict[str, bytes]:
    """Names and contents of the members of an archive in memory."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write_member(file: BinaryIO, name: str, content: bytes) -> _Member:
    member = _Member(name.encode(), zlib.crc32(content), len(content), file.tell())
    extra = _LOCAL_ZIP64.pack(1, _LOCAL_ZIP64.size - 4, member.size, member.size)
    header = _LOCAL.pack(
        b"PK\3\4",
        _VERSION_ZIP64,
        *(0, 0, 0, _DATE),  # flags, compression, time, date
        *(member.checksum, _IN_ZIP64, _IN_ZIP64),
        *(len(member.name), len(extra)),
    )
    file.write(header + member.name + extra)
    file.write(content)
    return member


def _write_directory(file: BinaryIO, members: list[_Member]) -> None:
    start = file.tell()
    for member in members:
        file.write(_directory_entry(member))
    end = file.tell()

    count = len(members)
    file.write(
        _END_ZIP64.pack(
            b"PK\6\6",
            _END_ZIP64.size - 12,
            *(_VERSION_ZIP64, _VERSION_ZIP64, 0, 0),
            *(count, count, end - start, start),
        )
    )
    file.write(_END_ZIP64_LOCATOR.pack(b"PK\6\7", 0, end, 1))
    file.write(
        _END.pack(b"PK\5\6", 0, 0, _IN_ZIP64_SHORT, _IN_ZIP64_SHORT, _IN_ZIP64, _IN_ZIP64, 0)
    )


def _directory_entry(member: _Member) -> bytes:
    extra = _CENTRAL_ZIP64.pack(1, _CENTRAL_ZIP64.size - 4, member.size, member.size, member.start)
    entry = _CENTRAL.pack(
        b"PK\1\2",
        *(_VERSION_ZIP64, _VERSION_ZIP64),
        *(0, 0, 0, _DATE),
        *(member.checksum, _IN_ZIP64, _IN_ZIP64),
        *(len(member.name), len(extra), 0, 0, 0),
        *(0, _IN_ZIP64),  # attributes, position of the member
    )
    return entry + member.name + extra
