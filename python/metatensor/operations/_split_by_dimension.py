from typing import List, Optional

import numpy as np

from . import _dispatch, _rows
from ._backend import Labels, TensorMap, torch_jit_is_scripting, torch_jit_script
from ._filter_blocks import filter_blocks
from ._labels import labels_like, rows_of
from ._selection import slice_blocks
from ._types import check_is_tensor_map
from ._unique_metadata import unique_metadata


def _distinct_values(tensor: TensorMap, axis: str, name: str) -> List[int]:
    """The values of one dimension, in increasing order."""
    if axis != "keys":
        return _dispatch.to_list(rows_of(unique_metadata(tensor, axis, name))[:, 0])

    keys = tensor.keys
    if name not in keys.names:
        raise ValueError(f"'{name}' is not one of the dimensions of the keys: {keys.names}")
    column = rows_of(keys)[:, keys.names.index(name)]
    return _dispatch.to_list(_rows.sorted_positions(column))


def _labels_of_axis(tensor: TensorMap, axis: str) -> Labels:
    if axis == "keys":
        return tensor.keys
    block = tensor.block_by_id(0)
    return block.samples if axis == "samples" else block.properties


def _check_groups(groups: List[List[int]]) -> None:
    if not torch_jit_is_scripting():
        for group in groups:
            if not isinstance(group, (list, tuple, np.ndarray)):
                raise TypeError(f"`groups` must contain lists of integers, not {type(group)}")
            for value in group:
                if not isinstance(value, (int, np.integer)):
                    raise TypeError(
                        f"`groups` must contain lists of integers, not of {type(value)}"
                    )


@torch_jit_script
def split_by_dimension(
    tensor: TensorMap, axis: str, name: str, groups: Optional[List[List[int]]] = None
) -> List[TensorMap]:
    """
    Split a tensor map according to the values of one dimension of its labels.

    The dimension stays in the labels of the results. Along the samples or properties, all the
    results have all the blocks, even when nothing is left in them; along the keys, each of the
    results has the blocks with its values.

    :param tensor: tensor map to split
    :param axis: ``"keys"``, ``"samples"`` or ``"properties"``
    :param name: name of the dimension
    :param groups: the values to put in each of the results, values which do not exist are ignored.
        By default, there is one result for each distinct value, in increasing order: the order of
        :py:func:`unique_metadata`
    :return: one new tensor map for each group
    :raises TypeError: if ``tensor`` is not a tensor map, or if ``groups`` does not contain lists of
        integers
    :raises ValueError: for another ``axis``, or if it does not have a dimension called ``name``
    :raises IndexError: if ``tensor`` has no blocks, along the samples or properties
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> samples = metatensor.Labels(["system", "atom"], np.array([[0, 0], [0, 1], [3, 0]]))
    >>> properties = metatensor.Labels.range("n", 1)
    >>> values = np.array([[1.0], [2.0], [3.0]])
    >>> block = metatensor.TensorBlock(values, samples, [], properties)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> for system in metatensor.split_by_dimension(tensor, "samples", "system"):
    ...     print(system.block().values.tolist())
    [[1.0], [2.0]]
    [[3.0]]
    """
    check_is_tensor_map(tensor, "tensor")
    if axis != "keys" and axis != "samples" and axis != "properties":
        raise ValueError(f"`axis` must be one of 'keys', 'samples' or 'properties', not '{axis}'")

    values = _distinct_values(tensor, axis, name)
    if groups is None:
        groups = [[value] for value in values]
    _check_groups(groups)

    like = _labels_of_axis(tensor, axis)
    tensors: List[TensorMap] = []
    for group in groups:
        rows = _dispatch.integers_like(group, rows_of(like)).reshape(-1, 1)
        selection = labels_like(like, [name], rows)
        if axis == "keys":
            tensors.append(filter_blocks(tensor, selection, copy=True))
        else:
            blocks = slice_blocks(tensor.blocks(), axis, selection, "split_by_dimension")
            tensors.append(TensorMap(tensor.keys, blocks))
    return tensors
