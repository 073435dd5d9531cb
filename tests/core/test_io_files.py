"""Functions that save and load: names of files, file objects, buffers, errors."""

import hashlib
import io
import os
import pathlib
import warnings

import numpy as np
import pytest

import metatensor
from metatensor import Labels, MetatensorError, TensorBlock, TensorMap


@pytest.fixture
def labels():
    return Labels(["a", "b"], np.array([[0, 1], [-2, 3]]))


@pytest.fixture
def block():
    return TensorBlock(
        values=np.array([[1.0, 2.0], [3.0, 4.0]]),
        samples=Labels.range("s", 2),
        components=[],
        properties=Labels.range("p", 2),
    )


@pytest.fixture
def tensor():
    """Tensor map with gradients of gradients and global information"""
    xyz = Labels.range("xyz", 3)
    properties = Labels.range("p", 2)
    block = TensorBlock(
        np.array([[1, 2], [3, 4]], np.float32), Labels.range("s", 2), [], properties
    )
    pos = TensorBlock(
        np.arange(12, dtype=np.float32).reshape(2, 3, 2),
        Labels(["sample", "k"], np.array([[0, 5], [1, -1]])),
        [xyz],
        properties,
    )
    n = TensorBlock(
        np.zeros((1, 3, 2), np.float32), Labels(["sample"], np.array([[0]])), [xyz], properties
    )
    a = TensorBlock(
        np.ones((1, 2), np.float32), Labels(["sample"], np.array([[1]])), [], properties
    )
    pos.add_gradient("n", n)
    block.add_gradient("pos", pos)
    block.add_gradient("A", a)
    tensor = TensorMap(Labels(["key"], np.array([[7]])), [block])
    tensor.set_info("z", "1")
    tensor.set_info("a", 'line\n"q" é')
    return tensor


@pytest.fixture(params=["labels", "block", "tensor"])
def data(request):
    """Each kind of object that can be saved"""
    return request.getfixturevalue(request.param)


def load_function(data):
    if isinstance(data, Labels):
        return metatensor.load_labels
    return metatensor.load_block if isinstance(data, TensorBlock) else metatensor.load


def load_buffer_function(data):
    if isinstance(data, Labels):
        return metatensor.io.load_labels_buffer
    if isinstance(data, TensorBlock):
        return metatensor.io.load_block_buffer
    return metatensor.io.load_buffer


def to_bytes(data):
    return bytes(metatensor.io.save_buffer(data))


def test_known_bytes(labels, block, tensor):
    empty = TensorMap(Labels.empty("key"), [])
    expected = [
        (labels, 144, "71953765850aa6709d62e4f93de0d9b1c7adfcc9a6145243aee53012f1cbc174"),
        (block, 812, "a8a9bc10e794d5e6f0c1fa0c0c97182c1ca28012f4441e9179636760ad4079a0"),
        (empty, 262, "5cb5d19b5c4fe843d4f57e0c23d6b3b0783148bc62446b73b6d396d3e78ceaa5"),
        (tensor, 3789, "cb4b6a939783fa3aa3c9c5c12255c2328e8413cdd8fd9b1206b10c9c3a7aac88"),
    ]
    for data, size, digest in expected:
        content = to_bytes(data)
        assert len(content) == size
        assert hashlib.sha256(content).hexdigest() == digest


@pytest.mark.parametrize("path_type", [str, pathlib.Path])
def test_path(data, tmp_path, path_type):
    path = path_type(tmp_path / "data.mts")
    metatensor.save(path, data)
    assert pathlib.Path(path).read_bytes() == to_bytes(data)
    assert to_bytes(load_function(data)(path)) == to_bytes(data)
    assert to_bytes(type(data).load(path)) == to_bytes(data)

    data.save(path)
    assert pathlib.Path(path).read_bytes() == to_bytes(data)
    assert os.listdir(tmp_path) == ["data.mts"]


