"""Types of elements, for all libraries."""

import re
import sys

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import torch

from metatensor import Labels, MetatensorError, TensorBlock, TensorMap

NAMES = [
    "bool",
    *("int8", "int16", "int32", "int64"),
    *("uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "bfloat16"),
    *("complex64", "complex128"),
]


def tensor_of(library, values):
    """Tensor map with two blocks: one with these values, and one with less samples"""

    def labels(name, entries):
        return Labels(name, library.make(np.array([[i] for i in entries], dtype=np.int32)))

    blocks = [
        TensorBlock(library.make(part), labels("s", range(len(part))), [], labels("p", range(2)))
        for part in [values, values[:1]]
    ]
    return TensorMap(labels("k", range(2)), blocks)


@pytest.fixture(params=NAMES)
def dtype(request, library):
    """All types that a library has, as a NumPy type"""
    name = request.param
    if library.name in ("torch", "dlpack") and name == "bfloat16":
        # these are made from NumPy arrays, that torch does not import, or DLPack does not export
        name = "float16"
    if library.name == "array_api_strict" and name in ("float16", "bfloat16"):
        name = "float32"
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def test_moving_data(library, dtype):
    values = np.array([[0, 1], [1, 1]]).astype(dtype)
    if dtype.kind == "c":
        values = values * (1 - 2j)
    tensor = tensor_of(library, values)
    assert dtype.name in str(tensor.dtype)

    expected = np.zeros((2, 4), dtype=values.dtype)
    expected[:, :2], expected[:1, 2:] = values, values[:1]
    merged = tensor.keys_to_properties("k").to(arrays="numpy")[0].values
    assert merged.dtype == values.dtype
    np.testing.assert_array_equal(merged, expected)

    copied = tensor.copy().to(arrays="numpy")[0].values
    assert copied.dtype == values.dtype
    np.testing.assert_array_equal(copied, values)


def test_fill_value(library, dtype):
    values = np.array([[0, 1], [1, 1]]).astype(dtype)
    merged = tensor_of(library, values).keys_to_properties("k", fill_value=1)
    result = merged.to(arrays="numpy")[0].values
    assert result[1, 2:].tolist() == [1, 1]


# ---------------------------------------------------------------------- bfloat16


VALUES = [[1.5, -2.0], [3.0, 0.25]]
BFLOAT16_ARRAYS = {
    "numpy": lambda: np.array(VALUES, dtype=ml_dtypes.bfloat16),
    "numpy, other strides": lambda: np.array(VALUES, dtype=ml_dtypes.bfloat16)[::-1, ::-1],
    "torch": lambda: torch.tensor(VALUES, dtype=torch.bfloat16),
    "jax": lambda: jnp.array(VALUES, dtype=jnp.bfloat16),
}


@pytest.fixture(params=BFLOAT16_ARRAYS.values(), ids=BFLOAT16_ARRAYS.keys())
def array(request):
    """Arrays of bfloat16"""
    return request.param()


@pytest.fixture
def bfloat16_tensor(array, make_block, make_tensor):
    return make_tensor([make_block(array), make_block(array)])


def test_bfloat16(array, bfloat16_tensor):
    rows = array.tolist()
    merged = bfloat16_tensor.keys_to_samples("key", fill_value=0.5)[0].values
    assert type(merged) is type(array)
    assert merged.dtype == array.dtype
    assert merged.tolist() == [rows[0], rows[0], rows[1], rows[1]]
    assert bfloat16_tensor.copy()[0].values.tolist() == rows


@pytest.mark.parametrize("arrays", ["numpy", "torch", "jax"])
def test_bfloat16_to_other_libraries(array, bfloat16_tensor, arrays):
    converted = bfloat16_tensor.to(arrays=arrays)[0].values
    assert "bfloat16" in str(converted.dtype)
    assert converted.tolist() == array.tolist()


def test_bfloat16_files(bfloat16_tensor):
    with pytest.raises(MetatensorError, match="bf16 can not be stored"):
        bfloat16_tensor.save_buffer()


def test_bfloat16_without_type_in_numpy(monkeypatch, make_block):
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    block = make_block(torch.zeros((2, 2), dtype=torch.bfloat16))
    with pytest.raises(BufferError, match="ml_dtypes"):
        block.to(arrays="numpy")


@pytest.mark.parametrize(
    "array",
    [
        jnp.zeros((2, 2), dtype=jnp.int4),
        jnp.zeros((2, 2), dtype=jnp.float8_e5m2),
        torch.zeros((2, 2)).to(torch.float8_e5m2),
        np.zeros((2, 2), dtype="datetime64[s]"),
        np.zeros((2, 2), dtype=object),
    ],
    ids=lambda array: str(array.dtype),
)
def test_types_that_can_not_be_used(array, make_block, make_tensor):
    block = make_block(array)
    with pytest.raises(ValueError, match=f"unsupported dtype '{re.escape(str(array.dtype))}'"):
        make_tensor([block])
