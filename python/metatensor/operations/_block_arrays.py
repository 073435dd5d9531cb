"""
The arrays of all the blocks of a tensor map, and new tensor maps made of such arrays.

Element-wise operations are written with lists of arrays, which have one item for each block. All
that has to do with metadata is done for all the blocks together: these functions are short for
TorchScript, where each call in a loop costs as much as an addition of small arrays, and they are
native code for the Python classes.
"""

import operator
from typing import Dict, List

from ._backend import (
    Array,
    TensorBlock,
    TensorMap,
    block_with_values,
    torch_jit_annotate,
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
    blocks: List[TensorBlock] = []
    for i, block in enumerate(tensor.blocks()):
        result = block_with_values(block, values[i])
        if len(gradients) != 0:
            for parameter in block.gradients_list():
                array = gradients[parameter][i]
                add_gradient(result, parameter, array, block.gradient(parameter))
        blocks.append(result)
    return TensorMap(tensor.keys, blocks)


if hasattr(TensorMap, "_with_arrays"):
    values_of = operator.methodcaller("_block_values")
    with_arrays = TensorMap._with_arrays
