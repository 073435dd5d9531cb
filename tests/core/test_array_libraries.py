"""Everything that does not depend on the library of the arrays, for all libraries."""

import copy
import pickle

import numpy as np
import pytest

from metatensor import Labels, MetatensorError, TensorBlock, TensorMap
from metatensor._data import backend_of

# sample, component, property
VALUES = np.arange(24.0).reshape(4, 2, 3)


def identity(values):
    return values


def integer_labels(names, values, convert):
    return Labels(names, convert(np.array(values, dtype=np.int32)))


def example(convert):
    """A tensor map where all arrays are made by ``convert`` (from NumPy arrays)"""
    blocks = []
    for index in range(3):
        properties = integer_labels(["p"], [[0], [1], [2 + index]], convert)
        component = integer_labels(["c"], [[0], [1]], convert)
        block = TensorBlock(
            convert(VALUES * (index + 1)),
            integer_labels(["s", "t"], [[0, index], [1, 0], [2, 0], [5, -1]], convert),
            [component],
            properties,
        )
        gradient = TensorBlock(
            convert(np.full((2, 3, 2, 3), index + 0.5)),
            integer_labels(["sample", "atom"], [[0, index], [2, 1]], convert),
            [integer_labels(["xyz"], [[0], [1], [2]], convert), component],
            properties,
        )
        block.add_gradient("positions", gradient)
        blocks.append(block)
    keys = integer_labels(["a", "b"], [[0, 0], [1, 0], [1, 1]], convert)
    tensor = TensorMap(keys, blocks)
    tensor.set_info("name", "example")
    return tensor


@pytest.fixture
def tensor(library):
    return example(library.make)


@pytest.fixture
def reference():
    """Same as ``tensor``, with NumPy arrays"""
    return example(identity)


@pytest.fixture
def block(tensor):
    return tensor.block(a=1, b=0)


@pytest.fixture
def check_same(library):
    """Function that compares a block to one with NumPy arrays"""

    def read(array):
        return array if isinstance(array, np.ndarray) else library.read(array)

    def check_same(block, expected):
        np.testing.assert_array_equal(read(block.values), expected.values)
        assert block.samples == expected.samples
        assert block.components == expected.components
        assert block.properties == expected.properties
        assert block.gradients_list() == expected.gradients_list()
        for parameter, gradient in expected.gradients():
            check_same(block.gradient(parameter), gradient)

    return check_same


def check_types(tensor, values, labels):
    """Types of all the arrays of a tensor map"""
    assert isinstance(tensor.keys.values, labels)
    for block in tensor:
        for part in [block, block.gradient("positions")]:
            assert isinstance(part.values, values)
            for axis in [part.samples, *part.components, part.properties]:
                assert isinstance(axis.values, labels)


# ---------------------------------------------------------------------- blocks and labels


def test_identity(library):
    values = library.make(VALUES)
    samples = integer_labels("s", [[0], [2], [3], [4]], library.make)
    properties = integer_labels("p", [[0], [1], [2]], library.make)
    component = integer_labels("c", [[0], [1]], library.make)
    block = TensorBlock(values, samples, [component], properties)

    assert block.values is values
    assert block.samples.values is samples.values
    assert block.components[0].values is component.values
    assert block.shape == (4, 2, 3)
    assert len(block) == 4
    tensor = TensorMap(integer_labels("k", [[0]], library.make), [block])
    assert tensor[0].values is values


def test_labels_share_values(library):
    values = library.make(np.array([[0, 1], [2, 3]], dtype=np.int32))
    labels = Labels(["a", "b"], values)
    if library.name == "dlpack":
        # this can not be indexed: the labels use the same memory
        assert np.shares_memory(labels.values, values.array)
    else:
        assert labels.values is values


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8"])
def test_labels_from_other_integers(library, dtype):
    labels = Labels(["a", "b"], library.make(np.array([[0, 1], [2, 3]], dtype=dtype)))
    assert isinstance(labels.values, library.type_of_labels)
    assert labels == Labels(["a", "b"], np.array([[0, 1], [2, 3]]))
    assert "int32" in str(labels.values.dtype)


