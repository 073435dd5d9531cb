"""Comparison of values and metadata, used by ``equal`` and ``allclose``."""

from . import _dispatch
from ._backend import Array, TensorBlock, TensorMap
from ._not_equal import (
    gradients_difference,
    keys_difference,
    metadata_difference,
    paired_blocks,
)


def tensor_difference(
    tensor_1: TensorMap,
    tensor_2: TensorMap,
    exact: bool,
    rtol: float,
    atol: float,
    equal_nan: bool,
) -> str:
    """
    Text describing the first difference between two tensor maps, empty if there is none.

    With ``exact``, values are different if they are not equal, and ``rtol``, ``atol`` and
    ``equal_nan`` are not used.
    """
    difference = keys_difference(tensor_1.keys, tensor_2.keys)
    if difference != "":
        return difference

    blocks_1 = tensor_1.blocks()
    blocks_2 = paired_blocks(tensor_1, tensor_2)
    for i in range(len(blocks_1)):
        difference = block_difference(blocks_1[i], blocks_2[i], exact, rtol, atol, equal_nan)
        if difference != "":
            key = tensor_1.keys.entry(i).print()
            return f"blocks for key {key} are different: {difference}"
    return ""


def block_difference(
    block_1: TensorBlock,
    block_2: TensorBlock,
    exact: bool,
    rtol: float,
    atol: float,
    equal_nan: bool,
) -> str:
    """
    Text describing the first difference between two blocks, empty if there is none. See
    :py:func:`tensor_difference` for the parameters.
    """
    difference = _values_difference(block_1.values, block_2.values, exact, rtol, atol, equal_nan)
    if difference != "":
        return difference

    axes = ["samples", "components", "properties"]
    difference = metadata_difference(block_1, block_2, axes)
    if difference != "":
        return difference

    difference = gradients_difference(block_1, block_2, axes)
    if difference != "":
        return difference

    for parameter, gradient_1 in block_1.gradients():
        difference = _values_difference(
            gradient_1.values,
            block_2.gradient(parameter).values,
            exact,
            rtol,
            atol,
            equal_nan,
        )
        if difference != "":
            return f"gradient '{parameter}': {difference}"
    return ""


def _values_difference(
    values_1: Array,
    values_2: Array,
    exact: bool,
    rtol: float,
    atol: float,
    equal_nan: bool,
) -> str:
    shape_1 = list(values_1.shape)
    shape_2 = list(values_2.shape)
    if shape_1 != shape_2:
        return f"values have different shapes: {shape_1} and {shape_2}"

    if exact:
        if not _dispatch.equal(values_1, values_2):
            return "values are not equal"
    else:
        if not _dispatch.allclose(values_1, values_2, rtol, atol, equal_nan):
            return "values are not close enough"
    return ""
