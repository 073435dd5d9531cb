import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, NotEqualError, TensorBlock, TensorMap

BINARY = {
    "add": (metatensor.add, lambda a, b: a + b),
    "subtract": (metatensor.subtract, lambda a, b: a - b),
    "multiply": (metatensor.multiply, lambda a, b: a * b),
    "divide": (metatensor.divide, lambda a, b: a / b),
}


@pytest.fixture(params=BINARY)
def binary(request):
    return BINARY[request.param]


def permuted(tensor, library):
    keys = library.make_labels(["key", "other"], [[1, 0], [3, 0]])
    return TensorMap(keys, [tensor.block_by_id(1).copy(), tensor.block_by_id(0).copy()])


def test_tensor_values(family, binary, as_numpy):
    operation, function = binary
    a = family(seed=1)
    b = family(seed=2)
    result = operation(a, b)

    assert result.keys == a.keys
    for key, block in result.items():
        expected = function(as_numpy(a[key].values), as_numpy(b[key].values))
        np.testing.assert_array_equal(as_numpy(block.values), expected)
        assert metatensor.equal_metadata_block(block, a[key])


@pytest.mark.parametrize("scalar", [2.5, 2, True, np.float64(2.5)])
def test_scalar_values(family, binary, as_numpy, scalar):
    operation, function = binary
    a = family()
    result = operation(a, scalar)
    for block, block_a in zip(result, a, strict=True):
        expected = function(as_numpy(block_a.values), float(scalar))
        np.testing.assert_array_equal(as_numpy(block.values), expected)


def test_key_order_of_second_operand(family, binary, library, same_result):
    operation, _ = binary
    a = family(seed=1)
    b = family(seed=2)
    same_result(operation(a, permuted(b, library)), operation(a, b))


def test_gradients(check_gradients, family, binary):
    operation, _ = binary
    check_gradients(lambda a: operation(a, 1.75))
    # both operands depend on the parameters
    check_gradients(lambda a: operation(a, metatensor.pow(a, 2)))


def test_gradients_of_unary(check_gradients):
    check_gradients(metatensor.abs)
    check_gradients(lambda a: metatensor.pow(a, 3))
    check_gradients(lambda a: metatensor.pow(metatensor.abs(a), -0.5))


def test_operators(family, same_result):
    a = family(seed=1)
    b = family(seed=2)
    same_result(a + b, metatensor.add(a, b))
    same_result(a - 3, metatensor.subtract(a, 3))
    same_result(a * b, metatensor.multiply(a, b))
    same_result(a / 2, metatensor.divide(a, 2))
    same_result(a**2, metatensor.pow(a, 2))
    same_result(-a, metatensor.multiply(a, -1))


def test_inputs_do_not_change(family, binary):
    operation, _ = binary
    a, b = family(seed=1), family(seed=2)
    operation(a, b)
    operation(a, 2.0)
    metatensor.pow(a, 2)
    metatensor.abs(a)
    assert a == family(seed=1)
    assert b == family(seed=2)


def test_info_is_dropped(family, binary):
    a = family()
    a.set_info("a", "b")
    assert binary[0](a, a).info() == {}
    assert binary[0](a, 1.0).info() == {}


def test_scalar_sum_shares_gradients(family):
    a = family()
    for result in (metatensor.add(a, 3), metatensor.subtract(a, 3)):
        for block, block_a in zip(result, a, strict=True):
            assert block.gradient("theta").values is block_a.gradient("theta").values


def single_block(library, values, dtype):
    array = library.array(values, dtype)
    block = TensorBlock(
        array,
        library.make_range("s", array.shape[0]),
        [],
        library.make_range("p", array.shape[1]),
    )
    return TensorMap(library.make_range("key", 1), [block])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floating_dtypes_stay(library, binary, dtype):
    tensor = single_block(library, [[1, 2]], dtype)
    expected = tensor.block().values.dtype
    for result in (binary[0](tensor, 3), binary[0](tensor, tensor), metatensor.pow(tensor, 2)):
        assert result.block().values.dtype == expected


def test_integers(library):
    tensor = single_block(library, [[1, 2]], np.int64)
    integer = tensor.block().values.dtype
    floating = np.dtype("float64") if library.values == "numpy" else torch.get_default_dtype()
    for name, (operation, _) in BINARY.items():
        assert operation(tensor, 3).block().values.dtype == floating
        dtype = operation(tensor, tensor).block().values.dtype
        assert dtype == (integer if name in ("add", "multiply") else floating)
    assert metatensor.pow(tensor, 2).block().values.dtype == floating


def test_abs_of_complex():
    block = metatensor.block_from_array(np.array([[3 + 4j, 0]]))
    gradient = metatensor.block_from_array(np.array([[1 + 1j, 0]]))
    block.add_gradient("g", gradient)
    tensor = TensorMap(Labels.single(), [block])
    with np.errstate(invalid="ignore"):
        block = metatensor.abs(tensor).block()
    assert block.values.dtype == np.complex128
    np.testing.assert_array_equal(block.values, [[5, 0]])
    np.testing.assert_allclose(block.gradient("g").values[0, 0], (3 + 4j) / 5 * (1 + 1j))
    assert np.isnan(block.gradient("g").values[0, 1])


