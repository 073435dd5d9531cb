from collections.abc import Callable
from typing import Any

from . import _dispatch
from ._backend import Array, TensorBlock, TensorMap, block_with_values
from ._blocks import add_gradient, check_no_nested_gradients
from ._types import check_is_tensor_map

_GRADIENTS = ("error", "remove", "linear")


def map_blocks(
    tensor: TensorMap, function: Callable[[Array], Array], gradients: str = "error"
) -> TensorMap:
    """
    Tensor map with the metadata of ``tensor``, and the results of a function of its values.

    There is no general rule for the gradients: the default is to refuse tensor maps which have any.

    :param tensor: input tensor map
    :param function: called once for each block with its values, an array of shape ``(samples,
        *components, properties)``. The result must be an array with the same shape
    :param gradients: what to do with gradients: raise an ``"error"``, ``"remove"`` them, or apply
        the function to them as well, which is right if it is ``"linear"`` and acts on each row in
        the same way
    :return: new tensor map
    :raises TypeError: if ``tensor`` is not a tensor map, or if ``function`` can not be called or
        does not return an array
    :raises ValueError: if there are gradients, for other values of ``gradients``, or if
        ``function`` returns an array with another shape
    :raises NotImplementedError: with ``gradients="linear"``, if a gradient has gradients

    This function can not be part of a TorchScript model, as it calls any Python function.

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 4.0, 9.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.map_blocks(tensor, np.sqrt).block().values
    array([[1., 2., 3.]])
    """
    check_is_tensor_map(tensor, "tensor")
    if not callable(function):
        raise TypeError(f"`function` must be a function of an array, not {type(function)}")
    if gradients not in _GRADIENTS:
        raise ValueError(f"`gradients` must be one of {_GRADIENTS}, not {gradients!r}")

    blocks = [_map_block(block, function, gradients) for block in tensor.blocks()]
    return TensorMap(tensor.keys, blocks)


def _map_block(
    block: TensorBlock, function: Callable[[Array], Array], gradients: str
) -> TensorBlock:
    parameters = block.gradients_list()
    if gradients == "error" and len(parameters) != 0:
        raise ValueError(
            f"`map_blocks` got a tensor map with gradients with respect to {parameters}: use "
            "`remove_gradients` before, or choose what to do with the parameter `gradients`"
        )

    result = block_with_values(block, _call(function, block.values))
    if gradients == "linear":
        for parameter in parameters:
            gradient = block.gradient(parameter)
            check_no_nested_gradients(parameter, gradient, "map_blocks")
            add_gradient(result, parameter, _call(function, gradient.values), gradient)
    return result


def _call(function: Callable[[Array], Any], values: Array) -> Array:
    result = function(values)
    if not _dispatch.is_array(result):
        raise TypeError(f"`function` must return an array, not {type(result)}")

    shape = tuple(values.shape)
    if tuple(result.shape) != shape:
        raise ValueError(
            f"`function` must return an array of the same shape, got {tuple(result.shape)} for "
            f"values of shape {shape}"
        )
    return result
