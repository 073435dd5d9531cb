"""sort, sort_block, unique_metadata, unique_metadata_block"""

import numpy as np
import pytest

import metatensor
from metatensor import Labels, MetatensorError, TensorBlock, TensorMap


@pytest.fixture
def block(library):
    block = TensorBlock(
        library.array(np.arange(12).reshape(3, 2, 2)),
        library.make_labels(["s", "t"], [[1, 0], [-2, 5], [1, -3]]),
        [library.make_labels(["c"], [1, 0])],
        library.make_labels(["p"], [9, -9]),
    )
    gradient = TensorBlock(
        library.array(np.arange(16).reshape(2, 2, 2, 2)),
        library.make_labels(["sample", "g"], [[0, 3], [2, 4]]),
        [library.make_labels(["d"], [5, 4]), *block.components],
        block.properties,
    )
    block.add_gradient("g", gradient)
    return block


@pytest.fixture
def tensor(block, library):
    other = metatensor.ones_like_block(block)
    return TensorMap(library.make_labels(["key"], [4, -1]), [block.copy(), other])


class TestSort:
    @pytest.mark.parametrize("descending", [False, True])
    def test_samples(self, block, library, as_numpy, descending):
        result = metatensor.sort_block(block, "samples", descending)
        order = [0, 2, 1] if descending else [1, 2, 0]
        values = as_numpy(block.values)
        np.testing.assert_array_equal(as_numpy(result.values), values[order])
        rows = np.array([[1, 0], [-2, 5], [1, -3]])
        assert result.samples == library.make_labels(["s", "t"], rows[order])
        assert result.components == block.components
        assert result.properties == block.properties

        gradient = result.gradient("g")
        if descending:
            expected, order = [[1, 4], [0, 3]], [1, 0]
        else:
            expected, order = [[1, 4], [2, 3]], [1, 0]
        assert gradient.samples == library.make_labels(["sample", "g"], expected)
        np.testing.assert_array_equal(
            as_numpy(gradient.values), as_numpy(block.gradient("g").values)[order]
        )
        assert gradient.components == block.gradient("g").components

    def test_components(self, block, library, as_numpy):
        result = metatensor.sort_block(block, ["components"])
        np.testing.assert_array_equal(as_numpy(result.values), as_numpy(block.values)[:, ::-1])
        assert result.components == [library.make_labels(["c"], [0, 1])]
        gradient = result.gradient("g")
        assert gradient.components[0] == library.make_labels(["d"], [4, 5])
        np.testing.assert_array_equal(
            as_numpy(gradient.values), as_numpy(block.gradient("g").values)[:, ::-1, ::-1]
        )
        assert result.samples == block.samples

    def test_properties(self, block, library, as_numpy):
        result = metatensor.sort_block(block, "properties")
        np.testing.assert_array_equal(as_numpy(result.values), as_numpy(block.values)[..., ::-1])
        assert result.properties == library.make_labels(["p"], [-9, 9])
        np.testing.assert_array_equal(
            as_numpy(result.gradient("g").values),
            as_numpy(block.gradient("g").values)[..., ::-1],
        )

    def test_all(self, block):
        expected = block
        for axis in ("properties", "samples", "components"):
            expected = metatensor.sort_block(expected, axis)
        assert metatensor.sort_block(block) == expected
        assert metatensor.sort_block(block, "all") == expected
        assert metatensor.sort_block(block, []) == block

    def test_keys(self, tensor, library):
        result = metatensor.sort(tensor, "keys")
        assert result.keys == library.make_labels(["key"], [-1, 4])
        assert result.block_by_id(0) == tensor.block_by_id(1)
        assert result.block_by_id(1) == tensor.block_by_id(0)
        assert metatensor.sort(tensor, ["keys"], descending=True).keys == tensor.keys

        result = metatensor.sort(tensor)
        assert result.block_by_id(1) == metatensor.sort_block(tensor.block_by_id(0))
        result = metatensor.sort(tensor, ["samples", "components", "properties"])
        assert result.keys == tensor.keys
        assert result.block_by_id(0) == metatensor.sort_block(tensor.block_by_id(0))

    def test_arguments_do_not_change(self, tensor):
        axes = ["keys", "samples"]
        initial = tensor.copy()
        metatensor.sort(tensor, axes)
        assert axes == ["keys", "samples"]
        assert tensor == initial

    def test_gradients(self, check_gradients):
        check_gradients(metatensor.sort)
        axes = ["keys", "samples", "properties"]
        check_gradients(lambda tensor: metatensor.sort(tensor, axes, descending=True))

    def test_empty(self, library):
        def make(n_samples, n_properties, n_gradient):
            block = TensorBlock(
                library.array(np.ones((n_samples, n_properties))),
                library.make_labels(["s"], range(n_samples, 0, -1)),
                [],
                library.make_labels(["p"], range(n_properties, 0, -1)),
            )
            gradient = TensorBlock(
                library.array(np.ones((n_gradient, n_properties))),
                library.make_range("sample", n_gradient),
                [],
                block.properties,
            )
            block.add_gradient("g", gradient)
            return block

        assert metatensor.sort_block(make(2, 0, 1)).samples == library.make_labels(["s"], [1, 2])
        assert len(metatensor.sort_block(make(2, 2, 0)).gradient("g").samples) == 0
        # nothing changes without samples
        block = make(0, 2, 0)
        assert metatensor.sort_block(block) == block
        assert len(metatensor.sort(TensorMap(Labels.empty(["key"]), []))) == 0

    def test_errors(self, tensor):
        block = tensor.block_by_id(0)
        for function, value in ((metatensor.sort, tensor), (metatensor.sort_block, block)):
            for axes in ("foo", ["samples", "foo"]):
                with pytest.raises(ValueError, match="'foo'"):
                    function(value, axes)
            with pytest.raises(ValueError, match="'all'"):
                function(value, ["all"])
            for axes in (("samples",), 3, None):
                with pytest.raises(TypeError, match=f"`axes`.*{type(axes)}"):
                    function(value, axes)
        with pytest.raises(ValueError, match="'keys'"):
            metatensor.sort_block(block, "keys")

    def test_nested_gradients(self, nested):
        with pytest.raises(NotImplementedError):
            metatensor.sort(nested)


