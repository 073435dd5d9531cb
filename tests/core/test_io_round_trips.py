"""Anything that is saved is the same after loading it, with each way to save and to load."""

import io
import json
import zipfile

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

import metatensor
from metatensor import Labels, TensorBlock, TensorMap

DTYPES = [
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,80}", fullmatch=True)
INT32 = st.integers(-(2**31), 2**31 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
# `/` can not be read back
PARAMETERS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0/"), max_size=20
)


@st.composite
def labels_of_size(draw, count, first_name=None):
    names = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    if first_name is not None:
        names = [first_name, *(name for name in names if name != first_name)]
    if count == 0:
        return Labels.empty(names)
    first = draw(st.lists(INT32, min_size=count, max_size=count, unique=True))
    others = draw(st_numpy.arrays(np.int32, (count, len(names) - 1)))
    return Labels(names, np.hstack([np.array(first, dtype=np.int32)[:, None], others]))


@st.composite
def components(draw):
    names = draw(st.lists(NAMES, max_size=2, unique=True))
    return [Labels.range(name, draw(st.integers(1, 3))) for name in names]


@st.composite
def blocks(draw, dtype, parent=None, depth=0):
    """Block with any values and gradients; or gradient of the block ``parent``"""
    n_samples = draw(st.integers(0, 3))
    if parent is None:
        samples = draw(labels_of_size(n_samples))
        block_components = draw(components())
        properties = draw(labels_of_size(draw(st.integers(0, 3))))
    else:
        n_samples = min(n_samples, len(parent.samples))
        samples = Labels.range("sample", n_samples)
        block_components = parent.components
        properties = parent.properties

    shape = (n_samples, *(len(c) for c in block_components), len(properties))
    values = draw(st_numpy.arrays(dtype, shape))
    layout = draw(st.sampled_from(["C", "F", "reversed", "strided"]))
    if layout == "F":
        values = np.asfortranarray(values)
    elif layout == "reversed":
        values = np.ascontiguousarray(values[::-1, ..., ::-1])[::-1, ..., ::-1]
    elif layout == "strided":
        values = np.repeat(values, 2, axis=-1)[..., ::2]

    block = TensorBlock(values, samples, block_components, properties)
    if depth < 2:
        for parameter in draw(st.lists(PARAMETERS, max_size=2, unique=True)):
            block.add_gradient(parameter, draw(blocks(dtype, parent=block, depth=depth + 1)))
    return block


@st.composite
def tensors(draw):
    dtype = draw(st.sampled_from(DTYPES))
    keys = draw(labels_of_size(draw(st.integers(0, 1))))
    tensor = TensorMap(keys, [draw(blocks(dtype)) for _ in range(len(keys))])
    for key, value in draw(st.dictionaries(TEXT, TEXT.filter(len), max_size=3)).items():
        tensor.set_info(key, value)
    return tensor


def assert_same_labels(actual, expected):
    assert actual.names == expected.names
    np.testing.assert_array_equal(np.asarray(actual.values), np.asarray(expected.values))


def assert_same_block(actual, expected):
    assert actual.values.dtype == expected.values.dtype
    assert actual.values.shape == expected.values.shape
    # the very same bits, NaN included
    assert np.asarray(actual.values).tobytes() == np.asarray(expected.values).tobytes()
    assert_same_labels(actual.samples, expected.samples)
    assert_same_labels(actual.properties, expected.properties)
    assert len(actual.components) == len(expected.components)
    for actual_component, expected_component in zip(
        actual.components, expected.components, strict=True
    ):
        assert_same_labels(actual_component, expected_component)
    assert sorted(actual.gradients_list()) == sorted(expected.gradients_list())
    for parameter, gradient in expected.gradients():
        assert_same_block(actual.gradient(parameter), gradient)


def assert_same_tensor(actual, expected):
    assert_same_labels(actual.keys, expected.keys)
    assert len(actual) == len(expected)
    for actual_block, expected_block in zip(actual, expected, strict=True):
        assert_same_block(actual_block, expected_block)
    assert actual.info() == expected.info()


