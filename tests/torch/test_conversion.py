"""Conversion between the Python and the TorchScript classes: nothing is copied."""

import numpy as np
import pytest
import torch

import metatensor
import metatensor.torch as mts
from metatensor.torch import from_python, to_python


def address(array) -> int:
    """Where the data of an array is."""
    if isinstance(array, torch.Tensor):
        return array.data_ptr()
    return array.__array_interface__["data"][0]


def check_same_memory(data, other) -> None:
    """Two objects have the same metadata and values, in the same memory."""
    assert type(data) is not type(other)
    if hasattr(data, "items"):
        assert data.info() == other.info()
        check_same_memory(data.keys, other.keys)
        for i in range(len(data)):
            check_same_memory(data.block_by_id(i), other.block_by_id(i))
        return
    assert address(data.values) == address(other.values)
    assert tuple(data.values.shape) == tuple(other.values.shape)
    if not hasattr(data, "samples"):
        assert list(data.names) == list(other.names)
        return
    for labels, other_labels in (
        (data.samples, other.samples),
        *zip(data.components, other.components, strict=True),
        (data.properties, other.properties),
    ):
        check_same_memory(labels, other_labels)
    assert data.gradients_list() == other.gradients_list()
    for parameter in data.gradients_list():
        check_same_memory(data.gradient(parameter), other.gradient(parameter))


def python_tensor(values_kind=np.asarray, labels_kind=np.asarray) -> metatensor.TensorMap:
    """Two blocks which share their properties, with gradients and gradients of gradients."""

    def labels(names, rows):
        return metatensor.Labels(names, labels_kind(np.array(rows, dtype=np.int32)))

    properties = labels(["n", "l"], [[0, 1], [5, -1]])
    xyz = labels(["xyz"], [[0], [1], [2]])
    blocks = []
    for i in range(2):
        block = metatensor.TensorBlock(
            values_kind(np.arange(4.0).reshape(2, 2) + i),
            labels(["s"], [[i], [i + 2]]),
            [],
            properties,
        )
        nested = metatensor.TensorBlock(
            values_kind(np.ones((1, 3, 2))), labels(["sample"], [[0]]), [xyz], properties
        )
        gradient = metatensor.TensorBlock(
            values_kind(np.full((1, 3, 2), 7.0)),
            labels(["sample", "atom"], [[1, i]]),
            [xyz],
            properties,
        )
        gradient.add_gradient("nested", nested)
        block.add_gradient("positions", gradient)
        blocks.append(block)
    tensor = metatensor.TensorMap(labels(["k"], [[4], [-1]]), blocks)
    tensor.set_info("unit", "eV")
    return tensor


# others than CPU; `meta` is always there
DEVICES = ["meta", *(["cuda"] if torch.cuda.is_available() else [])]
KINDS = [np.asarray, torch.from_numpy]


@pytest.mark.parametrize("values_kind", KINDS)
@pytest.mark.parametrize("labels_kind", KINDS)
def test_from_python_shares_memory(values_kind, labels_kind):
    tensor = python_tensor(values_kind, labels_kind)
    converted = from_python(tensor)
    check_same_memory(tensor, converted)
    check_same_memory(tensor.block(0), from_python(tensor.block(0)))
    check_same_memory(tensor.keys, from_python(tensor.keys))
    assert repr(converted) == repr(tensor)

    # changes on one side are seen on the other one, which is still usable
    converted.block(1).gradient("positions").values[:] = -3
    assert (tensor.block(1).gradient("positions").values == -3).all()


def test_to_python_shares_memory(tensor):
    converted = to_python(tensor)
    check_same_memory(tensor, converted)
    check_same_memory(tensor.block(0), to_python(tensor.block(0)))
    check_same_memory(tensor.keys, to_python(tensor.keys))
    assert repr(converted) == repr(tensor)
    assert converted.block(0).values is tensor.block(0).values

    arrays = converted.to(arrays="numpy")
    assert isinstance(arrays.block(0).values, np.ndarray)
    assert address(arrays.block(0).values) == address(tensor.block(0).values)
    assert address(arrays.keys.values) == address(tensor.keys.values)


def test_tensors_are_the_same_objects():
    tensor = python_tensor(torch.from_numpy, torch.from_numpy)
    converted = from_python(tensor)
    again = to_python(converted)
    for first, second, third in zip(tensor, converted, again, strict=True):
        assert first.values is second.values is third.values
        assert first.samples.values is second.samples.values is third.samples.values


