"""Objects that only have the DLPack protocol, also when they do something wrong."""

import ctypes

import numpy as np
import pytest
import torch
from ctypes_dlpack import DLDataType, DLDevice, DLManagedTensorVersioned, DLPackVersion

from metatensor import Labels, MetatensorError, TensorBlock, TensorMap


class Array:
    """A correct array, with two samples and one property. The tests replace parts of it."""

    shape = (2, 1)

    def __init__(self):
        self.data = np.array([[1], [2]], dtype=np.int32)

    def __dlpack__(self, **kwargs):
        return self.data.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return (1, 0)


def array_with(**attributes):
    return type("Wrong", (Array,), attributes)()


def make_block(values):
    return TensorBlock(values, Labels.range("s", 2), [], Labels.range("p", 1))


def make_tensor(values):
    return TensorMap(Labels.range("k", 2), [make_block(values), make_block(values)])


# ---------------------------------------------------------------------- what these objects can do


def test_new_data_is_numpy():
    array = Array()
    tensor = make_tensor(array)
    assert tensor[0].values is array
    assert tensor.dtype == np.int32
    assert tensor.device == "cpu"
    for new in [
        tensor.copy(),
        tensor.keys_to_samples("k"),
        tensor.keys_to_properties("k"),
        tensor.to(dtype=np.float64),
        tensor.to(arrays="numpy"),
    ]:
        assert type(new[0].values) is np.ndarray
    assert tensor.keys_to_samples("k")[0].values.tolist() == [[1], [1], [2], [2]]
    with pytest.raises(ValueError, match="unknown kind|DLPack"):
        tensor[0].to(arrays="numpy").to(arrays="dlpack")


def test_same_memory():
    array = Array()
    for arrays in ["numpy", "torch"]:
        values = make_block(array).to(arrays=arrays).values
        values[0, 0] += 10
    assert array.data.tolist() == [[21], [2]]


def test_read_only_memory():
    array = Array()
    array.data.flags.writeable = False
    assert not make_block(array).to(arrays="numpy").values.flags.writeable
    make_block(array).to(arrays="torch").values[0, 0] = 10
    assert array.data[0, 0] == 1


def test_first_version_of_dlpack():
    """There was a time without any argument but the stream, and without read-only memory"""
    values = array_with(__dlpack__=lambda self, stream=None: self.data.__dlpack__(stream=stream))
    assert make_tensor(values).keys_to_samples("k")[0].values.tolist() == [[1], [1], [2], [2]]
    assert Labels("a", values).values.tolist() == [[1], [2]]
    assert len(make_block(values).save_buffer()) == len(make_block(Array()).save_buffer())


def test_own_dtype_is_used():
    assert make_block(array_with(dtype="my type")).dtype == "my type"


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.complex64, torch.bool])
def test_dtypes(dtype):
    array = array_with(
        __dlpack__=lambda self, **kwargs: torch.ones(2, 1, dtype=dtype).__dlpack__(**kwargs)
    )
    merged = make_tensor(array).keys_to_samples("k")
    assert str(merged.dtype) == str(dtype).removeprefix("torch.")
    assert merged[0].values.astype(complex).tolist() == [[1]] * 4


def test_objects_that_are_not_arrays():
    class OnlyShape:
        shape = (2, 1)

    class OnlyMethod:
        shape = (2, 1)
        __dlpack__ = Array.__dlpack__

    class NoShape:
        __dlpack__ = Array.__dlpack__
        __dlpack_device__ = Array.__dlpack_device__

    for values in [OnlyShape(), OnlyMethod(), np.float64(3.0), Array]:
        with pytest.raises(ValueError, match="unknown type of array.*NumPy.*torch.*DLPack|dlpack"):
            make_block(values)
        with pytest.raises(ValueError, match="must be a NumPy array"):
            Labels("a", values)
    with pytest.raises(AttributeError, match="shape"):
        make_block(NoShape())


# ---------------------------------------------------------------------- what they can do wrong


USES = {
    "labels": lambda array: Labels("a", array),
    "copy": lambda array: make_block(array).copy(),
    "merge": lambda array: make_tensor(array).keys_to_samples("k"),
    "save": lambda array: make_block(array).save_buffer(),
    "convert": lambda array: make_block(array).to(arrays="numpy"),
}


@pytest.fixture(params=USES.values(), ids=USES.keys())
def use(request):
    """Each way to use the data of an array"""
    return request.param


def test_correct_array(use):
    use(Array())


def test_exceptions_are_not_changed(use):
    class CustomError(Exception):
        pass

    error = CustomError("no data today")

    def fail(self, **kwargs):
        raise error

    with pytest.raises(CustomError) as caught:
        use(array_with(__dlpack__=fail))
    assert caught.value is error

    with pytest.raises(CustomError):
        use(array_with(__dlpack_device__=fail))
    with pytest.raises(CustomError):
        use(array_with(shape=property(fail)))


@pytest.mark.parametrize("capsule", [None, 3, "abc", object(), [], np.zeros((2, 1))])
def test_not_a_capsule(use, capsule):
    with pytest.raises(TypeError, match=f"DLPack capsule.*{type(capsule).__name__}"):
        use(array_with(__dlpack__=lambda self, **kwargs: capsule))


