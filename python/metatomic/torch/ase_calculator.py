"""Deprecated location of the ASE calculators, which are now in :py:mod:`metatomic_ase`."""

import importlib
import warnings
from typing import Any

_MOVED = ["MetatomicCalculator", "SymmetrizedCalculator"]


def __getattr__(name: str) -> Any:
    if name not in _MOVED:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")

    warnings.warn(
        f"importing `{name}` from `metatomic.torch.ase_calculator` is deprecated, "
        "import it from `metatomic_ase` instead",
        DeprecationWarning,
        stacklevel=2,
    )
    # not at the top of the file: `metatomic.torch` must work without ASE
    return getattr(importlib.import_module("metatomic_ase"), name)
