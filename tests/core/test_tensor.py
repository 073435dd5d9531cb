import copy
import sys

import numpy as np
import pytest
import torch

from metatensor import Labels, LabelsEntry, MetatensorError, TensorBlock, TensorMap


@pytest.fixture
def tensor(make_block, to_array):
    """Four blocks with one dimension of the keys which is unique."""
    keys = Labels(["k", "l"], to_array([[0, 0], [1, 0], [2, 1], [7, 1]]))
    return TensorMap(keys, [make_block(to_array(np.full((2, 3), float(i)))) for i in range(4)])


@pytest.fixture
def empty():
    return TensorMap(Labels.empty(["k", "l"]), [])


def first_values(blocks):
    return [float(block.values[0, 0]) for block in blocks]


# ---------------------------------------------------------------------- constructor


def test_members(tensor, arrays):
    assert len(tensor) == 4
    assert tensor.keys.names == ["k", "l"]
    assert tensor.keys is not tensor.keys
    assert tensor.keys.values is tensor.keys.values
    assert tensor.sample_names == ["s"]
    assert tensor.component_names == []
    assert tensor.property_names == ["p"]
    assert tensor.device == ("cpu" if arrays == "numpy" else torch.device("cpu"))
    assert tensor.dtype == (np.dtype("float64") if arrays == "numpy" else torch.float64)
    assert not tensor.is_view
    for name in ["blocks_matching", "arrays_backend", "shape", "ndim"]:
        assert not hasattr(tensor, name)


def test_component_names(make_block, make_tensor):
    assert make_tensor([make_block(np.zeros((1, 2, 3, 4)))]).component_names == ["c0", "c1"]


def test_empty(empty):
    assert len(empty) == 0
    assert empty.keys.names == ["k", "l"]
    assert empty.sample_names == empty.component_names == empty.property_names == []
    assert empty.device == "cpu"
    assert empty.dtype is None
    assert list(empty) == list(empty.items()) == empty.blocks() == []
    assert len(empty.copy()) == len(empty.copy(deep=False)) == len(empty.to("cpu")) == 0


def test_blocks_are_moved(make_block):
    keys = Labels.range("k", 2)
    blocks = [make_block(np.zeros((1, 1))) for _ in range(2)]
    tensor = TensorMap(keys, (block for block in blocks))
    assert len(tensor) == 2
    assert [repr(block) for block in blocks] == 2 * ["TensorBlock(<empty>)"]
    assert all(block.is_view for block in tensor)

    # when checks inside of the library fail
    blocks = [make_block(np.zeros((1, 1))), make_block(np.zeros((1, 1, 1)))]
    with pytest.raises(MetatensorError):
        TensorMap(keys, blocks)
    assert [repr(block) for block in blocks] == 2 * ["TensorBlock(<empty>)"]

    # but not when one of them is not even a block
    blocks = [make_block(np.zeros((1, 1))), 3]
    with pytest.raises(TypeError, match="int"):
        TensorMap(keys, blocks)
    with pytest.raises(TypeError, match="`keys` must be Labels"):
        TensorMap([0, 1], blocks[:1])
    with pytest.raises(TypeError):
        TensorMap(keys, blocks[0])
    assert blocks[0].shape == (1, 1)


def test_blocks_that_can_not_be_moved(make_block):
    keys = Labels.range("k", 2)
    block = make_block(np.zeros((1, 1)))
    with pytest.raises(ValueError, match="released or moved"):
        TensorMap(keys, [block, block])
    assert repr(block) == "TensorBlock(<empty>)"

    tensor = TensorMap(Labels.single(), [make_block(np.zeros((1, 1)))])
    first = make_block(np.zeros((1, 1)))
    last = make_block(np.zeros((1, 1)))
    with pytest.raises(RuntimeError, match=r"block\.copy\(\)"):
        TensorMap(Labels.range("k", 3), [first, tensor.block(0), last])
    assert repr(first) == "TensorBlock(<empty>)"
    assert last.shape == (1, 1)
    assert tensor.block(0).shape == (1, 1)


