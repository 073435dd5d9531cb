import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metatensor import Labels, MetatensorError

rows = st.lists(st.tuples(st.integers(-2, 3), st.integers(-1, 2)), unique=True, max_size=12)
kinds = st.sampled_from(["numpy", "torch"])


def make(entries, arrays="numpy", names=("a", "b")):
    values = np.array(entries, dtype=np.int32).reshape(-1, len(names))
    return Labels(names, values if arrays == "numpy" else torch.from_numpy(values))


def entries_of(labels):
    return [tuple(row) for row in labels.values.tolist()]


def mapping_of(entries, result):
    return [result.index(entry) if entry in result else -1 for entry in entries]


def check_mapping(mapping, entries, result):
    assert isinstance(mapping, np.ndarray)
    assert mapping.dtype == np.int64
    assert mapping.tolist() == mapping_of(entries, result)


@given(rows, rows, kinds)
def test_union(first, second, arrays):
    expected = first + [entry for entry in second if entry not in first]
    a, b = make(first, arrays), make(second)
    labels, a_mapping, b_mapping = a.union_and_mapping(b)
    assert entries_of(labels) == expected
    assert entries_of(a.union(b)) == expected
    check_mapping(a_mapping, first, expected)
    check_mapping(b_mapping, second, expected)
    assert type(labels.values) is type(a.values)
    assert labels.names == ["a", "b"]


@given(rows, rows, kinds)
def test_intersection(first, second, arrays):
    smaller, larger = (first, second) if len(first) <= len(second) else (second, first)
    expected = [entry for entry in smaller if entry in larger]
    a, b = make(first, arrays), make(second)
    labels, a_mapping, b_mapping = a.intersection_and_mapping(b)
    assert entries_of(labels) == expected
    assert entries_of(a.intersection(b)) == expected
    check_mapping(a_mapping, first, expected)
    check_mapping(b_mapping, second, expected)
    assert type(labels.values) is type(a.values)


@given(rows, rows, kinds)
def test_difference(first, second, arrays):
    expected = [entry for entry in first if entry not in second]
    a, b = make(first, arrays), make(second)
    labels, a_mapping = a.difference_and_mapping(b)
    assert entries_of(labels) == expected
    assert entries_of(a.difference(b)) == expected
    check_mapping(a_mapping, first, expected)
    assert type(labels.values) is type(a.values)


@given(rows, rows, kinds)
def test_select_same_dimensions(first, second, arrays):
    selected = make(first, arrays).select(make(second))
    assert isinstance(selected, np.ndarray)
    assert selected.dtype == np.uint64
    assert selected.tolist() == [first.index(entry) for entry in second if entry in first]


@given(rows, st.lists(st.integers(-2, 3), unique=True), st.sampled_from([0, 1]))
def test_select_some_dimensions(entries, values, dimension):
    selection = make([(value,) for value in values], names=["ab"[dimension]])
    selected = make(entries).select(selection)
    assert selected.tolist() == [
        position for position, entry in enumerate(entries) if entry[dimension] in values
    ]


@given(rows, rows)
def test_select_other_order(entries, selection):
    labels = Labels(["b", "a"], np.array(selection, dtype=np.int32).reshape(-1, 2))
    selected = make(entries).select(labels)
    assert selected.tolist() == [
        position for position, (a, b) in enumerate(entries) if (b, a) in selection
    ]


@given(rows)
def test_position(entries):
    labels = make(entries)
    for position, entry in enumerate(entries):
        assert labels.position(entry) == position
    assert labels.position([100, 100]) is None


def test_results_are_readonly():
    labels = make([(0, 1), (2, 3)]).union(make([(4, 5)]))
    with pytest.raises(ValueError, match="read-only"):
        labels.values[0, 0] = 3


def test_select_special_cases():
    labels = make([(0, 1), (2, 3)])
    assert labels.select(Labels([], np.empty((0, 0)))).tolist() == [0, 1]
    assert labels.select(Labels.empty("a")).tolist() == []
    with pytest.raises(MetatensorError, match="'z'"):
        labels.select(Labels.empty("z"))
    with pytest.raises(MetatensorError, match="'z'"):
        Labels.empty("a").select(Labels.range("z", 2))


def test_errors():
    labels = make([(0, 1), (2, 3)])
    others = [labels.permute([1, 0]), labels.rename("a", "c"), labels.remove("a")]
    functions = ["union", "intersection", "difference"]
    for name in functions + [f"{function}_and_mapping" for function in functions]:
        function = getattr(labels, name)
        for other in others:
            with pytest.raises(MetatensorError, match=r"^invalid parameter"):
                function(other)
        with pytest.raises(TypeError):
            function(3)
    with pytest.raises(TypeError):
        labels.select([0])


def test_different_devices():
    meta = Labels(["a"], torch.zeros(2, 1, dtype=torch.int32, device="meta"), assume_unique=True)
    labels = Labels.range("a", 2)
    for function in [labels.union, labels.intersection, labels.difference, labels.select]:
        with pytest.raises(MetatensorError):
            function(meta)
