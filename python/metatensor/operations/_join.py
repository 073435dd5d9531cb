from typing import List, Optional, Tuple

from . import _dispatch, _rows
from ._backend import (
    Labels,
    TensorBlock,
    TensorMap,
    isinstance_metatensor,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._blocks import add_gradient_with_samples, check_no_nested_gradients
from ._join_blocks import (
    check_join_axis,
    check_same_sample_names,
    join_properties,
    join_samples,
)
from ._labels import labels_like, rows_of
from ._not_equal import check_paired_blocks


def _check_sample_names(tensors: List[TensorMap]) -> None:
    """Also for the blocks which are not joined to another one, because of different keys."""
    names: List[str] = []
    for tensor in tensors:
        if len(tensor) != 0:
            sample_names = tensor.sample_names
            if len(names) == 0:
                names = sample_names
            check_same_sample_names(names, sample_names)


def _blocks_for_same_keys(tensors: List[TensorMap]) -> Tuple[Labels, List[List[TensorBlock]]]:
    keys = tensors[0].keys
    all_blocks: List[List[TensorBlock]] = []
    for tensor in tensors:
        if tensor.keys == keys:
            all_blocks.append(tensor.blocks())
        else:
            all_blocks.append(check_paired_blocks(tensors[0], tensor, "join"))
    return keys, all_blocks


def _blocks_for_common_keys(
    tensors: List[TensorMap],
) -> Tuple[Labels, List[List[TensorBlock]]]:
    keys = tensors[0].keys
    for tensor in tensors[1:]:
        keys = keys.intersection(tensor.keys)

    all_blocks: List[List[TensorBlock]] = []
    for tensor in tensors:
        positions = _dispatch.to_list(tensor.keys.select(keys))
        all_blocks.append(tensor.blocks_by_id(positions))
    return keys, all_blocks


def _blocks_for_all_keys(
    tensors: List[TensorMap], axis: str
) -> Tuple[Labels, List[List[TensorBlock]]]:
    keys = tensors[0].keys
    for tensor in tensors[1:]:
        keys = keys.union(tensor.keys)

    # position of the block for each key in each tensor, -1 if there is none
    all_positions: List[List[int]] = []
    for tensor in tensors:
        _, _, mapping = keys.union_and_mapping(tensor.keys)
        positions = _rows.inverse_positions(mapping, len(keys))
        all_positions.append(_dispatch.to_list(positions))

    references: List[TensorBlock] = []
    for i in range(len(keys)):
        references.append(_first_block(tensors, [positions[i] for positions in all_positions]))

    all_blocks: List[List[TensorBlock]] = []
    for tensor, positions in zip(tensors, all_positions):
        blocks: List[TensorBlock] = []
        for position, reference in zip(positions, references):
            if position >= 0:
                blocks.append(tensor.block_by_id(position))
            else:
                blocks.append(_without_entries(reference, axis))
        all_blocks.append(blocks)
    return keys, all_blocks


def _first_block(tensors: List[TensorMap], positions: List[int]) -> TensorBlock:
    """The block at the first position which is not negative, one position for each tensor."""
    i = 0
    while positions[i] < 0:
        i += 1
    return tensors[i].block_by_id(positions[i])


def _without_entries(block: TensorBlock, axis: str) -> TensorBlock:
    """Block with the metadata of ``block``, apart from having no entries along ``axis``."""
    values = block.values
    samples = block.samples
    properties = block.properties
    shape = list(values.shape)
    if axis == "samples":
        samples = _empty_labels(samples)
        shape[0] = 0
    else:
        properties = _empty_labels(properties)
        shape[len(shape) - 1] = 0

    result = TensorBlock(
        values=_dispatch.zeros_like(values, shape),
        samples=samples,
        components=block.components,
        properties=properties,
    )
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "join")
        samples = gradient.samples
        shape = list(gradient.values.shape)
        if axis == "samples":
            samples = _empty_labels(samples)
            shape[0] = 0
        else:
            shape[len(shape) - 1] = 0
        values = _dispatch.zeros_like(gradient.values, shape)
        add_gradient_with_samples(result, parameter, values, samples, gradient.components)
    return result


def _empty_labels(labels: Labels) -> Labels:
    return labels_like(labels, labels.names, rows_of(labels)[:0], assume_unique=True)


@torch_jit_script
def join(
    tensors: List[TensorMap],
    axis: str,
    different_keys: str = "error",
    add_dimension: Optional[str] = None,
) -> TensorMap:
    """
    Join tensor maps along the samples or properties: for each key, the blocks of all the tensor
    maps are concatenated in the order of the list.

    Blocks joined along the samples must have the same sample names, components and properties. In
    the gradients, ``"sample"`` follows the parent samples.

    Blocks joined along the properties must have the same samples and components. If the property
    names differ, the new properties are called ``["joined_index", "property"]``: the position in
    the list and the position in the block. Samples that only some of the gradients have are zero
    in the other ones.

    :param tensors: list or tuple of tensor maps. A single tensor map is returned as is
    :param axis: ``"samples"`` or ``"properties"``
    :param different_keys: what to do with keys which are not in all of the tensor maps: raise an
        ``"error"``, or use the ``"intersection"`` or ``"union"`` of the keys. A block missing in
        one of the tensor maps counts as a block without entries along ``axis``
    :param add_dimension: name of an additional dimension, the last one, along the axis. It contains
        the position of each tensor map in the list
    :return: new tensor map. Its arrays have the dtype and device of the first one's
    :raises TypeError: if ``tensors`` is not a list or tuple of tensor maps
    :raises ValueError: if there is nothing to join; for other values of ``axis`` or
        ``different_keys``; if the sample names are different; if the property names are different
        and ``add_dimension`` is given
    :raises NotEqualError: if the keys, or the metadata of the blocks, do not allow to join
    :raises MetatensorError: if the joined samples or properties are not unique, if
        ``add_dimension`` is the name of another dimension, or if the keys have different names
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> joined = metatensor.join([tensor, tensor], "properties", add_dimension="tensor")
    >>> joined.block().values
    array([[1., 2., 1., 2.]])
    """
    if not torch_jit_is_scripting():
        if not isinstance(tensors, (list, tuple)):
            raise TypeError(f"`tensors` must be a list or a tuple, not {type(tensors)}")
        for tensor in tensors:
            if not isinstance_metatensor(tensor, "TensorMap"):
                raise TypeError(
                    f"`tensors` must only contain metatensor TensorMap, not {type(tensor)}"
                )

    if len(tensors) == 0:
        raise ValueError("`tensors` must contain at least one tensor map to join")
    check_join_axis(axis)
    if len(tensors) == 1:
        return tensors[0]
    if axis == "samples":
        _check_sample_names(tensors)

    if different_keys == "error":
        keys, all_blocks = _blocks_for_same_keys(tensors)
    elif different_keys == "intersection":
        keys, all_blocks = _blocks_for_common_keys(tensors)
    elif different_keys == "union":
        keys, all_blocks = _blocks_for_all_keys(tensors, axis)
    else:
        raise ValueError(
            "`different_keys` must be one of 'error', 'intersection' or 'union', not "
            f"'{different_keys}'"
        )

    joined: List[TensorBlock] = []
    for i in range(len(keys)):
        blocks = [tensor_blocks[i] for tensor_blocks in all_blocks]
        if axis == "samples":
            joined.append(join_samples(blocks, add_dimension, "join"))
        else:
            joined.append(join_properties(blocks, add_dimension, "join"))
    return TensorMap(keys, joined)
