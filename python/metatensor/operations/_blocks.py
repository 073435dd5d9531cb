"""Blocks derived from other ones, and their gradients."""

from typing import List

from . import _dispatch
from ._backend import Array, Labels, TensorBlock


def with_values(block: TensorBlock, values: Array) -> TensorBlock:
    """New block with the given values and the metadata of ``block``, without gradients."""
    return TensorBlock(
        values=values,
        samples=block.samples,
        components=block.components,
        properties=block.properties,
    )


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
    positions = gradient.samples.column("sample")
    return rows_for_gradient(values, positions, len(gradient.values.shape))


def rows_for_gradient(values: Array, positions: Array, n_dimensions: int) -> Array:
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
    return rows.reshape(shape[:1] + [1] * n_extra + shape[1:])


def add_gradient(block: TensorBlock, parameter: str, values: Array, gradient: TensorBlock) -> None:
    """Add to ``block`` a gradient with new values and the metadata of ``gradient``."""
    add_gradient_with_samples(block, parameter, values, gradient.samples, gradient.components)


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
        add_gradient(result, parameter, gradient.values, gradient)
    return result