def test_shared_labels_stay_shared():
    tensor = python_tensor()
    converted = from_python(tensor)
    pointers = {block.properties.as_mts_labels_t() for block in converted}
    pointers |= {block.gradient("positions").properties.as_mts_labels_t() for block in converted}
    assert len(pointers) == 1
    again = to_python(converted)
    addresses = {id(block.properties.values) for block in again}
    assert len(addresses) == 1


def test_labels_are_found_in_both():
    labels = metatensor.Labels(["a", "b"], np.array([[0, 1], [2, 3]]))
    converted = from_python(labels)
    assert converted.position([2, 3]) == 1
    assert to_python(converted).position([2, 3]) == 1
    assert to_python(converted) == labels
    assert converted == mts.Labels(["a", "b"], torch.tensor([[0, 1], [2, 3]]))


def test_memory_is_kept_alive():
    tensor = python_tensor()
    expected = repr(tensor)
    converted = from_python(tensor)
    del tensor
    assert repr(converted) == expected
    assert converted.block(1).values.tolist() == [[1, 2], [3, 4]]
    assert converted.keys.values.tolist() == [[4], [-1]]
    back = to_python(converted)
    del converted
    assert repr(back) == expected
    assert back.block(0).samples.values.tolist() == [[0], [2]]


def test_autograd_is_kept():
    values = torch.rand(2, 3, dtype=torch.float64, requires_grad=True)

    def function(values):
        block = metatensor.block_from_array(values**2)
        tensor = metatensor.TensorMap(metatensor.Labels.range("k", 1), [block])
        merged = from_python(tensor).keys_to_properties("k")
        return to_python(merged).block().values ** 2

    assert torch.autograd.gradcheck(function, [values])
    assert torch.autograd.gradgradcheck(function, [values])


def test_read_only_values_are_copied():
    values = np.zeros((2, 2))
    values.setflags(write=False)
    block = from_python(metatensor.block_from_array(values))
    block.values[:] = 3.0
    assert values.sum() == 0


def test_mapped_files(tmp_path):
    path = tmp_path / "tensor.mts"
    metatensor.save(path, python_tensor(), aligned=True)
    converted = from_python(metatensor.load(path, mmap=True))
    converted.block(0).values[:] = 3.0
    assert metatensor.load(path).block(0).values[0, 0] == 0.0


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.complex64, torch.bool])
def test_dtypes(tensor, dtype):
    converted = tensor.to(dtype)
    python = to_python(converted)
    assert python.dtype == dtype
    assert from_python(python).block(0).values is converted.block(0).values


@pytest.mark.parametrize("device", DEVICES)
def test_other_devices(tensor, device):
    moved = tensor.to(device)
    python = to_python(moved)
    assert python.device.type == python.keys.device.type == device
    again = from_python(python)
    assert again.device.type == again.keys.device.type == device
    assert again.block(0).values is moved.block(0).values
    assert again.keys.values is moved.keys.values


def test_edge_cases():
    without_blocks = mts.TensorMap(mts.Labels.empty(["a", "b"]), [])
    assert len(from_python(to_python(without_blocks))) == 0
    assert from_python(to_python(without_blocks)).keys.names == ["a", "b"]
    without_dimensions = mts.Labels((), torch.zeros((0, 0)))
    assert from_python(to_python(without_dimensions)) == without_dimensions


def test_unsupported_arrays(labels):
    with pytest.raises(TypeError, match="datetime64"):
        # there are no dates in torch
        dates = np.zeros((1, 1), dtype="datetime64[s]")
        single = metatensor.Labels.single()
        from_python(metatensor.TensorBlock(dates, single, [], single))
    labels.release()
    with pytest.raises(RuntimeError, match="released"):
        to_python(labels)


def test_wrong_types(tensor):
    other_library = torch.classes._nnapi.Compilation()
    python = to_python(tensor)
    for value, found in (
        (3, "int"),
        (None, "NoneType"),
        (np.zeros((2, 2)), "ndarray"),
        (tensor, r"metatensor\.torch\.TensorMap"),
        (tensor.keys[0], r"metatensor\.torch\.LabelsEntry"),
        (other_library, "ScriptObject"),
    ):
        with pytest.raises(TypeError, match=f"`data` must be metatensor.Labels.*{found}"):
            from_python(value)
    for value, found in (
        ([tensor], "list"),
        (python, "metatensor.TensorMap"),
        (tensor.keys[0], r"metatensor\.torch\.LabelsEntry"),
        (other_library, "ScriptObject"),
    ):
        with pytest.raises(TypeError, match=f"`data` must be Labels.*{found}"):
            to_python(value)
