from typing import Dict, List

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


def one_value_block(value: float = 0.0, dtype: torch.dtype = torch.float64) -> TensorBlock:
    values = torch.full((1, 1), value, dtype=dtype)
    return TensorBlock(values, Labels.single(), [], Labels.single())


def test_construction(tensor):
    assert len(tensor) == 3
    assert tensor.keys.names == ["a", "b"]
    assert tensor.sample_names == ["s"]
    assert tensor.component_names == ["xyz"]
    assert tensor.property_names == ["p"]
    assert tensor.device == torch.device("cpu")
    assert tensor.dtype == 7
    assert not tensor.is_view


def test_construction_consumes_blocks():
    keys = Labels.range("k", 1)
    block = one_value_block()
    values = block.values
    tensor = TensorMap(keys=keys, blocks=(block,))
    assert tensor.keys.values is keys.values
    assert tensor.block().values is values
    with pytest.raises(RuntimeError):
        len(block)

    for blocks, n_keys in (
        ([one_value_block(), one_value_block()], 1),
        ([one_value_block(), one_value_block(dtype=torch.float32)], 2),
        ([one_value_block(), one_value_block().to("meta")], 2),
    ):
        with pytest.raises(RuntimeError):
            TensorMap(Labels.range("k", n_keys), blocks)
        for block in blocks:
            with pytest.raises(RuntimeError):
                len(block)


def test_construction_errors(tensor):
    with pytest.raises(RuntimeError, match="view"):
        TensorMap(Labels.single(), [tensor.block(0)])
    with pytest.raises(ValueError, match="cpu.*meta|meta.*cpu"):
        TensorMap(Labels.single().to("meta"), [tensor.block(0)])
    block = one_value_block()
    with pytest.raises(RuntimeError):
        TensorMap(Labels.range("k", 2), [block, block])


def test_gradients_of_consumed_blocks_stay_valid(block):
    gradient = block.gradient("g")
    TensorMap(Labels.single(), [block])
    assert gradient.values.sum() == 0


def test_empty():
    tensor = TensorMap(Labels.empty("k"), [])
    assert tensor.sample_names == tensor.component_names == tensor.property_names == []
    assert len(tensor) == 0
    assert list(tensor) == tensor.blocks() == tensor.items() == []
    assert tensor.dtype == one_value_block(dtype=torch.get_default_dtype()).dtype
    assert tensor.device == torch.device("cpu")
    with pytest.raises(ValueError):
        tensor.block()
    with pytest.raises(RuntimeError):
        tensor.keys_to_samples("k")
    with pytest.raises(RuntimeError):
        tensor.keys_to_properties("k")


def test_block_by_id(tensor):
    assert tensor.block_by_id(2).shape == [3, 3, 1]
    assert tensor.block_by_id(0).is_view
    assert [b.shape[0] for b in tensor.blocks_by_id([2, 0])] == [3, 2]
    with pytest.raises(IndexError, match="3.*3"):
        tensor.block_by_id(3)
    with pytest.raises(RuntimeError, match="-1") as error:
        tensor.block_by_id(-1)
    assert not isinstance(error.value, IndexError)
    with pytest.raises(IndexError):
        tensor.blocks_by_id([0, 5])


def test_iteration(tensor):
    assert [len(block) for block in tensor] == [2, 3, 3]
    items = tensor.items()
    assert [key.print() for key, _ in items] == ["(a=0, b=1)", "(a=0, b=2)", "(a=1, b=1)"]
    assert [len(block) for _, block in items] == [2, 3, 3]
    with pytest.raises(NotImplementedError):
        0 in tensor  # noqa: B015
    with pytest.raises(NotImplementedError):
        tensor == tensor  # noqa: B015


def test_views_outlive_the_map(tensor):
    block = tensor[0]
    gradient = tensor[1].gradient("g")
    del tensor
    assert block.values.shape == (2, 3, 2)
    assert torch.all(gradient.values == 10)
    assert gradient.gradient("nested").samples.names == ["sample"]


@pytest.mark.parametrize(
    "selection",
    [
        1,
        {"b": 2},
        {"b": 2, "a": 0},
        Labels(["b"], torch.tensor([[2]])),
        Labels(["b", "a"], torch.tensor([[2, 0]])),
        Labels(["a", "b"], torch.tensor([[0, 2]]))[0],
    ],
)
def test_block_selection(tensor, selection):
    for block in (tensor.block(selection), tensor[selection], tensor.blocks(selection)[0]):
        assert block.values[0, 0, 0] == 10
    assert len(tensor.blocks(selection)) == 1


def test_block_selection_errors(tensor):
    for function in (tensor.block, tensor.__getitem__):
        with pytest.raises(ValueError, match=r"\(a=5, b=1\)"):
            function({"b": 1, "a": 5})
        with pytest.raises(ValueError, match=r"\(a=0\).*`blocks`"):
            function(Labels(["a"], torch.tensor([[0]])))
        with pytest.raises(ValueError, match="2"):
            function(Labels.range("a", 2))
        with pytest.raises(ValueError):
            function(None)
        with pytest.raises(RuntimeError, match="c"):
            function({"c": 1})
        with pytest.raises(TypeError, match="str.*float"):
            function({"a": 1.0})
        with pytest.raises(TypeError, match="int.*int"):
            function({3: 1})
        with pytest.raises(TypeError, match="str"):
            function("a")
        with pytest.raises(TypeError, match="bool"):
            function(True)
        with pytest.raises(TypeError, match="TensorMap"):
            function(tensor)


