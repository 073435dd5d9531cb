import numpy as np
import pytest

import metatensor


def test_values(family, as_numpy):
    tensor = metatensor.remove_gradients(family())
    result = metatensor.map_blocks(tensor, lambda values: values**2 + 1)
    assert metatensor.equal_metadata(result, tensor)
    for block, initial in zip(result, tensor, strict=True):
        np.testing.assert_array_equal(as_numpy(block.values), as_numpy(initial.values) ** 2 + 1)
        assert type(block.values) is type(initial.values)


def test_gradients(family, check_gradients):
    tensor = family()
    with pytest.raises(ValueError, match=r"with respect to \['theta'\]"):
        metatensor.map_blocks(tensor, lambda values: values)
    result = metatensor.map_blocks(tensor, lambda values: values**2, gradients="remove")
    assert result.block(0).gradients_list() == []
    check_gradients(
        lambda x: metatensor.map_blocks(x, lambda values: -3 * values, gradients="linear")
    )


def test_errors(family, nested):
    tensor = metatensor.remove_gradients(family())
    map_blocks = metatensor.map_blocks
    with pytest.raises(TypeError, match="`tensor` must be"):
        map_blocks(tensor.block(0), lambda values: values)
    with pytest.raises(TypeError, match="`function` .*<class 'str'>"):
        map_blocks(tensor, "abs")
    with pytest.raises(TypeError, match="return an array, not <class 'float'>"):
        map_blocks(tensor, lambda values: 3.0)
    with pytest.raises(ValueError, match=r"got \(5, 2, 3\) for values of shape \(5, 2, 4\)"):
        map_blocks(tensor, lambda values: values[..., :3])
    with pytest.raises(ValueError, match="`gradients` must be one of .*'foo'"):
        map_blocks(tensor, lambda values: values, gradients="foo")
    with pytest.raises(NotImplementedError, match="gradients of gradients"):
        map_blocks(nested, lambda values: values, gradients="linear")
    with pytest.raises(ZeroDivisionError):
        map_blocks(tensor, lambda values: 1 / 0)
