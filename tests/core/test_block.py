import copy

import numpy as np
import pytest
import torch

from metatensor import Labels, MetatensorError, TensorBlock
from metatensor._c_api import mts_array_t
from metatensor._data import create_mts_array


def test_members(to_array):
    values = to_array(np.arange(30.0).reshape(2, 3, 5))
    samples = Labels(["system", "atom"], to_array([[0, 1], [0, 2]]))
    component = Labels("xyz", to_array([[0], [1], [2]]))
    properties = Labels("n", to_array(np.arange(5).reshape(-1, 1)))
    block = TensorBlock(values, samples, [component], properties)

    assert block.values is values
    assert tuple(block.shape) == (2, 3, 5)
    assert len(block) == 2
    assert block.dtype is values.dtype
    assert not block.is_view

    assert block.samples == samples
    assert block.samples is not block.samples
    assert block.samples.values is samples.values
    assert block.properties == properties
    assert block.properties.values is properties.values
    assert isinstance(block.components, list)
    assert block.components == [component]
    assert block.components[0].values is component.values
    assert isinstance(block._raw_values, mts_array_t)

    assert block.gradients_list() == []
    assert list(block.gradients()) == []
    assert not hasattr(block, "ndim")


def test_device():
    block = TensorBlock(np.zeros((1, 1)), Labels.single(), [], Labels.single())
    assert block.device == "cpu"
    assert isinstance(block.device, str)

    block = TensorBlock(torch.zeros(1, 1), Labels.single(), [], Labels.single())
    assert block.device == torch.device("cpu")


def test_keyword_arguments_and_iterables():
    block = TensorBlock(
        properties=Labels.range("p", 2),
        samples=Labels.range("s", 3),
        values=np.zeros((3, 4, 2)),
        components=(Labels.range("c", 4) for _ in range(1)),
    )
    assert block.shape == (3, 4, 2)


def test_values_can_not_be_replaced(make_block):
    block = make_block(np.zeros((2, 2)))
    with pytest.raises(AttributeError, match=r"block\.values\[:\] = new_values"):
        block.values = np.ones((2, 2))
    with pytest.raises(AttributeError):
        block.values += 1.0
    block.values[:] = 3.0
    assert block.values.tolist() == [[3.0, 3.0], [3.0, 3.0]]


def test_wrong_labels():
    values, labels = np.zeros((1, 1, 1)), Labels.single()
    with pytest.raises(TypeError, match="`samples` must be Labels.*list"):
        TensorBlock(values, [], [labels], labels)
    with pytest.raises(TypeError, match="`properties` must be Labels.*NoneType"):
        TensorBlock(values, labels, [labels], None)
    with pytest.raises(TypeError, match="`components` must be Labels.*int"):
        TensorBlock(values, labels, [3], labels)
    # a single Labels is an iterable of entries
    with pytest.raises(TypeError, match="`components` must be Labels.*LabelsEntry"):
        TensorBlock(values, labels, labels, labels)
    with pytest.raises(TypeError, match="not iterable"):
        TensorBlock(values, labels, 3, labels)


def test_wrong_values():
    labels = Labels.single()
    for values in [[[1.0]], None, 3, "abc"]:
        with pytest.raises(AttributeError, match="shape"):
            TensorBlock(values, labels, [], labels)

    class NotReallyAnArray:
        shape = (1, 1)

    with pytest.raises(ValueError, match="NotReallyAnArray"):
        TensorBlock(NotReallyAnArray(), labels, [], labels)


@pytest.mark.parametrize(
    ("shape", "samples", "components", "properties"),
    [
        ((2,), 2, [], 2),
        ((2, 3), 2, [3], 3),
        ((2, 3, 4), 2, [], 4),
        ((2, 3), 3, [], 3),
        ((2, 3), 2, [], 2),
        ((2, 3, 4), 2, [2], 4),
        ((2, 0, 4), 2, [0], 4),
    ],
)
def test_wrong_sizes(to_array, shape, samples, components, properties):
    values = to_array(np.zeros(shape))
    components = [Labels.range(f"c{i}", size) for i, size in enumerate(components)]
    with pytest.raises(MetatensorError, match=r"^invalid parameter"):
        TensorBlock(values, Labels.range("s", samples), components, Labels.range("p", properties))


