from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._compare import block_difference, tensor_difference
from ._not_equal import NotEqualError


@torch_jit_script
def allclose(
    tensor_1: TensorMap,
    tensor_2: TensorMap,
    rtol: float = 1e-13,
    atol: float = 1e-12,
    equal_nan: bool = False,
) -> bool:
    """
    Check if two tensor maps are equal up to rounding: same keys in any order, and for each key the
    same metadata, with values and gradients such that ``|a - b| <= atol + rtol * |b|``.

    The gradients of gradients and the ``info`` of the tensor maps are not compared.

    :param tensor_1: first tensor map, ``a`` in the formula
    :param tensor_2: second tensor map, ``b`` in the formula
    :param rtol: relative tolerance
    :param atol: absolute tolerance
    :param equal_nan: is NaN close to NaN?
    :raises TypeError: if one has numpy arrays and the other torch tensors

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> other = metatensor.add(tensor, 1e-6)
    >>> metatensor.allclose(tensor, other)
    False
    >>> metatensor.allclose(tensor, other, atol=1e-5)
    True
    """
    return tensor_difference(tensor_1, tensor_2, False, rtol, atol, equal_nan) == ""


@torch_jit_script
def allclose_raise(
    tensor_1: TensorMap,
    tensor_2: TensorMap,
    rtol: float = 1e-13,
    atol: float = 1e-12,
    equal_nan: bool = False,
) -> None:
    """
    Same as :py:func:`allclose`, but tells the first difference in an error.

    :param tensor_1: first tensor map, ``a`` in the formula
    :param tensor_2: second tensor map, ``b`` in the formula
    :param rtol: relative tolerance
    :param atol: absolute tolerance
    :param equal_nan: is NaN close to NaN?
    :raises NotEqualError: if the tensor maps are not close
    :raises TypeError: if one has numpy arrays and the other torch tensors
    """
    difference = tensor_difference(tensor_1, tensor_2, False, rtol, atol, equal_nan)
    if difference != "":
        raise NotEqualError(f"inputs to 'allclose' are not close: {difference}")


@torch_jit_script
def allclose_block(
    block_1: TensorBlock,
    block_2: TensorBlock,
    rtol: float = 1e-13,
    atol: float = 1e-12,
    equal_nan: bool = False,
) -> bool:
    """
    Check if two blocks are equal up to rounding, as :py:func:`allclose` does.

    :param block_1: first block, ``a`` in the formula
    :param block_2: second block, ``b`` in the formula
    :param rtol: relative tolerance
    :param atol: absolute tolerance
    :param equal_nan: is NaN close to NaN?
    :raises TypeError: if one has numpy arrays and the other torch tensors

    >>> import numpy as np
    >>> import metatensor
    >>> block_1 = metatensor.block_from_array(np.array([[1.0, 2.0]]))
    >>> block_2 = metatensor.block_from_array(np.array([[1.0, 2.0 + 1e-15]]))
    >>> metatensor.allclose_block(block_1, block_2)
    True
    """
    return block_difference(block_1, block_2, False, rtol, atol, equal_nan) == ""


@torch_jit_script
def allclose_block_raise(
    block_1: TensorBlock,
    block_2: TensorBlock,
    rtol: float = 1e-13,
    atol: float = 1e-12,
    equal_nan: bool = False,
) -> None:
    """
    Same as :py:func:`allclose_block`, but tells the first difference in an error.

    :param block_1: first block, ``a`` in the formula
    :param block_2: second block, ``b`` in the formula
    :param rtol: relative tolerance
    :param atol: absolute tolerance
    :param equal_nan: is NaN close to NaN?
    :raises NotEqualError: if the blocks are not close
    :raises TypeError: if one has numpy arrays and the other torch tensors
    """
    difference = block_difference(block_1, block_2, False, rtol, atol, equal_nan)
    if difference != "":
        raise NotEqualError(f"inputs to 'allclose' are not close: {difference}")
