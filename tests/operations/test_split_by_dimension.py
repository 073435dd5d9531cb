import numpy as np
import pytest

import metatensor
from metatensor import TensorMap


def test_samples(family, library, same_result):
    tensor = family()
    parts = metatensor.split_by_dimension(tensor, "samples", "system")
    assert len(parts) == 3
    for system, part in enumerate(parts):
        selection = library.make_labels(["system"], [[system]])
        same_result(part, metatensor.slice(tensor, "samples", selection))


def test_properties_in_groups(family, library, same_result):
    tensor = family()
    parts = metatensor.split_by_dimension(tensor, "properties", "l", groups=[[0, 1], [1, 4], [4]])
    assert [part.block(0).values.shape[-1] for part in parts] == [4, 2, 0]
    same_result(parts[0], tensor)
    selection = library.make_labels(["l"], [[1]])
    same_result(parts[1], metatensor.slice(tensor, "properties", selection))


def test_keys(family, same_result):
    tensor = family()
    parts = metatensor.split_by_dimension(tensor, "keys", "key")
    assert [part.keys.values.tolist() for part in parts] == [[[1, 0]], [[3, 0]]]
    (everything,) = metatensor.split_by_dimension(tensor, "keys", "other")
    same_result(everything, tensor)
    # the arrays are copies, as in the other cases
    everything.block(0).values[:] = 0
    assert not np.all(tensor.block(0).values.tolist() == everything.block(0).values.tolist())


def test_join_again(family):
    tensor = family()
    parts = metatensor.split_by_dimension(tensor, "samples", "system")
    joined = metatensor.join(parts, "samples")
    assert metatensor.sort(joined, "samples") == metatensor.sort(tensor, "samples")


def test_values_of_all_blocks(library):
    def block(values):
        return metatensor.TensorBlock(
            library.array(np.ones((len(values), 1))),
            library.make_labels(["s"], values),
            [],
            library.make_range("p", 1),
        )

    tensor = TensorMap(library.make_range("key", 2), [block([1, 7]), block([3, 1])])
    parts = metatensor.split_by_dimension(tensor, "samples", "s")
    lengths = [[len(b.samples) for b in part] for part in parts]
    assert lengths == [[1, 1], [0, 1], [1, 0]]


def test_errors(family, nested, library):
    tensor = family()
    with pytest.raises(TypeError, match="`tensor` must be"):
        metatensor.split_by_dimension(tensor.block(0), "samples", "system")
    with pytest.raises(ValueError, match="'components'"):
        metatensor.split_by_dimension(tensor, "components", "component")
    for axis in ("keys", "samples", "properties"):
        with pytest.raises(ValueError, match=f"'foo' is not one of the dimensions of the {axis}"):
            metatensor.split_by_dimension(tensor, axis, "foo")
    with pytest.raises(NotImplementedError, match="gradients of gradients"):
        metatensor.split_by_dimension(nested, "samples", "s")
    for groups in ([0, 1], [[0.5]], [["a"]], "ab"):
        with pytest.raises(TypeError, match="`groups` must contain lists of integers"):
            metatensor.split_by_dimension(tensor, "samples", "system", groups)
    nothing = TensorMap(library.make_labels(["key"], np.zeros((0, 1))), [])
    with pytest.raises(IndexError):
        metatensor.split_by_dimension(nothing, "samples", "s")
    assert metatensor.split_by_dimension(nothing, "keys", "key") == []
