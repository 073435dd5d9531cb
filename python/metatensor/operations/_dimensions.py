"""Edit the dimensions of the labels of a tensor map: only labels change, the arrays are shared."""

from typing import List, Tuple, Union

from . import _dispatch
from ._backend import (
    Array,
    Labels,
    LabelsValues,
    TensorBlock,
    TensorMap,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._blocks import add_gradient_with_samples, with_labels
from ._labels import rows_of


def _check_axis(axis: str) -> None:
    if axis not in ["keys", "samples", "components", "properties"]:
        raise ValueError(
            f"`axis` must be one of 'keys', 'samples', 'components' or 'properties', not '{axis}'"
        )


def check_new_values(values: Union[Array, int]) -> None:
    """Check the type, shape and dtype of the values given for one dimension of labels."""
    if not isinstance(values, int):
        if not torch_jit_is_scripting():
            if not _dispatch.is_array(values):
                raise ValueError(f"`values` must be an array or an integer, not {type(values)}")
        if len(values.shape) != 1 or not _dispatch.is_integer(values):
            raise ValueError(
                "`values` must be an integer, or a 1-dimensional array of integers; this array "
                f"has {len(values.shape)} dimension(s) and dtype {values.dtype}"
            )


def new_column(labels: Labels, values: Union[Array, int]) -> LabelsValues:
    """
    The values of a new dimension of ``labels``, with a single axis. It is not checked that there is
    one for each of the entries.
    """
    rows = rows_of(labels)
    if isinstance(values, int):
        if values < -(2**31) or values >= 2**31:
            raise ValueError(f"`values` must be a 32-bit integer, {values} is too large")
        return _dispatch.full_like(rows, values, [len(labels)])

    given = _dispatch.as_rows(values)
    column = _dispatch.convert_like(given, rows)
    if not _dispatch.equal(_dispatch.convert_like(column, given), given):
        raise ValueError("`values` must contain 32-bit integers, some of these are too large")
    return column


def _labels_along(tensor: TensorMap, axis: str) -> Tuple[List[Labels], List[int]]:
    """
    The labels to edit, and for each block their position in this list: blocks often have the same
    labels as the previous one. There are no labels to edit for the components.
    """
    all_labels: List[Labels] = []
    positions: List[int] = []
    if axis == "keys":
        all_labels.append(tensor.keys)
    elif axis == "samples" or axis == "properties":
        for i, block in enumerate(tensor.blocks()):
            labels = block.samples if axis == "samples" else block.properties
            if i == 0 or labels != all_labels[-1]:
                all_labels.append(labels)
            positions.append(len(all_labels) - 1)
    return all_labels, positions


def _with_labels_along(
    tensor: TensorMap, axis: str, all_labels: List[Labels], positions: List[int]
) -> TensorMap:
    """New tensor map with the edited labels, see :py:func:`_labels_along`."""
    blocks: List[TensorBlock] = []
    for i, block in enumerate(tensor.blocks()):
        samples = block.samples
        properties = block.properties
        if axis == "samples":
            samples = all_labels[positions[i]]
        elif axis == "properties":
            properties = all_labels[positions[i]]
        blocks.append(with_labels(block, samples, properties))

    keys = all_labels[0] if axis == "keys" else tensor.keys
    return TensorMap(keys, blocks)


def _rename_block(block: TensorBlock, axis: str, old: str, new: str) -> TensorBlock:
    samples = block.samples
    components = block.components
    properties = block.properties
    if axis == "samples":
        samples = samples.rename(old, new)
    elif axis == "components":
        components = _rename_if_present(components, old, new)
    elif axis == "properties":
        properties = properties.rename(old, new)

    result = TensorBlock(
        values=block.values, samples=samples, components=components, properties=properties
    )
    for parameter, gradient in block.gradients():
        samples = gradient.samples
        components = gradient.components
        if axis == "samples":
            samples = _rename_if_present([samples], old, new)[0]
        elif axis == "components":
            components = _rename_if_present(components, old, new)
        add_gradient_with_samples(result, parameter, gradient.values, samples, components)
    return result


def _rename_if_present(all_labels: List[Labels], old: str, new: str) -> List[Labels]:
    renamed: List[Labels] = []
    for labels in all_labels:
        if old in labels.names:
            renamed.append(labels.rename(old, new))
        else:
            renamed.append(labels)
    return renamed


@torch_jit_script
def insert_dimension(
    tensor: TensorMap, axis: str, index: int, name: str, values: Union[Array, int]
) -> TensorMap:
    """
    Tensor map with one more dimension in the labels along ``axis``.

    :param tensor: input tensor map
    :param axis: ``"keys"``, ``"samples"`` (not the ones of gradients) or ``"properties"``.
        ``"components"`` always have a single dimension, nothing is done for these
    :param index: position of the current dimension before which the new one is placed. Negative
        ones count from the end
    :param name: name of the new dimension
    :param values: the value of all the entries in the new dimension, or a 1-dimensional integer
        array with the value of each entry, to be used in all blocks
    :return: new tensor map, sharing the arrays of ``tensor``
    :raises ValueError: for another ``axis``, or if ``values`` is neither an integer nor an array
        with the right shape and dtype
    :raises IndexError: if ``index`` is out of range
    :raises MetatensorError: if ``name`` is not valid, or already used

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((3, 1)))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> tensor = metatensor.insert_dimension(tensor, "samples", 0, "system", 42)
    >>> print(tensor.block().samples)
    Labels
        system  sample
          42      0
          42      1
          42      2
    """
    _check_axis(axis)
    check_new_values(values)

    all_labels, positions = _labels_along(tensor, axis)
    new_labels = [labels.insert(index, name, new_column(labels, values)) for labels in all_labels]
    return _with_labels_along(tensor, axis, new_labels, positions)


@torch_jit_script
def append_dimension(
    tensor: TensorMap, axis: str, name: str, values: Union[Array, int]
) -> TensorMap:
    """
    Tensor map with one more dimension, the last one, in the labels along ``axis``.

    :param tensor: input tensor map
    :param axis: ``"keys"``, ``"samples"`` (not the ones of gradients) or ``"properties"``
    :param name: name of the new dimension
    :param values: the value of all the entries in the new dimension, or a 1-dimensional integer
        array with the value of each entry, to be used in all blocks
    :return: new tensor map, sharing the arrays of ``tensor``
    :raises ValueError: for another ``axis``, or if ``values`` is neither an integer nor an array
        with the right shape and dtype
    :raises MetatensorError: if ``name`` is not valid, or already used

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((1, 2)))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> tensor = metatensor.append_dimension(tensor, "properties", "n", np.array([4, 2]))
    >>> print(tensor.block().properties)
    Labels
        property  n
           0      4
           1      2
    """
    if axis == "keys":
        index = len(tensor.keys.names)
    elif axis == "samples":
        index = len(tensor.sample_names)
    elif axis == "properties":
        index = len(tensor.property_names)
    else:
        raise ValueError(f"`axis` must be one of 'keys', 'samples' or 'properties', not '{axis}'")
    return insert_dimension(tensor, axis, index, name, values)


@torch_jit_script
def permute_dimensions(tensor: TensorMap, axis: str, dimensions_indexes: List[int]) -> TensorMap:
    """
    Tensor map with the dimensions of the labels along ``axis`` in another order.

    :param tensor: input tensor map
    :param axis: ``"keys"``, ``"samples"`` (not the ones of gradients) or ``"properties"``.
        ``"components"`` always have a single dimension, nothing is done for these
    :param dimensions_indexes: for each new dimension, the position of this dimension in ``tensor``
    :return: new tensor map, sharing the arrays of ``tensor``
    :raises ValueError: for another ``axis``, or if there is not one index for each dimension
    :raises IndexError: if an index is out of range
    :raises MetatensorError: if an index is repeated

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 1, 3)), ["system", "atom"])
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.permute_dimensions(tensor, "samples", [1, 0]).sample_names
    ['atom', 'system']
    """
    _check_axis(axis)

    all_labels, positions = _labels_along(tensor, axis)
    new_labels = [labels.permute(dimensions_indexes) for labels in all_labels]
    return _with_labels_along(tensor, axis, new_labels, positions)


@torch_jit_script
def remove_dimension(tensor: TensorMap, axis: str, name: str) -> TensorMap:
    """
    Tensor map with one dimension less in the labels along ``axis``.

    :param tensor: input tensor map
    :param axis: ``"keys"``, ``"samples"`` (not the ones of gradients) or ``"properties"``.
        ``"components"`` always have a single dimension, nothing is done for these
    :param name: name of the dimension to remove
    :return: new tensor map, sharing the arrays of ``tensor``
    :raises ValueError: for another ``axis``, or if there is no such dimension
    :raises MetatensorError: if several entries become the same one, or if no dimension is left in
        the keys

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((1, 2, 3)), ["system", "atom"])
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.remove_dimension(tensor, "samples", "system").sample_names
    ['atom']
    """
    _check_axis(axis)

    all_labels, positions = _labels_along(tensor, axis)
    new_labels = [labels.remove(name) for labels in all_labels]
    return _with_labels_along(tensor, axis, new_labels, positions)


@torch_jit_script
def rename_dimension(tensor: TensorMap, axis: str, old: str, new: str) -> TensorMap:
    """
    Tensor map with another name for one of the dimensions of the labels along ``axis``.

    :param tensor: input tensor map
    :param axis: ``"keys"``, ``"samples"``, ``"components"`` or ``"properties"``. Samples and
        components of gradients having the old name are renamed as well
    :param old: current name of the dimension. It does not have to exist in components
    :param new: new name of the dimension
    :return: new tensor map, sharing the arrays of ``tensor``
    :raises ValueError: for another ``axis``, or if there is no dimension called ``old``
    :raises MetatensorError: if ``new`` is not valid, or already used

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((2, 3)))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.rename_dimension(tensor, "properties", "property", "n").property_names
    ['n']
    """
    _check_axis(axis)

    keys = tensor.keys
    if axis == "keys":
        keys = keys.rename(old, new)

    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(_rename_block(block, axis, old, new))
    return TensorMap(keys, blocks)