def test_capsule_used_twice(use):
    capsule = Array().data.__dlpack__(max_version=(1, 3))
    np.from_dlpack(array_with(__dlpack__=lambda self, **kwargs: capsule))
    with pytest.raises(TypeError, match="not used yet"):
        use(array_with(__dlpack__=lambda self, **kwargs: capsule))


@pytest.mark.parametrize("shape", [(1, 1), (3, 1), (2, 2), (2,), (2, 1, 1), ()])
def test_data_with_another_shape(use, shape):
    def __dlpack__(self, **kwargs):
        return np.zeros(shape, dtype=np.int32).__dlpack__(**kwargs)

    with pytest.raises((ValueError, BufferError), match="shape"):
        use(array_with(__dlpack__=__dlpack__))


@pytest.mark.parametrize(
    "shape", [3, "ab", (-1, 1), (2**70, 1), (2**62, 2**62), (None, 1), (2.5, 1), ("2", 1), (5, 1)]
)
def test_wrong_shape(shape):
    with pytest.raises((TypeError, ValueError, OverflowError, MetatensorError)):
        make_block(array_with(shape=shape))
    with pytest.raises((TypeError, ValueError, OverflowError, MetatensorError)):
        Labels("a", array_with(shape=shape))


@pytest.mark.parametrize("shape", [[2, 1], (np.int64(2), np.int8(1)), torch.zeros(2, 1).shape])
def test_types_of_shapes(use, shape):
    use(array_with(shape=shape))


def test_shape_that_changes_while_it_is_read():
    class Size:
        def __init__(self, shape):
            self.shape = shape

        def __index__(self):
            self.shape.clear()
            return 2

    shape = []
    shape += [Size(shape), 1]
    assert make_block(array_with(shape=shape)).values.shape == []


def test_shape_that_changes():
    array = Array()
    block = make_block(array)
    array.shape = (1, 1)
    with pytest.raises(ValueError, match="shape"):
        block.copy()
    with pytest.raises(ValueError, match="shape"):
        block.save_buffer()


@pytest.mark.parametrize(
    "device", [None, 3, (), (1,), (1, 0, 0), ("a", "b"), (-1, 0), (2**40, 0), (1, 2**40), (1, None)]
)
def test_wrong_device(use, device):
    with pytest.raises(ValueError, match="__dlpack_device__.*type and the index"):
        use(array_with(__dlpack_device__=lambda self: device))


@pytest.mark.parametrize("device", [(2, 0), (99, 3)])
def test_other_device(device):
    # this is the device that the labels should have
    with pytest.raises(MetatensorError, match="same device"):
        make_block(array_with(__dlpack_device__=lambda self: device))


class Capsules:
    """Makes DLPack capsules with any content, and keeps their memory"""

    def __init__(self):
        self.memory = []
        self.new = ctypes.pythonapi.PyCapsule_New
        self.new.restype = ctypes.py_object
        self.new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]

    def make(self, shape=(2, 1), ndim=None, dtype=(0, 32, 1), device=(1, 0), **fields):
        data = np.array([[1], [2]], dtype=np.int32)
        managed = DLManagedTensorVersioned()
        managed.version = DLPackVersion(*fields.get("version", (1, 0)))
        tensor = managed.dl_tensor
        tensor.data = fields.get("data", data.ctypes.data)
        tensor.device = DLDevice(*device)
        tensor.dtype = DLDataType(*dtype)
        tensor.ndim = 2 if ndim is None else ndim
        if shape is not None:
            sizes = (ctypes.c_int64 * len(shape))(*shape)
            tensor.shape = ctypes.cast(sizes, ctypes.POINTER(ctypes.c_int64))
            self.memory.append(sizes)
        self.memory += [data, managed]
        return self.new(ctypes.addressof(managed), b"dltensor_versioned", None)


@pytest.fixture
def capsules():
    return Capsules()


def test_correct_capsule(use, capsules):
    # without strides, and without function to delete the tensor
    use(array_with(__dlpack__=lambda self, **kwargs: capsules.make()))


@pytest.mark.parametrize(
    ("fields", "match"),
    [
        ({"version": (0, 8)}, "version 0"),
        ({"version": (2, 0)}, "version 2"),
        ({"shape": None}, "without shape"),
        ({"ndim": -1}, "-1 axes"),
        ({"ndim": 10_000}, "10000 axes"),
        ({"shape": (-2, 1)}, "size -2"),
        ({"shape": (2**62, 2**62)}, "size 4611686018427387904"),
        ({"data": None}, "without data"),
        ({"dtype": (0, 32, 4)}, "4 lanes"),
        ({"dtype": (0, 32, 0)}, "0 lanes"),
        ({"dtype": (0, 0, 1)}, "0 bits"),
        ({"dtype": (0, 3, 1)}, "3 bits"),
    ],
)
def test_wrong_tensor(use, capsules, fields, match):
    array = array_with(__dlpack__=lambda self, **kwargs: capsules.make(**fields))
    with pytest.raises(BufferError, match=match):
        use(array)


@pytest.mark.parametrize(
    "fields", [{"dtype": (77, 32, 1)}, {"device": (2, 0)}, {"device": (99, 0)}]
)
def test_tensor_that_can_not_be_read(use, capsules, fields):
    array = array_with(__dlpack__=lambda self, **kwargs: capsules.make(**fields))
    with pytest.raises((BufferError, MetatensorError)):
        use(array)
