import copy

import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, LabelsEntry, MetatensorError
from metatensor._c_api import mts_array_t
from metatensor._data import create_mts_array


def labels_ab():
    return Labels(["a", "b"], np.array([[0, 1], [2, 3], [0, 2]], dtype=np.int32))


# ---------------------------------------------------------------------- constructors


def test_names():
    values = np.zeros((1, 2), dtype=np.int32)
    assert Labels(["a", "b"], values).names == ["a", "b"]
    assert Labels(("a", "b"), values).names == ["a", "b"]
    assert Labels((name for name in "ab"), values).names == ["a", "b"]
    assert Labels("ab", values[:, :1]).names == ["ab"]
    assert Labels("", np.zeros((0, 0), dtype=np.int32)).names == []
    assert Labels(["_0_aA9"], values[:, :1]).names == ["_0_aA9"]

    labels = labels_ab()
    assert labels.names is labels.names

    with pytest.raises(TypeError):
        Labels(3, values)
    with pytest.raises(TypeError, match="float"):
        Labels(["a", 3.0], values)


@pytest.mark.parametrize("name", ["1a", "not an ident", "a-b", "é", "a\n", " "])
def test_invalid_names(name):
    with pytest.raises(MetatensorError, match=r"^invalid parameter"):
        Labels(["ok", name], np.zeros((1, 2), dtype=np.int32))


def test_invalid_names_special():
    with pytest.raises(ValueError, match="NUL"):
        Labels(["a\0b"], np.zeros((1, 1), dtype=np.int32))
    with pytest.raises(MetatensorError, match="'a'"):
        Labels(["a", "a"], np.zeros((1, 2), dtype=np.int32))
    with pytest.raises(MetatensorError):
        Labels([""], np.zeros((1, 1), dtype=np.int32))


def test_values_are_shared(to_array):
    values = to_array([[0, 1], [2, 3]], dtype=np.int32)
    labels = Labels(["a", "b"], values)
    assert labels.values is values
    assert copy.copy(labels).values is values
    assert copy.deepcopy(labels).values is values
    assert labels.rename("a", "c").values is values
    assert len(labels) == 2


def test_numpy_values_become_readonly():
    values = np.array([[0, 1], [2, 3]], dtype=np.int32)
    labels = Labels(["a", "b"], values)
    assert not values.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        labels.values[0, 0] = 4
    with pytest.raises(ValueError, match="read-only"):
        labels["a"][0] = 4

    values = np.array([[0, 1], [2, 3]], dtype=np.int64)
    labels = Labels(["a", "b"], values)
    assert values.flags.writeable
    assert labels.values.dtype == np.int32

    # nothing changes if there are no labels in the end
    values = np.array([[1], [1]], dtype=np.int32)
    with pytest.raises(MetatensorError):
        Labels("a", values)
    assert values.flags.writeable


def test_numpy_layouts():
    base = np.arange(24, dtype=np.int32).reshape(4, 6)
    for values in [base[::2, ::3], np.asfortranarray(base[:, :2]), base[::-1, 2:4]]:
        expected = values.tolist()
        labels = Labels(["a", "b"], values)
        assert labels.values is values
        assert [labels.position(row) for row in expected] == list(range(len(expected)))

    class Subclass(np.ndarray):
        pass

    labels = Labels(["a", "b"], base[:, :2].view(Subclass))
    assert type(labels.values) is np.ndarray
    swapped = np.array([[1, 2]], dtype=">i4")
    assert Labels(["a", "b"], swapped).values.tolist() == [[1, 2]]


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)
def test_integer_dtypes(to_array, arrays, dtype):
    values = to_array([[0], [1]], dtype=dtype)
    if arrays == "torch" and dtype == "bool":
        with pytest.raises(TypeError, match="bool"):
            Labels("a", values)
        return
    labels = Labels("a", values)
    assert labels.values.tolist() == [[0], [1]]
    assert str(labels.values.dtype).endswith("int32")


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
def test_other_dtypes(to_array, dtype):
    with pytest.raises(TypeError, match=dtype):
        Labels("a", to_array([[0], [1]], dtype=dtype))


