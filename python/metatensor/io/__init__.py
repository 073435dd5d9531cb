"""
Saving and loading :py:class:`Labels`, :py:class:`TensorBlock` and :py:class:`TensorMap`.

All three are stored in files with the ``.mts`` extension, or in buffers with the same bytes. A file
with labels is a NumPy ``.npy`` file; the others are ZIP archives of ``.npy`` files, so
:py:func:`numpy.load` can read them as ``.npz`` files. Files contain data only, never code: it is
safe to load files from anywhere.
"""

from ._create_array import create_numpy_array, create_torch_array
from ._file import File
from ._load import (
    load,
    load_block,
    load_block_buffer,
    load_block_buffer_custom_array,
    load_block_custom_array,
    load_buffer,
    load_buffer_custom_array,
    load_custom_array,
    load_labels,
    load_labels_buffer,
)
from ._save import save, save_buffer

__all__ = [
    "File",
    "create_numpy_array",
    "create_torch_array",
    "load",
    "load_block",
    "load_block_buffer",
    "load_block_buffer_custom_array",
    "load_block_custom_array",
    "load_buffer",
    "load_buffer_custom_array",
    "load_custom_array",
    "load_labels",
    "load_labels_buffer",
    "save",
    "save_buffer",
]
