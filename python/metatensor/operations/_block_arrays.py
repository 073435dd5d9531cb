"""
The arrays of all the blocks of a tensor map, and new tensor maps made of such arrays.

Element-wise operations are written with lists of arrays, which have one item for each block. All
that has to do with metadata is done for all the blocks together: these functions are short for
TorchScript, where each call in a loop costs as much as an addition of small arrays, and they are
native code for the Python classes.
"""

import operator
from typing import Dict, List

from . import _dispatch
from ._backend import (
    Array,
    TensorBlock,
    TensorMap,
    block_with_values,
    torch,
    torch_jit_annotate,
    torch_jit_is_scripting,
)
from ._blocks import add_gradient, check_no_nested_gradients


def values_of(tensor: TensorMap) -> List[Array]:
    """The values of all the blocks."""
    return [block.values for block in tensor.blocks()]


def gradient_parameters(tensor: TensorMap) -> List[str]:
    """The parameters of the gradients, which are the same for all the blocks of a tensor map."""
    if len(tensor) == 0:
        return torch_jit_annotate(List[str], [])
    return tensor.block_by_id(0).gradients_list()


def gradients_of(tensor: TensorMap, parameter: str, operation: str) -> List[TensorBlock]:
    """
    The gradients of all the blocks with respect to ``parameter``. If these have gradients,
    ``operation`` is refused.
    """
    gradients = [block.gradient(parameter) for block in tensor.blocks()]
    # all the blocks of a tensor map have the same gradients, also the ones of gradients
    check_no_nested_gradients(parameter, gradients[0], operation)
    return gradients


def with_arrays(
    tensor: TensorMap, values: List[Array], gradients: Dict[str, List[Array]]
) -> TensorMap:
    """
    New tensor map with other arrays, and the metadata of ``tensor``.

    :param tensor: tensor map with the metadata
    :param values: the values of each block
    :param gradients: for each of the gradient parameters of ``tensor``, the values of the gradient
        of each block. The result has no gradients if this is empty
    """
    blocks = [block_with_values(block, array) for block, array in zip(tensor.blocks(), values)]
    if len(gradients) != 0:
        for i, block in enumerate(tensor.blocks()):
            for parameter in block.gradients_list():
                array = gradients[parameter][i]
                add_gradient(blocks[i], parameter, array, block.gradient(parameter))
    return TensorMap(tensor.keys, blocks)


# Functions of pairs of arrays. In TorchScript these are one operator for all the pairs, which can
# also be one kernel on GPU.


def sums(arrays_1: List[Array], arrays_2: List[Array]) -> List[Array]:
    """``a + b`` for all the pairs."""
    if torch_jit_is_scripting() and len(arrays_1) != 0:
        return torch._foreach_add(arrays_1, arrays_2)
    return [a + b for a, b in zip(arrays_1, arrays_2)]


def differences(arrays_1: List[Array], arrays_2: List[Array]) -> List[Array]:
    """
    ``a - b`` for all the pairs, with the dtype of ``a + (-1.0) * b``: the difference of integers is
    not one.
    """
    if torch_jit_is_scripting() and len(arrays_1) != 0:
        # torch has no difference with booleans
        arrays_2 = [_dispatch.to_floating(array) for array in arrays_2]
        return torch._foreach_add(arrays_1, arrays_2, alpha=-1)
    return [_dispatch.difference(a, b) for a, b in zip(arrays_1, arrays_2)]


def products(arrays_1: List[Array], arrays_2: List[Array]) -> List[Array]:
    """``a * b`` for all the pairs."""
    if torch_jit_is_scripting() and len(arrays_1) != 0:
        return torch._foreach_mul(arrays_1, arrays_2)
    return [a * b for a, b in zip(arrays_1, arrays_2)]


def quotients(arrays_1: List[Array], arrays_2: List[Array]) -> List[Array]:
    """``a / b`` for all the pairs."""
    if torch_jit_is_scripting() and len(arrays_1) != 0:
        return torch._foreach_div(arrays_1, arrays_2)
    return [a / b for a, b in zip(arrays_1, arrays_2)]


if hasattr(TensorMap, "_with_arrays"):
    values_of = operator.methodcaller("_block_values")
    with_arrays = TensorMap._with_arrays
