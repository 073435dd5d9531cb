"""Python arrays as libmetatensor sees them: the functions of `mts_array_t`, called by ctypes."""

import ctypes
import gc
import weakref

import numpy as np
import pytest
import torch
from ctypes_dlpack import (
    DLDataType,
    DLDevice,
    DLManagedTensorVersioned,
    DLPackVersion,
)

from metatensor import Labels, MetatensorError, TensorBlock, TensorMap, _data
from metatensor._c_api import (
    c_uintptr_t,
    mts_array_t,
    mts_data_movement_t,
    mts_data_origin_t,
)
from metatensor._data import create_mts_array, mts_array_to_python_array
from metatensor._data._array import _cast_to_ctype_functype, _register_origin
from metatensor._status import catch_exceptions, check_status

CPU = DLDevice(1, 0)
NUMPY_DTYPES = [
    "bool",
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *("float32", "float64"),
    *("complex64", "complex128"),
]
TORCH_DTYPES = [
    "bool",
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "bfloat16"),
    *("complex64", "complex128"),
]


@pytest.fixture
def wrap():
    """`create_mts_array`, which also destroys the arrays at the end."""
    wrapped = []

    def wrap(array):
        wrapped.append(create_mts_array(array))
        return wrapped[-1]

    yield wrap
    for array in wrapped:
        array.destroy(array.ptr)


def take(array):
    """The Python array inside of an array that we own"""
    result = mts_array_to_python_array(array)
    array.destroy(array.ptr)
    return result


def shape_of(array):
    shape, count = ctypes.POINTER(c_uintptr_t)(), c_uintptr_t()
    check_status(array.shape(array.ptr, ctypes.byref(shape), ctypes.byref(count)))
    return tuple(shape[i] for i in range(count.value))


def sizes(shape):
    return (c_uintptr_t * len(shape))(*shape), len(shape)


def as_dlpack(array, device=CPU, stream=None, version=(1, 3)):
    tensor = ctypes.POINTER(DLManagedTensorVersioned)()
    check_status(
        array.as_dlpack(array.ptr, ctypes.byref(tensor), device, stream, DLPackVersion(*version))
    )
    return tensor


