"""Mapped files: arrays that use the memory of the file."""

import copy
import ctypes
import io
import os
import pathlib
import pickle
import struct
import zipfile
import zlib

import numpy as np
import pytest

import metatensor
from metatensor import Labels, MetatensorError, TensorBlock, TensorMap
from metatensor.io import File

DTYPES = ["bool", "int8", "uint16", "int64", "float16", "float32", "float64", "complex128"]


@pytest.fixture
def tensor():
    blocks = []
    for i in range(3):
        properties = Labels.range("p", 4)
        xyz = Labels.range("xyz", 3)
        block = TensorBlock(
            np.arange(24.0).reshape(2, 3, 4) + 100 * i, Labels.range("s", 2), [xyz], properties
        )
        gradient = TensorBlock(
            np.arange(24.0).reshape(2, 3, 4) + 0.5,
            Labels(["sample", "i"], np.array([[0, 2], [1, i]])),
            [xyz],
            properties,
        )
        block.add_gradient("g", gradient)
        blocks.append(block)
    tensor = TensorMap(Labels.range("key", 3), blocks)
    tensor.set_info("unit", "eV")
    return tensor


@pytest.fixture(params=["plain", "aligned"])
def path(request, tmp_path, tensor):
    path = str(tmp_path / "tensor.mts")
    metatensor.save(path, tensor, aligned=request.param == "aligned")
    return path


@pytest.fixture
def mapped(path):
    return metatensor.load(path, mmap=True)


def test_same_content(mapped, tensor):
    assert metatensor.equal(mapped, tensor)
    assert mapped.info() == {"unit": "eV"}
    assert bytes(mapped.save_buffer()) == bytes(tensor.save_buffer())


def test_arrays(mapped):
    for block in mapped:
        for part in (block, block.gradient("g")):
            values = part.values
            assert type(values) is np.ndarray
            assert not values.flags.writeable
            assert not values.flags.owndata
            assert part.values is values
            with pytest.raises(ValueError, match="read-only"):
                values[0] = 1
            with pytest.raises(ValueError):
                values.flags.writeable = True


def test_uses_the_file(path, mapped):
    """A change of the file is seen in the arrays."""
    values = mapped[1].values
    with open(path, "r+b") as file:
        content = file.read()
        file.seek(content.index(np.array([100.0, 101.0]).tobytes()))
        file.write(np.array([-5.0]).tobytes())
    assert values[0, 0, 0] == -5.0
    assert values[0, 0, 1] == 101.0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("aligned", [False, True])
def test_types(tmp_path, dtype, aligned):
    values = (np.arange(15).reshape(5, 3) % 2).astype(dtype)
    block = TensorBlock(values, Labels.range("s", 5), [], Labels.range("p", 3))
    block.save(tmp_path / "block.mts", aligned=aligned)
    mapped = metatensor.load_block(tmp_path / "block.mts", mmap=True)
    assert mapped.dtype == values.dtype
    np.testing.assert_array_equal(mapped.values, values)
    assert not mapped.values.flags.writeable
    if aligned:
        assert mapped.values.flags.aligned
        assert mapped.values.ctypes.data % 64 == 0


def test_lifetime(path, tensor):
    values = metatensor.load(path, mmap=True)[0].values
    os.remove(path)
    np.testing.assert_equal(values, tensor[0].values)


def test_keys(path, tensor):
    mapped = metatensor.load(path, mmap=True, keys=Labels(["key"], np.array([[2], [0]])))
    np.testing.assert_equal(mapped.keys.values, [[0], [2]])
    np.testing.assert_equal(mapped[1].values, tensor[2].values)
    assert len(metatensor.load(path, mmap=True, keys=Labels.empty(["key"]))) == 0


def test_replaced_file(path, tensor):
    """Saving, also to the same path, leaves mapped arrays as they were."""
    mapped = TensorMap.load(path, mmap=True)
    mapped.save(path)
    assert metatensor.equal(metatensor.load(path), tensor)
    metatensor.save(path, metatensor.multiply(mapped, 2.0), aligned=True)
    assert metatensor.equal(mapped, tensor)
    assert metatensor.equal(metatensor.load(path), metatensor.multiply(tensor, 2.0))


