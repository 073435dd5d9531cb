"""
The array functions used by the operations, for numpy arrays, torch tensors and all the arrays that
follow the array API standard.

TorchScript compiles only the first branch of each function: it knows that every array is a tensor.
The array given first decides which library is used, the dtype and the device of the results.

"Rows" (of labels, see ``_rows``) and "positions" are integer arrays of numpy or torch. Labels can
be on numpy while the values of the same block are not (or the reverse), so that positions computed
from labels go through :py:func:`index_like` before being used as an index.
"""

import math
import warnings
from typing import List, Optional

import numpy as np

from . import _array_api
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
    elif isinstance(array, np.ndarray):
        return np.empty(shape, dtype=array.dtype)
    else:
        return _array_api.full(array, 0, shape)


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
    elif isinstance(array, np.ndarray):
        return np.zeros(shape, dtype=array.dtype)
    else:
        return _array_api.full(array, 0, shape)


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
    elif isinstance(array, np.ndarray):
        return np.ones(shape, dtype=array.dtype)
    else:
        return _array_api.full(array, 1, shape)


def rand_like(
    array: Array, shape: Optional[List[int]] = None, requires_grad: bool = False
) -> Array:
    """
    Random numbers, uniform in [0, 1), with the dtype and device of ``array``, and its shape by
    default. The numbers come from the global generator of torch for tensors, of numpy otherwise.
    """
    if shape is None:
        shape = list(array.shape)

    if isinstance(array, torch.Tensor):
        result = torch.rand(shape, dtype=array.dtype, device=array.device)
        if requires_grad:
            result.requires_grad_(True)
        return result
    elif isinstance(array, np.ndarray):
        # users control this generator with `np.random.seed`
        return np.random.rand(*shape).astype(array.dtype)  # noqa: NPY002
    else:
        return _array_api.rand_like(array, shape)


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


def repeated_positions(counts: List[int], array: Array) -> Array:
    """
    ``counts[0]`` times 0, then ``counts[1]`` times 1, and so on, as an integer array on the device
    of ``array``.
    """
    if isinstance(array, torch.Tensor):
        return torch.repeat_interleave(torch.tensor(counts, device=array.device))
    else:
        return np.repeat(np.arange(len(counts)), counts)


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
    elif isinstance(array, np.ndarray):
        return np.array(array)
    else:
        return _array_api.copy(array)


def convert_like(values: Array, array: Array) -> Array:
    """``values`` as the kind of array, with the dtype and on the device, of ``array``."""
    if isinstance(array, torch.Tensor):
        if isinstance(values, torch.Tensor):
            return values.to(dtype=array.dtype, device=array.device)
        else:
            # the copy makes it writable, torch warns about read-only arrays
            tensor = torch.from_numpy(np.array(_to_numpy(values)))
            return tensor.to(dtype=array.dtype, device=array.device)
    elif isinstance(array, np.ndarray):
        return _to_numpy(values).astype(array.dtype, copy=False)
    else:
        return _array_api.convert_like(values, array)


def index_like(positions: Array, array: Array) -> Array:
    """``positions`` as an int64 array able to index ``array``."""
    if isinstance(array, torch.Tensor):
        if isinstance(positions, torch.Tensor):
            return positions.to(dtype=torch.int64, device=array.device)
        else:
            return torch.from_numpy(np.array(positions, dtype=np.int64)).to(array.device)
    else:
        # also for other libraries, which get positions as numpy arrays
        return _to_numpy(positions).astype(np.int64, copy=False)


def integers_like(values: List[int], array: Array) -> Array:
    """The list ``values`` as a 1-D array with the dtype and device of ``array``, of integers."""
    if isinstance(array, torch.Tensor):
        return torch.tensor(values, dtype=array.dtype, device=array.device)
    else:
        return np.array(values, dtype=array.dtype)


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
    # never compiled, so that the most frequent case can be the first one
    if isinstance(array, np.ndarray):
        return array
    elif isinstance(array, torch.Tensor):
        return array.detach().cpu().numpy()
    else:
        return _array_api.to_numpy(array)


