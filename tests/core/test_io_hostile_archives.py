"""Archives and headers that are made to break the reader: errors, without using much memory."""

import contextlib
import io
import resource
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

import metatensor
from metatensor import Labels, MetatensorError, TensorMap

DEFLATED = zipfile.ZIP_DEFLATED

#: memory that loading something small can use. This includes what NumPy and zipfile need.
MEMORY_LIMIT = 64 * 2**20


def npy(header, data=b"", version=1):
    """A ``.npy`` file with this text as header"""
    text = header.encode("latin-1") + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def values_npy(shape, dtype="'<f8'"):
    """A ``.npy`` file with 32 bytes of data, whatever the shape and dtype"""
    return npy(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}", bytes(32))


VALUES = values_npy("(2, 2)")
KEYS = bytes(Labels(["key"], np.empty((0, 1), np.int32)).save_buffer())
SAMPLES = bytes(Labels.range("sample", 2).save_buffer())
PROPERTIES = bytes(Labels.range("p", 2).save_buffer())
BLOCK = {"values.npy": VALUES, "samples.npy": SAMPLES, "properties.npy": PROPERTIES}


def archive(members, compression=zipfile.ZIP_STORED):
    """An archive with these members: a dictionary, or pairs of names and contents"""
    pairs = members.items() if isinstance(members, dict) else members
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as output:
        for name, content in pairs:
            output.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


def central_fields(content, name, **fields):
    """Change fields in the entry of a member in the directory of an archive"""
    offsets = {
        "flags": (8, "<H"),
        "method": (10, "<H"),
        "crc": (16, "<I"),
        "compressed_size": (20, "<I"),
        "size": (24, "<I"),
        "disk": (34, "<H"),
        "offset": (42, "<I"),
    }
    entry = content.rindex(name.encode()) - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    changed = bytearray(content)
    for field, value in fields.items():
        offset, kind = offsets[field]
        struct.pack_into(kind, changed, entry + offset, value)
    return bytes(changed)


@contextlib.contextmanager
def limited_memory():
    """The process can only have a limited amount of memory more than it has now"""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY_LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.fixture(params=["native", "numpy"])
def check_refused(request):
    """Function that checks that some bytes are neither a block nor a tensor map"""
    use_numpy = request.param == "numpy"

    def check_refused(content, match=None):
        messages = []
        for load in [metatensor.io.load_block_buffer, metatensor.io.load_buffer]:
            with pytest.raises(MetatensorError) as error, limited_memory():
                load(content, use_numpy=use_numpy)
            messages.append(error.value.message)
        if match is not None and not use_numpy:
            assert any(match in message for message in messages), messages

    return check_refused


@pytest.fixture(params=["native", "numpy"])
def load_block(request):
    """Function that loads a block from bytes"""

    def load_block(content):
        with limited_memory():
            return metatensor.io.load_block_buffer(content, use_numpy=request.param == "numpy")

    return load_block


def test_valid(load_block):
    """What the other tests start from is valid"""
    for compression in [zipfile.ZIP_STORED, DEFLATED]:
        assert load_block(archive(BLOCK, compression)).shape == (2, 2)


@pytest.mark.parametrize(
    "shape",
    [
        "(2, 3)",
        "(2, 10000000000)",
        "(99999999999, 99999999999, 99)",
        "(4294967296, 4294967296)",
        "(2, 9223372036854775807)",
        "(2, 18446744073709551616)",
        "(0, 4611686018427387904, 4)",
        "(-2, -2)",
        "(2.0, 2)",
        "(True, 2)",
        "(None, 2)",
        "('2', 2)",
        "(2, 2" + ", 1" * 70 + ")",
        "(2, 2" + ", 1" * 1000 + ")",
        "(" + "9" * 5000 + ",)",
        "(4,)",
        "()",
        "4",
        "[2, 2]",
    ],
    ids=lambda shape: shape[:30],
)
def test_shapes(shape, check_refused):
    content = archive({**BLOCK, "values.npy": values_npy(shape)})
    check_refused(content)


def test_elements_without_bytes(check_refused):
    for dtype in ["'<U0'", "'|S0'", "'|V0'", "[]"]:
        values = values_npy("(2, 99999999999999)", dtype)[:-32]
        check_refused(archive({**BLOCK, "values.npy": values}))


def test_missing_data(check_refused):
    for size in [0, 1, 31, 33]:
        values = VALUES[:-32] + bytes(size)
        check_refused(archive({**BLOCK, "values.npy": values}), "values.npy")


