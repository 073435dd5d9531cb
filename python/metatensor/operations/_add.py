from typing import Dict, List, Union

from ._backend import Array, TensorBlock, TensorMap, block_with_values, torch_jit_script
from ._block_arrays import gradient_parameters, gradients_of, sums, values_of, with_arrays
from ._blocks import add_gradient, check_no_nested_gradients
from ._operands import paired_operands
from ._types import check_operands


def add_constant(A: TensorMap, constant: float) -> TensorMap:
    """Sum of the values with a number. The result shares the gradient arrays of ``A``."""
    values = [a + constant for a in values_of(A)]
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(A):
        gradients[parameter] = [g.values for g in gradients_of(A, parameter, "add")]
    return with_arrays(A, values, gradients)


def _add_block_block(block_1: TensorBlock, block_2: TensorBlock) -> TensorBlock:
    """
    Sum of two blocks with the same metadata, which is not checked: the result has the metadata of
    ``block_1``. This is for code that works with blocks, also outside of this package.
    """
    result = block_with_values(block_1, block_1.values + block_2.values)
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

    if isinstance(B, (int, float)):
        return add_constant(A, float(B))

    first, second, values_1, values_2 = paired_operands(A, B, keys, "add")
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(first):
        gradients_1 = gradients_of(first, parameter, "add")
        gradients_2 = gradients_of(second, parameter, "add")
        gradients[parameter] = sums(
            [gradient.values for gradient in gradients_1],
            [gradient.values for gradient in gradients_2],
        )
    return with_arrays(first, sums(values_1, values_2), gradients)
