"""Arrays of different libraries together, arrays without data, and how libraries are found."""

import gc
import subprocess
import sys
import threading
import weakref

import array_api_strict
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from metatensor import Labels, MetatensorError, TensorBlock, TensorMap
from metatensor._c_lib import _get_library
from metatensor._data import array_namespace, backend_of, data_origin, data_origin_name

ARRAYS = {
    "numpy": np.zeros((2, 2), dtype="float32"),
    "torch": torch.zeros(2, 2),
    "jax": jnp.zeros((2, 2), dtype="float32"),
    "array_api_strict": array_api_strict.zeros((2, 2), dtype=array_api_strict.float32),
}
PAIRS = [(first, second) for first in ARRAYS for second in ARRAYS if first != second]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_mixed_libraries(first, second, make_block, make_tensor):
    with pytest.raises(MetatensorError, match=f"python.{first} and python.{second}"):
        make_tensor([make_block(ARRAYS[first]), make_block(ARRAYS[second])])

    block = make_block(ARRAYS[first])
    gradient = TensorBlock(ARRAYS[second], Labels.range("sample", 2), [], Labels.range("p", 2))
    with pytest.raises(MetatensorError, match=f"python.{second}.*python.{first}"):
        block.add_gradient("g", gradient)
    assert block.gradients_list() == []


@pytest.mark.parametrize("name", ARRAYS)
def test_kind_of_arrays(name, make_block):
    block = make_block(ARRAYS[name])
    assert backend_of(block.values).name == name
    assert data_origin_name(data_origin(block._raw_values)) == f"python.{name}"
    for labels in [block.samples, block.samples.to(arrays=name)]:
        assert labels == Labels.range("s", 2)


def test_labels_of_all_libraries_are_equal():
    labels = [Labels.range("s", 3).to(arrays=name) for name in ARRAYS]
    assert all(first == second for first in labels for second in labels)
    entries = [labels[1] for labels in labels]
    assert all(first == second for first in entries for second in entries)


def test_namespaces():
    for array in ARRAYS.values():
        namespace = array_namespace(array)
        assert type(namespace.concat([array, array], axis=0)) is type(array)
    assert array_namespace(ARRAYS["jax"]) is jnp
    assert array_namespace(ARRAYS["array_api_strict"]) is array_api_strict
    for value in [[1, 2], object(), 3]:
        with pytest.raises(TypeError, match=r"array API.*to\(arrays="):
            array_namespace(value)


# ---------------------------------------------------------------------- libraries