def dlpack_to_numpy(tensor):
    """Copy of a DLPack tensor of double, which is then deleted"""
    dl_tensor = tensor.contents.dl_tensor
    shape = tuple(dl_tensor.shape[i] for i in range(dl_tensor.ndim))
    strides = tuple(8 * dl_tensor.strides[i] for i in range(dl_tensor.ndim))
    memory = ctypes.cast(dl_tensor.data, ctypes.POINTER(ctypes.c_double))
    size = 1 + sum((n - 1) * s // 8 for n, s in zip(shape, strides, strict=True))
    flat = np.ctypeslib.as_array(memory, (size,))
    result = np.lib.stride_tricks.as_strided(flat, shape, strides).copy()
    tensor.contents.deleter(tensor)
    return result


def test_origin(wrap):
    for array, name in [(np.zeros(2), "python.numpy"), (torch.zeros(2), "python.torch")]:
        array = wrap(array)
        origin = _data.data_origin(array)
        assert isinstance(origin, int)
        assert _data.data_origin_name(origin) == name
        assert _register_origin(name) == origin
        assert _data.mts_array_was_allocated_by_python(array)
    assert _data.data_origin_name(0) == "unregistered origin"
    assert _data.data_origin_name(123456) == "unregistered origin"
    long_name = "a long name, " * 100
    assert _data.data_origin_name(_register_origin(long_name)) == long_name


def test_device(wrap):
    for array, expected in [
        (np.zeros(2), (1, 0)),
        (torch.zeros(2), (1, 0)),
        (torch.zeros(2, device="meta"), (12, 0)),
    ]:
        array = wrap(array)
        device = DLDevice()
        check_status(array.device(array.ptr, ctypes.byref(device)))
        assert (device.device_type.value, device.device_id) == expected


def dtype_of(array):
    dtype = DLDataType()
    check_status(array.dtype(array.ptr, ctypes.byref(dtype)))
    return dtype.code, dtype.bits, dtype.lanes


def test_dtype(wrap):
    codes = {"i": 0, "u": 1, "f": 2, "c": 5, "b": 6}
    for name in [*NUMPY_DTYPES, "float16", ">f8"]:
        dtype = np.dtype(name)
        expected = (codes[dtype.kind], 8 * dtype.itemsize, 1)
        assert dtype_of(wrap(np.zeros(2, dtype=dtype))) == expected

    for name in TORCH_DTYPES:
        dtype = getattr(torch, name)
        if name == "bfloat16":
            expected = (4, 16, 1)
        else:
            numpy_dtype = np.dtype(name)
            expected = (codes[numpy_dtype.kind], 8 * numpy_dtype.itemsize, 1)
        assert dtype_of(wrap(torch.zeros(2, dtype=dtype))) == expected

    for dtype in ["U3", object, "datetime64[s]", "V4", np.clongdouble]:
        array = wrap(np.zeros(2, dtype=dtype))
        with pytest.raises(ValueError, match="unsupported dtype"):
            dtype_of(array)
    array = wrap(torch.zeros(2).to(torch.float8_e5m2))
    with pytest.raises(ValueError, match="float8_e5m2"):
        dtype_of(array)


def test_shape_reshape_swap_axes(wrap, to_array):
    array = to_array(np.arange(24.0).reshape(2, 3, 4))
    wrapped = wrap(array)
    assert shape_of(wrapped) == (2, 3, 4)

    check_status(wrapped.swap_axes(wrapped.ptr, 0, 2))
    assert shape_of(wrapped) == (4, 3, 2)
    assert mts_array_to_python_array(wrapped)[3, 1, 0] == array[0, 1, 3]

    check_status(wrapped.reshape(wrapped.ptr, *sizes((6, 4))))
    assert shape_of(wrapped) == (6, 4)
    expected = np.arange(24.0).reshape(2, 3, 4).swapaxes(0, 2).reshape(6, 4)
    assert mts_array_to_python_array(wrapped).tolist() == expected.tolist()

    # the array of the user is still the same
    assert tuple(array.shape) == (2, 3, 4)

    with pytest.raises((ValueError, RuntimeError)):
        check_status(wrapped.reshape(wrapped.ptr, *sizes((5, 5))))
    assert shape_of(wrapped) == (6, 4)
    with pytest.raises((ValueError, IndexError)):
        check_status(wrapped.swap_axes(wrapped.ptr, 0, 5))


def test_zero_axes(wrap, to_array):
    assert shape_of(wrap(to_array(3.0))) == ()


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
@pytest.mark.parametrize("value", [0, 1])
def test_create_numpy(wrap, dtype, value):
    check_create(wrap, np.zeros((2, 2), dtype=dtype), np.array(value, dtype=dtype))


@pytest.mark.parametrize("dtype", TORCH_DTYPES)
@pytest.mark.parametrize("value", [0, 1])
def test_create_torch(wrap, dtype, value):
    dtype = getattr(torch, dtype)
    check_create(wrap, torch.zeros(2, 2).to(dtype), torch.tensor(value).to(dtype))


def check_create(wrap, array, fill):
    array, new = wrap(array), mts_array_t()
    # the function owns the fill value
    check_status(
        array.create(array.ptr, *sizes((3, 1, 2)), create_mts_array(fill), ctypes.byref(new))
    )
    result = take(new)
    assert isinstance(result, type(mts_array_to_python_array(array)))
    assert result.dtype == fill.dtype
    assert tuple(result.shape) == (3, 1, 2)
    assert (result == fill).all()


def test_create_negative_zero(wrap):
    array, new = wrap(np.zeros(2)), mts_array_t()
    fill = create_mts_array(np.array(-0.0))
    check_status(array.create(array.ptr, *sizes((2,)), fill, ctypes.byref(new)))
    assert np.signbit(take(new)).all()


def test_create_errors(wrap, to_array):
    array, new = wrap(to_array([1.0])), mts_array_t()
    fill = to_array([0.0])
    alive = weakref.ref(fill)
    with pytest.raises(ValueError, match="scalar"):
        check_status(
            array.create(array.ptr, *sizes((2,)), create_mts_array(fill), ctypes.byref(new))
        )
    del fill
    assert alive() is None
    assert not new.ptr


def test_create_does_not_destroy_views(wrap):
    array, new = wrap(np.zeros(2)), mts_array_t()
    fill = create_mts_array(np.array(3.0))
    view = mts_array_t.from_buffer_copy(fill)
    view.destroy = type(view.destroy)()
    check_status(array.create(array.ptr, *sizes((2,)), view, ctypes.byref(new)))
    assert take(new).tolist() == [3.0, 3.0]
    assert take(fill) == 3.0


def test_copy(wrap, to_array):
    array = to_array([[1.0, 2.0]])
    wrapped, new = wrap(array), mts_array_t()
    check_status(wrapped.copy(wrapped.ptr, CPU, ctypes.byref(new)))
    result = take(new)
    assert result is not array
    array[0, 0] = 5.0
    assert result.tolist() == [[1.0, 2.0]]


def test_copy_to_other_device(wrap):
    new = mts_array_t()
    array = wrap(np.zeros(2))
    with pytest.raises(ValueError, match="can not copy a NumPy array"):
        check_status(array.copy(array.ptr, DLDevice(2, 0), ctypes.byref(new)))

    array = wrap(torch.ones(2))
    check_status(array.copy(array.ptr, DLDevice(12, 0), ctypes.byref(new)))
    assert take(new).device == torch.device("meta")
    with pytest.raises(ValueError, match="no device"):
        check_status(array.copy(array.ptr, DLDevice(7, 0), ctypes.byref(new)))


def movements(*rows):
    return (mts_data_movement_t * len(rows))(*rows), len(rows)


def test_move_data(wrap, to_array):
    source = to_array(np.arange(24.0).reshape(3, 2, 4))
    target = to_array(np.zeros((4, 2, 5)))
    output, array = wrap(target), wrap(source)
    rows = movements((0, 3, 1, 0, 2), (1, 0, 0, 1, 4), (2, 1, 1, 0, 2), (2, 2, 0, 0, 0))
    check_status(output.move_data(output.ptr, array.ptr, *rows))

    expected = np.zeros((4, 2, 5))
    expected[3, :, 0:2] = source[0, :, 1:3]
    expected[0, :, 1:5] = source[1, :, 0:4]
    expected[1, :, 0:2] = source[2, :, 1:3]
    assert mts_array_to_python_array(output).tolist() == expected.tolist()
    assert mts_array_to_python_array(output) is target

    check_status(output.move_data(output.ptr, array.ptr, None, 0))


def test_move_strided_data(wrap):
    source = np.arange(240.0).reshape(6, 5, 8)
    for view in [source[::2, :, ::2], source[::-1], source.swapaxes(0, 2), source[:, :0]]:
        for layout in ["C", "F"]:
            target = np.zeros(view.shape, order=layout)
            output, array = wrap(target), wrap(view)
            rows = [(i, i, 0, 0, view.shape[2]) for i in range(view.shape[0])]
            check_status(output.move_data(output.ptr, array.ptr, *movements(*rows)))
            np.testing.assert_array_equal(target, view)


@pytest.mark.parametrize("dtype", ["U3", object, ">f8", "datetime64[s]"])
def test_move_special_types(wrap, dtype):
    source = np.array([["1", "2"], ["3", "4"]]).astype(dtype)
    target = np.zeros((2, 2), dtype=dtype)
    output, array = wrap(target), wrap(source)
    check_status(output.move_data(output.ptr, array.ptr, *movements((0, 1, 0, 1, 1))))
    assert target[1, 1] == source[0, 0]


@pytest.mark.parametrize(
    "movement",
    [(3, 0, 0, 0, 1), (0, 4, 0, 0, 1), (0, 0, 3, 0, 2), (0, 0, 0, 5, 1), (0, 0, 0, 0, 9)],
)
def test_move_outside(wrap, movement):
    output, array = wrap(np.zeros((4, 2, 5))), wrap(np.zeros((3, 2, 4)))
    with pytest.raises(ValueError, match="can not move data"):
        check_status(output.move_data(output.ptr, array.ptr, *movements(movement)))


def test_move_between_different_shapes(wrap):
    output = wrap(np.zeros((2, 3, 2)))
    for shape in [(2, 4, 2), (2, 2), (2, 3, 1, 2)]:
        array = wrap(np.zeros(shape))
        with pytest.raises(ValueError, match="can not move data"):
            check_status(output.move_data(output.ptr, array.ptr, *movements((0, 0, 0, 0, 1))))
    readonly = np.zeros((2, 3, 2))
    readonly.flags.writeable = False
    array = wrap(readonly)
    with pytest.raises((ValueError, BufferError)):
        check_status(array.move_data(array.ptr, output.ptr, *movements((0, 0, 0, 0, 1))))


def test_as_dlpack(wrap, to_array, arrays):
    array = to_array(np.arange(24.0).reshape(2, 3, 4))
    tensor = as_dlpack(wrap(array))
    managed = tensor.contents
    assert managed.version.major == 1
    assert managed.version.minor <= 3
    pointer = array.ctypes.data if arrays == "numpy" else array.data_ptr()
    assert managed.dl_tensor.data + managed.dl_tensor.byte_offset == pointer
    assert managed.flags == 0
    assert dlpack_to_numpy(tensor).tolist() == array.tolist()


def test_as_dlpack_strides(wrap):
    base = np.arange(24.0).reshape(4, 6)
    for view in [base.T, base[::2, ::3], base[1:2], base[:, :1]]:
        assert dlpack_to_numpy(as_dlpack(wrap(view))).tolist() == view.tolist()

    readonly = base[:2]
    readonly.flags.writeable = False
    tensor = as_dlpack(wrap(readonly))
    assert tensor.contents.flags == 1
    tensor.contents.deleter(tensor)

    # what DLPack can not describe is copied
    packed = np.zeros(3, dtype=[("x", "i1"), ("y", "f8")])
    packed["y"] = [1.0, 2.0, 3.0]
    tensor = as_dlpack(wrap(packed["y"]))
    assert tensor.contents.flags & 2
    assert dlpack_to_numpy(tensor).tolist() == [1.0, 2.0, 3.0]


def test_as_dlpack_outlives_the_array(wrap):
    array = np.array([1.0, 2.0])
    wrapped = create_mts_array(array)
    tensor = as_dlpack(wrapped)
    wrapped.destroy(wrapped.ptr)
    alive = weakref.ref(array)
    del array
    gc.collect()
    assert alive() is not None
    assert dlpack_to_numpy(tensor).tolist() == [1.0, 2.0]
    assert alive() is None


def test_as_dlpack_errors(wrap):
    array = wrap(np.zeros(2))
    with pytest.raises(BufferError):
        as_dlpack(array, device=DLDevice(2, 0))
    with pytest.raises(BufferError):
        as_dlpack(array, stream=ctypes.byref(ctypes.c_int64(1)))
    with pytest.raises(BufferError):
        as_dlpack(array, version=(0, 8))
    for dtype in [np.longdouble, ">f8", "U3", object]:
        array = wrap(np.zeros(2, dtype=dtype))
        with pytest.raises((BufferError, ValueError)):
            as_dlpack(array)

    array = wrap(torch.zeros(2, requires_grad=True))
    with pytest.raises(BufferError, match="grad"):
        as_dlpack(array)
    array = wrap(torch.zeros(2, device="meta"))
    with pytest.raises(Exception, match="meta"):
        as_dlpack(array)


def test_as_dlpack_conjugate(wrap):
    values = torch.tensor([1 + 2j, 3 - 1j]).conj()
    tensor = as_dlpack(wrap(values))
    array, new = wrap(values), mts_array_t()
    check_status(array.from_dlpack(array.ptr, tensor, ctypes.byref(new)))
    assert take(new).tolist() == [1 - 2j, 3 + 1j]


def test_from_dlpack(wrap, to_array, arrays):
    array = wrap(to_array([1, 2]))
    for source in [np.arange(6.0).reshape(2, 3), torch.ones(2, 1, dtype=torch.int32)]:
        new = mts_array_t()
        tensor = as_dlpack(wrap(source))
        check_status(array.from_dlpack(array.ptr, tensor, ctypes.byref(new)))
        result = take(new)
        assert isinstance(result, np.ndarray if arrays == "numpy" else torch.Tensor)
        assert result.tolist() == source.tolist()
        assert str(result.dtype).split(".")[-1] == str(source.dtype).split(".")[-1]


def test_from_dlpack_keeps_readonly(wrap):
    source = np.arange(3.0)
    source.flags.writeable = False
    for kind in [np.zeros(1), torch.zeros(1)]:
        array, new = wrap(kind), mts_array_t()
        check_status(array.from_dlpack(array.ptr, as_dlpack(wrap(source)), ctypes.byref(new)))
        result = take(new)
        if isinstance(result, np.ndarray):
            assert not result.flags.writeable
        else:
            result[0] = 12.0
        assert source.tolist() == [0.0, 1.0, 2.0]


def test_from_dlpack_types(wrap):
    array = wrap(np.zeros(1))
    for dtype in [*NUMPY_DTYPES, "float16"]:
        new = mts_array_t()
        source = np.array([0, 1], dtype=dtype)
        check_status(array.from_dlpack(array.ptr, as_dlpack(wrap(source)), ctypes.byref(new)))
        result = take(new)
        assert result.dtype.num == source.dtype.num
        assert result.tolist() == source.tolist()
    bfloat = as_dlpack(wrap(torch.tensor([1.5], dtype=torch.bfloat16)))
    check_status(array.from_dlpack(array.ptr, bfloat, ctypes.byref(new)))
    result = take(new)
    assert (result.dtype.name, result.tolist()) == ("bfloat16", [1.5])


def test_destroy(to_array):
    array = to_array([1.0])
    alive = weakref.ref(array)
    wrapped = create_mts_array(array)
    assert mts_array_to_python_array(wrapped) is array
    del array
    gc.collect()
    assert alive() is not None
    wrapped.destroy(wrapped.ptr)
    assert alive() is None


def test_subclasses(wrap):
    class Subclass(np.ndarray):
        pass

    array = np.zeros((2, 2)).view(Subclass)
    assert mts_array_to_python_array(wrap(array)) is array
    parameter = torch.nn.Parameter(torch.zeros(2, 2))
    assert mts_array_to_python_array(wrap(parameter)) is parameter


def test_unknown_arrays():
    class WithShape:
        shape = (1, 2)

    with pytest.raises(ValueError, match="WithShape"):
        create_mts_array(WithShape())
    with pytest.raises(AttributeError):
        create_mts_array([1, 2])


# ---------------------------------------------------------------------- functions from Python


class CustomError(Exception):
    pass


def failing(*args):
    raise CustomError("from a callback")


@pytest.mark.parametrize("field", [name for name, _ in mts_array_t._fields_ if name != "ptr"])
def test_cast_to_ctype_functype(field):
    function = _cast_to_ctype_functype(catch_exceptions(failing), field)
    array = mts_array_t()
    setattr(array, field, function)
    assert getattr(array, field)


def test_cast_to_ctype_functype_errors():
    for name in ["ptr", "nothing"]:
        with pytest.raises(ValueError, match=name):
            _cast_to_ctype_functype(failing, name)


def block_with_callback(array, field, function):
    array = create_mts_array(array)
    callback = _cast_to_ctype_functype(catch_exceptions(function), field)
    setattr(array, field, callback)
    block = TensorBlock(array, Labels.range("s", 2), [], Labels.range("p", 2))
    return block, callback


def test_exceptions_in_callbacks():
    block, _callback = block_with_callback(np.zeros((2, 2)), "copy", failing)
    with pytest.raises(CustomError, match="^from a callback$") as first:
        block.copy()
    with pytest.raises(CustomError) as second:
        block.copy()
    assert first.value is not second.value

    block, _callback = block_with_callback(np.zeros((2, 2)), "origin", failing)
    with pytest.raises(CustomError):
        TensorMap(Labels.single(), [block])

    array = create_mts_array(np.zeros((2, 2)))
    callback = _cast_to_ctype_functype(catch_exceptions(failing), "origin")
    array.origin = callback
    with pytest.raises(CustomError):
        _data.data_origin(array)
    array.destroy(array.ptr)


def test_exceptions_without_the_gil():
    block, _callback = block_with_callback(np.zeros((2, 2)), "create", failing)
    tensor = TensorMap(Labels.single(), [block])
    with pytest.raises(CustomError):
        tensor.keys_to_samples("_")
    with pytest.raises(CustomError):
        tensor.keys_to_properties("_")


def test_exceptions_are_released():
    class Payload:
        pass

    payload = Payload()
    alive = weakref.ref(payload)

    def failing_with_payload(*args, payload=payload):
        raise CustomError("failed", payload)

    block, callback = block_with_callback(np.zeros((2, 2)), "copy", failing_with_payload)
    with pytest.raises(CustomError):
        block.copy()
    del payload, failing_with_payload, callback, block
    gc.collect()
    assert alive() is None


def test_keyboard_interrupt():
    def interrupted(*args):
        raise KeyboardInterrupt

    block, _callback = block_with_callback(np.zeros((2, 2)), "copy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        block.copy()


def test_status_without_error():
    def wrong_status(array, device, new_array):
        return 17

    array = create_mts_array(np.zeros((2, 2)))
    callback = _cast_to_ctype_functype(wrong_status, "copy")
    array.copy = callback
    block = TensorBlock(array, Labels.range("s", 2), [], Labels.range("p", 2))
    with pytest.raises(MetatensorError):
        block.copy()


def test_data_origin_types(wrap):
    origin = mts_data_origin_t()
    array = wrap(np.zeros(2))
    check_status(array.origin(array.ptr, ctypes.byref(origin)))
    assert origin.value == _register_origin("python.numpy")
