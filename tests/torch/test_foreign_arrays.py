"""Data which was created by the Python classes of `metatensor`, with other kinds of arrays."""

import ctypes

import numpy as np
import pytest
import torch

import metatensor
import metatensor.torch as mts


def python_tensor() -> metatensor.TensorMap:
    keys = metatensor.Labels(["k"], np.array([[0], [1]]))
    blocks = []
    for i in range(2):
        block = metatensor.TensorBlock(
            values=np.full((2, 3), float(i)),
            samples=metatensor.Labels(["s"], np.array([[i], [i + 2]])),
            components=[],
            properties=metatensor.Labels.range("p", 3),
        )
        blocks.append(block)
    return metatensor.TensorMap(keys, blocks)


def address(pointer) -> int:
    return ctypes.cast(pointer, ctypes.c_void_p).value


def test_through_buffers():
    tensor = python_tensor()
    buffer = torch.frombuffer(bytearray(tensor.save_buffer()), dtype=torch.uint8)
    converted = mts.load_buffer(buffer)
    assert repr(converted) == repr(tensor)
    assert converted.block(1).values.tolist() == [[1, 1, 1], [1, 1, 1]]

    back = metatensor.TensorMap.load_buffer(converted.save_buffer().numpy())
    assert metatensor.equal(back, tensor)


def test_pointers():
    tensor = python_tensor()
    expected = repr(tensor)
    converted = mts.TensorMap.unsafe_from_ptr(address(tensor.release()))
    assert repr(converted) == expected
    assert converted.keys.values.tolist() == [[0], [1]]
    assert converted.block(1).samples.values.tolist() == [[1], [3]]
    assert converted.keys.union(mts.Labels.range("k", 3)).values.tolist() == [[0], [1], [2]]
    copy = converted.copy()
    assert torch.equal(copy.save_buffer(), converted.save_buffer())

    for function in (
        lambda: converted.block(0).values,
        lambda: converted.dtype,
        lambda: converted.to(torch.float32),
        lambda: converted.keys_to_samples("k"),
    ):
        with pytest.raises(ValueError, match="torch tensor"):
            function()


def test_labels_memory_is_kept_alive():
    labels = metatensor.Labels(["a"], np.arange(1000, dtype=np.int32).reshape(-1, 1))
    values = mts.Labels.unsafe_from_ptr(address(labels.release())).values
    del labels
    assert torch.equal(values, torch.arange(1000, dtype=torch.int32).reshape(-1, 1))
