from typing import Optional, Tuple

import numpy as np
import pytest
import torch

from metatensor.torch import Labels, LabelsEntry


def test_construction_keeps_the_tensor():
    values = torch.tensor([[0, 1], [2, 3]], dtype=torch.int32)
    labels = Labels(names=["a", "b"], values=values)
    assert labels.values is values
    assert labels.names == ["a", "b"]
    assert len(labels) == 2
    assert labels.device == torch.device("cpu")
    # strided
    labels = Labels(("a", "b"), values.t())
    assert labels.values.data_ptr() == values.data_ptr()
    assert labels.values.stride() == (1, 2)


@pytest.mark.parametrize(
    "dtype", [torch.bool, torch.uint8, torch.int8, torch.int16, torch.int64, torch.uint16]
)
def test_construction_converts_integers(dtype):
    labels = Labels("a", torch.tensor([[1], [0]]).to(dtype))
    assert labels.values.dtype == torch.int32
    assert labels.values.tolist() == [[1], [0]]


def test_wide_integers_wrap():
    assert Labels("a", torch.tensor([[2**32 + 3]])).values.tolist() == [[3]]


def test_zero_elements():
    labels = Labels(["a", "b"], torch.empty(0, 2, dtype=torch.float64, requires_grad=True))
    assert labels.values.dtype == torch.int32
    assert labels.values.shape == (0, 2)
    assert len(Labels((), torch.empty(0, 0))) == 0
    with pytest.raises(ValueError, match="2-dimensional"):
        Labels(["a"], torch.tensor([]))


def test_zero_sparse_elements():
    labels = Labels(["a"], torch.zeros((0, 1), dtype=torch.int32).to_sparse())
    assert labels.values.layout == torch.strided
    assert len(labels) == 0


def test_lazy_negation():
    labels = Labels(["a"], torch._neg_view(torch.arange(3, dtype=torch.int32)[:, None]))
    assert labels.entry(2).print() == "(a=-2)"
    assert labels.print(-1).splitlines()[1:] == [" 0", " -1", " -2"]
    assert labels.position([-2]) == 2


def test_values_replaced_by_the_user():
    """This must not be done, but the process survives it."""
    labels = Labels(["a", "b"], torch.tensor([[0, 1], [2, 3]]))
    entry = labels[0]
    labels.values.data = torch.zeros((2, 1), dtype=torch.int32)
    for text in (str, repr):
        with pytest.raises(RuntimeError, match="values of these labels were changed"):
            text(labels)
    with pytest.raises(RuntimeError):
        labels.append("c", torch.tensor([5, 6]))
    with pytest.raises(RuntimeError):
        labels.permute([1, 0])
    assert entry.print() == "(a=0, b=1)"
    with pytest.raises(RuntimeError, match="values of these labels were changed"):
        labels[0].print()


def test_construction_errors():
    values = torch.tensor([[0], [1]])
    with pytest.raises(TypeError, match="names.*int"):
        Labels(3, values)
    with pytest.raises(TypeError, match="list.*int"):
        Labels([3, 4], values)
    with pytest.raises(TypeError, match="tuple.*int"):
        Labels(("a", 4), values)
    with pytest.raises(ValueError, match="dtype"):
        Labels(["a"], values.to(torch.float32))
    with pytest.raises(ValueError):
        Labels(["a"], values.to(torch.float32).requires_grad_(True))
    with pytest.raises(ValueError, match="2-dimensional"):
        Labels(["a"], values.reshape(-1))
    with pytest.raises(ValueError, match="1 column.*2 name"):
        Labels(["a", "b"], values)
    with pytest.raises(RuntimeError, match="not an id"):
        Labels(["not an id"], values)
    with pytest.raises(RuntimeError, match="a"):
        Labels(["a", "a"], torch.tensor([[0, 1]]))
    with pytest.raises(RuntimeError, match="7"):
        Labels(["a"], torch.tensor([[7], [7]]))
    with pytest.raises(RuntimeError):
        Labels([], torch.empty(0, 0))
    with pytest.raises(RuntimeError):
        Labels(["a"], np.zeros((2, 1), dtype=np.int32))


def test_assume_unique():
    labels = Labels(["a"], torch.tensor([[1], [1]]), assume_unique=True)
    assert len(labels) == 2


