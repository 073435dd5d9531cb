import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, MetatensorError, TensorBlock, TensorMap


@pytest.fixture
def tensor(library):
    samples = library.make_labels(["s", "t"], [[0, 1], [2, 3]])
    properties = library.make_labels(["p", "q", "r"], [[0, 1, 2], [3, 4, 5]])
    components = [library.make_range("c", 1)]
    blocks = []
    for i in range(2):
        block = TensorBlock(library.array(np.ones((2, 1, 2)) * i), samples, components, properties)
        gradient = TensorBlock(
            library.array(np.ones((1, 1, 2))),
            library.make_labels(["sample", "t"], [[0, 5]]),
            components,
            properties,
        )
        block.add_gradient("g", gradient)
        blocks.append(block)
    return TensorMap(library.make_labels(["a", "b"], [[0, 1], [0, 2]]), blocks)


def labels(tensor, axis):
    if axis == "keys":
        return tensor.keys
    return getattr(tensor.block_by_id(1), axis)


def check_rest(result, tensor, axis):
    """Everything but the labels along an axis is the same as before."""
    if axis != "keys":
        assert result.keys == tensor.keys
    for block, initial in zip(result, tensor, strict=True):
        gradient, initial_gradient = block.gradient("g"), initial.gradient("g")
        assert block.values is initial.values
        assert gradient.values is initial_gradient.values
        assert gradient.samples == initial_gradient.samples
        assert gradient.properties == block.properties
        if axis != "samples":
            assert block.samples == initial.samples
        if axis != "properties":
            assert block.properties == initial.properties
        assert block.components == initial.components


AXES = ["keys", "samples", "properties"]


class TestInsert:
    @pytest.mark.parametrize("axis", AXES)
    def test_array(self, tensor, library, axis, as_numpy):
        initial = labels(tensor, axis)
        expected_rows = as_numpy(initial.values)
        n_dimensions = len(initial.names)
        for index in range(-n_dimensions, n_dimensions + 1):
            result = metatensor.insert_dimension(
                tensor, axis, index, "new", library.array([8, 9], np.int64)
            )
            expected = np.insert(expected_rows, index, [8, 9], axis=1)
            names = list(initial.names)
            names.insert(index, "new")
            assert labels(result, axis) == library.make_labels(names, expected)
            check_rest(result, tensor, axis)

    @pytest.mark.parametrize("axis", AXES)
    def test_int_and_append(self, tensor, library, axis, as_numpy):
        initial = labels(tensor, axis)
        result = metatensor.append_dimension(tensor, axis, "new", 42)
        rows = np.hstack([as_numpy(initial.values), [[42], [42]]])
        assert labels(result, axis) == library.make_labels([*initial.names, "new"], rows)
        check_rest(result, tensor, axis)
        expected = metatensor.insert_dimension(tensor, axis, len(initial.names), "new", 42)
        assert labels(expected, axis) == labels(result, axis)

    def test_mixed_arrays(self, tensor, library):
        for values in (np.array([8, 9], dtype=np.int32), torch.tensor([8, 9])):
            result = metatensor.append_dimension(tensor, "samples", "new", values)
            expected = library.make_labels(["s", "t", "new"], [[0, 1, 8], [2, 3, 9]])
            assert labels(result, "samples") == expected
            new_values = labels(result, "samples").values
            assert type(new_values) is type(labels(tensor, "samples").values)

    def test_no_entries(self, library):
        block = TensorBlock(
            library.array(np.zeros((0, 1))),
            library.make_labels(["s"], []),
            [],
            library.make_range("p", 1),
        )
        tensor = TensorMap(Labels.single(), [block])
        result = metatensor.append_dimension(tensor, "samples", "t", 3)
        assert result.sample_names == ["s", "t"]

    def test_components(self, tensor):
        assert metatensor.insert_dimension(tensor, "components", 0, "new", 3) == tensor
        with pytest.raises(ValueError, match="'components'"):
            metatensor.append_dimension(tensor, "components", "new", 3)

    def test_errors(self, tensor, library):
        for wrong in ([1, 2], np.int64(3), 1.0, "a", library.array([[1, 2]], np.int64)):
            with pytest.raises(ValueError, match="`values` must be"):
                metatensor.insert_dimension(tensor, "samples", 0, "new", wrong)
        with pytest.raises(ValueError, match="float64"):
            metatensor.append_dimension(tensor, "samples", "new", library.array([0.5, 1]))
        with pytest.raises(ValueError, match="3 values for 2 entries"):
            metatensor.append_dimension(tensor, "keys", "new", library.array([1, 2, 3], np.int64))
        for index in (3, -3):
            with pytest.raises(IndexError):
                metatensor.insert_dimension(tensor, "samples", index, "new", 0)
        for name in ("s", "not valid"):
            with pytest.raises(MetatensorError):
                metatensor.append_dimension(tensor, "samples", name, 0)


