"""What keeps what alive, and what happens with objects that are used in unusual ways."""

import gc
import sys
import threading
import weakref

import numpy as np
import pytest
import torch

from metatensor import Labels, TensorBlock, TensorMap


def test_arrays_live_as_long_as_blocks(make_block, to_array):
    values = to_array(np.zeros((2, 2)))
    alive = weakref.ref(values)
    block = make_block(values)
    del values
    gc.collect()
    assert alive() is block.values
    del block
    gc.collect()
    assert alive() is None


def test_arrays_outlive_blocks(make_block, make_tensor, to_array):
    values = to_array(np.full((2, 2), 3.0))
    tensor = make_tensor([make_block(values)])
    samples = tensor.block(0).samples
    label_values = tensor.block(0).properties.values
    del tensor
    gc.collect()
    assert values.tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert samples.values.tolist() == [[0], [1]]
    assert label_values.tolist() == [[0], [1]]


def test_values_of_labels(to_array):
    values = to_array([[1], [2]], dtype=np.int32)
    alive = weakref.ref(values)
    labels = Labels("a", values)
    clones = [labels.rename("a", "b"), TensorMap(Labels.empty("k"), []).keys]
    del values, labels
    gc.collect()
    assert alive() is not None
    del clones
    gc.collect()
    assert alive() is None


def test_views_keep_owners_alive(make_block, make_tensor):
    block = make_block(np.zeros((2, 2)))
    gradient = TensorBlock(np.ones((1, 2)), Labels.range("sample", 1), [], block.properties)
    nested = TensorBlock(np.full((1, 2), 2.0), Labels.range("sample", 1), [], block.properties)
    gradient.add_gradient("h", nested)
    block.add_gradient("g", gradient)
    tensor = make_tensor([block])
    alive = weakref.ref(tensor)

    view = tensor.block(0).gradient("g").gradient("h")
    del tensor, block, gradient, nested
    gc.collect()
    assert alive() is not None
    assert view.values.tolist() == [[2.0, 2.0]]
    del view
    gc.collect()
    assert alive() is None


def test_weak_references(make_block, make_tensor):
    tensor = make_tensor([make_block(np.zeros((1, 1)))])
    for object in [tensor, tensor.block(0), tensor.keys, tensor.keys[0]]:
        assert weakref.ref(object)() is object


def test_views_of_moved_blocks(make_block, make_tensor):
    block = make_block(np.zeros((2, 2)))
    gradient = TensorBlock(np.ones((1, 2)), Labels.range("sample", 1), [], block.properties)
    block.add_gradient("g", gradient)
    view = block.gradient("g")
    tensor = make_tensor([block])
    assert repr(view) == "TensorBlock(<empty>)"
    assert view.is_view
    with pytest.raises(ValueError, match="released or moved"):
        _ = view.values
    assert tensor.block(0).gradient("g").shape == (1, 2)


def test_views_stay_valid_with_more_gradients(make_block):
    block = make_block(np.zeros((2, 2)))

    def gradient(value):
        return TensorBlock(np.full((1, 2), value), Labels.range("sample", 1), [], block.properties)

    block.add_gradient("0", gradient(0.0))
    view = block.gradient("0")
    for i in range(1, 50):
        block.add_gradient(str(i), gradient(float(i)))
    assert view.values.tolist() == [[0.0, 0.0]]


def test_objects_without_init():
    for cls in [Labels, TensorBlock, TensorMap]:
        instance = cls.__new__(cls)
        assert repr(instance) == f"{cls.__name__}(<empty>)"
        del instance
        gc.collect()


@pytest.mark.filterwarnings("ignore:nanobind:RuntimeWarning")
def test_use_of_objects_without_init(make_block):
    labels, block, tensor = (cls.__new__(cls) for cls in [Labels, TensorBlock, TensorMap])
    valid = make_block(np.zeros((1, 1)))
    for function in [
        lambda: labels.values,
        lambda: len(labels),
        lambda: labels.union(Labels.single()),
        lambda: block.values,
        lambda: block.gradient("g"),
        lambda: tensor.block(0),
        lambda: tensor.keys,
        lambda: TensorMap(Labels.single(), [block]),
        lambda: TensorBlock(np.zeros((1, 1)), labels, [], Labels.single()),
        lambda: make_block(np.zeros((1, 1))).add_gradient("g", block),
        lambda: TensorBlock.unsafe_view_from_ptr(valid.as_mts_block_t(), tensor),
    ]:
        with pytest.raises(TypeError):
            function()


def test_properties_with_other_objects():
    for cls, name in [(Labels, "values"), (TensorBlock, "values"), (TensorMap, "keys")]:
        for other in [3, None, Labels.single() if cls is not Labels else "a"]:
            with pytest.raises(TypeError):
                getattr(cls, name).__get__(other)


def test_failed_constructors_do_not_leak():
    values = np.zeros((3, 3))
    count = sys.getrefcount(values)
    for _ in range(10):
        with pytest.raises(Exception, match="invalid parameter"):
            TensorBlock(values, Labels.single(), [], Labels.single())
    assert sys.getrefcount(values) == count

    labels = np.zeros((2, 1), dtype=np.int32)
    count = sys.getrefcount(labels)
    for _ in range(10):
        with pytest.raises(Exception, match="invalid parameter"):
            Labels("a", labels)
    assert sys.getrefcount(labels) == count


def test_subclasses(make_block):
    class MyLabels(Labels):
        pass

    class MyTensor(TensorMap):
        def __init__(self, *args):
            super().__init__(*args)
            self.attribute = 3

    labels = MyLabels("k", np.array([[1]]))
    tensor = MyTensor(labels, [make_block(np.zeros((1, 1)))])
    assert tensor.attribute == 3
    assert type(tensor.keys) is Labels
    assert tensor.keys == labels
    tensor.self = tensor
    alive = weakref.ref(tensor)
    del tensor
    gc.collect()
    assert alive() is None


def test_threads(make_block, make_tensor, to_array):
    tensor = make_tensor([make_block(to_array(np.full((50, 20), 3.0))) for _ in range(20)])
    expected = tensor.keys_to_samples("key")
    results = []

    def work():
        for _ in range(5):
            merged = tensor.keys_to_samples("key")
            merged.keys_to_properties("_")
            tensor.copy()
            tensor.keys.position([3])
            results.append(merged == expected)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == 20 * [True]


def test_used_in_other_threads_only(make_block):
    blocks = []

    def create():
        blocks.append(make_block(torch.ones(2, 2)))
        blocks.append(blocks[0].copy())

    thread = threading.Thread(target=create)
    thread.start()
    thread.join()
    assert blocks[1].values.tolist() == [[1.0, 1.0], [1.0, 1.0]]
