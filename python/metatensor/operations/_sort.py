from typing import Dict, List, Tuple, Union

from . import _dispatch, _rows
from ._backend import (
    Labels,
    LabelsValues,
    TensorBlock,
    TensorMap,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._blocks import check_no_nested_gradients, same_samples
from ._labels import labels_like, rows_of, take_entries
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
    positions = _rows.lexsort_rows(rows)
    if descending:
        positions = _rows.flip(positions)
    return positions


def _sort_labels(labels: Labels, descending: bool) -> Tuple[Labels, LabelsValues]:
    """The sorted labels, and the initial positions of their entries."""
    positions = _sorting_positions(rows_of(labels), descending)
    return take_entries(labels, positions), positions


def _sort_samples(block: TensorBlock, descending: bool) -> Dict[str, Tuple[Labels, LabelsValues]]:
    """
    The sorted samples and their initial positions: under ``""`` for the values, under the name of
    the parameter for gradients.
    """
    samples, positions = _sort_labels(block.samples, descending)
    all_sorted = {"": (samples, positions)}
    for parameter, gradient in block.gradients():
        initial = gradient.samples
        rows = _dispatch.copy(rows_of(initial))
        new_positions = _rows.inverse_positions(_dispatch.index_like(positions, rows), len(samples))
        parents = new_positions[_dispatch.index_like(rows[:, 0], rows)]
        rows[:, 0] = _dispatch.convert_like(parents, rows)

        order = _sorting_positions(rows, descending)
        rows = _dispatch.take(rows, order, 0)
        all_sorted[parameter] = (
            labels_like(initial, initial.names, rows, assume_unique=True),
            order,
        )
    return all_sorted


def _sort_blocks(blocks: List[TensorBlock], axes: List[str], descending: bool) -> List[TensorBlock]:
    sorted_blocks: List[TensorBlock] = []
    samples: Dict[str, Tuple[Labels, LabelsValues]] = {}
    properties: List[Tuple[Labels, LabelsValues]] = []
    for i, block in enumerate(blocks):
        axes_of_block = axes
        if len(block.samples) == 0:
            axes_of_block = []  # there is nothing to move, the metadata stays as it is
        if "samples" in axes_of_block:
            if i == 0 or not same_samples(blocks[i - 1], block):
                samples = _sort_samples(block, descending)
        if "properties" in axes_of_block:
            if len(properties) == 0 or blocks[i - 1].properties != block.properties:
                properties = [_sort_labels(block.properties, descending)]

        result = _sort_values(block, "", axes_of_block, samples, properties, descending)
        for parameter, gradient in block.gradients():
            check_no_nested_gradients(parameter, gradient, "sort")
            result.add_gradient(
                parameter,
                _sort_values(gradient, parameter, axes_of_block, samples, properties, descending),
            )
        sorted_blocks.append(result)
    return sorted_blocks


def _sort_values(
    block: TensorBlock,
    parameter: str,
    axes: List[str],
    all_samples: Dict[str, Tuple[Labels, LabelsValues]],
    all_properties: List[Tuple[Labels, LabelsValues]],
    descending: bool,
) -> TensorBlock:
    """
    Sort the values of ``block``, which is the gradient with respect to ``parameter`` unless this is
    empty.
    """
    values = block.values
    samples = block.samples
    if "samples" in axes:
        samples, positions = all_samples[parameter]
        values = _dispatch.take(values, positions, 0)

    components = block.components
    if "components" in axes:
        sorted_components: List[Labels] = []
        for i, component in enumerate(components):
            component, positions = _sort_labels(component, descending)
            sorted_components.append(component)
            values = _dispatch.take(values, positions, i + 1)
        components = sorted_components

    properties = block.properties
    if "properties" in axes:
        properties, positions = all_properties[0]
        values = _dispatch.take(values, positions, len(values.shape) - 1)

    return TensorBlock(values=values, samples=samples, components=components, properties=properties)


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
    return _sort_blocks([block], _axes_to_sort(axes, valid), descending)[0]


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
    blocks = tensor.blocks()
    if "keys" in to_sort:
        keys, positions = _sort_labels(keys, descending)
        blocks = tensor.blocks_by_id(_dispatch.to_list(positions))
    return TensorMap(keys, _sort_blocks(blocks, to_sort, descending))
