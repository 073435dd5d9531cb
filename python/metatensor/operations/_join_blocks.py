from typing import List, Optional, Tuple

from . import _dispatch
from ._backend import (
    Array,
    Labels,
    LabelsValues,
    TensorBlock,
    isinstance_metatensor,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._blocks import add_gradient_with_samples, check_no_nested_gradients
from ._labels import labels_like, rows_of
from ._not_equal import check_same_gradients, check_same_metadata


def check_join_axis(axis: str) -> None:
    """Raise a ``ValueError`` if objects can not be joined along this axis."""
    if axis != "samples" and axis != "properties":
        raise ValueError(
            f"the `axis` to join along must be either 'samples' or 'properties', not '{axis}'"
        )


def check_same_sample_names(names_1: List[str], names_2: List[str]) -> None:
    """Raise a ``ValueError`` if the names of the samples to join are not the same, in any order."""
    if names_1 == names_2:
        return
    if sorted(names_1) != sorted(names_2):
        raise ValueError(
            "inputs to 'join' along the samples should have the same sample names, got "
            f"{names_1} and {names_2}"
        )


def join_samples(
    blocks: List[TensorBlock], add_dimension: Optional[str], operation: str
) -> TensorBlock:
    """Join blocks along the samples."""
    first = blocks[0]
    names = first.samples.names
    components = first.components
    properties = first.properties
    parameters = first.gradients_list()

    # this is about many small blocks: what is the same for all of them is not taken again
    values: List[Array] = []
    columns: List[LabelsValues] = []
    for block in blocks:
        samples = block.samples
        columns.append(_columns_in_order(samples, names))
        values.append(block.values)
        if block.properties != properties or not _same_components(block, components):
            check_same_metadata(first, block, ["components", "properties"], operation)
        if block.gradients_list() != parameters:
            check_same_gradients(first, block, ["components"], operation)

    joined_names, rows = _join_rows(names, columns, add_dimension)
    result = TensorBlock(
        values=_dispatch.concatenate(values, 0),
        samples=labels_like(first.samples, joined_names, rows),
        components=components,
        properties=properties,
    )

    counts = [len(rows) for rows in columns]
    for parameter in parameters:
        _join_gradients(result, parameter, blocks, counts, operation)
    return result


def _same_components(block: TensorBlock, components: List[Labels]) -> bool:
    block_components = block.components
    if len(block_components) != len(components):
        return False
    for i, component in enumerate(components):
        if block_components[i] != component:
            return False
    return True


def _join_gradients(
    result: TensorBlock,
    parameter: str,
    blocks: List[TensorBlock],
    counts: List[int],
    operation: str,
) -> None:
    """Add a gradient to the result of joining blocks, which have these numbers of samples."""
    gradients = _gradients(blocks, parameter, operation)
    first = gradients[0]
    components = first.components
    for block, gradient in zip(blocks, gradients):
        if not _same_components(gradient, components):
            check_same_gradients(blocks[0], block, ["components"], operation)

    samples = first.samples
    rows = _shifted_gradient_samples(gradients, counts, parameter)
    add_gradient_with_samples(
        result,
        parameter,
        _dispatch.concatenate([gradient.values for gradient in gradients], 0),
        labels_like(samples, samples.names, rows),
        components,
    )


def join_properties(
    blocks: List[TensorBlock], add_dimension: Optional[str], operation: str
) -> TensorBlock:
    """Join blocks along the properties."""
    first = blocks[0]
    for block in blocks[1:]:
        check_same_metadata(first, block, ["samples", "components"], operation)
        check_same_gradients(first, block, ["components"], operation)

    result = TensorBlock(
        values=_concatenate_properties([block.values for block in blocks]),
        samples=first.samples,
        components=first.components,
        properties=_joined_properties([block.properties for block in blocks], add_dimension),
    )

    for parameter, first_gradient in first.gradients():
        gradients = _gradients(blocks, parameter, operation)
        samples = first_gradient.samples
        for gradient in gradients[1:]:
            if gradient.samples != samples:
                samples = samples.union(gradient.samples)

        values: List[Array] = []
        for gradient in gradients:
            values.append(_values_for_samples(gradient, samples))
        add_gradient_with_samples(
            result,
            parameter,
            _concatenate_properties(values),
            samples,
            first_gradient.components,
        )
    return result


def _gradients(blocks: List[TensorBlock], parameter: str, operation: str) -> List[TensorBlock]:
    gradients: List[TensorBlock] = []
    for block in blocks:
        gradient = block.gradient(parameter)
        check_no_nested_gradients(parameter, gradient, operation)
        gradients.append(gradient)
    return gradients


def _columns_in_order(samples: Labels, names: List[str]) -> LabelsValues:
    """The columns of some samples in the order of ``names``."""
    rows = rows_of(samples)
    sample_names = samples.names
    if sample_names == names:
        return rows
    check_same_sample_names(names, sample_names)
    positions = [sample_names.index(name) for name in names]
    return _dispatch.take(rows, _dispatch.index_from_list(positions, rows), 1)


def _join_rows(
    names: List[str], columns: List[LabelsValues], add_dimension: Optional[str]
) -> Tuple[List[str], LabelsValues]:
    """
    Names and values of labels with the entries of some others.

    :param names: names of all these labels
    :param columns: values of each of these labels
    :param add_dimension: name of a last column, with the position of the labels in the list
    """
    rows = _dispatch.concatenate(columns, 0)
    if add_dimension is None:
        return names, rows

    counts = [len(values) for values in columns]
    index = _dispatch.repeated_positions(counts, rows).reshape(-1, 1)
    return names + [add_dimension], _dispatch.concatenate([rows, index], 1)


def _shifted_gradient_samples(
    gradients: List[TensorBlock], counts: List[int], parameter: str
) -> LabelsValues:
    """
    Samples of all the gradients, which refer to the samples of all their blocks together.

    :param gradients: the gradients
    :param counts: number of samples of each of the blocks
    :param parameter: name of the gradients
    """
    all_rows: List[LabelsValues] = []
    shifts: List[int] = []
    row_counts: List[int] = []
    shift = 0
    for gradient, count in zip(gradients, counts):
        rows = rows_of(gradient.samples)
        if rows.shape[1] != rows_of(gradients[0].samples).shape[1]:
            raise ValueError(
                f"can not join gradients with respect to '{parameter}' which have different "
                f"numbers of sample dimensions: {gradients[0].samples.names} and "
                f"{gradient.samples.names}"
            )
        all_rows.append(rows)
        shifts.append(shift)
        row_counts.append(len(rows))
        shift += count

    joined = _dispatch.concatenate(all_rows, 0)
    origin = _dispatch.repeated_positions(row_counts, joined)
    joined[:, 0] += _dispatch.take(_dispatch.index_from_list(shifts, joined), origin, 0)
    return joined


def _joined_properties(all_properties: List[Labels], add_dimension: Optional[str]) -> Labels:
    names = all_properties[0].names
    columns: List[LabelsValues] = []
    same_names = True
    for properties in all_properties:
        columns.append(rows_of(properties))
        same_names = same_names and properties.names == names

    if add_dimension is not None:
        if not same_names:
            raise ValueError(
                "`add_dimension` can not be used to join blocks with different property names"
            )
    elif not same_names:
        names = ["joined_index", "property"]
        columns = [
            _input_and_entry_index(i, properties) for i, properties in enumerate(all_properties)
        ]
    names, rows = _join_rows(names, columns, add_dimension)
    return labels_like(all_properties[0], names, rows)


def _input_and_entry_index(input_index: int, properties: Labels) -> LabelsValues:
    count = len(properties)
    entries = _dispatch.indices_like(rows_of(properties), [count])
    return _dispatch.concatenate(
        [_dispatch.full_like(entries, input_index, [count, 1]), entries], 1
    )


def _concatenate_properties(values: List[Array]) -> Array:
    return _dispatch.concatenate(values, len(values[0].shape) - 1)


def _values_for_samples(gradient: TensorBlock, samples: Labels) -> Array:
    """Values of a gradient for more samples than it has, zero for the additional ones."""
    if gradient.samples == samples:
        return gradient.values
    _, _, positions = samples.union_and_mapping(gradient.samples)
    return _dispatch.scatter_rows(gradient.values, positions, len(samples))


@torch_jit_script
def join_blocks(
    blocks: List[TensorBlock], axis: str, add_dimension: Optional[str] = None
) -> TensorBlock:
    """
    Join blocks along the samples or properties.

    :param blocks: list or tuple of blocks. A single block is returned as is
    :param axis: ``"samples"`` or ``"properties"``
    :param add_dimension: name of an additional dimension, the last one, along the axis. It contains
        the position of each block in the list
    :return: new block, see :py:func:`join` for the details and the errors

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> joined = metatensor.join_blocks([block, block], "samples", add_dimension="block")
    >>> joined.values
    array([[1., 2.],
           [1., 2.]])
    >>> print(joined.samples)
    Labels
        sample  block
          0       0
          0       1
    """
    if not torch_jit_is_scripting():
        if not isinstance(blocks, (list, tuple)):
            raise TypeError(f"`blocks` must be a list or a tuple, not {type(blocks)}")
        for block in blocks:
            if not isinstance_metatensor(block, "TensorBlock"):
                raise TypeError(
                    f"`blocks` must only contain metatensor TensorBlock, not {type(block)}"
                )

    if len(blocks) == 0:
        raise ValueError("`blocks` must contain at least one block to join")
    check_join_axis(axis)
    if len(blocks) == 1:
        return blocks[0]

    if axis == "samples":
        return join_samples(blocks, add_dimension, "join_blocks")
    else:
        return join_properties(blocks, add_dimension, "join_blocks")
