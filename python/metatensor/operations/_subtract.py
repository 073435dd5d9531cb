from typing import Dict, List, Union

from ._add import add_constant
from ._backend import Array, TensorMap, torch_jit_script
from ._block_arrays import differences, gradient_parameters, gradients_of, with_arrays
from ._operands import paired_operands
from ._types import check_operands


@torch_jit_script
def subtract(A: TensorMap, B: Union[float, int, TensorMap], keys: str = "equal") -> TensorMap:
    r"""
    Element-wise difference of ``A`` and ``B``.

    The gradients are :math:`\nabla A - \nabla B`, or :math:`\nabla A` for a scalar ``B`` (in this
    case the gradient arrays are shared with ``A``).

    :param A: first term
    :param B: term to subtract. A scalar is subtracted from all the elements, as a floating point
        number; a tensor map must have the same keys (in any order, see ``keys``) and the same
        metadata as ``A``
    :param keys: keys of the result: ``"equal"`` if ``A`` and ``B`` must have the same ones, the
        ``"union"`` or the ``"intersection"`` of these otherwise, in the order of ``A``. Blocks
        missing in one of the tensor maps count as zeros. Not used for a scalar ``B``
    :return: new tensor map with the metadata of ``A``. Integers become floating point numbers
    :raises TypeError: if ``A`` is not a tensor map, or ``B`` neither a tensor map nor a scalar
    :raises ValueError: for other values of ``keys``
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

    if isinstance(B, (int, float)):
        return add_constant(A, -float(B))

    # same operation name in the errors as the sum
    first, second, values_1, values_2 = paired_operands(A, B, keys, "add")
    gradients: Dict[str, List[Array]] = {}
    for parameter in gradient_parameters(first):
        gradients_1 = gradients_of(first, parameter, "add")
        gradients_2 = gradients_of(second, parameter, "add")
        gradients[parameter] = differences(
            [gradient.values for gradient in gradients_1],
            [gradient.values for gradient in gradients_2],
        )
    return with_arrays(first, differences(values_1, values_2), gradients)
