"""Properties which hold for any input."""

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import metatensor
from metatensor import Labels, TensorBlock, TensorMap

small_integers = st.integers(-3, 3)


def label_values(n_dimensions, min_size=0):
    """Unique rows, in any order."""
    rows = st.lists(
        st.tuples(*[small_integers] * n_dimensions), unique=True, min_size=min_size, max_size=6
    )
    return rows.map(lambda rows: np.array(rows, dtype=np.int32).reshape(-1, n_dimensions))


def arrays(shape):
    count = int(np.prod(shape))
    # small integers as floating point numbers: sums are exact in any order
    numbers = st.lists(st.integers(-8, 8), min_size=count, max_size=count)
    return numbers.map(lambda numbers: np.array(numbers, dtype=np.float64).reshape(shape))


@st.composite
def blocks(draw, min_samples=0, min_properties=0, metadata_of=None):
    """Blocks with components and gradients; some of the axes can be empty."""
    if metadata_of is None:
        samples = Labels(["s", "t"], draw(label_values(2, min_samples)))
        components = [Labels(["c"], draw(label_values(1, 1)))]
        properties = Labels(["p", "q"], draw(label_values(2, min_properties)))
        gradient_rows = draw(label_values(2)) if len(samples) != 0 else np.zeros((0, 2), int)
        parents = gradient_rows[:, 0] % max(1, len(samples))
        gradient_rows = np.stack([parents, gradient_rows[:, 1]], axis=1)
        gradient_samples = Labels(["sample", "g"], np.unique(gradient_rows, axis=0))
    else:
        samples, properties = metadata_of.samples, metadata_of.properties
        components = metadata_of.components
        gradient_samples = metadata_of.gradient("g").samples

    shape = (len(samples), len(components[0]), len(properties))
    block = TensorBlock(draw(arrays(shape)), samples, components, properties)
    shape = (len(gradient_samples), 2, *shape[1:])
    gradient = TensorBlock(
        draw(arrays(shape)),
        gradient_samples,
        [Labels.range("d", 2), *components],
        properties,
    )
    block.add_gradient("g", gradient)
    return block


@st.composite
def tensors(draw, count, **options):
    """Several tensor maps with the same metadata."""
    rows = draw(label_values(1))
    all_blocks = [[] for _ in range(count)]
    for _ in range(len(rows)):
        first = draw(blocks(**options))
        all_blocks[0].append(first)
        for others in all_blocks[1:]:
            others.append(draw(blocks(metadata_of=first)))
    return [TensorMap(Labels(["key"], rows), tensor_blocks) for tensor_blocks in all_blocks]


@given(tensors(3))
def test_arithmetic(abc):
    a, b, c = abc
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a * b == b * a
    assert a * (b + c) == a * b + a * c
    assert a - a == metatensor.zeros_like(a)
    assert a - b == a + (-b)
    assert a * 1 == a
    assert a + 0 == a
    assert metatensor.abs(-a) == metatensor.abs(a)
    assert (a * 4) / 4 == a
    assert a**1 == a


@given(tensors(1))
def test_comparison(tensor):
    (tensor,) = tensor
    assert tensor == tensor.copy()
    assert metatensor.allclose(tensor, tensor.copy())
    assert metatensor.equal_metadata(tensor, metatensor.ones_like(tensor))


@given(blocks())
def test_sort(block):
    result = metatensor.sort_block(block)
    assert metatensor.sort_block(result) == result
    assert sorted(result.values.ravel()) == sorted(block.values.ravel())
    if len(block.samples) != 0:
        for axis in ("samples", "properties"):
            rows = [tuple(row) for row in getattr(result, axis).values.tolist()]
            assert rows == sorted(rows)
        gradient_rows = result.gradient("g").samples.values.tolist()
        assert gradient_rows == sorted(gradient_rows)

    # every value still has the same labels
    samples, properties = block.samples, block.properties
    for i, sample in enumerate(result.samples):
        for j, prop in enumerate(result.properties):
            for k, component in enumerate(result.components[0]):
                expected = block.values[
                    samples.position(sample),
                    block.components[0].position(component),
                    properties.position(prop),
                ]
                assert result.values[i, k, j] == expected


