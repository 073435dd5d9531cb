from typing import List, Union

from ._backend import Labels, LabelsValues, TensorBlock, TensorMap, torch_jit_script
from ._selection import check_axis, check_selection, slice_blocks
from ._types import check_is_block, check_is_tensor_map


@torch_jit_script
def slice_block(
    block: TensorBlock,
    axis: str,
    selection: Union[LabelsValues, List[int], Labels],
) -> TensorBlock:
    """
    Block with some of the samples or properties of ``block``.

    :param block: block to slice
    :param axis: ``"samples"`` or ``"properties"``
    :param selection: samples or properties to keep, see :py:func:`slice`
    :return: new block, its arrays and labels are copies
    :raises TypeError: if ``block`` or ``selection`` has the wrong type
    :raises ValueError: for another ``axis``, an array which is not 1-dimensional, or labels with a
        dimension that the block does not have
    :raises IndexError: if a position is out of range
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> metatensor.slice_block(block, "samples", [-1]).values
    array([[3., 4.]])
    """
    check_is_block(block, "block")
    check_axis(axis)
    check_selection(block, axis, selection)
    return slice_blocks([block], axis, selection, "slice")[0]


@torch_jit_script
def slice(tensor: TensorMap, axis: str, selection: Labels) -> TensorMap:
    """
    Tensor map with some of the samples or properties of ``tensor``.

    All the blocks are kept, even when nothing is left in them. The gradient samples of a sample
    stay with it, in their initial order.

    :param tensor: tensor map to slice
    :param axis: ``"samples"`` or ``"properties"``
    :param selection: entries to keep. Labels with some of the dimensions of the axis select all the
        entries that match one of theirs. ``metatensor.slice`` (but not ``metatensor.torch.slice``)
        also takes positions, as a list or as a 1-dimensional array of integers; negative ones
        count from the end.

        Samples are in the order of the selection if it gives positions, or if it has all the
        dimensions of the samples in the same order; in all the other cases, and for properties,
        the entries keep their order.
    :return: new tensor map with the same keys, its arrays and labels are copies
    :raises TypeError: if ``tensor`` or ``selection`` has the wrong type
    :raises ValueError: for another ``axis``, an array which is not 1-dimensional, or labels with a
        dimension that the tensor map does not have
    :raises IndexError: if ``tensor`` has no blocks, or if a position is out of range
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> selection = metatensor.Labels(["property"], np.array([[1]]))
    >>> metatensor.slice(tensor, "properties", selection).block().values
    array([[2.],
           [4.]])
    """
    check_is_tensor_map(tensor, "tensor")
    check_axis(axis)
    check_selection(tensor.block_by_id(0), axis, selection)
    return TensorMap(tensor.keys, slice_blocks(tensor.blocks(), axis, selection, "slice"))
