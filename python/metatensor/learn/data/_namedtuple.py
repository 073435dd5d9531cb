"""Named tuples, the fields of which can have any name."""

import copyreg
import functools
import inspect
import keyword
from collections.abc import Iterable
from typing import Any


class _NamedTupleType(type):
    """Class of the classes of named tuples, such that pickle knows how to create them again."""

    _fields: tuple[str, ...]


def namedtuple(typename: str, field_names: Iterable[Any]) -> type[tuple]:
    """
    Create a class of named tuples, like :py:func:`collections.namedtuple`.

    Fields can have any string as name. Names which are not Python identifiers are accessed as
    ``value["the name"]``, and in the constructor they are called ``_0``, ``_1``, ... for their
    position.

    :param typename: name of the class
    :param field_names: names of the fields, converted to strings. If this is a string, each of its
        characters is a name
    :return: sub-class of ``tuple``
    :raises ValueError: if ``typename`` is a Python keyword, or if a field name is there twice

    >>> from metatensor.learn.data._namedtuple import namedtuple
    >>> Sample = namedtuple("Sample", ["energy", "mtt::charge"])
    >>> sample = Sample(3.0, 1)
    >>> sample
    Sample(energy=3.0, 'mtt::charge'=1)
    >>> sample.energy, sample["mtt::charge"]
    (3.0, 1)
    """
    typename = str(typename)
    if keyword.iskeyword(typename):
        raise ValueError(f"the name of a named tuple can not be a Python keyword, got '{typename}'")

    fields = tuple(str(name) for name in field_names)
    positions: dict[str, int] = {}
    for position, name in enumerate(fields):
        if name in positions:
            raise ValueError(f"the name of each field must be unique, found '{name}' twice")
        positions[name] = position

    namespace: dict[str, Any] = {
        "__doc__": f"{typename}({', '.join(fields)})",
        "__slots__": (),
        "_fields": fields,
        "__match_args__": fields,
        **_methods(typename, positions),
    }
    for position, name in enumerate(fields):
        # what the class needs to work is not replaced: such a field is accessed by its name only
        if name.isidentifier() and name not in namespace and not _is_special(name):
            namespace[name] = _field(position)
    return _NamedTupleType(typename, (tuple,), namespace)


@functools.lru_cache(maxsize=256)
def shared_namedtuple(typename: str, field_names: tuple[str, ...]) -> type[tuple]:
    """The same as :py:func:`namedtuple`, giving the same class for the same arguments."""
    return namedtuple(typename, field_names)


def _reduce_class(cls: _NamedTupleType) -> str | tuple:
    if "_fields" not in cls.__dict__:
        return cls.__qualname__  # a class that derives from a named tuple
    return shared_namedtuple, (cls.__name__, cls._fields)


# the classes are not attributes of a module, which is where pickle would look for them
copyreg.pickle(_NamedTupleType, _reduce_class)  # type: ignore[arg-type]


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _is_valid_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _field(position: int) -> property:
    def get(self: tuple) -> Any:
        return tuple.__getitem__(self, position)

    return property(get, doc=f"Alias for field number {position}")


def _signature(fields: Iterable[str]) -> inspect.Signature:
    """Signature of the constructor, with a valid name for each of the fields."""
    names: list[str] = []
    for position, field in enumerate(fields):
        name = field if _is_valid_name(field) else f"_{position}"
        while name in names or (name != field and name in fields):
            name = f"_{name}"
        names.append(name)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in names])


def _methods(typename: str, positions: dict[str, int]) -> dict[str, Any]:
    """All the methods of a class of named tuples, with fields at these positions."""
    n_fields = len(positions)
    signature = _signature(positions)
    labels = [name if _is_valid_name(name) else f"'{name}'" for name in positions]
    create = tuple.__new__

    def __new__(cls: type[tuple], /, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != n_fields:
            try:
                args = signature.bind(*args, **kwargs).args
            except TypeError as error:
                raise TypeError(f"{typename}: {error}") from None
        return create(cls, args)

    def _make(cls: type[tuple], iterable: Iterable[Any]) -> Any:
        values = tuple(iterable)
        if len(values) != n_fields:
            raise TypeError(f"{typename} has {n_fields} fields, got {len(values)} values")
        return create(cls, values)

    def _replace(self: Any, /, **values: Any) -> Any:
        unknown = [name for name in values if name not in positions]
        if unknown:
            raise TypeError(f"{typename} has no fields called {unknown}")
        return create(type(self), [values.get(n, old) for n, old in zip(positions, self)])

    def _asdict(self: Any) -> dict[str, Any]:
        return dict(zip(positions, self))

    def __getitem__(self: Any, index: Any) -> Any:
        if isinstance(index, str):
            index = positions[index]
        return tuple.__getitem__(self, index)

    def __repr__(self: Any) -> str:
        content = [f"{label}={value!r}" for label, value in zip(labels, self)]
        return f"{type(self).__name__}({', '.join(content)})"

    def __getnewargs__(self: Any) -> tuple:
        return tuple(self)

    methods = {
        "__new__": __new__,
        "_make": _make,
        "_replace": _replace,
        "_asdict": _asdict,
        "__getitem__": __getitem__,
        "__repr__": __repr__,
        "__getnewargs__": __getnewargs__,
    }
    for name, method in methods.items():
        method.__qualname__ = f"{typename}.{name}"
    return {
        **methods,
        "__replace__": _replace,
        "__signature__": signature,
        "_make": classmethod(_make),
    }
