"""Which types of numbers can be used where."""

import io

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap

pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")

FILES = [
    *(torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64),
    *(torch.float16, torch.float32, torch.float64, torch.complex64, torch.complex128),
]
MAPS = [*FILES, torch.bfloat16, torch.complex32]
ONLY_SAVED = [torch.uint16, torch.uint32, torch.uint64]
BLOCKS = [*MAPS, *ONLY_SAVED, torch.float8_e4m3fn, torch.float8_e5m2]


def one_block(dtype: torch.dtype) -> TensorBlock:
    values = torch.tensor([[0.0, 1.0]]).to(dtype)
    return TensorBlock(values, Labels.single(), [], Labels.range("p", 2))


@pytest.mark.parametrize("dtype", BLOCKS, ids=str)
def test_blocks(dtype):
    block = one_block(dtype)
    assert block.values.dtype == dtype
    assert block.copy().values.dtype == dtype
    assert one_block(torch.float64).to(dtype).values.dtype == dtype
    assert block.to(torch.complex128).values.tolist() == [[0.0, 1.0]]
    assert str(block).startswith("TensorBlock with shape (1, 2)")
    assert mts.dtype_name(block.dtype)


@pytest.mark.parametrize("dtype", BLOCKS, ids=str)
def test_maps_and_gradients(dtype):
    keys = Labels.range("k", 1)
    block = one_block(dtype)
    gradient = TensorBlock(
        block.values.clone(), Labels.range("sample", 1), [], Labels.range("p", 2)
    )
    if dtype not in MAPS:
        with pytest.raises(RuntimeError):
            TensorMap(keys, [block])
        with pytest.raises(RuntimeError):
            one_block(dtype).add_gradient("g", gradient)
        return

    block.add_gradient("g", gradient)
    tensor = TensorMap(keys, [block])
    for merged in (tensor.keys_to_samples("k"), tensor.keys_to_properties("k"), tensor.copy()):
        assert merged.block().values.dtype == dtype
        assert merged.block().gradient("g").values.to(torch.complex128).tolist() == [[0, 1]]


@pytest.mark.parametrize("dtype", BLOCKS, ids=str)
def test_files(dtype):
    block = one_block(dtype)
    if dtype not in (*FILES, *ONLY_SAVED):
        with pytest.raises(RuntimeError):
            block.save_buffer()
        return

    buffer = block.save_buffer()
    if dtype in ONLY_SAVED:
        with pytest.raises(RuntimeError):
            mts.load_block_buffer(buffer)
        return

    loaded = mts.load_block_buffer(buffer)
    assert torch.equal(loaded.values, block.values)
    assert loaded.values.dtype == dtype


@pytest.mark.parametrize(
    ("dtype", "code"),
    [
        (torch.uint8, 0),
        (torch.int8, 1),
        (torch.int16, 2),
        (torch.int32, 3),
        (torch.int64, 4),
        (torch.float16, 5),
        (torch.float32, 6),
        (torch.float64, 7),
        (torch.complex32, 8),
        (torch.complex64, 9),
        (torch.complex128, 10),
        (torch.bool, 11),
        (torch.bfloat16, 15),
    ],
)
def test_codes(dtype, code):
    """dtypes are integers outside of TorchScript, never equal to the ones of torch."""
    block = one_block(dtype)
    tensor = TensorMap(Labels.range("k", 1), [block.copy()])
    assert type(block.dtype) is int
    assert block.dtype == tensor.dtype == code
    assert block.dtype != dtype


def test_default_dtype_of_empty_maps():
    empty = TensorMap(Labels.empty("k"), [])
    assert empty.dtype == 6
    previous = torch.get_default_dtype()
    try:
        torch.set_default_dtype(torch.float64)
        assert empty.dtype == 7
    finally:
        torch.set_default_dtype(previous)


def test_what_is_dropped_when_saving():
    block = one_block(torch.float64)
    block.values.requires_grad_(True)
    file = io.BytesIO()
    mts.save(file, block)
    file.seek(0)
    for loaded in (
        mts.load_block(file),
        mts.load_block_buffer(block.save_buffer()),
        mts.io.load_block(io.BytesIO(file.getvalue())),
    ):
        assert not loaded.values.requires_grad
        assert loaded.device == torch.device("cpu")
    # not when copying in memory
    assert block.copy().values.requires_grad
    assert block.copy(deep=False).values.requires_grad
    assert block.to(torch.float32).values.requires_grad


def test_hooks_are_kept():
    values = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    seen = []
    values.register_hook(lambda gradient: seen.append(gradient.tolist()))
    block = TensorBlock(values, Labels.single(), [], Labels.range("p", 2))
    block.to(torch.float32).values.sum().backward()
    assert seen == [[[1.0, 1.0]]]


def test_merged_values_are_new():
    """Even if there is nothing to merge: changes of one map are not seen in the other one."""
    tensor = TensorMap(Labels.range("k", 1), [one_block(torch.float64)])
    for merged in (tensor.keys_to_samples("k"), tensor.keys_to_properties("k")):
        merged.block().values[:] = 7
    with_component = TensorMap(
        Labels.range("k", 1),
        [
            TensorBlock(
                torch.zeros(1, 1, 1), Labels.single(), [Labels.range("c", 1)], Labels.single()
            )
        ],
    )
    with_component.components_to_properties("c").block().values[:] = 7
    assert tensor.block().values.tolist() == [[0.0, 1.0]]
    assert with_component.block().values.item() == 0.0


def test_order_of_info():
    tensor = TensorMap(Labels.range("k", 1), [one_block(torch.float64)])
    for name in ("z", "b", "c", "a"):
        tensor.set_info(name, name)
    for same in (tensor, tensor.copy(), tensor.copy(deep=False), tensor.to("cpu")):
        assert list(same.info()) == ["z", "b", "c", "a"]
    for other in (
        tensor.keys_to_samples("k"),
        tensor.keys_to_properties("k"),
        mts.load_buffer(tensor.save_buffer()),
    ):
        assert list(other.info()) == ["a", "b", "c", "z"]
