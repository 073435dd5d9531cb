"""The functions of the array API standard for the library of an array."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._types import Array


def follows_array_api(value: Any) -> bool:
    """Does the library of this array follow the array API standard?"""
    if hasattr(value, "__array_namespace__"):
        return True
    # `array_api_compat` does what is missing in CuPy, and in its arrays
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(value, cupy.ndarray)


def array_namespace(array: Array) -> ModuleType:
    """
    The module with the functions of the `array API standard <https://data-apis.org/array-api>`_ for
    the library of an array: for NumPy, torch and CuPy this is a module of ``array_api_compat``,
    for others their own module (``jax.numpy``, ...).

    :raises TypeError: if the library of this array does not follow the standard
    """
    # imported here since `import metatensor` has no use for it, and most programs neither
    import array_api_compat

    try:
        return array_api_compat.array_namespace(array)
    except TypeError:
        raise TypeError(
            f"there are no functions for arrays of type '{type(array)}', which do not follow the "
            'array API standard: convert them with `.to(arrays="numpy")` or `.to(arrays="torch")`'
        ) from None
