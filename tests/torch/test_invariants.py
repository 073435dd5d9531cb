"""Properties that hold for any data."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap

few = settings(max_examples=30)

entries = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), unique=True, max_size=12)


def make_labels(values, names=("a", "b")):
    return Labels(list(names), torch.tensor(values, dtype=torch.int32).reshape(-1, len(names)))


def as_list(labels):
    return [tuple(row) for row in labels.values.tolist()]


@few
@given(entries, entries)
def test_set_operations(first, second):
    a, b = make_labels(first), make_labels(second)
    assert as_list(a.union(b)) == first + [e for e in second if e not in first]
    assert as_list(a.difference(b)) == [e for e in first if e not in second]
    assert set(as_list(a.intersection(b))) == set(first) & set(second)

    for operation in ("union", "intersection"):
        result, first_mapping, second_mapping = getattr(a, f"{operation}_and_mapping")(b)
        for inputs, mapping in ((first, first_mapping), (second, second_mapping)):
            positions = [result.position(entry) for entry in inputs]
            assert mapping.tolist() == [-1 if p is None else p for p in positions]


@few
@given(entries, entries)
def test_selection(values, selection):
    labels = make_labels(values)
    assert [values[i] for i in labels.select(make_labels(selection))] == [
        e for e in selection if e in values
    ]
    column = sorted({a for a, _ in selection})
    selected = labels.select(make_labels(column, names=("a",)))
    assert selected.tolist() == [i for i, (a, _) in enumerate(values) if a in column]


@few
@given(entries)
def test_entries(values):
    labels = make_labels(values)
    assert [labels.position(entry) for entry in labels] == list(range(len(values)))
    assert all(labels[-1 - i] == labels[len(values) - 1 - i] for i in range(len(values)))
    assert mts.load_labels_buffer(labels.save_buffer()) == labels
    assert labels.permute([1, 0]).permute([1, 0]) == labels


@st.composite
def tensor_maps(draw):
    """Maps with one key dimension, where samples and properties are different in each block."""
    keys = draw(st.lists(st.integers(0, 20), unique=True, min_size=1, max_size=4))
    n_components = draw(st.integers(1, 2))
    blocks = []
    for index in range(len(keys)):
        samples = draw(st.lists(st.integers(0, 5), unique=True, max_size=4))
        properties = draw(st.lists(st.integers(0, 5), unique=True, max_size=4))
        shape = (len(samples), n_components, len(properties))
        size = shape[0] * shape[1] * shape[2]
        values = torch.arange(size, dtype=torch.float64).reshape(shape) + 100 * (index + 1)
        blocks.append(
            TensorBlock(
                # the order in memory does not matter
                values.transpose(0, 2).contiguous().transpose(0, 2),
                make_labels(samples, names=("s",)),
                [Labels.range("c", n_components)],
                make_labels(properties, names=("p",)),
            )
        )
    return TensorMap(make_labels(keys, names=("k",)), blocks)


def values_by_position(tensor):
    """All values of a map, as a dictionary from all the metadata to the value."""
    result = {}
    for key, block in tensor.items():
        for i, sample in enumerate(block.samples):
            for j, prop in enumerate(block.properties):
                entries = (key, sample, prop)
                position = {
                    name: int(value)
                    for entry in entries
                    for name, value in zip(entry.names, entry.values, strict=True)
                }
                position.pop("_", None)
                result[tuple(sorted(position.items()))] = block.values[i, :, j].tolist()
    return result


@few
@given(tensor_maps(), st.booleans())
def test_merging_blocks_moves_every_value(tensor, sort_samples):
    expected = values_by_position(tensor)
    for function in (tensor.keys_to_samples, tensor.keys_to_properties):
        merged = values_by_position(function("k", fill_value=-1.0, sort_samples=sort_samples))
        assert expected.items() <= merged.items()
        for position in merged.keys() - expected.keys():
            assert set(merged[position]) == {-1.0}


@few
@given(tensor_maps(), st.dictionaries(st.text("abc", max_size=3), st.text("xyz", max_size=3)))
def test_serialization(tensor, info):
    for key, value in info.items():
        tensor.set_info(key, value)
    buffer = tensor.save_buffer()
    loaded = mts.load_buffer(buffer)
    assert torch.equal(loaded.save_buffer(), buffer)
    assert values_by_position(loaded) == values_by_position(tensor)
    assert loaded.info() == info
    assert repr(loaded) == repr(tensor)