@given(blocks(min_samples=1))
def test_descending_is_the_reverse(block):
    ascending = metatensor.sort_block(block)
    descending = metatensor.sort_block(block, descending=True)
    np.testing.assert_array_equal(descending.values, ascending.values[::-1, ::-1, ::-1])


@given(st.data(), st.sampled_from(["samples", "properties"]))
def test_split_and_join(data, axis):
    block = data.draw(blocks(min_samples=1, min_properties=1))
    # split keeps the order of properties, and so must the selections
    size = len(getattr(block, axis))
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=3)))
    selections = [
        list(range(start, stop)) for start, stop in zip([0, *cuts], [*cuts, size], strict=True)
    ]
    parts = metatensor.split_block(block, axis, selections)
    for part, selection in zip(parts, selections, strict=True):
        assert part == metatensor.slice_block(block, axis, selection)
    joined = metatensor.join_blocks(parts, axis)
    # gradient samples follow the parts
    assert metatensor.sort_block(joined, "samples") == metatensor.sort_block(block, "samples")


@given(blocks())
def test_slice_with_everything(block):
    for axis in ("samples", "properties"):
        labels = getattr(block, axis)
        assert metatensor.slice_block(block, axis, labels) == block
        assert metatensor.slice_block(block, axis, list(range(len(labels)))) == block


@given(st.data())
def test_slice_does_not_lose_gradients(data):
    block = data.draw(blocks(min_samples=1))
    order = data.draw(st.permutations(range(len(block.samples))))
    result = metatensor.slice_block(block, "samples", order)
    gradient, initial = result.gradient("g"), block.gradient("g")
    for i, (sample, g) in enumerate(gradient.samples):
        j = initial.samples.position([order[sample], g])
        np.testing.assert_array_equal(gradient.values[i], initial.values[j])
    assert len(gradient.samples) == len(initial.samples)


@given(blocks(min_samples=1), st.sampled_from(["s", "t"]))
def test_sum_and_mean_over_samples(block, name):
    (kept,) = [other for other in ("s", "t") if other != name]
    groups = defaultdict(list)
    for i, value in enumerate(block.samples.column(kept).tolist()):
        groups[value].append(i)
    values = sorted(groups)

    total = metatensor.sum_over_samples_block(block, name)
    mean = metatensor.mean_over_samples_block(block, name)
    assert total.samples == mean.samples == Labels([kept], np.array(values).reshape(-1, 1))
    for i, value in enumerate(values):
        expected = block.values[groups[value]].sum(axis=0)
        np.testing.assert_array_equal(total.values[i], expected)
        np.testing.assert_array_equal(mean.values[i], expected / len(groups[value]))

    position = {i: values.index(v) for v in values for i in groups[v]}
    expected = defaultdict(float)
    for (sample, g), row in zip(
        block.gradient("g").samples.values.tolist(), block.gradient("g").values, strict=True
    ):
        expected[(position[sample], g)] = expected[(position[sample], g)] + row
    gradient = total.gradient("g")
    assert [tuple(row) for row in gradient.samples.values.tolist()] == sorted(expected)
    for entry, row in zip(gradient.samples, gradient.values, strict=True):
        np.testing.assert_array_equal(row, expected[tuple(entry)])


@given(tensors(1), label_values(1))
def test_filter_and_drop(tensor, rows):
    (tensor,) = tensor
    keys = Labels(["key"], rows)
    kept = metatensor.filter_blocks(tensor, keys)
    dropped = metatensor.drop_blocks(tensor, keys)
    assert len(kept) + len(dropped) == len(tensor)
    assert kept.keys.union(dropped.keys).difference(tensor.keys) == Labels(
        ["key"], np.zeros((0, 1), int)
    )
    for part in (kept, dropped):
        for key, block in part.items():
            assert block == tensor[key]
            assert (key in keys) is (part is kept)


@given(blocks())
def test_unique_metadata(block):
    result = metatensor.unique_metadata_block(block, "samples", ["t"])
    assert result.values[:, 0].tolist() == sorted(set(block.samples.column("t").tolist()))


