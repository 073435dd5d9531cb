"""
``NotEqualError``, and the comparisons of keys and metadata made by operations with several inputs.

The functions called ``*_difference`` return a text describing the first difference, which is empty
if there is none. The functions called ``check_*`` raise a ``NotEqualError`` with this text.
"""

from typing import List, Optional, Tuple

from . import _dispatch
from ._backend import Array, Labels, TensorBlock, TensorMap


class NotEqualError(Exception):
    """Raised when two objects which have to be equal, in full or in part, are not."""


def keys_difference(keys_1: Labels, keys_2: Labels) -> str:
    """
    Compare two sets of keys: these are the same if they have the same names in the same order, and
    the same entries in any order.
    """
    if keys_1.names != keys_2.names:
        return f"the keys have different names: {keys_1.names} and {keys_2.names}"

    if len(keys_1) != len(keys_2):
        return f"the number of blocks differs: {len(keys_1)} and {len(keys_2)}"

    if keys_1 != keys_2:
        # entries are unique: as many common entries as entries means the same set
        if len(keys_1.select(keys_2)) != len(keys_2):
            return "some keys of the second tensor are not in the first one"

    return ""


def paired_blocks(tensor_1: TensorMap, tensor_2: TensorMap) -> List[TensorBlock]:
    """The blocks of ``tensor_2`` in the order of the keys of ``tensor_1``, which are the same."""
    keys_1 = tensor_1.keys
    keys_2 = tensor_2.keys
    if keys_1 == keys_2:
        return tensor_2.blocks()
    return tensor_2.blocks_by_id(_dispatch.to_list(keys_2.select(keys_1)))


def check_paired_blocks(
    tensor_1: TensorMap, tensor_2: TensorMap, operation: str
) -> List[TensorBlock]:
    """
    The blocks of ``tensor_2`` in the order of the keys of ``tensor_1``, or a ``NotEqualError`` if
    the keys are not the same.
    """
    check_same_keys(tensor_1, tensor_2, operation)
    return paired_blocks(tensor_1, tensor_2)


def check_same_keys(tensor_1: TensorMap, tensor_2: TensorMap, operation: str) -> None:
    """Raise a ``NotEqualError`` if the keys are not the same, in any order."""
    difference = keys_difference(tensor_1.keys, tensor_2.keys)
    if difference != "":
        raise NotEqualError(f"inputs to '{operation}' should have the same keys: {difference}")


def metadata_difference(block_1: TensorBlock, block_2: TensorBlock, axes: List[str]) -> str:
    """Compare the labels of two blocks along some axes, exactly and in the given order."""
    for axis in axes:
        if axis == "samples":
            if block_1.samples != block_2.samples:
                return "samples are not the same"
        elif axis == "properties":
            if block_1.properties != block_2.properties:
                return "properties are not the same"
        elif axis == "components":
            components_1 = block_1.components
            components_2 = block_2.components
            if len(components_1) != len(components_2):
                return (
                    "components are not the same: there are "
                    f"{len(components_1)} and {len(components_2)} of them"
                )
            for i in range(len(components_1)):
                if components_1[i] != components_2[i]:
                    return "components are not the same"
        else:
            raise ValueError(
                f"'{axis}' is not a valid axis to check, use 'samples', 'components' or "
                "'properties'"
            )
    return ""


def check_same_metadata(
    block_1: TensorBlock, block_2: TensorBlock, axes: List[str], operation: str
) -> None:
    """Raise a ``NotEqualError`` if two blocks have different labels along one of the axes."""
    difference = metadata_difference(block_1, block_2, axes)
    if difference != "":
        raise NotEqualError(f"inputs to '{operation}' should have the same metadata: {difference}")


