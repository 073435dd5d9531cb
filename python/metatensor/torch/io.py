"""
Load and save data. These functions can also be compiled by TorchScript: ``file`` can then only be
a string.
"""

import pathlib
from typing import BinaryIO, Union

import torch

from ._classes import (
    Labels,
    TensorBlock,
    TensorMap,
    load_block_buffer,
    load_buffer,
    load_labels_buffer,
    save_buffer,
)


def load(file: str) -> TensorMap:
    """
    Load a :py:class:`TensorMap` from a file.

    :param file: path of the file, or file object opened in binary mode
    :returns: tensor map with all data on CPU
    :raises RuntimeError: if the file can not be read, or does not contain a tensor map
    """
    if torch.jit.is_scripting():
        return torch.ops.metatensor.load(file)
    else:
        if isinstance(file, (str, pathlib.Path)):
            return torch.ops.metatensor.load(_path(file))
        return load_buffer(_read(file))


def load_block(file: str) -> TensorBlock:
    """
    Load a :py:class:`TensorBlock` from a file.

    :param file: path of the file, or file object opened in binary mode
    :returns: block with all data on CPU
    :raises RuntimeError: if the file can not be read, or does not contain a block
    """
    if torch.jit.is_scripting():
        return torch.ops.metatensor.load_block(file)
    else:
        if isinstance(file, (str, pathlib.Path)):
            return torch.ops.metatensor.load_block(_path(file))
        return load_block_buffer(_read(file))


def load_labels(file: str) -> Labels:
    """
    Load :py:class:`Labels` from a file.

    :param file: path of the file, or file object opened in binary mode
    :returns: labels on CPU
    :raises RuntimeError: if the file can not be read, or does not contain labels
    """
    if torch.jit.is_scripting():
        return torch.ops.metatensor.load_labels(file)
    else:
        if isinstance(file, (str, pathlib.Path)):
            return torch.ops.metatensor.load_labels(_path(file))
        return load_labels_buffer(_read(file))


def save(file: str, data: Union[Labels, TensorBlock, TensorMap]) -> None:
    """
    Save data to a file, which is overwritten if it exists. The data can be on any device.

    :param file: path of the file, or file object opened in binary mode; no extension is added
    :param data: :py:class:`Labels`, :py:class:`TensorBlock` or :py:class:`TensorMap` to save
    :raises TypeError: if ``data`` is anything else
    :raises RuntimeError: if the file can not be written
    """
    if torch.jit.is_scripting():
        torch.ops.metatensor.save(file, data)
    else:
        if isinstance(file, (str, pathlib.Path)):
            torch.ops.metatensor.save(_path(file), data)
        else:
            file.write(save_buffer(data).numpy().tobytes())


for _function in (load, load_block, load_labels, save):
    # TorchScript reads the annotation in the source, the documentation and type checkers this one
    _function.__annotations__["file"] = Union[str, pathlib.Path, BinaryIO]
    # name of the functions in exported models: `__torch__.metatensor_torch.io.load`
    _function.__module__ = "metatensor_torch.io"


def _path(file: str | pathlib.Path) -> str:
    return file if isinstance(file, str) else str(file.resolve())


def _read(file: BinaryIO) -> torch.Tensor:
    content = file.read()
    assert isinstance(content, bytes), "files must be opened in binary mode"
    if not content:
        return torch.empty(0, dtype=torch.uint8)
    # torch warns about read-only buffers, which `bytes` are
    return torch.frombuffer(bytearray(content), dtype=torch.uint8)