def test_imports():
    """Libraries are only imported if the user does it"""
    code = """
import sys
import numpy as np
import metatensor

block = metatensor.TensorBlock(
    np.zeros((1, 1)), metatensor.Labels.single(), [], metatensor.Labels.single()
)
block.copy().to(np.float32)
print(block, block.samples)
try:
    metatensor.Labels("a", [[1, 2]])
except ValueError:
    pass
found = {"jax", "torch", "cupy", "array_api_compat", "array_api_strict", "ml_dtypes"}
assert not found & set(sys.modules), found & set(sys.modules)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_library_that_is_not_installed(monkeypatch, make_block):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.delitem(sys.modules, "array_api_compat.cupy", raising=False)
    with pytest.raises(ModuleNotFoundError, match="arrays of cupy.*not installed"):
        make_block(ARRAYS["numpy"]).to(arrays="cupy")


class NumpyLike:
    """An array of another library, which is built around NumPy"""

    def __init__(self, array):
        self.array = array

    shape = property(lambda self: self.array.shape)
    ndim = property(lambda self: self.array.ndim)
    dtype = property(lambda self: self.array.dtype)
    device = property(lambda self: "cpu")

    def __array_namespace__(self, api_version=None):
        return np

    def __dlpack__(self, **kwargs):
        return self.array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_new_library(make_block):
    values = NumpyLike(np.ones((2, 2)))
    block = make_block(values)
    assert block.values is values
    assert (block.shape, block.dtype, block.device) == ((2, 2), np.float64, "cpu")
    # named like the module that defines this type
    name = __name__.partition(".")[0]
    assert backend_of(values).name == name
    assert data_origin_name(data_origin(block._raw_values)) == f"python.{name}"
    assert type(block.to(arrays="numpy").values) is np.ndarray


def test_wrong_namespace(make_block):
    class WrongArray(NumpyLike):
        def __array_namespace__(self, api_version=None):
            raise RuntimeError("no functions")

    with pytest.raises(RuntimeError, match="no functions"):
        make_block(WrongArray(np.ones((2, 2))))


def test_arrays_without_dlpack(make_block):
    class WithoutDLPack:
        shape = (2, 2)
        ndim = 2

        def __array_namespace__(self, api_version=None):
            return array_api_strict

    with pytest.raises(ValueError, match="WithoutDLPack.*__dlpack_device__"):
        make_block(WithoutDLPack())


# ---------------------------------------------------------------------- threads and memory


def test_first_use_in_many_threads(make_block):
    """All threads get the same data origin"""

    def make_type(index):
        return type(f"Array{index}", (NumpyLike,), {"__module__": "library_of_threads"})

    origins = []
    start = threading.Barrier(8)

    def use(array_type):
        start.wait()
        block = make_block(array_type(np.ones((2, 2))))
        origins.append((data_origin(block._raw_values), id(backend_of(block.values))))

    threads = [threading.Thread(target=use, args=[make_type(i)]) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(origins) == 8
    assert len(set(origins)) == 1


def test_destroyed_without_interpreter_lock(library):
    """Other languages free blocks in any thread, without knowing that there is an interpreter"""
    values = library.make(np.ones((2, 2)))
    alive = weakref.ref(values)

    def labels(name):
        return Labels(name, library.make(np.array([[0], [1]], dtype=np.int32)))

    block = TensorBlock(values, labels("s"), [], labels("p"))
    pointer = block.release()
    del values, block
    gc.collect()
    assert alive() is not None
    # ctypes releases the lock during the call
    thread = threading.Thread(target=_get_library().mts_block_free, args=[pointer])
    thread.start()
    thread.join()
    gc.collect()
    assert alive() is None


# ---------------------------------------------------------------------- tensors without data


@pytest.fixture
def meta():
    """Labels and tensor map on the device ``meta`` of torch, where arrays only have a shape"""
    blocks = []
    for _ in range(2):
        samples, properties = Labels.range("s", 2), Labels.range("p", 3)
        block = TensorBlock(torch.zeros(2, 3), samples, [], properties)
        gradient = TensorBlock(torch.zeros(1, 3), Labels.range("sample", 1), [], properties)
        block.add_gradient("g", gradient)
        blocks.append(block)
    # labels made with NumPy follow
    return TensorMap(Labels.range("k", 2), blocks).to("meta")


def test_meta(meta):
    device = torch.device("meta")
    assert meta.device == meta.keys.device == device
    for block in meta:
        assert block.samples.device == block.gradient("g").samples.device == device
        assert block.shape == (2, 3)
    for same in [meta.copy(), meta.copy(deep=False), meta.to("meta"), meta.to(torch.float64)]:
        assert same.device == device
        assert len(same) == 2
    assert meta.to(torch.float64).dtype == torch.float64
    entry = meta.keys[0]
    assert entry.values.shape == (1,)
    assert len(meta.blocks_by_id([0, 1])) == 2


def test_meta_text(meta):
    assert str(meta.keys) == "Labels\n    k\n    ?\n    ?"
    assert meta.keys.print(-1) == " k\n ?\n ?"
    assert str(meta.keys[0]) == "LabelsEntry(k=?)"
    assert "shape (2, 3)" in str(meta)
    assert "shape (2, 3)" in meta._repr_html_()
    assert "?" in meta.keys[0]._repr_html_()


@pytest.mark.parametrize(
    "use_data",
    [
        lambda tensor: tensor.keys_to_samples("k"),
        lambda tensor: tensor.keys_to_properties("k"),
        lambda tensor: tensor.save_buffer(),
        lambda tensor: tensor[0].save_buffer(),
        lambda tensor: tensor.block(k=1),
        lambda tensor: tensor.keys.position([0]),
        lambda tensor: tensor.keys == Labels.range("k", 2),
        lambda tensor: tensor.keys.union(tensor.keys),
        lambda tensor: tensor.to("cpu"),
        lambda tensor: tensor.to(arrays="numpy"),
        lambda tensor: tensor.to(arrays="jax"),
    ],
)
def test_meta_has_no_data(meta, use_data):
    with pytest.raises(
        (ValueError, TypeError, RuntimeError, MetatensorError), match="no data|meta|values of"
    ):
        use_data(meta)
