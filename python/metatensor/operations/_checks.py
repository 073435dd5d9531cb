"""
A process-wide switch for the checks that operations make on their inputs.

The switch is there for callers which guarantee that their inputs are valid. None of the current
operations looks at it.
"""

import os
from types import TracebackType

_CHECKS_ENABLED = os.environ.get("METATENSOR_UNSAFE_DISABLE_CHECKS", "").lower() not in (
    "true",
    "1",
    "yes",
    "on",
)


def checks_enabled() -> bool:
    """
    Check if the operations are allowed to check their inputs.

    This is true unless :py:class:`unsafe_disable_checks` was used, or the environment variable
    ``METATENSOR_UNSAFE_DISABLE_CHECKS`` was one of ``true``, ``1``, ``yes`` or ``on`` when the
    operations were first imported.

    >>> import metatensor
    >>> metatensor.checks_enabled()
    True
    """
    return _CHECKS_ENABLED


class _SetChecks:
    """Sets the switch when constructed; as a context manager, sets it back at the end."""

    _value: bool

    def __init__(self) -> None:
        self._previous = _CHECKS_ENABLED
        _set_checks(self._value)

    def __enter__(self) -> "_SetChecks":
        _set_checks(self._value)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _set_checks(self._previous)


class unsafe_enable_checks(_SetChecks):
    """
    Enable the checks from now on, or in a ``with`` block only.

    >>> import metatensor
    >>> with metatensor.unsafe_enable_checks():
    ...     metatensor.checks_enabled()
    True
    """

    _value = True

    def __repr__(self) -> str:
        return "checks enabled"


class unsafe_disable_checks(_SetChecks):
    """
    Disable the checks from now on, or in a ``with`` block only.

    The results are undefined if a check would have failed.

    >>> import metatensor
    >>> with metatensor.unsafe_disable_checks():
    ...     metatensor.checks_enabled()
    False
    >>> metatensor.checks_enabled()
    True
    """

    _value = False

    def __repr__(self) -> str:
        return "checks disabled"


def _set_checks(value: bool) -> None:
    global _CHECKS_ENABLED
    _CHECKS_ENABLED = value
