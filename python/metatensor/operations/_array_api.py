"""
The functions of ``_dispatch`` for libraries of arrays other than numpy and torch, with nothing but
the functions of the array API standard (https://data-apis.org/array-api).

No array is modified, so that libraries without assignment (JAX) can be used, and differentiated.
Positions and values of labels are always numpy arrays here, see ``_labels``.
"""

from typing import Any

import numpy as np

from metatensor import _data
from metatensor._data import array_namespace, backend_of


def library_name(array: Any) -> str:
    """Name of the library of an array."""
    return backend_of(array).name


def is_array(value: Any) -> bool:
    """Whether ``value`` is an array of any library."""
    return _data.is_array(value)


def to_numpy(array: Any) -> np.ndarray:
    """The content of an array of any library, also of numpy and torch."""
    return backend_of(array).to_numpy(array)


def rows_like(rows: np.ndarray, values: Any) -> Any:
    """Integers as values for labels, of the same kind as ``values``."""
    return backend_of(values).label_values_like(rows, values)


def from_numpy(values: np.ndarray, array: Any) -> Any:
    """``values`` as the kind of array, and on the device, of ``array``."""
    return array_namespace(array).asarray(values, device=backend_of(array).device(array))


# ------------------------------------------------------------------------------------------------
# New arrays


def full(array: Any, value: float, shape: list[int]) -> Any:
    xp = array_namespace(array)
    device = backend_of(array).device(array)
    return xp.full(tuple(shape), value, dtype=array.dtype, device=device)


def rand_like(array: Any, shape: list[int]) -> Any:
    """Random numbers from the global generator of numpy, the standard does not have any."""
    values = np.random.rand(*shape)  # noqa: NPY002
    return array_namespace(array).astype(from_numpy(values, array), array.dtype)


def copy(array: Any) -> Any:
    return array_namespace(array).asarray(array, copy=True)


def convert_like(values: Any, array: Any) -> Any:
    xp = array_namespace(array)
    if backend_of(values).name != backend_of(array).name:
        values = from_numpy(to_numpy(values), array)
    if values.dtype == array.dtype:
        return values
    return xp.astype(values, array.dtype)


def reshape(array: Any, shape: list[int]) -> Any:
    return array_namespace(array).reshape(array, tuple(shape))


# ------------------------------------------------------------------------------------------------
# Element-wise functions and comparisons


def is_integer(array: Any) -> bool:
    return array_namespace(array).isdtype(array.dtype, "integral")


def to_floating(array: Any) -> Any:
    xp = array_namespace(array)
    if xp.isdtype(array.dtype, ("real floating", "complex floating")):
        return array
    info = xp.__array_namespace_info__()
    return xp.astype(array, info.default_dtypes()["real floating"])


def abs(array: Any) -> Any:
    return array_namespace(array).abs(array)


def sign(array: Any) -> Any:
    return array_namespace(array).sign(array)


def sqrt(array: Any) -> Any:
    xp = array_namespace(array)
    is_zero = array == 0
    ones = xp.ones_like(array)
    return xp.where(is_zero, array, xp.sqrt(xp.where(is_zero, ones, array)))


def divide_or_zero(array: Any, divisor: Any) -> Any:
    xp = array_namespace(array)
    is_zero = divisor == 0
    result = array / xp.where(is_zero, xp.ones_like(divisor), divisor)
    return xp.where(xp.isfinite(result) & ~is_zero, result, xp.zeros_like(result))


def equal(a: Any, b: Any) -> bool:
    return bool(array_namespace(a).all(a == b))


def allclose(a: Any, b: Any, rtol: float, atol: float, equal_nan: bool) -> bool:
    xp = array_namespace(a)
    # no infinity in the differences, this gives warnings
    is_finite = xp.isfinite(a) & xp.isfinite(b)
    finite_a = xp.where(is_finite, a, xp.zeros_like(a))
    finite_b = xp.where(is_finite, b, xp.zeros_like(b))
    is_near = xp.abs(finite_a - finite_b) <= atol + rtol * xp.abs(finite_b)
    close = (a == b) | (is_finite & is_near)
    if equal_nan:
        close = close | (xp.isnan(a) & xp.isnan(b))
    return bool(xp.all(close))


# ------------------------------------------------------------------------------------------------
# Sums, groups of entries


def sum(array: Any, axis: int | None) -> Any:
    return array_namespace(array).sum(array, axis=axis, dtype=array.dtype)


def all(array: Any, axis: int | None) -> Any:
    return array_namespace(array).all(array, axis=axis)


def take(array: Any, positions: np.ndarray, axis: int) -> Any:
    return array_namespace(array).take(array, from_numpy(positions, array), axis=axis)


def concatenate(arrays: list[Any], axis: int) -> Any:
    return array_namespace(arrays[0]).concat(arrays, axis=axis)


def sum_groups(array: Any, groups: np.ndarray, n_groups: int, axis: int) -> Any:
    if hasattr(array, "at"):
        # JAX has indexed additions, which are not part of the standard
        shape = list(array.shape)
        shape[axis] = n_groups
        where = (slice(None),) * axis + (from_numpy(groups, array),)
        return full(array, 0, shape).at[where].add(array)

    xp = array_namespace(array)
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(np.bincount(groups, minlength=n_groups))
    ordered = take(array, order, axis)
    sums = []
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        index = (slice(None),) * axis + (slice(int(start), int(end)), ...)
        sums.append(xp.sum(ordered[index], axis=axis, dtype=array.dtype))
    return xp.stack(sums, axis=axis)


def scatter_rows(array: Any, positions: np.ndarray, count: int) -> Any:
    # all the other rows come from a row of zeros after the ones of the array
    n_rows = array.shape[0]
    sources = np.full(count, n_rows)
    sources[positions] = np.arange(n_rows)
    zeros = full(array, 0, [1, *array.shape[1:]])
    return take(concatenate([array, zeros], 0), sources, 0)


# ------------------------------------------------------------------------------------------------
# Linear algebra


def dot(a: Any, b: Any) -> Any:
    xp = array_namespace(a)
    return xp.matmul(a, xp.permute_dims(b, (1, 0)))


def lstsq(X: Any, Y: Any, rcond: float | None) -> Any:
    xp = array_namespace(X)
    if hasattr(xp.linalg, "lstsq"):
        return xp.linalg.lstsq(X, Y, rcond=rcond)[0]
    return xp.matmul(xp.linalg.pinv(X, rtol=rcond), Y)


def solve(X: Any, Y: Any) -> Any:
    return array_namespace(X).linalg.solve(X, Y)
