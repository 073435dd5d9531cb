"""Edit the dimensions of the labels of a tensor map: only labels change, the arrays are shared."""

from typing import List, Union

from . import _dispatch
from ._backend import (
    Array,
    Labels,
    TensorBlock,
    TensorMap,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._blocks import add_gradient_with_samples, with_labels


def _check_axis(axis: str) -> None:
    if axis not in ["keys", "samples", "components", "properties"]:
        raise ValueError(
            f"`axis` must be one of 'keys', 'samples', 'components' or 'properties', not '{axis}'"
        )


def _insert(labels: Labels, index: int, name: str, values: Union[Array, int]) -> Labels:
    """Labels with a new dimension before the one at position ``index``."""
    names = labels.names
    if index < -len(names) or index > len(names):
        raise IndexError(
            f"can not insert a dimension at index {index}, there are {len(names)} dimensions"
        )

    columns = labels.values
    if isinstance(values, int):
        column = _dispatch.full_like(columns, values, [len(labels), 1])
    else:
        if len(values) != len(labels):
            raise ValueError(
                f"`values` must have one entry for each of the {len(labels)} entries of the "
                f"labels, but there are {len(values)} in the array"
            )
        column = _dispatch.convert_like(values, columns).reshape(-1, 1)

    if index < 0:
        index += len(names)
    return Labels(
        names[:index] + [name] + names[index:],
        _dispatch.concatenate([columns[:, :index], column, columns[:, index:]], 1),
    )


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
    if not isinstance(values, int):
        if not torch_jit_is_scripting():
            if not _dispatch.is_array(values):
                raise ValueError(f"`values` must be an array or an integer, not {type(values)}")
        if len(values.shape) != 1 or not _dispatch.is_integer(values):
            raise ValueError(
                "`values` must be an integer, or a 1-dimensional array of integers; this array "
                f"has {len(values.shape)} dimension(s) and dtype {values.dtype}"
            )

    keys = tensor.keys
    if axis == "keys":
        keys = _insert(keys, index, name, values)

    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        samples = block.samples
        properties = block.properties
        if axis == "samples":
            samples = _insert(samples, index, name, values)
        elif axis == "properties":
            properties = _insert(properties, index, name, values)
        blocks.append(with_labels(block, samples, properties))
    return TensorMap(keys, blocks)


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

    keys = tensor.keys
    if axis == "keys":
        keys = keys.permute(dimensions_indexes)

    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        samples = block.samples
        properties = block.properties
        if axis == "samples":
            samples = samples.permute(dimensions_indexes)
        elif axis == "properties":
            properties = properties.permute(dimensions_indexes)
        blocks.append(with_labels(block, samples, properties))
    return TensorMap(keys, blocks)


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

    keys = tensor.keys
    if axis == "keys":
        keys = keys.remove(name)

    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        samples = block.samples
        properties = block.properties
        if axis == "samples":
            samples = samples.remove(name)
        elif axis == "properties":
            properties = properties.remove(name)
        blocks.append(with_labels(block, samples, properties))
    return TensorMap(keys, blocks)


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
