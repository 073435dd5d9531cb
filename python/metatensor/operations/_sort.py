from typing import List, Union

from . import _dispatch
from ._backend import (
    Labels,
    LabelsValues,
    TensorBlock,
    TensorMap,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._blocks import check_no_nested_gradients
from ._types import as_list


def _axes_to_sort(axes: Union[List[str], str], valid: List[str]) -> List[str]:
    if not torch_jit_is_scripting():
        if not isinstance(axes, (str, list)):
            raise TypeError(f"`axes` must be a string or a list of strings, not {type(axes)}")

    result = as_list(axes)
    if isinstance(axes, str):
        if axes == "all":
            result = list(valid)

    for axis in result:
        if axis not in valid:
            raise ValueError(f"`axes` must be some of {valid}, or 'all', not '{axis}'")
    return result


def _sorting_positions(rows: LabelsValues, descending: bool) -> LabelsValues:
    positions = _dispatch.lexsort_rows(rows)
    if descending:
        positions = _dispatch.flip(positions)
    return positions


def _reordered(labels: Labels, positions: LabelsValues) -> Labels:
    return Labels(labels.names, _dispatch.take(labels.values, positions, 0), assume_unique=True)


def _sort_without_gradients(
    block: TensorBlock, samples: Labels, axes: List[str], descending: bool
) -> TensorBlock:
    """Sort the values of ``block``, to be considered as having the given samples."""
    values = block.values
    if "samples" in axes:
        positions = _sorting_positions(samples.values, descending)
        samples = _reordered(samples, positions)
        values = _dispatch.take(values, positions, 0)

    components = block.components
    if "components" in axes:
        sorted_components: List[Labels] = []
        for i, component in enumerate(components):
            positions = _sorting_positions(component.values, descending)
            sorted_components.append(_reordered(component, positions))
            values = _dispatch.take(values, positions, i + 1)
        components = sorted_components

    properties = block.properties
    if "properties" in axes:
        positions = _sorting_positions(properties.values, descending)
        properties = _reordered(properties, positions)
        values = _dispatch.take(values, positions, len(values.shape) - 1)

    return TensorBlock(values=values, samples=samples, components=components, properties=properties)


def _with_moved_parents(samples: Labels, parents: Labels, descending: bool) -> Labels:
    """Samples of a gradient after sorting the samples of the parent."""
    rows = _dispatch.copy(samples.values)
    positions = _dispatch.index_like(_sorting_positions(parents.values, descending), rows)
    new_positions = _dispatch.inverse_positions(positions, len(parents))

    old_positions = _dispatch.index_like(samples.column("sample"), rows)
    rows[:, 0] = _dispatch.convert_like(new_positions[old_positions], rows)
    return Labels(samples.names, rows, assume_unique=True)


def _sort_block(block: TensorBlock, axes: List[str], descending: bool) -> TensorBlock:
    if len(block.samples) == 0:
        axes = []  # there is nothing to move, the metadata stays as it is

    result = _sort_without_gradients(block, block.samples, axes, descending)
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "sort")
        samples = gradient.samples
        if "samples" in axes:
            samples = _with_moved_parents(samples, block.samples, descending)
        result.add_gradient(parameter, _sort_without_gradients(gradient, samples, axes, descending))
    return result


@torch_jit_script
def sort_block(
    block: TensorBlock,
    axes: Union[List[str], str] = "all",
    descending: bool = False,
) -> TensorBlock:
    """
    Sort the entries of a block along some axes.

    :param block: block to sort
    :param axes: what to sort: a list of ``"samples"``, ``"components"`` and ``"properties"``, one
        of these, or ``"all"`` of these
    :param descending: sort from the largest to the smallest?
    :return: new block, see :py:func:`sort`
    :raises TypeError: if ``axes`` is neither a string nor a list
    :raises ValueError: for other values of ``axes``
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> metatensor.sort_block(block, "samples", descending=True).values
    array([[3., 4.],
           [1., 2.]])
    """
    valid = ["samples", "components", "properties"]
    return _sort_block(block, _axes_to_sort(axes, valid), descending)


@torch_jit_script
def sort(
    tensor: TensorMap,
    axes: Union[List[str], str] = "all",
    descending: bool = False,
) -> TensorMap:
    """
    Sort the blocks of a tensor map, and their entries, along some axes.

    Entries are sorted according to the values of their first dimension, then of the second one, and
    so on. The samples of gradients are sorted together with the samples, after changing them to the
    new positions of the samples.

    :param tensor: tensor map to sort
    :param axes: what to sort: a list of ``"keys"``, ``"samples"``, ``"components"`` and
        ``"properties"``, one of these, or ``"all"`` of these
    :param descending: sort from the largest to the smallest?
    :return: new tensor map. A block without samples keeps its metadata unsorted
    :raises TypeError: if ``axes`` is neither a string nor a list
    :raises ValueError: for other values of ``axes``
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> keys = metatensor.Labels(["key"], np.array([[4], [1]]))
    >>> blocks = [metatensor.block_from_array(np.full((1, 2), float(i))) for i in range(2)]
    >>> tensor = metatensor.TensorMap(keys, blocks)
    >>> print(metatensor.sort(tensor, "keys").keys)
    Labels
        key
         1
         4
    """
    to_sort = _axes_to_sort(axes, ["keys", "samples", "components", "properties"])

    keys = tensor.keys
    positions = _dispatch.positions_like(keys.values, len(keys))
    if "keys" in to_sort:
        positions = _sorting_positions(keys.values, descending)
        keys = _reordered(keys, positions)

    blocks: List[TensorBlock] = []
    for position in _dispatch.to_list(positions):
        blocks.append(_sort_block(tensor.block_by_id(position), to_sort, descending))
    return TensorMap(keys, blocks)
