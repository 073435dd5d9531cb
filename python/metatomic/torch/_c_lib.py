"""Finds and loads ``libmetatomic_torch``, which registers the TorchScript classes and operators."""

import runpy
import sys
from pathlib import Path

import torch

import metatensor.torch

from .version import __version__, parse_version, version_compatible

_HERE = Path(__file__).parent
_LIBRARY_NAME = "libmetatomic_torch.dylib" if sys.platform == "darwin" else "libmetatomic_torch.so"


def _build_directory() -> Path:
    """Directory of the files built for the running version of torch."""
    # libtorch has no stable C++ ABI across minor versions: each one has its own library
    torch_version = parse_version(torch.__version__)
    directory = _HERE / f"torch-{torch_version.major}.{torch_version.minor}"
    if directory.is_dir():
        return directory

    available = sorted(path.name.removeprefix("torch-") for path in _HERE.glob("torch-*"))
    if not available:
        raise ImportError(
            "metatensor was built without its torch part: install torch first, then build and "
            "install metatensor again with `pip install --no-build-isolation`"
        )

    raise ImportError(
        f"metatomic.torch was not built for torch v{torch.__version__}, only for "
        f"torch {', '.join(available)}: change the version of torch, or build metatensor again "
        "with the one that you have"
    )


def _external(name: str) -> Path | None:
    """``name`` in the file that says where an externally installed library is, if there is one."""
    path = _build_directory() / "_external.py"
    if not path.exists():
        return None

    return Path(runpy.run_path(str(path))[name])


def _lib_path() -> str:
    """Path of the shared library for the running version of torch."""
    path = _external("EXTERNAL_METATOMIC_TORCH_PATH") or _build_directory() / "lib" / _LIBRARY_NAME
    if not path.is_file():
        raise ImportError(f"the shared library of metatomic.torch is missing: no file at '{path}'")

    return str(path)


def _cmake_prefix_path() -> str:
    """Directory to add to ``CMAKE_PREFIX_PATH`` to find the CMake package ``metatomic_torch``."""
    external = _external("EXTERNAL_METATOMIC_TORCH_PREFIX")
    return str(external or _build_directory() / "lib" / "cmake")


def _load_library() -> None:
    """Load the shared library, after the ones it needs. Calling this again does nothing."""
    metatensor.torch._c_lib._load_library()

    path = _lib_path()
    try:
        torch.ops.load_library(path)
    except OSError as error:
        raise ImportError(
            # some versions of torch say why only in the cause of their error
            f"could not load '{path}' with torch v{torch.__version__}: {error.__cause__ or error}. "
            "Undefined symbols usually mean that torch and metatensor come from different sources "
            "(pip, conda, a local build): install both from the same one"
        ) from error

    version = torch.ops.metatomic.version()
    if not version_compatible(version, __version__):
        raise ImportError(
            f"the shared library at '{path}' is version {version}, which is not compatible with "
            f"version {__version__} of the Python package metatomic.torch"
        )
