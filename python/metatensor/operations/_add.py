from typing import List, Union

from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._blocks import add_gradient, check_no_nested_gradients, with_values
from ._not_equal import check_same_structure
from ._operands import paired_operands
from ._types import check_operands


def _add_block_constant(block: TensorBlock, constant: float) -> TensorBlock:
    result = with_values(block, block.values + constant)
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "add")
        add_gradient(result, parameter, gradient.values, gradient)
    return result


def _add_block_block(block_1: TensorBlock, block_2: TensorBlock) -> TensorBlock:
    """
    Sum of two blocks with the same metadata, which is not checked: the result has the metadata of
    ``block_1``.
    """
    result = with_values(block_1, block_1.values + block_2.values)
    for parameter, gradient_1 in block_1.gradients():
        gradient_2 = block_2.gradient(parameter)
        check_no_nested_gradients(parameter, gradient_1, "add")
        check_no_nested_gradients(parameter, gradient_2, "add")
        assert gradient_1.values.shape == gradient_2.values.shape
        assert gradient_1.samples == gradient_2.samples
        add_gradient(result, parameter, gradient_1.values + gradient_2.values, gradient_1)
    return result


@torch_jit_script
def add(A: TensorMap, B: Union[float, int, TensorMap], keys: str = "equal") -> TensorMap:
    r"""
    Element-wise sum of ``A`` and ``B``.

    The gradients are :math:`\nabla A + \nabla B`, or :math:`\nabla A` for a scalar ``B`` (in this
    case the gradient arrays are shared with ``A``).

    :param A: first term
    :param B: second term. A scalar is added to all the elements, as a floating point number; a
        tensor map must have the same keys (in any order, see ``keys``) and the same metadata as
        ``A``
    :param keys: keys of the result: ``"equal"`` if ``A`` and ``B`` must have the same ones, the
        ``"union"`` or the ``"intersection"`` of these otherwise, in the order of ``A``. Blocks
        missing in one of the tensor maps count as zeros. Not used for a scalar ``B``
    :return: new tensor map with the metadata of ``A``
    :raises TypeError: if ``A`` is not a tensor map, or ``B`` neither a tensor map nor a scalar
    :raises ValueError: for other values of ``keys``
    :raises NotEqualError: if ``A`` and ``B`` have different keys or metadata
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.add(tensor, 1).block().values
    array([[2., 3.]])
    >>> metatensor.add(tensor, tensor).block().values
    array([[2., 4.]])
    """
    check_operands(A, B)

    blocks: List[TensorBlock] = []
    if isinstance(B, (int, float)):
        constant = float(B)
        for block in A.blocks():
            blocks.append(_add_block_constant(block, constant))
        return TensorMap(A.keys, blocks)

    result_keys, blocks_A, blocks_B = paired_operands(A, B, keys, "add")
    for block_A, block_B in zip(blocks_A, blocks_B):
        check_same_structure(block_A, block_B, "add")
        blocks.append(_add_block_block(block_A, block_B))
    return TensorMap(result_keys, blocks)
