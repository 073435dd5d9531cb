import numpy as np
import pytest

import metatensor
from metatensor import MetatensorError


def test_keys(family):
    tensor = family()
    result = metatensor.update_dimension(tensor, "keys", "other", -4)
    assert result.keys.names == ["key", "other"]
    assert result.keys.values.tolist() == [[3, -4], [1, -4]]
    assert metatensor.equal_block(result[0], tensor[0])
    result = metatensor.update_dimension(tensor, "keys", "key", np.array([5, 6]))
    assert result.keys.values.tolist() == [[5, 0], [6, 0]]


def test_samples(family):
    tensor = family()
    result = metatensor.update_dimension(tensor, "samples", "atom", np.arange(5))
    for block, initial in zip(result, tensor, strict=True):
        assert block.samples.column("atom").tolist() == [0, 1, 2, 3, 4]
        assert block.samples.column("system").tolist() == [1, 0, 0, 1, 2]
        assert block.values is initial.values
        assert block.gradient("theta").samples == initial.gradient("theta").samples
        assert block.gradient("theta").values is initial.gradient("theta").values


def test_properties(family):
    tensor = family()
    result = metatensor.update_dimension(tensor, "properties", "n", np.array([3, 4, 5, 6]))
    for block in result:
        assert block.properties.values.tolist() == [[3, 1], [4, 0], [5, 0], [6, 1]]
        assert block.gradient("theta").properties == block.properties


def test_components(family, library):
    tensor = family()
    result = metatensor.update_dimension(tensor, "components", "component", np.array([7, 2]))
    for block in result:
        assert block.components == [library.make_labels(["component"], [7, 2])]
        extra, own = block.gradient("theta").components
        assert own == block.components[0]
        assert extra == tensor[0].gradient("theta").components[0]


def test_kind_of_labels(family, library):
    result = metatensor.update_dimension(family(), "samples", "atom", np.arange(5))
    initial = family().block(0).samples.values
    assert type(result.block(0).samples.values) is type(initial)


def test_errors(family, nested):
    tensor = family()
    update = metatensor.update_dimension
    with pytest.raises(TypeError, match="`tensor` must be"):
        update(tensor.keys, "keys", "key", 1)
    with pytest.raises(ValueError, match="`axis` must be .*'foo'"):
        update(tensor, "foo", "key", 1)
    for axis in ("keys", "samples", "components", "properties"):
        with pytest.raises(ValueError, match=f"'foo' is not one of the dimensions of the {axis}"):
            update(tensor, axis, "foo", 1)
    with pytest.raises(ValueError, match="not <class 'list'>"):
        update(tensor, "keys", "key", [1, 2])
    with pytest.raises(ValueError, match="dtype float64"):
        update(tensor, "keys", "key", np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="each of the 5 entries .* 4 in the array"):
        update(tensor, "samples", "atom", np.arange(4))
    for values in (2**31, np.array([1, 2**31]), np.array([0, -(2**40)])):
        with pytest.raises(ValueError, match="too large"):
            update(tensor, "keys", "key", values)
    with pytest.raises(MetatensorError):
        update(tensor, "samples", "atom", 0)
    with pytest.raises(NotImplementedError, match="gradients of gradients"):
        update(nested, "keys", "key", 1)
