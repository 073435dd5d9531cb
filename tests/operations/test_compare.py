import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, NotEqualError, TensorBlock, TensorMap


def make_block(
    library, values=((1, 2), (3, 4)), samples=(0, 1), components=None, properties=(0, 1)
):
    values = library.array(values)
    if components is None:
        components = []
    else:
        values = values.reshape(2, len(components), -1)
        components = [library.make_labels(["c"], components)]
    return TensorBlock(
        values,
        library.make_labels(["s"], samples),
        components,
        library.make_labels(["p"], properties),
    )


def with_gradient(block, library, values, samples, parameter="g"):
    gradient = TensorBlock(
        library.array(values), library.make_labels(["sample"], samples), [], block.properties
    )
    block.add_gradient(parameter, gradient)
    return block


def make_tensor(library, block, key=(1, 2)):
    return TensorMap(library.make_labels(["a", "b"], [key]), [block])


FUNCTIONS = {
    "equal": (
        metatensor.equal,
        metatensor.equal_raise,
        metatensor.equal_block,
        metatensor.equal_block_raise,
    ),
    "allclose": (
        metatensor.allclose,
        metatensor.allclose_raise,
        metatensor.allclose_block,
        metatensor.allclose_block_raise,
    ),
}


@pytest.fixture(params=FUNCTIONS)
def functions(request):
    return FUNCTIONS[request.param]


@pytest.fixture
def check_blocks(functions, library):
    """Check the four functions of a family on two blocks, and the message if there is one."""
    compare, compare_raise, compare_block, compare_block_raise = functions

    def check(block_1, block_2, message=None):
        tensor_1 = make_tensor(library, block_1.copy())
        tensor_2 = make_tensor(library, block_2.copy())
        assert compare_block(block_1, block_2) is (message is None)
        assert compare(tensor_1, tensor_2) is (message is None)
        if message is None:
            assert compare_raise(tensor_1, tensor_2) is None
            assert compare_block_raise(block_1, block_2) is None
        else:
            with pytest.raises(NotEqualError, match=message):
                compare_block_raise(block_1, block_2)
            with pytest.raises(NotEqualError, match=rf"\(a=1, b=2\).*{message}"):
                compare_raise(tensor_1, tensor_2)

    return check


def test_values(check_blocks, library):
    block = make_block(library)
    check_blocks(block, make_block(library))
    check_blocks(block, make_block(library, [[1, 2], [3, 5]]), "values")
    # no broadcasting
    other = make_block(library, [[1, 2]], samples=[0])
    check_blocks(block, other, "shape.*2, 2.*1, 2")


def test_metadata(check_blocks, library):
    block = make_block(library)
    check_blocks(block, make_block(library, samples=[0, 2]), "samples")
    check_blocks(block, make_block(library, properties=[1, 0]), "properties")
    block = make_block(library, components=[0, 1], properties=[0])
    other = make_block(library, components=[0, 3], properties=[0])
    check_blocks(block, other, "components")


def test_gradients(check_blocks, library):
    block = with_gradient(make_block(library), library, [[1, 1]], [0])
    other = with_gradient(make_block(library), library, [[1, 1]], [0])
    check_blocks(block, other)
    check_blocks(block, make_block(library), "gradient parameters")
    other = with_gradient(make_block(library), library, [[1, 2]], [0])
    check_blocks(block, other, "gradient 'g'.*values")
    other = with_gradient(make_block(library), library, [[1, 1]], [1])
    check_blocks(block, other, "gradient 'g'.*samples")


def test_order_of_gradients_is_irrelevant(check_blocks, library):
    blocks = []
    for names in (("g", "h"), ("h", "g")):
        block = make_block(library)
        for name in names:
            with_gradient(block, library, [[1, 1]], [0], name)
        blocks.append(block)
    check_blocks(*blocks)


def test_empty_arrays(check_blocks, library):
    block = make_block(library, np.zeros((0, 2)), samples=[])
    check_blocks(block, block.copy())


def test_keys(functions, library):
    compare, compare_raise, _, _ = functions
    tensor = make_tensor(library, make_block(library))
    other = make_tensor(library, make_block(library), (1, 3))
    assert not compare(tensor, other)
    with pytest.raises(NotEqualError, match="keys"):
        compare_raise(tensor, other)
    renamed = metatensor.rename_dimension(tensor, "keys", "a", "foo")
    with pytest.raises(NotEqualError, match="'a', 'b'.*'foo', 'b'"):
        compare_raise(tensor, renamed)


def test_order_of_keys_is_irrelevant(functions, library):
    tensors = []
    for keys in ([0, 1], [1, 0]):
        blocks = [make_block(library, [[k, 2], [3, 4]]) for k in keys]
        tensors.append(TensorMap(library.make_labels(["key"], keys), blocks))
    assert functions[0](*tensors)


def test_nan(library):
    block = make_block(library, [[1, np.nan], [3, 4]])
    assert not metatensor.equal_block(block, block)
    assert not metatensor.allclose_block(block, block)
    assert metatensor.allclose_block(block, block, equal_nan=True)
    metatensor.allclose_block_raise(block, block, equal_nan=True)


def test_tolerances(library):
    zero = make_block(library, [[0, 0], [0, 0]])
    small = make_block(library, [[0, 0], [0, 1e-3]])
    assert metatensor.allclose_block(zero, small, atol=1e-2)
    # the relative tolerance is for the second argument
    assert metatensor.allclose_block(zero, small, rtol=1.0, atol=0.0)
    assert not metatensor.allclose_block(small, zero, rtol=1.0, atol=0.0)

    tensor, other = make_tensor(library, zero), make_tensor(library, small)
    assert metatensor.allclose(tensor, other, atol=1e-2)
    metatensor.allclose_raise(tensor, other, atol=1e-2)
    with pytest.raises(NotEqualError):
        metatensor.allclose_raise(tensor, other)


