"""Errors of libmetatensor as Python exceptions, and the other way around."""

import functools
from collections.abc import Callable
from typing import Any

from . import _metatensor
from ._c_api import mts_status_t


class MetatensorError(Exception):
    """
    An error reported by libmetatensor.

    ``message`` says what went wrong, and starts with the category of the error; ``status`` is the
    status code of the function that failed, ``None`` if it did not return one.
    """

    __module__ = "metatensor"

    message: str
    status: int | None

    def __init__(self, message: str, status: int | None = None):
        super().__init__(message)
        self.message = message
        self.status = status


_metatensor.register("MetatensorError", MetatensorError)


def check_status(status: int | mts_status_t) -> None:
    """
    Raise the last error of this thread, unless ``status`` is a success.

    If the failure comes from an exception inside of a Python callback, this very exception is
    raised again; otherwise a :py:class:`MetatensorError` is raised.
    """
    _metatensor.check_status(int(status))


def check_pointer(pointer: Any) -> None:
    """Raise the last error of this thread if ``pointer`` is null, as :py:func:`check_status`."""
    if not pointer:
        _metatensor.raise_last_error()


def save_exception(exception: BaseException) -> None:
    """Make ``exception`` the last error of this thread, so that ``check_status`` can raise it."""
    _metatensor.save_exception(exception)


def catch_exceptions(function: Callable[..., Any]) -> Callable[..., int]:
    """
    Decorator for Python functions that libmetatensor calls, which must not raise.

    The result of the function is replaced by a status: success, or ``MTS_CALLBACK_ERROR`` after
    an exception was saved with :py:func:`save_exception`.
    """

    @functools.wraps(function)
    def callback(*args: Any, **kwargs: Any) -> int:
        try:
            function(*args, **kwargs)
        except BaseException as exception:
            save_exception(exception)
            return mts_status_t.MTS_CALLBACK_ERROR
        return mts_status_t.MTS_SUCCESS

    return callback
