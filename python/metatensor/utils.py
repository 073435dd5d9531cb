"""Information for the build systems of other packages."""

from ._c_lib import _PACKAGE_DIRECTORY, external_attribute

_external_prefix = external_attribute("EXTERNAL_METATENSOR_PREFIX")

#: Directory to add to ``CMAKE_PREFIX_PATH``, so that ``find_package(metatensor)`` works
cmake_prefix_path: str = (
    f"{_external_prefix}/lib/cmake"
    if _external_prefix
    else str(_PACKAGE_DIRECTORY / "lib" / "cmake")
)
