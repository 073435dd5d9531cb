"""Arrays of all libraries, with labels of the same library or of NumPy."""

import array_api_strict
import numpy as np
import pytest
import torch

import metatensor
from metatensor import TensorBlock, TensorMap

#: how the values and the labels are made
LIBRARIES = {
    "torch": (torch.from_numpy, torch.from_numpy),
    "torch, numpy labels": (torch.from_numpy, np.asarray),
    "array-api-strict": (array_api_strict.asarray, array_api_strict.asarray),
    "array-api-strict, numpy labels": (array_api_strict.asarray, np.asarray),
}


def test_every_operation_is_called(every):
    switches = {"NotEqualError", "checks_enabled", "unsafe_enable_checks", "unsafe_disable_checks"}
    called = {name.split()[0] for name in every.calls}
    assert called == set(metatensor.operations.__all__) - switches


@pytest.mark.parametrize("library", LIBRARIES)
def test_same_results(every, call, library):
    """Nothing is refused, and the results are the same as with NumPy, in the same library."""
    convert, label_array = LIBRARIES[library]
    inputs = every.make_inputs(convert, label_array)
    expected = every.run(call, every.make_inputs())
    actual = every.run(call, inputs)
    # torch has its own generator of random numbers
    if not (call.startswith("random") and library.startswith("torch")):
        every.check_same(actual, expected, 1e-9)

    kind, label_kind = type(inputs.block.values), type(inputs.block.samples.values)
    for block in every.blocks_of(actual):
        assert type(block.values) is kind
        if not call.startswith(("zeros", "ones", "random_uniform", "block_from_array")):
            all_labels = [block.samples, *block.components, block.properties]
            assert all(type(axis.values) is label_kind for axis in all_labels)


@pytest.mark.parametrize("order", ["Fortran", "reversed", "strided"])
def test_layout_in_memory(every, call, order):
    """Results do not depend on where the elements are in memory."""

    def convert(array):
        if order == "Fortran":
            return np.asfortranarray(array)
        if order == "reversed":
            return np.ascontiguousarray(array[::-1])[::-1]
        return np.repeat(array, 2, axis=-1)[..., ::2]

    if not call.startswith("is_contiguous"):
        inputs = every.make_inputs(convert)
        every.check_same(every.run(call, inputs), every.run(call, every.make_inputs()), 1e-12)


def test_two_libraries(every):
    """Tensor maps of different libraries can not be combined: this is an error, not a crash."""
    a, b = every.make_inputs().a, every.make_inputs(torch.from_numpy).a
    for x, y in ((a, b), (b, a)):
        with pytest.raises(TypeError, match="numpy and torch|torch and numpy"):
            metatensor.allclose(x, y)
        y = metatensor.remove_gradients(metatensor.sum_over_samples(y, ["system", "atom"]))
        blocks = [TensorBlock(b.values[:, 0], b.samples, [], b.properties) for b in y]
        with pytest.raises(TypeError, match="numpy and torch|torch and numpy"):
            metatensor.dot(x, TensorMap(y.keys, blocks))


def test_info_is_dropped(every, call):
    inputs = every.make_inputs()
    for tensor in (inputs.a, inputs.b):
        tensor.set_info("author", "somebody")
    results = every.run(call, inputs)
    for result in results if isinstance(results, list) else [results]:
        if isinstance(result, TensorMap):
            assert result.info() == {}


#: calls which choose, change or make keys
OTHER_KEYS = (
    *("filter_blocks", "drop_blocks", "split_by_dimension keys", "sort"),
    *("permute_dimensions", "remove_dimension", "zeros", "ones", "random_uniform"),
)


def test_keys_are_the_same(every, call):
    inputs = every.make_inputs()
    results = every.run(call, inputs)
    for result in results if isinstance(results, list) else [results]:
        if isinstance(result, TensorMap) and (
            not call.startswith(OTHER_KEYS) or call.startswith(("zeros_like", "ones_like"))
        ):
            assert result.keys == inputs.a.keys


class OnlyDLPack:
    """An array that can be exchanged, and nothing else."""

    def __init__(self, array):
        self.array = array
        self.shape = array.shape

    def __dlpack__(self, **kwargs):
        return self.array.__dlpack__(**kwargs)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


#: calls which do not have to compute anything with the values
NOTHING_TO_COMPUTE = (
    *("filter_blocks", "drop_blocks", "drop_empty_blocks", "split_by_dimension keys"),
    *("append_dimension", "insert_dimension", "permute_dimensions", "remove_dimension"),
    *("rename_dimension", "update_dimension", "unique_metadata", "equal_metadata", "one_hot"),
    *("remove_gradients", "detach", "requires_grad", "is_contiguous", "make_contiguous"),
)


def test_arrays_with_only_dlpack(every, call):
    """They are refused where something has to be computed."""
    inputs = every.make_inputs(OnlyDLPack)
    if call.startswith(NOTHING_TO_COMPUTE):
        expected = every.run(call, every.make_inputs())
        actual = every.run(call, inputs)
        for array, other in zip(every.arrays_of(actual), every.arrays_of(expected), strict=True):
            np.testing.assert_array_equal(np.from_dlpack(array), other)
    else:
        with pytest.raises(TypeError):
            every.run(call, inputs)
