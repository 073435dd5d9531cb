"""
Functions of the rows of labels values, and of positions: integer arrays of numpy or torch (see
``_labels``).

As in ``_dispatch``, TorchScript compiles only the first branch of each function.
"""

from typing import Tuple

import numpy as np

from ._backend import Array, torch
from ._dispatch import positions_like


def lexsort_rows(rows: Array) -> Array:
    """
    Positions which sort the rows of a 2-D integer array lexicographically, first column first.
    Equal rows keep their order.
    """
    if isinstance(rows, torch.Tensor):
        order = torch.arange(rows.shape[0], device=rows.device)
        for i in range(rows.shape[1]):
            column = rows[:, rows.shape[1] - 1 - i]
            order = order[torch.argsort(column[order], stable=True)]
        return order
    elif rows.shape[1] == 0:
        return np.arange(rows.shape[0])
    else:
        return np.lexsort(rows.T[::-1])


def unique_rows(rows: Array) -> Tuple[Array, Array]:
    """
    Distinct rows of a 2-D array of 32-bit integers, sorted lexicographically, and for each row of
    the input its position among the distinct rows (int64).
    """
    if len(rows) <= 1:
        return rows, positions_like(rows, len(rows))
    if rows.shape[1] == 0:
        return rows[:1], 0 * positions_like(rows, len(rows))

    if isinstance(rows, torch.Tensor):
        # one integer for each row, because `torch.unique` is only fast in one dimension. Where more
        # than two columns do not fit, the first ones are replaced by the position of their group
        columns = rows.to(torch.int64)
        keys = columns[:, 0]
        for i in range(1, rows.shape[1]):
            if i > 1:
                keys = torch.unique(keys, return_inverse=True)[1]
            keys = (keys << 32) + (columns[:, i] + (1 << 31))
        distinct, positions = torch.unique(keys, return_inverse=True)
        entries = torch.empty([len(distinct), rows.shape[1]], dtype=rows.dtype, device=rows.device)
        return entries.index_copy(0, positions, rows), positions
    else:
        order = lexsort_rows(rows)
        ordered = rows[order]
        is_first = np.ones(len(rows), dtype=bool)
        is_first[1:] = np.any(ordered[1:] != ordered[:-1], axis=1)
        positions = np.empty_like(order)
        positions[order] = np.cumsum(is_first) - 1
        return ordered[is_first], positions


def sorted_positions(positions: Array) -> Array:
    """The distinct values of ``positions``, in increasing order."""
    if isinstance(positions, torch.Tensor):
        return torch.unique(positions)
    else:
        return np.unique(positions)


def inverse_positions(positions: Array, count: int) -> Array:
    """New position of each of ``count`` entries when picking ``positions``, -1 if not picked."""
    if isinstance(positions, torch.Tensor):
        result = torch.full([count], -1, dtype=torch.int64, device=positions.device)
    else:
        result = np.full([count], -1, dtype=np.int64)
    result[positions] = positions_like(result, len(positions))
    return result


def where(mask: Array) -> Array:
    """Positions of the true elements of a 1-D boolean array."""
    if isinstance(mask, torch.Tensor):
        return torch.where(mask)[0]
    else:
        return np.where(mask)[0]


def flip(array: Array) -> Array:
    """The 1-D array in reverse order."""
    if isinstance(array, torch.Tensor):
        return torch.flip(array, [0])
    else:
        return array[::-1]