def test_blocks_selection(tensor):
    assert len(tensor.blocks()) == len(tensor.blocks(None)) == 3
    assert [len(b) for b in tensor.blocks([2, 0])] == [3, 2]
    assert [len(b) for b in tensor.blocks({"b": 1})] == [2, 3]
    assert tensor.blocks({"b": 5}) == []

    # the types of errors are not these of `block`
    for selection in ("a", True, [1.0], {"a": 1.0}, {3: 1}):
        with pytest.raises(ValueError):
            tensor.blocks(selection)
    with pytest.raises(TypeError):
        tensor.blocks(tensor)
    with pytest.raises(RuntimeError, match="c"):
        tensor.blocks({"c": 1})


def test_keys_to_samples(mergeable):
    merged = mergeable.keys_to_samples("a")
    block = merged.block()
    assert merged.keys == Labels(["b"], torch.tensor([[4]]))
    assert merged.get_info("unit") == "eV"
    assert block.samples.names == ["s", "a"]
    assert block.samples.values.tolist() == [[0, 0], [1, 0], [1, 1], [2, 1]]
    assert block.values[:, 0].tolist() == [[0, 1], [2, 3], [10, 11], [12, 13]]
    gradient = block.gradient("g")
    assert gradient.samples.values.tolist() == [[0], [3]]
    assert gradient.values[:, 0, 0].tolist() == [0, 1]


@pytest.mark.parametrize("keys", ["a", ["a"], ("a",), Labels.empty("a")])
def test_keys_to_properties(mergeable, keys):
    merged = mergeable.keys_to_properties(keys, fill_value=-1, sort_samples=False)
    block = merged.block()
    assert block.properties.values.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert block.values[:, 0].tolist() == [[0, 1, -1, -1], [2, 3, 10, 11], [-1, -1, 12, 13]]
    assert merged.info() == {"unit": "eV"}


def test_keys_to_properties_with_entries(mergeable):
    keys_to_move = Labels(["a"], torch.tensor([[1], [7]]))
    merged = mergeable.keys_to_properties(keys_to_move)
    assert merged.block().properties.values.tolist() == [[1, 0], [1, 1], [7, 0], [7, 1]]
    with pytest.raises(RuntimeError):
        mergeable.keys_to_samples(keys_to_move)


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
@pytest.mark.parametrize(
    "dtype",
    [
        torch.int8,
        torch.uint8,
        torch.int64,
        torch.bool,
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.complex32,
        torch.complex64,
        torch.complex128,
    ],
)
def test_merging_dtypes(dtype):
    blocks = [
        TensorBlock(
            torch.ones(1, 1, dtype=dtype),
            Labels(["s"], torch.tensor([[i]])),
            [],
            Labels(["p"], torch.tensor([[i]])),
        )
        for i in range(2)
    ]
    tensor = TensorMap(Labels.range("a", 2), blocks)
    for merged in (tensor.keys_to_samples("a", 1), tensor.keys_to_properties("a", 1)):
        values = merged.block().values
        assert values.dtype == dtype
        assert torch.all(values.to(torch.complex128) == 1)


def test_fill_values(mergeable):
    for fill_value in (2, 2.5, True):
        values = mergeable.keys_to_properties("a", fill_value).block().values
        assert values[0, 0, 2] == fill_value
    with pytest.raises(RuntimeError):
        mergeable.keys_to_properties("a", 2 + 1j)


def test_merging_errors(mergeable):
    for function in (mergeable.keys_to_samples, mergeable.keys_to_properties):
        with pytest.raises(RuntimeError, match="c"):
            function("c")
        with pytest.raises(TypeError, match="int"):
            function(3)
        with pytest.raises(TypeError, match="list.*int"):
            function([3])
        with pytest.raises(TypeError):
            function(mergeable)


def test_components_to_properties(mergeable):
    for dimensions in ("c", ["c"], ("c",)):
        moved = mergeable.components_to_properties(dimensions)
        assert moved.component_names == []
        assert moved.property_names == ["c", "p"]
        assert moved.info() == {"unit": "eV"}
        assert moved.block(1).values.tolist() == [[10, 11], [12, 13]]
        assert moved.block(1).gradient("g").shape == [1, 2]
    for dimensions in ("a", Labels.empty("c"), 3):
        with pytest.raises(RuntimeError):
            mergeable.components_to_properties(dimensions)


