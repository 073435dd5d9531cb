"""Arithmetic with tensor maps that have different keys."""

import numpy as np
import pytest
import torch

import metatensor
from metatensor import MetatensorError, NotEqualError


@pytest.fixture
def partial(family, library):
    """Two tensor maps with a common key, and one more key each."""
    a = family(seed=1)
    b = metatensor.update_dimension(family(seed=2), "keys", "key", np.array([1, 5]))
    return metatensor.sort(a, "keys"), b


def test_union(partial, as_numpy):
    a, b = partial
    for operation, sign in ((metatensor.add, 1), (metatensor.subtract, -1)):
        result = operation(a, b, keys="union")
        assert result.keys.values.tolist() == [[1, 0], [3, 0], [5, 0]]
        np.testing.assert_array_equal(
            as_numpy(result[0].values), as_numpy(a[0].values) + sign * as_numpy(b[0].values)
        )
        assert metatensor.allclose_block(result[1], a[1])
        only_b = metatensor.multiply(b, float(sign))
        assert metatensor.allclose_block(result[2], only_b[1])
        for block in result:
            assert block.gradients_list() == ["theta"]


def test_product_with_nothing_is_zero(partial, as_numpy):
    a, b = partial
    result = metatensor.multiply(a, b, keys="union")
    assert metatensor.equal_block(result[0], (a * metatensor.sort(a, "keys"))[0]) is False
    for index in (1, 2):
        assert not as_numpy(result[index].values).any()
        assert not as_numpy(result[index].gradient("theta").values).any()


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide"])
def test_intersection(partial, library, name, same_result):
    a, b = partial
    operation = getattr(metatensor, name)
    result = operation(a, b, keys="intersection")
    common = library.make_labels(["key", "other"], [[1, 0]])
    expected = operation(metatensor.filter_blocks(a, common), metatensor.filter_blocks(b, common))
    same_result(result, expected)


@pytest.mark.parametrize("keys", ["equal", "union", "intersection"])
def test_same_keys(family, keys, same_result):
    a, b = family(seed=1), family(seed=2)
    reordered = metatensor.sort(b, "keys")
    assert reordered.keys != b.keys
    same_result(metatensor.add(a, reordered, keys=keys), metatensor.add(a, b))


def test_sum_of_parts(family, same_result):
    tensor = family()
    parts = metatensor.split_by_dimension(tensor, "keys", "key")
    total = metatensor.add(parts[0], parts[1], keys="union")
    same_result(metatensor.sort(total, "keys"), metatensor.sort(tensor, "keys"))
    nothing = metatensor.drop_blocks(tensor, tensor.keys)
    same_result(metatensor.add(nothing, tensor, keys="union"), tensor)


def test_zeros_follow_the_other_dtype(family, library):
    a = family()
    single = metatensor.filter_blocks(family(seed=1), library.make_labels(["key"], [[1]]))
    float32 = torch.float32 if library.values == "torch" else np.float32
    single = single.to(dtype=float32)
    result = metatensor.add(a, single, keys="union")
    assert result.dtype == a.dtype


def test_errors(partial, library):
    a, b = partial
    with pytest.raises(NotEqualError, match="keys"):
        metatensor.add(a, b)
    with pytest.raises(ValueError, match="`keys` must be one of .*'foo'"):
        metatensor.add(a, b, keys="foo")
    with pytest.raises(ValueError, match="'divide'.*zeros"):
        metatensor.divide(a, b, keys="union")
    with pytest.raises(MetatensorError, match="different dimensions"):
        metatensor.add(a, metatensor.rename_dimension(b, "keys", "key", "q"), keys="union")
    sliced = metatensor.slice(b, "samples", library.make_labels(["system"], [[0]]))
    with pytest.raises(NotEqualError, match="samples"):
        metatensor.add(a, sliced, keys="intersection")
    # a scalar has no keys
    assert metatensor.add(a, 1.0, keys="union").keys == a.keys
