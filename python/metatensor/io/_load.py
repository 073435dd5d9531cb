"""Loading from files and buffers."""

import io
import os
from pathlib import Path
from typing import BinaryIO

from .. import _metatensor
from .._block import TensorBlock
from .._labels import Labels
from .._tensor import TensorMap
from . import _numpy_reader
from ._create_array import CreateArray, as_callback, callback_address
from ._file import File, check_selection, load_block_parts, load_tensor_parts

#: Used instead of the address of a function to create arrays: let the native code make NumPy arrays
_NUMPY_ARRAYS = 0


def _path_or_bytes(file: str | Path | BinaryIO) -> tuple[str | None, bytes | None]:
    """The path of ``file``, or its content if it is a file-like object."""
    if isinstance(file, str | os.PathLike):
        return os.fspath(file), None
    return None, file.read()


def load(
    file: str | Path | BinaryIO,
    use_numpy: bool = False,
    *,
    mmap: bool = False,
    keys: Labels | None = None,
    samples: Labels | None = None,
    properties: Labels | None = None,
) -> TensorMap:
    """
    Load a :py:class:`TensorMap` from a file.

    The labels are on CPU, and the values are :py:class:`numpy.ndarray`, with the type that they had
    when they were saved. To load other arrays, see :py:func:`load_custom_array`.

    With ``keys``, ``samples`` or ``properties``, only what is needed is read from the file. The
    result is what loading everything, and then keeping the matching blocks, samples and properties
    (with :py:func:`metatensor.slice`) gives. Selections have some or all of the dimensions of what
    they select, and it is fine if nothing matches. To read several parts of a file, see
    :py:class:`metatensor.io.File`.

    :param file: path of the file, or an object with a ``read`` method that returns ``bytes``
    :param use_numpy: read the file with NumPy and the Python standard library, instead of the
        native code of metatensor. This also loads types of data that only NumPy has.
    :param mmap: use the values where they are in the file, instead of reading them. The arrays
        can not be written to, and keep the file open. Compressed data, and data of other kinds of
        machines, is read. Files saved with ``aligned=True`` are faster to use in this way.
    :param keys: which blocks to load; they are in the order of the file
    :param samples: which samples to load in each block, in the order of this selection if it has
        exactly the dimensions of the samples, and in the order of the file otherwise
    :param properties: which properties to load in each block, in the order of the file

    :raises MetatensorError: if there is no such file, if its content is not a ``TensorMap``, or if
        a selection has a dimension that does not exist
    :raises TypeError: if ``file`` is not a path when ``mmap`` or a selection is used, or if a
        selection is not Labels
    :raises ValueError: if ``mmap`` is used together with ``samples`` or ``properties``, or
        ``use_numpy`` with any of the arguments that follow
    """
    if mmap or _is_any(keys, samples, properties):
        _check_partial(use_numpy, mmap, samples, properties)
        with File(file) as opened:
            if not mmap:
                return load_tensor_parts(opened, keys, samples, properties)
            check_selection("keys", keys)
            return opened._map_tensor(keys)

    if use_numpy:
        return _numpy_reader.load_tensor(file)
    path, content = _path_or_bytes(file)
    if path is None:
        return load_buffer(content)
    return _metatensor.load_tensor(path, _NUMPY_ARRAYS)


def load_block(
    file: str | Path | BinaryIO,
    use_numpy: bool = False,
    *,
    mmap: bool = False,
    samples: Labels | None = None,
    properties: Labels | None = None,
) -> TensorBlock:
    """
    Load a :py:class:`TensorBlock` from a file.

    The labels are on CPU, and the values are :py:class:`numpy.ndarray`, with the type that they had
    when they were saved. To load other arrays, see :py:func:`load_block_custom_array`.

    :param file: path of the file, or an object with a ``read`` method that returns ``bytes``
    :param use_numpy: read the file with NumPy and the Python standard library, instead of the
        native code of metatensor. This also loads types of data that only NumPy has.
    :param mmap: use the values where they are in the file, see :py:func:`load`
    :param samples: which samples to load, see :py:func:`load`
    :param properties: which properties to load, see :py:func:`load`

    :raises MetatensorError: if there is no such file, if its content is not a ``TensorBlock``, or
        if a selection has a dimension that does not exist
    :raises TypeError: see :py:func:`load`
    :raises ValueError: see :py:func:`load`
    """
    if mmap or _is_any(samples, properties):
        _check_partial(use_numpy, mmap, samples, properties)
        with File(file) as opened:
            return opened._map_block() if mmap else load_block_parts(opened, samples, properties)

    if use_numpy:
        return _numpy_reader.load_block(file)
    path, content = _path_or_bytes(file)
    if path is None:
        return load_block_buffer(content)
    return _metatensor.load_block(path, _NUMPY_ARRAYS)


def _is_any(*selections: Labels | None) -> bool:
    return any(selection is not None for selection in selections)


