"""Samples and properties of a block picked by their position or by labels."""

from typing import Dict, List, Tuple, Union

from . import _dispatch, _rows
from ._backend import (
    Labels,
    LabelsValues,
    TensorBlock,
    isinstance_metatensor,
    torch_jit_is_scripting,
)
from ._blocks import add_gradient_with_samples, check_no_nested_gradients, same_samples
from ._labels import labels_like, rows_of, take_entries


def check_axis(axis: str) -> None:
    """Raise a ``ValueError`` if ``axis`` is neither samples nor properties."""
    if axis != "samples" and axis != "properties":
        raise ValueError(f"`axis` must be either 'samples' or 'properties', not '{axis}'")


def check_selection(
    block: TensorBlock, axis: str, selection: Union[LabelsValues, List[int], Labels]
) -> None:
    """Check the type of a selection, and that the block has the dimensions of its labels."""
    if isinstance(selection, list):
        return
    elif isinstance(selection, LabelsValues):
        if len(selection.shape) != 1:
            raise ValueError(
                "a `selection` given as an array must be 1-dimensional, this one has "
                f"{len(selection.shape)} dimensions"
            )
    else:
        if not torch_jit_is_scripting():
            if not isinstance_metatensor(selection, "Labels"):
                raise TypeError(
                    "`selection` must be metatensor Labels, an array or a list of integers, not "
                    f"{type(selection)}"
                )

        names = block.samples.names if axis == "samples" else block.properties.names
        for name in selection.names:
            if name not in names:
                raise ValueError(f"'{name}' is not one of the dimensions of the {axis}: {names}")


def slice_blocks(
    blocks: List[TensorBlock],
    axis: str,
    selection: Union[LabelsValues, List[int], Labels],
    operation: str,
) -> List[TensorBlock]:
    """
    New blocks with the selected samples in the order of the selection, or with the selected
    properties in the order of the block.
    """
    if axis == "samples":
        return _slice_samples(blocks, selection, operation)
    else:
        return _slice_properties(blocks, selection, operation)


def _slice_samples(
    blocks: List[TensorBlock],
    selection: Union[LabelsValues, List[int], Labels],
    operation: str,
) -> List[TensorBlock]:
    sliced: List[TensorBlock] = []
    selected: Dict[str, Tuple[Labels, LabelsValues]] = {}
    for i, block in enumerate(blocks):
        if i == 0 or not same_samples(blocks[i - 1], block):
            selected = _select_samples(block, selection)

        samples, positions = selected[""]
        result = TensorBlock(
            values=_dispatch.take(block.values, positions, 0),
            samples=samples,
            components=block.components,
            properties=block.properties,
        )
        for parameter, gradient in block.gradients():
            check_no_nested_gradients(parameter, gradient, operation)
            samples, positions = selected[parameter]
            values = _dispatch.take(gradient.values, positions, 0)
            add_gradient_with_samples(result, parameter, values, samples, gradient.components)
        sliced.append(result)
    return sliced


def _select_samples(
    block: TensorBlock, selection: Union[LabelsValues, List[int], Labels]
) -> Dict[str, Tuple[Labels, LabelsValues]]:
    """
    The selected samples and their positions: under ``""`` for the values, under the name of the
    parameter for gradients.
    """
    samples = block.samples
    rows = rows_of(samples)
    positions = _selected_positions(samples, selection)
    # repeated positions are refused here
    selected_samples = labels_like(samples, samples.names, _dispatch.take(rows, positions, 0))
    selected = {"": (selected_samples, positions)}

    for parameter, gradient in block.gradients():
        names = gradient.samples.names
        rows = rows_of(gradient.samples)
        new_positions = _rows.inverse_positions(_dispatch.index_like(positions, rows), len(samples))
        parents = new_positions[_dispatch.index_like(rows[:, 0], rows)]
        # the gradient samples stay in the same order
        kept = _rows.where(parents >= 0)

        rows = _dispatch.take(rows, kept, 0)
        rows[:, 0] = _dispatch.convert_like(parents[kept], rows)
        selected[parameter] = (
            labels_like(gradient.samples, names, rows, assume_unique=True),
            kept,
        )
    return selected


def _slice_properties(
    blocks: List[TensorBlock],
    selection: Union[LabelsValues, List[int], Labels],
    operation: str,
) -> List[TensorBlock]:
    sliced: List[TensorBlock] = []
    selected: List[Tuple[Labels, LabelsValues]] = []
    for i, block in enumerate(blocks):
        if i == 0 or blocks[i - 1].properties != block.properties:
            positions = _selected_positions(block.properties, selection)
            positions = _rows.sorted_positions(positions)
            selected = [(take_entries(block.properties, positions), positions)]

        properties, positions = selected[0]
        values = block.values
        result = TensorBlock(
            values=_dispatch.take(values, positions, len(values.shape) - 1),
            samples=block.samples,
            components=block.components,
            properties=properties,
        )
        for parameter, gradient in block.gradients():
            check_no_nested_gradients(parameter, gradient, operation)
            values = gradient.values
            add_gradient_with_samples(
                result,
                parameter,
                _dispatch.take(values, positions, len(values.shape) - 1),
                gradient.samples,
                gradient.components,
            )
        sliced.append(result)
    return sliced


def _selected_positions(
    labels: Labels, selection: Union[LabelsValues, List[int], Labels]
) -> LabelsValues:
    """Non-negative positions of the selected entries, in the order of the selection."""
    if isinstance(selection, list):
        positions = _dispatch.positions_like(rows_of(labels), len(labels))
        return positions[_dispatch.index_from_list(selection, positions)]
    elif isinstance(selection, LabelsValues):
        positions = _dispatch.positions_like(selection, len(labels))
        return positions[selection]
    else:
        return labels.select(selection)
