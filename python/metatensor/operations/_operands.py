"""The pairs of blocks that operations with two tensor maps combine."""

from typing import List, Tuple

from . import _dispatch, _rows
from ._backend import Array, TensorBlock, TensorMap, block_with_values
from ._block_arrays import values_of
from ._blocks import add_gradient, check_no_nested_gradients
from ._labels import rows_of, take_entries
from ._not_equal import check_paired_blocks, check_same_structure, values_if_same_metadata


def paired_operands(
    A: TensorMap, B: TensorMap, keys: str, operation: str
) -> Tuple[TensorMap, TensorMap, List[Array], List[Array]]:
    """
    The two operands with the same keys, in the same order, and the same metadata, followed by the
    values of all their blocks. They share the arrays of ``A`` and ``B``.

    :param A: first operand
    :param B: second operand
    :param keys: what to do with keys that only one of them has, see :py:func:`metatensor.add`
    :param operation: name of the operation, for errors
    """
    if keys == "equal":
        values = values_if_same_metadata(A, B)
        if values is not None:
            return A, B, values[0], values[1]
        blocks_B = check_paired_blocks(A, B, operation)
        for block_A, block_B in zip(A.blocks(), blocks_B):
            check_same_structure(block_A, block_B, operation)
        B = TensorMap(A.keys, [block.copy(deep=False) for block in blocks_B])
    elif keys == "union" or keys == "intersection":
        A, B = _with_common_keys(A, B, keys == "union", operation)
    else:
        raise ValueError(f"`keys` must be one of 'equal', 'union' or 'intersection', not '{keys}'")
    return A, B, values_of(A), values_of(B)


def _with_common_keys(
    A: TensorMap, B: TensorMap, union: bool, operation: str
) -> Tuple[TensorMap, TensorMap]:
    # the keys of `A`, and then the ones that only `B` has
    all_keys, _, mapping = A.keys.union_and_mapping(B.keys)
    positions_in_B = _dispatch.to_list(_rows.inverse_positions(mapping, len(all_keys)))

    kept: List[int] = []
    blocks_A: List[TensorBlock] = []
    blocks_B: List[TensorBlock] = []
    for i, position in enumerate(positions_in_B):
        is_in_A = i < len(A)
        is_in_B = position >= 0
        if is_in_A and is_in_B:
            block_A = A.block_by_id(i)
            block_B = B.block_by_id(position)
            check_same_structure(block_A, block_B, operation)
            blocks_A.append(block_A.copy(deep=False))
            blocks_B.append(block_B.copy(deep=False))
        elif not union:
            continue
        elif is_in_A:
            blocks_A.append(A.block_by_id(i).copy(deep=False))
            blocks_B.append(_zeros(A.block_by_id(i), B, operation))
        else:
            blocks_A.append(_zeros(B.block_by_id(position), A, operation))
            blocks_B.append(B.block_by_id(position).copy(deep=False))
        kept.append(i)

    result_keys = take_entries(all_keys, _dispatch.index_from_list(kept, rows_of(all_keys)))
    return TensorMap(result_keys, blocks_A), TensorMap(result_keys, blocks_B)


def _zeros(block: TensorBlock, tensor: TensorMap, operation: str) -> TensorBlock:
    """Block with the metadata of ``block``, and zeros of the dtype and device of ``tensor``."""
    reference = block.values
    if len(tensor) != 0:
        reference = tensor.block_by_id(0).values

    result = block_with_values(block, _dispatch.zeros_like(reference, list(block.values.shape)))
    for parameter, gradient in block.gradients():
        check_no_nested_gradients(parameter, gradient, operation)
        zeros = _dispatch.zeros_like(reference, list(gradient.values.shape))
        add_gradient(result, parameter, zeros, gradient)
    return result
