"""Several Python threads that use the same objects at the same time."""

import ctypes
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import metatensor
from metatensor import Labels, LabelsEntry, MetatensorError, TensorBlock, TensorMap

N_THREADS = 8


def in_threads(function):
    """
    Results of ``function(index)``, called in several threads that start at the same time. An
    exception in one of them is raised again here.
    """
    start = threading.Barrier(N_THREADS)

    def run(index):
        start.wait()
        return function(index)

    with ThreadPoolExecutor(N_THREADS) as executor:
        return list(executor.map(run, range(N_THREADS)))


def shuffled_labels(count, names=("s", "t")):
    """Labels in an order such that positions need a lookup table, with nothing known about them"""
    values = [[(i * 7919) % count, i % 3] for i in range(count)]
    return Labels(list(names), np.array(values, np.int32))


@pytest.fixture
def tensor(to_array):
    """A tensor map with components, gradients, and samples that are not the same in all blocks"""
    blocks = []
    for i in range(4):
        n_samples = 50 + i
        block = TensorBlock(
            to_array(np.arange(n_samples * 6).reshape(n_samples, 3, 2) + 1000.0 * i),
            shuffled_labels(n_samples),
            [Labels.range("xyz", 3)],
            Labels.range("p", 2),
        )
        gradient = TensorBlock(
            to_array(np.full((2, 3, 2), float(i))),
            Labels(["sample", "atom"], np.array([[5, 0], [3, i]], np.int32)),
            [Labels.range("xyz", 3)],
            Labels.range("p", 2),
        )
        block.add_gradient("g", gradient)
        blocks.append(block)
    keys = Labels(["k", "l"], np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.int32))
    return TensorMap(keys, blocks)


def test_labels_lookups():
    for _ in range(5):
        labels = shuffled_labels(500)
        entries = [[(i * 7919) % 500, i % 3] for i in range(500)]

        def find(_, labels=labels, entries=entries):
            return [labels.position(entry) for entry in entries]

        assert in_threads(find) == [list(range(500))] * N_THREADS


def test_labels_sets():
    def combine(first, second):
        union, *mappings = first.union_and_mapping(second)
        return (
            union.values.tolist(),
            [mapping.tolist() for mapping in mappings],
            first.intersection(second).values.tolist(),
            first.difference(second).values.tolist(),
            first.select(Labels(["t"], np.array([[1]], np.int32))).tolist(),
        )

    expected = combine(shuffled_labels(300), shuffled_labels(200))
    assert len(expected[2]) > 0
    for _ in range(5):
        first, second = shuffled_labels(300), shuffled_labels(200)
        results = in_threads(lambda _, labels=(first, second): combine(*labels))
        assert results == [expected] * N_THREADS


def test_labels_views():
    labels = shuffled_labels(100)

    def look(_):
        entry = labels[3]
        assert isinstance(entry, LabelsEntry)
        return entry["s"], labels.values.sum(), labels.names, str(labels) == repr(labels)

    assert len(set(map(str, in_threads(look)))) == 1


def test_blocks(tensor):
    """Arrays and labels of blocks; each thread also keeps and releases objects of its own"""

    def look(_):
        total = 0.0
        for _ in range(10):
            for block in tensor:
                total += float(block.values.sum()) + float(block.gradient("g").values.sum())
                assert block.values is block.values
                assert block.samples.position([0, 0]) == 0
            assert tensor.block(k=1, l=0).values is tensor.block(1).values
        return total

    results = in_threads(look)
    assert results == [results[0]] * N_THREADS


def test_new_tensors(tensor):
    def make(_):
        return [
            tensor.keys_to_properties("k"),
            tensor.keys_to_samples("l"),
            tensor.components_to_properties("xyz"),
            tensor.copy(),
            metatensor.add(tensor, tensor),
        ]

    expected = make(None)
    for results in in_threads(make):
        for result, reference in zip(results, expected, strict=True):
            assert metatensor.equal(result, reference)


def test_files(tensor, tmp_path):
    """The same file read by all threads, and replaced by some of them"""
    path = tmp_path / "tensor.mts"
    metatensor.save(path, tensor)
    content = path.read_bytes()

    def read_and_write(index):
        for _ in range(5):
            if index % 4 == 0:
                metatensor.save(path, tensor)
            assert bytes(metatensor.load(path).save_buffer()) == content
            loaded = metatensor.io.load_custom_array(path, metatensor.io.create_torch_array)
            assert bytes(loaded.save_buffer()) == content
            assert bytes(metatensor.load(path, use_numpy=True).save_buffer()) == content

    in_threads(read_and_write)
    assert path.read_bytes() == content


def test_errors(tensor):
    """Each thread gets its own error, never the one of another thread"""

    def fail(index):
        for i in range(50):
            name = f"wrong name {index} {i}"
            with pytest.raises(MetatensorError, match=f"'{name}'"):
                Labels([name], np.zeros((1, 1), np.int32))
            with pytest.raises(MetatensorError, match=f"thread_{index}_{i}"):
                tensor.block(0).gradient(f"thread_{index}_{i}")

    in_threads(fail)


def test_exceptions_in_callbacks(tensor, tmp_path):
    """An exception of a Python callback is raised in the thread of this callback"""
    path = tmp_path / "tensor.mts"
    metatensor.save(path, tensor)

    def load(index):
        def create_array(shape, shape_count, dtype, array):
            if index % 2 == 0:
                raise RuntimeError(f"from thread {index}")
            return metatensor.io.create_numpy_array(shape, shape_count, dtype, array)

        for _ in range(10):
            if index % 2 == 0:
                with pytest.raises(RuntimeError, match=f"^from thread {index}$"):
                    metatensor.io.load_custom_array(path, create_array)
            else:
                assert len(metatensor.io.load_custom_array(path, create_array)) == 4

    in_threads(load)


def test_released_in_other_threads(to_array):
    """The last reference to a block, its labels or its arrays can be anywhere"""

    def make_block(_):
        return TensorBlock(
            to_array(np.ones((10, 2))), shuffled_labels(10), [], Labels.range("p", 2)
        )

    blocks = in_threads(make_block)
    parts = [(block.values, block.samples, block.properties) for block in blocks]

    def release(index):
        blocks[index] = None
        values, samples, properties = parts[(index + 1) % N_THREADS]
        parts[(index + 1) % N_THREADS] = None
        return float(values.sum()), len(samples), properties.names

    assert in_threads(release) == [(20.0, 10, ["p"])] * N_THREADS


def test_external_data_wrappers():
    """Registering wrappers and data origins, while arrays with other origins are used"""
    lib = metatensor._c_lib._get_library()

    def register(index):
        identifiers = []
        for i in range(20):
            # not in the same order in all threads
            name = f"test_threads origin {(i + 7 * index) % 20}"
            origin = ctypes.c_uint64(0)
            lib.mts_register_data_origin(name.encode(), ctypes.byref(origin))
            metatensor.register_external_data_wrapper(name, lambda array, parent: array)
            identifiers.append((name, origin.value))
            Labels.range("a", 3).values.sum()
        return sorted(identifiers)

    results = in_threads(register)
    assert results == [results[0]] * N_THREADS
    assert len({identifier for _, identifier in results[0]}) == 20