class TestPermute:
    @pytest.mark.parametrize("axis", AXES)
    def test_permutation(self, tensor, axis, as_numpy):
        initial = labels(tensor, axis)
        order = [1, 2, 0][-len(initial.names) :] if axis == "properties" else [1, 0]
        result = metatensor.permute_dimensions(tensor, axis, order)
        assert labels(result, axis).names == [initial.names[i] for i in order]
        for i, name in enumerate(labels(result, axis).names):
            column = as_numpy(labels(result, axis).values)[:, i]
            np.testing.assert_array_equal(column, as_numpy(initial.column(name)))
        check_rest(result, tensor, axis)

    def test_components(self, tensor):
        assert metatensor.permute_dimensions(tensor, "components", [7]) == tensor

    def test_errors(self, tensor):
        with pytest.raises(ValueError, match="3"):
            metatensor.permute_dimensions(tensor, "samples", [0, 1, 2])
        with pytest.raises(IndexError):
            metatensor.permute_dimensions(tensor, "samples", [0, 2])
        with pytest.raises(MetatensorError):
            metatensor.permute_dimensions(tensor, "samples", [0, 0])


class TestRemove:
    @pytest.mark.parametrize("axis", AXES)
    def test_name(self, tensor, axis):
        initial = labels(tensor, axis)
        name = {"keys": "a", "samples": "s", "properties": "q"}[axis]
        result = metatensor.remove_dimension(tensor, axis, name)
        assert labels(result, axis) == initial.remove(name)
        check_rest(result, tensor, axis)

    def test_components(self, tensor):
        assert metatensor.remove_dimension(tensor, "components", "c") == tensor

    def test_errors(self, tensor, library):
        for axis in AXES:
            with pytest.raises(ValueError, match="foo"):
                metatensor.remove_dimension(tensor, axis, "foo")
        with pytest.raises(MetatensorError, match="0"):
            metatensor.remove_dimension(tensor, "keys", "b")
        tensor = metatensor.filter_blocks(tensor, library.make_labels(["b"], [1]))
        tensor = metatensor.remove_dimension(tensor, "keys", "b")
        with pytest.raises(MetatensorError):
            metatensor.remove_dimension(tensor, "keys", "a")


class TestRename:
    def test_keys(self, tensor):
        result = metatensor.rename_dimension(tensor, "keys", "a", "new")
        assert result.keys == tensor.keys.rename("a", "new")
        check_rest(result, tensor, "keys")

    def test_properties(self, tensor):
        result = metatensor.rename_dimension(tensor, "properties", "q", "new")
        assert result.property_names == ["p", "new", "r"]
        check_rest(result, tensor, "properties")

    def test_samples(self, tensor):
        result = metatensor.rename_dimension(tensor, "samples", "s", "new")
        assert result.sample_names == ["new", "t"]
        check_rest(result, tensor, "samples")
        # also in the gradients
        result = metatensor.rename_dimension(tensor, "samples", "t", "new")
        assert result.sample_names == ["s", "new"]
        assert result.block_by_id(0).gradient("g").samples.names == ["sample", "new"]

    def test_components(self, tensor):
        result = metatensor.rename_dimension(tensor, "components", "c", "new")
        assert result.component_names == ["new"]
        assert result.block_by_id(0).gradient("g").components[0].names == ["new"]
        assert metatensor.rename_dimension(tensor, "components", "foo", "new") == tensor

    def test_errors(self, tensor):
        for axis in AXES:
            with pytest.raises(ValueError, match="foo"):
                metatensor.rename_dimension(tensor, axis, "foo", "new")
        with pytest.raises(MetatensorError):
            metatensor.rename_dimension(tensor, "samples", "s", "t")
        tensor = metatensor.rename_dimension(tensor, "samples", "t", "x")
        with pytest.raises(MetatensorError):
            renamed = metatensor.rename_dimension(tensor, "samples", "s", "sample")
            metatensor.rename_dimension(renamed, "samples", "sample", "y")


def test_axis(tensor):
    for call in (
        lambda: metatensor.append_dimension(tensor, "foo", "new", 0),
        lambda: metatensor.insert_dimension(tensor, "foo", 0, "new", 0),
        lambda: metatensor.permute_dimensions(tensor, "foo", [0]),
        lambda: metatensor.remove_dimension(tensor, "foo", "a"),
        lambda: metatensor.rename_dimension(tensor, "foo", "a", "b"),
    ):
        with pytest.raises(ValueError, match="`axis`.*'foo'"):
            call()


def test_nested_gradients_are_dropped(nested):
    block = metatensor.append_dimension(nested, "keys", "new", 0).block()
    assert block.gradients_list() == ["a"]
    assert block.gradient("a").gradients_list() == []
