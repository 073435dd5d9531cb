"""
JAX arrays. They can not be changed, and there are two kinds of them: usual arrays, and *tracers*
which replace them inside of transformed functions (``jax.grad``, ``jax.jit``, ``jax.vmap``).

A tracer can be used as values of a block: it has a shape and a type, and everything that moves data
is recorded by JAX. Values of labels always are usual arrays, and stay so in transformed functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._array_api import ArrayApiBackend
from ._backend import DLPACK_CPU, DLPackDevice
from ._dlpack import dlpack_capsule
from ._movements import Movement, as_slice
from ._numpy import as_numpy
from ._registry import backend_of

if TYPE_CHECKING:
    from .. import _metatensor
    from ._types import Device


class JaxBackend(ArrayApiBackend):
    def __init__(self) -> None:
        import jax

        super().__init__("jax", jax.numpy)
        self._jax = jax

    def is_array(self, value: Any) -> bool:
        return isinstance(value, self._jax.Array)

    # ---------------------------------------------------------------------- called from C++

    def dlpack_device(self, array: Any) -> DLPackDevice:
        # tracers do not know where the data will be
        array = self._default_array() if self._is_tracer(array) else array
        # the parts of a distributed array are all on devices of the same kind
        part = array.addressable_data(0)
        if next(iter(part.devices())).platform == "cpu":
            return DLPACK_CPU
        device_type, index = part.__dlpack_device__()
        return int(device_type), int(index)

    def as_dlpack(
        self,
        array: Any,
        device: DLPackDevice,
        stream: int | None,
        max_version: tuple[int, int],
    ) -> Any:
        self._check_has_data(array)
        if len(array.devices()) == 1 and device == self.dlpack_device(array):
            return dlpack_capsule(array, stream, max_version)
        return super().as_dlpack(array, device, stream, max_version)

    def create(self, array: Any, shape: tuple[int, ...], fill: _metatensor.DLPackTensor) -> Any:
        device = None if self._is_tracer(array) else self.device(array)
        return self._xp.full(shape, as_numpy(fill).item(), dtype=array.dtype, device=device)

    def copy(self, array: Any, device: DLPackDevice) -> Any:
        if self._is_tracer(array):
            return super().copy(array, device)
        with self._jax.ensure_compile_time_eval():
            return super().copy(array, device)

    def _move(self, array: Any, values: Any, movement: Movement) -> Any:
        samples_in, samples_out = (
            as_slice(samples) or samples for samples in (movement.samples_in, movement.samples_out)
        )
        window = array.at[samples_out, ..., movement.properties_out]
        return window.set(values[samples_in, ...], unique_indices=True)

    # ---------------------------------------------------------------------- values

    def device(self, array: Any) -> Device:
        return self._default_array().device if self._is_tracer(array) else array.device

    def is_device(self, value: Any) -> bool:
        return isinstance(value, (self._jax.Device, self._jax.sharding.Sharding))

    def from_array(self, array: Any) -> Any:
        # always a copy: arrays which can not be changed do not share memory with others that can
        return self._xp.array(backend_of(array).to_numpy(array), copy=True)

    def to_numpy(self, array: Any) -> np.ndarray:
        self._check_has_data(array)
        return np.asarray(array)

    def to_device(self, array: Any, device: Device, non_blocking: bool) -> Any:
        if isinstance(device, str):
            device = self._device_named(device)
        return array if device == self.device(array) else self._jax.device_put(array, device)

    # ---------------------------------------------------------------------- values of labels

    def label_values(self, array: Any) -> Any:
        if self._is_tracer(array):
            raise ValueError(
                "the values of Labels must be known: create them with NumPy inside of `jax.jit`, "
                f"`jax.grad` and other transformations, got '{type(array)}'"
            )
        with self._jax.ensure_compile_time_eval():
            return super().label_values(array)

    def empty_label_values(self, array: Any, size: int) -> Any:
        return self.label_values_like(np.empty((0, size)), array)

    def from_dlpack(self, array: Any, tensor: _metatensor.DLPackTensor) -> Any:
        with self._jax.ensure_compile_time_eval():
            return super().from_dlpack(array, tensor)

    def label_values_like(self, rows: Sequence[Sequence[int]] | np.ndarray, array: Any) -> Any:
        with self._jax.ensure_compile_time_eval():
            return super().label_values_like(rows, array)

    def concatenate_columns(self, arrays: Sequence[Any]) -> Any:
        with self._jax.ensure_compile_time_eval():
            return super().concatenate_columns(arrays)

    def part(self, array: Any, index: Any) -> Any:
        with self._jax.ensure_compile_time_eval():
            return super().part(array, index)

    # ---------------------------------------------------------------------- helpers

    def _is_tracer(self, array: Any) -> bool:
        return isinstance(array, self._jax.core.Tracer)

    def _check_has_data(self, array: Any) -> None:
        if self._is_tracer(array):
            raise ValueError(
                "the data of this array is not known yet: inside of `jax.jit`, `jax.grad` and "
                f"other transformations there only is its shape {array.shape} and its dtype "
                f"'{array.dtype}'"
            )

    def _default_array(self) -> Any:
        """An array where JAX puts arrays by default."""
        with self._jax.ensure_compile_time_eval():
            return self._xp.zeros(())

    def _device_named(self, name: str) -> Any:
        """The device for a name such as ``"cpu"`` or ``"cuda:1"``"""
        platform, _, index = name.partition(":")
        try:
            return self._jax.devices(platform)[int(index or 0)]
        except (RuntimeError, ValueError, IndexError):
            raise ValueError(f"JAX has no device '{name}'") from None
