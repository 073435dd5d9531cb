"""``mts_array_t``, the arrays of the C interface, and the Python arrays inside of them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from .. import _metatensor
from .._c_api import mts_array_t, mts_data_origin_t
from .._status import check_status

_metatensor.register("mts_array_t", mts_array_t)

_FIELD_TYPES = dict(mts_array_t._fields_)

#: classes registered by the user: ``klass(mts_array, parent=owner)`` for each data origin
_EXTERNAL_WRAPPERS: dict[int, Callable[..., Any]] = {}


def create_mts_array(array: Any) -> mts_array_t:
    """
    Wrap an array (``numpy.ndarray``, ``torch.Tensor``) for the C interface, without a copy.

    The result holds a reference to ``array``, until its ``destroy`` function is called. This is
    done by whoever takes ownership of the ``mts_array_t``.

    :raises ValueError: if this is not an array that metatensor can use
    """
    return _metatensor.wrap_array(array)


def mts_array_to_python_array(mts_array: mts_array_t, parent: Any = None) -> Any:
    """
    Get the array inside of a ``mts_array_t``.

    This is the very same object for arrays that come from Python. For others it is an instance of
    the class given to :py:func:`register_external_data_wrapper`, which keeps ``parent`` alive.

    :raises ValueError: if no class was registered for arrays of this kind
    """
    array = unwrap_mts_array(mts_array)
    return _wrap_foreign_array(mts_array, parent) if array is None else array


def unwrap_mts_array(mts_array: mts_array_t) -> Any | None:
    """The Python array inside of a ``mts_array_t``, ``None`` for arrays of other languages."""
    return _metatensor.unwrap_array(mts_array)


def mts_array_was_allocated_by_python(mts_array: mts_array_t) -> bool:
    """Is there a Python array inside of this ``mts_array_t``?"""
    return unwrap_mts_array(mts_array) is not None


def data_origin(mts_array: mts_array_t) -> int:
    """Identifier of the data origin of an array: which library or language made it."""
    origin = mts_data_origin_t()
    check_status(mts_array.origin(mts_array.ptr, ctypes.byref(origin)))
    return origin.value


def data_origin_name(origin: int) -> str:
    """Name of a data origin; ``unregistered origin`` for unknown identifiers."""
    return _metatensor.data_origin_name(origin)


def register_external_data_wrapper(origin: str, klass: Callable[..., Any]) -> None:
    """
    Declare how to show arrays made by another language to Python.

    :param origin: name of the data origin of these arrays
    :param klass: called as ``klass(mts_array, parent=owner)``, where ``owner`` is the ``Labels`` or
        the ``TensorBlock`` which owns the data. The result must keep ``owner`` alive.

    :raises ValueError: if ``origin`` is not a ``str``
    """
    if not isinstance(origin, str):
        raise ValueError(f"the data origin must be a str, got '{type(origin)}'")
    _EXTERNAL_WRAPPERS[_register_origin(origin)] = klass


def _register_origin(name: str) -> int:
    return _metatensor.register_data_origin(name)


def _wrap_foreign_array(mts_array: mts_array_t, owner: Any) -> Any:
    origin = data_origin(mts_array)
    if origin not in _EXTERNAL_WRAPPERS:
        raise ValueError(
            f"can not show arrays with the data origin '{data_origin_name(origin)}' to Python: "
            "use `metatensor.register_external_data_wrapper` to declare how to do it"
        )
    return _EXTERNAL_WRAPPERS[origin](mts_array, parent=owner)


_metatensor.register("wrap_foreign_array", _wrap_foreign_array)


def _cast_to_ctype_functype(function: Callable[..., int], field_name: str) -> Any:
    """``function`` as a C function that can be assigned to ``mts_array.<field_name>``."""
    if field_name not in _FIELD_TYPES or field_name == "ptr":
        raise ValueError(f"there is no function named '{field_name}' in mts_array_t")
    return _FIELD_TYPES[field_name](function)
