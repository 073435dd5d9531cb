"""
Documentation of TorchScript classes where people look for it: ``help()``, ``?`` and the completion
of IPython, ``dir()``.

All TorchScript classes, of all libraries, are instances of one Python type, and all their objects
are instances of another one; neither has documentation. These types are extended here to look it up
in documented Python classes, for the TorchScript classes that have one. Nothing changes for others.
"""

import functools
import inspect
import re
import types
import typing
from collections.abc import Callable
from typing import Any

import torch

from . import _documentation, operations
from ._classes import Labels, LabelsEntry, TensorBlock, TensorMap
from ._conversion import from_python, to_python

_OPERATORS = (
    "version",
    "dtype_name",
    "load_buffer",
    "load_block_buffer",
    "load_labels_buffer",
    "save_buffer",
)

# the names with which the sources are written, since TorchScript needs them
_TYPING: dict[Any, Any] = {
    dict: typing.Dict,
    list: typing.List,
    tuple: typing.Tuple,
    types.UnionType: typing.Union,
}

#: documentation of the TorchScript classes, by class
_BY_CLASS: dict[Any, "_Documentation"] = {}
#: the same, by the name which is stored in their objects
_BY_NAME: dict[str, "_Documentation"] = {}


def install_help() -> None:
    """Give documentation to the classes and functions of ``metatensor.torch``."""
    if not isinstance(Labels, torch.ScriptClass):
        # to build the documentation, Python classes are used instead
        return

    for name in _OPERATORS:
        operator = getattr(torch.ops.metatensor, name)
        documented = getattr(_documentation, name)
        operator.__doc__ = documented.__doc__
        operator.__signature__ = inspect.signature(documented)

    _extend_torch()
    document_classes(
        "metatensor",
        {
            "Labels": (Labels, _documentation.Labels),
            "LabelsEntry": (LabelsEntry, _documentation.LabelsEntry),
            "TensorBlock": (TensorBlock, _documentation.TensorBlock),
            "TensorMap": (TensorMap, _documentation.TensorMap),
        },
    )
    for function in (from_python, to_python):
        function.__signature__ = _readable_signature(function)
    for name in operations.__all__:
        operation = getattr(operations, name)
        # where torch keeps the source of a compiled function
        source = getattr(operation, "_torchdynamo_inline", operation)
        if inspect.isfunction(source):
            operation.__signature__ = _readable_signature(source)


def document_classes(namespace: str, classes: dict[str, tuple[Any, type]]) -> None:
    """
    Give documentation to TorchScript classes.

    :param namespace: where the classes are registered, in ``torch.classes``
    :param classes: for each name, the ``torch.ScriptClass`` and the documented Python class
    """
    for name, (script_class, documented) in classes.items():
        documentation = _Documentation(script_class, documented)
        _BY_CLASS[script_class] = documentation
        _BY_NAME[f"__torch__.torch.classes.{namespace}.{name}"] = documentation


class _Documentation:
    """The documentation of one TorchScript class."""

    def __init__(self, script_class: Any, documented: type):
        self.documented = documented
        self.signature = _signature(documented)
        #: everything that is in the class, but special methods
        self.names = [name for name in vars(documented) if not name.startswith("_")]
        #: what objects have: torch only finds static methods in classes
        self.object_names = [
            name for name in self.names if not isinstance(vars(documented)[name], staticmethod)
        ]
        self._script_class = script_class
        self._functions: dict[str, Any] = {}

    def member(self, name: str) -> Any:
        """``Class.name``: a property, static method, or function that takes an object first."""
        if name not in self._functions:
            self._functions[name] = self._make_member(name)
        return self._functions[name]

    def _make_member(self, name: str) -> Any:
        documented = inspect.getattr_static(self.documented, name)
        if isinstance(documented, staticmethod):
            return _static_method(_original_getattr(self._script_class, name), documented.__func__)
        if inspect.isfunction(documented):
            return _method(documented)
        return documented

    @functools.cached_property
    def text(self) -> str:
        """The whole documentation of the class."""
        sections = [inspect.getdoc(self.documented) or ""]
        for name in self.names:
            documented = inspect.getattr_static(self.documented, name)
            sections.append(_title(name, documented) + _indented_doc(documented))
        return "\n\n".join(sections) + "\n"


def _title(name: str, documented: Any) -> str:
    if isinstance(documented, property):
        return f"{name}{_signature_text(documented.fget).replace('() ->', ':')}"
    if isinstance(documented, staticmethod):
        return f"static {name}{_signature_text(documented.__func__)}"
    return f"{name}{_signature_text(documented)}"


def _indented_doc(documented: Any) -> str:
    lines = (inspect.getdoc(documented) or "").splitlines()
    return "".join(f"\n    {line}".rstrip(" ") for line in lines)