@pytest.mark.parametrize(
    "dtype",
    [
        "'|O'",
        "'<U99999999'",
        "'nothing'",
        "'<f8' * 3",
        "'<f999999999999999999999'",
        "[('a', '<f8', (99999, 99999, 99999))]",
        "[('a', 'O')]",
        "[[[['a', '<f8']]]]",
        "[" * 4000 + "]" * 4000,
        "(" * 4000 + ")" * 4000,
        "-" * 9000 + "1",
        "__import__('os')",
        "{'a': '<f8'}",
        "None",
    ],
    ids=lambda dtype: dtype[:30],
)
def test_dtypes(dtype, check_refused):
    check_refused(archive({**BLOCK, "values.npy": values_npy("(2, 2)", dtype)}))


@pytest.mark.parametrize("member", BLOCK)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff{",
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff{",
        b"\x93NUMPY\x09\x00" + VALUES[8:],
        npy(""),
        npy("{}"),
        npy("{'descr': '<f8', '\xff': False, 'shape': (2, 2)}", bytes(32)),
        npy("{'descr': '<f8', '\xff': False, 'shape': (2, 2)}", bytes(32), version=3),
        npy("{'descr': [], 'fortran_order': False, 'shape': (9999999999, )}"),
        npy("{'descr': [('a', '<i4'), ], 'fortran_order': False, 'shape': (9999999999, )}"),
        npy("{'descr': [('a', '<i4'), ('a', '<i4')], 'fortran_order': False, 'shape': (0, )}"),
        npy("{'descr': [('a b', '<i4'), ], 'fortran_order': False, 'shape': (2, )}", bytes(8)),
        npy("{'descr': [('\x00', '<i4'), ], 'fortran_order': False, 'shape': (2, )}", bytes(8)),
    ],
    ids=range(14),
)
def test_npy(member, content, check_refused):
    check_refused(archive({**BLOCK, member: content}))


@pytest.mark.parametrize(
    "fields, match",
    [
        ({"crc": 0}, "checksum"),
        ({"size": 0, "compressed_size": 0}, "values.npy"),
        ({"size": 10}, "values.npy"),
        ({"size": 2**31, "compressed_size": 2**31}, "values.npy"),
        ({"size": 2**32 - 1, "compressed_size": 2**32 - 1}, "values.npy"),
        ({"size": 2**31, "method": DEFLATED}, "values.npy"),
        ({"offset": 2**32 - 1}, "position"),
        ({"offset": 10**6}, "position"),
        ({"offset": 10}, "values.npy"),
        ({"flags": 1}, "encrypted"),
        ({"method": 9}, "compression method 9"),
        ({"method": DEFLATED}, "values.npy"),
    ],
    ids=str,
)
def test_directory_fields(fields, match, check_refused):
    content = central_fields(archive(BLOCK), "values.npy", **fields)
    check_refused(content, match)


def test_several_disks():
    """Python's zipfile ignores this field"""
    with pytest.raises(MetatensorError, match="several files"):
        metatensor.io.load_block_buffer(central_fields(archive(BLOCK), "values.npy", disk=3))


def test_overlaps(check_refused):
    content = archive(BLOCK)
    samples_end = content.index(b"properties.npy") - 30

    # the first member contains the second one
    size = samples_end - 30 - len("values.npy")
    contained = central_fields(content, "values.npy", size=size, compressed_size=size)
    check_refused(contained, "values.npy")

    # members with the same data
    same = central_fields(content, "samples.npy", offset=0)
    check_refused(same, "is not valid")


def test_quoted_overlap(load_block, check_refused):
    """The data of one member contains another one, and all checksums are right"""
    samples = archive({"samples.npy": SAMPLES})
    quoted = samples[: samples.rindex(b"PK\x01\x02")]
    quoted += bytes(len(quoted) % 2)
    columns = len(quoted) // 2

    header = values_npy(f"(2, {columns})", "'<u1'")[:-32]
    members = {
        "values.npy": header + quoted,
        "samples.npy": SAMPLES,
        "properties.npy": bytes(Labels.range("p", columns).save_buffer()),
    }
    content = archive(members)
    assert load_block(content).shape == (2, columns)
    check_refused(central_fields(content, "samples.npy", offset=content.index(quoted)))


def test_zip_bombs(check_refused):
    """Data that expands a lot is an error once too much of it was found"""
    bomb = bytes(20 * 2**20)
    assert len(archive({"a": bomb}, DEFLATED)) < len(bomb) / 900
    for member in BLOCK:
        check_refused(archive({**BLOCK, member: bomb}, DEFLATED))
    for member in ["keys.npy", "info.json"]:
        check_refused(archive({"keys.npy": KEYS, member: bomb}, DEFLATED))

    # a valid header, and values that are all the same
    for shape in ["(2, 2)", "(2, 1000000)", f"({2**50}, 2)"]:
        check_refused(archive({**BLOCK, "values.npy": values_npy(shape) + bomb}, DEFLATED))
    labels = npy("{'descr': [('a', '<i4'), ], 'fortran_order': False, 'shape': (5242880, )}")
    check_refused(archive({**BLOCK, "samples.npy": labels + bomb}, DEFLATED), "unique")


