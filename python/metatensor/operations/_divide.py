from typing import Dict, List, Union

from ._backend import Array, TensorBlock, TensorMap, torch_jit_script
from ._block_arrays import gradient_parameters, gradients_of, quotients, values_of, with_arrays
from ._blocks import parent_positions, rows_for_gradient
from ._operands import paired_operands
from ._types import check_operands


def _divide_constant(A: TensorMap, constant: float) -> TensorMap:
    values = [a / constant for a in values_of(A)]
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(A):
        gradients[parameter] = [g.values / constant for g in gradients_of(A, parameter, "divide")]
    return with_arrays(A, values, gradients)


def _quotient_gradient(a: Array, b: Array, g_1: TensorBlock, g_2: TensorBlock) -> Array:
    gradient_1, gradient_2 = g_1.values, g_2.values
    positions = parent_positions(g_1)
    rows_1 = rows_for_gradient(a, positions, len(gradient_1.shape))
    rows_2 = rows_for_gradient(b, positions, len(gradient_1.shape))
    # the gradients are the largest arrays: all that can be done without them is done first
    return (-rows_1 / (rows_2 * rows_2)) * gradient_2 + gradient_1 / rows_2


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

    if isinstance(B, (int, float)):
        return _divide_constant(A, float(B))

    if keys == "union":
        raise ValueError("`keys` can not be 'union' in 'divide': missing blocks count as zeros")
    first, second, values_1, values_2 = paired_operands(A, B, keys, "divide")
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(first):
        gradients_1 = gradients_of(first, parameter, "divide")
        gradients_2 = gradients_of(second, parameter, "divide")
        gradients[parameter] = [
            _quotient_gradient(a, b, g_1, g_2)
            for a, b, g_1, g_2 in zip(values_1, values_2, gradients_1, gradients_2)
        ]
    return with_arrays(first, quotients(values_1, values_2), gradients)