def test_static_constructors():
    assert Labels.single() == Labels(["_"], torch.tensor([[0]]))
    assert Labels.empty(["a", "b"]).values.shape == (0, 2)
    assert Labels.empty("a").names == ["a"]
    assert Labels.range("a", 3) == Labels(["a"], torch.tensor([[0], [1], [2]]))
    assert len(Labels.range("a", 0)) == 0
    with pytest.raises(RuntimeError, match="-1"):
        Labels.range("a", -1)


def test_static_constructors_ignore_the_default_device():
    with torch.device("meta"):
        for labels in (Labels.single(), Labels.empty("a"), Labels.range("a", 3)):
            assert labels.device == torch.device("cpu")


def test_classes_in_python(labels):
    assert isinstance(Labels, torch.ScriptClass)
    assert isinstance(labels, torch.ScriptObject)
    assert labels._type().name() == "Labels"
    assert labels._type().qualified_name() == "__torch__.torch.classes.metatensor.Labels"
    with pytest.raises(TypeError):
        isinstance(labels, Labels)
    assert hash(labels) != hash(Labels(labels.names, labels.values))
    with pytest.raises(RuntimeError):
        labels.names = ["c", "d"]
    with pytest.raises(RuntimeError):
        labels.new_attribute = 3
    assert labels.names_getter() == labels.names
    assert labels
    assert not Labels.empty("a")


def test_indexing(labels):
    entry = labels[1]
    assert entry._type().name() == "LabelsEntry"
    assert entry == labels.entry(1) == labels[-2]
    assert entry != labels[0]
    assert [list(e.values) for e in labels] == [[0, 1], [2, 3], [4, 5]]
    assert labels["b"].tolist() == [1, 3, 5]
    assert labels.column("a").data_ptr() == labels.values.data_ptr()

    with pytest.raises(IndexError, match=r"\[3, 2\]"):
        labels[3]
    with pytest.raises(IndexError):
        labels.entry(-4)
    with pytest.raises(ValueError, match="'c'"):
        labels["c"]
    with pytest.raises(ValueError, match="'c'"):
        labels.column("c")
    with pytest.raises(TypeError, match="float"):
        labels[1.0]
    with pytest.raises(TypeError, match="bool"):
        labels[True]


def test_entry(labels):
    entry = labels[1]
    assert entry.names == ["a", "b"]
    assert entry.values.tolist() == [2, 3]
    assert entry.values.dtype == torch.int32
    assert entry.device == torch.device("cpu")
    assert len(entry) == 2
    assert (entry[0], entry[-1], entry["b"]) == (2, 3, 3)
    assert type(entry["a"]) is int
    assert entry.print() == "(a=2, b=3)"
    assert str(entry) == repr(entry) == "LabelsEntry(a=2, b=3)"

    with pytest.raises(IndexError):
        entry[2]
    with pytest.raises(ValueError, match="'c'"):
        entry["c"]
    with pytest.raises(TypeError, match="float"):
        entry[1.0]
    with pytest.raises(NotImplementedError):
        (2, 3) in entry  # noqa: B015


def test_entry_keeps_the_labels_alive():
    entry = Labels(["a"], torch.tensor([[4]]))[0]
    assert entry.print() == "(a=4)"


def test_position(labels):
    assert labels.position([2, 3]) == 1
    assert labels.position((2, 3)) == 1
    assert labels.position(torch.tensor([2, 3])) == 1
    assert labels.position(labels[1]) == 1
    assert labels.position([3, 2]) is None
    assert (4, 5) in labels
    assert [4, 4] not in labels
    # names are not compared
    assert labels.position(Labels(["c", "d"], torch.tensor([[2, 3]]))[0]) == 1
    # 32-bit integers
    assert labels.position([2 + 2**32, 3]) == 1

    with pytest.raises(ValueError):
        labels.position(torch.tensor([2.0, 3.0]))
    with pytest.raises(ValueError):
        labels.position(torch.tensor([[2, 3]]))
    with pytest.raises(TypeError, match="float"):
        labels.position([2.0, 3.0])
    with pytest.raises(TypeError, match="tuple.*str"):
        labels.position((2, "b"))
    with pytest.raises(TypeError, match="str"):
        labels.position("a")
    with pytest.raises(RuntimeError):
        labels.position(labels)
    with pytest.raises(RuntimeError):
        labels.position([2])
    with pytest.raises(TypeError, match="int"):
        3 in labels  # noqa: B015