def test_labels_errors(library):
    with pytest.raises(TypeError, match="must be integers"):
        Labels("a", library.make(np.zeros((2, 1))))
    with pytest.raises(ValueError, match="two axes"):
        Labels("a", library.make(np.zeros(2, dtype=np.int32)))
    with pytest.raises(ValueError, match="2 columns and 1 names"):
        Labels("a", library.make(np.zeros((3, 2), dtype=np.int32)))


def test_labels_without_entries(library):
    # the type and the shape are not used
    labels = Labels(["a", "b"], library.make(np.zeros((0, 5))))
    assert len(labels) == 0
    assert tuple(labels.values.shape) == (0, 2)
    assert isinstance(labels.values, library.type_of_labels)
    assert list(labels) == []


def test_labels_entries(library):
    rows = [[4, 1], [2, -3], [7, 5]]
    labels = integer_labels(["a", "b"], rows, library.make)
    assert [[int(value) for value in entry] for entry in labels] == rows
    assert [int(value) for value in labels[-1]] == rows[-1]
    assert int(labels[1]["b"]) == int(labels[1][-1]) == -3
    assert labels[1] == labels.entry(-2)
    assert labels[0] != labels[1]
    for index in [3, -4]:
        with pytest.raises(IndexError):
            labels.entry(index)
        with pytest.raises(IndexError):
            labels[0][index]

    assert [int(value) for value in labels.column("b")[:]] == [1, -3, 5]
    assert labels.position(labels[2]) == 2
    assert labels.position([2, -3]) == 1
    assert labels.position(library.make(np.array([7, 6]))) is None
    assert labels[0] in labels
    assert labels[0].device == labels.device
    assert isinstance(labels[0].values, library.type_of_labels)


def test_labels_dimensions(library):
    rows = np.array([[4, 1], [2, -3], [7, 5]], dtype=np.int32)
    labels = integer_labels(["a", "b"], rows, library.make)
    for changed, names, expected in [
        (labels.permute([1, 0]), ["b", "a"], rows[:, ::-1]),
        (labels.permute([-1, -2]), ["b", "a"], rows[:, ::-1]),
        (labels.remove("a"), ["b"], rows[:, 1:]),
        (labels.rename("a", "z"), ["z", "b"], rows),
        (labels.append("c", np.arange(3)), ["a", "b", "c"], np.c_[rows, np.arange(3)]),
        (labels.insert(0, "c", np.arange(3)), ["c", "a", "b"], np.c_[np.arange(3), rows]),
    ]:
        assert changed == Labels(names, np.ascontiguousarray(expected))
        assert isinstance(changed.values, library.type_of_labels)
    with pytest.raises(IndexError):
        labels.permute([0, 2])
    new = library.make(np.array([1, 2, 3]))
    if library.name != "dlpack":
        assert labels.append("c", new) == labels.append("c", np.array([1, 2, 3]))


def test_labels_without_dimensions(library):
    labels = integer_labels(["a"], [[3]], library.make).remove("a")
    assert labels.names == []
    assert len(labels.permute([])) == len(labels)


def test_labels_set_operations(library):
    first = integer_labels(["a", "b"], [[0, 1], [2, 3], [4, 5]], library.make)
    second = integer_labels(["a", "b"], [[4, 5], [6, 7]], library.make)
    union, of_first, of_second = first.union_and_mapping(second)
    assert union == Labels(["a", "b"], np.array([[0, 1], [2, 3], [4, 5], [6, 7]]))
    assert (of_first.tolist(), of_second.tolist()) == ([0, 1, 2], [2, 3])
    assert first.intersection(second) == Labels(["a", "b"], np.array([[4, 5]]))
    assert first.difference(second) == Labels(["a", "b"], np.array([[0, 1], [2, 3]]))
    for result in [union, first.intersection(second), first.difference(second)]:
        assert isinstance(result.values, library.type_of_labels)
        assert result.device == first.device
    assert first.select(integer_labels("a", [[4], [0]], library.make)).tolist() == [0, 2]


# ---------------------------------------------------------------------- moving data


