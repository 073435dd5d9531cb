"""Arrays that do not come from Python."""

import gc
import sys
import weakref

import numpy as np
import pytest
import torch

import metatensor
from metatensor import (
    ExternalCpuArray,
    ExternalCudaArray,
    Labels,
    TensorBlock,
    TensorMap,
    register_external_data_wrapper,
)
from metatensor._data import (
    create_mts_array,
    mts_array_to_python_array,
    mts_array_was_allocated_by_python,
)
from metatensor._data._array import _cast_to_ctype_functype, _register_origin
from metatensor._status import catch_exceptions, check_status

_CALLBACKS = {}


def foreign_array(array, origin="RustArray"):
    """An array whose data origin is not one of Python"""
    if origin not in _CALLBACKS:
        identifier = _register_origin(origin)

        def get_origin(array, result):
            result[0] = identifier

        _CALLBACKS[origin] = _cast_to_ctype_functype(catch_exceptions(get_origin), "origin")
    mts_array = create_mts_array(array)
    mts_array.origin = _CALLBACKS[origin]
    return mts_array


def foreign_block(values, origin="RustArray"):
    return TensorBlock(
        foreign_array(values, origin),
        Labels.range("s", values.shape[0]),
        [],
        Labels.range("p", values.shape[1]),
    )


@pytest.fixture
def library_labels():
    """Labels whose values were created by the library"""
    buffer = Labels(["a", "b"], np.arange(8).reshape(4, 2)).save_buffer()
    return Labels.load_buffer(buffer)


def test_labels_of_the_library(library_labels):
    values = library_labels.values
    assert type(values) is ExternalCpuArray
    assert values.dtype == np.int32
    assert values.tolist() == [[0, 1], [2, 3], [4, 5], [6, 7]]
    assert values._parent is library_labels
    assert not values.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        values[0, 0] = 3
    # a new wrapper each time
    assert library_labels.values is not values
    assert not mts_array_was_allocated_by_python(library_labels._raw_values)
    assert library_labels.device == "cpu"
    assert library_labels[1]._values._parent is library_labels
    assert library_labels.column("a").tolist() == [0, 2, 4, 6]


def test_derived_labels(library_labels):
    expected = Labels(["a", "b"], np.arange(8).reshape(4, 2))
    assert library_labels == expected
    assert library_labels.union(expected) == expected
    assert library_labels.select(Labels.range("a", 3)).tolist() == [0, 1]
    assert library_labels.remove("a").values.tolist() == [[1], [3], [5], [7]]
    assert library_labels.permute([1, 0]).names == ["b", "a"]
    assert library_labels.append("c", np.arange(4)).names == ["a", "b", "c"]
    assert library_labels.rename("a", "z").values.tolist() == expected.values.tolist()
    assert Labels(["a", "b"], library_labels.values[::2]).values.tolist() == [[0, 1], [4, 5]]
    converted = library_labels.to(arrays="torch")
    assert isinstance(converted.values, torch.Tensor)
    assert converted == expected


def test_values_of_blocks():
    block = foreign_block(np.arange(6.0).reshape(2, 3))
    values = block.values
    assert type(values) is ExternalCpuArray
    assert values._parent is block
    values[0, 0] = 12.0
    assert block.values[0, 0] == 12.0
    assert block.device == "cpu"
    assert block.dtype == np.float64
    assert block.shape == (2, 3)


def test_parent_of_views():
    block = foreign_block(np.arange(6.0).reshape(2, 3))
    values = block.values
    for view in [values[::2], values.T, values.reshape(3, 2), values[0], values.copy()]:
        assert type(view) is ExternalCpuArray
        assert view._parent is block

    # new memory
    for result in [values + 1, np.sqrt(values), np.sum(values, axis=0), values @ values.T]:
        assert type(result) is np.ndarray
        assert not hasattr(result, "_parent")
    assert isinstance(np.sum(values), np.float64)
    assert isinstance(values.max(), np.float64)

    # results in the same memory
    result = np.add(values, 1.0, out=values)
    assert type(result) is ExternalCpuArray
    values += 1.0
    assert type(values) is ExternalCpuArray
    assert values._parent is block


def test_lifetime_of_parents():
    tensor = TensorMap(Labels.single(), [foreign_block(np.arange(6.0).reshape(2, 3))])
    alive = weakref.ref(tensor)
    values = tensor.block(0).values
    view = values[::2]
    total = np.sum(view)
    base = np.asarray(values[:1])
    del tensor
    gc.collect()
    assert alive() is not None

    del values
    gc.collect()
    assert alive() is not None
    assert view.tolist() == [[0.0, 1.0, 2.0]]

    # arrays of the base class use the same memory
    del view
    gc.collect()
    assert alive() is not None
    assert base.tolist() == [[0.0, 1.0, 2.0]]

    del base
    gc.collect()
    assert alive() is None
    assert total == 3.0


def test_keys_to_with_foreign_arrays():
    blocks = [foreign_block(np.full((n, 2), float(n))) for n in (1, 2)]
    tensor = TensorMap(Labels.range("k", 2), blocks)
    merged = tensor.keys_to_properties("k", fill_value=-1).block()
    assert merged.values.tolist() == [[1, 1, 2, 2], [-1, -1, 2, 2]]


