"""
Where libmetatensor is.

There must be a single copy of the library in the process, since it contains the registry of data
origins and the last error of each thread. Importing this module opens it; the native module
``metatensor._metatensor``, which is imported afterwards, and other libraries which need
``libmetatensor`` then find it by name.
"""

import ctypes
import importlib
import importlib.util
import os
import sys
from pathlib import Path

from ._versions import CORE_INTERFACE

_PACKAGE_DIRECTORY = Path(__file__).parent.resolve()

if sys.platform.startswith("win"):
    _LIBRARY = "bin/metatensor.dll"
elif sys.platform.startswith("darwin"):
    _LIBRARY = "lib/libmetatensor.dylib"
else:
    _LIBRARY = "lib/libmetatensor.so"


def external_attribute(name: str) -> str | None:
    """
    What ``metatensor/_external.py`` says, if this file exists: a way to use a library which is not
    part of this package.
    """
    if importlib.util.find_spec("metatensor._external") is None:
        return None
    return getattr(importlib.import_module("metatensor._external"), name)


def _open_library() -> ctypes.CDLL:
    if hasattr(os, "RTLD_NOLOAD"):
        try:
            return ctypes.CDLL(Path(_LIBRARY).name, mode=os.RTLD_NOLOAD)
        except OSError:
            pass  # nobody loaded the library before us

    path = external_attribute("EXTERNAL_METATENSOR_PATH") or str(_PACKAGE_DIRECTORY / _LIBRARY)
    if not os.path.isfile(path):
        raise ImportError(f"could not find the shared library of metatensor: {path} does not exist")
    return ctypes.CDLL(path)


class _Library:
    """Callable which gives the library, always the same object, ready to be used."""

    def __init__(self) -> None:
        self._opened = _open_library()
        self._is_ready = False

    def __call__(self) -> ctypes.CDLL:
        """Get the library; ``RuntimeError`` if this is not the version that we expect."""
        from ._c_api import setup_functions

        if not self._is_ready:
            self._check_version()
            setup_functions(self._opened)
            self._opened.mts_disable_panic_printing()
            self._is_ready = True
        return self._opened

    def _check_version(self) -> None:
        self._opened.mts_version.restype = ctypes.c_char_p
        found = self._opened.mts_version().decode("utf8")
        wanted = CORE_INTERFACE
        # before version 1.0, any minor version can change the interface
        count = 2 if wanted.startswith("0.") else 1
        if found.split(".")[:count] != wanted.split(".")[:count]:
            raise RuntimeError(
                f"wrong version of the metatensor library: expected {wanted}, but the library at "
                f"'{self._opened._name}' has version {found}"
            )


_get_library = _Library()