MERGES = {
    "samples": lambda tensor: tensor.keys_to_samples("a"),
    "samples, first occurrence": lambda tensor: tensor.keys_to_samples("a", sort_samples=False),
    "samples, all keys": lambda tensor: tensor.keys_to_samples(["b", "a"], fill_value=-1.5),
    "properties": lambda tensor: tensor.keys_to_properties("b"),
    "properties, first occurrence": lambda tensor: tensor.keys_to_properties(
        "a", sort_samples=False
    ),
    "properties, all keys": lambda tensor: tensor.keys_to_properties(
        ["a", "b"], fill_value=float("nan")
    ),
    "components": lambda tensor: tensor.components_to_properties("c"),
    "components, then properties": lambda tensor: tensor.components_to_properties(
        "c"
    ).keys_to_properties(["a", "b"]),
}


@pytest.mark.parametrize("merge", MERGES.values(), ids=MERGES.keys())
def test_merge(library, tensor, reference, check_same, merge):
    merged, expected = merge(tensor), merge(reference)
    assert merged.keys == expected.keys
    assert merged.info() == expected.info()
    for block, expected_block in zip(merged, expected, strict=True):
        check_same(block, expected_block)
    check_types(merged, library.type_of_new, library.type_of_labels)

    # the initial data is the same as before
    for block, expected_block in zip(tensor, reference, strict=True):
        check_same(block, expected_block)


def test_merge_selected_keys(library, tensor, reference, check_same):
    selected = np.array([[1], [7]])
    tensor = example_with_equal_properties(library.make)
    merged = tensor.keys_to_properties(
        Labels("a", library.make(selected.astype(np.int32))), fill_value=3.5
    )
    expected = example_with_equal_properties(identity).keys_to_properties(
        Labels("a", selected), fill_value=3.5
    )
    for block, expected_block in zip(merged, expected, strict=True):
        check_same(block, expected_block)


def example_with_equal_properties(convert):
    blocks = [
        TensorBlock(
            convert(VALUES[:, 0, :] * factor),
            integer_labels("s", [[0], [factor], [4], [5]], convert),
            [],
            integer_labels("p", [[0], [1], [2]], convert),
        )
        for factor in [1, 2, 3]
    ]
    return TensorMap(integer_labels(["a", "b"], [[0, 0], [1, 0], [1, 1]], convert), blocks)


def test_labels_of_other_kind(library, reference, check_same):
    # labels only have to be on the same device
    def make_values(array):
        return library.make(array) if array.dtype == np.float64 else array

    if "cuda" in str(Labels("a", library.make(np.zeros((1, 1), dtype=np.int32))).device).lower():
        with pytest.raises(MetatensorError, match="same device"):
            example(make_values)
        return
    tensor = example(make_values)
    merged = tensor.keys_to_samples("a")
    check_types(merged, library.type_of_new, np.ndarray)
    for block, expected in zip(merged, reference.keys_to_samples("a"), strict=True):
        check_same(block, expected)


# ---------------------------------------------------------------------- copies and conversions


def test_deep_copy(library, tensor, reference, check_same):
    for copied in [tensor.copy(), copy.deepcopy(tensor)]:
        for block, original, expected in zip(copied, tensor, reference, strict=True):
            assert block.values is not original.values
            assert block.samples.values is original.samples.values
            check_same(block, expected)
        check_types(copied, library.type_of_new, library.type_of_labels)


def test_deep_copy_is_independent(library):
    values = library.make(np.arange(6.0).reshape(2, 3))
    block = TensorBlock(
        values,
        integer_labels("s", [[0], [1]], library.make),
        [],
        integer_labels("p", [[0], [1], [2]], library.make),
    )
    copied = block.copy().values
    assert isinstance(copied, library.type_of_new)
    copied = copied if isinstance(copied, np.ndarray) else library.read(copied)
    assert not np.shares_memory(copied, library.read(values))


def test_shallow_copy(tensor):
    copied = tensor.copy(deep=False)
    assert all(new.values is old.values for new, old in zip(copied, tensor, strict=True))


def test_to_numpy(tensor, reference, check_same):
    converted = tensor.to(arrays="numpy")
    assert converted.device == "cpu"
    assert converted.info() == tensor.info()
    for block, expected in zip(converted, reference, strict=True):
        check_same(block, expected)
    check_types(converted, np.ndarray, np.ndarray)


