"""Torch tensors. Everything is differentiable: data is moved by indexing, copied by ``clone``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._backend import DLPACK_CPU, DLPACK_META, ArrayBackend, DLPackDevice
from ._dlpack import dlpack_capsule, read_dlpack
from ._dtypes import DLPACK_DTYPES
from ._movements import as_slice, read_movements
from ._numpy import as_numpy
from ._registry import backend_of, register_backend
from ._types import is_torch_tensor

if TYPE_CHECKING:
    import torch

    from .. import _metatensor
    from ._types import Device, DType

# DLPack devices of a single type
_DEVICE_TYPES = {
    1: "cpu",
    2: "cuda",
    3: "cpu",  # pinned memory
    8: "mps",
    10: "cuda",  # ROCm
    12: "meta",
    13: "cuda",  # managed memory
    14: "xpu",
}


class TorchBackend(ArrayBackend):
    name = "torch"
    origin = "python.torch"

    def is_array(self, value: Any) -> bool:
        return is_torch_tensor(value)

    def dlpack_device(self, array: torch.Tensor) -> DLPackDevice:
        device_type = array.device.type
        if device_type == "cpu":
            return DLPACK_CPU
        if device_type == "meta":
            return DLPACK_META
        if device_type == "mps":
            return 8, array.device.index or 0
        device_type, index = array.__dlpack_device__()
        return int(device_type), int(index)

    def dlpack_dtype(self, array: torch.Tensor) -> tuple[int, int]:
        try:
            return _dlpack_dtypes()[array.dtype]
        except KeyError:
            raise ValueError(f"unsupported dtype '{array.dtype}' for a torch tensor") from None

    def as_dlpack(
        self,
        array: torch.Tensor,
        device: DLPackDevice,
        stream: int | None,
        max_version: tuple[int, int],
    ) -> Any:
        if array.is_meta:
            raise ValueError("there is no data in tensors on the device 'meta' of torch")
        array = array.resolve_conj().resolve_neg()
        if self.dlpack_device(array) != device:
            array = array.to(_torch_device(device))
        if array.device.type == "cuda":
            with sys.modules["torch"].cuda.device(array.device):
                return dlpack_capsule(array, stream, max_version)
        return dlpack_capsule(array, stream, max_version)

    def from_dlpack(self, array: torch.Tensor, tensor: _metatensor.DLPackTensor) -> torch.Tensor:
        result = sys.modules["torch"].from_dlpack(tensor)
        # torch has no read-only tensors
        return result.clone() if tensor.readonly else result

    def create(
        self, array: torch.Tensor, shape: tuple[int, ...], fill: _metatensor.DLPackTensor
    ) -> torch.Tensor:
        torch = sys.modules["torch"]
        result = torch.empty(shape, dtype=array.dtype, device=array.device)
        return result.copy_(torch.from_dlpack(fill))

    def copy(self, array: torch.Tensor, device: DLPackDevice) -> torch.Tensor:
        if device == self.dlpack_device(array):
            return array.clone()
        return array.to(_torch_device(device), copy=True)

    def reshape(self, array: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
        return array.reshape(shape)

    def swap_axes(self, array: torch.Tensor, axis_1: int, axis_2: int) -> torch.Tensor:
        return array.swapaxes(axis_1, axis_2)

    def move_data(
        self, array: torch.Tensor, source: torch.Tensor, movements: memoryview
    ) -> torch.Tensor:
        for movement in read_movements(movements, source.shape, array.shape):
            samples_in = _sample_index(movement.samples_in, array.device)
            samples_out = _sample_index(movement.samples_out, array.device)
            values = source[samples_in, ..., movement.properties_in]
            array[samples_out, ..., movement.properties_out] = values
        return array

    def device(self, array: torch.Tensor) -> Device:
        return array.device

    def scalar(self, value: Any, array: torch.Tensor) -> torch.Tensor:
        torch = sys.modules["torch"]
        numpy_dtype = _numpy_dtypes().get(array.dtype, np.dtype("float32"))
        return torch.from_numpy(np.array(value, dtype=numpy_dtype)).to(array.dtype)

    def from_array(self, array: Any) -> torch.Tensor:
        import torch

        other = backend_of(array)
        if other.dlpack_device(array) == DLPACK_CPU:
            return _from_numpy(other.to_numpy(array))
        tensor = read_dlpack(array)
        result = torch.from_dlpack(tensor)
        return result.clone() if tensor.readonly else result

    def to_numpy(self, array: torch.Tensor) -> np.ndarray:
        if array.dtype == sys.modules["torch"].bfloat16:
            return as_numpy(read_dlpack(array))
        # there are clear errors for tensors on other devices, or which require gradients
        return array.numpy()

    def to_dtype(self, array: torch.Tensor, dtype: DType, non_blocking: bool) -> torch.Tensor:
        return array.to(dtype=dtype, non_blocking=non_blocking)

    def to_device(self, array: torch.Tensor, device: Device, non_blocking: bool) -> torch.Tensor:
        return array.to(device=device, non_blocking=non_blocking)

    def label_values(self, array: torch.Tensor) -> torch.Tensor:
        torch = sys.modules["torch"]
        if array.requires_grad:
            raise ValueError("the values of Labels can not be a tensor which requires gradients")
        is_bool = array.dtype == torch.bool
        if is_bool or array.dtype.is_floating_point or array.dtype.is_complex:
            raise TypeError(
                f"the values of Labels must be integers, got a tensor with dtype '{array.dtype}'"
            )
        return array.to(torch.int32)

    def empty_label_values(self, array: torch.Tensor, size: int) -> torch.Tensor:
        torch = sys.modules["torch"]
        return torch.empty((0, size), dtype=torch.int32, device="cpu")

    def label_values_like(
        self, rows: Sequence[Sequence[int]] | np.ndarray, array: torch.Tensor
    ) -> torch.Tensor:
        torch = sys.modules["torch"]
        return torch.from_numpy(np.array(rows, dtype=np.int32)).to(array.device)

    def concatenate_columns(self, arrays: Sequence[torch.Tensor]) -> torch.Tensor:
        return sys.modules["torch"].concatenate(list(arrays), dim=1)

    def to_list(self, array: torch.Tensor) -> list[Any]:
        return array.tolist()


def _from_numpy(array: np.ndarray) -> torch.Tensor:
    torch = sys.modules["torch"]
    # torch can not share these: it knows neither read-only data nor negative strides
    if not array.flags.writeable or any(stride < 0 for stride in array.strides):
        array = array.copy()
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _sample_index(samples: np.ndarray, device: torch.device) -> slice | torch.Tensor:
    index = as_slice(samples)
    if index is not None:
        return index
    return sys.modules["torch"].from_numpy(np.ascontiguousarray(samples)).to(device)


def _torch_device(device: DLPackDevice) -> torch.device:
    torch = sys.modules["torch"]
    device_type, index = device
    if device_type not in _DEVICE_TYPES:
        raise ValueError(f"torch has no device for the DLPack device {device}")
    name = _DEVICE_TYPES[device_type]
    return torch.device(name) if name in ("cpu", "meta") else torch.device(name, index)


@functools.cache
def _dlpack_dtypes() -> dict[torch.dtype, tuple[int, int]]:
    """DLPack code and number of bits of all types that can be exchanged with libmetatensor."""
    torch = sys.modules["torch"]
    return {getattr(torch, name): dtype for name, dtype in DLPACK_DTYPES.items()}


@functools.cache
def _numpy_dtypes() -> dict[torch.dtype, np.dtype]:
    """NumPy type for each type of torch which has one."""
    torch = sys.modules["torch"]
    names = [name for name in DLPACK_DTYPES if name != "bfloat16"]
    return {getattr(torch, name): np.dtype(name) for name in names}


register_backend(TorchBackend())
