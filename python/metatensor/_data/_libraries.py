"""Libraries of arrays which are only known once one of their arrays shows up."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ._array_api import ArrayApiBackend
from ._backend import ArrayBackend
from ._dlpack import DLPackBackend, is_dlpack_array
from ._jax import JaxBackend
from ._namespace import follows_array_api


def find_backend(value: Any) -> ArrayBackend | None:
    """A new backend for an array of a library that was not used until now."""
    # classes have the same attributes as their instances, and scalars of NumPy are not arrays
    if isinstance(value, (type, np.generic)) or not hasattr(value, "shape"):
        return None

    jax = sys.modules.get("jax")
    if jax is not None and isinstance(value, jax.Array):
        return JaxBackend()
    if follows_array_api(value):
        return ArrayApiBackend.from_array_type(value)
    return DLPackBackend() if is_dlpack_array(value) else None


def _cupy() -> ArrayBackend:
    import array_api_compat.cupy as namespace

    return ArrayApiBackend("cupy", namespace)


def _array_api_strict() -> ArrayBackend:
    import array_api_strict as namespace

    return ArrayApiBackend("array_api_strict", namespace)


#: Libraries which users can ask for before there is any array of them
BACKENDS: dict[str, Callable[[], ArrayBackend]] = {
    "jax": JaxBackend,
    "cupy": _cupy,
    "array_api_strict": _array_api_strict,
}
