"""Version of the interface of ``metatomic.torch``, and the tools to compare versions."""

import re
from collections import namedtuple

from metatensor._versions import METATOMIC_TORCH_INTERFACE as __version__

Version = namedtuple("Version", ["major", "minor", "patch"])

_VERSION_PREFIX = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def parse_version(version: str) -> Version:
    """
    Read the ``major.minor.patch`` numbers at the start of ``version``.

    :raises ValueError: if ``version`` does not start with three numbers separated by dots
    """
    match = _VERSION_PREFIX.match(version)
    if match is None:
        raise ValueError(f"invalid version '{version}': expected it to start with 'X.Y.Z'")

    return Version(*map(int, match.groups()))


def version_compatible(actual: str, required: str) -> bool:
    """Do both versions have the same major and minor numbers?"""
    return parse_version(actual)[:2] == parse_version(required)[:2]


__all__ = ["Version", "__version__", "parse_version", "version_compatible"]