def test_extension(data, tmp_path):
    for name in ["data.npz", "data.npy", "data", "data.MTS"]:
        with pytest.warns(UserWarning, match=r"\.mts.*" + name + r"\.mts"):
            metatensor.save(str(tmp_path / name), data)
        assert (tmp_path / f"{name}.mts").read_bytes() == to_bytes(data)
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize("use_numpy", [True, False])
def test_numpy_does_not_change_the_path(block, tensor, tmp_path, use_numpy):
    for data, load in [(block, metatensor.load_block), (tensor, metatensor.load)]:
        path = tmp_path / "data.npz"
        metatensor.save(path, data, use_numpy=True)
        assert os.listdir(tmp_path) == ["data.npz"]
        assert to_bytes(load(path, use_numpy=use_numpy)) == to_bytes(data)


def test_file_object(data, tmp_path):
    class File:
        def __init__(self):
            self.calls = []

        def write(self, content):
            self.calls.append(content)

    file = File()
    metatensor.save(file, data)
    assert file.calls == [to_bytes(data)]
    assert type(file.calls[0]) is bytes

    assert to_bytes(load_function(data)(io.BytesIO(file.calls[0]))) == to_bytes(data)

    with open(tmp_path / "file", "wb") as opened:
        metatensor.save(opened, data)
    with open(tmp_path / "file", "rb") as opened:
        assert to_bytes(load_function(data)(opened)) == to_bytes(data)


def test_numpy_file_object(block, tensor):
    for data, load in [(block, metatensor.load_block), (tensor, metatensor.load)]:
        file = io.BytesIO()
        metatensor.save(file, data, use_numpy=True)
        assert file.getvalue() == bytes(metatensor.io.save_buffer(data, use_numpy=True))
        file.seek(0)
        assert to_bytes(load(file, use_numpy=True)) == to_bytes(data)


def test_buffer(data):
    buffer = metatensor.io.save_buffer(data)
    assert isinstance(buffer, memoryview)
    assert not buffer.readonly
    assert len(buffer) == buffer.nbytes == len(to_bytes(data))
    assert buffer == data.save_buffer()
    assert io.BytesIO(buffer).read() == to_bytes(data)

    load = load_buffer_function(data)
    array = np.frombuffer(buffer, dtype=np.uint8)
    for content in [buffer, bytes(buffer), bytearray(buffer), array]:
        assert to_bytes(load(content)) == to_bytes(data)
        assert to_bytes(type(data).load_buffer(content)) == to_bytes(data)

    # the buffer is independent from what was loaded
    content = bytearray(buffer)
    loaded = load(content)
    content[:] = bytes(len(content))
    assert to_bytes(loaded) == to_bytes(data)


def test_numpy_buffer(block, tensor):
    for data in [block, tensor]:
        buffer = data.save_buffer(use_numpy=True)
        assert isinstance(buffer, memoryview)
        assert not buffer.readonly
        assert len(buffer) == len(data.save_buffer())
        for use_numpy in [True, False]:
            loaded = type(data).load_buffer(buffer, use_numpy=use_numpy)
            assert to_bytes(loaded) == to_bytes(data)


def test_loaded_arrays(labels, tensor):
    buffer = tensor.save_buffer()
    for use_numpy in [False, True]:
        loaded = metatensor.io.load_buffer(buffer, use_numpy=use_numpy)
        block = loaded.block(0)
        assert type(block.values) is np.ndarray
        assert block.values.dtype == np.float32
        assert block.values.flags.writeable
        assert type(block.gradient("pos").gradient("n").values) is np.ndarray
        assert not block.samples.values.flags.writeable
        assert loaded.info() == {"a": 'line\n"q" é', "z": "1"}
        assert block.gradients_list() == ["A", "pos"]

    assert not metatensor.io.load_labels_buffer(labels.save_buffer()).values.flags.writeable


def test_wrong_data(tmp_path):
    for data in [3, "labels", np.zeros(3), None, {}]:
        with pytest.raises(TypeError, match=f"TensorMap.*{type(data).__name__}"):
            metatensor.save(tmp_path / "data.mts", data)
        with pytest.raises(TypeError, match=f"TensorMap.*{type(data).__name__}"):
            metatensor.io.save_buffer(data)
        with pytest.raises(TypeError):
            metatensor.save(3, data)
    assert os.listdir(tmp_path) == []


