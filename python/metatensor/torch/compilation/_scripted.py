"""TorchScript code while it is traced."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch


@contextlib.contextmanager
def unoptimized_torchscript() -> Iterator[None]:
    """
    Run TorchScript code operator by operator.

    After some calls, TorchScript differentiates parts of a function ahead of time and runs these
    parts without autograd, so that the operators say nothing about gradients any more. What was
    optimized is optimized again after the next calls.
    """
    classes = (torch._C.ScriptFunction, torch._C.ScriptMethod)
    original = [cls.__call__ for cls in classes]
    try:
        for cls, call in zip(classes, original, strict=True):
            cls.__call__ = _forget_optimizations_before(call)
        with torch.jit.optimized_execution(False):
            yield
    finally:
        for cls, call in zip(classes, original, strict=True):
            cls.__call__ = call


def _forget_optimizations_before(call: Callable) -> Callable:
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        with contextlib.suppress(RuntimeError):  # methods written in C++ have nothing to forget
            self._debug_flush_compilation_cache()
        return call(self, *args, **kwargs)

    return wrapper
