"""Files that are damaged, or made to break the reader: they are errors, and nothing worse."""

import functools
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
NUMPY_LOADERS = [
    functools.partial(metatensor.io.load_block_buffer, use_numpy=True),
    functools.partial(metatensor.io.load_buffer, use_numpy=True),
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


def load_everything(content, use_numpy=False):
    """
    Load as all kinds of objects: the only possible exception is ``MetatensorError``, and objects
    that can be loaded can be saved.
    """
    for load in NUMPY_LOADERS if use_numpy else LOADERS:
        try:
            loaded = load(content)
        except MetatensorError:
            continue
        if not use_numpy:
            assert load(loaded.save_buffer()).save_buffer() == loaded.save_buffer()


def test_truncated():
    for size in range(len(TENSOR)):
        for load in LOADERS:
            with pytest.raises(MetatensorError):
                load(TENSOR[:size])
    for size in range(0, len(TENSOR), 11):
        for load in NUMPY_LOADERS:
            with pytest.raises(MetatensorError):
                load(TENSOR[:size])


def test_flipped_bits():
    for byte in range(len(TENSOR)):
        content = bytearray(TENSOR)
        content[byte] ^= 1 << (byte % 8)
        load_everything(content)
        if byte % 11 == 0:
            load_everything(content, use_numpy=True)


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
    for i in range(1000):
        content = bytearray(original)
        for _ in range(rng.randint(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        load_everything(content, use_numpy=i % 5 == 0)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_random_changes_with_checksums(compression):
    """Changes in the content of members, with the right checksums"""
    rng = random.Random(0)
    for name, original in MEMBERS.items():
        for i in range(60):
            content = bytearray(original)
            for _ in range(rng.randint(1, 2)):
                content[rng.randrange(len(content))] = rng.choice(b"\x00\xff019,()[]{}'<>bBfFiI ")
            changed = zip_members({**MEMBERS, name: bytes(content)}, compression)
            load_everything(changed, use_numpy=i % 4 == 0)


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


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_other_compression(method):
    with pytest.raises(MetatensorError, match="serialization format error.*compression"):
        metatensor.io.load_buffer(zip_members(MEMBERS, method))
