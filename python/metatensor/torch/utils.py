"""Information for the build systems of other packages."""

from ._c_lib import _cmake_prefix_path

#: Directory to add to ``CMAKE_PREFIX_PATH``, so that ``find_package(metatensor_torch)`` works
cmake_prefix_path: str = _cmake_prefix_path()
