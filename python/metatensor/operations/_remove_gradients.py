from typing import List, Optional

from ._backend import (
    TensorBlock,
    TensorMap,
    block_with_values,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._blocks import add_gradient, check_no_nested_gradients


@torch_jit_script
def remove_gradients_block(block: TensorBlock, remove: Optional[List[str]] = None) -> TensorBlock:
    """
    Block without some of the gradients of ``block``.

    :param block: input block
    :param remove: parameters of the gradients to remove, see :py:func:`remove_gradients`
    :return: new block, sharing the arrays of ``block``
    :raises NotImplementedError: if a gradient to keep has gradients
    """
    if remove is None:
        remove = block.gradients_list()
    if not torch_jit_is_scripting():
        if isinstance(remove, str):
            remove = [remove]

    result = block_with_values(block, block.values)
    for parameter, gradient in block.gradients():
        if parameter not in remove:
            check_no_nested_gradients(parameter, gradient, "remove_gradients")
            add_gradient(result, parameter, gradient.values, gradient)
    return result


@torch_jit_script
def remove_gradients(tensor: TensorMap, remove: Optional[List[str]] = None) -> TensorMap:
    """
    Tensor map without some of the gradients of ``tensor``.

    :param tensor: input tensor map
    :param remove: parameters of the gradients to remove, all by default. Names without gradient are
        ignored
    :return: new tensor map, sharing the arrays of ``tensor``
    :raises NotImplementedError: if a gradient to keep has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 3)))
    >>> block.add_gradient("parameter", metatensor.block_from_array(np.zeros((2, 3))))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.remove_gradients(tensor).block().gradients_list()
    []
    """
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(remove_gradients_block(block, remove))
    return TensorMap(tensor.keys, blocks)
