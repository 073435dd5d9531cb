"""
Reductions of groups of samples or properties: sum, mean, variance and standard deviation.

Entries with the same values in all the dimensions that remain form a group.
"""

from typing import Dict, List, Tuple

from . import _dispatch, _rows
from ._backend import Array, Labels, LabelsValues, TensorBlock
from ._blocks import (
    add_gradient_with_samples,
    check_no_nested_gradients,
    parent_positions,
    parent_rows,
    rows_for_gradient,
    same_samples,
)
from ._labels import labels_like, rows_of


def reduce_samples(
    blocks: List[TensorBlock], sample_names: List[str], reduction: str
) -> List[TensorBlock]:
    """
    Reduce the samples of some blocks.

    :param blocks: blocks to reduce
    :param sample_names: sample dimensions which disappear
    :param reduction: ``"sum"``, ``"mean"``, ``"var"`` or ``"std"``
    """
    reduced: List[TensorBlock] = []
    groups: Dict[str, Tuple[Labels, LabelsValues]] = {}
    for i, block in enumerate(blocks):
        for parameter, gradient in block.gradients():
            check_no_nested_gradients(parameter, gradient, f"{reduction}_over_samples")

        if len(block.samples) == 0:
            samples = _without_entries(block.samples, sample_names)
            reduced.append(_reduce_nothing(block, samples, block.properties, reduction))
            continue

        if len(groups) == 0 or not same_samples(blocks[i - 1], block):
            groups = _group_samples(block, sample_names)
        reduced.append(_reduce_block_samples(block, groups, reduction))
    return reduced


def _group_samples(
    block: TensorBlock, sample_names: List[str]
) -> Dict[str, Tuple[Labels, LabelsValues]]:
    """
    The samples of the groups, and the position in there of the group of each sample: under ``""``
    for the values, under the name of the parameter for gradients.
    """
    samples, groups = _group_entries(block.samples, sample_names)
    all_groups = {"": (samples, groups)}
    for parameter, gradient in block.gradients():
        all_groups[parameter] = _group_gradient_samples(gradient, groups)
    return all_groups


def _reduce_block_samples(
    block: TensorBlock, all_groups: Dict[str, Tuple[Labels, LabelsValues]], reduction: str
) -> TensorBlock:
    values = block.values
    samples, groups = all_groups[""]
    reduced, mean = _reduce_values(values, groups, len(samples), 0, reduction)
    result = TensorBlock(
        values=reduced,
        samples=samples,
        components=block.components,
        properties=block.properties,
    )

    for parameter, gradient in block.gradients():
        gradient_samples, gradient_groups = all_groups[parameter]
        if reduction == "sum" or reduction == "mean":
            gradient_values, _ = _reduce_values(
                gradient.values, gradient_groups, len(gradient_samples), 0, reduction
            )
        else:
            n_dimensions = len(gradient.values.shape)
            positions = rows_of(gradient_samples)[:, 0]
            gradient_values = _gradient_of_spread(
                gradient.values,
                parent_rows(values, gradient),
                gradient_groups,
                len(gradient_samples),
                0,
                rows_for_gradient(mean, positions, n_dimensions),
                rows_for_gradient(reduced, positions, n_dimensions),
                reduction,
            )
        add_gradient_with_samples(
            result, parameter, gradient_values, gradient_samples, gradient.components
        )
    return result


def reduce_properties(
    blocks: List[TensorBlock], property_names: List[str], reduction: str
) -> List[TensorBlock]:
    """
    Reduce the properties of some blocks.

    :param blocks: blocks to reduce
    :param property_names: property dimensions which disappear
    :param reduction: ``"sum"``, ``"mean"``, ``"var"`` or ``"std"``
    """
    reduced: List[TensorBlock] = []
    groups: List[Tuple[Labels, LabelsValues]] = []
    for i, block in enumerate(blocks):
        for parameter, gradient in block.gradients():
            check_no_nested_gradients(parameter, gradient, f"{reduction}_over_properties")

        if len(block.properties) == 0:
            properties = _without_entries(block.properties, property_names)
            reduced.append(_reduce_nothing(block, block.samples, properties, reduction))
            continue

        if len(groups) == 0 or blocks[i - 1].properties != block.properties:
            groups = [_group_entries(block.properties, property_names)]
        reduced.append(_reduce_block_properties(block, groups[0], reduction))
    return reduced


def _reduce_block_properties(
    block: TensorBlock, properties_and_groups: Tuple[Labels, LabelsValues], reduction: str
) -> TensorBlock:
    values = block.values
    properties, groups = properties_and_groups
    axis = len(values.shape) - 1
    reduced, mean = _reduce_values(values, groups, len(properties), axis, reduction)
    result = TensorBlock(
        values=reduced,
        samples=block.samples,
        components=block.components,
        properties=properties,
    )

    for parameter, gradient in block.gradients():
        axis = len(gradient.values.shape) - 1
        if reduction == "sum" or reduction == "mean":
            gradient_values, _ = _reduce_values(
                gradient.values, groups, len(properties), axis, reduction
            )
        else:
            gradient_values = _gradient_of_spread(
                gradient.values,
                parent_rows(values, gradient),
                groups,
                len(properties),
                axis,
                parent_rows(mean, gradient),
                parent_rows(reduced, gradient),
                reduction,
            )
        add_gradient_with_samples(
            result, parameter, gradient_values, gradient.samples, gradient.components
        )
    return result