def test_new_arrays_are_writable(mapped, tensor):
    for operation in [
        lambda x: x.keys_to_samples("key"),
        lambda x: x.keys_to_properties("key"),
        lambda x: x.components_to_properties("xyz"),
        lambda x: x.copy(),
        lambda x: metatensor.add(x, 1.0),
        lambda x: metatensor.slice(x, "samples", Labels(["s"], np.array([[1]]))),
        lambda x: x.to(dtype=np.float32),
        copy.deepcopy,
        lambda x: pickle.loads(pickle.dumps(x)),
    ]:
        result = operation(mapped)
        assert metatensor.equal(result, operation(tensor))
        values = result[0].values
        assert values.flags.writeable
        values[0] = 12.0
    assert metatensor.equal(mapped, tensor)


def test_to_torch(mapped, tensor):
    converted = mapped.to(arrays="torch")
    assert metatensor.equal(converted, tensor.to(arrays="torch"))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_of_numpy(tmp_path, tensor, method):
    """Archives made by others, compressed or not"""
    buffer = io.BytesIO()
    metatensor.save(buffer, tensor, use_numpy=True)
    path = tmp_path / "other.mts"
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(path, "w", method) as archive:
        for name in source.namelist():
            archive.writestr(name, source.read(name))
    mapped = metatensor.load(path, mmap=True)
    assert metatensor.equal(mapped, tensor)
    assert not mapped[0].values.flags.writeable


@pytest.mark.parametrize(
    "stored, expected",
    [
        (np.array([[1.5, -2.0]], dtype=">f8"), np.array([[1.5, -2.0]])),
        (np.array([[1 + 2j, 3.0]], dtype=">c8"), np.array([[1 + 2j, 3.0]], dtype=np.complex64)),
        (np.array([[0, 255]], dtype=np.uint8).view(bool), np.array([[False, True]])),
    ],
)
def test_decoded(tmp_path, stored, expected):
    """What can not be used as it is in the file"""
    path = tmp_path / "block.mts"
    block = TensorBlock(stored, Labels.range("s", 1), [], Labels.range("p", 2))
    metatensor.save(path, block, use_numpy=True)
    values = metatensor.load_block(path, mmap=True).values
    assert values.dtype == expected.dtype
    assert values.tobytes() == expected.tobytes()
    assert not values.flags.writeable


def test_aligned_files(tmp_path, tensor):
    """They are normal files, where the data of values is at multiples of 64 bytes."""
    path = tmp_path / "tensor.mts"
    tensor.save(path, aligned=True)
    assert metatensor.equal(metatensor.load(path), tensor)
    assert metatensor.equal(metatensor.load(path, use_numpy=True), tensor)
    with np.load(path) as archive:
        np.testing.assert_equal(archive["blocks/1/values"], tensor[1].values)

    content = path.read_bytes()
    plain = bytes(tensor.save_buffer())
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(io.BytesIO(plain)) as plain_archive:
        assert archive.namelist() == plain_archive.namelist()
        for info in archive.infolist():
            if info.filename.endswith("values.npy"):
                name_size, extra_size = struct.unpack_from("<HH", content, info.header_offset + 26)
                start = info.header_offset + 30 + name_size + extra_size
                header_size = struct.unpack_from("<H", content, start + 8)[0]
                assert content[start + 6] == 1
                assert (start + 10 + header_size) % 64 == 0
                assert info.file_size - plain_archive.getinfo(info.filename).file_size < 64
            else:
                assert archive.read(info) == plain_archive.read(info.filename)


def test_aligned_blocks_and_labels(tmp_path, tensor):
    block = tensor[0].copy()
    metatensor.save(tmp_path / "block.mts", block, aligned=True)
    assert metatensor.equal_block(metatensor.load_block(tmp_path / "block.mts"), block)
    metatensor.save(tmp_path / "labels.mts", tensor.keys, aligned=True)
    assert (tmp_path / "labels.mts").read_bytes() == bytes(tensor.keys.save_buffer())


def test_errors(tmp_path, path, tensor):
    labels = Labels.range("s", 1)
    for arguments in ({"samples": labels}, {"properties": labels}):
        with pytest.raises(ValueError, match="`mmap` can not be used together with `samples`"):
            metatensor.load(path, mmap=True, **arguments)
    with pytest.raises(ValueError, match="`use_numpy` can not be used together with `mmap`"):
        metatensor.load(path, use_numpy=True, mmap=True)
    with open(path, "rb") as file, pytest.raises(TypeError, match="need the path of the file"):
        metatensor.load(file, mmap=True)
    with pytest.raises(TypeError, match="`keys` must be Labels"):
        metatensor.load(path, mmap=True, keys=["key"])
    with pytest.raises(MetatensorError, match="use `load` to load TensorMap"):
        metatensor.load_block(path, mmap=True)
    with pytest.raises(MetatensorError, match="is not a regular file"):
        metatensor.load(tmp_path, mmap=True)

    with pytest.raises(ValueError, match="`aligned` can not be used together with `use_numpy`"):
        metatensor.save(path, tensor, use_numpy=True, aligned=True)
    with pytest.raises(TypeError, match="`aligned` needs the path of the file"):
        metatensor.save(io.BytesIO(), tensor, aligned=True)
    with pytest.raises(MetatensorError, match="No such file or directory"):
        metatensor.save(tmp_path / "missing" / "x.mts", tensor, aligned=True)