def test_unknown_origin():
    block = foreign_block(np.zeros((1, 1)), origin="something else")
    with pytest.raises(ValueError, match=r"'something else'.*register_external_data_wrapper"):
        _ = block.values
    assert block.samples.names == ["s"]


def test_register_wrapper():
    with pytest.raises(ValueError, match="must be a str"):
        register_external_data_wrapper(3, ExternalCpuArray)

    calls = []

    def wrapper(mts_array, parent):
        calls.append((mts_array, parent))
        return "the array"

    register_external_data_wrapper("test.wrapper", wrapper)
    block = foreign_block(np.zeros((1, 1)), origin="test.wrapper")
    assert block.values == "the array"
    assert calls[0][1] is block
    assert type(calls[0][0]) is metatensor._c_api.mts_array_t

    register_external_data_wrapper("test.wrapper", ExternalCpuArray)
    assert type(block.values) is ExternalCpuArray


def test_mts_array_to_python_array():
    array = np.zeros((2, 2))
    foreign = foreign_array(array)
    owner = Labels.single()
    wrapped = mts_array_to_python_array(foreign, owner)
    assert type(wrapped) is ExternalCpuArray
    assert wrapped._parent is owner
    assert mts_array_to_python_array(foreign)._parent is None
    foreign.destroy(foreign.ptr)


def test_types_without_numpy_equivalent(monkeypatch):
    foreign = foreign_array(torch.tensor([1.5, -2.0], dtype=torch.bfloat16))
    values = ExternalCpuArray(foreign, None)
    assert values.dtype.name == "bfloat16"
    assert values.tolist() == [1.5, -2.0]
    del values
    # the type comes from another package, which might not be there
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    with pytest.raises(BufferError, match="bfloat16"):
        ExternalCpuArray(foreign, None)
    foreign.destroy(foreign.ptr)


# ---------------------------------------------------------------------- ExternalCudaArray


def test_external_cuda_array_on_cpu():
    data = np.arange(4.0)
    foreign = foreign_array(data)
    owner = Labels.single()
    tensor = ExternalCudaArray(foreign, owner, device_type=1)
    assert isinstance(tensor, torch.Tensor)
    assert tensor._parent is owner
    assert tensor.tolist() == [0.0, 1.0, 2.0, 3.0]
    tensor[0] = 8.0
    assert data[0] == 8.0
    foreign.destroy(foreign.ptr)


def test_external_cuda_array_without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    # the array is not used
    with pytest.raises(ImportError, match=r"ExternalCudaArray.*PyTorch"):
        ExternalCudaArray(None, None)


def test_external_cuda_array_errors():
    foreign = foreign_array(np.zeros(2))
    with pytest.raises(BufferError):
        ExternalCudaArray(foreign, None)
    foreign.destroy(foreign.ptr)


def test_dlpack_tensor():
    foreign = foreign_array(np.arange(6.0).reshape(2, 3))
    tensor = metatensor._metatensor.as_dlpack(foreign, 1, 0, None)
    assert tensor.ndim == 2
    assert not tensor.readonly
    assert tensor.__dlpack_device__() == (1, 0)
    # any number of consumers, with both versions of the protocol
    for version in [None, (0, 8), (1, 0)]:
        capsule = tensor.__dlpack__(max_version=version)
        del capsule
        array = torch.utils.dlpack.from_dlpack(tensor.__dlpack__(max_version=version))
        assert array.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert np.from_dlpack(tensor).tolist() == array.tolist()
    assert memoryview(tensor).tolist() == array.tolist()

    with pytest.raises(BufferError):
        tensor.__dlpack__(dl_device=(2, 0))
    with pytest.raises(BufferError):
        tensor.__dlpack__(copy=True)

    readonly = np.zeros(2)
    readonly.flags.writeable = False
    foreign_readonly = foreign_array(readonly)
    tensor = metatensor._metatensor.as_dlpack(foreign_readonly, 1, 0, None)
    assert tensor.readonly
    assert memoryview(tensor).readonly
    with pytest.raises(BufferError, match="version 1"):
        tensor.__dlpack__()
    foreign.destroy(foreign.ptr)
    foreign_readonly.destroy(foreign_readonly.ptr)


def test_arrays_without_data():
    array = metatensor._c_api.mts_array_t()
    with pytest.raises(ValueError, match="as_dlpack"):
        ExternalCpuArray(array, None)
    with pytest.raises(TypeError):
        ExternalCpuArray(b"abc", None)


def test_errors_of_origin():
    def failing(*args):
        raise KeyError("no origin")

    callback = _cast_to_ctype_functype(catch_exceptions(failing), "origin")
    array = create_mts_array(np.zeros(2))
    array.origin = callback
    with pytest.raises(KeyError, match="no origin"):
        check_status(array.origin(array.ptr, None))
    with pytest.raises(KeyError, match="no origin"):
        mts_array_to_python_array(array)
    array.destroy(array.ptr)