@pytest.mark.parametrize(
    "name",
    [
        "../../values.npy",
        "/values.npy",
        "./values.npy",
        "C:\\values.npy",
        "VALUES.NPY",
        "values.npy/",
        "a" * 60000,
        "é",
        " values.npy",
    ],
    ids=lambda name: name[:20],
)
def test_names(name, load_block, check_refused, tmp_path, monkeypatch):
    """Names that are not in the format are ignored, and nothing is written"""
    monkeypatch.chdir(tmp_path)
    assert load_block(archive({**BLOCK, name: VALUES})).shape == (2, 2)
    check_refused(archive({**BLOCK, "values.npy": b"", name: VALUES}))
    assert list(tmp_path.iterdir()) == []


def test_names_of_gradients(check_refused):
    content = archive({**BLOCK, "gradients/XX/samples.npy": b"", "gradients/XX/values.npy": b""})
    for name in [b"\xff\xfe", b"\x01\n", b"/.", b".."]:
        check_refused(content.replace(b"gradients/XX", b"gradients/" + name))


def test_nul_in_names():
    """Python's zipfile ignores what comes after NUL characters"""
    content = archive(
        {**BLOCK, "gradients/XX/samples.npy": SAMPLES, "gradients/XX/values.npy": VALUES}
    )
    with pytest.raises(MetatensorError, match="NUL"):
        metatensor.io.load_block_buffer(content.replace(b"gradients/XX", b"gradients/a\x00"))


@pytest.mark.parametrize("levels", [65, 200, 1000, 5000])
def test_deep_gradients(levels, check_refused):
    members = dict(BLOCK)
    for level in range(1, levels + 1):
        members["gradients/g/" * level + "values.npy"] = VALUES
        members["gradients/g/" * level + "samples.npy"] = SAMPLES
    if levels > 1000:
        # the names of all levels would be too large: only the last one
        members = {**BLOCK, "gradients/g/" * levels + "samples.npy": SAMPLES}
    check_refused(archive(members))


def test_long_path(check_refused):
    """Finding gradients does not depend on how long the names of members are"""
    path = "gradients/" * 6000
    members = {f"{path}{i}/samples.npy": SAMPLES for i in range(100)}
    check_refused(archive({**BLOCK, **members}), "gradients/gradients/values.npy")


@pytest.mark.parametrize(
    "info",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a": ' + "[" * 100_000,
        '{"a": "\\ud800"}',
        '{"a": "\\u0000"}',
        '{"\\u0000": "a"}',
        '{"a": ' + "9" * 10_000 + "}",
        '{"a": NaN}',
        "",
        "\x00",
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
    ],
    ids=range(12),
)
def test_info(info, check_refused):
    check_refused(archive({"keys.npy": KEYS, "info.json": info}))


def test_many_members(load_block):
    """Many members with the same name: the last one is used"""
    many = [("values.npy", b"")] * 20_000
    with pytest.warns(UserWarning, match="Duplicate name"):
        content = archive([*many, *BLOCK.items()])
    assert load_block(content).shape == (2, 2)


def test_bools(load_block):
    """Any byte other than 0 is true"""
    header = values_npy("(2, 2)", "'<b1'")[:-32]
    block = load_block(archive({**BLOCK, "values.npy": header + b"\x00\x01\x02\xff"}))
    assert block.values.view(np.uint8).tolist() == [[0, 1], [1, 1]]


def test_files(tmp_path):
    """Files give the same errors as buffers"""
    path = tmp_path / "tensor.mts"
    content = bytes(TensorMap(Labels(["key"], np.empty((0, 1), np.int32)), []).save_buffer())
    for size in range(0, len(content), 5):
        path.write_bytes(content[:size])
        for use_numpy in [False, True]:
            with pytest.raises(MetatensorError, match="tensor.mts"):
                metatensor.load(path, use_numpy=use_numpy)
        with pytest.raises(MetatensorError, match="tensor.mts"):
            metatensor.load_labels(path)
    path.write_bytes(content)
    assert len(metatensor.load(path)) == 0


def test_checksum_of_deflated(check_refused):
    """Data that is decompressed without error can still have the wrong checksum"""
    content = archive(BLOCK, DEFLATED)
    check_refused(central_fields(content, "values.npy", crc=zlib.crc32(VALUES) ^ 1), "checksum")
