"""The `to` methods."""

import numpy as np
import pytest
import torch

from metatensor import Labels, TensorBlock, TensorMap


@pytest.fixture
def labels():
    return Labels(["a", "b"], np.array([[0, 1], [2, 3]], dtype=np.int32))


@pytest.fixture
def block(make_block):
    block = make_block(np.arange(12.0).reshape(2, 3, 2))
    gradient = TensorBlock(
        np.ones((1, 3, 2)), Labels.range("sample", 1), block.components, block.properties
    )
    block.add_gradient("g", gradient)
    return block


@pytest.fixture
def tensor(block):
    tensor = TensorMap(Labels.range("k", 2), [block, block.copy(deep=False)])
    tensor.set_info("name", "value")
    return tensor


def test_labels(labels):
    for same in [
        labels.to(),
        labels.to("cpu"),
        labels.to(device="cpu"),
        labels.to(arrays="numpy"),
        labels.to(torch.device("cpu")),
        labels.to(None),
        labels.to("cpu", arrays="numpy", non_blocking=True),
    ]:
        assert same is labels

    converted = labels.to(arrays="torch")
    assert converted.names == labels.names
    assert isinstance(converted.values, torch.Tensor)
    assert converted.values.dtype == torch.int32
    assert converted.device == torch.device("cpu")
    # not the same memory, which is read-only
    converted.values[0, 0] = 12
    assert labels.values[0, 0] == 0

    back = Labels("x", torch.tensor([[1], [2]])).to(arrays="numpy")
    assert isinstance(back.values, np.ndarray)
    assert not back.values.flags.writeable

    meta = labels.to("meta", arrays="torch")
    assert meta.device == torch.device("meta")


def test_labels_errors(labels):
    for dtype in [np.int32, np.float64, "int32", torch.int32]:
        with pytest.raises(ValueError):
            labels.to(dtype=dtype)
    for dtype in [np.int32, float, np.dtype("f4"), torch.float32]:
        with pytest.raises(ValueError, match="dtype"):
            labels.to(dtype)
    with pytest.raises(ValueError, match=r"'nothing'.*'numpy'"):
        labels.to(arrays="nothing")
    with pytest.raises(ValueError, match="'cuda'"):
        labels.to("cuda")


@pytest.mark.parametrize("dtype", [np.float32, "float32", np.dtype("float32")])
def test_block_dtype(block, dtype):
    new = block.to(dtype=dtype)
    assert new.dtype == new.gradient("g").dtype == np.float32
    assert new.samples.values is block.samples.values
    assert block.dtype == np.float64


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (float, "float64"),
        (int, "int64"),
        (complex, "complex128"),
        (np.int8, "int8"),
        (np.dtype("u2"), "uint16"),
        (None, "float64"),
    ],
)
def test_positional_dtype(block, dtype, expected):
    assert block.to(dtype).dtype == np.dtype(expected)
    assert block.to("cpu", dtype).dtype == np.dtype(expected)
    assert block.to(dtype, "cpu").dtype == np.dtype(expected)


def test_block_identity(block):
    new = block.to("cpu", np.float64, arrays="numpy")
    assert new is not block
    assert new.values is block.values
    assert new.gradient("g").values is block.gradient("g").values
    assert new.gradients_list() == ["g"]
    assert not new.is_view
    assert not block.gradient("g").to("cpu").is_view


def test_block_to_torch(block):
    new = block.to(arrays="torch")
    assert isinstance(new.values, torch.Tensor)
    # same memory
    new.values[0, 0, 0] = 42.0
    assert block.values[0, 0, 0] == 42.0
    for labels in [new.samples, *new.components, new.properties, new.gradient("g").samples]:
        assert isinstance(labels.values, torch.Tensor)
    assert isinstance(new.gradient("g").values, torch.Tensor)

    # types belong to the new arrays
    assert block.to(torch.float32, arrays="torch").dtype == torch.float32
    assert block.to(torch.float32, "cpu", arrays="torch").gradient("g").dtype == torch.float32
    with pytest.raises(TypeError):
        block.to(torch.float32)

    back = new.to(arrays="numpy")
    assert isinstance(back.values, np.ndarray)
    assert back.values.ctypes.data == block.values.ctypes.data
    assert back == block


def test_special_arrays_to_torch(make_block):
    readonly = np.arange(4.0).reshape(2, 2)
    readonly.flags.writeable = False
    converted = make_block(readonly).to(arrays="torch")
    converted.values[0, 0] = 3.0
    assert readonly[0, 0] == 0.0

    reverse = np.arange(4.0).reshape(2, 2)[::-1]
    assert make_block(reverse).to(arrays="torch").values.tolist() == [[2, 3], [0, 1]]

    tensor = make_block(torch.zeros(2, 2, requires_grad=True))
    with pytest.raises(RuntimeError, match="grad"):
        tensor.to(arrays="numpy")


def test_device(block):
    with pytest.raises(ValueError, match="'cuda'"):
        block.to("cuda")
    # strings are always devices
    with pytest.raises(ValueError, match="'float32'"):
        block.to("float32")
    meta = block.to("meta", arrays="torch")
    assert meta.device == meta.samples.device == torch.device("meta")
    assert meta.gradient("g").samples.device == torch.device("meta")


@pytest.mark.parametrize("function", ["labels", "block", "tensor"])
def test_arguments(request, function):
    to = request.getfixturevalue(function).to
    for wrong in [np.zeros(3), [1, 2], 3, True, bool, {}, object()]:
        with pytest.raises(TypeError, match=r"\.to`.*" + type(wrong).__name__):
            to(wrong)
    with pytest.raises(ValueError, match=r"device twice to `\w+\.to`"):
        to("cpu", "cpu")
    with pytest.raises(ValueError, match="device twice"):
        to("cpu", device=torch.device("cpu"))
    with pytest.raises(ValueError, match="dtype twice"):
        to(np.float32, float)
    with pytest.raises(ValueError, match="dtype twice"):
        to(torch.float32, dtype=np.float32)
    with pytest.raises(ValueError, match="'xyz'"):
        to(arrays="xyz")


def test_tensor(tensor):
    new = tensor.to(torch.float32, arrays="torch")
    assert new.dtype == torch.float32
    assert isinstance(new.keys.values, torch.Tensor)
    assert new.info() == {"name": "value"}
    assert len(new) == 2
    # what was shared still is
    assert new[0].samples.values is new[1].samples.values

    same = tensor.to("cpu")
    assert same.keys.values is tensor.keys.values
    assert same[1].values is tensor[1].values
    assert tensor.to(np.float32).info() == {"name": "value"}


def test_autograd(make_block):
    values = torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    make_block(values).to(torch.float32).values.sum().backward()
    assert values.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]