def test_wrong_components():
    samples, properties, c = Labels.range("s", 1), Labels.range("p", 1), Labels.range("c", 2)
    with pytest.raises(MetatensorError):
        TensorBlock(np.zeros((1, 2, 2, 1)), samples, [c, c], properties)
    two = Labels(["x", "y"], np.array([[0, 0], [0, 1]]))
    with pytest.raises(MetatensorError):
        TensorBlock(np.zeros((1, 2, 1)), samples, [two], properties)


def test_names_can_overlap():
    labels = Labels.range("x", 2)
    block = TensorBlock(np.zeros((2, 2, 2)), labels, [labels], labels)
    assert block.samples == block.properties == block.components[0]


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0), (0, 2, 3), (3, 2, 0)])
def test_empty(make_block, to_array, shape):
    block = make_block(to_array(np.zeros(shape)))
    assert tuple(block.shape) == shape
    assert tuple(block.copy().shape) == shape


def test_any_dtype():
    for dtype in ["U3", "datetime64[s]", object, np.longdouble, ">f8", [("a", "f4")]]:
        values = np.zeros((1, 1), dtype=dtype)
        block = TensorBlock(values, Labels.single(), [], Labels.single())
        assert block.values is values
        assert block.dtype == values.dtype


def test_layouts(make_block):
    base = np.arange(60.0).reshape(5, 4, 3)
    values = base[::2, ::-1].swapaxes(0, 2)
    block = make_block(values)
    assert block.values is values
    np.testing.assert_array_equal(block.copy().values, values)

    readonly = np.zeros((2, 2))
    readonly.flags.writeable = False
    assert make_block(readonly).values is readonly
    assert make_block(readonly).copy().values.flags.writeable


def test_mixed_backends():
    block = TensorBlock(
        np.zeros((1, 2)),
        Labels("s", torch.tensor([[0]])),
        [],
        Labels("p", torch.tensor([[0], [1]])),
    )
    assert isinstance(block.samples.values, torch.Tensor)
    assert isinstance(block.values, np.ndarray)


def test_mixed_devices():
    samples = Labels("s", torch.zeros(1, 1, device="meta", dtype=torch.int32), assume_unique=True)
    with pytest.raises(MetatensorError, match=r"CPU:0.*ExtDev:0|ExtDev:0.*CPU:0"):
        TensorBlock(torch.zeros(1, 1), samples, [], Labels.single())
    with pytest.raises(MetatensorError, match=r"CPU:0.*ExtDev:0|ExtDev:0.*CPU:0"):
        TensorBlock(torch.zeros(1, 1, device="meta"), Labels.single(), [], Labels.single())


def test_meta_block():
    def meta_labels(name, size):
        values = torch.zeros(size, 1, dtype=torch.int32, device="meta")
        return Labels(name, values, assume_unique=True)

    values = torch.zeros(2, 3, device="meta")
    block = TensorBlock(values, meta_labels("s", 2), [], meta_labels("p", 3))
    gradient = TensorBlock(values[:1], meta_labels("sample", 1), [], meta_labels("p", 3))
    block.add_gradient("g", gradient)
    assert block.copy().values.device == torch.device("meta")


def test_mts_array():
    values = np.zeros((1, 1))
    block = TensorBlock(create_mts_array(values), Labels.single(), [], Labels.single())
    assert block.values is values


def test_with_values(make_block, to_array):
    block = make_block(to_array(np.zeros((2, 3, 4))))
    values = to_array(np.ones((2, 3, 4)))
    new = block._with_values(values)
    assert new.values is values
    assert new.samples.values is block.samples.values
    assert new.components == block.components
    assert new.properties.values is block.properties.values
    assert not new.is_view
    with pytest.raises(MetatensorError):
        block._with_values(to_array(np.ones((2, 3, 5))))


# ---------------------------------------------------------------------- gradients


