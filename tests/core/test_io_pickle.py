"""Pickling and copying through pickle."""

import pickle

import numpy as np
import pytest
import torch

import metatensor
from metatensor import Labels, TensorBlock, TensorMap

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


def make_block(values):
    block = TensorBlock(values, Labels.range("s", 2), [], Labels.range("p", 3))
    gradient = TensorBlock(values[:1], Labels.range("sample", 1), [], Labels.range("p", 3))
    gradient.add_gradient(
        "other", TensorBlock(values[:1], Labels.range("sample", 1), [], Labels.range("p", 3))
    )
    block.add_gradient("g", gradient)
    return block


@pytest.fixture(params=["labels", "block", "tensor", "torch"])
def data(request):
    if request.param == "labels":
        return Labels(["a", "b"], np.array([[0, 1], [-2, 3]]))
    if request.param == "block":
        return make_block(np.arange(6.0).reshape(2, 3))
    if request.param == "tensor":
        tensor = TensorMap(Labels.single(), [make_block(np.arange(6.0).reshape(2, 3))])
        tensor.set_info("name", "value")
        return tensor
    return make_block(torch.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pickle(data, protocol):
    loaded = pickle.loads(pickle.dumps(data, protocol))
    assert type(loaded) is type(data)
    assert bytes(loaded.save_buffer()) == bytes(data.save_buffer())
    if isinstance(loaded, TensorBlock):
        assert type(loaded.values) is np.ndarray
        assert type(loaded.gradient("g").gradient("other").values) is np.ndarray
    if isinstance(loaded, TensorMap):
        assert loaded.info() == {"name": "value"}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_reduce(data, protocol):
    function, arguments = data.__reduce_ex__(protocol)
    assert function == type(data)._from_pickle
    (content,) = arguments
    assert type(content) is (pickle.PickleBuffer if protocol >= 5 else bytes)
    assert bytes(content) == bytes(data.save_buffer())

    for converted in [bytes(content), bytearray(content), memoryview(content)]:
        loaded = type(data)._from_pickle(converted)
        assert bytes(loaded.save_buffer()) == bytes(data.save_buffer())


def test_out_of_band():
    """Large data can be sent without copies"""
    tensor = TensorMap(Labels.single(), [make_block(np.arange(6.0).reshape(2, 3))])
    buffers = []
    pickled = pickle.dumps(tensor, protocol=5, buffer_callback=buffers.append)
    assert len(pickled) < 200
    assert len(buffers) == 1
    loaded = pickle.loads(pickled, buffers=buffers)
    assert metatensor.equal(loaded, tensor)


def test_requires_grad():
    block = make_block(torch.zeros(2, 3, requires_grad=True))
    with pytest.raises((BufferError, RuntimeError)):
        pickle.dumps(block)
