"""Names of ``metatensor`` that are only looked up when someone uses them."""

import sys
import warnings
from typing import Any


class _DeviceWarning(Warning):
    """Was used for silent changes of device, which do not exist anymore."""


_DeviceWarning.__name__ = _DeviceWarning.__qualname__ = "DeviceWarning"
_DeviceWarning.__module__ = "metatensor"


def lazy_name(name: str) -> Any:
    """The ``__getattr__`` of the module ``metatensor``."""
    if name == "DeviceWarning":
        warnings.warn(
            "`metatensor.DeviceWarning` is deprecated: metatensor does not emit it anymore",
            DeprecationWarning,
            stacklevel=2,
        )
        return _DeviceWarning

    # `import metatensor.operations` runs before `metatensor` got the names of the operations
    operations = sys.modules.get("metatensor.operations")
    if name in getattr(operations, "__all__", ()):
        value = getattr(operations, name)
        setattr(sys.modules["metatensor"], name, value)
        return value

    raise AttributeError(
        f"module 'metatensor' has no attribute '{name}', and this is not one of the functions of "
        "`metatensor.operations` either"
    )
