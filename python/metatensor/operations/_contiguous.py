"""Memory layout of the arrays."""

from typing import List

from . import _dispatch
from ._backend import TensorBlock, TensorMap, block_with_values, torch_jit_script
from ._blocks import add_gradient, check_no_nested_gradients


@torch_jit_script
def is_contiguous_block(block: TensorBlock) -> bool:
    """
    Check if the values and gradients are contiguous in memory, last axis first (C order).

    :param block: block to check. Its labels are not considered
    :raises NotImplementedError: if a gradient has gradients
    """
    if not _dispatch.is_contiguous(block.values):
        return False

    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "is_contiguous")
        if not _dispatch.is_contiguous(gradient.values):
            return False
    return True


@torch_jit_script
def is_contiguous(tensor: TensorMap) -> bool:
    """
    Check if all the values and gradients are contiguous in memory, last axis first (C order).

    :param tensor: tensor map to check. Its labels are not considered
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 3)).T)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.is_contiguous(tensor)
    False
    """
    for block in tensor.blocks():
        if not is_contiguous_block(block):
            return False
    return True


@torch_jit_script
def make_contiguous_block(block: TensorBlock) -> TensorBlock:
    """
    Block with contiguous values and gradients, last axis first (C order).

    :param block: input block
    :return: new block. Arrays that are contiguous already are shared, the other ones copied
    :raises NotImplementedError: if a gradient has gradients
    """
    result = block_with_values(block, _dispatch.make_contiguous(block.values))
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "make_contiguous")
        add_gradient(result, parameter, _dispatch.make_contiguous(gradient.values), gradient)
    return result


@torch_jit_script
def make_contiguous(tensor: TensorMap) -> TensorMap:
    """
    Tensor map with contiguous values and gradients, last axis first (C order).

    :param tensor: input tensor map
    :return: new tensor map. Arrays that are contiguous already are shared, the other ones copied
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 3)).T)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.is_contiguous(metatensor.make_contiguous(tensor))
    True
    """
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(make_contiguous_block(block))
    return TensorMap(tensor.keys, blocks)