def test_other_values():
    with pytest.raises(TypeError, match="integers"):
        Labels("a", np.array([["x"]]))
    with pytest.raises(ValueError, match="requires gradients"):
        Labels("a", torch.zeros(1, 1, requires_grad=True))
    for values in [[[1, 2]], None, 3, "abc", ((1,),)]:
        with pytest.raises(ValueError, match="must be a NumPy array or a torch tensor"):
            Labels(["a", "b"], values)


def test_large_values_wrap():
    labels = Labels("a", np.array([[2**32 + 5], [-1]], dtype=np.int64))
    assert labels.values.tolist() == [[5], [-1]]


def test_shapes(to_array):
    with pytest.raises(ValueError, match="two axes, got 1"):
        Labels("a", to_array([1, 2]))
    with pytest.raises(ValueError, match="two axes, got 0"):
        Labels("a", to_array(1))
    with pytest.raises(ValueError, match="3 columns and 2 names"):
        Labels(["a", "b"], to_array([[1, 2, 3]]))


@pytest.mark.parametrize("shape", [(0,), (0, 2), (0, 7), (0, 1, 5)])
@pytest.mark.parametrize("dtype", ["int32", "float64", "bool"])
def test_no_entries(to_array, arrays, shape, dtype):
    labels = Labels(["a", "b"], to_array(np.empty(shape), dtype=dtype))
    assert len(labels) == 0
    assert tuple(labels.values.shape) == (0, 2)
    assert str(labels.values.dtype).endswith("int32")
    assert isinstance(labels.values, np.ndarray if arrays == "numpy" else torch.Tensor)


def test_no_dimensions(to_array):
    labels = Labels([], to_array(np.empty((0, 0)), dtype=np.int32))
    assert labels.names == []
    assert len(labels) == 0
    assert labels == Labels([], to_array(np.empty((0, 0)), dtype=np.int32))
    assert labels.union(labels).names == []
    # the values are in an array of the same kind
    values = to_array(np.empty((0, 0)), dtype=np.int32)
    for other in (labels, labels.permute([]), labels.to("cpu")):
        assert type(other.values) is type(values)
        assert tuple(other.values.shape) == (0, 0)
        assert other.values.dtype == values.dtype


def test_duplicates(to_array):
    values = to_array([[0, 7], [2, 3], [0, 7]], dtype=np.int32)
    with pytest.raises(MetatensorError, match="0, 7"):
        Labels(["a", "b"], values)
    assert len(Labels(["a", "b"], values, assume_unique=True)) == 3


def test_meta_tensors():
    values = torch.zeros(2, 1, dtype=torch.int32, device="meta")
    with pytest.raises(MetatensorError):
        Labels("a", values)
    labels = Labels("a", values, assume_unique=True)
    assert labels.values is values
    assert labels.device == torch.device("meta")
    with pytest.raises(MetatensorError):
        labels.position([0])


def test_mts_array():
    values = np.array([[1, 2], [3, 4]], dtype=np.int32)
    labels = Labels(["a", "b"], create_mts_array(values))
    assert labels.values is values
    assert not values.flags.writeable
    assert isinstance(labels._raw_values, mts_array_t)

    array = create_mts_array(np.zeros((2, 2, 2), dtype=np.int32))
    with pytest.raises(ValueError, match="two axes"):
        Labels(["a", "b"], array)
    array.destroy(array.ptr)

    array = create_mts_array(np.zeros((2, 3), dtype=np.int32))
    with pytest.raises(ValueError, match="3 columns"):
        Labels(["a", "b"], array)
    array.destroy(array.ptr)

    array = create_mts_array(np.zeros((1, 2)))
    with pytest.raises(TypeError, match="32-bit"):
        Labels(["a", "b"], array)
    array.destroy(array.ptr)


def test_single_empty_range():
    assert Labels.single().names == ["_"]
    assert Labels.single().values.tolist() == [[0]]

    assert Labels.empty("abc").names == ["abc"]
    assert Labels.empty(["a", "b"]).values.shape == (0, 2)
    assert Labels.empty(("a", "b")) == Labels.empty(["a", "b"])

    assert Labels.range("n", 3).values.tolist() == [[0], [1], [2]]
    assert Labels.range("n", 3).values.dtype == np.int32
    assert len(Labels.range("n", 0)) == 0
    assert len(Labels.range("n", -4)) == 0
    with pytest.raises(TypeError, match="list"):
        Labels.range(["n"], 3)
    with pytest.raises(MetatensorError):
        Labels.range("not valid", 3)


