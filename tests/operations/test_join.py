import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, MetatensorError, NotEqualError, TensorBlock, TensorMap


@pytest.fixture
def make_block(library):
    def make(
        values,
        samples,
        sample_names=("s", "a"),
        properties=(0, 1),
        property_names=("p",),
        gradient=None,
        gradient_names=("sample", "g"),
    ):
        block = TensorBlock(
            library.array(values),
            library.make_labels(list(sample_names), samples),
            [],
            library.make_labels(list(property_names), properties),
        )
        if gradient is not None:
            gradient_values, gradient_samples = gradient
            gradient = TensorBlock(
                library.array(gradient_values),
                library.make_labels(list(gradient_names), gradient_samples),
                [],
                block.properties,
            )
            block.add_gradient("g", gradient)
        return block

    return make


class TestSamples:
    def test_values_and_gradients(self, library, make_block, as_numpy):
        blocks = [
            make_block([[1, 2], [3, 4]], [[4, 0], [0, 1]], gradient=([[5, 6]], [[1, 3]])),
            make_block([[7, 8]], [[1, 1]], gradient=([[9, 0], [1, 1]], [[0, 7], [0, 2]])),
        ]
        result = metatensor.join_blocks(blocks, "samples")
        np.testing.assert_array_equal(as_numpy(result.values), [[1, 2], [3, 4], [7, 8]])
        assert result.samples == library.make_labels(["s", "a"], [[4, 0], [0, 1], [1, 1]])
        assert result.properties == blocks[0].properties
        gradient = result.gradient("g")
        np.testing.assert_array_equal(as_numpy(gradient.values), [[5, 6], [9, 0], [1, 1]])
        assert gradient.samples == library.make_labels(["sample", "g"], [[1, 3], [2, 7], [2, 2]])

        result = metatensor.join_blocks(blocks, "samples", add_dimension="i")
        assert result.samples == library.make_labels(
            ["s", "a", "i"], [[4, 0, 0], [0, 1, 0], [1, 1, 1]]
        )
        assert result.gradient("g").samples == gradient.samples

    def test_tensors(self, family, library, same_result):
        tensor = family()
        other = metatensor.append_dimension(family(seed=2), "samples", "x", 1)
        tensor = metatensor.append_dimension(tensor, "samples", "x", 0)
        result = metatensor.join([tensor, other], "samples")
        assert result.keys == tensor.keys
        for key, block in result.items():
            expected = metatensor.join_blocks([tensor[key], other[key]], "samples")
            assert metatensor.equal_block(block, expected)
        selections = [np.arange(5), np.arange(5, 10)]
        for part, expected in zip(
            metatensor.split(result, "samples", selections), (tensor, other), strict=True
        ):
            same_result(part, expected)

        tensors = (family(), family(seed=2))
        joined = metatensor.join(tensors, "samples", add_dimension="x")
        assert joined == result

    def test_gradients(self, check_gradients):
        check_gradients(
            lambda tensor: metatensor.join([tensor, tensor], "samples", add_dimension="x")
        )

    def test_key_order(self, library, make_block, as_numpy):
        tensors = []
        for keys in ([0, 1], [1, 0]):
            blocks = [make_block([[k, 0]], [[k, len(keys)]]) for k in keys]
            tensors.append(TensorMap(library.make_labels(["key"], keys), blocks))
        result = metatensor.join(tensors, "samples", add_dimension="x")
        assert result.keys == tensors[0].keys
        np.testing.assert_array_equal(as_numpy(result.block_by_id(1).values), [[1, 0], [1, 0]])

    def test_order_of_sample_names(self, library, make_block):
        blocks = [
            make_block([[1, 2]], [[4, 5]]),
            make_block([[3, 4]], [[6, 7]], sample_names=("a", "s")),
        ]
        result = metatensor.join_blocks(blocks, "samples")
        assert result.samples == library.make_labels(["s", "a"], [[4, 5], [7, 6]])

    def test_errors(self, library, make_block):
        block = make_block([[1, 2]], [[0, 0]])

        def check(error, message, *arguments, **options):
            blocks = [block, make_block(*arguments, **options)]
            tensors = [TensorMap(Labels.single(), [b.copy()]) for b in blocks]
            with pytest.raises(error, match=message):
                metatensor.join_blocks(blocks, "samples")
            with pytest.raises(error, match=message):
                metatensor.join(tensors, "samples")

        check(ValueError, "sample names", [[1, 2]], [[0, 1]], sample_names=("s", "b"))
        check(NotEqualError, "join.*properties", [[1, 2]], [[0, 1]], properties=[0, 2])
        check(NotEqualError, "join.*gradient", [[1, 2]], [[0, 1]], gradient=([[1, 1]], [[0, 0]]))
        check(MetatensorError, ".", [[1, 2]], [[0, 0]])
        with pytest.raises(MetatensorError):
            metatensor.join_blocks([block, block], "samples", add_dimension="a")


