"""Keep or drop whole blocks of a tensor map."""

from typing import List

from . import _dispatch, _rows
from ._backend import (
    Labels,
    LabelsValues,
    TensorBlock,
    TensorMap,
    isinstance_metatensor,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._blocks import check_no_nested_gradients
from ._labels import rows_of, take_entries
from ._types import check_is_tensor_map


def _check_types(tensor: TensorMap, keys: Labels, copy: bool) -> None:
    check_is_tensor_map(tensor, "tensor")
    if not torch_jit_is_scripting():
        if not isinstance_metatensor(keys, "Labels"):
            raise TypeError(f"`keys` must be metatensor Labels, not {type(keys)}")
    _check_copy(copy)


def _check_copy(copy: bool) -> None:
    if not torch_jit_is_scripting():
        if not isinstance(copy, bool):
            raise TypeError(f"`copy` must be a bool, not {type(copy)}")


def _keep_blocks(
    tensor: TensorMap, positions: LabelsValues, copy: bool, operation: str
) -> TensorMap:
    keys = tensor.keys
    blocks: List[TensorBlock] = []
    for position in _dispatch.to_list(positions):
        block = tensor.block_by_id(position)
        if not copy:
            for parameter, gradient in block.gradients():
                check_no_nested_gradients(parameter, gradient, operation)
        blocks.append(block.copy(deep=copy))

    return TensorMap(take_entries(keys, positions), blocks)


@torch_jit_script
def filter_blocks(tensor: TensorMap, keys: Labels, copy: bool = False) -> TensorMap:
    """
    Tensor map with the blocks of ``tensor`` that match some keys, see also :py:func:`drop_blocks`.

    :param tensor: input tensor map
    :param keys: keys of the blocks to keep, with all the key dimensions of ``tensor`` or some of
        them. Entries that match no block are ignored
    :param copy: copy the arrays, instead of sharing them with ``tensor``?
    :return: new tensor map with the same key dimensions. The blocks follow the order of ``keys`` if
        it has all the key dimensions in the same order, the order of ``tensor`` otherwise
    :raises TypeError: if an argument has the wrong type
    :raises MetatensorError: if ``keys`` has a dimension which is not in the keys of ``tensor``
    :raises NotImplementedError: if a gradient has gradients, unless ``copy`` is true

    >>> import numpy as np
    >>> import metatensor
    >>> keys = metatensor.Labels(["key"], np.array([[0], [1]]))
    >>> blocks = [metatensor.block_from_array(np.full((1, 2), float(i))) for i in range(2)]
    >>> tensor = metatensor.TensorMap(keys, blocks)
    >>> filtered = metatensor.filter_blocks(tensor, metatensor.Labels(["key"], np.array([[1]])))
    >>> filtered.block().values
    array([[1., 1.]])
    """
    _check_types(tensor, keys, copy)
    return _keep_blocks(tensor, tensor.keys.select(keys), copy, "filter_blocks")


@torch_jit_script
def drop_blocks(tensor: TensorMap, keys: Labels, copy: bool = False) -> TensorMap:
    """
    Tensor map without the blocks of ``tensor`` that match some keys, see also
    :py:func:`filter_blocks`.

    :param tensor: input tensor map
    :param keys: keys of the blocks to drop, with all the key dimensions of ``tensor`` or some of
        them. Entries that match no block are ignored
    :param copy: copy the arrays, instead of sharing them with ``tensor``?
    :return: new tensor map with the same key dimensions, and the other blocks in the same order
    :raises TypeError: if an argument has the wrong type
    :raises MetatensorError: if ``keys`` has a dimension which is not in the keys of ``tensor``
    :raises NotImplementedError: if a gradient has gradients, unless ``copy`` is true

    >>> import numpy as np
    >>> import metatensor
    >>> keys = metatensor.Labels(["key"], np.array([[0], [1]]))
    >>> blocks = [metatensor.block_from_array(np.full((1, 2), float(i))) for i in range(2)]
    >>> tensor = metatensor.TensorMap(keys, blocks)
    >>> left = metatensor.drop_blocks(tensor, metatensor.Labels(["key"], np.array([[1]])))
    >>> left.block().values
    array([[0., 0.]])
    """
    _check_types(tensor, keys, copy)
    dropped = tensor.keys.select(keys)
    new_positions = _rows.inverse_positions(dropped, len(tensor.keys))
    return _keep_blocks(tensor, _rows.where(new_positions < 0), copy, "drop_blocks")


@torch_jit_script
def drop_empty_blocks(tensor: TensorMap, copy: bool = False) -> TensorMap:
    """
    Tensor map without the blocks of ``tensor`` in which the length of an axis is zero.

    :param tensor: input tensor map
    :param copy: copy the arrays, instead of sharing them with ``tensor``?
    :return: new tensor map with the same key dimensions, and the other blocks in the same order
    :raises TypeError: if an argument has the wrong type
    :raises NotImplementedError: if a gradient has gradients, unless ``copy`` is true

    >>> import numpy as np
    >>> import metatensor
    >>> keys = metatensor.Labels(["key"], np.array([[0], [1]]))
    >>> blocks = [metatensor.block_from_array(np.zeros((i, 2))) for i in range(2)]
    >>> tensor = metatensor.TensorMap(keys, blocks)
    >>> len(metatensor.drop_empty_blocks(tensor))
    1
    """
    check_is_tensor_map(tensor, "tensor")
    _check_copy(copy)

    kept: List[int] = []
    for i, block in enumerate(tensor.blocks()):
        if 0 not in list(block.values.shape):
            kept.append(i)
    positions = _dispatch.index_from_list(kept, rows_of(tensor.keys))
    return _keep_blocks(tensor, positions, copy, "drop_empty_blocks")
