from typing import List, Union

from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._blocks import add_gradient, check_no_nested_gradients, parent_rows, with_values
from ._not_equal import check_same_structure
from ._operands import paired_operands
from ._types import check_operands


def _multiply_block_constant(block: TensorBlock, constant: float) -> TensorBlock:
    """Product of the values and gradients of a block with a number."""
    result = with_values(block, block.values * constant)
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "multiply")
        add_gradient(result, parameter, gradient.values * constant, gradient)
    return result


def _multiply_block_block(block_1: TensorBlock, block_2: TensorBlock) -> TensorBlock:
    values_1 = block_1.values
    values_2 = block_2.values
    result = with_values(block_1, values_1 * values_2)
    for parameter, gradient_1 in block_1.gradients():
        gradient_2 = block_2.gradient(parameter)
        check_no_nested_gradients(parameter, gradient_1, "multiply")
        check_no_nested_gradients(parameter, gradient_2, "multiply")
        gradient_values = (
            parent_rows(values_1, gradient_1) * gradient_2.values
            + parent_rows(values_2, gradient_1) * gradient_1.values
        )
        add_gradient(result, parameter, gradient_values, gradient_1)
    return result


@torch_jit_script
def multiply(A: TensorMap, B: Union[float, int, TensorMap], keys: str = "equal") -> TensorMap:
    r"""
    Element-wise product of ``A`` and ``B``.

    The gradients are :math:`A \nabla B + B \nabla A`, or :math:`B \nabla A` for a scalar ``B``.

    :param A: first factor
    :param B: second factor. A scalar multiplies all the elements, as a floating point number; a
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
    >>> metatensor.multiply(tensor, 3).block().values
    array([[3., 6.]])
    >>> metatensor.multiply(tensor, tensor).block().values
    array([[1., 4.]])
    """
    check_operands(A, B)

    blocks: List[TensorBlock] = []
    if isinstance(B, (int, float)):
        constant = float(B)
        for block in A.blocks():
            blocks.append(_multiply_block_constant(block, constant))
        return TensorMap(A.keys, blocks)

    result_keys, blocks_A, blocks_B = paired_operands(A, B, keys, "multiply")
    for block_A, block_B in zip(blocks_A, blocks_B):
        check_same_structure(block_A, block_B, "multiply")
        blocks.append(_multiply_block_block(block_A, block_B))
    return TensorMap(result_keys, blocks)