def as_rows(values: Array) -> Array:
    """Values of labels as an array to compute with: a numpy array for other libraries."""
    if isinstance(values, torch.Tensor):
        return values
    else:
        return _to_numpy(values)


def rows_like(rows: Array, values: Array) -> Array:
    """``rows`` as values of labels, of the same kind as ``values``, from which they come."""
    if isinstance(values, torch.Tensor):
        return rows
    elif isinstance(values, np.ndarray):
        return rows
    else:
        return _array_api.rows_like(rows, values)


def library_name(array: Array) -> str:
    """Name of the library of an array."""
    if isinstance(array, torch.Tensor):
        return "torch"
    elif isinstance(array, np.ndarray):
        return "numpy"
    else:
        return _array_api.library_name(array)


def is_array(value: object) -> bool:
    """Whether ``value`` is one of the arrays that operations work with. Not for TorchScript."""
    return isinstance(value, (np.ndarray, torch.Tensor)) or _array_api.is_array(value)


def is_integer(array: Array) -> bool:
    """Whether ``array`` contains integers."""
    if isinstance(array, torch.Tensor):
        return not (array.is_floating_point() or array.is_complex() or array.dtype == torch.bool)
    elif isinstance(array, np.ndarray):
        return np.issubdtype(array.dtype, np.integer)
    else:
        return _array_api.is_integer(array)


def reshape(array: Array, shape: List[int]) -> Array:
    """The array with another shape, sharing memory if possible."""
    if isinstance(array, torch.Tensor):
        return array.reshape(shape)
    elif isinstance(array, np.ndarray):
        return array.reshape(shape)
    else:
        return _array_api.reshape(array, shape)


def to_list(positions: Array) -> List[int]:
    """The content of a 1-D integer array."""
    # TorchScript can only make lists of 64-bit integers
    result: List[int] = index_like(positions, positions).tolist()
    return result


# ------------------------------------------------------------------------------------------------
# Element-wise functions and comparisons


def abs(array: Array) -> Array:
    """Absolute value. numpy arrays keep their dtype, even when it is complex."""
    if isinstance(array, torch.Tensor):
        return torch.abs(array)
    elif isinstance(array, np.ndarray):
        result = np.abs(array)
        return result.astype(array.dtype) if array.dtype.kind == "c" else result
    else:
        return _array_api.abs(array)


def sign(array: Array) -> Array:
    """-1, 0 or 1 for real numbers, the number divided by its modulus for complex ones."""
    if isinstance(array, torch.Tensor):
        return torch.sgn(array)
    elif isinstance(array, np.ndarray):
        return array / np.abs(array) if array.dtype.kind == "c" else np.sign(array)
    else:
        return _array_api.sign(array)


def to_floating(array: Array) -> Array:
    """``array`` itself if it contains floating point numbers, otherwise a conversion to these."""
    if isinstance(array, torch.Tensor):
        if array.is_floating_point() or array.is_complex():
            return array
        else:
            return 1.0 * array
    elif isinstance(array, np.ndarray):
        return array if array.dtype.kind in "fc" else 1.0 * array
    else:
        return _array_api.to_floating(array)


def difference(a: Array, b: Array) -> Array:
    """``a - b`` with the dtype of ``a + (-1.0) * b``: the difference of integers is not one."""
    b = to_floating(b)
    if isinstance(a, torch.Tensor):
        return torch.add(a, b, alpha=-1)  # torch has no difference with booleans
    else:
        return a - b


def sqrt(array: Array) -> Array:
    """Square root, with a zero derivative (instead of an infinite one) where it is zero."""
    if isinstance(array, torch.Tensor):
        is_zero = array == 0
        return torch.where(is_zero, array, torch.sqrt(torch.where(is_zero, 1.0, array)))
    elif isinstance(array, np.ndarray):
        return np.sqrt(array)
    else:
        return _array_api.sqrt(array)