def test_checks(make_block):
    def check(message, first, second):
        with pytest.raises(MetatensorError, match=message):
            TensorMap(Labels.range("k", 2), [first, second])

    block = make_block(np.zeros((1, 2)))

    check(r"python\.numpy.*python\.torch", block.copy(), make_block(torch.zeros(1, 2)))
    check("f64.*f32|f32.*f64", block.copy(), make_block(np.zeros((1, 2), dtype=np.float32)))
    check("component", block.copy(), make_block(np.zeros((1, 2, 2))))
    other = TensorBlock(block.values, Labels.range("z", 1), [], block.properties)
    check("sample", block.copy(), other)
    other = TensorBlock(block.values, block.samples, [], Labels.range("z", 2))
    check("propert", block.copy(), other)
    other = block.copy()
    other.add_gradient(
        "g", TensorBlock(block.values, Labels.range("sample", 1), [], block.properties)
    )
    check("gradient", block.copy(), other)

    with pytest.raises(MetatensorError, match="3.*1|1.*3"):
        TensorMap(Labels.range("k", 3), [block.copy()])
    with pytest.raises(ValueError, match="datetime64"):
        TensorMap(Labels.single(), [make_block(np.zeros((1, 2), dtype="datetime64[s]"))])
    with pytest.raises(ValueError, match="quint8|float8"):
        values = torch.zeros(1, 2).to(torch.float8_e4m3fn)
        TensorMap(Labels.single(), [make_block(values)])


def test_entries_can_differ(make_block, make_tensor):
    tensor = make_tensor([make_block(np.zeros((1, 2, 3))), make_block(np.zeros((4, 5, 6)))])
    assert [block.shape for block in tensor] == [(1, 2, 3), (4, 5, 6)]


# ---------------------------------------------------------------------- access to blocks


def test_block_by_id(tensor):
    for index in [0, 3, np.int64(2), np.uint64(2), True]:
        assert first_values([tensor.block_by_id(index)]) == [float(index)]
    with pytest.raises(IndexError, match="4"):
        tensor.block_by_id(4)
    with pytest.raises(MetatensorError, match="-1"):
        tensor.block_by_id(-1)
    for wrong in ["a", 1.0, None]:
        with pytest.raises(TypeError):
            tensor.block_by_id(wrong)
    assert first_values(tensor.blocks_by_id([2, 0, 2])) == [2.0, 0.0, 2.0]
    assert tensor.blocks_by_id([]) == []
    with pytest.raises(IndexError):
        tensor.blocks_by_id([0, 7])


def test_iteration(tensor):
    assert first_values(tensor) == [0.0, 1.0, 2.0, 3.0]
    keys, blocks = zip(*tensor.items(), strict=True)
    assert all(isinstance(key, LabelsEntry) for key in keys)
    assert [key.values.tolist() for key in keys] == tensor.keys.values.tolist()
    assert first_values(blocks) == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("function", [TensorMap.block, TensorMap.__getitem__])
