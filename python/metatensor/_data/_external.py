"""Arrays that come from other languages, seen as NumPy arrays or torch tensors without copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _metatensor
from .._c_api import mts_array_t
from ._array import register_external_data_wrapper
from ._numpy import as_numpy

if TYPE_CHECKING:
    import torch

_DLPACK_CPU = 1
_DLPACK_CUDA = 2


class ExternalCpuArray(np.ndarray):
    """
    NumPy view of the data of a foreign array on CPU.

    The view, and all arrays that use the same memory, keep ``parent`` alive: the ``Labels`` or
    ``TensorBlock`` which owns the data.
    """

    _parent: Any = None

    def __new__(cls, mts_array: mts_array_t, parent: Any) -> ExternalCpuArray:
        """
        :param mts_array: foreign array, which lives at least as long as ``parent``
        :param parent: owner of the array
        """
        tensor = _metatensor.as_dlpack(mts_array, _DLPACK_CPU, 0, parent)
        array = as_numpy(tensor).view(cls)
        array._parent = parent
        return array

    def __array_finalize__(self, source: Any) -> None:
        self._parent = getattr(source, "_parent", None)

    def __array_wrap__(
        self, array: np.ndarray, context: Any = None, return_scalar: bool = False
    ) -> Any:
        if _memory_owner(array) is _memory_owner(self):
            return array
        # results with their own memory have no reason to keep the parent alive
        array = np.asarray(array)
        return array[()] if return_scalar else array


def _memory_owner(array: np.ndarray) -> Any:
    """The object at the end of the chain of ``array.base``."""
    owner: Any = array
    while isinstance(owner, np.ndarray) and owner.base is not None:
        owner = owner.base
    return owner


class ExternalCudaArray:
    """
    Torch tensor which uses the data of a foreign array on a GPU.

    This class has no instances: creating one gives a ``torch.Tensor``, whose attribute ``_parent``
    keeps the owner of the data alive.
    """

    def __new__(
        cls,
        mts_array: mts_array_t,
        parent: Any,
        *,
        device_type: int = _DLPACK_CUDA,
        device_id: int = 0,
    ) -> torch.Tensor:
        """
        :param mts_array: foreign array, which lives at least as long as ``parent``
        :param parent: owner of the array
        :param device_type: type of the device, as a ``DLDeviceType``
        :param device_id: index of the device
        """
        try:
            import torch
        except ImportError as e:
            raise ImportError(
                "ExternalCudaArray needs PyTorch to represent data on GPU: please install torch"
            ) from e

        data = _metatensor.as_dlpack(mts_array, device_type, device_id, parent)
        if device_type == _DLPACK_CUDA:
            try:
                import cupy
            except ImportError:
                pass
            else:
                data = cupy.from_dlpack(data)

        tensor = torch.from_dlpack(data)
        tensor._parent = parent
        return tensor


for _origin in ("metatensor.Labels", "RustArray", "metatensor::SimpleDataArray"):
    register_external_data_wrapper(_origin, ExternalCpuArray)
