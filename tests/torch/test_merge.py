"""
Merged blocks: the values are moved with as few operations of torch as possible, in several ways
which all have to agree with the Python classes, and to be differentiable.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import metatensor
from metatensor.torch import Labels, TensorBlock, TensorMap


def make_labels(names: list[str], values: list) -> Labels:
    return Labels(names, torch.tensor(values, dtype=torch.int32).reshape(-1, len(names)))


def make_block(samples, n_components, properties, first_value, with_gradient) -> TensorBlock:
    shape = (len(samples), *([2] if n_components else []), len(properties))
    components = [Labels.range("c", 2)] if n_components else []
    size = torch.Size(shape).numel()
    block = TensorBlock(
        (first_value + torch.arange(size, dtype=torch.float64)).reshape(shape),
        make_labels(["s", "t"], [(s, -s) for s in samples]),
        components,
        make_labels(["p"], properties),
    )
    if with_gradient:
        # for every second sample, two rows in an order that is not sorted
        rows = [(i, j) for i in range(0, len(samples), 2) for j in (1, 0)]
        shape = (len(rows), 3, *shape[1:])
        gradient = torch.arange(torch.Size(shape).numel(), dtype=torch.float64).reshape(shape)
        block.add_gradient(
            "g",
            TensorBlock(
                -first_value - gradient,
                make_labels(["sample", "atom"], rows),
                [Labels.range("xyz", 3), *components],
                block.properties,
            ),
        )
    return block


@st.composite
def tensor_maps(draw):
    keys = draw(
        st.lists(
            st.tuples(st.integers(0, 2), st.integers(0, 3)), unique=True, min_size=1, max_size=6
        )
    )
    samples = st.lists(st.integers(0, 5), unique=True, max_size=4)
    properties = st.lists(st.integers(0, 3), unique=True, max_size=3)
    same_samples, same_properties = draw(st.booleans()), draw(st.booleans())
    fixed_samples, fixed_properties = draw(samples), draw(properties)
    n_components, with_gradient = draw(st.integers(0, 1)), draw(st.booleans())
    blocks = [
        make_block(
            fixed_samples if same_samples else draw(samples),
            n_components,
            fixed_properties if same_properties else draw(properties),
            1000.0 * (1 + index),
            with_gradient,
        )
        for index in range(len(keys))
    ]
    return TensorMap(make_labels(["a", "b"], keys), blocks)


def in_python(tensor: TensorMap) -> metatensor.TensorMap:
    return metatensor.TensorMap.load_buffer(tensor.save_buffer().numpy())


def assert_merged(
    tensor: TensorMap, method: str, moved, fill_value: float, sort_samples: bool
) -> None:
    """Does the method do what it does for the Python classes? Also compare the error, if any."""
    options = {"fill_value": fill_value, "sort_samples": sort_samples}
    python_moved = moved
    if isinstance(moved, torch.ScriptObject):
        python_moved = metatensor.Labels(moved.names, moved.values.numpy())
    try:
        expected = getattr(in_python(tensor), method)(python_moved, **options)
    except metatensor.MetatensorError:
        with pytest.raises(RuntimeError):
            getattr(tensor, method)(moved, **options)
        return

    result = getattr(tensor, method)(moved, **options)
    assert metatensor.equal(in_python(result), expected)
    for block in result.blocks():
        assert block.values.is_contiguous()
        assert all(gradient.values.is_contiguous() for _, gradient in block.gradients())


@settings(max_examples=150)
@given(
    tensor_maps(),
    st.sampled_from(["keys_to_samples", "keys_to_properties"]),
    st.sampled_from(["a", "b", ["a", "b"]]),
    st.integers(-3, 3),
    st.booleans(),
)
def test_same_as_python_classes(tensor, method, moved, fill_value, sort_samples):
    assert_merged(tensor, method, moved, fill_value, sort_samples)


@settings(max_examples=50)
@given(tensor_maps(), st.lists(st.integers(-1, 5), unique=True, min_size=1), st.booleans())
def test_keys_with_entries(tensor, values, sort_samples):
    assert_merged(tensor, "keys_to_properties", make_labels(["b"], values), 7.0, sort_samples)


# few large blocks: their data is moved one block after the other
SAMPLES = [range(60), range(59, -1, -1), range(30, 90)]


@pytest.mark.parametrize("method", ["keys_to_samples", "keys_to_properties"])
@pytest.mark.parametrize("sort_samples", [True, False])
def test_large_blocks(method, sort_samples):
    blocks = [
        make_block(list(samples), 1, list(range(100)), 1e5 * i, with_gradient=True)
        for i, samples in enumerate(SAMPLES)
    ]
    tensor = TensorMap(make_labels(["k", "a"], [(0, 0), (0, 1), (1, 1)]), blocks)
    assert_merged(tensor, method, "a", 0.5, sort_samples)
    assert_merged(tensor, method, "k", 0.5, sort_samples)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.complex128, torch.bfloat16])
@pytest.mark.parametrize("samples", [[[0, 1], [0, 1]], [[0, 1], [1, 2]]])
def test_dtypes(dtype, samples):
    blocks = [
        TensorBlock(
            torch.ones(2, 1, dtype=dtype),
            make_labels(["s"], values),
            [],
            Labels.range("p", 1),
        )
        for values in samples
    ]
    tensor = TensorMap(Labels.range("k", 2), blocks)
    values = tensor.keys_to_properties("k", fill_value=0).block().values
    assert values.dtype == dtype
    assert values.sum(dtype=torch.complex128) == 4


def test_result_is_new():
    """Also if there is nothing to merge."""
    values = torch.ones(2, 3)
    block = TensorBlock(values, Labels.range("s", 2), [], Labels.range("p", 3))
    tensor = TensorMap(make_labels(["a", "b"], [(0, 0)]), [block])
    for merged in (tensor.keys_to_samples("a"), tensor.keys_to_properties("a")):
        merged.block().values[:] = 0
    assert torch.all(values == 1)

    # a single element, in several blocks of the result
    blocks = [
        TensorBlock(torch.ones(0, 1), Labels.empty("s"), [], Labels.range("p", 1)),
        TensorBlock(torch.ones(1, 1), Labels.range("s", 1), [], Labels.range("p", 1)),
    ]
    keys = make_labels(["a", "b"], [(0, 0), (1, 1)])
    requested = make_labels(["b"], [5])
    tensor = TensorMap(keys, [block.copy() for block in blocks])
    merged = tensor.keys_to_properties(requested, fill_value=2)
    merged.block(1).values[:] = 3
    tensor = TensorMap(keys, blocks)
    assert tensor.keys_to_properties(requested, fill_value=2).block(1).values.item() == 2


def values_of(tensor: TensorMap) -> list[torch.Tensor]:
    values = [block.values for block in tensor.blocks()]
    gradients = [gradient.values for block in tensor.blocks() for _, gradient in block.gradients()]
    return values + gradients


@pytest.mark.parametrize("method", ["keys_to_samples", "keys_to_properties"])
@pytest.mark.parametrize(
    "samples, properties",
    [
        ([[0, 1], [0, 1]], [[0], [1, 2]]),  # concatenation
        ([[0, 2], [1, 2]], [[0, 1], [0, 1]]),  # selection of samples
        ([[0, 2], [1, 2]], [[0], [0, 1]]),  # one block after the other
    ],
)
def test_differentiable(method, samples, properties):
    def merge(first, second, gradient):
        blocks = [
            make_block(block_samples, 1, block_properties, 0.0, with_gradient=False)
            for block_samples, block_properties in zip(samples, properties, strict=True)
        ]
        blocks = [
            TensorBlock(values, block.samples, block.components, block.properties)
            for values, block in zip((first, second), blocks, strict=True)
        ]
        for block in blocks:
            block.add_gradient(
                "g",
                TensorBlock(
                    gradient * block.values[:1],
                    make_labels(["sample"], [1]),
                    block.components,
                    block.properties,
                ),
            )
        tensor = TensorMap(Labels.range("k", 2), blocks)
        if method == "keys_to_samples" and len(properties[0]) != len(properties[1]):
            return tuple(values_of(tensor))
        return tuple(values_of(getattr(tensor, method)("k")))

    inputs = [
        torch.rand(2, 2, len(block_properties), dtype=torch.float64, requires_grad=True)
        for block_properties in properties
    ]
    inputs.append(torch.tensor(0.7, dtype=torch.float64, requires_grad=True))
    assert torch.autograd.gradcheck(merge, inputs, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(merge, inputs)


@pytest.mark.parametrize("samples", [[0, 1], [1, 2]])
def test_shape_changed_behind_our_back(samples):
    """Tensors that are resized in place after they were given to a block."""
    values = torch.ones(2, 2)
    blocks = [
        TensorBlock(values, Labels.range("s", 2), [], Labels.range("p", 2)),
        TensorBlock(torch.ones(2, 2), make_labels(["s"], samples), [], Labels.range("p", 2)),
    ]
    tensor = TensorMap(Labels.range("k", 2), blocks)
    values.resize_(1, 2)
    for merge in (tensor.keys_to_samples, tensor.keys_to_properties):
        with pytest.raises((RuntimeError, IndexError)):
            merge("k")
