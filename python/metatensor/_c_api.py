"""
The C interface of libmetatensor (``metatensor.h``) for :py:mod:`ctypes`.

``metatensor`` itself reaches the library through its native module. These declarations are for the
libraries that exchange pointers with it, and for array callbacks written in Python. The DLPack
structures are the ones of :py:mod:`ctypes_dlpack`, so that everybody uses the same classes.
"""

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_bool, c_char_p, c_int64, c_void_p

from ctypes_dlpack import DLDataType, DLDevice, DLManagedTensorVersioned, DLPackVersion

c_uintptr_t = ctypes.c_uint64 if ctypes.sizeof(c_void_p) == 8 else ctypes.c_uint32
mts_data_origin_t = ctypes.c_uint64


class mts_status_t(ctypes.c_int32):
    """Status of a function: zero for success, anything else is a failure."""

    MTS_SUCCESS = 0
    MTS_INVALID_PARAMETER_ERROR = 1
    MTS_IO_ERROR = 2
    MTS_SERIALIZATION_ERROR = 3
    MTS_BUFFER_SIZE_ERROR = 4
    MTS_CALLBACK_ERROR = 254
    MTS_INTERNAL_ERROR = 255

    def __eq__(self, other: object) -> bool:
        if isinstance(other, mts_status_t):
            return self.value == other.value
        if isinstance(other, int):
            return self.value == other
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self.value)

    def __index__(self) -> int:
        return self.value

    def __repr__(self) -> str:
        for name, value in vars(mts_status_t).items():
            if name.startswith("MTS_") and value == self.value:
                return f"mts_status_t.{name}"
        return f"mts_status_t({self.value})"


class mts_labels_t(ctypes.Structure):
    """Opaque: Labels are only handled through pointers."""


class mts_block_t(ctypes.Structure):
    """Opaque: blocks are only handled through pointers."""


class mts_tensormap_t(ctypes.Structure):
    """Opaque: tensor maps are only handled through pointers."""


class mts_data_movement_t(ctypes.Structure):
    """One range of properties of one sample, to move between two arrays."""

    _fields_ = [
        ("sample_in", c_uintptr_t),
        ("sample_out", c_uintptr_t),
        ("properties_start_in", c_uintptr_t),
        ("properties_start_out", c_uintptr_t),
        ("properties_length", c_uintptr_t),
    ]


class mts_array_t(ctypes.Structure):
    """An array of any kind: a pointer, and the functions that act on it."""


mts_array_t._fields_ = [
    ("ptr", c_void_p),
    ("destroy", CFUNCTYPE(None, c_void_p)),
    ("origin", CFUNCTYPE(mts_status_t, c_void_p, POINTER(mts_data_origin_t))),
    ("device", CFUNCTYPE(mts_status_t, c_void_p, POINTER(DLDevice))),
    ("dtype", CFUNCTYPE(mts_status_t, c_void_p, POINTER(DLDataType))),
    (
        "as_dlpack",
        CFUNCTYPE(
            mts_status_t,
            c_void_p,
            POINTER(POINTER(DLManagedTensorVersioned)),
            DLDevice,
            POINTER(c_int64),
            DLPackVersion,
        ),
    ),
    (
        "from_dlpack",
        CFUNCTYPE(mts_status_t, c_void_p, POINTER(DLManagedTensorVersioned), POINTER(mts_array_t)),
    ),
    (
        "shape",
        CFUNCTYPE(mts_status_t, c_void_p, POINTER(POINTER(c_uintptr_t)), POINTER(c_uintptr_t)),
    ),
    ("reshape", CFUNCTYPE(mts_status_t, c_void_p, POINTER(c_uintptr_t), c_uintptr_t)),
    ("swap_axes", CFUNCTYPE(mts_status_t, c_void_p, c_uintptr_t, c_uintptr_t)),
    (
        "create",
        CFUNCTYPE(
            mts_status_t,
            c_void_p,
            POINTER(c_uintptr_t),
            c_uintptr_t,
            mts_array_t,
            POINTER(mts_array_t),
        ),
    ),
    ("copy", CFUNCTYPE(mts_status_t, c_void_p, DLDevice, POINTER(mts_array_t))),
    (
        "move_data",
        CFUNCTYPE(mts_status_t, c_void_p, c_void_p, POINTER(mts_data_movement_t), c_uintptr_t),
    ),
]