def test_equality(labels):
    assert labels == Labels(["a", "b"], labels.values.t().contiguous().t())
    assert labels != Labels(["b", "a"], labels.values)
    assert labels != Labels(["a", "b"], labels.values.flip(0))
    with pytest.raises(RuntimeError):
        labels == 3  # noqa: B015


def test_insert_and_append(labels):
    new = labels.insert(1, "c", torch.tensor([7, 8, 9]))
    assert new.names == ["a", "c", "b"]
    assert new.values.tolist() == [[0, 7, 1], [2, 8, 3], [4, 9, 5]]
    new = labels.append(name="c", values=torch.tensor([7, 8, 9], dtype=torch.int16))
    assert new.names == ["a", "b", "c"]
    assert labels.names == ["a", "b"]

    with pytest.raises(IndexError):
        labels.insert(3, "c", torch.tensor([7, 8, 9]))
    with pytest.raises(IndexError):
        labels.insert(-1, "c", torch.tensor([7, 8, 9]))
    with pytest.raises(ValueError):
        labels.append("c", torch.tensor([[7, 8, 9]]))
    with pytest.raises(ValueError, match="2.*3"):
        labels.append("c", torch.tensor([7, 8]))
    with pytest.raises(ValueError):
        labels.append("c", torch.tensor([7.0, 8.0, 9.0]))
    with pytest.raises(RuntimeError):
        labels.append("a", torch.tensor([7, 8, 9]))


def test_permute_remove_rename(labels):
    assert labels.permute([-1, 0]).names == ["b", "a"]
    assert labels.permute([1, 0]).values.tolist() == [[1, 0], [3, 2], [5, 4]]
    with pytest.raises(ValueError, match="1.*2"):
        labels.permute([1])
    with pytest.raises(IndexError, match="2"):
        labels.permute([0, 2])
    with pytest.raises(RuntimeError):
        labels.permute([0, 0])

    assert labels.remove("a") == Labels(["b"], torch.tensor([[1], [3], [5]]))
    with pytest.raises(ValueError, match="'c'"):
        labels.remove("c")
    with pytest.raises(RuntimeError):
        Labels(["a", "b"], torch.tensor([[0, 0], [0, 1]])).remove("b")
    without_dimensions = Labels.single().remove("_")
    assert (without_dimensions.names, len(without_dimensions)) == ([], 1)

    renamed = labels.rename("a", "c")
    assert renamed.names == ["c", "b"]
    assert renamed.values is labels.values
    with pytest.raises(ValueError, match="'d'"):
        labels.rename("d", "e")
    with pytest.raises(RuntimeError):
        labels.rename("a", "b")


def test_to(labels):
    for device in ("cpu", torch.device("cpu"), None):
        moved = labels.to(device)
        assert moved is not labels
        assert moved.values is labels.values
    assert labels.to(device="meta", non_blocking=True).device.type == "meta"

    with pytest.raises(TypeError):
        labels.to(torch.float32)
    with pytest.raises(TypeError):
        labels.to(3)
    with pytest.raises(RuntimeError):
        labels.to("not a device")
    with pytest.raises(NotImplementedError):
        labels.to("meta").to("cpu")


def test_set_operations():
    first = Labels(["a", "b"], torch.tensor([[0, 1], [1, 2], [2, 3]]))
    second = Labels(["a", "b"], torch.tensor([[2, 3], [5, 6]]))

    union, first_mapping, second_mapping = first.union_and_mapping(second)
    assert union.values.tolist() == [[0, 1], [1, 2], [2, 3], [5, 6]]
    assert first_mapping.tolist() == [0, 1, 2]
    assert second_mapping.tolist() == [2, 3]
    assert first_mapping.dtype == torch.int64
    assert first.union(second) == union

    intersection, first_mapping, second_mapping = first.intersection_and_mapping(second)
    assert intersection.values.tolist() == [[2, 3]]
    assert first_mapping.tolist() == [-1, -1, 0]
    assert second_mapping.tolist() == [0, -1]
    assert first.intersection(second) == intersection

    difference, mapping = first.difference_and_mapping(second)
    assert difference.values.tolist() == [[0, 1], [1, 2]]
    assert mapping.tolist() == [0, 1, -1]
    assert first.difference(second) == difference


