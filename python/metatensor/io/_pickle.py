"""Pickling of the classes of metatensor, as the bytes that would be in a file."""

import pickle
from collections.abc import Callable
from typing import Any

from .._block import TensorBlock
from .._labels import Labels
from .._tensor import TensorMap
from ._save import save_buffer


def reduce(
    data: Labels | TensorBlock | TensorMap, protocol: int
) -> tuple[Callable[..., Any], tuple[bytes | pickle.PickleBuffer]]:
    """What ``__reduce_ex__`` returns: the function to call with the given bytes to get ``data``."""
    buffer = save_buffer(data)
    # since version 5, pickle can move large buffers without copying them
    content = pickle.PickleBuffer(buffer) if protocol >= 5 else bytes(buffer)
    return type(data)._from_pickle, (content,)
