"""The TorchScript classes and operators, or what replaces them to build the documentation."""

import os
from typing import TYPE_CHECKING

import torch

# type checkers and editors also see the documented classes
if TYPE_CHECKING or os.environ.get("METATENSOR_IMPORT_FOR_SPHINX", "0") != "0":
    from ._documentation import (
        Labels,
        LabelsEntry,
        TensorBlock,
        TensorMap,
        dtype_name,
        load_block_buffer,
        load_buffer,
        load_labels_buffer,
        save_buffer,
        version,
    )
else:
    from ._c_lib import _load_library

    _load_library()

    Labels = torch.classes.metatensor.Labels
    LabelsEntry = torch.classes.metatensor.LabelsEntry
    TensorBlock = torch.classes.metatensor.TensorBlock
    TensorMap = torch.classes.metatensor.TensorMap

    version = torch.ops.metatensor.version
    dtype_name = torch.ops.metatensor.dtype_name
    load_buffer = torch.ops.metatensor.load_buffer
    load_block_buffer = torch.ops.metatensor.load_block_buffer
    load_labels_buffer = torch.ops.metatensor.load_labels_buffer
    save_buffer = torch.ops.metatensor.save_buffer

__all__ = [
    "Labels",
    "LabelsEntry",
    "TensorBlock",
    "TensorMap",
    "dtype_name",
    "load_block_buffer",
    "load_buffer",
    "load_labels_buffer",
    "save_buffer",
    "version",
]
