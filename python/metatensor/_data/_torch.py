"""Torch tensors. Everything is differentiable: data is moved by indexing, copied by ``clone``."""

from __future__ import annotations

import functools
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._backend import (
    DLPACK_CPU,
    DLPACK_META,
    ArrayBackend,
    DLPackDevice,
    read_movements,
    register_backend,
)
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
        array = array.resolve_conj().resolve_neg()
        if self.dlpack_device(array) != device:
            array = array.to(_torch_device(device))
        if array.device.type == "cuda":
            with sys.modules["torch"].cuda.device(array.device):
                return array.__dlpack__(stream=stream, max_version=max_version)
        return array.__dlpack__(stream=stream, max_version=max_version)

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
        # one indexed copy for all the movements of the same range of properties
        rows = read_movements(movements)
        if (rows[:, 2:] == rows[0, 2:]).all():
            groups = [rows]
        else:
            _, group = np.unique(rows[:, 2:], axis=0, return_inverse=True)
            order = np.argsort(group.reshape(-1), kind="stable")
            groups = np.split(rows[order], np.cumsum(np.bincount(group.reshape(-1)))[:-1])

        for group in groups:
            samples_in, samples_out = (_sample_index(group[:, i], array.device) for i in (0, 1))
            start_in, start_out, length = group[0, 2:].tolist()
            values = source[samples_in, ..., start_in : start_in + length]
            array[samples_out, ..., start_out : start_out + length] = values
        return array

    def device(self, array: torch.Tensor) -> Device:
        return array.device

    def scalar(self, value: Any, array: torch.Tensor) -> torch.Tensor:
        torch = sys.modules["torch"]
        numpy_dtype = _numpy_dtypes().get(array.dtype, np.dtype("float32"))
        return torch.from_numpy(np.array(value, dtype=numpy_dtype)).to(array.dtype)

    def from_array(self, array: Any) -> torch.Tensor:
        import torch

        array = np.asarray(array)
        # torch can not share these: it knows neither read-only data nor negative strides
        if not array.flags.writeable or any(stride < 0 for stride in array.strides):
            array = array.copy()
        return torch.from_numpy(array)

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

    def empty_label_values(self, size: int) -> torch.Tensor:
        torch = sys.modules["torch"]
        return torch.empty((0, size), dtype=torch.int32, device="cpu")

    def label_values_like(
        self, rows: Sequence[Sequence[int]] | np.ndarray, array: torch.Tensor
    ) -> torch.Tensor:
        torch = sys.modules["torch"]
        return torch.from_numpy(np.array(rows, dtype=np.int32)).to(array.device)

    def concatenate_columns(self, arrays: Sequence[torch.Tensor]) -> torch.Tensor:
        return sys.modules["torch"].concatenate(list(arrays), dim=1)


def _sample_index(samples: np.ndarray, device: torch.device) -> slice | torch.Tensor:
    """Index for these samples: a slice if possible, which is faster than a list of positions."""
    first, count = int(samples[0]), len(samples)
    if np.array_equal(samples, np.arange(first, first + count)):
        return slice(first, first + count)
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
    types = {torch.bfloat16: (4, 16)}
    kinds = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
    for dtype, numpy_dtype in _numpy_dtypes().items():
        types[dtype] = kinds[numpy_dtype.kind], 8 * numpy_dtype.itemsize
    return types


@functools.cache
def _numpy_dtypes() -> dict[torch.dtype, np.dtype]:
    """NumPy type for each type of torch which has one."""
    torch = sys.modules["torch"]
    names = [
        "bool",
        *("int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
        *("complex64", "complex128"),
    ]
    return {getattr(torch, name): np.dtype(name) for name in names if hasattr(torch, name)}


register_backend(TorchBackend())