def make_gradient(block, shape, samples=None):
    """Gradient whose last components are those of the block."""
    extra = len(shape) - len(block.shape)
    components = [
        Labels.range(f"g{len(shape)}_{i}", size) for i, size in enumerate(shape[1 : extra + 1])
    ]
    values = np.zeros(shape)
    return TensorBlock(
        values=values if isinstance(block.values, np.ndarray) else torch.from_numpy(values),
        samples=Labels.range("sample", shape[0]) if samples is None else samples,
        components=components + block.components,
        properties=block.properties,
    )


def test_gradients(make_block, to_array):
    block = make_block(to_array(np.zeros((3, 2, 4))))
    first = make_gradient(block, (2, 5, 2, 4))
    values = first.values
    block.add_gradient("positions", first)
    block.add_gradient("a weird/name with spaces", make_gradient(block, (1, 2, 4)))
    block.add_gradient("", make_gradient(block, (3, 3, 3, 2, 4)))

    names = ["positions", "a weird/name with spaces", ""]
    assert block.gradients_list() == names
    assert [name for name, _ in block.gradients()] == names
    assert block.has_gradient("positions")
    assert not block.has_gradient("other")

    gradient = block.gradient("positions")
    assert gradient.values is values
    assert gradient.is_view
    assert not block.is_view
    with pytest.raises(MetatensorError, match="'other'"):
        block.gradient("other")
    for function in [block.gradient, block.has_gradient]:
        with pytest.raises(TypeError, match="`parameter` must be a str"):
            function(3)


def test_gradients_are_moved(make_block):
    block = make_block(np.zeros((3, 4)))
    gradient = make_gradient(block, (2, 4))
    block.add_gradient("g", gradient)
    assert repr(gradient) == str(gradient) == gradient._repr_html_() == "TensorBlock(<empty>)"
    assert not gradient.is_view
    for function in [
        lambda: gradient.values,
        lambda: gradient.samples,
        lambda: gradient.components,
        lambda: gradient.properties,
        lambda: gradient.shape,
        lambda: len(gradient),
        lambda: gradient.dtype,
        lambda: gradient.gradients_list(),
        lambda: gradient.copy(),
        lambda: gradient.copy(deep=False),
        lambda: gradient.to("cpu"),
        lambda: gradient._raw_values,
        gradient.as_mts_block_t,
        gradient.release,
        lambda: block.add_gradient("again", gradient),
    ]:
        with pytest.raises(ValueError, match="released or moved"):
            function()

    # also when the checks fail
    gradient = make_gradient(block, (2, 4))
    with pytest.raises(MetatensorError, match="'g'"):
        block.add_gradient("g", gradient)
    assert repr(gradient) == "TensorBlock(<empty>)"
    assert block.gradients_list() == ["g"]


def test_gradients_of_views(make_block, make_tensor):
    block = make_block(np.zeros((3, 4)))
    block.add_gradient("g", make_gradient(block, (2, 4)))
    extra = make_gradient(block, (2, 4))
    with pytest.raises(ValueError, match=r"block\.copy\(\)"):
        block.gradient("g").add_gradient("h", extra)
    # nothing happened to the gradient
    assert extra.shape == (2, 4)

    with pytest.raises(RuntimeError, match=r"block\.copy\(\)"):
        block.add_gradient("h", block.gradient("g"))
    with pytest.raises(ValueError, match="itself"):
        block.add_gradient("h", block)

    tensor = make_tensor([block])
    with pytest.raises(ValueError, match=r"block\.copy\(\)"):
        tensor.block(0).add_gradient("h", extra)
    with pytest.raises(TypeError, match="must be a TensorBlock"):
        extra.add_gradient("h", np.zeros((2, 4)))


def test_gradient_checks(make_block):
    block = make_block(np.zeros((3, 2, 4)))

    def check(message, values, samples=None, components=None, properties=None):
        samples = Labels.range("sample", values.shape[0]) if samples is None else samples
        components = block.components if components is None else components
        properties = block.properties if properties is None else properties
        with pytest.raises(MetatensorError, match=message):
            block.add_gradient("g", TensorBlock(values, samples, components, properties))
        assert block.gradients_list() == []

    values = np.zeros((2, 2, 4))
    check(r"python\.numpy.*python\.torch|python\.torch.*python\.numpy", torch.zeros(2, 2, 4))
    check("f32.*f64|f64.*f32", values.astype(np.float32))
    check("sample", values, samples=Labels.range("other", 2))
    check("7", values, samples=Labels("sample", np.array([[0], [7]])))
    check("-1", values, samples=Labels("sample", np.array([[0], [-1]])))
    check("components", np.zeros((2, 4)), components=[])
    check("component", values, components=[Labels.range("other", 2)])
    check("properties", values, properties=Labels.range("other", 4))
    # additional components have to come first
    check(
        "component",
        np.zeros((2, 2, 5, 4)),
        components=[*block.components, Labels.range("new", 5)],
    )


