from typing import List

from . import _dispatch
from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._blocks import add_gradient, check_no_nested_gradients, parent_rows, with_values


def _abs_block(block: TensorBlock) -> TensorBlock:
    values = block.values
    result = with_values(block, _dispatch.abs(values))
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "abs")
        sign = _dispatch.sign(parent_rows(values, gradient))
        add_gradient(result, parameter, sign * gradient.values, gradient)
    return result


@torch_jit_script
def abs(A: TensorMap) -> TensorMap:
    r"""
    Absolute value of all the elements of ``A``.

    With :math:`A = |x|`, the gradients are :math:`\nabla A = \operatorname{sign}(x) \nabla x`,
    where the sign of a complex number is :math:`x / |x|`.

    :param A: input tensor map
    :return: new tensor map with the same metadata
    :raises NotImplementedError: if a gradient of ``A`` has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, -2.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.abs(tensor).block().values
    array([[1., 2.]])
    """
    blocks: List[TensorBlock] = []
    for block in A.blocks():
        blocks.append(_abs_block(block))
    return TensorMap(A.keys, blocks)
