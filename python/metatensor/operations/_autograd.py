"""Relation of the arrays to the autograd graph."""

from typing import List

from . import _dispatch
from ._backend import TensorBlock, TensorMap, block_with_values, torch_jit_script
from ._blocks import add_gradient, check_no_nested_gradients


@torch_jit_script
def detach_block(block: TensorBlock) -> TensorBlock:
    """
    Block with the same data, out of any autograd graph.

    :param block: input block
    :return: new block, sharing memory with the arrays of ``block``
    :raises NotImplementedError: if a gradient has gradients
    """
    result = block_with_values(block, _dispatch.detach(block.values))
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "detach")
        add_gradient(result, parameter, _dispatch.detach(gradient.values), gradient)
    return result


@torch_jit_script
def detach(tensor: TensorMap) -> TensorMap:
    """
    Tensor map with the same data, out of any autograd graph.

    :param tensor: input tensor map
    :return: new tensor map, sharing memory with the arrays of ``tensor``; for numpy these are the
        same arrays
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 3)))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.detach(tensor) == tensor
    True
    """
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(detach_block(block))
    return TensorMap(tensor.keys, blocks)


@torch_jit_script
def requires_grad_block(block: TensorBlock, requires_grad: bool = True) -> TensorBlock:
    """
    Block with the same data, for which autograd records operations or not.

    :param block: input block, which is not modified
    :param requires_grad: see :py:func:`requires_grad`
    :return: new block, sharing memory with the arrays of ``block``
    :raises NotImplementedError: if a gradient has gradients
    """
    result = block_with_values(block, _dispatch.requires_grad(block.values, requires_grad))
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "requires_grad")
        values = _dispatch.requires_grad(gradient.values, requires_grad)
        add_gradient(result, parameter, values, gradient)
    return result


@torch_jit_script
def requires_grad(tensor: TensorMap, requires_grad: bool = True) -> TensorMap:
    """
    Tensor map with the same data, for which autograd records operations or not.

    All the arrays (values and gradients) become new leaves of the autograd graph. numpy arrays are
    not changed, with a warning for ``requires_grad=True``.

    :param tensor: input tensor map, which is not modified
    :param requires_grad: should autograd record operations on the arrays?
    :return: new tensor map, sharing memory with the arrays of ``tensor``
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 3)))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.requires_grad(tensor, False) == tensor
    True
    """
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(requires_grad_block(block, requires_grad))
    return TensorMap(tensor.keys, blocks)
