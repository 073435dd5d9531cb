"""Files that are damaged, or made to break the reader: they are errors, and nothing worse."""

import io
import random
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import metatensor
from metatensor import Labels, MetatensorError, TensorBlock, TensorMap

LOADERS = [
    metatensor.io.load_labels_buffer,
    metatensor.io.load_block_buffer,
    metatensor.io.load_buffer,
]


def make_tensor():
    block = TensorBlock(
        np.arange(12.0).reshape(2, 3, 2),
        Labels.range("s", 2),
        [Labels.range("c", 3)],
        Labels.range("p", 2),
    )
    block.add_gradient(
        "g",
        TensorBlock(
            np.ones((1, 3, 2)),
            Labels.range("sample", 1),
            [Labels.range("c", 3)],
            Labels.range("p", 2),
        ),
    )
    tensor = TensorMap(Labels.range("key", 1), [block])
    tensor.set_info("a", "b")
    return tensor


TENSOR = bytes(make_tensor().save_buffer())
MEMBERS = {
    name: zipfile.ZipFile(io.BytesIO(TENSOR)).read(name)
    for name in zipfile.ZipFile(io.BytesIO(TENSOR)).namelist()
}


def zip_members(members, compression=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def load_everything(content):
    """Load as all kinds of objects: the only possible exception is ``MetatensorError``"""
    for load in LOADERS:
        try:
            load(content)
        except MetatensorError:
            pass


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_random_bytes(content):
    load_everything(content)
    load_everything(b"\x93NUMPY" + content)
    load_everything(b"PK\x03\x04" + content + b"PK\x05\x06" + bytes(18))


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_random_changes(compression):
    rng = random.Random(0)
    original = zip_members(MEMBERS, compression)
    for _ in range(1000):
        content = bytearray(original)
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        load_everything(content)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_random_changes_with_checksums(compression):
    """Changes in the content of members, with the right checksums"""
    rng = random.Random(0)
    for name, original in MEMBERS.items():
        for _ in range(60):
            content = bytearray(original)
            for _ in range(rng.randint(1, 2)):
                content[rng.randrange(len(content))] = rng.choice(b"\x00\xff019,()[]{}'<>bBfFiI ")
            load_everything(zip_members({**MEMBERS, name: bytes(content)}, compression))


@pytest.mark.parametrize("use_numpy", [True, False])
@pytest.mark.parametrize(
    "content", [b"", b"PK", b"not a file", b"\x93NUMPY", b"PK\x05\x06" + bytes(18), TENSOR[:-10]]
)
def test_wrong_content(content, use_numpy):
    for load in [metatensor.io.load_block_buffer, metatensor.io.load_buffer]:
        with pytest.raises(MetatensorError):
            load(content, use_numpy=use_numpy)
    with pytest.raises(MetatensorError):
        metatensor.io.load_labels_buffer(content)


@pytest.mark.parametrize("use_numpy", [True, False])
def test_missing_members(use_numpy):
    for name in MEMBERS:
        members = {key: content for key, content in MEMBERS.items() if key != name}
        content = zip_members(members)
        if name == "info.json":
            assert metatensor.io.load_buffer(content, use_numpy=use_numpy).info() == {}
        elif name == "blocks/0/gradients/g/samples.npy":
            loaded = metatensor.io.load_buffer(content, use_numpy=use_numpy)
            assert loaded.block(0).gradients_list() == []
        else:
            with pytest.raises(MetatensorError, match=name):
                metatensor.io.load_buffer(content, use_numpy=use_numpy)


@pytest.mark.parametrize("use_numpy", [True, False])
@pytest.mark.parametrize("info", ["[]", "3", '{"a": 1}', "{", '{"a": "b"} c', ""])
def test_wrong_info(info, use_numpy):
    with pytest.raises(MetatensorError, match="serialization format error"):
        content = zip_members({**MEMBERS, "info.json": info})
        metatensor.io.load_buffer(content, use_numpy=use_numpy)


def test_huge_shapes():
    """No memory is allocated for data that is not there"""
    header = MEMBERS["blocks/0/values.npy"]
    for shape in [b"(9, 3, 2, )", b"(2, 3, 9999999999999, )", b"(99999999999, 99999999999, 99, )"]:
        text = header[10:128].replace(b"(2, 3, 2, )", shape)
        values = header[:10] + text[:117].ljust(117) + b"\n" + header[128:]
        with pytest.raises(MetatensorError, match="blocks/0/values.npy"):
            metatensor.io.load_buffer(zip_members({**MEMBERS, "blocks/0/values.npy": values}))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_other_compression(method):
    with pytest.raises(MetatensorError, match="serialization format error.*compression"):
        metatensor.io.load_buffer(zip_members(MEMBERS, method))