@settings(max_examples=60)
@given(tensors())
def test_tensors(tensor):
    for written_with_numpy in [False, True]:
        buffer = tensor.save_buffer(use_numpy=written_with_numpy)
        for read_with_numpy in [False, True]:
            loaded = TensorMap.load_buffer(buffer, use_numpy=read_with_numpy)
            assert_same_tensor(loaded, tensor)
        if not written_with_numpy:
            native = TensorMap.load_buffer(buffer)
            assert bytes(native.save_buffer()) == bytes(buffer)


@settings(max_examples=60)
@given(st.data())
def test_labels(data):
    labels = data.draw(labels_of_size(data.draw(st.integers(0, 10))))
    buffer = labels.save_buffer()
    loaded = Labels.load_buffer(buffer)
    assert loaded == labels
    assert bytes(loaded.save_buffer()) == bytes(buffer)
    # this is a NumPy file
    array = np.load(io.BytesIO(buffer))
    assert list(array.dtype.names) == labels.names
    assert array.shape == (len(labels),)


def test_labels_without_dimensions():
    labels = Labels([], np.empty((0, 0), dtype=np.int32))
    loaded = Labels.load_buffer(labels.save_buffer())
    assert loaded.names == []
    assert len(loaded) == 0


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["<", ">", "="])
def test_numpy_files(dtype, order):
    """Files written by NumPy, in both byte orders, compressed or not"""
    values = (np.arange(12).reshape(3, 2, 2) % 5).astype(dtype)
    values_in_order = values.astype(values.dtype.newbyteorder(order))
    int32 = np.dtype(np.int32).newbyteorder(order)
    arrays = {
        "values": values_in_order,
        "samples": np.array([(0,), (1,), (2,)], dtype=[("s", int32)]),
        "components/0": np.array([(0,), (1,)], dtype=[("c", int32)]),
        "properties": np.array([(0, 3), (1, -3)], dtype=[("p", int32), ("q", int32)]),
    }
    for save in [np.savez, np.savez_compressed]:
        file = io.BytesIO()
        save(file, **arrays)
        loaded = metatensor.io.load_block_buffer(file.getvalue())
        assert loaded.values.dtype == values.dtype
        np.testing.assert_array_equal(loaded.values, values)
        np.testing.assert_array_equal(loaded.properties.values, [[0, 3], [1, -3]])
        assert loaded.properties.names == ["p", "q"]


def test_bool_values():
    """Anything but zero is true, and true is stored as one"""
    values = np.array([[0, 1, 2, 255]], dtype=np.uint8).view(bool)
    block = TensorBlock(values, Labels.single(), [], Labels.range("p", 4))
    buffer = block.save_buffer()
    archive = zipfile.ZipFile(io.BytesIO(buffer))
    assert archive.read("values.npy")[-4:] == b"\x00\x01\x01\x01"

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "values.npy":
                content = content[:-4] + b"\x00\x01\x02\xff"
            changed.writestr(name, content)
    loaded = TensorBlock.load_buffer(file.getvalue())
    assert loaded.values.view(np.uint8).tolist() == [[0, 1, 1, 1]]


@pytest.mark.parametrize("use_numpy", [True, False])
def test_archive(use_numpy):
    """What other programs see in an archive"""
    properties = Labels.range("p", 1)
    block = TensorBlock(
        np.ones((2, 1, 1)), Labels.range("s", 2), [Labels.range("c", 1)], properties
    )
    for parameter in ["z", "a"]:
        block.add_gradient(
            parameter,
            TensorBlock(
                np.ones((1, 3, 1, 1)),
                Labels.range("sample", 1),
                [Labels.range("xyz", 3), Labels.range("c", 1)],
                properties,
            ),
        )
    tensor = TensorMap(Labels.range("key", 1), [block])
    tensor.set_info("z", "é/\x7f")
    tensor.set_info("a", "\x01\t")
    archive = zipfile.ZipFile(io.BytesIO(tensor.save_buffer(use_numpy=use_numpy)))
    assert archive.namelist() == [
        "keys.npy",
        "blocks/0/values.npy",
        "blocks/0/samples.npy",
        "blocks/0/components/0.npy",
        "blocks/0/properties.npy",
        "blocks/0/gradients/a/values.npy",
        "blocks/0/gradients/a/samples.npy",
        "blocks/0/gradients/a/components/0.npy",
        "blocks/0/gradients/a/components/1.npy",
        "blocks/0/gradients/z/values.npy",
        "blocks/0/gradients/z/samples.npy",
        "blocks/0/gradients/z/components/0.npy",
        "blocks/0/gradients/z/components/1.npy",
        "info.json",
    ]
    assert archive.testzip() is None
    assert all(member.compress_type == zipfile.ZIP_STORED for member in archive.infolist())
    assert all(member.extra == b"" for member in archive.infolist())
    expected = '{\n  "a": "\\u0001\\t",\n  "z": "é/\x7f"\n}'
    assert archive.read("info.json").decode("utf8") == expected
    assert json.loads(archive.read("info.json")) == tensor.info()

    arrays = np.load(io.BytesIO(tensor.save_buffer(use_numpy=use_numpy)))
    np.testing.assert_array_equal(arrays["blocks/0/values"], tensor.block(0).values)