def divide_or_zero(array: Array, divisor: Array) -> Array:
    """``array / divisor``, and 0 where this is not finite."""
    if isinstance(array, torch.Tensor):
        # replacing the zeros before the division keeps NaN out of the derivatives
        is_zero = divisor == 0
        result = array / torch.where(is_zero, 1.0, divisor)
        return torch.where(torch.logical_or(is_zero, ~torch.isfinite(result)), 0.0, result)
    elif isinstance(array, np.ndarray):
        with np.errstate(divide="ignore", invalid="ignore"):
            result = array / divisor
        result[~np.isfinite(result)] = 0.0
        return result
    else:
        return _array_api.divide_or_zero(array, divisor)


def all(a: Array, axis: Optional[int] = None) -> Array:
    """Whether all the elements of ``a`` are true, in total or along one axis."""
    if isinstance(a, torch.Tensor):
        if axis is None:
            return torch.all(a)
        else:
            return torch.all(a, dim=axis)
    elif isinstance(a, np.ndarray):
        return np.all(a, axis=axis)
    else:
        return _array_api.all(a, axis)


def any(a: Array, axis: int) -> Array:
    """Whether any of the elements of ``a``, which are rows of labels, is true along one axis."""
    if isinstance(a, torch.Tensor):
        return torch.any(a, dim=axis)
    else:
        return np.any(a, axis=axis)


def equal(a: Array, b: Array) -> bool:
    """Whether two arrays with the same shape contain the same values."""
    _check_same_library(a, b)
    if isinstance(a, torch.Tensor):
        return bool(torch.all(a == b))
    elif isinstance(a, np.ndarray):
        return bool((a == b).all())
    else:
        return _array_api.equal(a, b)


def allclose(a: Array, b: Array, rtol: float, atol: float, equal_nan: bool) -> bool:
    """Whether ``|a - b| <= atol + rtol * |b|`` for all the elements."""
    _check_same_library(a, b)
    if isinstance(a, torch.Tensor):
        return torch.allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    elif isinstance(a, np.ndarray):
        return _numpy_allclose(a, b, rtol, atol, equal_nan)
    else:
        return _array_api.allclose(a, b, rtol, atol, equal_nan)


