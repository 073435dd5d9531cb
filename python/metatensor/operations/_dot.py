from typing import List

from . import _dispatch
from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._blocks import add_gradient_with_samples, check_no_nested_gradients
from ._not_equal import check_paired_blocks


def _dot_block(block_1: TensorBlock, block_2: TensorBlock) -> TensorBlock:
    if block_1.properties != block_2.properties:
        raise ValueError("inputs to 'dot' should have the same properties in each pair of blocks")
    if len(block_2.components) != 0:
        raise ValueError("the blocks of `tensor_2` in 'dot' should not have components")
    if len(block_2.gradients_list()) != 0:
        raise ValueError("the blocks of `tensor_2` in 'dot' should not have gradients")

    values_2 = block_2.values
    result = TensorBlock(
        values=_dispatch.dot(block_1.values, values_2),
        samples=block_1.samples,
        components=block_1.components,
        properties=block_2.samples,
    )
    for parameter, gradient in block_1.gradients():
        check_no_nested_gradients(parameter, gradient, "dot")
        values = _dispatch.dot(gradient.values, values_2)
        add_gradient_with_samples(result, parameter, values, gradient.samples, gradient.components)
    return result


@torch_jit_script
def dot(tensor_1: TensorMap, tensor_2: TensorMap) -> TensorMap:
    r"""
    Matrix product of ``tensor_1`` with the transpose of ``tensor_2``.

    For each key, the properties of the two blocks are contracted, with any number of components in
    the block of ``tensor_1``: :math:`R_{ic, j} = \sum_p A_{ic, p} B_{j, p}`.

    :param tensor_1: first factor, its gradients are propagated to the result
    :param tensor_2: second factor: same keys (in any order) and same properties as ``tensor_1``,
        without components nor gradients
    :return: tensor map with the samples and components of ``tensor_1``; its properties are the
        samples of ``tensor_2``
    :raises NotEqualError: if the keys are different
    :raises ValueError: if the properties of a pair of blocks differ, or if a block of ``tensor_2``
        has components or gradients
    :raises NotImplementedError: if a gradient of ``tensor_1`` has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.array([[1.0, 2.0], [0.0, 1.0]]))
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> metatensor.dot(tensor, tensor).block().values
    array([[5., 2.],
           [2., 1.]])
    """
    blocks: List[TensorBlock] = []
    for block_1, block_2 in zip(tensor_1.blocks(), check_paired_blocks(tensor_1, tensor_2, "dot")):
        blocks.append(_dot_block(block_1, block_2))
    return TensorMap(tensor_1.keys, blocks)