def _reduce_nothing(
    block: TensorBlock, samples: Labels, properties: Labels, reduction: str
) -> TensorBlock:
    """The same arrays with other labels, for a block which is empty along the reduced axis."""
    # averages of integers are not integers, also in blocks without any
    to_floating = reduction != "sum"
    result = TensorBlock(
        values=_dispatch.to_floating(block.values) if to_floating else block.values,
        samples=samples,
        components=block.components,
        properties=properties,
    )
    for parameter, gradient in block.gradients():
        add_gradient_with_samples(
            result,
            parameter,
            _dispatch.to_floating(gradient.values) if to_floating else gradient.values,
            gradient.samples,
            gradient.components,
        )
    return result


def _without_entries(labels: Labels, removed: List[str]) -> Labels:
    names, columns = _remaining_columns(labels, removed)
    return labels_like(labels, names, columns)


def _remaining_columns(labels: Labels, removed: List[str]) -> Tuple[List[str], LabelsValues]:
    names: List[str] = []
    indices: List[int] = []
    for i, name in enumerate(labels.names):
        if name not in removed:
            names.append(name)
            indices.append(i)

    rows = rows_of(labels)
    return names, _dispatch.take(rows, _dispatch.index_from_list(indices, rows), 1)


def _group_entries(labels: Labels, removed: List[str]) -> Tuple[Labels, LabelsValues]:
    """
    Labels of the groups, sorted, and the position in there of the group of each entry. If all the
    names are removed, there is a single group which gets the same labels as ``Labels.single()``.
    """
    names, columns = _remaining_columns(labels, removed)
    if len(names) == 0:
        entries = _dispatch.zeros_like(columns, [1, 1])
        groups = 0 * _dispatch.positions_like(columns, len(labels))
        return labels_like(labels, ["_"], entries, assume_unique=True), groups

    entries, groups = _rows.unique_rows(columns)
    return labels_like(labels, names, entries, assume_unique=True), groups


def _group_gradient_samples(
    gradient: TensorBlock, parent_groups: LabelsValues
) -> Tuple[Labels, LabelsValues]:
    """
    Samples of the reduced gradient, sorted, and the position in there of each sample of the initial
    gradient.

    :param gradient: initial gradient
    :param parent_groups: group of each sample of the parent
    """
    samples = gradient.samples
    rows = _dispatch.copy(rows_of(samples))
    positions = _dispatch.take(parent_groups, parent_positions(gradient), 0)
    rows[:, 0] = _dispatch.convert_like(positions, rows)

    entries, groups = _rows.unique_rows(rows)
    return labels_like(samples, samples.names, entries, assume_unique=True), groups


def _reduce_values(
    values: Array, groups: LabelsValues, n_groups: int, axis: int, reduction: str
) -> Tuple[Array, Array]:
    """
    Reduced values and average of the values in each group; for a sum, the sum instead of this
    average, which is not needed.
    """
    if reduction == "sum":
        total = _dispatch.sum_groups(values, groups, n_groups, axis)
        return total, total

    values = _dispatch.to_floating(values)
    mean = _mean_groups(values, groups, n_groups, axis)
    if reduction == "mean":
        return mean, mean

    # with two passes, rounding can not make this negative
    deviation = values - _dispatch.take(mean, groups, axis)
    variance = _mean_groups(deviation * deviation, groups, n_groups, axis)
    if reduction == "var":
        return variance, mean

    assert reduction == "std"
    return _dispatch.sqrt(variance), mean


def _gradient_of_spread(
    gradient: Array,
    values: Array,
    groups: LabelsValues,
    n_groups: int,
    axis: int,
    mean: Array,
    reduced: Array,
    reduction: str,
) -> Array:
    """
    Values of the gradient of a variance or standard deviation.

    :param gradient: values of the initial gradient
    :param values: values of the initial block, for each sample of the initial gradient
    :param groups: group of each entry of the initial gradient along ``axis``
    :param n_groups: number of groups
    :param axis: the axis which is reduced
    :param mean: average of the values of the block, for each sample of the reduced gradient
    :param reduced: reduced values of the block, for each sample of the reduced gradient
    :param reduction: name of the reduction
    """
    # these averages are over the gradient samples that exist, the missing ones do not count
    gradient = _dispatch.to_floating(gradient)
    mean_gradient = _mean_groups(gradient, groups, n_groups, axis)
    mean_product = _mean_groups(values * gradient, groups, n_groups, axis)
    covariance = mean_product - mean * mean_gradient
    if reduction == "var":
        return 2.0 * covariance

    assert reduction == "std"
    return _dispatch.divide_or_zero(covariance, reduced)


def _mean_groups(array: Array, groups: LabelsValues, n_groups: int, axis: int) -> Array:
    total = _dispatch.sum_groups(array, groups, n_groups, axis)
    return _dispatch.divide_along(total, _dispatch.count_groups(groups, n_groups), axis)