# ---------------------------------------------------------------------- container


def test_iteration(to_array):
    labels = Labels(["a", "b"], to_array([[0, 1], [2, 3]]))
    entries = list(labels)
    assert all(isinstance(entry, LabelsEntry) for entry in entries)
    assert [entry.print() for entry in entries] == ["(a=0, b=1)", "(a=2, b=3)"]
    assert [(int(a), int(b)) for a, b in labels] == [(0, 1), (2, 3)]


def test_entries(to_array):
    labels = Labels(["a", "b"], to_array([[0, 1], [2, 3], [0, 2]]))
    assert labels[1] == labels.entry(1)
    assert labels[-1].values.tolist() == [0, 2]
    assert labels.entry(-3).values.tolist() == [0, 1]
    for index in [np.int8(1), np.int16(1), np.int32(1), np.int64(1)]:
        assert labels[index].values.tolist() == [2, 3]
    for index in [3, -4, 100]:
        with pytest.raises(IndexError):
            labels[index]
        with pytest.raises(IndexError):
            labels.entry(index)
    for index in [1.0, slice(1), [1], (1,), np.uint8(1), None]:
        with pytest.raises(TypeError, match=type(index).__name__):
            labels[index]


def test_columns(to_array):
    labels = Labels(["a", "b"], to_array([[0, 1], [2, 3], [0, 2]]))
    assert labels["b"].tolist() == [1, 3, 2]
    assert labels.column("a").tolist() == [0, 2, 0]
    for function in [labels.column, labels.__getitem__]:
        with pytest.raises(ValueError, match="'c' not found"):
            function("c")
    with pytest.raises(TypeError, match="int"):
        labels.column(0)


def test_position(to_array):
    labels = Labels(["a", "b"], to_array([[0, 1], [2, 3], [0, 2]]))
    other = Labels(["x", "y"], to_array([[2, 3], [3, 3]]))

    assert labels.position([2, 3]) == 1
    assert type(labels.position([2, 3])) is int
    assert labels.position((0, 2)) == 2
    assert labels.position(np.array([0, 1])) == 0
    assert labels.position(torch.tensor([0, 1])) == 0
    assert labels.position([np.int64(0), True]) == 0
    assert labels.position([1, 1]) is None
    assert labels.position([2**40, 3]) is None
    # the names do not matter
    assert labels.position(other[0]) == 1
    assert labels.position(other[1]) is None

    assert [2, 3] in labels
    assert other[0] in labels
    assert (3, 2) not in labels

    class Shrinking:
        """Index which changes the list where it is"""

        def __index__(self):
            row.clear()
            return 2

    row = [Shrinking(), 3]
    with pytest.raises(MetatensorError):
        labels.position(row)

    for wrong in [[1], [1, 2, 3], [], [2**40]]:
        with pytest.raises(MetatensorError, match=r"^invalid parameter"):
            labels.position(wrong)
    for wrong in [[0.0, 1.0], ["0", "1"], "ab", np.array([0.0, 1.0]), 3, None]:
        with pytest.raises(TypeError):
            labels.position(wrong)


def test_equality():
    labels = labels_ab()
    assert labels == labels_ab()
    assert (labels == labels_ab()) is True
    assert labels == copy.copy(labels)
    assert labels != labels.rename("a", "c")
    assert labels != labels.permute([1, 0])
    assert labels != Labels(["a", "b"], labels.values[::-1])
    assert labels != Labels(["a", "b"], labels.values[:2])
    assert (labels != labels_ab()) is False
    assert Labels.empty(["a", "b"]) != Labels.empty(["b", "a"])

    # the kind of arrays does not matter
    assert labels == labels.to(arrays="torch")
    assert labels.to(arrays="torch") == labels

    for other in [3, None, "a", [[0, 1]], labels.values]:
        with pytest.raises(TypeError):
            _ = labels == other
        with pytest.raises(TypeError):
            _ = labels != other
    with pytest.raises(TypeError, match="unhashable"):
        hash(labels)


