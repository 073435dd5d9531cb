from typing import List, Union

from ._add import _add_block_block, _add_block_constant
from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._multiply import _multiply_block_constant
from ._not_equal import check_paired_blocks, check_same_structure
from ._types import check_operands


@torch_jit_script
def subtract(A: TensorMap, B: Union[float, int, TensorMap]) -> TensorMap:
    r"""
    Element-wise difference of ``A`` and ``B``.

    The gradients are :math:`\nabla A - \nabla B`, or :math:`\nabla A` for a scalar ``B`` (in this
    case the gradient arrays are shared with ``A``).

    :param A: first term
    :param B: term to subtract. A scalar is subtracted from all the elements, as a floating point
        number; a tensor map must have the same keys (in any order) and the same metadata as ``A``
    :return: new tensor map with the metadata of ``A``. Integers become floating point numbers
    :raises TypeError: if ``A`` is not a tensor map, or ``B`` neither a tensor map nor a scalar
    :raises NotEqualError: if ``A`` and ``B`` have different keys or metadata
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.subtract(tensor, 1).block().values
    array([[0., 1.]])
    """
    check_operands(A, B)

    blocks: List[TensorBlock] = []
    if isinstance(B, (int, float)):
        constant = -float(B)
        for block in A.blocks():
            blocks.append(_add_block_constant(block, constant))
    else:
        # same operation name in the errors as the sum, which is what this is
        for block_A, block_B in zip(A.blocks(), check_paired_blocks(A, B, "add")):
            check_same_structure(block_A, block_B, "add")
            blocks.append(_add_block_block(block_A, _multiply_block_constant(block_B, -1.0)))
    return TensorMap(A.keys, blocks)
