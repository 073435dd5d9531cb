from typing import List, Optional, Tuple, Union

from . import _dispatch, _rows
from ._backend import (
    Labels,
    LabelsValues,
    TensorBlock,
    TensorMap,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._labels import labels_like, rows_of
from ._types import check_is_block, check_is_tensor_map


def _check_types(
    axis: str, names: Union[List[str], Tuple[str], str], gradient: Optional[str]
) -> None:
    if not torch_jit_is_scripting():
        if not isinstance(axis, str):
            raise TypeError(f"`axis` must be a string, not {type(axis)}")
        if not isinstance(names, (str, tuple, list)):
            raise TypeError(
                f"`names` must be a string, or a list or tuple of strings, not {type(names)}"
            )
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"the elements of `names` must be strings, not {type(name)}")
        if gradient is not None and not isinstance(gradient, str):
            raise TypeError(f"`gradient` must be a string or None, not {type(gradient)}")


def _check_axis(axis: str) -> None:
    if axis != "samples" and axis != "properties":
        raise ValueError(f"`axis` must be either 'samples' or 'properties', not '{axis}'")


def _names_list(names: Union[List[str], Tuple[str], str]) -> List[str]:
    if isinstance(names, str):
        return [names]
    elif isinstance(names, list):
        return names
    elif torch_jit_is_scripting():
        return [names[0]]  # the only type of tuple allowed here
    else:
        return list(names)


def _labels(block: TensorBlock, axis: str, gradient: Optional[str]) -> Labels:
    if gradient is not None:
        block = block.gradient(gradient)
    return block.samples if axis == "samples" else block.properties


def _columns(labels: Labels, axis: str, names: List[str]) -> LabelsValues:
    """Values of the dimensions called ``names`` of the samples or properties of a block."""
    indices: List[int] = []
    for name in names:
        if name not in labels.names:
            raise ValueError(f"'{name}' is not one of the dimensions of the {axis}: {labels.names}")
        indices.append(labels.names.index(name))

    rows = rows_of(labels)
    return _dispatch.take(rows, _dispatch.index_from_list(indices, rows), 1)


@torch_jit_script
def unique_metadata_block(
    block: TensorBlock,
    axis: str,
    names: Union[List[str], Tuple[str], str],
    gradient: Optional[str] = None,
) -> Labels:
    """
    Distinct values in the samples or properties of a block.

    See :py:func:`unique_metadata` for the result and the other parameters.

    :param block: block with the labels to look at
    :raises MetatensorError: if the block does not have this ``gradient``

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 3)))
    >>> len(metatensor.unique_metadata_block(block, "properties", "property"))
    3
    """
    check_is_block(block, "block")
    _check_types(axis, names, gradient)
    _check_axis(axis)

    dimensions = _names_list(names)
    labels = _labels(block, axis, gradient)
    entries, _ = _rows.unique_rows(_columns(labels, axis, dimensions))
    return labels_like(labels, dimensions, entries, assume_unique=True)


@torch_jit_script
def unique_metadata(
    tensor: TensorMap,
    axis: str,
    names: Union[List[str], Tuple[str], str],
    gradient: Optional[str] = None,
) -> Labels:
    """
    Distinct values in the samples or properties of all the blocks of a tensor map.

    :param tensor: tensor map with the labels to look at
    :param axis: ``"samples"`` or ``"properties"``
    :param names: dimensions of interest: a string, or a list or tuple of strings
    :param gradient: look at the gradients with respect to this parameter, instead of the values
    :return: labels with the dimensions ``names``, in this order, and sorted entries
    :raises TypeError: if an argument has the wrong type
    :raises ValueError: for another ``axis``, or if it does not have one of the ``names``
    :raises IndexError: if ``tensor`` has no blocks
    :raises MetatensorError: if a block does not have this ``gradient``

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 3, 1)), ["system", "atom"])
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> print(metatensor.unique_metadata(tensor, "samples", "system"))
    Labels
        system
          0
          1
    """
    check_is_tensor_map(tensor, "tensor")
    _check_types(axis, names, gradient)
    _check_axis(axis)

    dimensions = _names_list(names)
    labels = _labels(tensor.block_by_id(0), axis, gradient)
    columns = [_columns(labels, axis, dimensions)]
    for block in tensor.blocks()[1:]:
        previous = labels
        labels = _labels(block, axis, gradient)
        if labels != previous:
            columns.append(_columns(labels, axis, dimensions))
    entries, _ = _rows.unique_rows(_dispatch.concatenate(columns, 0))
    return labels_like(labels, dimensions, entries, assume_unique=True)
