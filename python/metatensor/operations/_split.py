from typing import List, Union

from ._backend import (
    Labels,
    LabelsValues,
    TensorBlock,
    TensorMap,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._selection import check_axis, check_selection, slice_blocks
from ._types import check_is_block, check_is_tensor_map


def _check_types(axis: str, selections: List[Union[LabelsValues, List[int], Labels]]) -> None:
    if not torch_jit_is_scripting():
        if not isinstance(axis, str):
            raise TypeError(f"`axis` must be a string, not {type(axis)}")
        if not isinstance(selections, list):
            raise TypeError(f"`selections` must be a list, not {type(selections)}")


@torch_jit_script
def split_block(
    block: TensorBlock,
    axis: str,
    selections: List[Union[LabelsValues, List[int], Labels]],
) -> List[TensorBlock]:
    """
    Split a block along its samples or properties.

    :param block: block to split
    :param axis: ``"samples"`` or ``"properties"``
    :param selections: what to put in each of the results, see :py:func:`split`
    :return: one new block for each of the ``selections``
    :raises TypeError: if an argument has the wrong type
    :raises ValueError: for another ``axis``, an array which is not 1-dimensional, or labels with a
        dimension that the block does not have
    :raises IndexError: if a position is out of range
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> left, right = metatensor.split_block(block, "properties", [[0], [1]])
    >>> left.values
    array([[1.],
           [3.]])
    """
    check_is_block(block, "block")
    _check_types(axis, selections)
    check_axis(axis)
    for selection in selections:
        check_selection(block, axis, selection)

    blocks: List[TensorBlock] = []
    for selection in selections:
        blocks.append(slice_blocks([block], axis, selection, "split")[0])
    return blocks


@torch_jit_script
def split(
    tensor: TensorMap,
    axis: str,
    selections: List[Union[LabelsValues, List[int], Labels]],
) -> List[TensorMap]:
    """
    Split a tensor map along its samples or properties.

    :param tensor: tensor map to split
    :param axis: ``"samples"`` or ``"properties"``
    :param selections: what to put in each of the results: labels, or positions as a list or a
        1-dimensional array of integers. These have the same meaning as in :py:func:`slice`. They
        can be of different kinds, overlap, or leave out some of the entries
    :return: one new tensor map for each of the ``selections``
    :raises TypeError: if an argument has the wrong type
    :raises ValueError: for another ``axis``, an array which is not 1-dimensional, or labels with a
        dimension that the tensor map does not have
    :raises IndexError: if ``tensor`` has no blocks, or if a position is out of range
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> first, second = metatensor.split(tensor, "samples", [[0], [1]])
    >>> second.block().values
    array([[3., 4.]])
    """
    check_is_tensor_map(tensor, "tensor")
    _check_types(axis, selections)
    check_axis(axis)
    for selection in selections:
        check_selection(tensor.block_by_id(0), axis, selection)

    tensors: List[TensorMap] = []
    for selection in selections:
        blocks = slice_blocks(tensor.blocks(), axis, selection, "split")
        tensors.append(TensorMap(tensor.keys, blocks))
    return tensors