# ---------------------------------------------------------------------- other labels


def test_append(to_array):
    labels = Labels(["a", "b"], to_array([[0, 1], [2, 3], [0, 2]]))
    new = labels.append("c", np.array([7, 8, 9]))
    assert new.names == ["a", "b", "c"]
    assert new.values.tolist() == [[0, 1, 7], [2, 3, 8], [0, 2, 9]]
    assert type(new.values) is type(labels.values)
    assert labels.names == ["a", "b"]

    # more and less entries than dimensions
    assert labels_ab().append("c", np.arange(3)).names == ["a", "b", "c"]
    assert Labels.range("a", 1).append("b", np.arange(1)).names == ["a", "b"]
    assert Labels.empty("a").append("b", np.arange(0)).names == ["a", "b"]


@pytest.mark.parametrize(
    ("index", "names"),
    [
        (0, ["new", "a", "b"]),
        (1, ["a", "new", "b"]),
        (2, ["a", "b", "new"]),
        (-1, ["a", "new", "b"]),
        (-2, ["new", "a", "b"]),
        (np.int64(1), ["a", "new", "b"]),
    ],
)
def test_insert(to_array, index, names):
    labels = Labels(["a", "b"], to_array([[0, 1], [2, 3]]))
    new = labels.insert(index, "new", np.array([7, 8]))
    assert new.names == names
    assert new["new"].tolist() == [7, 8]
    assert new["a"].tolist() == [0, 2]
    assert new["b"].tolist() == [1, 3]


def test_insert_errors():
    labels = labels_ab()
    for index in [3, -3]:
        with pytest.raises(IndexError):
            labels.insert(index, "new", np.arange(3))
    with pytest.raises(ValueError, match="must be a NumPy array"):
        labels.insert(0, "new", [1, 2, 3])
    with pytest.raises(ValueError, match="must be a NumPy array"):
        labels.insert(0, "new", torch.arange(3))
    with pytest.raises(ValueError, match="one axis"):
        labels.insert(0, "new", np.zeros((3, 1), dtype=np.int32))
    with pytest.raises(ValueError, match="2 values for 3 entries"):
        labels.insert(0, "new", np.arange(2))
    with pytest.raises(MetatensorError, match="'b'"):
        labels.insert(0, "b", np.arange(3))
    with pytest.raises(TypeError):
        labels.insert(0, "new", np.array([0.5, 1.0, 2.0]))
    # no information is lost here
    assert labels.insert(0, "new", np.array([4.0, 1.0, 2.0]))["new"].tolist() == [4, 1, 2]


def test_remove(to_array):
    labels = Labels(["a", "b"], to_array([[0, 1], [2, 3], [0, 2]]))
    assert labels.remove("a").names == ["b"]
    assert labels.remove("a").values.tolist() == [[1], [3], [2]]
    with pytest.raises(MetatensorError):
        labels.remove("b")
    with pytest.raises(ValueError, match="'c' not found"):
        labels.remove("c")

    nothing = labels.remove("a").remove("b")
    assert nothing.names == []
    assert len(nothing) == 0


def test_rename():
    labels = labels_ab()
    assert labels.rename("a", "c").names == ["c", "b"]
    assert labels.names == ["a", "b"]
    with pytest.raises(ValueError, match="'c' not found"):
        labels.rename("c", "d")
    with pytest.raises(MetatensorError):
        labels.rename("a", "b")
    with pytest.raises(MetatensorError):
        labels.rename("a", "1")


def test_permute(to_array):
    labels = Labels(["a", "b", "c"], to_array([[0, 1, 2], [3, 4, 5]]))
    new = labels.permute([2, 0, 1])
    assert new.names == ["c", "a", "b"]
    assert new.values.tolist() == [[2, 0, 1], [5, 3, 4]]
    assert labels.permute((-1, -3, -2)) == new
    assert labels.permute(np.array([2, 0, 1])) == new
    with pytest.raises(ValueError, match="2 positions for 3 dimensions"):
        labels.permute([1, 0])
    with pytest.raises(IndexError):
        labels.permute([0, 1, 3])
    with pytest.raises(MetatensorError):
        labels.permute([0, 1, 1])
    assert Labels([], np.empty((0, 0))).permute([]).names == []


