from typing import List, Union

from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._blocks import add_gradient, check_no_nested_gradients, parent_rows, with_values
from ._types import check_is_tensor_map, check_scalar


def _pow_block_constant(block: TensorBlock, exponent: float) -> TensorBlock:
    values = block.values
    result = with_values(block, values**exponent)
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "pow")
        rows = parent_rows(values, gradient)
        gradient_values = exponent * gradient.values * rows ** (exponent - 1)
        add_gradient(result, parameter, gradient_values, gradient)
    return result


@torch_jit_script
def pow(A: TensorMap, B: Union[float, int]) -> TensorMap:
    r"""
    Raise all the elements of ``A`` to the power ``B``.

    The gradients are :math:`B A^{B - 1} \nabla A`.

    :param A: input tensor map
    :param B: the exponent, used as a floating point number
    :return: new tensor map with the same metadata
    :raises TypeError: if ``A`` is not a tensor map, or ``B`` not a scalar
    :raises NotImplementedError: if a gradient of ``A`` has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.pow(tensor, 3).block().values
    array([[1., 8.]])
    """
    check_is_tensor_map(A, "A")
    check_scalar(B)

    exponent = float(B)
    blocks: List[TensorBlock] = []
    for block in A.blocks():
        blocks.append(_pow_block_constant(block, exponent))
    return TensorMap(A.keys, blocks)
