"""Saving and loading :py:class:`metatomic.torch.System`, in files with the ``.mta`` format."""

from pathlib import Path
from typing import BinaryIO

import torch

from ._classes import System, load_system_buffer, save_buffer


def save(file: str | Path | BinaryIO, system: System) -> None:
    """
    Save ``system`` to ``file``. Positions and cell are stored as ``float64``.

    :param file: path with the ``.mta`` extension, or a binary file open for writing
    :param system: system to save, on any device
    :raises RuntimeError: if the path does not end with ``.mta`` or can not be written
    """
    if isinstance(file, str | Path):
        torch.ops.metatomic.save(_path_string(file), system)
    else:
        file.write(save_buffer(system).numpy().tobytes())


def load_system(file: str) -> System:
    """
    Load a system that was saved with :py:func:`save`.

    :param file: path with the ``.mta`` extension (the only kind that TorchScript accepts), or a
        binary file open for reading
    :return: a system on CPU, with ``float64`` positions and without gradient tracking
    :raises RuntimeError: if the file is missing or is not a valid system
    :raises ValueError: if the positions, neighbor lists and data in the file do not fit together;
        for example if they come from a system that was not ``float64``
    """
    if torch.jit.is_scripting():
        return torch.ops.metatomic.load_system(file)
    else:
        if isinstance(file, str | Path):
            return torch.ops.metatomic.load_system(_path_string(file))

        # `bytearray`, because torch warns about sharing the read-only memory of `bytes`
        buffer = torch.frombuffer(bytearray(file.read()), dtype=torch.uint8)
        return load_system_buffer(buffer)


# TorchScript reads the annotation in the source, everyone else reads this one
load_system.__annotations__["file"] = str | Path | BinaryIO


def _path_string(path: str | Path) -> str:
    return str(path.resolve()) if isinstance(path, Path) else path


__all__ = ["load_system", "load_system_buffer", "save", "save_buffer"]
