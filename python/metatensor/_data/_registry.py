"""
Which library handles an array.

NumPy and torch are always there. Other libraries are registered when one of their arrays shows up,
or when the user asks for such arrays: nothing is imported before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import _metatensor
from ._backend import ArrayBackend

_BACKENDS: list[_metatensor.ArrayBackend] = []
_BACKEND_OF_TYPE: dict[type, _metatensor.ArrayBackend] = {}
_LOCK = threading.Lock()


def register_backend(backend: ArrayBackend) -> None:
    """Make metatensor use this backend for all the arrays that no other backend handles."""
    _register(backend)


def find_backend(array: Any) -> _metatensor.ArrayBackend:
    """The backend of an array; ``ValueError`` if there is none."""
    backend = _BACKEND_OF_TYPE.get(type(array)) or _search_backend(array)
    if backend is not None:
        return backend

    # things which do not even look like an array get the error of Python: there is no `shape`
    _ = array.shape
    raise ValueError(
        f"unknown type of array: {type(array)}, expected a NumPy array, a torch tensor, or an "
        "array of a library that follows the array API standard or has `__dlpack__`"
    )


_metatensor.register("find_backend", find_backend)


def is_array(value: Any) -> bool:
    """Is this an array that metatensor can use?"""
    if type(value) in _BACKEND_OF_TYPE:
        return True
    return hasattr(value, "shape") and _search_backend(value) is not None


def backend_of(array: Any) -> ArrayBackend:
    """The backend of an array; ``ValueError`` if there is none."""
    return find_backend(array).implementation


def part(array: Any, index: Any) -> Any:
    """``array[index]``, for values of labels; ``index`` can be for the first axis only."""
    # by far the most frequent arrays
    if type(array) is np.ndarray:
        return array[index]
    return backend_of(array).part(array, index)


def rows(array: Any) -> Iterator[Any]:
    """All parts of values of labels along the first axis."""
    if type(array) is np.ndarray:
        return iter(array)
    return backend_of(array).rows(array)


def to_list(array: Any) -> list[Any]:
    """Values of labels as (nested) lists of integers."""
    if type(array) is np.ndarray:
        return array.tolist()
    return backend_of(array).to_list(array)


def backend_named(name: str) -> ArrayBackend:
    """
    The backend with this name, to convert arrays.

    :raises ValueError: if there is none
    :raises ModuleNotFoundError: if the library is not installed
    """
    for backend in registered_backends():
        if backend.name == name:
            return backend

    from . import _libraries

    if name in _libraries.BACKENDS:
        return _register(_create_backend(name, _libraries.BACKENDS[name])).implementation
    known = dict.fromkeys([b.name for b in registered_backends()] + list(_libraries.BACKENDS))
    names = ", ".join(f"'{name}'" for name in known)
    raise ValueError(f"unknown kind of arrays: {name!r}, expected one of: {names}")


def _create_backend(name: str, create: Callable[[], ArrayBackend]) -> ArrayBackend:
    try:
        return create()
    except ImportError as e:
        raise ModuleNotFoundError(
            f"can not make arrays of {name}, this library is not installed: {e}"
        ) from e


def registered_backends() -> list[ArrayBackend]:
    """The backends of all the libraries that were used until now."""
    return [backend.implementation for backend in _BACKENDS]


def _search_backend(array: Any) -> _metatensor.ArrayBackend | None:
    """The backend of the first array with some type."""
    for backend in _BACKENDS:
        if backend.implementation.is_array(array):
            break
    else:
        # not before they are needed: most programs only use NumPy and torch
        from . import _libraries

        found = _libraries.find_backend(array)
        if found is None:
            return None
        backend = _register(found)

    _BACKEND_OF_TYPE[type(array)] = backend
    return backend


def _register(backend: ArrayBackend) -> _metatensor.ArrayBackend:
    """Register a library once, also if many threads use it for the first time."""
    with _LOCK:
        for known in _BACKENDS:
            if known.implementation.name == backend.name:
                return known
        _BACKENDS.append(_metatensor.ArrayBackend(backend, backend.origin))
        return _BACKENDS[-1]
