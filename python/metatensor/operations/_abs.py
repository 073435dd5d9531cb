from typing import Dict, List

from . import _dispatch
from ._backend import Array, TensorMap, torch_jit_script
from ._block_arrays import gradient_parameters, gradients_of, values_of, with_arrays
from ._blocks import parent_rows


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
    values = values_of(A)
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(A):
        gradients[parameter] = [
            _dispatch.sign(parent_rows(a, g)) * g.values
            for a, g in zip(values, gradients_of(A, parameter, "abs"))
        ]
    return with_arrays(A, [_dispatch.abs(a) for a in values], gradients)
