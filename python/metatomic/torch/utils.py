"""Versions, and where to find the files that C++ programs need."""

from ._c_lib import _cmake_prefix_path
from .version import Version, parse_version, version_compatible

#: directory to add to ``CMAKE_PREFIX_PATH``, so that ``find_package(metatomic_torch)`` works
cmake_prefix_path: str


def __getattr__(name: str) -> str:
    # looked up on demand: importing for the documentation must work without a compiled library
    if name == "cmake_prefix_path":
        return _cmake_prefix_path()

    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


__all__ = ["Version", "cmake_prefix_path", "parse_version", "version_compatible"]
