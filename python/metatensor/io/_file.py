"""Open files: parts of files, and arrays that use the memory of a file."""

from __future__ import annotations

import operator
import os
from pathlib import Path
from typing import Any

from .. import _metatensor
from .._block import TensorBlock
from .._labels import Labels
from .._tensor import TensorMap

_CONTENTS = {0: "Labels", 1: "TensorBlock", 2: "TensorMap"}


class File(_metatensor.File):
    """
    An open file, to read several parts of it: what was read of its structure and of its labels is
    kept, and used by all the following calls.

    >>> import numpy as np
    >>> import tempfile
    >>> import metatensor
    >>> from metatensor import Labels
    >>> from metatensor.io import File
    >>> block = metatensor.block_from_array(np.arange(6.0).reshape(3, 2))
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     path = f"{directory}/block.mts"
    ...     metatensor.save(path, block)
    ...     with File(path) as file:
    ...         first = file.load(samples=Labels(["sample"], np.array([[0]])))
    ...         last = file.load_samples(2, 1)
    >>> first.values
    array([[0., 1.]])
    >>> last.values
    array([[4., 5.]])

    All methods can be called by several threads at the same time. Files can be closed with
    :py:meth:`close` or a ``with`` block, and are otherwise closed with the last reference to them.
    What comes from a file stays valid after this, including mapped arrays. The file should not be
    changed in place while it is open; replacing it by another one is not a problem.
    """

    # for the representation of objects that could not be initialized
    _path = ""

    def __init__(self, path: str | Path) -> None:
        """
        :param path: path of a file with a ``TensorMap`` or a ``TensorBlock``

        :raises TypeError: if ``path`` is something else than a path, for example a file opened by
            Python
        :raises MetatensorError: if there is no such file, or its content is something else
        """
        if not isinstance(path, str | os.PathLike):
            raise TypeError(
                "parts of files and mapped files need the path of the file (str or Path), "
                f"got '{type(path)}'"
            )
        self._path = os.fsdecode(path)
        super().__init__(self._path)

    @property
    def path(self) -> str:
        """Path of the file, as it was given."""
        return self._path

    @property
    def content(self) -> str:
        """What is in the file: ``"TensorMap"``, ``"TensorBlock"`` or ``"Labels"``."""
        return _CONTENTS[self._content]

    def load(
        self,
        *,
        keys: Labels | None = None,
        samples: Labels | None = None,
        properties: Labels | None = None,
    ) -> TensorMap | TensorBlock:
        """
        Read everything that matches the selections, see :py:func:`metatensor.load`.

        :param keys: blocks to read, for files that contain a ``TensorMap``
        :param samples: samples to read in each block
        :param properties: properties to read in each block
        """
        if self.content == "TensorBlock":
            self._check_no_keys(keys)
            return load_block_parts(self, samples, properties)
        return load_tensor_parts(self, keys, samples, properties)

    def load_samples(self, first: int, count: int, *, block: int = 0) -> TensorBlock:
        """
        Read some consecutive samples of a block, and the gradients of these samples.

        This takes a time that does not depend on the number of samples in the file, except for
        compressed files, and for gradients whose rows are not in the order of the samples.

        :param first: position of the first sample
        :param count: number of samples
        :param block: position of the block in the ``TensorMap``

        :raises MetatensorError: if there is no such block, or not that many samples
        :raises TypeError: if the arguments are not non-negative integers
        """
        return self._read_samples(
            operator.index(block), operator.index(first), operator.index(count)
        )

    def map(self, *, keys: Labels | None = None) -> TensorMap | TensorBlock:
        """
        Everything in this file, with read-only arrays that use the memory of the file: nothing is
        read before it is used, see ``mmap`` in :py:func:`metatensor.load`.

        :param keys: blocks to use, for files that contain a ``TensorMap``
        """
        if self.content == "TensorBlock":
            self._check_no_keys(keys)
            return self._map_block()
        check_selection("keys", keys)
        return self._map_tensor(keys)

    def metadata(self, *, keys: Labels | None = None) -> TensorMap | TensorBlock:
        """
        Everything in this file but the values: all arrays are full of zeros, have the right shape
        and type, and use no memory.

        :param keys: blocks to use, for files that contain a ``TensorMap``
        """
        if self.content == "TensorBlock":
            self._check_no_keys(keys)
            return self._block_metadata()
        check_selection("keys", keys)
        return self._tensor_metadata(keys)

    def close(self) -> None:
        """Close the file, which can not be used anymore after this."""
        self._close()

    def __enter__(self) -> File:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"File({self._path!r})"

    def _check_no_keys(self, keys: Labels | None) -> None:
        if keys is not None:
            raise ValueError(f"`keys` can not be used: '{self._path}' contains a TensorBlock")


def check_selection(argument: str, selection: Labels | None) -> None:
    """Raise a ``TypeError`` if a selection is neither Labels nor ``None``."""
    if selection is not None and not isinstance(selection, Labels):
        raise TypeError(f"`{argument}` must be Labels, got '{type(selection)}'")


def load_tensor_parts(
    file: File, keys: Labels | None, samples: Labels | None, properties: Labels | None
) -> TensorMap:
    """Read the selected parts of a tensor map."""
    check_selection("keys", keys)
    check_selection("samples", samples)
    check_selection("properties", properties)
    return file._read_tensor(keys, samples, properties)


def load_block_parts(file: File, samples: Labels | None, properties: Labels | None) -> TensorBlock:
    """Read the selected parts of a block."""
    check_selection("samples", samples)
    check_selection("properties", properties)
    return file._read_block(samples, properties)
