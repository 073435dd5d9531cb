from typing import List, Union

from ._backend import (
    TensorBlock,
    TensorMap,
    isinstance_metatensor,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._not_equal import (
    NotEqualError,
    gradients_difference,
    has_same_metadata,
    keys_difference,
    metadata_difference,
    paired_blocks,
)


def _tensor_difference(
    tensor_1: TensorMap,
    tensor_2: TensorMap,
    check: Union[List[str], str],
    check_gradients: bool,
) -> str:
    if not torch_jit_is_scripting():
        if not isinstance_metatensor(tensor_1, "TensorMap"):
            return f"`tensor_1` must be a metatensor TensorMap, not {type(tensor_1)}"
        if not isinstance_metatensor(tensor_2, "TensorMap"):
            return f"`tensor_2` must be a metatensor TensorMap, not {type(tensor_2)}"

    axes = _axes_to_check(check)
    difference = keys_difference(tensor_1.keys, tensor_2.keys)
    if difference != "":
        return f"inputs to 'equal_metadata_raise' should have the same keys: {difference}"

    if isinstance(check, str) and has_same_metadata(tensor_1, tensor_2):
        return ""
    for block_1, block_2 in zip(tensor_1.blocks(), paired_blocks(tensor_1, tensor_2)):
        difference = _labels_difference(block_1, block_2, axes, check_gradients)
        if difference != "":
            return difference
    return ""


def _block_difference(
    block_1: TensorBlock,
    block_2: TensorBlock,
    check: Union[List[str], str],
    check_gradients: bool,
) -> str:
    if not torch_jit_is_scripting():
        if not isinstance_metatensor(block_1, "TensorBlock"):
            return f"`block_1` must be a metatensor TensorBlock, not {type(block_1)}"
        if not isinstance_metatensor(block_2, "TensorBlock"):
            return f"`block_2` must be a metatensor TensorBlock, not {type(block_2)}"

    return _labels_difference(block_1, block_2, _axes_to_check(check), check_gradients)


def _labels_difference(
    block_1: TensorBlock, block_2: TensorBlock, axes: List[str], check_gradients: bool
) -> str:
    difference = metadata_difference(block_1, block_2, axes)
    if difference == "" and check_gradients:
        difference = gradients_difference(block_1, block_2, axes)
    if difference != "":
        difference = f"inputs to 'equal_metadata_block_raise' should be the same: {difference}"
    return difference


def _axes_to_check(check: Union[List[str], str]) -> List[str]:
    if isinstance(check, str):
        if check != "all":
            raise ValueError(
                f"`check` must be 'all' or a list of 'samples', 'components' and 'properties', "
                f"not '{check}'"
            )
        axes = ["samples", "components", "properties"]
    else:
        axes = list(check)
    return axes


@torch_jit_script
def equal_metadata(
    tensor_1: TensorMap,
    tensor_2: TensorMap,
    check: Union[List[str], str] = "all",
    check_gradients: bool = True,
) -> bool:
    """
    Check if two tensor maps have the same metadata: same keys in any order, and for each key the
    same labels.

    :param tensor_1: first tensor map. An object of another class is not equal to a tensor map
    :param tensor_2: second tensor map
    :param check: the labels to compare: a list of ``"samples"``, ``"components"`` and
        ``"properties"``, or ``"all"`` of these
    :param check_gradients: compare also the gradient parameters, and the labels of the gradients?
    :raises ValueError: for other values of ``check``

    >>> import numpy as np
    >>> import metatensor
    >>> keys = metatensor.Labels.single()
    >>> block = metatensor.block_from_array(np.ones((2, 3)))
    >>> tensor_1 = metatensor.TensorMap(keys, [block])
    >>> block = metatensor.block_from_array(np.ones((2, 5)))
    >>> tensor_2 = metatensor.TensorMap(keys, [block])
    >>> metatensor.equal_metadata(tensor_1, tensor_2)
    False
    >>> metatensor.equal_metadata(tensor_1, tensor_2, check=["samples", "components"])
    True
    """
    return _tensor_difference(tensor_1, tensor_2, check, check_gradients) == ""


@torch_jit_script
def equal_metadata_raise(
    tensor_1: TensorMap,
    tensor_2: TensorMap,
    check: Union[List[str], str] = "all",
    check_gradients: bool = True,
) -> None:
    """
    Same as :py:func:`equal_metadata`, but tells the first difference in an error.

    :param tensor_1: first tensor map
    :param tensor_2: second tensor map
    :param check: the labels to compare, see :py:func:`equal_metadata`
    :param check_gradients: compare also the gradients?
    :raises NotEqualError: if the metadata is not the same
    :raises ValueError: for an invalid ``check``
    """
    difference = _tensor_difference(tensor_1, tensor_2, check, check_gradients)
    if difference != "":
        raise NotEqualError(difference)


@torch_jit_script
def equal_metadata_block(
    block_1: TensorBlock,
    block_2: TensorBlock,
    check: Union[List[str], str] = "all",
    check_gradients: bool = True,
) -> bool:
    """
    Check if two blocks have the same metadata, as :py:func:`equal_metadata` does.

    :param block_1: first block. An object of another class is not equal to a block
    :param block_2: second block
    :param check: the labels to compare, see :py:func:`equal_metadata`
    :param check_gradients: compare also the gradients?
    :raises ValueError: for an invalid ``check``

    >>> import numpy as np
    >>> import metatensor
    >>> block_1 = metatensor.block_from_array(np.zeros((2, 3)))
    >>> block_2 = metatensor.block_from_array(np.ones((2, 3)))
    >>> metatensor.equal_metadata_block(block_1, block_2)
    True
    """
    return _block_difference(block_1, block_2, check, check_gradients) == ""


@torch_jit_script
def equal_metadata_block_raise(
    block_1: TensorBlock,
    block_2: TensorBlock,
    check: Union[List[str], str] = "all",
    check_gradients: bool = True,
) -> None:
    """
    Same as :py:func:`equal_metadata_block`, but tells the first difference in an error.

    :param block_1: first block
    :param block_2: second block
    :param check: the labels to compare, see :py:func:`equal_metadata`
    :param check_gradients: compare also the gradients?
    :raises NotEqualError: if the metadata is not the same
    :raises ValueError: for an invalid ``check``
    """
    difference = _block_difference(block_1, block_2, check, check_gradients)
    if difference != "":
        raise NotEqualError(difference)
