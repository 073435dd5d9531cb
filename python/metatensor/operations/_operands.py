"""The pairs of blocks that operations with two tensor maps combine."""

from typing import List, Tuple

from . import _dispatch
from ._backend import Labels, TensorBlock, TensorMap
from ._blocks import add_gradient, check_no_nested_gradients, with_values
from ._labels import rows_of, take_entries
from ._not_equal import check_paired_blocks


def paired_operands(
    A: TensorMap, B: TensorMap, keys: str, operation: str
) -> Tuple[Labels, List[TensorBlock], List[TensorBlock]]:
    """
    Keys of the result of an operation, and for each key the block of ``A`` and the block of ``B``.

    :param A: first operand
    :param B: second operand
    :param keys: what to do with keys that only one of them has, see :py:func:`metatensor.add`
    :param operation: name of the operation, for errors
    """
    if keys == "equal":
        return A.keys, A.blocks(), check_paired_blocks(A, B, operation)
    if keys != "union" and keys != "intersection":
        raise ValueError(f"`keys` must be one of 'equal', 'union' or 'intersection', not '{keys}'")

    # the keys of `A`, and then the ones that only `B` has
    all_keys, _, mapping = A.keys.union_and_mapping(B.keys)
    positions_in_B = _dispatch.to_list(_dispatch.inverse_positions(mapping, len(all_keys)))

    kept: List[int] = []
    blocks_A: List[TensorBlock] = []
    blocks_B: List[TensorBlock] = []
    for i, position in enumerate(positions_in_B):
        is_in_A = i < len(A)
        is_in_B = position >= 0
        if keys == "intersection" and not (is_in_A and is_in_B):
            continue

        kept.append(i)
        if is_in_A and is_in_B:
            blocks_A.append(A.block_by_id(i))
            blocks_B.append(B.block_by_id(position))
        elif is_in_A:
            blocks_A.append(A.block_by_id(i))
            blocks_B.append(_zeros(A.block_by_id(i), B, operation))
        else:
            blocks_A.append(_zeros(B.block_by_id(position), A, operation))
            blocks_B.append(B.block_by_id(position))

    positions = _dispatch.index_from_list(kept, rows_of(all_keys))
    return take_entries(all_keys, positions), blocks_A, blocks_B


def _zeros(block: TensorBlock, tensor: TensorMap, operation: str) -> TensorBlock:
    """Block with the metadata of ``block``, and zeros of the dtype and device of ``tensor``."""
    reference = block.values
    if len(tensor) != 0:
        reference = tensor.block_by_id(0).values

    result = with_values(block, _dispatch.zeros_like(reference, list(block.values.shape)))
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, operation)
        zeros = _dispatch.zeros_like(reference, list(gradient.values.shape))
        add_gradient(result, parameter, zeros, gradient)
    return result
