"""
The array functions used by the operations, for numpy arrays and torch tensors.

TorchScript compiles only the first branch of each function: it knows that every array is a tensor.
The array given first decides which library is used, the dtype and the device of the results.

"Labels values" and "positions" are integer arrays. Labels can be on numpy while the values of the
same block are torch tensors (or the reverse), so that positions computed from labels go through
:py:func:`index_like` before being used as an index.
"""

import warnings
from typing import List, Optional, Tuple

import numpy as np

from ._backend import Array, torch

# ------------------------------------------------------------------------------------------------
# New arrays


def empty_like(
    array: Array, shape: Optional[List[int]] = None, requires_grad: bool = False
) -> Array:
    """Uninitialised array with the dtype and device of ``array``, and its shape by default."""
    if shape is None:
        shape = list(array.shape)

    if isinstance(array, torch.Tensor):
        result = torch.empty(shape, dtype=array.dtype, device=array.device)
        if requires_grad:
            result.requires_grad_(True)
        return result
    else:
        return np.empty(shape, dtype=array.dtype)


def zeros_like(
    array: Array, shape: Optional[List[int]] = None, requires_grad: bool = False
) -> Array:
    """Array of zeros with the dtype and device of ``array``, and its shape by default."""
    if shape is None:
        shape = list(array.shape)

    if isinstance(array, torch.Tensor):
        result = torch.zeros(shape, dtype=array.dtype, device=array.device)
        if requires_grad:
            result.requires_grad_(True)
        return result
    else:
        return np.zeros(shape, dtype=array.dtype)


def ones_like(
    array: Array, shape: Optional[List[int]] = None, requires_grad: bool = False
) -> Array:
    """Array of ones with the dtype and device of ``array``, and its shape by default."""
    if shape is None:
        shape = list(array.shape)

    if isinstance(array, torch.Tensor):
        result = torch.ones(shape, dtype=array.dtype, device=array.device)
        if requires_grad:
            result.requires_grad_(True)
        return result
    else:
        return np.ones(shape, dtype=array.dtype)


def rand_like(
    array: Array, shape: Optional[List[int]] = None, requires_grad: bool = False
) -> Array:
    """
    Random numbers, uniform in [0, 1), with the dtype and device of ``array``, and its shape by
    default. The numbers come from the global generator of numpy or torch.
    """
    if shape is None:
        shape = list(array.shape)

    if isinstance(array, torch.Tensor):
        result = torch.rand(shape, dtype=array.dtype, device=array.device)
        if requires_grad:
            result.requires_grad_(True)
        return result
    else:
        # users control this generator with `np.random.seed`
        return np.random.rand(*shape).astype(array.dtype)  # noqa: NPY002


def full_like(array: Array, value: int, shape: List[int]) -> Array:
    """Array filled with ``value``, with the dtype and device of ``array``."""
    if isinstance(array, torch.Tensor):
        return torch.full(shape, value, dtype=array.dtype, device=array.device)
    else:
        return np.full(shape, value, dtype=array.dtype)


def positions_like(array: Array, count: int) -> Array:
    """The positions ``0..count-1`` as an int64 array, on the device of ``array``."""
    if isinstance(array, torch.Tensor):
        return torch.arange(count, dtype=torch.int64, device=array.device)
    else:
        return np.arange(count, dtype=np.int64)


