"""Arrays: what metatensor needs from NumPy, torch, any other library, and other languages."""

from ._array import (
    create_mts_array,
    data_origin,
    data_origin_name,
    mts_array_to_python_array,
    mts_array_was_allocated_by_python,
    register_external_data_wrapper,
    unwrap_mts_array,
)
from ._backend import ArrayBackend
from ._conversion import Conversion
from ._external import ExternalCpuArray, ExternalCudaArray
from ._namespace import array_namespace
from ._numpy import NumpyBackend
from ._registry import backend_of, is_array, part, register_backend, rows, to_list
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
    "array_namespace",
    "backend_of",
    "create_mts_array",
    "data_origin",
    "data_origin_name",
    "is_array",
    "mts_array_to_python_array",
    "mts_array_was_allocated_by_python",
    "part",
    "register_backend",
    "register_external_data_wrapper",
    "rows",
    "to_list",
    "unwrap_mts_array",
]
