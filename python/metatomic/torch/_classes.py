"""
The TorchScript classes and operators of ``libmetatomic_torch``, loaded by importing this module.

Each name is bound once, here: ``torch.classes`` creates a new Python object for every access, and
annotations made with two of them would not compare equal.
"""

import os

if os.environ.get("METATOMIC_IMPORT_FOR_SPHINX", "0") != "0":
    from .documentation import (
        ModelCapabilities,
        ModelEvaluationOptions,
        ModelMetadata,
        ModelOutput,
        NeighborListOptions,
        System,
        _check_quantities,
        check_atomistic_model,
        load_model_extensions,
        load_system_buffer,
        pick_device,
        pick_output,
        read_model_metadata,
        register_autograd_neighbors,
        save_buffer,
        unit_conversion_factor,
        unit_dimension_for_quantity,
    )
else:
    import torch

    from ._c_lib import _load_library

    _load_library()

    ModelCapabilities = torch.classes.metatomic.ModelCapabilities
    ModelEvaluationOptions = torch.classes.metatomic.ModelEvaluationOptions
    ModelMetadata = torch.classes.metatomic.ModelMetadata
    ModelOutput = torch.classes.metatomic.ModelOutput
    NeighborListOptions = torch.classes.metatomic.NeighborListOptions
    System = torch.classes.metatomic.System

    _check_quantities = torch.ops.metatomic._check_quantities
    check_atomistic_model = torch.ops.metatomic.check_atomistic_model
    load_model_extensions = torch.ops.metatomic.load_model_extensions
    load_system_buffer = torch.ops.metatomic.load_system_buffer
    pick_device = torch.ops.metatomic.pick_device
    pick_output = torch.ops.metatomic.pick_output
    read_model_metadata = torch.ops.metatomic.read_model_metadata
    register_autograd_neighbors = torch.ops.metatomic.register_autograd_neighbors
    save_buffer = torch.ops.metatomic.save_buffer
    unit_conversion_factor = torch.ops.metatomic.unit_conversion_factor
    unit_dimension_for_quantity = torch.ops.metatomic.unit_dimension_for_quantity

__all__ = [
    "ModelCapabilities",
    "ModelEvaluationOptions",
    "ModelMetadata",
    "ModelOutput",
    "NeighborListOptions",
    "System",
    "_check_quantities",
    "check_atomistic_model",
    "load_model_extensions",
    "load_system_buffer",
    "pick_device",
    "pick_output",
    "read_model_metadata",
    "register_autograd_neighbors",
    "save_buffer",
    "unit_conversion_factor",
    "unit_dimension_for_quantity",
]