class TestUniqueMetadata:
    @pytest.fixture
    def tensor(self, library):
        blocks = []
        for rows in ([[3, 0], [1, 1]], [[-1, 7], [3, 2]]):
            block = TensorBlock(
                library.array(np.zeros((2, 2))),
                library.make_labels(["s", "t"], rows),
                [],
                library.make_labels(["p"], [2, 0]),
            )
            gradient = TensorBlock(
                library.array(np.zeros((2, 2))),
                library.make_labels(["sample", "g"], [[0, rows[0][0]], [1, -4]]),
                [],
                block.properties,
            )
            block.add_gradient("g", gradient)
            blocks.append(block)
        return TensorMap(library.make_range("key", 2), blocks)

    def test_samples(self, tensor, library):
        expected = library.make_labels(["s"], [-1, 1, 3])
        for names in ("s", ["s"], ("s",)):
            result = metatensor.unique_metadata(tensor, "samples", names)
            assert result == expected
            assert type(result.values) is type(tensor.keys.values)
        result = metatensor.unique_metadata(tensor, "samples", ("t", "s"))
        assert result == library.make_labels(["t", "s"], [[0, 3], [1, 1], [2, 3], [7, -1]])

    def test_properties(self, tensor, library):
        expected = library.make_labels(["p"], [0, 2])
        assert metatensor.unique_metadata(tensor, "properties", "p") == expected
        assert metatensor.unique_metadata(tensor, "properties", "p", gradient="g") == expected

    def test_gradient(self, tensor, library):
        result = metatensor.unique_metadata(tensor, "samples", ["g"], gradient="g")
        assert result == library.make_labels(["g"], [-4, -1, 3])
        block = tensor.block_by_id(0)
        result = metatensor.unique_metadata_block(block, "samples", "g", gradient="g")
        assert result == library.make_labels(["g"], [-4, 3])

    def test_block(self, tensor, library):
        result = metatensor.unique_metadata_block(tensor.block_by_id(0), "samples", "s")
        assert result == library.make_labels(["s"], [1, 3])

    def test_no_entries(self, library):
        block = TensorBlock(
            library.array(np.zeros((0, 2))),
            library.make_labels(["s", "t"], []),
            [],
            library.make_range("p", 2),
        )
        result = metatensor.unique_metadata_block(block, "samples", ["t", "s"])
        assert result.names == ["t", "s"]
        assert tuple(result.values.shape) == (0, 2)

    def test_errors(self, tensor):
        block = tensor.block_by_id(0)
        for function, value, wrong in (
            (metatensor.unique_metadata, tensor, block),
            (metatensor.unique_metadata_block, block, tensor),
        ):
            with pytest.raises(TypeError, match=f"{type(wrong)}"):
                function(wrong, "samples", "s")
            with pytest.raises(TypeError, match="`axis`.*<class 'int'>"):
                function(value, 3, "s")
            with pytest.raises(TypeError, match="`names`.*<class 'int'>"):
                function(value, "samples", 3)
            with pytest.raises(TypeError, match="`names`.*<class 'int'>"):
                function(value, "samples", ["s", 3])
            with pytest.raises(TypeError, match="`gradient`.*<class 'int'>"):
                function(value, "samples", "s", 3)
            for axis in ("keys", "components"):
                with pytest.raises(ValueError, match=f"`axis`.*'{axis}'"):
                    function(value, axis, "s")
            with pytest.raises(ValueError, match="'foo'"):
                function(value, "samples", ["s", "foo"])
            with pytest.raises(MetatensorError, match="foo"):
                function(value, "samples", "s", "foo")
        with pytest.raises(IndexError):
            metatensor.unique_metadata(TensorMap(Labels.empty(["key"]), []), "samples", "s")


def test_several_gradients(library, as_numpy):
    properties = library.make_range("p", 1)

    def make(names, rows):
        values = library.array(np.arange(len(rows)).reshape(-1, 1))
        return TensorBlock(values, library.make_labels(names, rows), [], properties)

    block = make(["s"], [[4], [1], [3], [0]])
    block.add_gradient("sparse", make(["sample"], [[3]]))
    block.add_gradient("dense", make(["sample"], [[0], [1], [2], [3]]))
    result = metatensor.sort_block(block, "samples")
    assert result.gradient("sparse").samples.values.tolist() == [[0]]
    assert result.gradient("dense").samples.values.tolist() == [[0], [1], [2], [3]]
    assert as_numpy(result.gradient("dense").values)[:, 0].tolist() == [3, 1, 2, 0]
