"""
Atomistic models that any simulation engine can run: :py:class:`AtomisticModel` wraps the model, and
:py:class:`System` is what models take. Lengths, energies and all other quantities are converted
between the units of the engine and the ones of the model.
"""

import importlib
from types import ModuleType

# first, because it says what to install if there is no torch
import metatensor.torch  # noqa: F401

from . import ase_calculator, utils
from ._classes import (
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    check_atomistic_model,
    load_model_extensions,
    pick_device,
    pick_output,
    read_model_metadata,
    register_autograd_neighbors,
    unit_conversion_factor,
    unit_dimension_for_quantity,
)
from ._classes import _check_quantities as _check_quantities
from .model import AtomisticModel, ModelInterface, is_atomistic_model, load_atomistic_model
from .serialization import load_system, load_system_buffer, save, save_buffer
from .systems_to_torch import systems_to_torch
from .version import __version__

__all__ = [
    "AtomisticModel",
    "ModelCapabilities",
    "ModelEvaluationOptions",
    "ModelInterface",
    "ModelMetadata",
    "ModelOutput",
    "NeighborListOptions",
    "System",
    "__version__",
    "ase_calculator",
    "check_atomistic_model",
    "is_atomistic_model",
    "load_atomistic_model",
    "load_model_extensions",
    "load_system",
    "load_system_buffer",
    "pick_device",
    "pick_output",
    "read_model_metadata",
    "register_autograd_neighbors",
    "save",
    "save_buffer",
    "systems_to_torch",
    "unit_conversion_factor",
    "unit_dimension_for_quantity",
    "utils",
]


def __getattr__(name: str) -> ModuleType:
    # only the documentation needs it
    if name == "documentation":
        return importlib.import_module(f"{__name__}.documentation")

    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
