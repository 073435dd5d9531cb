from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._compare import block_difference, tensor_difference
from ._not_equal import NotEqualError


@torch_jit_script
def equal(tensor_1: TensorMap, tensor_2: TensorMap) -> bool:
    """
    Check if two tensor maps are equal: same keys in any order, and for each key equal values,
    metadata and gradients.

    The dtype of the values, the gradients of gradients and the ``info`` of the tensor maps are not
    compared. NaN is not equal to NaN.

    :param tensor_1: first tensor map
    :param tensor_2: second tensor map

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.equal(tensor, metatensor.multiply(tensor, 1.0))
    True
    >>> metatensor.equal(tensor, metatensor.multiply(tensor, 2.0))
    False
    """
    return tensor_difference(tensor_1, tensor_2, True, 0.0, 0.0, False) == ""


@torch_jit_script
def equal_raise(tensor_1: TensorMap, tensor_2: TensorMap) -> None:
    """
    Same as :py:func:`equal`, but tells the first difference in an error.

    :param tensor_1: first tensor map
    :param tensor_2: second tensor map
    :raises NotEqualError: if the tensor maps are not equal
    """
    difference = tensor_difference(tensor_1, tensor_2, True, 0.0, 0.0, False)
    if difference != "":
        raise NotEqualError(f"inputs to 'equal' are not equal: {difference}")


@torch_jit_script
def equal_block(block_1: TensorBlock, block_2: TensorBlock) -> bool:
    """
    Check if two blocks have equal values, metadata and gradients, as :py:func:`equal` does.

    :param block_1: first block
    :param block_2: second block

    >>> import numpy as np
    >>> import metatensor
    >>> block_1 = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> block_2 = metatensor.block_from_array(np.array([[1.0], [2.0]]))
    >>> metatensor.equal_block(block_1, block_2)
    False
    """
    return block_difference(block_1, block_2, True, 0.0, 0.0, False) == ""


@torch_jit_script
def equal_block_raise(block_1: TensorBlock, block_2: TensorBlock) -> None:
    """
    Same as :py:func:`equal_block`, but tells the first difference in an error.

    :param block_1: first block
    :param block_2: second block
    :raises NotEqualError: if the blocks are not equal
    """
    difference = block_difference(block_1, block_2, True, 0.0, 0.0, False)
    if difference != "":
        raise NotEqualError(f"inputs to 'equal' are not equal: {difference}")
