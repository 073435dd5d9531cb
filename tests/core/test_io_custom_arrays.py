"""Loading with functions that create arrays."""

import io
import zipfile

import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, MetatensorError, TensorBlock, TensorMap
from metatensor._data import create_mts_array
from metatensor._status import catch_exceptions
from metatensor.io import (
    create_numpy_array,
    create_torch_array,
    load_block_buffer_custom_array,
    load_block_custom_array,
    load_buffer_custom_array,
    load_custom_array,
)


@pytest.fixture
def block():
    block = TensorBlock(
        np.arange(6, dtype=np.float64).reshape(3, 2),
        Labels.range("s", 3),
        [],
        Labels.range("p", 2),
    )
    block.add_gradient(
        "g",
        TensorBlock(np.ones((1, 2)), Labels.range("sample", 1), [], Labels.range("p", 2)),
    )
    return block


@pytest.fixture
def tensor(block):
    return TensorMap(Labels.single(), [block.copy()])


@pytest.mark.parametrize(
    "create, array_type", [(create_numpy_array, np.ndarray), (create_torch_array, torch.Tensor)]
)
def test_create(block, tensor, tmp_path, create, array_type):
    path = tmp_path / "data.mts"

    def check(loaded):
        assert type(loaded.values) is array_type
        assert type(loaded.gradient("g").values) is array_type
        assert np.asarray(loaded.values).tolist() == [[0, 1], [2, 3], [4, 5]]

    block.save(path)
    for file in [path, str(path), bytes(path)]:
        check(load_block_custom_array(file, create_array=create))
    check(load_block_buffer_custom_array(block.save_buffer(), create_array=create))

    tensor.save(path)
    for file in [path, str(path), bytes(path)]:
        check(load_custom_array(file, create_array=create).block(0))
    check(load_buffer_custom_array(tensor.save_buffer(), create_array=create).block(0))


def test_arguments_of_create(block):
    calls = []

    @catch_exceptions
    def create(shape, shape_count, dtype, array):
        sizes = [shape[i] for i in range(shape_count)]
        calls.append((sizes, int(dtype.code), dtype.bits, dtype.lanes))
        array[0] = create_mts_array(np.empty(sizes, dtype=np.float64, order="F"))

    loaded = load_block_buffer_custom_array(block.save_buffer(), create)
    assert calls == [([3, 2], 2, 64, 1), ([1, 2], 2, 64, 1)]
    assert loaded.values.flags.f_contiguous
    assert loaded.values.tolist() == [[0, 1], [2, 3], [4, 5]]


class CustomError(Exception):
    pass


@pytest.mark.parametrize("decorator", [catch_exceptions, lambda function: function])
def test_exception_in_create(tensor, decorator):
    error = CustomError("not today")

    @decorator
    def create(shape, shape_count, dtype, array):
        raise error

    buffer = tensor.save_buffer()
    with pytest.raises(CustomError, match="not today") as caught:
        load_buffer_custom_array(buffer, create)
    assert caught.value is error


def test_create_gives_something_else(tensor):
    buffer = tensor.save_buffer()

    def load(make_array):
        @catch_exceptions
        def create(shape, shape_count, dtype, array):
            array[0] = create_mts_array(make_array([shape[i] for i in range(shape_count)]))

        return load_buffer_custom_array(buffer, create)

    with pytest.raises(MetatensorError, match="serialization format error"):
        load(lambda shape: np.empty(shape, dtype=np.float32))
    with pytest.raises(MetatensorError, match="invalid parameter"):
        load(lambda shape: np.empty([1, *shape]))
    with pytest.raises(MetatensorError, match="invalid parameter"):
        load(lambda shape: np.broadcast_to(1.0, shape))

    def do_nothing(shape, shape_count, dtype, array):
        return 0

    with pytest.raises(MetatensorError):
        load_buffer_custom_array(buffer, do_nothing)


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
def test_types_that_torch_does_not_have(dtype):
    block = TensorBlock(np.ones((1, 1), dtype), Labels.single(), [], Labels.single())
    with pytest.raises(ValueError, match=dtype):
        load_block_buffer_custom_array(block.save_buffer(), create_torch_array)


def test_arrays_are_released(tensor):
    import weakref

    buffer = tensor.save_buffer()
    created = []

    @catch_exceptions
    def create(shape, shape_count, dtype, array):
        if len(created) == 1:
            raise CustomError("only one")
        values = np.empty([shape[i] for i in range(shape_count)])
        created.append(weakref.ref(values))
        array[0] = create_mts_array(values)

    with pytest.raises(CustomError):
        load_buffer_custom_array(buffer, create)
    assert created[0]() is None


@pytest.mark.parametrize("level", [0, 1, 6, 9])
@pytest.mark.parametrize("kind", ["noise", "zeros", "text", "few values"])
def test_compressed(level, kind):
    """Arrays larger than all internal buffers, compressed in different ways"""
    rng = np.random.default_rng(seed=12)
    size = 300_000
    values = {
        "noise": lambda: rng.integers(0, 256, size),
        "zeros": lambda: np.zeros(size),
        "text": lambda: np.frombuffer((b"0123456789 metatensor " * size)[:size], np.uint8),
        "few values": lambda: rng.geometric(0.3, size) % 256,
    }[kind]()
    block = TensorBlock(
        values.astype(np.uint8).reshape(300, 1000),
        Labels.range("s", 300),
        [],
        Labels.range("p", 1000),
    )
    expected = bytes(block.save_buffer())

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for member in zipfile.ZipFile(io.BytesIO(expected)).infolist():
            content = zipfile.ZipFile(io.BytesIO(expected)).read(member)
            archive.writestr(member.filename, content)
    loaded = metatensor.io.load_block_buffer(file.getvalue())
    assert bytes(loaded.save_buffer()) == expected