@pytest.mark.parametrize("operation", ["union", "intersection", "difference"])
def test_set_operations_errors(labels, operation):
    for name in (operation, f"{operation}_and_mapping"):
        with pytest.raises(RuntimeError, match=operation + r".*a, b.*a, c"):
            getattr(labels, name)(labels.rename("b", "c"))
        with pytest.raises(RuntimeError, match=operation + ".*cpu.*meta"):
            getattr(labels, name)(labels.to("meta"))


def test_select():
    labels = Labels(["a", "b"], torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]]))
    # order of the selection
    selection = Labels(["a", "b"], torch.tensor([[1, 1], [5, 5], [0, 1]]))
    selected = labels.select(selection)
    assert selected.tolist() == [3, 1]
    assert selected.dtype == torch.int64
    # order of the labels
    assert labels.select(selection.permute([1, 0])).tolist() == [1, 3]
    assert labels.select(Labels(["b"], torch.tensor([[1]]))).tolist() == [1, 3]
    assert labels.select(Labels((), torch.empty(0, 0))).tolist() == [0, 1, 2, 3]

    with pytest.raises(RuntimeError, match="c"):
        labels.select(Labels(["c"], torch.tensor([[1]])))
    with pytest.raises(RuntimeError, match="cpu.*meta"):
        labels.select(selection.to("meta"))
    assert Labels.empty("a").select(Labels.range("c", 2)).tolist() == []


def test_printing():
    labels = Labels(["aaa", "b"], torch.tensor([[1, 1111], [10, -3], [-11, 3], [2, 2], [3, 3]]))
    assert labels.print(max_entries=-1).splitlines() == [
        " aaa   b",
        "  1   1111",
        " 10    -3",
        " -11   3",
        "  2    2",
        "  3    3",
    ]
    assert labels.print(3, 2).splitlines() == [
        " aaa   b",
        "    1   1111",
        "   10    -3",
        "     ...",
        "    3    3",
    ]
    small = Labels(["a"], torch.arange(6).reshape(-1, 1))
    assert small.print(2) == " a\n 0\n  ...\n 5"
    assert str(small) == "Labels\n    a\n    0\n    1\n     ...\n    4\n    5"
    assert repr(small) == "Labels\n    a\n    0\n    1\n    2\n    3\n    4\n    5"


def test_released(labels):
    values = labels.values
    pointer = labels.as_mts_labels_t()
    assert labels.release() == pointer != 0
    again = Labels.unsafe_from_ptr(pointer)
    assert again.values is values

    assert labels.names == ["a", "b"]
    assert labels.values is values
    assert len(labels) == 3
    assert labels.device == torch.device("cpu")
    assert "a  b" in str(labels)
    assert labels.release() == 0
    for function in (
        lambda: labels.as_mts_labels_t(),
        lambda: labels == again,
        lambda: again == labels,
        lambda: labels.union(again),
        lambda: labels.position([0, 1]),
        lambda: labels.save_buffer(),
    ):
        with pytest.raises(RuntimeError, match="released"):
            function()


def test_unsafe_from_null_pointer():
    with pytest.raises(ValueError, match="null"):
        Labels.unsafe_from_ptr(0)


def scripted_labels(
    labels: Labels, other: Labels
) -> Tuple[Labels, int, Optional[int], torch.Tensor, str]:
    empty = Labels([], torch.empty(0, 0))
    new = Labels(names=["a", "b"], values=torch.tensor([[5, 6]]))
    assert isinstance(labels, Labels)
    assert len(empty.names) == 0
    assert labels.names == ["a", "b"]
    assert labels.values.shape == [3, 2]
    assert (0, 1) in labels
    assert labels == labels and labels != other
    entry = labels[1]
    assert isinstance(entry, LabelsEntry)
    column = labels["a"]
    assert isinstance(column, torch.Tensor)
    assert Labels.range("r", 3) == Labels.range("r", 3)
    union, first, second = labels.union_and_mapping(new)
    return union, entry["b"], labels.position(labels.entry(2)), column + first, str(labels)


def test_torchscript(labels):
    script = torch.jit.script(scripted_labels)
    union, b, position, column, text = script(labels, labels.rename("a", "c"))
    assert len(union) == 4
    assert (b, position) == (3, 2)
    assert column.tolist() == [0, 3, 6]
    assert text == str(labels)

    with pytest.raises(RuntimeError, match="dtype"):
        torch.jit.script(make_labels_from_float)()


def make_labels_from_float() -> Labels:
    return Labels(["a"], torch.tensor([[1.0]]))
