"""Errors, and the declarations for ctypes."""

import ctypes
import pickle
import threading

import ctypes_dlpack
import numpy as np
import pytest

import metatensor
from metatensor import Labels, MetatensorError, TensorMap, _c_api, _status
from metatensor._c_api import mts_array_t, mts_status_t
from metatensor._c_lib import _get_library


def test_metatensor_error():
    error = MetatensorError("message", 3)
    assert str(error) == "message"
    assert error.args == ("message",)
    assert error.message == "message"
    assert error.status == 3
    assert MetatensorError("message").status is None
    assert MetatensorError is _status.MetatensorError is metatensor.MetatensorError
    assert MetatensorError.__module__ == "metatensor"
    assert issubclass(MetatensorError, Exception)

    copied = pickle.loads(pickle.dumps(error))
    assert (copied.message, copied.status) == ("message", 3)


def test_status_of_errors():
    with pytest.raises(MetatensorError, match=r"^invalid parameter") as error:
        Labels.range("a", 2).union(Labels.range("b", 2))
    assert error.value.status == mts_status_t.MTS_INVALID_PARAMETER_ERROR


def test_check_status():
    assert _status.check_status(0) is None
    assert _status.check_status(mts_status_t(0)) is None
    _status.save_exception(KeyError("a"))
    with pytest.raises(KeyError):
        _status.check_status(254)


def test_check_pointer():
    labels = Labels.single()
    assert _status.check_pointer(labels.as_mts_labels_t()) is None
    exception = KeyError("a")
    _status.save_exception(exception)
    with pytest.raises(KeyError) as error:
        _status.check_pointer(ctypes.POINTER(_c_api.mts_labels_t)())
    assert error.value is exception


def test_catch_exceptions():
    exception = ValueError("é")

    @_status.catch_exceptions
    def function(fail, other=None):
        """Documentation"""
        if fail:
            raise exception
        return "something"

    assert function(False, other=3) == 0
    assert function(fail=True) == 254
    with pytest.raises(ValueError) as error:
        _status.check_status(254)
    assert error.value is exception
    assert function.__name__ == "function"
    assert function.__doc__ == "Documentation"


def test_exceptions_without_text():
    class Unprintable(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    exception = Unprintable()
    _status.save_exception(exception)
    with pytest.raises(Unprintable):
        _status.check_status(254)


def test_errors_are_private_to_threads():
    _status.save_exception(KeyError("main"))

    def other_thread():
        _status.save_exception(ValueError("thread"))
        with pytest.raises(ValueError, match="thread"):
            _status.check_status(254)

    thread = threading.Thread(target=other_thread)
    thread.start()
    thread.join()
    with pytest.raises(KeyError, match="main"):
        _status.check_status(254)


# ---------------------------------------------------------------------- ctypes


def test_scalars():
    assert _c_api.c_uintptr_t is ctypes.c_uint64
    assert _c_api.mts_data_origin_t is ctypes.c_uint64
    for name in ["mts_labels_t", "mts_block_t", "mts_tensormap_t"]:
        assert issubclass(getattr(_c_api, name), ctypes.Structure)


def test_status_type():
    values = {
        "MTS_SUCCESS": 0,
        "MTS_INVALID_PARAMETER_ERROR": 1,
        "MTS_IO_ERROR": 2,
        "MTS_SERIALIZATION_ERROR": 3,
        "MTS_BUFFER_SIZE_ERROR": 4,
        "MTS_CALLBACK_ERROR": 254,
        "MTS_INTERNAL_ERROR": 255,
    }
    assert issubclass(mts_status_t, ctypes.c_int32)
    for name, value in values.items():
        assert type(getattr(mts_status_t, name)) is int
        assert getattr(mts_status_t, name) == value
        status = mts_status_t(value)
        assert status == value
        assert status == mts_status_t(value)
        assert status != value + 1
        assert hash(status) == hash(mts_status_t(value))
        assert str(status) == repr(status) == f"mts_status_t.{name}"
    assert mts_status_t(0) != "MTS_SUCCESS"
    assert repr(mts_status_t(17)) == "mts_status_t(17)"


def test_structures():
    assert ctypes.sizeof(mts_array_t) == 104
    assert [name for name, _ in mts_array_t._fields_] == [
        "ptr",
        "destroy",
        "origin",
        "device",
        "dtype",
        "as_dlpack",
        "from_dlpack",
        "shape",
        "reshape",
        "swap_axes",
        "create",
        "copy",
        "move_data",
    ]
    assert _c_api.mts_data_movement_t._fields_ == [
        (name, ctypes.c_uint64)
        for name in [
            "sample_in",
            "sample_out",
            "properties_start_in",
            "properties_start_out",
            "properties_length",
        ]
    ]
    # same classes as everybody else
    assert _c_api.DLDevice is ctypes_dlpack.DLDevice
    assert _c_api.DLManagedTensorVersioned is ctypes_dlpack.DLManagedTensorVersioned


def test_pointers():
    labels = Labels.range("a", 2)
    tensor = TensorMap(Labels.empty("k"), [])
    assert type(labels.as_mts_labels_t()) is ctypes.POINTER(_c_api.mts_labels_t)
    assert type(tensor.as_mts_tensormap_t()) is ctypes.POINTER(_c_api.mts_tensormap_t)
    assert type(tensor._ptr) is ctypes.POINTER(_c_api.mts_tensormap_t)

    class Client(ctypes.Structure):
        _fields_ = [("labels", ctypes.POINTER(_c_api.mts_labels_t))]

    client = Client(labels.as_mts_labels_t())
    assert ctypes.cast(client.labels, ctypes.c_void_p).value == labels._address


def test_library():
    library = _get_library()
    assert isinstance(library, ctypes.CDLL)
    assert _get_library() is library
    assert library.mts_version().decode() == metatensor.__version__
    functions = [name for name in _c_api._FUNCTIONS]
    assert len(functions) == 53
    for name in functions:
        assert hasattr(library, f"mts_{name}")


def test_library_functions():
    library = _get_library()
    labels = Labels(["a", "b"], np.array([[0, 1], [2, 3]]))
    clone = Labels.unsafe_from_ptr(library.mts_labels_clone(labels.as_mts_labels_t()))
    assert clone.values is labels.values

    result = ctypes.c_int64()
    row = (ctypes.c_int32 * 2)(2, 3)
    status = library.mts_labels_position(labels.as_mts_labels_t(), row, 2, ctypes.byref(result))
    assert status == 0
    assert result.value == 1
    with pytest.raises(MetatensorError, match="invalid parameter"):
        library.mts_labels_position(labels.as_mts_labels_t(), row, 1, ctypes.byref(result))

    null = library.mts_labels_load(b"/does/not/exist")
    with pytest.raises(MetatensorError, match="^io error"):
        _status.check_pointer(null)


def test_other_version(monkeypatch):
    from metatensor import _c_lib

    library = _c_lib._Library()
    monkeypatch.setattr(_c_lib, "CORE_INTERFACE", "0.3.0")
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"expected 0\.3\.0.*libmetatensor.*0\.2"):
            library()
    monkeypatch.setattr(_c_lib, "CORE_INTERFACE", "0.2.99")
    assert library().mts_version() == _get_library().mts_version()
