"""The labels of a block: one object for all the users of this block."""

import pickle
import threading

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


def labels_of(block: TensorBlock) -> list[Labels]:
    return [block.samples, *block.components, block.properties]


def handles(labels: list[Labels]) -> list[int]:
    return [entry.as_mts_labels_t() for entry in labels]


def create_map(block: TensorBlock) -> TensorMap:
    return TensorMap(Labels.single(), [block.copy(deep=False)])


def test_same_labels_each_time(block):
    tensor = create_map(block)
    first = labels_of(tensor.block())
    again = labels_of(tensor.block())
    assert handles(first) == handles(again) == handles(labels_of(block))
    assert [a.names for a in first] == [["s"], ["xyz"], ["p"]]
    assert all(a == b for a, b in zip(first, again, strict=True))
    # the same tensor, not only equal ones
    assert all(
        a.values.data_ptr() == b.values.data_ptr() for a, b in zip(first, again, strict=True)
    )


def test_labels_survive_the_block(block):
    labels = labels_of(create_map(block).block())
    del block
    assert [entry.values.shape for entry in labels] == [(3, 1), (3, 1), (2, 1)]
    assert labels[0].position([1]) == 1


def test_labels_passed_on_to_another_block(block):
    other = TensorBlock(block.values + 1, block.samples, block.components, block.properties)
    assert handles(labels_of(other)) == handles(labels_of(block))
    del block
    assert other.samples == Labels.range("s", 3)
    assert other.components == [Labels.range("xyz", 3)]
    assert other.properties == Labels.range("p", 2)


def test_more_axes_than_are_remembered():
    components = [Labels.range(f"c_{i}", 2) for i in range(6)]
    values = torch.zeros([1] + [2] * 6 + [3])
    block = TensorBlock(values, Labels.single(), components, Labels.range("p", 3))
    for _ in range(2):
        assert block.components == components
        assert block.properties == Labels.range("p", 3)
    copied = TensorBlock(values, block.samples, block.components, block.properties)
    assert labels_of(copied) == labels_of(block)


def test_labels_replaced_by_the_core_library(block):
    tensor = create_map(block.copy())
    assert len(labels_of(tensor.block())) == 3
    moved = tensor.components_to_properties("xyz").block()
    assert moved.components == []
    assert moved.properties.names == ["xyz", "p"]
    assert len(moved.properties) == 6
    # the initial map did not change
    assert tensor.block().components == [Labels.range("xyz", 3)]


def test_release_of_labels_of_a_user():
    samples = Labels.range("s", 1)
    block = TensorBlock(torch.zeros(1, 1), samples, [], Labels.range("p", 1))
    from_block = block.samples
    taken = Labels.unsafe_from_ptr(samples.release())
    with pytest.raises(RuntimeError, match="released"):
        samples.position([0])
    # nobody else is concerned
    assert taken == from_block == block.samples


def test_release_of_labels_of_a_block(block):
    mine, yours = block.samples, block.samples
    taken = Labels.unsafe_from_ptr(mine.release())
    assert taken == yours == block.samples
    assert yours.position([2]) == 2


def test_copies_are_independent(block):
    moved = block.samples.to("cpu")
    taken = Labels.unsafe_from_ptr(moved.release())
    with pytest.raises(RuntimeError, match="released"):
        moved.position([0])
    assert taken == block.samples


def test_pickle(block):
    labels = [block.samples, block.samples]
    loaded = pickle.loads(pickle.dumps(labels))
    assert loaded == labels


def test_many_threads():
    properties = Labels.range("p", 2)
    for _ in range(20):
        block = TensorBlock(torch.zeros(1, 2), Labels.single(), [], properties)
        tensor = TensorMap(Labels.single(), [block])
        results: list[list[int]] = []

        def read(tensor=tensor, results=results):
            results.append(handles(labels_of(tensor.block())))

        threads = [threading.Thread(target=read) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [handles(labels_of(tensor.block()))] * 4


def test_released_block(block):
    taken = TensorBlock.unsafe_from_ptr(block.release())
    for name in ("samples", "components", "properties", "values"):
        with pytest.raises(RuntimeError, match="released"):
            getattr(block, name)
    assert taken.samples == Labels.range("s", 3)


@pytest.mark.parametrize("n_keys", [1, 2], ids=["map", "refused map"])
def test_views_of_gradients_survive_the_block(block, n_keys):
    gradient = block.gradient("g")
    nested = gradient.gradient("nested")
    expected = gradient.values.clone()

    keys = Labels.range("key", n_keys)
    if n_keys == 1:
        values = TensorMap(keys, [block]).block().gradient("g").values
        assert values.data_ptr() == gradient.values.data_ptr()
    else:
        with pytest.raises(RuntimeError, match="expected one block for each entry"):
            TensorMap(keys, [block])

    with pytest.raises(RuntimeError, match="released"):
        block.values  # noqa: B018
    assert not block.is_view
    with pytest.raises(RuntimeError, match="released"):
        block.release()
    with pytest.raises(RuntimeError, match="released"):
        TensorMap(keys, [block] * n_keys)
    del block
    assert gradient.is_view
    assert torch.equal(gradient.values, expected)
    assert nested.values.shape == (1, 3, 2)
    assert gradient.samples.names == ["sample", "atom"]


def test_wrong_arguments(block):
    labels = Labels.range("s", 3)
    with pytest.raises(RuntimeError, match="Labels"):
        TensorBlock(torch.zeros(3, 3), labels, labels, labels)
    with pytest.raises(RuntimeError, match="Labels"):
        TensorBlock(torch.zeros(3, 3), create_map(block), [], labels)
    with pytest.raises(RuntimeError, match="TensorBlock"):
        TensorMap(labels, [labels, labels, labels])