def test_failed_save(tmp_path, path):
    """What can not be saved leaves the previous file as it was."""
    before = pathlib.Path(path).read_bytes()
    block = TensorBlock(
        np.zeros((1, 1), np.longdouble), Labels.range("s", 1), [], Labels.range("p", 1)
    )
    with pytest.raises((BufferError, MetatensorError)):
        metatensor.save(path, block, aligned=True)
    assert pathlib.Path(path).read_bytes() == before
    assert os.listdir(tmp_path) == ["tensor.mts"]


@pytest.fixture(scope="module")
def huge_path(tmp_path_factory):
    """Block with 64 GiB of zeros, which take no space on the disk"""
    n_samples, n_properties = 2**20, 2**13
    buffer = io.BytesIO()
    block = TensorBlock(
        np.zeros((1, n_properties)), Labels.range("s", 1), [], Labels.range("p", n_properties)
    )
    metatensor.save(buffer, block)
    samples = bytes(Labels.range("s", n_samples).save_buffer())
    with zipfile.ZipFile(buffer) as archive:
        properties = archive.read("properties.npy")

    path = tmp_path_factory.mktemp("huge") / "huge.mts"
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({n_samples}, {n_properties})}}"
    # the data starts at a multiple of 64 bytes, after a local header of 60 bytes
    header = header.ljust(128 - 60 - 10 + 63) + "\n"
    values = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
    values_size = len(values) + 8 * n_samples * n_properties
    members = [
        ("values.npy", values, values_size),
        ("samples.npy", samples, len(samples)),
        ("properties.npy", properties, len(properties)),
    ]
    with open(path, "wb") as file:
        directory = b""
        for name, start, size in members:
            offset = file.tell()
            crc = zlib.crc32(start)
            common = struct.pack("<HHHHHIII", 45, 0, 0, 0, 33, crc, 2**32 - 1, 2**32 - 1)
            extra = struct.pack("<HHQQ", 1, 16, size, size)
            file.write(b"PK\x03\x04" + common + struct.pack("<HH", len(name), len(extra)))
            file.write(name.encode() + extra + start)
            file.seek(size - len(start), os.SEEK_CUR)
            extra = struct.pack("<HHQQQ", 1, 24, size, size, offset)
            directory += b"PK\x01\x02" + struct.pack("<H", 45) + common
            directory += struct.pack("<HHHHHII", len(name), len(extra), 0, 0, 0, 0, 2**32 - 1)
            directory += name.encode() + extra
        start = file.tell()
        file.write(directory)
        end = file.tell()
        file.write(
            b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 3, 3, end - start, start)
        )
        file.write(b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1))
        file.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 3, 3, size, 2**32 - 1, 0))
    yield path
    path.unlink()


def test_larger_than_memory(huge_path):
    """Only what is used is read."""
    mapped = metatensor.load_block(huge_path, mmap=True)
    assert mapped.shape == (2**20, 2**13)
    assert mapped.values[-1, -1] == 0
    assert metatensor.slice_block(mapped, "samples", [5, -1]).values.sum() == 0

    with File(huge_path) as file:
        last = file.load_samples(2**20 - 2, 2)
        assert last.shape == (2, 2**13)
        assert last.samples.values.tolist() == [[2**20 - 2], [2**20 - 1]]
    selected = metatensor.load_block(
        huge_path,
        samples=Labels(["s"], np.array([[3], [2**20 - 1]])),
        properties=Labels(["p"], np.array([[7]])),
    )
    assert selected.shape == (2, 1)


def test_accidental_writes(tmp_path, tensor):
    """Code that ignores that arrays are read-only neither crashes nor changes the file."""
    path = tmp_path / "tensor.mts"
    metatensor.save(path, tensor, aligned=True)
    before = path.read_bytes()
    values = metatensor.load(path, mmap=True)[0].values
    address = values.ctypes.data
    ctypes.c_double.from_address(address).value = 33.0
    assert values[0, 0, 0] == 33.0
    assert path.read_bytes() == before
    assert metatensor.load(path, mmap=True)[0].values[0, 0, 0] == 0.0
