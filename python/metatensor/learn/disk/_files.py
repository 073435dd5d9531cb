"""
Where the files of a data set are, and how they are changed: completely, or not at all.

Before files are modified, their tails (see :py:mod:`._archive`) are saved in a *journal*, which is
removed when the modifications are on the disk. A journal which is still there was left by a process
or a computer that stopped in the meantime: everything is put back to what it was.

While files are modified, and while they are opened, the folder is locked (``flock``): nobody can
see a file which is being modified. Modified is only what comes after all the data, so that files
which are already open are not concerned.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

SUFFIX = ".mts"


@dataclass(frozen=True)
class Modification:
    """
    What is done to a file.

    :param path: the file
    :param start: position after which the file is modified
    :param write: modifies the file, which is open for this
    """

    path: Path
    start: int
    write: Callable[[BinaryIO], None]


class Files:
    """
    The files of a data set: one file for each field in a folder, or a single file.

    :param path: the file or the folder. What does not exist yet is a file if its name ends with
        ``.mts``
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.is_single = self.path.is_file() or (
            self.path.suffix == SUFFIX and not self.path.is_dir()
        )
        self._folder = self.path.parent if self.is_single else self.path
        self._journal = self._folder / f"{self.path.name if self.is_single else ''}.journal"

    def create_folder(self) -> None:
        """Create the folder that contains the files, if it does not exist."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def of_field(self, name: str) -> Path:
        """Path of the file for a field."""
        if self.is_single:
            return self.path
        # names can contain anything, also what separates folders
        return self._folder / f"{quote(name, safe=' ')}{SUFFIX}"

    def existing(self) -> list[Path]:
        """All the files that exist."""
        if self.is_single:
            return [self.path] if self.path.exists() else []
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """While files are opened: nobody modifies them, and they are complete."""
        with self._locked(fcntl.LOCK_SH):
            if not self._journal.exists():
                yield
                return
        with self._locked(fcntl.LOCK_EX) as is_locked:
            if self._journal.exists():
                self._recover(is_locked)
            yield

    def modify(self, modifications: list[Modification]) -> None:
        """
        Modify files: all of them, or none if this fails or is interrupted, by anything. Files which
        do not exist are created.
        """
        with self._locked(fcntl.LOCK_EX):
            self._write_journal(modifications)
            try:
                for modification in modifications:
                    mode = "r+b" if modification.path.exists() else "x+b"
                    with open(modification.path, mode) as file:
                        modification.write(file)
                        _synchronize(file)
                self._synchronize_folder()
            except BaseException:
                self._roll_back()
                raise
            self._remove_journal()

    @contextlib.contextmanager
    def _locked(self, mode: int) -> Iterator[bool]:
        """Lock the folder, and say if this worked: some network file systems do not have locks."""
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, mode)
            except OSError:
                yield False
                return
            try:
                yield True
            finally:
                # explicitly: a process which was forked in the meantime has the descriptor too
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)

    def recover(self) -> None:
        """
        Put back the files which were being modified when a process or the computer stopped. To be
        called by the only process that writes to the data set.
        """
        with self._locked(fcntl.LOCK_EX):
            if self._journal.exists():
                self._roll_back()

    def _recover(self, is_locked: bool) -> None:
        if not is_locked:
            raise ValueError(
                f"samples are being added to '{self.path}', or this was interrupted. In the second "
                "case, use `DiskDatasetWriter` to recover the data set"
            )
        try:
            self._roll_back()
        except OSError as error:
            raise ValueError(
                f"adding samples to '{self.path}' was interrupted, and this process can not "
                f"recover the data set: {error}"
            ) from error

    def _write_journal(self, modifications: list[Modification]) -> None:
        tails = []
        entries = []
        for modification in modifications:
            path = modification.path
            entry = {"name": path.name, "start": modification.start, "size": None}
            if path.exists():
                with open(path, "rb") as file:
                    file.seek(modification.start)
                    tails.append(file.read())
                entry["size"] = len(tails[-1])
            entries.append(entry)

        partial = self._journal.with_name(f"{self._journal.name}.partial")
        with open(partial, "wb") as file:
            file.write(json.dumps(entries).encode() + b"\n")
            file.writelines(tails)
            _synchronize(file)
        partial.rename(self._journal)
        self._synchronize_folder()

    def _roll_back(self) -> None:
        with open(self._journal, "rb") as journal:
            for name, start, size in self._journal_entries(journal):
                path = self._folder / name
                if size is None:
                    path.unlink(missing_ok=True)
                    continue
                tail = journal.read(size)
                with open(path, "r+b") as file:
                    file.seek(start)
                    file.write(tail)
                    file.truncate()
                    _synchronize(file)
        self._remove_journal()

    def _journal_entries(self, journal: BinaryIO) -> list[tuple[str, int, int | None]]:
        """Name of each file, start of its tail, and size of its tail or None for new files."""
        try:
            content = json.loads(journal.readline())
            if not isinstance(content, list):
                raise ValueError("it must start with a list of files")
            entries = [(entry["name"], entry["start"], entry["size"]) for entry in content]
            for name, start, size in entries:
                if Path(name).name != name or start < 0 or not (size is None or size >= 0):
                    raise ValueError(f"{name}, {start}, {size} is not about a file of the data set")
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"'{self._journal}' is damaged: {error}") from error
        return entries

    def _remove_journal(self) -> None:
        self._journal.unlink()
        self._synchronize_folder()

    def _synchronize_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _synchronize(file: BinaryIO) -> None:
    """Wait until everything written to the file is on the disk."""
    file.flush()
    os.fsync(file.fileno())