def gradients_difference(block_1: TensorBlock, block_2: TensorBlock, axes: List[str]) -> str:
    """
    Compare the gradients of two blocks: the parameters, in any order, then the labels along
    some axes.
    """
    parameters_1 = block_1.gradients_list()
    parameters_2 = block_2.gradients_list()
    if parameters_1 != parameters_2 and sorted(parameters_1) != sorted(parameters_2):
        return f"the gradient parameters are not the same: {parameters_1} and {parameters_2}"

    for parameter in parameters_1:
        difference = metadata_difference(
            block_1.gradient(parameter), block_2.gradient(parameter), axes
        )
        if difference != "":
            return f"gradient '{parameter}': {difference}"
    return ""


def check_same_gradients(
    block_1: TensorBlock, block_2: TensorBlock, axes: List[str], operation: str
) -> None:
    """Raise a ``NotEqualError`` if two blocks have different gradients, apart from the values."""
    difference = gradients_difference(block_1, block_2, axes)
    if difference != "":
        raise NotEqualError(f"inputs to '{operation}' should have the same gradients: {difference}")


def check_same_structure(block_1: TensorBlock, block_2: TensorBlock, operation: str) -> None:
    """Raise a ``NotEqualError`` if two blocks differ in anything but the values."""
    axes = ["samples", "components", "properties"]
    check_same_metadata(block_1, block_2, axes, operation)
    check_same_gradients(block_1, block_2, axes, operation)


def has_same_metadata(tensor_1: TensorMap, tensor_2: TensorMap) -> bool:
    """
    Check if two tensor maps have the same keys, and all their blocks and gradients the same labels,
    with all entries in the same order. This is fast, but does not find what the difference is.
    """
    return values_if_same_metadata(tensor_1, tensor_2) is not None


def values_if_same_metadata(
    tensor_1: TensorMap, tensor_2: TensorMap
) -> Optional[Tuple[List[Array], List[Array]]]:
    """
    The values of all the blocks of two tensor maps, or ``None`` if these do not have the same
    metadata, see :py:func:`has_same_metadata`.
    """
    if tensor_1.keys != tensor_2.keys:
        return None

    blocks_1 = tensor_1.blocks()
    blocks_2 = tensor_2.blocks()
    values = _values_if_same_labels(blocks_1, blocks_2)
    if values is None or len(blocks_1) == 0:
        return values

    # all the blocks of a tensor map have the same gradients
    parameters = blocks_1[0].gradients_list()
    if len(parameters) != len(blocks_2[0].gradients_list()):
        return None
    for parameter in parameters:
        if not blocks_2[0].has_gradient(parameter):
            return None
        gradients_1 = [block.gradient(parameter) for block in blocks_1]
        gradients_2 = [block.gradient(parameter) for block in blocks_2]
        if _values_if_same_labels(gradients_1, gradients_2) is None:
            return None
    return values


def _values_if_same_labels(
    blocks_1: List[TensorBlock], blocks_2: List[TensorBlock]
) -> Optional[Tuple[List[Array], List[Array]]]:
    # all the blocks of a tensor map have the same number of components
    n_components = 0 if len(blocks_1) == 0 else len(blocks_1[0].components)
    if len(blocks_1) != 0 and len(blocks_2[0].components) != n_components:
        return None

    # one loop for everything, and without `return` inside: this is fast in TorchScript
    same = True
    values_1: List[Array] = []
    values_2: List[Array] = []
    for block_1, block_2 in zip(blocks_1, blocks_2):
        if block_1.samples != block_2.samples or block_1.properties != block_2.properties:
            same = False
        if n_components != 0:
            for component_1, component_2 in zip(block_1.components, block_2.components):
                if component_1 != component_2:
                    same = False
        values_1.append(block_1.values)
        values_2.append(block_2.values)
    if not same:
        return None
    return values_1, values_2


def _values_if_same_metadata_in_python(
    tensor_1: TensorMap, tensor_2: TensorMap
) -> Optional[Tuple[List[Array], List[Array]]]:
    if not tensor_1._has_same_metadata(tensor_2):
        return None
    return tensor_1._block_values(), tensor_2._block_values()


if hasattr(TensorMap, "_has_same_metadata"):
    has_same_metadata = TensorMap._has_same_metadata
    values_if_same_metadata = _values_if_same_metadata_in_python
