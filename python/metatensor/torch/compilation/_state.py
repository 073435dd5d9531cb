"""
What a compiled model assumes about its modules and variables: if any of this changes, the model has
to be traced again.

The values of tensors with floating point numbers are arguments of the compiled code; everything
else that a model holds is read when the model is traced.
"""

import contextlib
import operator
from collections.abc import Collection, Iterable
from types import FunctionType, MethodType, ModuleType
from typing import Any

import torch

_CONSTANTS = (bool, int, float, complex, str, bytes, torch.dtype, torch.device)
# what torch adds to all modules: hooks, caches, ... but not what users put into modules
_TORCH_DICTS = ("_parameters", "_buffers", "_modules")
_INTERNAL = set(vars(torch.nn.Module())) - {*_TORCH_DICTS, "training"}


class ModelState:
    """
    What a model holds at one moment: which objects, the values of constants, the kinds of tensors.

    :param parts: functions, whose variables belong to the model, and modules, with all that they
        contain
    """

    def __init__(self, parts: Iterable[Any]):
        self._containers: list[_Container] = []
        self._tensors: list[tuple[str, torch.Tensor, tuple[Any, ...]]] = []
        self._seen: set[int] = set()
        for part in parts:
            self._add(type(part).__name__, part)

    def change(self) -> str:
        """Name of something that has changed since, empty if there is nothing."""
        for container in self._containers:
            if not container.is_same():
                return container.name
        for name, tensor, kind in self._tensors:
            if _kind(tensor) != kind:
                return name
        return ""

    def tensors(self) -> list[torch.Tensor]:
        """All tensors that were found, at any depth of containers."""
        return [tensor for _, tensor, _ in self._tensors]

    def restore(self) -> None:
        """Put everything back into modules, lists and dictionaries."""
        for container in self._containers:
            container.restore()

    def _add(self, name: str, value: Any) -> None:
        if id(value) in self._seen:
            return
        if isinstance(value, MethodType):
            self._add(name, value.__self__)
            self._add(name, value.__func__)
            return

        self._seen.add(id(value))
        if isinstance(value, torch.Tensor):
            self._tensors.append((name, value, _kind(value)))
        elif isinstance(value, torch.jit.ScriptModule):
            for child, module in value.named_modules():
                self._add_container(_ScriptedModule(f"{name}.{child}".rstrip("."), module))
        elif isinstance(value, torch.nn.Module):
            self._add_container(_Dict(name, vars(value)))
        elif isinstance(value, FunctionType):
            self._add_container(_Variables(value.__qualname__, value))
        elif isinstance(value, dict):
            self._add_container(_Dict(name, value))
        elif isinstance(value, (list, tuple)):
            self._add_container(_List(name, value))

    def _add_container(self, container: "_Container") -> None:
        self._containers.append(container)
        for key, value in container.items():
            if key not in _INTERNAL:
                name = container.name if key in _TORCH_DICTS else f"{container.name}.{key}"
                self._add(name, value)


class _Container:
    """Objects that are held by a module, or by a container in a module."""

    def __init__(self, name: str, container: Any):
        self.name = name
        self.container = container
        # as long as these are kept, no other object can have the same identity
        self._values = tuple(self.values())

    def values(self) -> Collection[Any]:
        return self.container

    def items(self) -> Iterable[tuple[Any, Any]]:
        return enumerate(self.values())

    def restore(self) -> None:
        """Nothing to do where nothing can be replaced."""

    def is_same(self) -> bool:
        values = self.values()
        if len(values) != len(self._values):
            return False
        if all(map(operator.is_, values, self._values)):
            return True
        return all(map(_same, values, self._values))


class _Dict(_Container):
    def __init__(self, name: str, container: dict[Any, Any]):
        super().__init__(name, container)
        self._keys = tuple(container)

    def values(self) -> Collection[Any]:
        return self.container.values()

    def items(self) -> Iterable[tuple[Any, Any]]:
        return self.container.items()

    def restore(self) -> None:
        self.container.clear()
        self.container.update(zip(self._keys, self._values, strict=True))


class _List(_Container):
    def restore(self) -> None:
        if isinstance(self.container, list):
            self.container[:] = self._values


class _ScriptedModule(_Container):
    """What is held by one module, without its children."""

    def values(self) -> Collection[Any]:
        module = self.container
        return [
            module.training,
            *module.parameters(recurse=False),
            *module.buffers(recurse=False),
        ]


class _Variables(_Container):
    """The variables that a function takes from outside."""

    def values(self) -> Collection[Any]:
        return [value for _, value in self.items()]

    def items(self) -> Iterable[tuple[Any, Any]]:
        function = self.container
        names = function.__code__.co_freevars
        for name, cell in zip(names, function.__closure__ or (), strict=True):
            with contextlib.suppress(ValueError):  # not assigned yet
                yield name, cell.cell_contents
        for name in function.__code__.co_names:
            if name in function.__globals__ and not _is_code(function.__globals__[name]):
                yield name, function.__globals__[name]


def _is_code(value: Any) -> bool:
    return isinstance(value, (FunctionType, ModuleType, type))


def _same(first: Any, second: Any) -> bool:
    if first is second:
        return True
    return type(first) is type(second) and isinstance(first, _CONSTANTS) and first == second


def _kind(tensor: torch.Tensor) -> tuple[Any, ...]:
    return (tensor.dtype, tensor.shape, tensor.device, tensor.requires_grad)
