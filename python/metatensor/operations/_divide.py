from typing import List, Union

from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._blocks import add_gradient, check_no_nested_gradients, parent_rows, with_values
from ._not_equal import check_same_structure
from ._operands import paired_operands
from ._types import check_operands


def _divide_block_constant(block: TensorBlock, constant: float) -> TensorBlock:
    result = with_values(block, block.values / constant)
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "divide")
        add_gradient(result, parameter, gradient.values / constant, gradient)
    return result


def _divide_block_block(block_1: TensorBlock, block_2: TensorBlock) -> TensorBlock:
    values_1 = block_1.values
    values_2 = block_2.values
    result = with_values(block_1, values_1 / values_2)
    for parameter, gradient_1 in block_1.gradients():
        gradient_2 = block_2.gradient(parameter)
        check_no_nested_gradients(parameter, gradient_1, "divide")
        check_no_nested_gradients(parameter, gradient_2, "divide")
        rows_1 = parent_rows(values_1, gradient_1)
        rows_2 = parent_rows(values_2, gradient_1)
        gradient_values = (
            -rows_1 * gradient_2.values / (rows_2 * rows_2) + gradient_1.values / rows_2
        )
        add_gradient(result, parameter, gradient_values, gradient_1)
    return result


@torch_jit_script
def divide(A: TensorMap, B: Union[float, int, TensorMap], keys: str = "equal") -> TensorMap:
    r"""
    Element-wise quotient of ``A`` and ``B``.

    The gradients are :math:`\nabla A / B - A \nabla B / B^2`, or :math:`\nabla A / B` for a scalar
    ``B``. The result of a division by zero is the one of the array library.

    :param A: dividend
    :param B: divisor. A scalar divides all the elements, as a floating point number; a tensor map
        must have the same keys (in any order, see ``keys``) and the same metadata as ``A``
    :param keys: keys of the result: ``"equal"`` if ``A`` and ``B`` must have the same ones, the
        ``"intersection"`` of these otherwise, in the order of ``A``. Not used for a scalar ``B``
    :return: new tensor map with the metadata of ``A``
    :raises TypeError: if ``A`` is not a tensor map, or ``B`` neither a tensor map nor a scalar
    :raises ValueError: for other values of ``keys``
    :raises NotEqualError: if ``A`` and ``B`` have different keys or metadata
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.divide(tensor, 2).block().values
    array([[0.5, 1. ]])
    """
    check_operands(A, B)

    blocks: List[TensorBlock] = []
    if isinstance(B, (int, float)):
        constant = float(B)
        for block in A.blocks():
            blocks.append(_divide_block_constant(block, constant))
        return TensorMap(A.keys, blocks)

    if keys == "union":
        raise ValueError("`keys` can not be 'union' in 'divide': missing blocks count as zeros")
    result_keys, blocks_A, blocks_B = paired_operands(A, B, keys, "divide")
    for block_A, block_B in zip(blocks_A, blocks_B):
        check_same_structure(block_A, block_B, "divide")
        blocks.append(_divide_block_block(block_A, block_B))
    return TensorMap(result_keys, blocks)