def test_wrong_file(data):
    load = load_function(data)
    with pytest.raises(AttributeError, match="write"):
        metatensor.save(3, data)
    with pytest.raises(AttributeError, match="read"):
        load(3)
    with pytest.raises(AttributeError, match="read"):
        load(b"data.mts")
    with pytest.raises(TypeError, match="str"):
        load(io.StringIO("text"))
    with pytest.raises(TypeError, match="str"):
        load_buffer_function(data)("text")
    with pytest.raises(ValueError, match="NUL"):
        load("a\0b.mts")


def test_missing_file(data, tmp_path):
    path = tmp_path / "missing" / "data.mts"
    with pytest.raises(MetatensorError, match="missing/data.mts") as error:
        load_function(data)(path)
    assert str(error.value).startswith("io error: ")
    with pytest.raises(MetatensorError, match="missing/data.mts") as error:
        metatensor.save(path, data)
    assert error.value.status == metatensor._c_api.mts_status_t.MTS_IO_ERROR


def test_missing_file_numpy(block, tensor, tmp_path):
    path = tmp_path / "missing" / "data.mts"
    for data in [block, tensor]:
        with pytest.raises(FileNotFoundError):
            load_function(data)(path, use_numpy=True)
        with pytest.raises(OSError):
            metatensor.save(path, data, use_numpy=True)


def test_failure_keeps_the_file(block, tmp_path):
    path = tmp_path / "data.mts"
    block.save(path)
    content = path.read_bytes()

    wrong = TensorBlock(np.zeros((1, 1), dtype=np.longdouble), Labels.single(), [], Labels.single())
    with pytest.raises((BufferError, ValueError, MetatensorError)):
        wrong.save(path)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["data.mts"]


@pytest.mark.parametrize(
    "loader, content, expected",
    [
        ("load_labels", "block", "`load_block` to load TensorBlock"),
        ("load_labels", "tensor", "`load` to load TensorMap"),
        ("load_block", "labels", "`load_labels` to load Labels"),
        ("load_block", "tensor", "`load` to load TensorMap"),
        ("load", "labels", "`load_labels` to load Labels"),
        ("load", "block", "`load_block` to load TensorBlock"),
        ("load_labels_buffer", "block", "`load_block_buffer` to load TensorBlock"),
        ("load_labels_buffer", "tensor", "`load_buffer` to load TensorMap"),
        ("load_block_buffer", "labels", "`load_labels` to load Labels"),
        ("load_block_buffer", "tensor", "`load` to load TensorMap"),
        ("load_buffer", "labels", "`load_labels_buffer` to load Labels"),
        ("load_buffer", "block", "`load_block_buffer` to load TensorBlock"),
    ],
)
def test_wrong_kind(loader, content, expected, tmp_path, request):
    data = request.getfixturevalue(content)
    path = tmp_path / "data.mts"
    data.save(path)
    origin = "buffer" if loader.endswith("buffer") else str(path)
    argument = data.save_buffer() if loader.endswith("buffer") else path

    load = getattr(metatensor.io, loader)
    with pytest.raises(MetatensorError) as error:
        load(argument)
    message = str(error.value)
    assert message.startswith("serialization format error: ")
    assert expected in message
    assert origin in message

    if "labels" not in loader:
        with pytest.raises(MetatensorError) as error:
            load(argument, use_numpy=True)
        message = str(error.value)
        assert message.startswith("serialization format error: ")
        assert expected.split("` ")[1] in message
        assert origin in message


def test_npy_extension(block, tmp_path):
    path = tmp_path / "data.NPY"
    path.write_bytes(b"something else")
    with pytest.raises(MetatensorError, match="`load_labels` to load Labels"):
        metatensor.load(path)


def test_many_threads(tensor):
    from concurrent.futures import ThreadPoolExecutor

    expected = to_bytes(tensor)
    with ThreadPoolExecutor(4) as pool:
        buffers = list(pool.map(lambda _: to_bytes(tensor), range(40)))
        loaded = list(pool.map(metatensor.io.load_buffer, buffers))
    assert all(buffer == expected for buffer in buffers)
    assert all(to_bytes(x) == expected for x in loaded)


def test_no_warnings(data, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data.save(tmp_path / "data.mts")
        type(data).load(tmp_path / "data.mts")
        type(data).load_buffer(data.save_buffer())
