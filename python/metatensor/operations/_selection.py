"""Samples and properties of a block picked by their position or by labels."""

from typing import List, Union

from . import _dispatch
from ._backend import (
    Labels,
    LabelsValues,
    TensorBlock,
    isinstance_metatensor,
    torch_jit_is_scripting,
)
from ._blocks import add_gradient_with_samples, check_no_nested_gradients


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


def slice_samples(
    block: TensorBlock, selection: Union[LabelsValues, List[int], Labels], operation: str
) -> TensorBlock:
    """New block with the selected samples, in the order of the selection."""
    samples = block.samples
    positions = _selected_positions(samples, selection)
    result = TensorBlock(
        values=_dispatch.take(block.values, positions, 0),
        samples=Labels(samples.names, _dispatch.take(samples.values, positions, 0)),
        components=block.components,
        properties=block.properties,
    )

    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, operation)
        rows = gradient.samples.values
        # the gradient samples stay in the same order
        new_positions = _dispatch.inverse_positions(
            _dispatch.index_like(positions, rows), len(samples)
        )
        parents = new_positions[_dispatch.index_like(gradient.samples.column("sample"), rows)]
        kept = _dispatch.where(parents >= 0)

        rows = _dispatch.take(rows, kept, 0)
        rows[:, 0] = _dispatch.convert_like(parents[kept], rows)
        add_gradient_with_samples(
            result,
            parameter,
            _dispatch.take(gradient.values, kept, 0),
            Labels(gradient.samples.names, rows, assume_unique=True),
            gradient.components,
        )
    return result


def slice_properties(
    block: TensorBlock, selection: Union[LabelsValues, List[int], Labels], operation: str
) -> TensorBlock:
    """New block with the selected properties, in the order of the block."""
    properties = block.properties
    positions = _dispatch.sorted_positions(_selected_positions(properties, selection))
    values = block.values
    result = TensorBlock(
        values=_dispatch.take(values, positions, len(values.shape) - 1),
        samples=block.samples,
        components=block.components,
        properties=Labels(
            properties.names,
            _dispatch.take(properties.values, positions, 0),
            assume_unique=True,
        ),
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
    return result


def _selected_positions(
    labels: Labels, selection: Union[LabelsValues, List[int], Labels]
) -> LabelsValues:
    """Non-negative positions of the selected entries, in the order of the selection."""
    if isinstance(selection, list):
        positions = _dispatch.positions_like(labels.values, len(labels))
        return positions[_dispatch.index_from_list(selection, labels.values)]
    elif isinstance(selection, LabelsValues):
        positions = _dispatch.positions_like(selection, len(labels))
        return positions[selection]
    else:
        return labels.select(selection)