mts_create_array_callback_t = CFUNCTYPE(
    mts_status_t, POINTER(c_uintptr_t), c_uintptr_t, DLDataType, POINTER(mts_array_t)
)
_bytes_p = POINTER(ctypes.c_char)
mts_realloc_buffer_t = CFUNCTYPE(_bytes_p, c_void_p, _bytes_p, c_uintptr_t)

_labels_p = POINTER(mts_labels_t)
_block_p = POINTER(mts_block_t)
_tensor_p = POINTER(mts_tensormap_t)
_size_p = POINTER(c_uintptr_t)
_strings_p = POINTER(POINTER(c_char_p))
_save_buffer = [POINTER(_bytes_p), _size_p, c_void_p, mts_realloc_buffer_t]
_set_operation = [_labels_p, _labels_p, POINTER(_labels_p)]
_mapping = [POINTER(c_int64), c_uintptr_t]
_keys_to = [_tensor_p, _labels_p, mts_array_t, c_bool]


def address_of(pointer: "ctypes._Pointer") -> int:
    """Address of what a pointer given by the user points to, which can not be null."""
    address = ctypes.cast(pointer, c_void_p).value if pointer is not None else None
    assert address is not None, "can not use a null pointer"
    return address


def pointer_at(address: int, pointed: type[ctypes.Structure]) -> "ctypes._Pointer":
    """Pointer to a structure at some address."""
    return ctypes.cast(address, POINTER(pointed))