def test_autograd():
    values = torch.tensor([[1.0, -2.0]], dtype=torch.float64, requires_grad=True)

    def function(values):
        a = TensorMap(Labels.single(), [metatensor.block_from_array(values)])
        b = metatensor.divide(metatensor.multiply(metatensor.pow(a, 2), a), metatensor.abs(a))
        return metatensor.subtract(metatensor.add(b, a), 2.0).block().values

    assert torch.autograd.gradcheck(function, values)


def test_wrong_types(family, binary):
    operation, _ = binary
    a = family()
    message = "`A` must be a metatensor TensorMap, not <class 'metatensor.TensorBlock'>"
    with pytest.raises(TypeError, match=message):
        operation(a.block_by_id(0), a)

    for wrong in (np.ones((1, 1)), np.int64(3), np.float32(3), 3j, None, "a"):
        with pytest.raises(TypeError, match="`B` must be.*not <class"):
            operation(a, wrong)
        with pytest.raises(TypeError, match="`B` must be.*not <class"):
            metatensor.pow(a, wrong)
    with pytest.raises(TypeError, match="`B` must be.*not <class 'metatensor.TensorMap'>"):
        metatensor.pow(a, a)


def replace_block(tensor, library, **replaced):
    """Same tensor, with other labels and no gradients in the last block."""
    block = tensor.block_by_id(1)
    labels = {axis: getattr(block, axis) for axis in ("samples", "components", "properties")}
    labels.update(replaced)
    changed = TensorBlock(block.values, **labels)
    return TensorMap(
        tensor.keys,
        [metatensor.remove_gradients_block(tensor.block_by_id(0)), changed],
    )


@pytest.mark.parametrize("name", BINARY)
def test_different_metadata(family, library, name):
    operation, _ = BINARY[name]
    name = {"subtract": "add"}.get(name, name)
    a = metatensor.remove_gradients(family())

    wrong = metatensor.rename_dimension(a, "keys", "key", "foo")
    with pytest.raises(NotEqualError, match=f"'{name}'.*keys.*\\['key', 'other'\\].*foo"):
        operation(a, wrong)
    with pytest.raises(NotEqualError, match=f"'{name}'.*keys.*number of blocks.*2 and 1"):
        wrong = metatensor.filter_blocks(a, library.make_labels(["key"], [[1]]))
        operation(a, wrong)
    with pytest.raises(NotEqualError, match=f"'{name}'.*keys"):
        keys = library.make_labels(["key", "other"], [[3, 0], [2, 0]])
        operation(a, TensorMap(keys, [block.copy() for block in a]))

    samples = library.make_labels(["system", "atom"], [[i, 0] for i in range(5)])
    with pytest.raises(NotEqualError, match=f"'{name}'.*samples"):
        operation(a, replace_block(a, library, samples=samples))
    components = [library.make_labels(["component"], [[1], [0]])]
    with pytest.raises(NotEqualError, match=f"'{name}'.*components"):
        operation(a, replace_block(a, library, components=components))
    properties = library.make_labels(["n", "l"], [[i, 0] for i in range(4)])
    with pytest.raises(NotEqualError, match=f"'{name}'.*properties"):
        operation(a, replace_block(a, library, properties=properties))


def test_different_gradients(family, binary):
    operation, _ = binary
    a = family()
    with pytest.raises(NotEqualError, match="gradient parameters.*theta"):
        operation(a, metatensor.remove_gradients(a))


def test_nested_gradients(nested, binary):
    operation, _ = binary
    for call in (
        lambda: operation(nested, 2.0),
        lambda: operation(nested, nested),
        lambda: metatensor.pow(nested, 2),
        lambda: metatensor.abs(nested),
    ):
        with pytest.raises(NotImplementedError, match="gradients of gradients.*'a'"):
            call()


def test_not_equal_error():
    assert NotEqualError.__bases__ == (Exception,)


def test_empty_tensor(binary):
    tensor = TensorMap(Labels.empty(["key"]), [])
    assert len(binary[0](tensor, tensor)) == 0
    assert len(binary[0](tensor, 3)) == 0


def test_private_functions(library, same_result):
    from metatensor.operations._add import _add_block_block
    from metatensor.operations._multiply import _multiply_block_constant

    def make(gradient_rows):
        block = single_block(library, [[1], [2]], np.float64).block().copy()
        gradient = TensorBlock(
            library.array([[1.0], [1.0]]),
            library.make_labels(["sample"], gradient_rows),
            [],
            block.properties,
        )
        block.add_gradient("g", gradient)
        return block

    block = make([0, 1])
    doubled = _multiply_block_constant(block, 2.0)
    assert metatensor.equal_block(doubled, _add_block_block(block, block))

    with pytest.raises(AssertionError):
        _add_block_block(block, make([1, 0]))
