import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, TensorBlock, TensorMap


class TestBlockFromArray:
    def test_two_axes(self, library):
        array = library.array([[1, 2, 3], [4, 5, 6]])
        block = metatensor.block_from_array(array)
        assert block.values is array
        assert block.samples == Labels.range("sample", 2)
        assert block.components == []
        assert block.properties == Labels.range("property", 3)
        assert block.gradients_list() == []

    def test_components(self, library):
        array = library.array(np.zeros((2, 3, 4, 5)))
        block = metatensor.block_from_array(array)
        assert block.values is array
        assert block.components == [Labels.range("component_1", 3), Labels.range("component_2", 4)]

        block = metatensor.block_from_array(array, ["s"], ["a", "b"], ["p"])
        assert block.samples.names == ["s"]
        assert [component.names for component in block.components] == [["a"], ["b"]]
        assert block.properties.names == ["p"]

    def test_several_dimensions(self, library, as_numpy):
        array = np.arange(120).reshape(2, 3, 4, 5)
        block = metatensor.block_from_array(
            library.array(array, np.int64), ["i", "j"], property_names=["k", "l"]
        )
        np.testing.assert_array_equal(as_numpy(block.values), array.reshape(6, 20))
        indices = [[i, j] for i in range(2) for j in range(3)]
        assert block.samples == Labels(["i", "j"], np.array(indices))
        indices = [[k, l] for k in range(4) for l in range(5)]
        assert block.properties == Labels(["k", "l"], np.array(indices))

        block = metatensor.block_from_array(
            library.array(array, np.int64), sample_names=["i", "j"], component_names=["c"]
        )
        assert block.shape == (6, 4, 5)
        assert block.components == [Labels.range("c", 4)]

    def test_empty(self, library):
        block = metatensor.block_from_array(library.array(np.zeros((0, 3, 2))), ["i", "j"])
        assert tuple(block.shape) == (0, 2)
        assert block.samples.names == ["i", "j"]

    def test_errors(self, library):
        with pytest.raises(ValueError, match="at least two dimensions, got 1"):
            metatensor.block_from_array(library.array([1, 2]))
        array = library.array(np.zeros((2, 3, 4)))
        with pytest.raises(ValueError, match=r"\[2, 3, 4\].*lacks dimensions"):
            metatensor.block_from_array(array, ["a", "b"], property_names=["c", "d"])
        for names in ([], ["a", "b"]):
            with pytest.raises(ValueError, match=r"\[2, 3, 4\].*dimensions"):
                metatensor.block_from_array(array, component_names=names)

    def test_device_and_autograd(self):
        block = metatensor.block_from_array(torch.empty((2, 3), device="meta"))
        assert block.samples.device.type == "meta"
        array = torch.zeros(2, 3, 4, requires_grad=True)
        block = metatensor.block_from_array(array, ["a", "b"])
        assert block.values.grad_fn is not None


LIKE = {
    "empty": (metatensor.empty_like, metatensor.empty_like_block, None),
    "zeros": (metatensor.zeros_like, metatensor.zeros_like_block, 0.0),
    "ones": (metatensor.ones_like, metatensor.ones_like_block, 1.0),
    "random": (metatensor.random_uniform_like, metatensor.random_uniform_like_block, None),
}


@pytest.fixture(params=LIKE)
def like(request):
    return LIKE[request.param]


def tensor_with_gradients(library, names=("g", "h"), dtype=np.float64):
    block = TensorBlock(
        library.array([[3, 4], [5, 6]], dtype),
        library.make_range("s", 2),
        [],
        library.make_range("p", 2),
    )
    for name in names:
        gradient = TensorBlock(
            library.array(np.ones((1, 3, 2)), dtype),
            library.make_range("sample", 1),
            [library.make_range(f"c_{name}", 3)],
            block.properties,
        )
        block.add_gradient(name, gradient)
    return TensorMap(library.make_range("key", 1), [block])


