"""
Where libmetatensor_torch is, and how to load it.

Torch has no stable C++ ABI across minor versions: each minor version of torch has its own
directory ``torch-<major>.<minor>`` here, with the library, its headers and its CMake package.
"""

import ctypes
import importlib.machinery
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from metatensor import _c_lib as _core
from metatensor._versions import TORCH_INTERFACE

try:
    import torch
except ImportError as e:
    raise ImportError(
        "`metatensor.torch` needs torch, which could not be imported: install it with "
        "`pip install metatensor[torch]`"
    ) from e


_HERE = Path(__file__).parent.resolve()
_TORCH_VERSION = ".".join(torch.__version__.split(".")[:2])

if sys.platform.startswith("win"):
    _LIBRARY = Path("bin") / "metatensor_torch.dll"
elif sys.platform.startswith("darwin"):
    _LIBRARY = Path("lib") / "libmetatensor_torch.dylib"
else:
    _LIBRARY = Path("lib") / "libmetatensor_torch.so"


#: files for the running version of torch
_TORCH_DIRECTORY = _HERE / f"torch-{_TORCH_VERSION}"


def _check_torch_directory() -> None:
    """ImportError if there is nothing for the running version of torch."""
    if _TORCH_DIRECTORY.is_dir():
        return

    existing = sorted(path.name.removeprefix("torch-") for path in _HERE.glob("torch-*"))
    if not existing:
        raise ImportError(
            "metatensor was installed without `metatensor.torch`: install torch, and then install "
            "metatensor again with `pip install --no-build-isolation --force-reinstall metatensor`"
        )
    raise ImportError(
        f"`metatensor.torch` was not built for torch v{_TORCH_VERSION}, the available versions are "
        f"{', '.join(existing)}: install one of these versions of torch, or build metatensor again"
    )


def _external(name: str) -> str | None:
    """
    What ``torch-<version>/_external.py`` says, if this file exists: a way to use a library which
    is not part of this package.
    """
    path = _TORCH_DIRECTORY / "_external.py"
    if not path.is_file():
        return None
    spec = importlib.util.spec_from_file_location("metatensor.torch._external", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(getattr(module, name))


def _lib_path() -> str:
    """Path of the shared library for the running version of torch."""
    _check_torch_directory()
    path = _external("EXTERNAL_METATENSOR_TORCH_PATH") or str(_TORCH_DIRECTORY / _LIBRARY)
    if not os.path.isfile(path):
        raise ImportError(f"the shared library of `metatensor.torch` is missing: {path}")
    return path


def _cmake_prefix_path() -> str:
    """Directory of the CMake package for the running version of torch."""
    prefix = _external("EXTERNAL_METATENSOR_TORCH_PREFIX") or str(_TORCH_DIRECTORY)
    return str(Path(prefix) / "lib" / "cmake")


def _load_extension(name: str) -> ModuleType:
    """
    Load a native Python module for the running version of torch, or raise an ImportError. A library
    which is not part of this package comes without such modules.
    """
    finder = importlib.machinery.FileFinder(
        str(_TORCH_DIRECTORY),
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
    )
    full_name = f"{__package__}.{name}"
    spec = finder.find_spec(full_name)
    if spec is None:
        raise ImportError(f"there is no module {name} in {_TORCH_DIRECTORY}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _is_loaded() -> bool:
    """Is the library already in this process, for example because a C++ program uses it?"""
    if not hasattr(os, "RTLD_NOLOAD"):
        return False
    try:
        ctypes.CDLL(_LIBRARY.name, mode=os.RTLD_NOLOAD)
    except OSError:
        return False
    return True


def _load_library() -> None:
    """
    Load libmetatensor_torch, and with it the TorchScript classes and operators, if it is not
    already loaded.
    """
    _core._get_library()

    # loading a second copy would register the same classes twice, which torch refuses
    if not _is_loaded():
        path = _lib_path()
        try:
            torch.ops.load_library(path)
        except OSError as e:
            # some versions of torch say why only in the cause of their error
            reason = str(e.__cause__ or e)
            if "undefined symbol" in reason:
                raise ImportError(
                    f"{path} is not compatible with the installed torch. Did torch come from "
                    "different sources (pip, conda, ...) when building and when running?"
                ) from e
            raise ImportError(f"could not load {path}: {reason}") from e

    version = torch.ops.metatensor.version()
    if version.split(".")[:2] != TORCH_INTERFACE.split(".")[:2]:
        raise ImportError(
            f"wrong version of the `metatensor.torch` library: expected {TORCH_INTERFACE}, got "
            f"{version}"
        )
