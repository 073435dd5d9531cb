from typing import Dict, List, Union

from ._backend import Array, TensorMap, torch_jit_script
from ._block_arrays import gradient_parameters, gradients_of, values_of, with_arrays
from ._blocks import parent_rows
from ._types import check_is_tensor_map, check_scalar


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
    values = values_of(A)
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(A):
        gradients[parameter] = [
            (exponent * parent_rows(a, g) ** (exponent - 1)) * g.values
            for a, g in zip(values, gradients_of(A, parameter, "pow"))
        ]
    return with_arrays(A, [a**exponent for a in values], gradients)
