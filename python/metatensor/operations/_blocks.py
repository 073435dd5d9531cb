"""Blocks derived from other ones, and their gradients."""

from typing import List

from . import _dispatch
from ._backend import Array, Labels, LabelsValues, TensorBlock, block_with_values
from ._labels import rows_of


def check_no_nested_gradients(parameter: str, gradient: TensorBlock, operation: str) -> None:
    """Refuse gradients of gradients."""
    if len(gradient.gradients_list()) != 0:
        raise NotImplementedError(
            f"'{operation}' does not support gradients of gradients, and the gradient "
            f"with respect to '{parameter}' has gradients"
        )


def parent_rows(values: Array, gradient: TensorBlock) -> Array:
    """
    For each sample of a gradient, the values of the parent sample.

    :param values: values of the parent block, or an array with the same first axis and number of
        dimensions
    :param gradient: gradient of this block
    :return: array that broadcasts against the values of the gradient
    """
    positions = parent_positions(gradient)
    return rows_for_gradient(values, positions, len(gradient.values.shape))


def parent_positions(gradient: TensorBlock) -> LabelsValues:
    """For each sample of a gradient, the position of the sample of the parent block."""
    # always the first dimension, and called "sample"
    return rows_of(gradient.samples)[:, 0]


def rows_for_gradient(values: Array, positions: LabelsValues, n_dimensions: int) -> Array:
    """
    Rows of ``values`` at the given positions, such that they broadcast against the values of a
    gradient with the given number of dimensions. The components that only the gradient has come
    first among its components, an axis of length one stands for each of them.
    """
    rows = _dispatch.take(values, positions, 0)
    shape = list(rows.shape)
    n_extra = n_dimensions - len(shape)
    if n_extra == 0:
        return rows
    return _dispatch.reshape(rows, shape[:1] + [1] * n_extra + shape[1:])


def add_gradient(block: TensorBlock, parameter: str, values: Array, gradient: TensorBlock) -> None:
    """
    Add to ``block`` a gradient with new values and the metadata of ``gradient``, which has the same
    properties as ``block``.
    """
    block.add_gradient(parameter, block_with_values(gradient, values))


def add_gradient_with_samples(
    block: TensorBlock,
    parameter: str,
    values: Array,
    samples: Labels,
    components: List[Labels],
) -> None:
    """Add to ``block`` a gradient with the properties of the block."""
    block.add_gradient(
        parameter,
        TensorBlock(
            values=values, samples=samples, components=components, properties=block.properties
        ),
    )


def with_labels(block: TensorBlock, samples: Labels, properties: Labels) -> TensorBlock:
    """
    New block with other samples and properties, and the same arrays. Gradients keep their samples;
    the gradients of gradients are dropped.
    """
    result = TensorBlock(
        values=block.values,
        samples=samples,
        components=block.components,
        properties=properties,
    )
    for parameter, gradient in block.gradients():
        add_gradient_with_samples(
            result, parameter, gradient.values, gradient.samples, gradient.components
        )
    return result


def same_samples(block_1: TensorBlock, block_2: TensorBlock) -> bool:
    """
    Whether two blocks have the same samples, also in their gradients. What was found for the
    samples of one of them can then be used for the other one.
    """
    if block_1.samples != block_2.samples:
        return False

    parameters = block_1.gradients_list()
    if parameters != block_2.gradients_list():
        return False

    for parameter in parameters:
        if block_1.gradient(parameter).samples != block_2.gradient(parameter).samples:
            return False
    return True
