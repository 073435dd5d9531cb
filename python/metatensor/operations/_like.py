"""New tensor maps and blocks with the metadata of existing ones."""

from typing import List, Optional, Union

from . import _dispatch
from ._backend import TensorBlock, TensorMap, block_with_values, torch_jit_script
from ._blocks import add_gradient, check_no_nested_gradients


def _selected_gradients(
    block: TensorBlock, gradients: Optional[Union[List[str], str]], operation: str
) -> List[str]:
    """Names of the gradients to create, after checking that this is possible."""
    if gradients is None:
        selected = block.gradients_list()
    elif isinstance(gradients, str):
        selected = [gradients]
    else:
        selected = list(gradients)

    for parameter in selected:
        if not block.has_gradient(parameter):
            raise ValueError(
                f"the block given to '{operation}' has no gradient with respect to '{parameter}'"
            )
        check_no_nested_gradients(parameter, block.gradient(parameter), operation)
    return selected


@torch_jit_script
def empty_like_block(
    block: TensorBlock,
    gradients: Optional[Union[List[str], str]] = None,
    requires_grad: bool = False,
) -> TensorBlock:
    """
    Block with the metadata of ``block`` and uninitialised values.

    See :py:func:`empty_like` for the parameters and errors.
    """
    result = block_with_values(block, _dispatch.empty_like(block.values, None, requires_grad))
    for parameter in _selected_gradients(block, gradients, "empty_like"):
        gradient = block.gradient(parameter)
        add_gradient(result, parameter, _dispatch.empty_like(gradient.values), gradient)
    return result


@torch_jit_script
def empty_like(
    tensor: TensorMap,
    gradients: Optional[Union[List[str], str]] = None,
    requires_grad: bool = False,
) -> TensorMap:
    """
    Tensor map with the metadata of ``tensor`` and uninitialised values.

    :param tensor: tensor map giving the metadata, dtype and device
    :param gradients: the gradients the result has, in this order: all by default, or the ones with
        the given names; ``[]`` for none
    :param requires_grad: should autograd record operations on the values (not on the gradients)?
        This is ignored for numpy arrays
    :return: new tensor map
    :raises ValueError: if a block does not have one of the ``gradients``
    :raises NotImplementedError: if one of the ``gradients`` has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[3.0, 4.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.empty_like(tensor).block().values.shape
    (1, 2)
    """
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(empty_like_block(block, gradients, requires_grad))
    return TensorMap(tensor.keys, blocks)


@torch_jit_script
def zeros_like_block(
    block: TensorBlock,
    gradients: Optional[Union[List[str], str]] = None,
    requires_grad: bool = False,
) -> TensorBlock:
    """
    Block with the metadata of ``block``, filled with zeros.

    See :py:func:`empty_like` for the parameters and errors.
    """
    result = block_with_values(block, _dispatch.zeros_like(block.values, None, requires_grad))
    for parameter in _selected_gradients(block, gradients, "zeros_like"):
        gradient = block.gradient(parameter)
        add_gradient(result, parameter, _dispatch.zeros_like(gradient.values), gradient)
    return result


@torch_jit_script
def zeros_like(
    tensor: TensorMap,
    gradients: Optional[Union[List[str], str]] = None,
    requires_grad: bool = False,
) -> TensorMap:
    """
    Tensor map with the metadata of ``tensor``, filled with zeros.

    See :py:func:`empty_like` for the parameters and errors.

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[3.0, 4.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.zeros_like(tensor).block().values
    array([[0., 0.]])
    """
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(zeros_like_block(block, gradients, requires_grad))
    return TensorMap(tensor.keys, blocks)


@torch_jit_script
def ones_like_block(
    block: TensorBlock,
    gradients: Optional[Union[List[str], str]] = None,
    requires_grad: bool = False,
) -> TensorBlock:
    """
    Block with the metadata of ``block``, filled with ones.

    See :py:func:`empty_like` for the parameters and errors.
    """
    result = block_with_values(block, _dispatch.ones_like(block.values, None, requires_grad))
    for parameter in _selected_gradients(block, gradients, "ones_like"):
        gradient = block.gradient(parameter)
        add_gradient(result, parameter, _dispatch.ones_like(gradient.values), gradient)
    return result


@torch_jit_script
def ones_like(
    tensor: TensorMap,
    gradients: Optional[Union[List[str], str]] = None,
    requires_grad: bool = False,
) -> TensorMap:
    """
    Tensor map with the metadata of ``tensor``, filled with ones.

    See :py:func:`empty_like` for the parameters and errors.

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[3.0, 4.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.ones_like(tensor).block().values
    array([[1., 1.]])
    """
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(ones_like_block(block, gradients, requires_grad))
    return TensorMap(tensor.keys, blocks)


@torch_jit_script
def random_uniform_like_block(
    block: TensorBlock,
    gradients: Optional[Union[List[str], str]] = None,
    requires_grad: bool = False,
) -> TensorBlock:
    """
    Block with the metadata of ``block``, filled with random numbers, uniform in [0, 1).

    See :py:func:`random_uniform_like` for the parameters and errors.
    """
    selected = _selected_gradients(block, gradients, "random_uniform_like")
    result = block_with_values(block, _dispatch.rand_like(block.values, None, requires_grad))
    for parameter in selected:
        gradient = block.gradient(parameter)
        values = _dispatch.rand_like(gradient.values, None, requires_grad)
        add_gradient(result, parameter, values, gradient)
    return result


@torch_jit_script
def random_uniform_like(
    tensor: TensorMap,
    gradients: Optional[Union[List[str], str]] = None,
    requires_grad: bool = False,
) -> TensorMap:
    """
    Tensor map with the metadata of ``tensor``, filled with random numbers, uniform in [0, 1).

    The numbers are drawn from the global generator of the array library (``numpy.random.seed``,
    ``torch.manual_seed``), block by block, values before gradients.

    See :py:func:`empty_like` for the other parameters and errors.

    :param requires_grad: should autograd record operations on the values and on the gradients? This
        is ignored for numpy arrays

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[3.0, 4.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> values = metatensor.random_uniform_like(tensor).block().values
    >>> bool(np.all((0 <= values) & (values < 1)))
    True
    """
    blocks: List[TensorBlock] = []
    for block in tensor.blocks():
        blocks.append(random_uniform_like_block(block, gradients, requires_grad))
    return TensorMap(tensor.keys, blocks)