def test_block(tensor, to_array, function):
    for selection, expected in [
        (2, 2.0),
        (True, 1.0),
        ({"k": 7}, 3.0),
        ({"k": np.int32(7)}, 3.0),
        ({"l": 0, "k": 1}, 1.0),
        (tensor.keys[3], 3.0),
        (Labels("k", to_array([[2]])), 2.0),
        (Labels(["l", "k"], to_array([[1, 2]])), 2.0),
        (Labels(["k"], to_array([[17], [2]])), 2.0),
    ]:
        assert first_values([function(tensor, selection)]) == [expected]

    with pytest.raises(IndexError):
        function(tensor, 4)
    with pytest.raises(MetatensorError):
        function(tensor, -1)
    for selection, message in [
        ({"k": 18}, r"\(k=18\)"),
        ({"k": 0, "l": 1}, r"\(k=0, l=1\)"),
        ({"l": 1}, r"\(l=1\).*`TensorMap\.blocks`"),
        ({"k": 2**40}, "1099511627776"),
        (Labels.empty("k"), "empty"),
        (Labels("k", to_array([[0], [1]])), r"\(k=0\), \(k=1\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            function(tensor, selection)
    with pytest.raises(MetatensorError, match="'z'"):
        function(tensor, {"z": 18})
    for selection in ["k", [0], slice(0, 1), 1.0, np.int64(1)]:
        with pytest.raises(TypeError, match=type(selection).__name__):
            function(tensor, selection)
    for value in [1.0, "1", None, np.float64(1.0)]:
        with pytest.raises(TypeError, match=f"'k'.*|{type(value).__name__}"):
            function(tensor, {"k": value})


def test_block_keywords(tensor, empty, make_block, make_tensor):
    assert first_values([tensor.block(k=7)]) == [3.0]
    assert first_values([tensor.block(l=1, k=2)]) == [2.0]
    # not used if there is something else
    assert first_values([tensor.block(1, k=7)]) == [1.0]
    with pytest.raises(ValueError, match="4 blocks match"):
        tensor.block()
    assert make_tensor([make_block(np.zeros((2, 2)))]).block().shape == (2, 2)

    with pytest.raises(ValueError, match="no blocks"):
        empty.block()
    with pytest.raises(ValueError, match="no blocks"):
        empty.block(k=2)
    with pytest.raises(IndexError):
        empty.block(0)
    for function in [empty.block, empty.blocks]:
        with pytest.raises(MetatensorError, match="'z'"):
            function(z=3)


def test_blocks(tensor, empty, to_array):
    assert first_values(tensor.blocks()) == [0.0, 1.0, 2.0, 3.0]
    assert first_values(tensor.blocks(2)) == [2.0]
    assert first_values(tensor.blocks(l=1)) == [2.0, 3.0]
    assert first_values(tensor.blocks({"l": 1, "k": 7})) == [3.0]
    # order of the keys, or of the selection
    selection = Labels(["l", "k"], to_array([[1, 7], [0, 1]]))
    assert first_values(tensor.blocks(selection)) == [1.0, 3.0]
    selection = Labels(["k", "l"], to_array([[7, 1], [1, 0]]))
    assert first_values(tensor.blocks(selection)) == [3.0, 1.0]

    with pytest.raises(ValueError, match=r"\(k=3\)"):
        tensor.blocks(k=3)
    with pytest.raises(TypeError):
        tensor.blocks("k")
    assert empty.blocks(k=3) == []


def test_selection_on_other_device(tensor):
    selection = Labels(
        ["k"], torch.zeros(1, 1, dtype=torch.int32, device="meta"), assume_unique=True
    )
    with pytest.raises(MetatensorError, match="device"):
        tensor.block(selection)


# ---------------------------------------------------------------------- info


def test_info(tensor):
    assert tensor.info() == {}
    assert tensor.get_info("a") is None
    tensor.set_info("z", "last letter")
    tensor.set_info("a", "é ∞")
    tensor.set_info("", "")
    tensor.set_info("z", "changed")
    assert tensor.get_info("z") == "changed"
    assert tensor.get_info("") == ""
    assert list(tensor.info().items()) == [("z", "changed"), ("a", "é ∞"), ("", "")]

    for function in [
        lambda: tensor.set_info(3, "a"),
        lambda: tensor.set_info("a", 3),
        lambda: tensor.get_info(None),
    ]:
        with pytest.raises(TypeError, match="must be a str"):
            function()
    with pytest.raises(ValueError, match="NUL"):
        tensor.set_info("a\0b", "c")

    for other in [
        tensor.copy(),
        tensor.copy(deep=False),
        copy.copy(tensor),
        copy.deepcopy(tensor),
        tensor.to("cpu"),
        tensor.keys_to_samples("k"),
        tensor.keys_to_properties("k"),
        tensor.components_to_properties([]),
    ]:
        assert other.info() == tensor.info()


# ---------------------------------------------------------------------- copies and operators


def test_copies(tensor):
    values = [block.values for block in tensor]
    for deep in [tensor.copy(), copy.deepcopy(tensor)]:
        assert deep.keys.values is tensor.keys.values
        for block, original in zip(deep, values, strict=True):
            assert block.values is not original
            assert block.values.tolist() == original.tolist()
    for shallow in [tensor.copy(deep=False), copy.copy(tensor)]:
        assert shallow.keys.values is tensor.keys.values
        assert all(a.values is b for a, b in zip(shallow, values, strict=True))


def test_operators(tensor):
    assert tensor == tensor.copy()
    assert not tensor != tensor.copy()
    assert tensor != tensor + 1
    assert +tensor is tensor
    for result, expected in [
        (tensor + tensor, [0, 2, 4, 6]),
        (tensor + 1, [1, 2, 3, 4]),
        (tensor - 1, [-1, 0, 1, 2]),
        (tensor * 3, [0, 3, 6, 9]),
        (tensor / 2, [0, 0.5, 1, 1.5]),
        (tensor**2, [0, 1, 4, 9]),
        (-tensor, [0, -1, -2, -3]),
        (tensor @ tensor, [0, 3, 12, 27]),
    ]:
        assert first_values(result) == expected
    for function in [lambda: 1 + tensor, lambda: 2 * tensor, lambda: 1 - tensor]:
        with pytest.raises(TypeError):
            function()
    with pytest.raises(TypeError, match="unhashable"):
        hash(tensor)


# ---------------------------------------------------------------------- C interface


def test_release(tensor):
    view = tensor.block(0)
    gradient_free = tensor.block(1).copy()
    assert isinstance(tensor._ptr, type(tensor.as_mts_tensormap_t()))
    pointer = tensor.release()
    assert tensor._ptr is None
    assert repr(tensor) == str(tensor) == tensor._repr_html_() == "TensorMap(<empty>)"
    for function in [
        tensor.release,
        tensor.as_mts_tensormap_t,
        tensor.block,
        tensor.copy,
        lambda: len(tensor),
        lambda: tensor.keys,
        lambda: tensor.block(0),
        lambda: tensor.info(),
        lambda: tensor.keys_to_samples("k"),
    ]:
        with pytest.raises(ValueError, match="released"):
            function()
    # views do not know where the data went
    with pytest.raises(ValueError, match="released or moved"):
        _ = view.values
    assert gradient_free.shape == (2, 3)

    taken = TensorMap.unsafe_from_ptr(pointer)
    assert len(taken) == 4
    view = TensorMap.unsafe_view_from_ptr(taken.as_mts_tensormap_t(), taken)
    assert view.is_view
    assert len(view) == 4
    with pytest.raises(RuntimeError, match=r"tensor\.copy\(\)"):
        view.release()
    for null in [None, type(pointer)()]:
        with pytest.raises(AssertionError):
            TensorMap.unsafe_from_ptr(null)
        with pytest.raises(AssertionError):
            TensorMap.unsafe_view_from_ptr(null, taken)
    with pytest.raises(AssertionError):
        TensorMap.unsafe_view_from_ptr(taken.as_mts_tensormap_t(), None)


def test_aliases(tensor):
    assert TensorMap._from_ptr(tensor.copy().release()) == tensor
    pointer = tensor.keys._as_mts_labels_t()
    assert type(pointer) is type(tensor.keys.as_mts_labels_t())


def test_references(tensor):
    count = sys.getrefcount(tensor)
    values = tensor.block(0).values
    keys = tensor.keys
    entry = keys[0]
    assert sys.getrefcount(tensor) == count
    view = tensor.block(0)
    assert sys.getrefcount(tensor) == count + 1
    del view, values, entry
    assert sys.getrefcount(tensor) == count


def test_class():
    assert str(TensorMap) == "<class 'metatensor.TensorMap'>"