@pytest.mark.parametrize("n_blocks", [0, 1, 4, 12])
def test_same_size(n_blocks):
    """The size does not depend on the values or on who writes the file"""

    def make_tensor(value):
        keys = Labels.range("key", n_blocks)
        blocks = [
            TensorBlock(
                np.full((i, 3, 5), value),
                Labels.range("sample", i),
                [Labels.range("direction", 3)],
                Labels.range("properties", 5),
            )
            for i in range(n_blocks)
        ]
        tensor = TensorMap(keys, blocks)
        tensor.set_info("test", "value")
        return tensor

    sizes = {
        len(make_tensor(value).save_buffer(use_numpy=use_numpy))
        for value in [0.0, np.pi, np.nan]
        for use_numpy in [True, False]
    }
    assert len(sizes) == 1


def test_only_numpy_types():
    block = TensorBlock(np.array([[1]], dtype=np.longdouble), Labels.single(), [], Labels.single())
    buffer = block.save_buffer(use_numpy=True)
    loaded = TensorBlock.load_buffer(buffer, use_numpy=True)
    assert loaded.values.dtype == np.longdouble
    with pytest.raises((BufferError, ValueError, metatensor.MetatensorError)):
        block.save_buffer()


@pytest.mark.parametrize(
    "dtype",
    [
        torch.bool,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.uint8,
        torch.float16,
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    ],
)
def test_torch(dtype):
    values = torch.arange(6).reshape(2, 3).to(dtype)
    labels = Labels(["s"], torch.tensor([[3], [4]]))
    block = TensorBlock(values.T, Labels.range("p", 3).to(arrays="torch"), [], labels)
    buffer = block.save_buffer()
    assert len(block.save_buffer(use_numpy=True)) == len(buffer)

    loaded = TensorBlock.load_buffer(buffer)
    assert type(loaded.values) is np.ndarray
    np.testing.assert_array_equal(loaded.values, values.T.numpy())
    assert type(loaded.properties.values) is not torch.Tensor

    create = metatensor.io.create_torch_array
    loaded = metatensor.io.load_block_buffer_custom_array(buffer, create)
    assert loaded.values.dtype == dtype
    assert loaded.values.device.type == "cpu"
    assert torch.equal(loaded.values, values.T)


def test_torch_unsupported():
    block = TensorBlock(
        torch.zeros(1, 1, dtype=torch.bfloat16), Labels.single(), [], Labels.single()
    )
    with pytest.raises((BufferError, ValueError, metatensor.MetatensorError)):
        block.save_buffer()
    with pytest.raises(TypeError, match="bfloat16"):
        block.save_buffer(use_numpy=True)

    block = TensorBlock(torch.zeros(1, 1, requires_grad=True), Labels.single(), [], Labels.single())
    for use_numpy in [True, False]:
        with pytest.raises((BufferError, RuntimeError)):
            block.save_buffer(use_numpy=use_numpy)


def test_numpy_writer_of_other_libraries():
    values = jnp.arange(6.0).reshape(2, 3)
    block = TensorBlock(values, Labels.range("s", 2), [], Labels.range("p", 3))
    loaded = metatensor.io.load_block_buffer(block.save_buffer(use_numpy=True))
    assert loaded.values.dtype == values.dtype
    np.testing.assert_array_equal(loaded.values, np.arange(6.0).reshape(2, 3))