class TestLike:
    def test_metadata_and_values(self, library, like, as_numpy):
        tensor = tensor_with_gradients(library)
        function, block_function, value = like
        for result in (function(tensor).block(), block_function(tensor.block())):
            assert metatensor.equal_metadata_block(result, tensor.block())
            assert result.gradients_list() == ["g", "h"]
            for array in (result.values, result.gradient("g").values):
                assert library.owns(array)
                assert array.dtype == tensor.block().values.dtype
                if value is not None:
                    assert (as_numpy(array) == value).all()

    @pytest.mark.parametrize(
        ("gradients", "expected"),
        [
            (None, ["g", "h"]),
            ("h", ["h"]),
            (["h", "g"], ["h", "g"]),
            (["g"], ["g"]),
            ([], []),
        ],
    )
    def test_choice_of_gradients(self, library, like, gradients, expected):
        tensor = tensor_with_gradients(library)
        result = like[0](tensor, gradients=gradients).block()
        assert result.gradients_list() == expected
        result = like[1](tensor.block(), gradients=gradients)
        assert result.gradients_list() == expected

    def test_unknown_gradient(self, library, like):
        tensor = tensor_with_gradients(library)
        name = like[0].__name__
        for gradients in ("x", ["g", "x"]):
            with pytest.raises(ValueError, match=f"'{name}'.*'x'"):
                like[0](tensor, gradients=gradients)
            with pytest.raises(ValueError, match=f"'{name}'.*'x'"):
                like[1](tensor.block(), gradients=gradients)
        empty = TensorMap(Labels.empty(["key"]), [])
        assert len(like[0](empty, gradients="x")) == 0

    def test_requires_grad(self, library, like):
        tensor = tensor_with_gradients(library)
        result = like[0](tensor, requires_grad=True).block()
        if library.values == "torch":
            assert result.values.requires_grad
            is_random = like is LIKE["random"]
            assert result.gradient("g").values.requires_grad is is_random

    def test_nested_gradients(self, nested, like):
        with pytest.raises(NotImplementedError):
            like[0](nested)
        assert like[0](nested, gradients=[]).block().gradients_list() == []

    def test_random_numbers(self):
        tensor = TensorMap(
            Labels.range("key", 2),
            [metatensor.block_from_array(np.zeros((2, 3))) for _ in range(2)],
        )
        np.random.seed(42)  # noqa: NPY002
        expected = [np.random.rand(2, 3) for _ in range(2)]  # noqa: NPY002
        np.random.seed(42)  # noqa: NPY002
        result = metatensor.random_uniform_like(tensor)
        for block, values in zip(result, expected, strict=True):
            np.testing.assert_array_equal(block.values, values)

    def test_random_integers(self):
        block = metatensor.block_from_array(np.ones((2, 3), dtype=np.int32))
        assert (metatensor.random_uniform_like_block(block).values == 0).all()
        block = metatensor.block_from_array(torch.ones((2, 3), dtype=torch.int32))
        with pytest.raises(RuntimeError):
            metatensor.random_uniform_like_block(block)


class TestOneHot:
    def test_encoding(self, library, as_numpy):
        labels = library.make_labels(["a", "type"], [[0, 6], [1, 1], [2, 6], [3, 8]])
        dimension = library.make_labels(["type"], [[1], [6], [8], [12]])
        result = metatensor.one_hot(labels, dimension)
        assert type(result) is type(dimension.values)
        assert result.dtype == dimension.values.dtype
        expected = [[0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
        np.testing.assert_array_equal(as_numpy(result), expected)

    def test_no_entries(self, library):
        labels = library.make_labels(["type"], [])
        dimension = library.make_labels(["type"], [[1], [6]])
        assert tuple(metatensor.one_hot(labels, dimension).shape) == (0, 2)

    def test_errors(self, library):
        labels = library.make_labels(["a", "type"], [[0, 6], [1, 12]])
        with pytest.raises(ValueError, match="type=12"):
            metatensor.one_hot(labels, library.make_labels(["type"], [[6]]))
        with pytest.raises(ValueError, match="only one dimension.*2"):
            metatensor.one_hot(labels, labels)
        with pytest.raises(ValueError, match="foo"):
            metatensor.one_hot(labels, library.make_labels(["foo"], [[6]]))
