"""remove_gradients, detach, requires_grad, is_contiguous, make_contiguous"""

import warnings

import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, TensorBlock, TensorMap


def make_tensor(values, gradients):
    properties = Labels.range("p", values.shape[-1])
    block = TensorBlock(values, Labels.range("s", len(values)), [], properties)
    for name, array in gradients.items():
        gradient = TensorBlock(array, Labels.range("sample", len(array)), [], properties)
        block.add_gradient(name, gradient)
    return TensorMap(Labels.single(), [block])


class TestRemoveGradients:
    @pytest.fixture
    def tensor(self, library):
        gradients = {name: library.array([[1, 2]]) for name in ("positions", "cell", "strain")}
        return make_tensor(library.array([[1, 2], [3, 4]]), gradients)

    @pytest.mark.parametrize(
        ("remove", "left"),
        [
            (None, []),
            ([], ["positions", "cell", "strain"]),
            (["cell", "foo"], ["positions", "strain"]),
            ("strain", ["positions", "cell"]),
        ],
    )
    def test_names(self, tensor, remove, left):
        for result in (
            metatensor.remove_gradients(tensor, remove).block(),
            metatensor.remove_gradients_block(tensor.block(), remove),
        ):
            assert result.gradients_list() == left
            assert result.values is tensor.block().values
            for name, gradient in result.gradients():
                assert gradient.values is tensor.block().gradient(name).values
                assert gradient.samples == tensor.block().gradient(name).samples

    def test_nested(self, nested):
        with pytest.raises(NotImplementedError):
            metatensor.remove_gradients(nested, [])
        assert metatensor.remove_gradients(nested).block().gradients_list() == []


class TestDetach:
    def test_numpy(self):
        tensor = make_tensor(np.ones((2, 3)), {"g": np.ones((1, 3))})
        result = metatensor.detach(tensor)
        assert result == tensor
        assert result.block().values is tensor.block().values
        assert result.block().gradient("g").values is tensor.block().gradient("g").values

    def test_torch(self):
        values = torch.ones((2, 3), requires_grad=True) * 2
        tensor = make_tensor(values, {"g": values[:1]})
        for result in (
            metatensor.detach(tensor).block(),
            metatensor.detach_block(tensor.block()),
        ):
            for array in (result.values, result.gradient("g").values):
                assert not array.requires_grad
                assert array.data_ptr() == values.data_ptr()
        assert values.requires_grad

    def test_nested(self, nested):
        with pytest.raises(NotImplementedError):
            metatensor.detach(nested)


class TestRequiresGrad:
    def test_numpy(self):
        tensor = make_tensor(np.ones((2, 3)), {"g": np.ones((1, 3))})
        result = metatensor.requires_grad(tensor, False)
        assert result.block().values is tensor.block().values
        with pytest.warns(UserWarning, match="numpy") as record:
            result = metatensor.requires_grad(tensor)
        assert len(record) == 2
        assert result.block().gradient("g").values is tensor.block().gradient("g").values

    def test_torch(self):
        values = torch.ones((2, 3))
        tensor = make_tensor(values, {"g": torch.ones((1, 3))})
        result = metatensor.requires_grad(tensor).block()
        for array in (result.values, result.gradient("g").values):
            assert array.requires_grad
            assert array.is_leaf
        assert result.values.data_ptr() == values.data_ptr()
        assert not values.requires_grad

    def test_already_set(self):
        values = torch.ones((2, 3), requires_grad=True) * 2
        tensor = make_tensor(values, {})
        with pytest.warns(UserWarning, match="detach"):
            result = metatensor.requires_grad(tensor, True)
        assert result.block().values.is_leaf
        result = metatensor.requires_grad_block(tensor.block(), False)
        assert not result.values.requires_grad
        assert values.requires_grad

    def test_nested(self, nested):
        with warnings.catch_warnings(), pytest.raises(NotImplementedError):
            warnings.simplefilter("ignore")
            metatensor.requires_grad(nested)


class TestContiguous:
    @pytest.mark.parametrize("library", [np, torch])
    def test_values_and_gradients(self, library):
        good = library.ones((2, 3))
        bad = library.ones((3, 2)).T
        for values, gradient in ((good, good), (good, bad), (bad, good)):
            tensor = make_tensor(values, {"g": gradient})
            expected = values is good and gradient is good
            assert metatensor.is_contiguous(tensor) is expected
            assert metatensor.is_contiguous_block(tensor.block()) is expected

            for result in (
                metatensor.make_contiguous(tensor).block(),
                metatensor.make_contiguous_block(tensor.block()),
            ):
                assert metatensor.is_contiguous_block(result)
                assert result == tensor.block()
                assert (result.values is values) is (values is good)
                assert (result.gradient("g").values is gradient) is (gradient is good)

    def test_fortran_order(self):
        block = metatensor.block_from_array(np.asfortranarray(np.ones((2, 3))))
        assert not metatensor.is_contiguous_block(block)

    def test_nested(self, nested):
        with pytest.raises(NotImplementedError):
            metatensor.is_contiguous(nested)
        with pytest.raises(NotImplementedError):
            metatensor.make_contiguous(nested)