@given(label_values(2), label_values(1, min_size=1))
def test_one_hot(rows, extra):
    # all the values which exist, and some more
    values = np.unique(np.concatenate([rows[:, :1], extra]), axis=0)[::-1]
    labels, dimension = Labels(["a", "b"], rows), Labels(["a"], values)
    encoded = metatensor.one_hot(labels, dimension)
    assert (encoded.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(encoded @ dimension.column("a"), labels.column("a"))


@given(blocks(min_samples=1), label_values(1), label_values(1))
def test_slice_of_a_union(block, rows_1, rows_2):
    # the samples selected by a union are the union of the selected samples
    selection_1, selection_2 = Labels(["s"], rows_1), Labels(["s"], rows_2)
    result = metatensor.slice_block(block, "samples", selection_1.union(selection_2))
    parts = [metatensor.slice_block(block, "samples", s) for s in (selection_1, selection_2)]
    expected = parts[0].samples.union(parts[1].samples)
    assert len(result.samples) == len(expected) == len(result.samples.select(expected))
    for part in parts:
        assert metatensor.slice_block(result, "samples", part.samples) == part


@given(tensors(2), st.data())
def test_sum_with_different_keys(tensors, data):
    a, b = tensors
    rows = data.draw(st.lists(st.sampled_from(range(len(b.keys))), unique=True)) if len(b) else []
    kept = Labels(["key"], b.keys.values[sorted(rows)])
    part = metatensor.filter_blocks(b, kept)

    total = metatensor.add(a, part, keys="union")
    assert total.keys == a.keys
    # commutative, apart from the order of the blocks
    other = metatensor.add(part, a, keys="union")
    assert metatensor.sort(other, "keys") == metatensor.sort(total, "keys")
    # the difference is what was added
    assert metatensor.subtract(total, a) == metatensor.add(
        metatensor.zeros_like(b), part, keys="union"
    )
    common = metatensor.filter_blocks(a, kept)
    assert metatensor.add(a, part, keys="intersection") == metatensor.add(common, part)


@given(tensors(1, min_samples=1), st.sampled_from(["s", "t"]))
def test_split_by_dimension(tensor, name):
    (tensor,) = tensor
    if len(tensor) == 0:
        return
    parts = metatensor.split_by_dimension(tensor, "samples", name)
    values = metatensor.unique_metadata(tensor, "samples", name)
    assert len(parts) == len(values)
    for part, (value,) in zip(parts, values.values.tolist(), strict=True):
        for block in part:
            assert set(block.samples.column(name).tolist()) <= {value}
    joined = metatensor.join(parts, "samples")
    assert metatensor.sort(joined, "samples") == metatensor.sort(tensor, "samples")


@given(tensors(1, min_samples=1))
def test_sums_of_parts_over_samples(tensor):
    (tensor,) = tensor
    if len(tensor) == 0:
        return
    parts = metatensor.split_by_dimension(tensor, "samples", "s")
    sums = [metatensor.sum_over_samples(part, "t") for part in parts]
    joined = metatensor.sort(metatensor.join(sums, "samples"), "samples")
    assert joined == metatensor.sum_over_samples(tensor, "t")


@given(blocks(min_properties=1))
def test_sums_of_parts_over_properties(block):
    tensor = TensorMap(Labels.single(), [block])
    parts = metatensor.split_by_dimension(tensor, "properties", "q")
    total, *others = [metatensor.sum_over_properties(part, ["p", "q"]) for part in parts]
    for other in others:
        total = metatensor.add(total, other)
    assert total == metatensor.sum_over_properties(tensor, ["p", "q"])


@given(tensors(2, min_samples=1, min_properties=1))
def test_linear(tensors):
    """Reductions, products with a matrix and selections of a sum are the sums of theirs."""
    a, b = tensors
    if len(a) == 0:
        return  # without blocks, there is no dimension to sum over
    for function in (
        lambda x: metatensor.sum_over_samples(x, "t"),
        lambda x: metatensor.sum_over_properties(x, "p"),
        lambda x: metatensor.sort(x, ["samples", "properties"]),
        lambda x: metatensor.join([x, metatensor.abs(a)], "properties", add_dimension="i"),
    ):
        difference = function(a + b) - function(a)
        expected = function(b) - function(metatensor.zeros_like(b))
        assert difference == expected