def _signature_text(function: Callable[..., Any]) -> str:
    # references to classes which are defined later are strings, or `ForwardRef('Labels')`
    return re.sub(r"ForwardRef\('(\w+)'\)|'(\w+)'", r"\1\2", str(_signature(function)))


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature as seen by people who call the function: without ``self``."""
    signature = _readable_signature(function)
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    return signature.replace(parameters=parameters)


def _method(documented: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(documented)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(self, documented.__name__)(*args, **kwargs)

    return method


def _static_method(
    function: Callable[..., Any], documented: Callable[..., Any]
) -> Callable[..., Any]:
    signature = inspect.signature(documented)

    @functools.wraps(documented)
    def static_method(*args: Any, **kwargs: Any) -> Any:
        if not kwargs:
            return function(*args)
        # torch does not know the names of the arguments of static methods
        try:
            arguments = signature.bind(*args, **kwargs).args
        except TypeError:
            return function(*args, **kwargs)
        return function(*arguments)

    return static_method


# --- the types of torch ------------------------------------------------------------------------


class _Attribute:
    """
    Attribute of a type of torch, for the objects that ``describe`` gives something for. It can
    still be set on objects: torch sets ``__doc__`` for methods of compiled modules.
    """

    def __init__(self, name: str, describe: Callable[[Any], Any], previous: Any):
        self._name = name
        self._describe = describe
        self._previous = previous

    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is not None:
            description = self._describe(instance)
            if description is not None:
                return description
        if hasattr(self._previous, "__get__"):
            return self._previous.__get__(instance, owner)
        if self._name == "__doc__":
            return self._previous
        raise AttributeError(f"'{owner.__name__}' object has no attribute '{self._name}'")


def _extend_torch() -> None:
    for kind, name, describe in (
        (torch.ScriptClass, "__doc__", _class_doc),
        (torch.ScriptClass, "__signature__", _class_signature),
        (torch.ScriptObject, "__doc__", _object_doc),
        (torch.ScriptMethod, "__doc__", _method_doc),
        (torch.ScriptMethod, "__signature__", _method_signature),
    ):
        setattr(kind, name, _Attribute(name, describe, vars(kind).get(name)))
    torch.ScriptClass.__getattr__ = _class_getattr
    torch.ScriptClass.__dir__ = _class_dir
    torch.ScriptObject.__dir__ = _object_dir


_original_getattr = torch.ScriptClass.__getattr__
_original_class_dir = torch.ScriptClass.__dir__
_original_object_dir = torch.ScriptObject.__dir__


def _class_doc(script_class: Any) -> str | None:
    documentation = _BY_CLASS.get(script_class)
    return documentation.text if documentation is not None else None


def _class_signature(script_class: Any) -> inspect.Signature | None:
    documentation = _BY_CLASS.get(script_class)
    return documentation.signature if documentation is not None else None


def _class_getattr(script_class: Any, name: str) -> Any:
    documentation = _BY_CLASS.get(script_class)
    if documentation is not None and name in documentation.names:
        return documentation.member(name)
    return _original_getattr(script_class, name)


def _class_dir(script_class: Any) -> list[str]:
    documentation = _BY_CLASS.get(script_class)
    names = documentation.names if documentation is not None else []
    return [*_original_class_dir(script_class), *names]


def _of_object(script_object: Any) -> _Documentation | None:
    return _BY_NAME.get(script_object._type().qualified_name())


def _object_doc(script_object: Any) -> str | None:
    documentation = _of_object(script_object)
    return documentation.text if documentation is not None else None


def _object_dir(script_object: Any) -> list[str]:
    documentation = _of_object(script_object)
    names = documentation.object_names if documentation is not None else []
    return [*_original_object_dir(script_object), *names]


def _documented_method(method: Any) -> Callable[..., Any] | None:
    owner = method.schema.arguments[0].type
    if not isinstance(owner, torch.ClassType):
        return None
    documentation = _BY_NAME.get(owner.qualified_name())
    documented = getattr(documentation, "documented", None)
    return getattr(documented, method.name, None)


def _method_doc(method: Any) -> str | None:
    documented = _documented_method(method)
    if documented is None:
        return None
    title = f"{method.name}{_signature_text(documented)}"
    return f"{title}\n\n{inspect.getdoc(documented) or ''}"


def _method_signature(method: Any) -> inspect.Signature | None:
    documented = _documented_method(method)
    return _signature(documented) if documented is not None else None


# --- functions ---------------------------------------------------------------------------------


def _readable_signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a function, with the names of classes instead of ``<torch.ScriptClass>``."""
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(annotation=_documented_type(parameter.annotation))
        for parameter in signature.parameters.values()
    ]
    result = _documented_type(signature.return_annotation)
    return signature.replace(parameters=parameters, return_annotation=result)


def _documented_type(annotation: Any) -> Any:
    """The same type, with documented Python classes for TorchScript classes."""
    if isinstance(annotation, torch.ScriptClass):
        documentation = _BY_CLASS.get(annotation)
        return annotation if documentation is None else documentation.documented
    arguments = typing.get_args(annotation)
    documented = tuple(map(_documented_type, arguments))
    if documented == arguments:
        return annotation
    origin = typing.get_origin(annotation)
    return _TYPING.get(origin, origin)[documented]
