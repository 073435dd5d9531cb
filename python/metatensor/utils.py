"""Information for the build systems of other packages."""

from pathlib import Path

from ._c_lib import _PACKAGE_DIRECTORY, external_attribute

_external_prefix = external_attribute("EXTERNAL_METATENSOR_PREFIX")

#: Directory to add to ``CMAKE_PREFIX_PATH``, so that ``find_package(metatensor)`` works
cmake_prefix_path: str = str(Path(_external_prefix or _PACKAGE_DIRECTORY) / "lib" / "cmake")