def test_info(tensor):
    assert tensor.info() == {"unit": "eV"}
    tensor.set_info("b", "1")
    tensor.set_info("a", "2")
    tensor.set_info("b", "3")
    assert list(tensor.info().items()) == [("unit", "eV"), ("b", "3"), ("a", "2")]
    assert tensor.get_info("missing") is None
    for derived in (tensor.copy(), tensor.copy(deep=False), tensor.to(torch.float32)):
        assert list(derived.info().items()) == list(tensor.info().items())
    tensor.info()["c"] = "4"
    assert tensor.get_info("c") is None


@pytest.mark.parametrize("deep", [True, False])
def test_copy(tensor, deep):
    copy = tensor.copy(deep=deep)
    assert not copy.is_view
    assert copy.keys.values is tensor.keys.values
    for block, copied in zip(tensor, copy, strict=True):
        assert (copied.values is block.values) == (not deep)
        assert torch.equal(copied.values, block.values)
        nested = block.gradient("g").gradient("nested").values
        assert torch.equal(copied.gradient("g").gradient("nested").values, nested)


def test_printing(tensor):
    assert repr(tensor) == str(tensor) == tensor.print(-1)
    assert str(tensor).splitlines() == [
        "TensorMap with 3 blocks",
        "    keys: [a, b]",
        "    blocks:",
        "       0  1   => TensorBlock with shape (2, 3, 2)",
        "       0  2   => TensorBlock with shape (3, 3, 2)",
        "       1  1   => TensorBlock with shape (3, 3, 1)",
    ]
    assert tensor.print(max_keys=1).splitlines()[3:] == [
        "       0  1   => TensorBlock with shape (2, 3, 2)",
        "             ...",
    ]
    one = TensorMap(Labels.single(), [one_value_block()])
    assert str(one).splitlines()[0] == "TensorMap with 1 block"
    many = TensorMap(Labels.range("k", 10), [one_value_block() for _ in range(10)])
    assert len(str(many).splitlines()) == 3 + 7 + 1
    assert len(repr(many).splitlines()) == 3 + 10


def test_pointers(tensor):
    pointer = tensor.as_mts_tensormap_t()
    view = TensorMap.unsafe_view_from_ptr(pointer, tensor)
    assert view.is_view
    assert len(view) == 3
    with pytest.raises(RuntimeError, match="view"):
        view.release()
    with pytest.raises(ValueError, match="None"):
        TensorMap.unsafe_view_from_ptr(pointer, None)
    with pytest.raises(ValueError, match="null"):
        TensorMap.unsafe_from_ptr(0)

    values = tensor.block(0).values
    assert tensor.release() == pointer
    again = TensorMap.unsafe_from_ptr(pointer)
    assert again.block(0).values is values
    for function in (
        lambda: tensor.keys,
        lambda: tensor.block(0),
        lambda: len(tensor),
        lambda: str(tensor),
        lambda: tensor.info(),
        lambda: tensor.copy(),
        lambda: tensor.save_buffer(),
        lambda: tensor.as_mts_tensormap_t(),
        lambda: tensor.release(),
    ):
        with pytest.raises(RuntimeError, match="released"):
            function()


def scripted_view(keys: Labels, values: torch.Tensor) -> TensorBlock:
    block = TensorBlock(values, Labels(["s"], torch.tensor([[0]])), [], keys)
    # the map is freed after its last use here, while the block is still used
    tensor = TensorMap(keys, [block])
    return tensor.block()


def scripted_selections(tensor: TensorMap) -> Dict[str, List[int]]:
    shapes: Dict[str, List[int]] = {}
    for key, block in tensor.items():
        shapes[key.print()] = block.shape
    assert isinstance(tensor, TensorMap)
    assert len(tensor) == 3
    assert tensor.dtype == torch.float64
    shapes["int"] = tensor[2].shape
    shapes["dict"] = tensor.block({"a": 1, "b": 1}).shape
    shapes["labels"] = tensor.block(Labels("b", torch.tensor([[2]]))).shape
    shapes["entry"] = tensor[tensor.keys[0]].shape
    shapes["count"] = [len(tensor.blocks({"a": 0})), len(tensor.blocks_by_id([1]))]
    unit = tensor.get_info("unit")
    if unit is not None:
        shapes[unit] = [len(tensor.info())]
    moved = tensor.components_to_properties(["xyz"])
    shapes["moved"] = moved.block(0).shape
    return shapes


def test_torchscript(tensor):
    block = torch.jit.script(scripted_view)(Labels.single(), torch.tensor([[4.0]]))
    assert block.values.item() == 4

    shapes = torch.jit.script(scripted_selections)(tensor)
    assert shapes == {
        "(a=0, b=1)": [2, 3, 2],
        "(a=0, b=2)": [3, 3, 2],
        "(a=1, b=1)": [3, 3, 1],
        "int": [3, 3, 1],
        "dict": [3, 3, 1],
        "labels": [3, 3, 2],
        "entry": [2, 3, 2],
        "count": [2, 1],
        "eV": [1],
        "moved": [2, 6],
    }
    with pytest.raises(RuntimeError, match="index"):
        torch.jit.script(block_out_of_range)(tensor)


def block_out_of_range(tensor: TensorMap) -> TensorBlock:
    return tensor[30]
