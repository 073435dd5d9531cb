"""Functions that create the arrays of blocks while they are loaded."""

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from ctypes_dlpack import DLDataType, DLDataTypeCode

from .. import _data
from .._c_api import mts_create_array_callback_t, mts_status_t
from .._status import catch_exceptions, save_exception

#: ``(shape, shape_count, dtype, array) -> status``, with arguments of :py:mod:`ctypes`
CreateArray = Callable[[Any, int, DLDataType, Any], int]

_NUMPY_KINDS = {
    DLDataTypeCode.kDLBool: ("b", (8,)),
    DLDataTypeCode.kDLInt: ("i", (8, 16, 32, 64)),
    DLDataTypeCode.kDLUInt: ("u", (8, 16, 32, 64)),
    DLDataTypeCode.kDLFloat: ("f", (16, 32, 64)),
    DLDataTypeCode.kDLComplex: ("c", (64, 128)),
}


def _numpy_dtype(dtype: DLDataType) -> np.dtype:
    kind, bits = _NUMPY_KINDS.get(dtype.code, ("", ()))
    if dtype.bits not in bits or dtype.lanes != 1:
        raise ValueError(
            "can not create an array for the DLPack type with "
            f"code={int(dtype.code)}, bits={dtype.bits}, lanes={dtype.lanes}"
        )
    return np.dtype(f"{kind}{dtype.bits // 8}")


@catch_exceptions
def create_numpy_array(shape: Any, shape_count: int, dtype: DLDataType, array: Any) -> None:
    """
    Create a :py:class:`numpy.ndarray` with uninitialized elements.

    This function can be used as the ``create_array`` argument of functions such as
    :py:func:`load_custom_array`. The resulting blocks are the ones that :py:func:`load` gives.

    :param shape: pointer to the size of each axis
    :param shape_count: number of axes
    :param dtype: type of the elements
    :param array: pointer to the ``mts_array_t`` where the new array is stored
    """
    sizes = [shape[i] for i in range(shape_count)]
    array[0] = _data.create_mts_array(np.empty(sizes, _numpy_dtype(dtype)))


@catch_exceptions
def create_torch_array(shape: Any, shape_count: int, dtype: DLDataType, array: Any) -> None:
    """
    Create a :py:class:`torch.Tensor` on CPU, with uninitialized elements.

    This function can be used as the ``create_array`` argument of functions such as
    :py:func:`load_custom_array`.

    :param shape: pointer to the size of each axis
    :param shape_count: number of axes
    :param dtype: type of the elements; unsigned integers of more than 8 bits are not supported
    :param array: pointer to the ``mts_array_t`` where the new array is stored
    """
    import torch

    name = _numpy_dtype(dtype).name
    if name in ("uint16", "uint32", "uint64"):
        raise ValueError(f"can not create a torch tensor for {name} data")

    sizes = [shape[i] for i in range(shape_count)]
    tensor = torch.empty(sizes, dtype=getattr(torch, name), device="cpu")
    array[0] = _data.create_mts_array(tensor)


def as_callback(create_array: CreateArray) -> Any:
    """
    ``create_array`` as a C function, which exists as long as the result of this function.
    Exceptions raised by ``create_array`` are raised again by the function that loads the arrays.
    """

    def callback(*args: Any) -> int:
        try:
            status = create_array(*args)
        except BaseException as exception:
            save_exception(exception)
            return mts_status_t.MTS_CALLBACK_ERROR
        return mts_status_t.MTS_SUCCESS if status is None else int(status)

    return mts_create_array_callback_t(callback)


def callback_address(callback: Any) -> int:
    """Address of a C function made by :py:func:`as_callback`."""
    return ctypes.cast(callback, ctypes.c_void_p).value
