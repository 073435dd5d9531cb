"""
Types for annotations, and for ``isinstance``.

``import metatensor`` must not import torch, so the classes of torch are replaced here with classes
that recognize its objects as soon as someone else imported it.
"""

import sys
from typing import TYPE_CHECKING, Any, NewType, Protocol, TypeAlias, Union

import numpy as np

from .._c_api import mts_array_t


class _TorchType(type):
    """Metaclass: ``isinstance`` and ``issubclass`` use the class of torch with the same name."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return issubclass(type(instance), cls)

    def __subclasscheck__(cls, subclass: type) -> bool:
        torch_class = getattr(sys.modules.get("torch"), cls.__name__, None)
        return torch_class is not None and issubclass(subclass, torch_class)


class _Tensor(metaclass=_TorchType):
    pass


class _device(metaclass=_TorchType):
    pass


class _dtype(metaclass=_TorchType):
    pass


_Tensor.__name__ = "Tensor"
_device.__name__ = "device"
_dtype.__name__ = "dtype"

if TYPE_CHECKING:
    import torch

    class _OtherArray(Protocol):
        """Arrays of other libraries"""

        @property
        def shape(self) -> tuple[int, ...]: ...
        def __dlpack__(self) -> Any: ...
        def __dlpack_device__(self) -> tuple[Any, int]: ...

    Array: TypeAlias = Union[np.ndarray, torch.Tensor, _OtherArray, mts_array_t]
    Device: TypeAlias = Union[str, torch.device]
    DType: TypeAlias = Union[np.dtype, torch.dtype]
else:
    #: Any kind of array that can be used as values
    Array = NewType("Array", Union[np.ndarray, _Tensor, mts_array_t])
    Array.__module__ = "metatensor"
    #: Where the values are: always ``"cpu"`` for NumPy arrays
    Device = Union[str, _device]
    #: Type of the elements of an array
    DType = Union[np.dtype, _dtype]


def is_torch_device(value: Any) -> bool:
    """Is this a ``torch.device``?"""
    return isinstance(value, _device)


def is_torch_dtype(value: Any) -> bool:
    """Is this a ``torch.dtype``?"""
    return isinstance(value, _dtype)


def is_torch_tensor(value: Any) -> bool:
    """Is this a ``torch.Tensor``?"""
    return isinstance(value, _Tensor)
