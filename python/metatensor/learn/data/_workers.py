"""
Data sent between the processes of a data loader.

pickle gives metatensor data back with numpy arrays. Workers of a data loader are an implementation
detail, so that torch tensors must come out of them as torch tensors. The same is done by torch for
its own classes, in ``torch.multiprocessing``.
"""

from multiprocessing.reduction import ForkingPickler
from typing import Any

import torch

from metatensor import Labels, TensorBlock, TensorMap


def _reduce(data: Labels | TensorBlock | TensorMap) -> tuple:
    function, arguments = data.__reduce_ex__(4)
    if not _has_torch_arrays(data):
        return function, arguments
    return _restore_torch, (function, *arguments)


def _has_torch_arrays(data: Labels | TensorBlock | TensorMap) -> bool:
    if isinstance(data, TensorMap):
        return _has_torch_arrays(data.keys if len(data) == 0 else data.block_by_id(0))
    return isinstance(data.values, torch.Tensor)


def _restore_torch(function: Any, content: bytes) -> Labels | TensorBlock | TensorMap:
    return function(content).to(arrays="torch")


for _class in (Labels, TensorBlock, TensorMap):
    ForkingPickler.register(_class, _reduce)
