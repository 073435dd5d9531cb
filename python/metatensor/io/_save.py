"""Saving to files and buffers."""

import io
import os
import warnings
from pathlib import Path
from typing import BinaryIO

from .. import _metatensor
from .._block import TensorBlock
from .._labels import Labels
from .._tensor import TensorMap
from . import _numpy_writer

_EXTENSION = ".mts"


def _check_type(data: Labels | TensorBlock | TensorMap) -> None:
    if not isinstance(data, Labels | TensorBlock | TensorMap):
        raise TypeError(
            f"only 'Labels', 'TensorBlock' and 'TensorMap' can be saved, got {type(data)}"
        )


def save(
    file: str | Path | BinaryIO,
    data: Labels | TensorBlock | TensorMap,
    use_numpy: bool = False,
    *,
    aligned: bool = False,
) -> None:
    """
    Save ``data`` to a file.

    A file that exists already is replaced, once everything has been written. Paths that do not end
    in ``.mts`` get this extension, with a warning.

    :param file: path of the file, or an object with a ``write`` method that accepts ``bytes``
    :param data: what to save; values can be on any device
    :param use_numpy: write the file with NumPy and the Python standard library, instead of the
        native code of metatensor. This also saves types of data that only NumPy has, and does not
        change the path. Labels are not concerned.
    :param aligned: put the data of each array at a multiple of 64 bytes in the file, which makes it
        faster to use with ``mmap`` (see :py:func:`load`). Everybody can read such a file, which has
        a few more bytes. Files with labels always have this.

    :raises TypeError: if ``data`` is something else, or if ``aligned`` is used and ``file`` is not
        a path
    :raises ValueError: if ``aligned`` is used together with ``use_numpy``
    :raises AttributeError: if ``file`` is neither a path nor something with a ``write`` method
    :raises MetatensorError: if the file can not be written (``OSError`` with ``use_numpy``), or the
        type of the values can not be saved
    """
    _check_type(data)
    is_path = isinstance(file, str | os.PathLike)
    if not is_path and not hasattr(file, "write"):
        raise AttributeError(
            "`file` must be a path, or an object with a `write` method to save data to, "
            f"got {type(file)}"
        )

    if aligned and use_numpy:
        raise ValueError("`aligned` can not be used together with `use_numpy`")
    if aligned and not is_path:
        raise TypeError(
            f"`aligned` needs the path of the file (str or Path), got an object of {type(file)}"
        )

    use_numpy = use_numpy and not isinstance(data, Labels)
    if is_path and use_numpy:
        with open(file, "wb") as opened:
            _numpy_writer.write(opened, data)
    elif is_path:
        _save_native(os.fspath(file), data, aligned)
    else:
        file.write(bytes(save_buffer(data, use_numpy=use_numpy)))


def _save_native(path: str, data: Labels | TensorBlock | TensorMap, aligned: bool) -> None:
    if not path.endswith(_EXTENSION):
        path += _EXTENSION
        warnings.warn(
            f"added the '{_EXTENSION}' extension: the file is '{path}'", UserWarning, stacklevel=3
        )
    if isinstance(data, Labels):
        _metatensor.save_labels(path, data)
    elif isinstance(data, TensorBlock):
        save_block = _metatensor.save_block_aligned if aligned else _metatensor.save_block
        save_block(path, data)
    else:
        save_tensor = _metatensor.save_tensor_aligned if aligned else _metatensor.save_tensor
        save_tensor(path, data)


def save_buffer(data: Labels | TensorBlock | TensorMap, use_numpy: bool = False) -> memoryview:
    """
    Save ``data`` to a new buffer, with the same bytes that :py:func:`save` writes to a file.

    :param data: what to save; values can be on any device
    :param use_numpy: see :py:func:`save`
    :return: writable view of the bytes

    :raises TypeError: if ``data`` is something else
    :raises MetatensorError: if the type of the values can not be saved
    """
    _check_type(data)
    if isinstance(data, Labels):
        return _metatensor.save_labels_buffer(data)
    if use_numpy:
        buffer = io.BytesIO()
        _numpy_writer.write(buffer, data)
        return buffer.getbuffer()
    if isinstance(data, TensorBlock):
        return _metatensor.save_block_buffer(data)
    return _metatensor.save_tensor_buffer(data)
