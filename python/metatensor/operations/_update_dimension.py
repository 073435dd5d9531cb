from typing import List, Union

from . import _dispatch
from ._backend import Array, Labels, TensorBlock, TensorMap, torch_jit_script
from ._blocks import add_gradient_with_samples, check_no_nested_gradients
from ._dimensions import check_new_values, new_column
from ._labels import labels_like, rows_of
from ._types import check_is_tensor_map


def _update(labels: Labels, name: str, values: Union[Array, int]) -> Labels:
    """The labels with other values in the dimension called ``name``."""
    column = new_column(labels, values)
    if len(column) != len(labels):
        raise ValueError(
            f"`values` must have one entry for each of the {len(labels)} entries of the "
            f"labels, but there are {len(column)} in the array"
        )

    rows = _dispatch.copy(rows_of(labels))
    rows[:, labels.names.index(name)] = column
    return labels_like(labels, labels.names, rows)


def _update_in(
    all_labels: List[Labels], axis: str, name: str, values: Union[Array, int]
) -> List[Labels]:
    """Update all the labels which have this dimension: there must be at least one of them."""
    names: List[str] = []
    updated: List[Labels] = []
    for labels in all_labels:
        names += labels.names
        updated.append(_update(labels, name, values) if name in labels.names else labels)

    if name not in names:
        raise ValueError(f"'{name}' is not one of the dimensions of the {axis}: {names}")
    return updated


def _update_block(
    block: TensorBlock, axis: str, name: str, values: Union[Array, int]
) -> TensorBlock:
    samples = block.samples
    components = block.components
    properties = block.properties
    if axis == "samples":
        samples = _update_in([samples], axis, name, values)[0]
    elif axis == "components":
        components = _update_in(components, axis, name, values)
    elif axis == "properties":
        properties = _update_in([properties], axis, name, values)[0]

    result = TensorBlock(
        values=block.values, samples=samples, components=components, properties=properties
    )
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, "update_dimension")
        # the last components are the ones of the block
        n_extra = len(gradient.components) - len(components)
        add_gradient_with_samples(
            result,
            parameter,
            gradient.values,
            gradient.samples,
            gradient.components[:n_extra] + components,
        )
    return result


@torch_jit_script
def update_dimension(
    tensor: TensorMap, axis: str, name: str, values: Union[Array, int]
) -> TensorMap:
    """
    Tensor map with other values in one dimension of the labels along ``axis``.

    :param tensor: input tensor map
    :param axis: ``"keys"``, ``"samples"`` (not the ones of gradients), ``"components"`` or
        ``"properties"``
    :param name: name of the dimension
    :param values: the new value of all the entries, or a 1-dimensional integer array with the new
        value of each entry, to be used in all blocks
    :return: new tensor map, sharing the arrays of ``tensor``
    :raises TypeError: if ``tensor`` is not a tensor map
    :raises ValueError: for another ``axis``, if it does not have a dimension called ``name``, or if
        ``values`` is neither an integer nor an array with the right shape and dtype
    :raises MetatensorError: if several entries become the same one
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.ones((1, 3)))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> tensor = metatensor.update_dimension(tensor, "properties", "property", np.array([4, 2, 7]))
    >>> print(tensor.block().properties)
    Labels
        property
           4
           2
           7
    """
    check_is_tensor_map(tensor, "tensor")
    if axis not in ["keys", "samples", "components", "properties"]:
        raise ValueError(
            f"`axis` must be one of 'keys', 'samples', 'components' or 'properties', not '{axis}'"
        )
    check_new_values(values)

    keys = tensor.keys
    if axis == "keys":
        keys = _update_in([keys], axis, name, values)[0]

    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(_update_block(block, axis, name, values))
    return TensorMap(keys, blocks)