def test_unsupported_dtype_with_gradients(make_block):
    block = make_block(np.zeros((1, 1), dtype="datetime64[s]"))
    gradient = make_block(np.zeros((1, 1), dtype="datetime64[s]"))
    with pytest.raises(ValueError, match="datetime64"):
        block.add_gradient("g", gradient)


def test_nested_gradients(make_block):
    block = make_block(np.zeros((2, 3)))
    gradient = make_gradient(block, (2, 3, 3))
    gradient.add_gradient("cell", make_gradient(gradient, (1, 2, 3, 3)))
    block.add_gradient("positions", gradient)

    nested = block.gradient("positions").gradient("cell")
    assert nested.shape == (1, 2, 3, 3)
    assert repr(block.gradient("positions")).startswith(
        "TensorBlock gradient for 'positions', with shape (2, 3, 3)"
    )
    assert repr(nested).startswith("TensorBlock gradient for 'positions/cell', with shape (1, 2")
    assert repr(nested.copy()).startswith("TensorBlock with shape (1, 2, 3, 3)")

    for copied in [block.copy(), block.copy(deep=False), block.to(np.float32)]:
        assert copied.gradient("positions").gradients_list() == ["cell"]
        assert not copied.is_view
    shallow = block.copy(deep=False)
    assert shallow.gradient("positions").gradient("cell").values is nested.values
    deep = block.copy()
    assert deep.gradient("positions").gradient("cell").values is not nested.values


# ---------------------------------------------------------------------- copies


def test_copies(make_block, to_array):
    values = to_array(np.arange(6.0).reshape(2, 3))
    block = make_block(values)

    for deep in [block.copy(), copy.deepcopy(block)]:
        assert deep.values is not values
        assert deep.values.tolist() == values.tolist()
        assert deep.samples.values is block.samples.values
        deep.values[:] = -1
    assert values[0, 1] == 1.0

    for shallow in [block.copy(deep=False), copy.copy(block)]:
        assert shallow.values is values
        assert shallow.samples.values is block.samples.values


def test_deep_copy_keeps_autograd(make_block):
    values = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    block = make_block(values)
    copied = block.copy()
    copied.values.sum().backward()
    assert values.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


# ---------------------------------------------------------------------- C interface


def test_release(make_block):
    block = make_block(np.zeros((2, 2)))
    values = block.values
    pointer = block.release()
    assert repr(block) == "TensorBlock(<empty>)"
    taken = TensorBlock.unsafe_from_ptr(pointer)
    assert taken.values is values
    assert not taken.is_view

    view = TensorBlock.unsafe_view_from_ptr(taken.as_mts_block_t(), taken)
    assert view.is_view
    assert view.values is values
    with pytest.raises(RuntimeError, match=r"block\.copy\(\)"):
        view.release()

    for null in [None, type(pointer)()]:
        with pytest.raises(AssertionError):
            TensorBlock.unsafe_from_ptr(null)
        with pytest.raises(AssertionError):
            TensorBlock.unsafe_view_from_ptr(null, taken)
    with pytest.raises(AssertionError):
        TensorBlock.unsafe_view_from_ptr(taken.as_mts_block_t(), None)


def test_class(make_block):
    block = make_block(np.zeros((2, 2)))
    assert str(TensorBlock) == "<class 'metatensor.TensorBlock'>"
    with pytest.raises(TypeError, match="unhashable"):
        hash(block)
    with pytest.raises(TypeError):
        block + block
    with pytest.raises(NotImplementedError):
        block.__reduce__()


def test_equality(make_block):
    block = make_block(np.zeros((2, 2)))
    assert block == block.copy()
    assert not block != block.copy()
    assert block != make_block(np.ones((2, 2)))