# ---------------------------------------------------------------------- entries


def test_entry():
    labels = labels_ab()
    entry = labels[1]
    assert entry.names == ["a", "b"]
    assert entry.values.tolist() == [2, 3]
    assert entry.device == "cpu"
    assert len(entry) == 2
    a, b = entry
    assert (a, b) == tuple(entry) == (2, 3)
    assert entry[0] == 2
    assert entry[-1] == 3
    assert isinstance(entry[0], np.int32)
    assert entry["b"] == 3
    with pytest.raises(IndexError):
        entry[2]
    with pytest.raises(ValueError, match="'c' not found"):
        entry["c"]
    for index in [(0,), [0], 0.0, np.int32(0), None]:
        with pytest.raises(TypeError, match=type(index).__name__):
            entry[index]
    with pytest.raises(ValueError, match="read-only"):
        entry.values[0] = 1


def test_entry_equality(to_array):
    labels = Labels(["a", "b"], to_array([[0, 1], [2, 3]]))
    same = Labels(["a", "b"], to_array([[2, 3]]))
    assert labels[1] == same[0]
    assert labels[0] != same[0]
    assert labels[1] != same.rename("a", "c")[0]
    assert labels[1] == labels.to(arrays="numpy")[1]
    for other in [3, (2, 3), None]:
        with pytest.raises(TypeError):
            _ = labels[1] == other
        with pytest.raises(TypeError):
            _ = labels[1] != other
    with pytest.raises(TypeError, match="unhashable"):
        hash(labels[0])


def test_entry_constructor(to_array):
    entry = LabelsEntry(["a", "b"], to_array([1, 2], dtype=np.int32))
    assert repr(entry) == str(entry) == "LabelsEntry(a=1, b=2)"
    assert entry.print() == "(a=1, b=2)"
    with pytest.raises(AssertionError):
        LabelsEntry(("a", "b"), entry.values)
    with pytest.raises(AssertionError):
        LabelsEntry(["a", 3], entry.values)
    with pytest.raises(AssertionError):
        LabelsEntry(["a", "b"], [1, 2])
    with pytest.raises(ValueError, match="one axis"):
        LabelsEntry(["a", "b"], to_array([[1, 2]], dtype=np.int32))
    with pytest.raises(ValueError, match="32-bit"):
        LabelsEntry(["a", "b"], to_array([1, 2], dtype=np.int64))
    with pytest.raises(ValueError, match="1 names and 2 values"):
        LabelsEntry(["a"], entry.values)


def test_entry_copies(to_array):
    import pickle

    entry = Labels(["a", "b"], to_array([[1, 2]]))[0]
    assert copy.copy(entry) == entry
    assert copy.deepcopy(entry) == entry
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(entry, protocol)) == entry


# ---------------------------------------------------------------------- C interface


def test_release():
    labels = labels_ab()
    values = labels.values
    pointer = labels.release()
    assert labels.names == ["a", "b"]
    assert str(labels) == repr(labels) == labels._repr_html_() == "Labels(<empty>)"
    for function in [
        labels.release,
        labels.as_mts_labels_t,
        lambda: labels.values,
        lambda: labels.position([0, 1]),
        lambda: labels.union(labels_ab()),
        lambda: labels_ab().union(labels),
        lambda: len(labels),
        lambda: labels == labels_ab(),
        lambda: copy.copy(labels),
    ]:
        with pytest.raises(RuntimeError, match="released"):
            function()

    taken = Labels.unsafe_from_ptr(pointer)
    assert taken.values is values
    assert taken == labels_ab()
    for null in [None, type(pointer)()]:
        with pytest.raises(AssertionError):
            Labels.unsafe_from_ptr(null)


def test_class():
    assert str(Labels) == "<class 'metatensor.Labels'>"
    assert str(LabelsEntry) == "<class 'metatensor.LabelsEntry'>"
    assert metatensor.Labels is Labels
    for name in ["is_view", "view", "to_owned"]:
        assert not hasattr(labels_ab(), name)