# name without `mts_` => (type of the result, types of the arguments)
_FUNCTIONS = {
    "version": (c_char_p, []),
    "disable_panic_printing": (None, []),
    # errors and data origins
    "last_error": (mts_status_t, [POINTER(c_char_p), POINTER(c_char_p), POINTER(c_void_p)]),
    "set_last_error": (mts_status_t, [c_char_p, c_char_p, c_void_p, CFUNCTYPE(None, c_void_p)]),
    "register_data_origin": (mts_status_t, [c_char_p, POINTER(mts_data_origin_t)]),
    "get_data_origin": (
        mts_status_t,
        [mts_data_origin_t, _bytes_p, c_uintptr_t],
    ),
    # labels
    "labels": (_labels_p, [POINTER(c_char_p), c_uintptr_t, mts_array_t]),
    "labels_assume_unique": (_labels_p, [POINTER(c_char_p), c_uintptr_t, mts_array_t]),
    "labels_dimensions": (mts_status_t, [_labels_p, _strings_p, _size_p]),
    "labels_values": (mts_status_t, [_labels_p, POINTER(mts_array_t)]),
    "labels_values_cpu": (
        mts_status_t,
        [_labels_p, POINTER(POINTER(ctypes.c_int32)), _size_p, _size_p],
    ),
    "labels_position": (
        mts_status_t,
        [_labels_p, POINTER(ctypes.c_int32), c_uintptr_t, POINTER(c_int64)],
    ),
    "labels_clone": (_labels_p, [_labels_p]),
    "labels_union": (mts_status_t, [*_set_operation, *_mapping, *_mapping]),
    "labels_intersection": (mts_status_t, [*_set_operation, *_mapping, *_mapping]),
    "labels_difference": (mts_status_t, [*_set_operation, *_mapping]),
    "labels_select": (
        mts_status_t,
        [_labels_p, _labels_p, POINTER(ctypes.c_uint64), _size_p],
    ),
    "labels_free": (mts_status_t, [_labels_p]),
    "labels_load": (_labels_p, [c_char_p]),
    "labels_load_buffer": (_labels_p, [c_char_p, c_uintptr_t]),
    "labels_save": (mts_status_t, [c_char_p, _labels_p]),
    "labels_save_buffer": (mts_status_t, [*_save_buffer, _labels_p]),
    # blocks
    "block": (_block_p, [mts_array_t, _labels_p, POINTER(_labels_p), c_uintptr_t, _labels_p]),
    "block_free": (mts_status_t, [_block_p]),
    "block_copy": (_block_p, [_block_p]),
    "block_labels": (_labels_p, [_block_p, c_uintptr_t]),
    "block_gradient": (mts_status_t, [_block_p, c_char_p, POINTER(_block_p)]),
    "block_data": (mts_status_t, [_block_p, POINTER(mts_array_t)]),
    "block_add_gradient": (mts_status_t, [_block_p, c_char_p, _block_p]),
    "block_gradients_list": (mts_status_t, [_block_p, _strings_p, _size_p]),
    "block_device": (mts_status_t, [_block_p, POINTER(DLDevice)]),
    "block_dtype": (mts_status_t, [_block_p, POINTER(DLDataType)]),
    "block_load": (_block_p, [c_char_p, mts_create_array_callback_t]),
    "block_load_buffer": (_block_p, [c_char_p, c_uintptr_t, mts_create_array_callback_t]),
    "block_save": (mts_status_t, [c_char_p, _block_p]),
    "block_save_buffer": (mts_status_t, [*_save_buffer, _block_p]),
    # tensor maps
    "tensormap": (_tensor_p, [_labels_p, POINTER(_block_p), c_uintptr_t]),
    "tensormap_free": (mts_status_t, [_tensor_p]),
    "tensormap_copy": (_tensor_p, [_tensor_p]),
    "tensormap_keys": (_labels_p, [_tensor_p]),
    "tensormap_block_by_id": (mts_status_t, [_tensor_p, POINTER(_block_p), c_uintptr_t]),
    "tensormap_keys_to_properties": (_tensor_p, _keys_to),
    "tensormap_keys_to_samples": (_tensor_p, _keys_to),
    "tensormap_components_to_properties": (
        _tensor_p,
        [_tensor_p, POINTER(c_char_p), c_uintptr_t],
    ),
    "tensormap_set_info": (mts_status_t, [_tensor_p, c_char_p, c_char_p]),
    "tensormap_get_info": (mts_status_t, [_tensor_p, c_char_p, POINTER(c_char_p)]),
    "tensormap_info_keys": (mts_status_t, [_tensor_p, _strings_p, _size_p]),
    "tensormap_device": (mts_status_t, [_tensor_p, POINTER(DLDevice)]),
    "tensormap_dtype": (mts_status_t, [_tensor_p, POINTER(DLDataType)]),
    "tensormap_load": (_tensor_p, [c_char_p, mts_create_array_callback_t]),
    "tensormap_load_buffer": (_tensor_p, [c_char_p, c_uintptr_t, mts_create_array_callback_t]),
    "tensormap_save": (mts_status_t, [c_char_p, _tensor_p]),
    "tensormap_save_buffer": (mts_status_t, [*_save_buffer, _tensor_p]),
}


def setup_functions(lib: ctypes.CDLL) -> None:
    """
    Declare the arguments and results of all functions of libmetatensor.

    Functions that return a status raise the corresponding exception when they fail; those that
    return a pointer return a null pointer, to be given to ``metatensor._status.check_pointer``.
    """
    from ._status import check_status

    def raise_on_error(status: mts_status_t, function: object, arguments: tuple) -> mts_status_t:
        check_status(status)
        return status

    for name, (result_type, argument_types) in _FUNCTIONS.items():
        function = getattr(lib, f"mts_{name}")
        function.argtypes = argument_types
        function.restype = result_type
        if result_type is mts_status_t:
            function.errcheck = raise_on_error
