"""Parts of files: the same as loading everything and slicing it, and only this is read."""

import pathlib
import threading
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import metatensor
from metatensor import Labels, MetatensorError, TensorBlock, TensorMap
from metatensor.io import File

SMALL = st.integers(-2, 3)


def assert_same_block(block, expected):
    assert block.values.dtype == expected.values.dtype
    assert block.values.shape == expected.values.shape
    assert block.values.tobytes() == expected.values.tobytes()
    assert block.samples == expected.samples
    assert block.components == expected.components
    assert block.properties == expected.properties
    assert block.gradients_list() == expected.gradients_list()
    for parameter, gradient in block.gradients():
        assert_same_block(gradient, expected.gradient(parameter))


def assert_same(tensor, expected):
    assert tensor.keys == expected.keys
    assert len(tensor) == len(expected)
    for block, expected_block in zip(tensor, expected, strict=True):
        assert_same_block(block, expected_block)


def bytes_read():
    """Number of bytes that this process asked from the system."""
    counts = pathlib.Path("/proc/self/io").read_text().split()
    return int(counts[counts.index("rchar:") + 1])


def compress(path):
    """Compress all members of an archive."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def save_plain(path, tensor):
    metatensor.save(path, tensor)


def save_aligned(path, tensor):
    metatensor.save(path, tensor, aligned=True)


def save_compressed(path, tensor):
    metatensor.save(path, tensor)
    compress(path)


def save_swapped(path, tensor):
    """Save with the other byte order."""
    swapped = metatensor.TensorMap(tensor.keys, [swapped_block(block) for block in tensor])
    metatensor.save(path, swapped, use_numpy=True)


def swapped_block(block):
    values = block.values.astype(block.values.dtype.newbyteorder())
    result = TensorBlock(values, block.samples, block.components, block.properties)
    for parameter, gradient in block.gradients():
        result.add_gradient(parameter, swapped_block(gradient))
    return result


SAVE = st.sampled_from([save_plain, save_aligned, save_compressed, save_swapped])


@st.composite
def unique_rows(draw, names, min_size=0, max_size=6):
    row = st.tuples(*[SMALL] * len(names))
    rows = draw(st.lists(row, min_size=min_size, max_size=max_size, unique=True))
    return Labels(names, np.array(rows, dtype=np.int32).reshape(-1, len(names)))


@st.composite
def selections(draw, names):
    """Some of the dimensions in any order, or nothing"""
    selected = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    return draw(st.none() | unique_rows(selected))


@st.composite
def tensors(draw):
    dtype = draw(st.sampled_from(["float64", "float32", "int16", "complex128", "bool"]))
    n_components = draw(st.integers(0, 2))
    with_gradient = draw(st.booleans())
    keys = draw(unique_rows(["k_1", "k_2"], min_size=1, max_size=4))

    def values(*shape):
        numbers = np.arange(np.prod(shape, dtype=int)).reshape(shape)
        return (numbers % 3 == 1) if dtype == "bool" else numbers.astype(dtype)

    blocks = []
    for _ in range(len(keys)):
        samples = draw(unique_rows(["system", "atom"]))
        properties = draw(unique_rows(["n", "l"]))
        components = [Labels.range(f"c_{i}", i + 1) for i in range(n_components)]
        sizes = [len(component) for component in components] + [len(properties)]
        block = TensorBlock(values(len(samples), *sizes), samples, components, properties)
        if with_gradient:
            parents = st.integers(0, max(len(samples) - 1, 0))
            rows = draw(
                st.lists(
                    st.tuples(parents, SMALL), unique=True, max_size=8 if len(samples) > 0 else 0
                )
            )
            if draw(st.booleans()):
                rows.sort()
            xyz = Labels.range("xyz", 2)
            gradient = TensorBlock(
                values(len(rows), 2, *sizes),
                Labels(["sample", "i"], np.array(rows, dtype=np.int32).reshape(-1, 2)),
                [xyz, *components],
                properties,
            )
            block.add_gradient("g", gradient)
        blocks.append(block)
    tensor = TensorMap(keys, blocks)
    tensor.set_info("unit", "eV")
    return tensor


def sliced(tensor, keys, samples, properties):
    """What loading parts of a file should give"""
    if keys is not None:
        selected = np.sort(tensor.keys.select(keys))
        blocks = [tensor.block_by_id(i).copy() for i in selected]
        tensor = TensorMap(Labels(tensor.keys.names, tensor.keys.values[selected]), blocks)
    if samples is not None and len(tensor) > 0:
        tensor = metatensor.slice(tensor, "samples", samples)
    if properties is not None and len(tensor) > 0:
        tensor = metatensor.slice(tensor, "properties", properties)
    return tensor


@given(
    tensor=tensors(),
    save=SAVE,
    keys=selections(["k_1", "k_2"]),
    samples=selections(["system", "atom"]),
    properties=selections(["n", "l"]),
)
def test_same_as_slice(tmp_path_factory, tensor, save, keys, samples, properties):
    path = str(tmp_path_factory.getbasetemp() / "tensor.mts")
    save(path, tensor)
    expected = sliced(tensor, keys, samples, properties)
    loaded = metatensor.load(path, keys=keys, samples=samples, properties=properties)
    assert_same(loaded, expected)

    with File(path) as file:
        assert_same(file.load(keys=keys, samples=samples, properties=properties), expected)
        assert_same(file.load(), tensor)
        for i, block in enumerate(tensor):
            first = len(block.samples) // 3
            count = len(block.samples) - 2 * first
            part = metatensor.slice_block(block, "samples", list(range(first, first + count)))
            assert_same_block(file.load_samples(first, count, block=i), part)


@pytest.fixture
def tensor():
    """Two blocks, with gradients of gradients"""
    blocks = []
    for shift in (0.0, 100.0):
        properties = Labels.range("p", 2)
        xyz = Labels.range("xyz", 3)
        block = TensorBlock(
            np.arange(6.0).reshape(3, 2) + shift, Labels.range("s", 3), [], properties
        )
        gradient = TensorBlock(
            np.arange(24.0).reshape(4, 3, 2) + shift,
            Labels(["sample", "i"], np.array([[2, 0], [0, 0], [0, 1], [1, 7]])),
            [xyz],
            properties,
        )
        nested = TensorBlock(
            np.arange(18.0).reshape(3, 3, 2) + shift,
            Labels(["sample"], np.array([[0], [2], [3]])),
            [xyz],
            properties,
        )
        gradient.add_gradient("nested", nested)
        block.add_gradient("g", gradient)
        blocks.append(block)
    tensor = TensorMap(Labels(["a", "b"], np.array([[0, 1], [0, 2]])), blocks)
    tensor.set_info("unit", "eV")
    return tensor


@pytest.fixture
def path(tmp_path, tensor):
    path = tmp_path / "tensor.mts"
    metatensor.save(path, tensor)
    return path


@pytest.fixture
def block_path(tmp_path, tensor):
    path = tmp_path / "block.mts"
    metatensor.save(path, tensor.block_by_id(0).copy())
    return path


def select(name, *values):
    return Labels([name], np.array(values, dtype=np.int32).reshape(-1, 1))


def test_gradients_of_gradients(path):
    block = metatensor.load(path, samples=select("s", 2, 0), properties=select("p", 1))[0]
    np.testing.assert_equal(block.values, [[5.0], [1.0]])
    gradient = block.gradient("g")
    # rows 0, 1, 2 are kept
    np.testing.assert_equal(gradient.samples.values, [[0, 0], [1, 0], [1, 1]])
    np.testing.assert_equal(gradient.values[:, 0, 0], [1.0, 7.0, 13.0])
    nested = gradient.gradient("nested")
    np.testing.assert_equal(nested.samples.values, [[0], [2]])
    np.testing.assert_equal(nested.values[:, 0, 0], [1.0, 7.0])


def test_info_and_methods(path, block_path):
    tensor = TensorMap.load(path, keys=select("b", 2), samples=select("s", 1))
    assert tensor.info() == {"unit": "eV"}
    np.testing.assert_equal(tensor.keys.values, [[0, 2]])
    np.testing.assert_equal(tensor[0].values, [[102.0, 103.0]])

    block = TensorBlock.load(block_path, samples=select("s", 1), properties=select("p", 1))
    np.testing.assert_equal(block.values, [[3.0]])
    assert metatensor.load_block(str(block_path), properties=select("p")).shape == (3, 0)


def test_results_are_normal_objects(path):
    tensor = metatensor.load(path, keys=select("b", 2), samples=select("s", 1))
    values = tensor[0].values
    assert type(values) is np.ndarray
    assert values.flags.writeable
    assert type(tensor[0].samples.values) is type(metatensor.load(path)[0].samples.values)
    values[0, 0] = 5
    assert tensor[0].values[0, 0] == 5
    assert tensor[0].samples.position([1]) == 0


def test_nothing_matches(path):
    tensor = metatensor.load(path, samples=select("s", 12))
    assert tensor[0].shape == (0, 2)
    assert tensor[0].gradient("g").shape == (0, 3, 2)

    empty = metatensor.load(path, keys=select("a", 12))
    assert len(empty) == 0
    assert empty.keys.names == ["a", "b"]
    assert empty.info() == {"unit": "eV"}


def test_errors(path, block_path):
    unknown = select("z", 1)
    for argument, names in [("keys", "(a, b)"), ("samples", "(s)"), ("properties", "(p)")]:
        message = f"in `{argument}`: the dimension 'z' of the selection is not one of the labels: "
        with pytest.raises(MetatensorError) as error:
            metatensor.load(path, **{argument: unknown})
        assert message + names in str(error.value)
        with pytest.raises(TypeError, match=f"`{argument}` must be Labels, got '<class 'list'>'"):
            metatensor.load(path, **{argument: [1]})
        with pytest.raises(ValueError, match="`use_numpy` can not be used together"):
            metatensor.load(path, use_numpy=True, **{argument: unknown})
        with open(path, "rb") as file, pytest.raises(TypeError, match="need the path of the file"):
            metatensor.load(file, **{argument: unknown})

    with pytest.raises(MetatensorError, match="could not open '.*nope': No such file"):
        metatensor.load("nope", samples=unknown)
    with pytest.raises(MetatensorError, match="use `load_block` to load TensorBlock"):
        metatensor.load(block_path, samples=unknown)
    with pytest.raises(MetatensorError, match="use `load` to load TensorMap"):
        metatensor.load_block(path, samples=unknown)


def test_file(path, block_path):
    with File(path) as file:
        assert file.content == "TensorMap"
        assert file.path == str(path)
        assert file.keys.names == ["a", "b"]
        assert repr(file) == f"File('{path}')"
        assert not file.is_closed
        with pytest.raises(MetatensorError, match="can not read 2 samples from position 2"):
            file.load_samples(2, 2)
        with pytest.raises(MetatensorError, match="can not read block 2 of"):
            file.load_samples(0, 1, block=2)
        with pytest.raises(TypeError):
            file.load_samples(-1, 1)
    assert file.is_closed
    with pytest.raises(ValueError, match="this file is closed"):
        file.load()

    file = File(str(block_path))
    assert file.content == "TensorBlock"
    assert file.load().shape == (3, 2)
    for method in (file.load, file.map, file.metadata):
        with pytest.raises(ValueError, match="`keys` can not be used: .* contains a TensorBlock"):
            method(keys=select("a", 1))
    with pytest.raises(MetatensorError, match="use `load_block`"):
        _ = file.keys
    with pytest.raises(TypeError, match="need the path of the file"):
        File(3)


def test_metadata(path, tensor):
    metadata = File(path).metadata(keys=select("b", 1))
    assert metadata.keys == select_rows(tensor.keys, [0])
    block = metadata[0]
    assert block.samples == tensor[0].samples
    assert block.gradient("g").gradient("nested").shape == (3, 3, 2)
    assert block.values.strides == (0, 0)
    assert block.dtype == np.float64


def select_rows(labels, rows):
    return Labels(labels.names, labels.values[rows])


LARGE_SHAPE = (1000, 1000)


@pytest.fixture(scope="module")
def large_path(tmp_path_factory):
    """Block with 8 MB of values"""
    path = tmp_path_factory.mktemp("large") / "large.mts"
    values = np.arange(1e6).reshape(LARGE_SHAPE)
    block = TensorBlock(values, Labels.range("s", 1000), [], Labels.range("p", 1000))
    metatensor.save(path, block)
    return path


# labels are always read: two times 4000 bytes, and what comes with them
OVERHEAD = 40_000


@pytest.mark.parametrize(
    "selection, needed",
    [
        ({"samples": select("s", 500)}, 8_000),
        ({"samples": select("s", 999, 0, 500, 501)}, 32_000),
        # one page is read for each of them, as far as the reader is concerned
        ({"properties": select("p", 500)}, 8_000),
        ({"samples": select("s", 1, 900), "properties": select("p", 3, 4, 800)}, 2 * 3 * 4096),
    ],
)
def test_bytes_read(large_path, selection, needed):
    before = bytes_read()
    block = metatensor.load_block(large_path, **selection)
    read = bytes_read() - before
    assert read < needed + OVERHEAD

    full = metatensor.load_block(large_path)
    for axis, labels in selection.items():
        full = metatensor.slice_block(full, axis, labels)
    assert_same_block(block, full)


def test_bytes_read_once(large_path):
    with File(large_path) as file:
        file.load_samples(0, 1)
        before = bytes_read()
        for i in range(10):
            assert file.load_samples(100 * i, 1).values[0, 0] == 1e5 * i
        # nothing but the samples, and the file that says how much was read
        assert bytes_read() - before < 10 * 8_000 + 1_000


def test_other_blocks_are_not_read(tmp_path):
    blocks = [
        TensorBlock(np.zeros((100, 1000)), Labels.range("s", 100), [], Labels.range("p", 1000))
        for _ in range(10)
    ]
    path = tmp_path / "tensor.mts"
    metatensor.save(path, TensorMap(Labels.range("k", 10), blocks))
    before = bytes_read()
    tensor = metatensor.load(path, keys=select("k", 4))
    assert len(tensor) == 1
    assert bytes_read() - before < 800_000 + OVERHEAD


def test_damaged_checksums(tmp_path):
    """Checksums are verified for what is read completely, which labels always are."""
    path = tmp_path / "block.mts"
    block = TensorBlock(np.ones((50, 3)), Labels.range("s", 50), [], Labels.range("p", 3))
    metatensor.save(path, block)
    content = path.read_bytes()

    values = bytearray(content)
    values[content.index(np.ones(1).tobytes()) + 800] ^= 1
    path.write_bytes(values)
    with pytest.raises(MetatensorError, match="in 'values.npy': the checksum of the data is wrong"):
        metatensor.load_block(path)
    with File(path) as file:
        with pytest.raises(MetatensorError, match="in 'values.npy': the checksum"):
            file.load()
        assert file.load_samples(0, 1).shape == (1, 3)

    labels = bytearray(content)
    labels[content.index(np.arange(1, 50, dtype=np.int32).tobytes())] ^= 1
    path.write_bytes(labels)
    with pytest.raises(MetatensorError, match="in 'samples.npy': the checksum of the data is wro"):
        metatensor.load_block(path, samples=select("s", 1))


def test_threads(path, tensor):
    file = File(path)
    results = []

    def load():
        results.append([file.load(samples=select("s", i % 3)) for i in range(30)])

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for parts in results:
        for i, part in enumerate(parts):
            np.testing.assert_equal(part[1].values, tensor[1].values[[i % 3]])