def _check_partial(
    use_numpy: bool, mmap: bool, samples: Labels | None, properties: Labels | None
) -> None:
    """Check the arguments for parts of files and mapped files."""
    if use_numpy:
        raise ValueError(
            "`use_numpy` can not be used together with `mmap`, `keys`, `samples` or `properties`"
        )
    if mmap and _is_any(samples, properties):
        raise ValueError(
            "`mmap` can not be used together with `samples` or `properties`: load these parts "
            "without `mmap`, or map the file and use `metatensor.slice`"
        )


def load_labels(file: str | Path | BinaryIO) -> Labels:
    """
    Load :py:class:`Labels` from a file. They are on CPU.

    :param file: path of the file, or an object with a ``read`` method that returns ``bytes``

    :raises MetatensorError: if there is no such file, or its content is not ``Labels``
    """
    path, content = _path_or_bytes(file)
    if path is None:
        return load_labels_buffer(content)
    return _metatensor.load_labels(path)


def load_buffer(buffer: bytes | bytearray | memoryview, use_numpy: bool = False) -> TensorMap:
    """
    Load a :py:class:`TensorMap` from a buffer, as :py:func:`load` does from a file.

    :param buffer: content of a file; nothing refers to it afterwards
    :param use_numpy: see :py:func:`load`

    :raises TypeError: if ``buffer`` does not contain bytes
    :raises MetatensorError: if the content is not a ``TensorMap``
    """
    if use_numpy:
        return _numpy_reader.load_tensor(io.BytesIO(buffer))
    return _metatensor.load_tensor_buffer(buffer, _NUMPY_ARRAYS)


def load_block_buffer(
    buffer: bytes | bytearray | memoryview, use_numpy: bool = False
) -> TensorBlock:
    """
    Load a :py:class:`TensorBlock` from a buffer, as :py:func:`load_block` does from a file.

    :param buffer: content of a file; nothing refers to it afterwards
    :param use_numpy: see :py:func:`load_block`

    :raises TypeError: if ``buffer`` does not contain bytes
    :raises MetatensorError: if the content is not a ``TensorBlock``
    """
    if use_numpy:
        return _numpy_reader.load_block(io.BytesIO(buffer))
    return _metatensor.load_block_buffer(buffer, _NUMPY_ARRAYS)


def load_labels_buffer(buffer: bytes | bytearray | memoryview) -> Labels:
    """
    Load :py:class:`Labels` from a buffer, as :py:func:`load_labels` does from a file.

    :param buffer: content of a file; nothing refers to it afterwards

    :raises TypeError: if ``buffer`` does not contain bytes
    :raises MetatensorError: if the content is not ``Labels``
    """
    return _metatensor.load_labels_buffer(buffer)


def load_custom_array(path: str | bytes | Path, create_array: CreateArray) -> TensorMap:
    """
    Load a :py:class:`TensorMap` from a file, with values in arrays made by ``create_array``.

    ``create_array(shape, shape_count, dtype, array)`` is called with a pointer to the size of each
    axis, the number of axes, the type of the elements (``ctypes_dlpack.DLDataType``), and a pointer
    to the ``mts_array_t`` where the new array has to be stored. It should return 0, or another
    integer if it failed. :py:func:`create_numpy_array` and :py:func:`create_torch_array` are two
    such functions.

    :param path: path of the file
    :param create_array: function that creates the arrays, on CPU

    :raises MetatensorError: if there is no such file, or its content is not a ``TensorMap``
    """
    callback = as_callback(create_array)
    return _metatensor.load_tensor(os.fsdecode(path), callback_address(callback))


def load_block_custom_array(path: str | bytes | Path, create_array: CreateArray) -> TensorBlock:
    """
    Load a :py:class:`TensorBlock` from a file, with values in arrays made by ``create_array``.

    :param path: path of the file
    :param create_array: function that creates the arrays, see :py:func:`load_custom_array`

    :raises MetatensorError: if there is no such file, or its content is not a ``TensorBlock``
    """
    callback = as_callback(create_array)
    return _metatensor.load_block(os.fsdecode(path), callback_address(callback))


def load_buffer_custom_array(
    buffer: bytes | bytearray | memoryview, create_array: CreateArray
) -> TensorMap:
    """
    Load a :py:class:`TensorMap` from a buffer, with values in arrays made by ``create_array``.

    :param buffer: content of a file; nothing refers to it afterwards
    :param create_array: function that creates the arrays, see :py:func:`load_custom_array`

    :raises TypeError: if ``buffer`` does not contain bytes
    :raises MetatensorError: if the content is not a ``TensorMap``
    """
    callback = as_callback(create_array)
    return _metatensor.load_tensor_buffer(buffer, callback_address(callback))


def load_block_buffer_custom_array(
    buffer: bytes | bytearray | memoryview, create_array: CreateArray
) -> TensorBlock:
    """
    Load a :py:class:`TensorBlock` from a buffer, with values in arrays made by ``create_array``.

    :param buffer: content of a file; nothing refers to it afterwards
    :param create_array: function that creates the arrays, see :py:func:`load_custom_array`

    :raises TypeError: if ``buffer`` does not contain bytes
    :raises MetatensorError: if the content is not a ``TensorBlock``
    """
    callback = as_callback(create_array)
    return _metatensor.load_block_buffer(buffer, callback_address(callback))
