"""Moving dimensions between keys, samples, components and properties, against a naive model."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from metatensor import Labels, MetatensorError, TensorBlock, TensorMap

FILL = -7.0
COMPONENTS = 2


def labels(names, rows):
    return Labels(names, np.array(rows, dtype=np.int32).reshape(-1, len(names)))


def rows_of(labels):
    return [tuple(row) for row in labels.values.tolist()]


@st.composite
def tensors(draw, same_properties=False):
    """Blocks with two dimensions in the keys and a gradient; all numbers in there are different."""
    integers = st.integers(-2, 2)
    keys = draw(
        st.lists(st.tuples(integers, st.integers(0, 1)), unique=True, min_size=1, max_size=5)
    )
    properties_lists = st.lists(integers, unique=True, max_size=4)
    shared_properties = draw(properties_lists)
    counter = itertools.count()

    def block(names, samples, components, properties):
        shape = (len(samples), *components, len(properties))
        values = np.array([float(next(counter)) for _ in range(np.prod(shape, dtype=int))])
        return TensorBlock(
            values.reshape(shape),
            labels(names, samples),
            [Labels.range(f"c{size}", size) for size in components],
            labels(["p"], [[p] for p in properties]),
        )

    blocks = []
    for _ in keys:
        samples = draw(st.lists(st.tuples(integers, integers), unique=True, max_size=4))
        properties = shared_properties if same_properties else draw(properties_lists)
        new = block(["s1", "s2"], samples, [COMPONENTS], properties)
        if samples:
            positions = st.tuples(st.integers(0, len(samples) - 1), integers)
            gradient_samples = draw(st.lists(positions, unique=True, max_size=4))
        else:
            gradient_samples = []
        new.add_gradient("g", block(["sample", "x"], gradient_samples, [3, COMPONENTS], properties))
        blocks.append(new)
    return TensorMap(labels(["k1", "k2"], keys), blocks)


def first_occurrences(items):
    return list(dict.fromkeys(items))


def groups(tensor, moved):
    """For each new key: (moved values, block) of the blocks to merge."""
    kept = [name for name in tensor.keys.names if name not in moved]
    result = {}
    for key, block in tensor.items():
        new_key = tuple(int(key[name]) for name in kept) if kept else (0,)
        values = tuple(int(key[name]) for name in moved)
        result.setdefault(new_key, []).append((values, block))
    return kept or ["_"], result


def as_dict(block, sample_rows):
    """Values by (sample, components, property)"""
    return {
        (sample_rows[i], components, properties): block.values[(i, *components, j)]
        for i in range(len(block.samples))
        for components in itertools.product(*(range(len(c)) for c in block.components))
        for j, properties in enumerate(rows_of(block.properties))
    }


def check_block(block, samples, components, properties, content):
    assert rows_of(block.samples) == samples
    assert rows_of(block.properties) == properties
    assert [len(c) for c in block.components] == components
    found = as_dict(block, samples)
    assert len(found) == len(samples) * np.prod(components, dtype=int) * len(properties)
    for index, value in found.items():
        assert value == content.get(index, FILL)


def merge_samples(rows, sort):
    rows = first_occurrences(rows)
    return sorted(rows) if sort else rows


def merge_gradients(parts, samples, sample_of, property_of, block, properties):
    """
    Check the gradients of a merged block: `parts` are the blocks, `sample_of` and `property_of`
    give the new rows from the values of the moved keys and the old rows.
    """
    content = {}
    gradient_samples = set()
    for moved, part in parts:
        gradient = part.gradient("g")
        new_rows = [
            (samples.index(sample_of(moved, rows_of(part.samples)[row[0]])), *row[1:])
            for row in rows_of(gradient.samples)
        ]
        gradient_samples.update(new_rows)
        for (sample, component, prop), value in as_dict(gradient, new_rows).items():
            new_property = property_of(moved, prop)
            if new_property in properties:
                content[(sample, component, new_property)] = value
    gradient = block.gradient("g")
    assert gradient.samples.names == ["sample", "x"]
    # always sorted
    check_block(gradient, sorted(gradient_samples), [3, COMPONENTS], properties, content)


moved_names = st.sampled_from([["k1"], ["k2"], ["k1", "k2"], ["k2", "k1"], []])


@given(tensors(), moved_names, st.booleans(), st.sampled_from(["numpy", "torch"]))
@settings(max_examples=50)
def test_keys_to_properties(tensor, moved, sort, arrays):
    result = tensor.to(arrays=arrays).keys_to_properties(moved, fill_value=FILL, sort_samples=sort)
    kept, expected = groups(tensor, moved)
    assert result.keys.names == kept
    if kept != ["_"] or moved:
        assert rows_of(result.keys) == list(expected)
    result = result.to(arrays="numpy")

    for block, parts in zip(result, expected.values(), strict=True):
        samples = merge_samples([row for _, b in parts for row in rows_of(b.samples)], sort)
        properties = [values + row for values, b in parts for row in rows_of(b.properties)]
        content = {
            (sample, component, values + prop): value
            for values, b in parts
            for (sample, component, prop), value in as_dict(b, rows_of(b.samples)).items()
        }
        assert block.samples.names == ["s1", "s2"]
        assert block.properties.names == [*moved, "p"]
        check_block(block, samples, [COMPONENTS], properties, content)
        merge_gradients(
            parts,
            samples,
            lambda values, sample: sample,
            lambda values, prop: values + prop,
            block,
            properties,
        )


@given(tensors(same_properties=True), st.lists(st.integers(-2, 3), unique=True, min_size=1))
@settings(max_examples=50)
def test_keys_to_properties_with_entries(tensor, entries):
    result = tensor.keys_to_properties(
        labels(["k1"], [[entry] for entry in entries]), fill_value=FILL
    )
    _, expected = groups(tensor, ["k1"])
    for block, parts in zip(result, expected.values(), strict=True):
        samples = merge_samples([row for _, b in parts for row in rows_of(b.samples)], True)
        old_properties = rows_of(parts[0][1].properties)
        properties = [(entry, *row) for entry in entries for row in old_properties]
        content = {
            (sample, component, values + prop): value
            for values, b in parts
            for (sample, component, prop), value in as_dict(b, rows_of(b.samples)).items()
        }
        check_block(block, samples, [COMPONENTS], properties, content)
        merge_gradients(
            parts,
            samples,
            lambda values, sample: sample,
            lambda values, prop: values + prop,
            block,
            properties,
        )


@given(tensors(), moved_names, st.booleans(), st.sampled_from(["numpy", "torch"]))
@settings(max_examples=50)
def test_keys_to_samples(tensor, moved, sort, arrays):
    result = tensor.to(arrays=arrays).keys_to_samples(moved, fill_value=FILL, sort_samples=sort)
    kept, expected = groups(tensor, moved)
    assert result.keys.names == kept
    result = result.to(arrays="numpy")

    for block, parts in zip(result, expected.values(), strict=True):
        samples = merge_samples(
            [row + values for values, b in parts for row in rows_of(b.samples)], sort
        )
        properties = first_occurrences([row for _, b in parts for row in rows_of(b.properties)])
        content = {
            (sample + values, component, prop): value
            for values, b in parts
            for (sample, component, prop), value in as_dict(b, rows_of(b.samples)).items()
        }
        assert block.samples.names == ["s1", "s2", *moved]
        check_block(block, samples, [COMPONENTS], properties, content)
        merge_gradients(
            parts,
            samples,
            lambda values, sample: sample + values,
            lambda values, prop: prop,
            block,
            properties,
        )


@pytest.mark.parametrize("dimensions", ["c0", ["c1"], ["c2"], ["c0", "c2"], ["c2", "c1", "c0"]])
def test_components_to_properties(make_block, make_tensor, to_array, dimensions):
    values = to_array(np.arange(240.0).reshape(2, 3, 4, 5, 2))
    gradient_values = to_array(np.arange(120.0).reshape(1, 3, 4, 5, 2))
    block = make_block(values)
    block.add_gradient(
        "g",
        TensorBlock(
            gradient_values,
            Labels.range("sample", 1),
            block.components,
            block.properties,
        ),
    )
    result = make_tensor([block]).components_to_properties(dimensions).block()

    moved = [dimensions] if isinstance(dimensions, str) else dimensions
    kept = [name for name in ["c0", "c1", "c2"] if name not in moved]
    assert [c.names for c in result.components] == [[name] for name in kept]
    assert result.properties.names == [*reversed(moved), "p"]

    def check(new, old):
        for index in itertools.product(*(range(size) for size in old.shape)):
            sample, prop = index[0], index[-1]
            component = dict(zip(["c0", "c1", "c2"], index[1:-1], strict=True))
            row = [component[name] for name in reversed(moved)] + [prop]
            position = result.properties.position(row)
            others = [component[name] for name in kept]
            assert new[(sample, *others, position)] == old[index]

    check(result.values, values)
    check(result.gradient("g").values, gradient_values)
    # the first new dimension varies slowest
    assert rows_of(result.properties) == sorted(rows_of(result.properties))


def test_components_to_properties_arguments(make_block, make_tensor):
    tensor = make_tensor([make_block(np.zeros((2, 3, 2)))])
    with pytest.raises(MetatensorError, match="'other'"):
        tensor.components_to_properties("other")
    with pytest.raises(MetatensorError):
        tensor.components_to_properties(["c0", "c0"])
    with pytest.raises(AssertionError):
        tensor.components_to_properties(["c0", 3])
    with pytest.raises(TypeError):
        tensor.components_to_properties(3)
    same = tensor.components_to_properties([])
    assert same.component_names == ["c0"]
    assert same.block().values is not tensor.block().values

    empty = TensorMap(Labels.empty("k"), [])
    assert len(empty.components_to_properties("anything")) == 0


@pytest.fixture(params=["keys_to_properties", "keys_to_samples"])
def name(request):
    return request.param


@pytest.fixture
def tensor(make_block, make_tensor, to_array):
    return make_tensor([make_block(to_array(np.ones((i + 1, 2)))) for i in range(2)])


def test_keys_to_move(tensor, name):
    function = getattr(tensor, name)
    assert function("key") == function(["key"]) == function(("key",))
    assert function("key") == function(Labels.empty("key"))
    with pytest.raises(MetatensorError, match="'other'"):
        function("other")
    with pytest.raises(AssertionError):
        function(["key", 3])
    with pytest.raises(TypeError):
        function(3)
    same = function([])
    assert same == tensor
    assert same.block(0).values is not tensor.block(0).values
    with pytest.raises(MetatensorError):
        getattr(TensorMap(Labels.empty("key"), []), name)("key")


def test_labels_with_entries(tensor):
    with pytest.raises(MetatensorError):
        tensor.keys_to_samples(Labels.range("key", 2))
    result = tensor.keys_to_properties(Labels.range("key", 3), fill_value=4)
    assert result.block().values.tolist() == [[1, 1, 1, 1, 4, 4], [4, 4, 1, 1, 4, 4]]


def test_backend_of_labels(tensor, name, arrays):
    result = getattr(tensor.to(arrays=arrays), name)("key")
    kind = np.ndarray if arrays == "numpy" else torch.Tensor
    for labels in [result.keys, result.block().samples, result.block().properties]:
        assert isinstance(labels.values, kind)
    assert isinstance(result.block().values, kind)


@pytest.mark.parametrize(
    ("dtype", "value", "expected"),
    [
        ("float64", 0.1, 0.1),
        ("float32", 3, 3.0),
        ("float16", np.inf, np.inf),
        ("int32", 3, 3),
        ("int8", 2.7, 2),
        ("uint8", 255, 255),
        ("int64", 2**62 + 1, 2**62 + 1),
        ("bool", True, True),
        ("complex64", 1 + 2j, 1 + 2j),
        ("complex128", -1.0, -1.0),
        ("float64", np.array(5.0), 5.0),
        ("float64", -0.0, -0.0),
    ],
)
def test_fill_value(make_block, make_tensor, to_array, name, dtype, value, expected):
    blocks = [make_block(to_array(np.zeros((n, n)), dtype=dtype)) for n in (1, 2)]
    result = getattr(make_tensor(blocks), name)("key", fill_value=value)
    values = result.block().values
    assert values.dtype == to_array([0], dtype=dtype).dtype
    filled = values[1, 0] if name == "keys_to_properties" else values[0, 1]
    assert filled.item() == expected
    assert np.signbit(np.real(filled.item())) == np.signbit(np.real(expected))


def test_special_fill_values(tensor, name):
    for value in [np.nan, None]:
        result = getattr(tensor, name)("key", fill_value=value)
        if name == "keys_to_properties":
            assert np.isnan(result.block().values.tolist()[1][0])

    for value in ["a", [1.0, "b"]]:
        with pytest.raises(ValueError):
            getattr(tensor, name)("key", fill_value=value)
    with pytest.raises(TypeError):
        getattr(tensor, name)("key", fill_value={})
    for value in [[1.0, 2.0], np.zeros((1,))]:
        with pytest.raises(MetatensorError, match="scalar"):
            getattr(tensor, name)("key", fill_value=value)
    with pytest.raises(ValueError):
        getattr(tensor.to(arrays="numpy").to(np.int32), name)("key", fill_value=np.nan)


def test_bfloat16(make_block, make_tensor, name):
    blocks = [make_block(torch.zeros(n, n, dtype=torch.bfloat16)) for n in (1, 2)]
    values = getattr(make_tensor(blocks), name)("key", fill_value=2.5).block().values
    assert values.dtype == torch.bfloat16
    assert 2.5 in values


def test_autograd(make_block, make_tensor, name):
    arrays = [torch.rand(n, 3, dtype=torch.float64, requires_grad=True) for n in (2, 3)]
    result = getattr(make_tensor([make_block(array) for array in arrays]), name)("key")
    (result.block().values ** 2).sum().backward()
    for array in arrays:
        torch.testing.assert_close(array.grad, 2 * array.detach())


def test_different_components(make_block, make_tensor, name):
    tensor = make_tensor([make_block(np.zeros((1, n, 1))) for n in (2, 3)])
    with pytest.raises(MetatensorError, match="components_to_properties"):
        getattr(tensor, name)("key")


def test_name_clashes(make_block, name):
    keys = Labels.range("p" if name == "keys_to_properties" else "s", 2)
    tensor = TensorMap(keys, [make_block(np.zeros((1, 1))) for _ in range(2)])
    with pytest.raises(MetatensorError):
        getattr(tensor, name)(keys.names)


def test_strided_values(make_block, make_tensor, name):
    base = np.arange(48.0).reshape(4, 3, 4)
    parts = [np.asfortranarray(base[::2]), base[1::2, :, ::-1]]
    strided = make_tensor([make_block(part) for part in parts])
    contiguous = make_tensor([make_block(np.ascontiguousarray(part)) for part in parts])
    assert getattr(strided, name)("key") == getattr(contiguous, name)("key")


def test_values_changed_under_us(make_block, make_tensor, name):
    values = np.zeros((2, 2))
    tensor = make_tensor([make_block(values), make_block(np.ones((2, 2)))])
    values.shape = (4, 1)
    with pytest.raises(ValueError, match=r"\(4, 1\)"):
        getattr(tensor, name)("key")
    with pytest.raises(ValueError, match=r"\(4, 1\)"):
        tensor.copy()