class TestProperties:
    def test_values(self, library, make_block, as_numpy):
        samples = [[4, 0], [0, 1]]
        blocks = [
            make_block([[1, 2], [3, 4]], samples),
            make_block([[5], [6]], samples, properties=[7]),
        ]
        result = metatensor.join_blocks(blocks, "properties")
        np.testing.assert_array_equal(as_numpy(result.values), [[1, 2, 5], [3, 4, 6]])
        assert result.properties == library.make_labels(["p"], [0, 1, 7])
        assert result.samples == blocks[0].samples

        result = metatensor.join_blocks([blocks[0]] * 2, "properties", add_dimension="i")
        expected = [[0, 0], [1, 0], [0, 1], [1, 1]]
        assert result.properties == library.make_labels(["p", "i"], expected)

    @pytest.mark.parametrize("names", [("a",), ("a", "p"), ("p", "a")])
    def test_different_names(self, library, make_block, names):
        properties = [[3] * len(names)]
        other = make_block([[5]], [[0, 0]], properties=properties, property_names=names)
        blocks = [make_block([[1, 2]], [[0, 0]]), other]
        result = metatensor.join_blocks(blocks, "properties")
        assert result.properties == library.make_labels(
            ["joined_index", "property"], [[0, 0], [0, 1], [1, 0]]
        )
        with pytest.raises(ValueError, match="add_dimension"):
            metatensor.join_blocks(blocks, "properties", add_dimension="i")

    def test_gradient_samples_are_merged(self, library, make_block, as_numpy):
        samples = [[0, 0], [0, 1]]
        values = [[0, 0], [0, 0]]
        gradients = [
            ([[1, 2], [3, 4]], [[1, 5], [0, 5]]),
            ([[5, 6], [7, 8]], [[0, 3], [1, 5]]),
        ]
        blocks = [
            make_block(values, samples, properties=[2 * i, 2 * i + 1], gradient=gradients[i])
            for i in range(2)
        ]
        gradient = metatensor.join_blocks(blocks, "properties").gradient("g")
        assert gradient.samples == library.make_labels(["sample", "g"], [[1, 5], [0, 5], [0, 3]])
        np.testing.assert_array_equal(
            as_numpy(gradient.values), [[1, 2, 7, 8], [3, 4, 0, 0], [0, 0, 5, 6]]
        )
        assert gradient.properties == library.make_labels(["p"], [0, 1, 2, 3])

    def test_gradients(self, check_gradients):
        check_gradients(
            lambda tensor: metatensor.join([tensor, tensor], "properties", add_dimension="x")
        )

    def test_errors(self, library, make_block):
        block = make_block([[1, 2]], [[0, 0]], gradient=([[1, 1]], [[0, 0]]))
        with pytest.raises(NotEqualError, match="'join_blocks'.*samples"):
            other = make_block([[1, 2]], [[0, 1]])
            metatensor.join_blocks([block, other], "properties")
        with pytest.raises(MetatensorError):
            metatensor.join_blocks([block, block], "properties")
        with pytest.raises(MetatensorError):
            other = make_block(
                [[1, 2]],
                [[0, 0]],
                gradient=([[1, 1]], [[0, 0]]),
                gradient_names=("sample", "other"),
                properties=[4, 5],
            )
            metatensor.join_blocks([block, other], "properties")