def test_equal_does_not_compare_dtypes():
    block = metatensor.block_from_array(np.array([[1, 2]]))
    assert metatensor.equal_block(block, metatensor.block_from_array(np.array([[1.0, 2.0]])))


def test_allclose_of_different_kinds():
    block = metatensor.block_from_array(torch.ones(1, 2, dtype=torch.float32))
    other = metatensor.block_from_array(torch.ones(1, 2, dtype=torch.float64))
    with pytest.raises(RuntimeError):
        metatensor.allclose_block(block, other)
    with pytest.raises(TypeError, match="same kind"):
        metatensor.allclose_block(block, metatensor.block_from_array(np.ones((1, 2))))


def test_info_is_not_compared(functions, library):
    tensor = make_tensor(library, make_block(library))
    other = make_tensor(library, make_block(library))
    other.set_info("a", "b")
    assert functions[0](tensor, other)
    assert metatensor.equal_metadata(tensor, other)


def test_nested_gradients_are_not_compared(functions, nested):
    assert functions[0](nested, nested.copy())
    assert metatensor.equal_metadata(nested, nested.copy())


def test_operators(library):
    tensor = make_tensor(library, make_block(library))
    other = make_tensor(library, make_block(library, [[0, 2], [3, 4]]))
    assert tensor == tensor.copy()
    assert tensor != other
    assert tensor.block() == tensor.block().copy()
    assert tensor.block() != other.block()


class TestEqualMetadata:
    def check(self, block_1, block_2, message, **arguments):
        """Check the four functions; ``message`` is None for blocks with equal metadata."""
        keys = Labels.single()
        tensor_1 = TensorMap(keys, [block_1.copy()])
        tensor_2 = TensorMap(keys, [block_2.copy()])
        assert metatensor.equal_metadata(tensor_1, tensor_2, **arguments) is (message is None)
        assert metatensor.equal_metadata_block(block_1, block_2, **arguments) is (message is None)
        if message is None:
            metatensor.equal_metadata_raise(tensor_1, tensor_2, **arguments)
            metatensor.equal_metadata_block_raise(block_1, block_2, **arguments)
        else:
            message = f"equal_metadata_block_raise.*{message}"
            with pytest.raises(NotEqualError, match=message):
                metatensor.equal_metadata_raise(tensor_1, tensor_2, **arguments)
            with pytest.raises(NotEqualError, match=message):
                metatensor.equal_metadata_block_raise(block_1, block_2, **arguments)

    @pytest.mark.parametrize("axis", ["samples", "components", "properties"])
    def test_axis(self, library, axis):
        block = make_block(library, components=[0, 1], properties=[0])
        labels = {"samples": [0, 5], "components": [2, 3], "properties": [7]}
        arguments = {"components": [0, 1], "properties": [0], axis: labels[axis]}
        other = make_block(library, [[5, 6], [7, 8]], **arguments)

        self.check(block, other, axis)
        self.check(block, other, axis, check=[axis])
        self.check(block, other, axis, check=(axis,))
        others = [a for a in labels if a != axis]
        self.check(block, other, None, check=others)
        self.check(block, other, None, check=[])

    def test_number_of_components(self, library):
        block = make_block(library, components=[0, 1], properties=[0])
        other = make_block(library, properties=[0, 1])
        self.check(block, other, "components", check=["components"])

    def test_gradients(self, library):
        block = with_gradient(make_block(library), library, [[1, 1]], [0])
        other = with_gradient(make_block(library), library, [[2, 1]], [1])
        self.check(block, other, "gradient 'g'.*samples")
        self.check(block, other, None, check=["properties"])
        self.check(block, other, None, check_gradients=False)
        self.check(block, make_block(library), "gradient parameters", check=[])
        self.check(block, make_block(library), None, check_gradients=False)

    def test_keys(self, library):
        tensor = make_tensor(library, make_block(library))
        other = make_tensor(library, make_block(library), (1, 3))
        assert not metatensor.equal_metadata(tensor, other, check=[])
        with pytest.raises(NotEqualError, match="'equal_metadata_raise'.*keys"):
            metatensor.equal_metadata_raise(tensor, other)

    def test_invalid_check(self, library):
        block = make_block(library)
        tensor = make_tensor(library, block.copy())
        for check in ("samples", "foo", ["foo"], ["samples", "foo"]):
            message = "samples" if check == "samples" else "'foo'"
            for function in (metatensor.equal_metadata, metatensor.equal_metadata_raise):
                with pytest.raises(ValueError, match=message):
                    function(tensor, tensor, check=check)
            for function in (
                metatensor.equal_metadata_block,
                metatensor.equal_metadata_block_raise,
            ):
                with pytest.raises(ValueError, match=message):
                    function(block, block, check=check)

        # nothing is wrong before the first difference
        other = make_block(library, samples=[3, 4])
        assert not metatensor.equal_metadata_block(block, other, check=["samples", "foo"])

    def test_wrong_types(self, library):
        block = make_block(library)
        tensor = make_tensor(library, block.copy())
        assert not metatensor.equal_metadata(tensor, block)
        assert not metatensor.equal_metadata(3, tensor)
        assert not metatensor.equal_metadata_block(block, tensor)
        with pytest.raises(NotEqualError, match="tensor_2.*<class 'metatensor.TensorBlock'>"):
            metatensor.equal_metadata_raise(tensor, block)
        with pytest.raises(NotEqualError, match="block_1.*<class 'int'>"):
            metatensor.equal_metadata_block_raise(3, block)
