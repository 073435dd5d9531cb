"""
Second names for modules: ``metatensor_operations`` is ``metatensor.operations``.

An alias covers the sub-modules too. Registering only the top-level name would let Python execute a
sub-module once more under the alias, with a second copy of its classes and of its state.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType

#: name of the module behind each alias
_ALIASES: dict[str, str] = {}


def alias_module(alias: str, name: str) -> None:
    """
    Make ``alias`` another name of the module ``name`` and of all its sub-modules.

    :param alias: additional name, as used in ``import`` statements
    :param name: name of a module which is already in :py:data:`sys.modules`, possibly still
        initializing
    """
    _ALIASES[alias] = name
    sys.modules[alias] = sys.modules[name]
    if not any(isinstance(finder, _AliasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AliasFinder())


def _real_name(fullname: str) -> str:
    """Name under which the module ``fullname`` is executed."""
    known = [*_ALIASES.keys(), *_ALIASES.values()]
    # the closest package decides: an alias may contain a module which has its real name there
    package = max((n for n in known if fullname.startswith(n + ".")), key=len, default="")
    return _ALIASES.get(package, package) + fullname[len(package) :]


class _AliasFinder(importlib.abc.MetaPathFinder):
    """Finds the sub-modules of an alias."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        name = _real_name(fullname)
        if name == fullname:
            return None
        return importlib.machinery.ModuleSpec(fullname, _AliasLoader(name))


class _AliasLoader(importlib.abc.Loader):
    """Loads a module by importing it under its real name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: importlib.machinery.ModuleSpec | None = None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # the import system put the spec of the alias here; relative imports and reloading need
        # the one of the real module
        module.__spec__ = self._spec