@pytest.mark.parametrize("arrays", ["numpy", "torch", "jax", "array_api_strict"])
def test_to_other_library(library, tensor, reference, arrays):
    converted = tensor.to(arrays=arrays)
    assert backend_of(converted[0].values).name == arrays
    assert backend_of(converted[0].samples.values).name == arrays
    if arrays == library.name:
        assert converted[0].values is tensor[0].values
    back = converted.to(device="cpu").to(arrays="numpy")
    for block, expected in zip(back, reference, strict=True):
        np.testing.assert_array_equal(block.values, expected.values)
        assert block.samples == expected.samples
        np.testing.assert_array_equal(
            block.gradient("positions").values, expected.gradient("positions").values
        )
    # new arrays can be used as well
    assert len(converted.keys_to_samples("a")) == 2


def test_nothing_to_convert(tensor, library):
    for same in [tensor.to(), tensor.to(tensor.device), tensor.to(device=tensor.device)]:
        assert same[0].values is tensor[0].values
        assert same.keys.values is tensor.keys.values
    dtype = tensor.dtype
    same = tensor.to(dtype)
    assert same[0].samples.values is tensor[0].samples.values
    if library.name != "dlpack":
        assert same[0].values is tensor[0].values


def test_dtype(library, block):
    assert "float64" in str(block.dtype)
    dtype = library.float32
    for converted in [block.to(dtype=dtype), block.to(dtype)]:
        assert "float32" in str(converted.dtype)
        assert "float32" in str(converted.gradient("positions").dtype)
        assert isinstance(converted.values, library.type_of_new)
        assert converted.samples.values is block.samples.values


def test_own_dtype(library, block):
    """Types of a library are recognized as such"""
    single = TensorBlock(
        library.make(np.zeros((1, 1), dtype=np.float32)),
        Labels("s", library.make(np.zeros((1, 1), dtype=np.int32))),
        [],
        Labels("p", library.make(np.zeros((1, 1), dtype=np.int32))),
    )
    assert block.to(single.dtype).dtype == single.dtype
    assert block.to(single.device, single.dtype).dtype == single.dtype


def test_wrong_dtype(library, block):
    with pytest.raises((TypeError, ValueError)):
        block.to(dtype="not a type")


def test_wrong_device(block):
    with pytest.raises((ValueError, RuntimeError), match="nowhere"):
        block.to("nowhere")


# ---------------------------------------------------------------------- text and files


def test_text(tensor, reference):
    assert str(tensor) == str(reference)
    assert repr(tensor) == repr(reference)
    assert repr(tensor[0]) == repr(reference[0])
    assert repr(tensor[0].samples) == repr(reference[0].samples)
    assert tensor[0].samples.print(2) == reference[0].samples.print(2)
    assert repr(tensor.keys[1]) == repr(reference.keys[1])
    assert tensor._repr_html_() == reference._repr_html_()
    assert tensor[0]._repr_html_() == reference[0]._repr_html_()
    assert tensor.keys._repr_html_() == reference.keys._repr_html_()
    assert tensor.keys[1]._repr_html_() == reference.keys[1]._repr_html_()


def test_pickle(tensor, reference, check_same):
    loaded = pickle.loads(pickle.dumps(tensor))
    assert loaded.keys == reference.keys
    for block, expected in zip(loaded, reference, strict=True):
        check_same(block, expected)


def test_save(tensor, reference):
    assert bytes(tensor.save_buffer()) == bytes(reference.save_buffer())
    assert bytes(tensor.keys.save_buffer()) == bytes(reference.keys.save_buffer())


# ---------------------------------------------------------------------- selection


def test_block_selection(tensor):
    block = tensor.block(a=1, b=1)
    assert block.values is tensor[2].values
    assert tensor.block({"a": 1, "b": 1}).values is block.values
    assert tensor.block(tensor.keys[2]).values is block.values
    assert len(tensor.blocks(a=1)) == 2
    with pytest.raises(ValueError, match=r"no block matching \(a=5\)"):
        tensor.block(a=5)
    for key, item in tensor.items():
        assert tensor.block(key).values is item.values
