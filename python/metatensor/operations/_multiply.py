from typing import Dict, List, Union

from ._backend import Array, TensorBlock, TensorMap, block_with_values, torch_jit_script
from ._block_arrays import gradient_parameters, gradients_of, products, values_of, with_arrays
from ._blocks import add_gradient, check_no_nested_gradients, parent_positions, rows_for_gradient
from ._operands import paired_operands
from ._types import check_operands


def _multiply_constant(A: TensorMap, constant: float) -> TensorMap:
    values = [a * constant for a in values_of(A)]
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(A):
        gradients[parameter] = [g.values * constant for g in gradients_of(A, parameter, "multiply")]
    return with_arrays(A, values, gradients)


def _multiply_block_constant(block: TensorBlock, constant: float) -> TensorBlock:
    """
    Product of the values and gradients of a block with a number. This is for code that works with
    blocks, also outside of this package.
    """
    result = block_with_values(block, block.values * constant)
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "multiply")
        add_gradient(result, parameter, gradient.values * constant, gradient)
    return result


def _product_gradient(a: Array, b: Array, g_1: TensorBlock, g_2: TensorBlock) -> Array:
    gradient_1, gradient_2 = g_1.values, g_2.values
    positions = parent_positions(g_1)
    rows_1 = rows_for_gradient(a, positions, len(gradient_1.shape))
    rows_2 = rows_for_gradient(b, positions, len(gradient_1.shape))
    return rows_1 * gradient_2 + rows_2 * gradient_1


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

    if isinstance(B, (int, float)):
        return _multiply_constant(A, float(B))

    first, second, values_1, values_2 = paired_operands(A, B, keys, "multiply")
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(first):
        gradients_1 = gradients_of(first, parameter, "multiply")
        gradients_2 = gradients_of(second, parameter, "multiply")
        gradients[parameter] = [
            _product_gradient(a, b, g_1, g_2)
            for a, b, g_1, g_2 in zip(values_1, values_2, gradients_1, gradients_2)
        ]
    return with_arrays(first, products(values_1, values_2), gradients)