def _numpy_allclose(a: Array, b: Array, rtol: float, atol: float, equal_nan: bool) -> bool:
    if a.dtype.kind == "f" and b.dtype.kind == "f":
        # much faster than numpy for small arrays, and sufficient if everything is finite and close
        with np.errstate(invalid="ignore", over="ignore"):
            difference = a - b
            np.abs(difference, out=difference)
            tolerance = np.abs(b)
            tolerance *= rtol
            tolerance += atol
            close = difference <= tolerance
        if close.all() and difference.max(initial=0.0) < np.inf:
            return True
    return bool(np.allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


def _check_same_library(a: Array, b: Array) -> None:
    library_a = library_name(a)
    library_b = library_name(b)
    if library_a != library_b:
        raise TypeError(
            f"can only combine arrays of the same kind, got both {library_a} and {library_b}"
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
    elif isinstance(array, np.ndarray):
        return np.sum(array, axis=axis, dtype=array.dtype)
    else:
        return _array_api.sum(array, axis)


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
    groups = index_like(groups, array)
    if isinstance(array, torch.Tensor):
        shape = list(array.shape)
        shape[axis] = n_groups
        return zeros_like(array, shape).index_add(axis, groups, array)
    elif isinstance(array, np.ndarray):
        return _numpy_sum_groups(array, groups, n_groups, axis)
    else:
        return _array_api.sum_groups(array, groups, n_groups, axis)


def _numpy_sum_groups(array: Array, groups: Array, n_groups: int, axis: int) -> Array:
    # numpy has a fast `add.at` only for 1-D arrays: find the position of the group of each element
    # in the flat result. `math.prod` because products of numpy are slow for such short lists.
    shape = array.shape
    n_inner = math.prod(shape[axis + 1 :])
    positions = groups * n_inner
    if n_inner != 1:
        positions = (positions[:, None] + np.arange(n_inner)).reshape(-1)
    if axis != 0:
        n_outer = math.prod(shape[:axis])
        offsets = np.arange(n_outer) * (n_groups * n_inner)
        positions = (offsets[:, None] + positions).reshape(-1)

    result = np.zeros((*shape[:axis], n_groups, *shape[axis + 1 :]), dtype=array.dtype)
    np.add.at(result.reshape(-1), positions, array.reshape(-1))
    return result


def divide_along(array: Array, divisors: Array, axis: int) -> Array:
    """Divide each entry of ``array`` along ``axis`` by the corresponding one of ``divisors``."""
    shape = [1] * len(array.shape)
    shape[axis] = len(divisors)
    return array / reshape(convert_like(divisors, array), shape)


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
    elif isinstance(array, np.ndarray):
        return array.take(index_like(positions, array), axis=axis)
    else:
        return _array_api.take(array, index_like(positions, array), axis)


def scatter_rows(array: Array, positions: Array, count: int) -> Array:
    """Array with ``count`` rows: the ones of ``array`` at the given positions, zeros elsewhere."""
    shape = list(array.shape)
    shape[0] = count
    positions = index_like(positions, array)
    if isinstance(array, torch.Tensor):
        return zeros_like(array, shape).index_copy(0, positions, array)
    elif isinstance(array, np.ndarray):
        result = np.zeros(shape, dtype=array.dtype)
        result[positions] = array
        return result
    else:
        return _array_api.scatter_rows(array, positions, count)


def concatenate(arrays: List[Array], axis: int) -> Array:
    """Concatenate arrays along an axis, as the kind, dtype and device of the first array."""
    first = arrays[0]
    if isinstance(first, torch.Tensor):
        return torch.concatenate([convert_like(array, first) for array in arrays], dim=axis)
    elif isinstance(first, np.ndarray):
        all_numpy = [_to_numpy(array) for array in arrays]
        return np.concatenate(all_numpy, axis=axis, dtype=first.dtype, casting="unsafe")
    else:
        return _array_api.concatenate([convert_like(array, first) for array in arrays], axis)


# ------------------------------------------------------------------------------------------------
# Linear algebra


def dot(a: Array, b: Array) -> Array:
    """``a @ b.T`` for a 2-D ``b``: contracts the last axes."""
    _check_same_library(a, b)
    if isinstance(a, torch.Tensor):
        return torch.matmul(a, b.T)
    elif isinstance(a, np.ndarray):
        return np.matmul(a, b.T)
    else:
        return _array_api.dot(a, b)


def lstsq(X: Array, Y: Array, rcond: Optional[float], driver: Optional[str]) -> Array:
    """Least squares solution ``w`` of ``X w = Y``. Only torch uses ``driver``."""
    _check_same_library(X, Y)
    if isinstance(X, torch.Tensor):
        return torch.linalg.lstsq(X, Y, rcond=rcond, driver=driver)[0]
    elif isinstance(X, np.ndarray):
        return np.linalg.lstsq(X, Y, rcond=rcond)[0]
    else:
        return _array_api.lstsq(X, Y, rcond)


def solve(X: Array, Y: Array) -> Array:
    """Solution ``w`` of ``X w = Y`` for a square matrix ``X``."""
    _check_same_library(X, Y)
    if isinstance(X, torch.Tensor):
        return torch.linalg.solve(X, Y)
    elif isinstance(X, np.ndarray):
        return np.linalg.solve(X, Y)
    else:
        return _array_api.solve(X, Y)


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
                f"`requires_grad=True` does nothing for {library_name(array)} arrays, use "
                "torch arrays if you want to use autograd",
                stacklevel=2,
            )
        return array


def is_contiguous(array: Array) -> bool:
    """Whether the elements are contiguous in memory, last axis first (C order)."""
    if isinstance(array, torch.Tensor):
        return array.is_contiguous()
    elif isinstance(array, np.ndarray):
        return array.flags["C_CONTIGUOUS"]
    else:
        return True  # other libraries have no notion of the order in memory


def make_contiguous(array: Array) -> Array:
    """``array`` itself if it is contiguous (C order), a contiguous copy otherwise."""
    if isinstance(array, torch.Tensor):
        return array.contiguous()
    elif isinstance(array, np.ndarray):
        return array if array.flags["C_CONTIGUOUS"] else np.ascontiguousarray(array)
    else:
        return array
