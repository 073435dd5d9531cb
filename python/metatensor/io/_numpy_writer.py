"""
Writing the ``.mts`` format with NumPy and the standard library.

The archives have the same members, in the same order, as those written by libmetatensor. They are
``.npz`` files as :py:func:`numpy.savez` makes them.
"""

import json
import zipfile
from typing import BinaryIO

import numpy as np

from .._block import TensorBlock
from .._data import backend_of
from .._labels import Labels
from .._tensor import TensorMap


def write(file: BinaryIO, data: TensorBlock | TensorMap) -> None:
    """Write a block or a tensor map to an open file."""
    with zipfile.ZipFile(file, "w") as archive:
        if isinstance(data, TensorBlock):
            _write_block(archive, "", data)
        else:
            _write_tensor(archive, data)


def _write_tensor(archive: zipfile.ZipFile, tensor: TensorMap) -> None:
    _write_array(archive, "keys", _structured(tensor.keys))
    for i, block in enumerate(tensor.blocks_by_id(range(len(tensor)))):
        _write_block(archive, f"blocks/{i}/", block)

    info = tensor.info()
    if info:
        content = json.dumps(info, ensure_ascii=False, indent=2, sort_keys=True)
        with archive.open("info.json", "w", force_zip64=True) as member:
            member.write(content.encode("utf8"))


def _write_block(
    archive: zipfile.ZipFile, prefix: str, block: TensorBlock, is_gradient: bool = False
) -> None:
    _write_array(archive, f"{prefix}values", _numpy_values(block))
    _write_array(archive, f"{prefix}samples", _structured(block.samples))
    for i, component in enumerate(block.components):
        _write_array(archive, f"{prefix}components/{i}", _structured(component))
    if not is_gradient:
        # gradients have the properties of the block
        _write_array(archive, f"{prefix}properties", _structured(block.properties))

    for parameter in sorted(block.gradients_list()):
        gradient = block.gradient(parameter)
        _write_block(archive, f"{prefix}gradients/{parameter}/", gradient, is_gradient=True)


def _write_array(archive: zipfile.ZipFile, name: str, array: np.ndarray) -> None:
    # `force_zip64`: the size of the headers does not depend on the amount of data
    with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
        np.lib.format.write_array(member, array, allow_pickle=False)


def _numpy_values(block: TensorBlock) -> np.ndarray:
    values = block.values
    if not isinstance(values, np.ndarray):
        backend = backend_of(values)
        values = backend.to_numpy(backend.to_device(values, "cpu", False))
    if values.dtype.kind == "V":
        # NumPy would write the bytes of types which it does not know, without their name
        raise TypeError(f"the type {values.dtype} can not be saved")
    # the format only has row-major arrays
    return np.ascontiguousarray(values)


def _structured(labels: Labels) -> np.ndarray:
    """Labels as a one-dimensional array of structures."""
    dtype = np.dtype([(name, "<i4") for name in labels.names])
    array = np.empty(len(labels), dtype)
    values = labels.to(arrays="numpy").values
    for i, name in enumerate(labels.names):
        array[name] = values[:, i]
    return array
