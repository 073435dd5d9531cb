"""Arrays: what metatensor needs from NumPy, torch, and arrays made by other languages."""

from ._array import (
    create_mts_array,
    data_origin,
    data_origin_name,
    mts_array_to_python_array,
    mts_array_was_allocated_by_python,
    register_external_data_wrapper,
    unwrap_mts_array,
)
from ._backend import ArrayBackend, backend_of, is_array, register_backend
from ._conversion import Conversion
from ._external import ExternalCpuArray, ExternalCudaArray
from ._numpy import NumpyBackend
from ._torch import TorchBackend
from ._types import Array, Device, DType

__all__ = [
    "Array",
    "ArrayBackend",
    "Conversion",
    "DType",
    "Device",
    "ExternalCpuArray",
    "ExternalCudaArray",
    "NumpyBackend",
    "TorchBackend",
    "backend_of",
    "create_mts_array",
    "data_origin",
    "data_origin_name",
    "is_array",
    "mts_array_to_python_array",
    "mts_array_was_allocated_by_python",
    "register_backend",
    "register_external_data_wrapper",
    "unwrap_mts_array",
]
