"""Finding the TorchScript extensions that a model needs, and copying them next to the model."""

import hashlib
import os
import shutil
import site
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch

import metatensor.torch

from . import _c_lib

# Libraries that extensions installed from PyPI bring with them, as patterns relative to
# `site-packages`, in the order in which they must be loaded
_BUNDLED_DEPENDENCIES = {
    "featomic_torch": [
        "featomic_torch.libs/libgomp-*.so*",
        "featomic/lib/libfeatomic.*",
    ],
    "sphericart_torch": [
        "sphericart_torch.libs/libgomp-*.so*",
    ],
    "deepmd_op_pt": [
        "deepmd_kit.libs/libgomp-*.so*",
        "../../libmpi.so*",
        "deepmd/lib/libdeepmd_dyn_cudart.so",
        "deepmd/lib/libdeepmd_op_cuda.so",
        "deepmd/lib/libdeepmd.so",
    ],
}

# Libraries that some builds of an extension have in the same directory, and others do not need
_OPTIONAL_NEIGHBORS = {
    "sphericart_torch": ["libsphericart_torch_cuda_stream.so"],
}


@dataclass
class Library:
    """A shared library that a model needs."""

    #: where the library is now
    location: Path

    @property
    def name(self) -> str:
        """``featomic_torch`` for ``libfeatomic_torch.so``"""
        name = self.location.name.removeprefix("lib")
        for suffix in [".so", ".dll", ".dylib"]:
            if name.endswith(suffix):
                return name.removesuffix(suffix)

        return name

    @property
    def path(self) -> str:
        """Path relative to the directory where packages are installed, absolute anywhere else."""
        prefix = _prefix_of(self.location)
        return str(self.location if prefix is None else self.location.relative_to(prefix))

    def description(self) -> dict[str, str]:
        """What is saved together with the model."""
        sha256 = hashlib.sha256(self.location.read_bytes()).hexdigest()
        return {"name": self.name, "sha256": sha256, "path": self.path}


def loaded_extensions() -> tuple[list[Library], list[Library]]:
    """
    The TorchScript extensions that are loaded in this process, and their native dependencies in the
    order in which they must be loaded.

    This does not include the libraries of ``metatensor.torch`` and ``metatomic.torch``.

    :raises RuntimeError: if there are several candidates for one dependency
    """
    own = [metatensor.torch._c_lib._lib_path(), _c_lib._lib_path()]

    extensions = []
    dependencies = []
    for path in sorted(torch.ops.loaded_libraries):
        if not any(os.path.samefile(path, library) for library in own):
            extension = Library(Path(path).resolve())
            extensions.append(extension)
            dependencies.extend(_dependencies(extension))

    return extensions, dependencies


def copy_extensions(libraries: list[Library], directory: str | os.PathLike) -> None:
    """
    Copy ``libraries`` in ``directory``, which is deleted first if it exists.

    :raises RuntimeError: if two different libraries have the same path inside ``directory``, or if
        a copy would overwrite or delete the original; nothing is deleted in this case
    """
    directory = Path(directory).resolve()

    copies: dict[Path, Path] = {}
    for library in libraries:
        original = library.location
        copy = directory / library.path

        if copy == original or original.is_relative_to(directory):
            raise RuntimeError(
                f"can not collect the extension '{library.name}' in '{directory}': this would "
                f"overwrite the extension itself, which is at '{original}'"
            )

        if copies.setdefault(copy, original) != original:
            raise RuntimeError(
                f"can not collect extensions: '{copies[copy]}' and '{original}' would both be "
                f"copied to '{copy}'"
            )

    if directory.exists():
        shutil.rmtree(directory)

    for copy, original in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, copy)


def _prefixes() -> list[Path]:
    """Directories where Python packages are installed."""
    prefixes = site.getsitepackages()
    if site.ENABLE_USER_SITE:
        prefixes.append(site.getusersitepackages())
    prefixes.append(sys.prefix)

    return [Path(prefix).resolve() for prefix in prefixes]


def _prefix_of(path: Path) -> Path | None:
    return next((prefix for prefix in _prefixes() if path.is_relative_to(prefix)), None)


def _dependencies(extension: Library) -> list[Library]:
    name = extension.name
    prefix = _prefix_of(extension.location)
    if prefix is None:
        # not installed from PyPI: its dependencies are where its own build put them
        return []

    found: list[Path] = []
    for pattern in _BUNDLED_DEPENDENCIES.get(name, []):
        # several symbolic links to one library are one match
        matches = sorted({match.resolve() for match in prefix.glob(pattern)})
        if len(matches) > 1:
            raise RuntimeError(
                f"found several libraries for the dependency '{pattern}' of '{name}' in "
                f"'{prefix}': {', '.join(map(str, matches))}"
            )

        if not matches:
            warnings.warn(
                f"did not find the dependency '{pattern}' of the extension '{name}' in '{prefix}': "
                "the model may fail to load on other machines",
                stacklevel=4,
            )

        found.extend(matches)

    neighbors = [extension.location.parent / file for file in _OPTIONAL_NEIGHBORS.get(name, [])]
    found.extend(path for path in neighbors if path.exists())
    return [Library(path) for path in found]