class TestDifferentKeys:
    @pytest.fixture
    def tensors(self, library, make_block):
        def make(keys, index):
            blocks = []
            for key in keys:
                gradient = ([[key, index]], [[0, 0]])
                blocks.append(make_block([[key, index]], [[key, index]], gradient=gradient))
            return TensorMap(library.make_labels(["key"], keys), blocks)

        return [make([4, 2, 0], 0), make([1, 2, 3, 4], 1), make([2, 4, 5, 0], 2)]

    def values(self, tensor, as_numpy):
        return {int(key[0]): as_numpy(block.values).tolist() for key, block in tensor.items()}

    def test_error(self, tensors):
        with pytest.raises(NotEqualError, match="'join'.*keys"):
            metatensor.join(tensors, "samples")

    def test_intersection(self, tensors, as_numpy):
        result = metatensor.join(tensors, "samples", different_keys="intersection")
        expected = {4: [[4, 0], [4, 1], [4, 2]], 2: [[2, 0], [2, 1], [2, 2]]}
        assert self.values(result, as_numpy) == expected
        assert list(self.values(result, as_numpy)) == [4, 2]

    def test_union_of_samples(self, tensors, library, as_numpy):
        result = metatensor.join(tensors, "samples", different_keys="union", add_dimension="tensor")
        values = self.values(result, as_numpy)
        assert list(values) == [4, 2, 0, 1, 3, 5]
        assert values[0] == [[0, 0], [0, 2]]
        assert values[5] == [[5, 2]]
        # missing blocks still count for the position in the list
        samples = library.make_labels(["s", "a", "tensor"], [[0, 0, 0], [0, 2, 2]])
        assert result.block_by_id(2).samples == samples
        gradient = result.block_by_id(2).gradient("g")
        assert gradient.samples == library.make_labels(["sample", "g"], [[0, 0], [1, 0]])

    def test_union_of_properties(self, library, make_block):
        tensors = [
            TensorMap(
                library.make_labels(["key"], [0]),
                [make_block([[1, 2]], [[0, 0]], gradient=([[2, 2]], [[0, 6]]))],
            ),
            TensorMap(
                library.make_labels(["key"], [3]),
                [make_block([[3, 4]], [[7, 7]], gradient=([[1, 1]], [[0, 5]]))],
            ),
        ]
        result = metatensor.join(
            tensors, "properties", different_keys="union", add_dimension="tensor"
        )
        block = result.block_by_id(1)
        assert block.samples == library.make_labels(["s", "a"], [[7, 7]])
        assert block.properties == library.make_labels(["p", "tensor"], [[0, 1], [1, 1]])
        assert block.gradient("g").samples == library.make_labels(["sample", "g"], [[0, 5]])

    def test_sample_names_of_different_keys(self, library, make_block):
        tensors = [
            TensorMap(library.make_labels(["key"], [0]), [make_block([[1, 2]], [[0, 0]])]),
            TensorMap(
                library.make_labels(["key"], [3]),
                [make_block([[3, 4]], [[7, 7]], sample_names=("s", "b"))],
            ),
        ]
        for mode in ("union", "intersection"):
            with pytest.raises(ValueError, match="sample names"):
                metatensor.join(tensors, "samples", different_keys=mode)

    def test_different_key_names(self, tensors):
        tensors[1] = metatensor.rename_dimension(tensors[1], "keys", "key", "foo")
        for mode in ("union", "intersection"):
            with pytest.raises(MetatensorError):
                metatensor.join(tensors, "samples", different_keys=mode)
        with pytest.raises(NotEqualError):
            metatensor.join(tensors, "samples")

    def test_invalid(self, tensors):
        with pytest.raises(ValueError, match="`different_keys`.*'foo'"):
            metatensor.join(tensors, "samples", different_keys="foo")


def test_single_element(family):
    tensor = family()
    block = tensor.block_by_id(0)
    result = metatensor.join([tensor], "samples", different_keys="foo", add_dimension="bar")
    assert result is tensor
    assert metatensor.join_blocks((block,), "properties", add_dimension="bar") is block


def test_argument_errors(family, library):
    tensor = family()
    block = tensor.block_by_id(0)
    with pytest.raises(TypeError, match="`tensors`.*<class 'metatensor.TensorMap'>"):
        metatensor.join(tensor, "samples")
    with pytest.raises(TypeError, match="`tensors`.*<class 'metatensor.TensorBlock'>"):
        metatensor.join([tensor, block], "samples")
    with pytest.raises(TypeError, match="`blocks`.*<class 'metatensor.TensorMap'>"):
        metatensor.join_blocks([block, tensor], "samples")
    with pytest.raises(ValueError, match="at least one"):
        metatensor.join([], "samples")
    with pytest.raises(ValueError, match="at least one"):
        metatensor.join_blocks([], "samples")
    for axis in ("keys", "components", "foo"):
        with pytest.raises(ValueError, match=f"axis.*'{axis}'"):
            metatensor.join([tensor], axis)
        with pytest.raises(ValueError, match=f"axis.*'{axis}'"):
            metatensor.join_blocks([block], axis)


def test_nested_gradients(nested):
    for axis in ("samples", "properties"):
        with pytest.raises(NotImplementedError):
            metatensor.join([nested, nested], axis, add_dimension="x")


def test_first_block_gives_the_dtype():
    blocks = [
        metatensor.block_from_array(np.ones((1, 2), dtype=np.float32)),
        metatensor.block_from_array(torch.ones(1, 2, dtype=torch.float64)),
    ]
    for first in blocks:
        others = [block for block in blocks if block is not first]
        for axis in ("samples", "properties"):
            result = metatensor.join_blocks([first, *others], axis, add_dimension="x")
            assert type(result.values) is type(first.values)
            assert result.values.dtype == first.values.dtype


@pytest.mark.parametrize("axis", ["samples", "properties"])
def test_autograd(axis):
    def function(values_1, values_2):
        blocks = [metatensor.block_from_array(values) for values in (values_1, values_2)]
        for i, block in enumerate(blocks):
            gradient = TensorBlock(
                values_1[:1] + i,
                Labels(["sample"], np.array([[i]])),
                [],
                block.properties,
            )
            block.add_gradient("g", gradient)
        result = metatensor.join_blocks(blocks, axis, add_dimension="x")
        return result.values, result.gradient("g").values

    values = [torch.rand(2, 2, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    assert torch.autograd.gradcheck(function, values)