def indices_like(array: Array, shape: List[int]) -> Array:
    """
    All the indices in an array of the given shape, the last one changing fastest: one row for each
    index tuple, int32, on the device of ``array``.
    """
    count = 1
    for size in shape:
        count *= size

    if isinstance(array, torch.Tensor):
        flat = torch.arange(count, dtype=torch.int32, device=array.device)
        indices = torch.empty([count, len(shape)], dtype=torch.int32, device=array.device)
    else:
        flat = np.arange(count, dtype=np.int32)
        indices = np.empty([count, len(shape)], dtype=np.int32)

    if count != 0:
        stride = count
        for i, size in enumerate(shape):
            stride = stride // size
            indices[:, i] = (flat // stride) % size
    return indices


def copy(array: Array) -> Array:
    """Copy of ``array``, part of the same autograd graph."""
    if isinstance(array, torch.Tensor):
        return array.clone()
    else:
        return np.array(array)


def convert_like(values: Array, array: Array) -> Array:
    """``values`` as the kind of array, with the dtype and on the device, of ``array``."""
    if isinstance(array, torch.Tensor):
        if isinstance(values, torch.Tensor):
            return values.to(dtype=array.dtype, device=array.device)
        else:
            # the copy makes it writable, torch warns about read-only arrays
            tensor = torch.from_numpy(np.array(values))
            return tensor.to(dtype=array.dtype, device=array.device)
    else:
        return _to_numpy(values).astype(array.dtype, copy=False)


def index_like(positions: Array, array: Array) -> Array:
    """``positions`` as an int64 array able to index ``array``."""
    if isinstance(array, torch.Tensor):
        if isinstance(positions, torch.Tensor):
            return positions.to(dtype=torch.int64, device=array.device)
        else:
            return torch.from_numpy(np.array(positions, dtype=np.int64)).to(array.device)
    else:
        return _to_numpy(positions).astype(np.int64, copy=False)


def index_from_list(positions: List[int], array: Array) -> Array:
    """The list ``positions`` as an array able to index ``array``."""
    if len(positions) == 0:
        return positions_like(array, 0)

    # no dtype here: if there are floating point numbers, indexing has to refuse them
    if isinstance(array, torch.Tensor):
        return torch.tensor(positions, device=array.device)
    else:
        return np.array(positions)


def _to_numpy(array: Array) -> Array:
    if isinstance(array, torch.Tensor):
        return array.detach().cpu().numpy()
    else:
        return np.asarray(array)


def is_array(value: object) -> bool:
    """Whether ``value`` is one of the arrays that operations work with. Not for TorchScript."""
    return isinstance(value, (np.ndarray, torch.Tensor))


def is_integer(array: Array) -> bool:
    """Whether ``array`` contains integers."""
    if isinstance(array, torch.Tensor):
        return not (array.is_floating_point() or array.is_complex() or array.dtype == torch.bool)
    else:
        return np.issubdtype(array.dtype, np.integer)


def to_list(positions: Array) -> List[int]:
    """The content of a 1-D integer array."""
    result: List[int] = positions.tolist()
    return result


# ------------------------------------------------------------------------------------------------
# Element-wise functions and comparisons


def abs(array: Array) -> Array:
    """Absolute value. numpy arrays keep their dtype, even when it is complex."""
    if isinstance(array, torch.Tensor):
        return torch.abs(array)
    else:
        return np.abs(array).astype(array.dtype, copy=False)


def sign(array: Array) -> Array:
    """-1, 0 or 1 for real numbers, the number divided by its modulus for complex ones."""
    if isinstance(array, torch.Tensor):
        return torch.sgn(array)
    elif np.iscomplexobj(array):
        return array / np.abs(array)
    else:
        return np.sign(array)


def to_floating(array: Array) -> Array:
    """``array`` itself if it contains floating point numbers, otherwise a conversion to these."""
    if isinstance(array, torch.Tensor):
        if array.is_floating_point() or array.is_complex():
            return array
        else:
            return 1.0 * array
    else:
        return array if array.dtype.kind in "fc" else 1.0 * array


def sqrt(array: Array) -> Array:
    """Square root, with a zero derivative (instead of an infinite one) where it is zero."""
    if isinstance(array, torch.Tensor):
        is_zero = array == 0
        return torch.where(is_zero, array, torch.sqrt(torch.where(is_zero, 1.0, array)))
    else:
        return np.sqrt(array)


def divide_or_zero(array: Array, divisor: Array) -> Array:
    """``array / divisor``, and 0 where this is not finite."""
    if isinstance(array, torch.Tensor):
        # replacing the zeros before the division keeps NaN out of the derivatives
        is_zero = divisor == 0
        result = array / torch.where(is_zero, 1.0, divisor)
        return torch.where(torch.logical_or(is_zero, ~torch.isfinite(result)), 0.0, result)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            result = array / divisor
        result[~np.isfinite(result)] = 0.0
        return result


def all(a: Array, axis: Optional[int] = None) -> Array:
    """Whether all the elements of ``a`` are true, in total or along one axis."""
    if isinstance(a, torch.Tensor):
        if axis is None:
            return torch.all(a)
        else:
            return torch.all(a, dim=axis)
    else:
        return np.all(a, axis=axis)


def any(a: Array, axis: int) -> Array:
    """Whether any of the elements of ``a`` is true along one axis."""
    if isinstance(a, torch.Tensor):
        return torch.any(a, dim=axis)
    else:
        return np.any(a, axis=axis)


def equal(a: Array, b: Array) -> bool:
    """Whether two arrays with the same shape contain the same values."""
    if isinstance(a, torch.Tensor):
        _check_same_library(a, b)
        return bool(torch.all(a == b))
    else:
        _check_same_library(a, b)
        return bool(np.all(a == b))


def allclose(a: Array, b: Array, rtol: float, atol: float, equal_nan: bool) -> bool:
    """Whether ``|a - b| <= atol + rtol * |b|`` for all the elements."""
    if isinstance(a, torch.Tensor):
        _check_same_library(a, b)
        return torch.allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    else:
        _check_same_library(a, b)
        return bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


def _check_same_library(a: Array, b: Array) -> None:
    if isinstance(a, torch.Tensor) != isinstance(b, torch.Tensor):
        raise TypeError(
            "can only compare arrays of the same kind, got both a numpy array and a torch tensor"
        )


# ------------------------------------------------------------------------------------------------
# Sums, groups of entries


def sum(array: Array, axis: Optional[int] = None) -> Array:
    """Sum of the elements of ``array``, in total or along one axis, with the dtype of ``array``."""
    if isinstance(array, torch.Tensor):
        if axis is None:
            return torch.sum(array, dtype=array.dtype)
        else:
            return torch.sum(array, dim=axis, dtype=array.dtype)
    else:
        return np.sum(array, axis=axis, dtype=array.dtype)


def sum_groups(array: Array, groups: Array, n_groups: int, axis: int) -> Array:
    """
    Sum of the entries of ``array`` in each group.

    :param array: array of any number of dimensions
    :param groups: 1-D array, the group (in ``0..n_groups-1``) of each entry of ``array`` along
        ``axis``
    :param n_groups: number of groups
    :param axis: the axis of ``array`` with the entries to sum, non-negative
    :return: array with ``n_groups`` entries along ``axis``. The terms are added in the order of the
        input.
    """
    shape = list(array.shape)
    shape[axis] = n_groups
    groups = index_like(groups, array)
    result = zeros_like(array, shape)

    if isinstance(array, torch.Tensor):
        return result.index_add(axis, groups, array)
    else:
        # numpy has a fast `add.at` only for 1-D arrays
        n_outer = int(np.prod(shape[:axis]))
        n_inner = int(np.prod(shape[axis + 1 :]))
        positions = np.arange(n_outer)[:, None, None] * n_groups + groups[None, :, None]
        positions = positions * n_inner + np.arange(n_inner)
        np.add.at(result.reshape(-1), positions.reshape(-1), array.reshape(-1))
        return result


def divide_along(array: Array, divisors: Array, axis: int) -> Array:
    """Divide each entry of ``array`` along ``axis`` by the corresponding one of ``divisors``."""
    shape = [1] * len(array.shape)
    shape[axis] = len(divisors)
    return array / convert_like(divisors, array).reshape(shape)


def count_groups(groups: Array, n_groups: int) -> Array:
    """Number of entries in each of the groups ``0..n_groups-1``."""
    if isinstance(groups, torch.Tensor):
        return torch.bincount(groups, minlength=n_groups)
    else:
        return np.bincount(groups, minlength=n_groups)


def take(array: Array, positions: Array, axis: int) -> Array:
    """Copy of the entries of ``array`` at the given positions along ``axis``."""
    if isinstance(array, torch.Tensor):
        return torch.index_select(array, axis, index_like(positions, array))
    else:
        return np.take(np.asarray(array), index_like(positions, array), axis=axis)


def concatenate(arrays: List[Array], axis: int) -> Array:
    """Concatenate arrays along an axis, as the kind, dtype and device of the first array."""
    converted = [convert_like(array, arrays[0]) for array in arrays]
    if isinstance(arrays[0], torch.Tensor):
        return torch.concatenate(converted, dim=axis)
    else:
        return np.concatenate(converted, axis=axis)


# ------------------------------------------------------------------------------------------------
# Rows of labels values


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
    Distinct rows of a 2-D integer array, sorted lexicographically, and for each row of the input
    its position among the distinct rows (int64).
    """
    order = lexsort_rows(rows)
    if len(rows) == 0:
        return rows, order

    ordered = rows[order]
    if isinstance(rows, torch.Tensor):
        is_first = torch.ones(len(rows), dtype=torch.bool, device=rows.device)
        is_first[1:] = torch.any(ordered[1:] != ordered[:-1], dim=1)
        positions = torch.empty_like(order)
        positions[order] = torch.cumsum(is_first, 0) - 1
        return ordered[is_first], positions
    else:
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


def scatter_rows(array: Array, positions: Array, count: int) -> Array:
    """Array with ``count`` rows: the ones of ``array`` at the given positions, zeros elsewhere."""
    shape = list(array.shape)
    shape[0] = count
    positions = index_like(positions, array)
    result = zeros_like(array, shape)
    if isinstance(array, torch.Tensor):
        return result.index_copy(0, positions, array)
    else:
        result[positions] = array
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


# ------------------------------------------------------------------------------------------------
# Linear algebra


def dot(a: Array, b: Array) -> Array:
    """``a @ b.T`` for a 2-D ``b``: contracts the last axes."""
    if isinstance(a, torch.Tensor):
        _check_same_library(a, b)
        return torch.matmul(a, b.T)
    else:
        _check_same_library(a, b)
        return np.matmul(a, b.T)


def lstsq(X: Array, Y: Array, rcond: Optional[float], driver: Optional[str]) -> Array:
    """Least squares solution ``w`` of ``X w = Y``. numpy does not use ``driver``."""
    if isinstance(X, torch.Tensor):
        _check_same_library(X, Y)
        return torch.linalg.lstsq(X, Y, rcond=rcond, driver=driver)[0]
    else:
        _check_same_library(X, Y)
        return np.linalg.lstsq(X, Y, rcond=rcond)[0]


def solve(X: Array, Y: Array) -> Array:
    """Solution ``w`` of ``X w = Y`` for a square matrix ``X``."""
    if isinstance(X, torch.Tensor):
        _check_same_library(X, Y)
        return torch.linalg.solve(X, Y)
    else:
        _check_same_library(X, Y)
        return np.linalg.solve(X, Y)


# ------------------------------------------------------------------------------------------------
# Autograd and memory


def detach(array: Array) -> Array:
    """The same data out of any autograd graph."""
    if isinstance(array, torch.Tensor):
        return array.detach()
    else:
        return array


def requires_grad(array: Array, requires_grad: bool) -> Array:
    """The same data as a new leaf of the autograd graph."""
    if isinstance(array, torch.Tensor):
        if requires_grad and array.requires_grad:
            warnings.warn(
                "setting `requires_grad=True` on a tensor which already requires grad detaches it "
                "from its autograd graph",
                stacklevel=2,
            )
        return array.detach().requires_grad_(requires_grad)
    else:
        if requires_grad:
            warnings.warn(
                "`requires_grad=True` does nothing for numpy arrays, use torch arrays if you want "
                "to use autograd",
                stacklevel=2,
            )
        return array


def is_contiguous(array: Array) -> bool:
    """Whether the elements are contiguous in memory, last axis first (C order)."""
    if isinstance(array, torch.Tensor):
        return array.is_contiguous()
    else:
        return array.flags["C_CONTIGUOUS"]


def make_contiguous(array: Array) -> Array:
    """``array`` itself if it is contiguous (C order), a contiguous copy otherwise."""
    if isinstance(array, torch.Tensor):
        return array.contiguous()
    else:
        return array if array.flags["C_CONTIGUOUS"] else np.ascontiguousarray(array)
