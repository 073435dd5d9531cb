"""``to()`` of blocks and tensor maps, and the meta device."""

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap

META = torch.device("meta")


@pytest.fixture(params=["block", "tensor"])
def data(request):
    return request.getfixturevalue(request.param)


def values(data):
    return data.values if data._type().name() == "TensorBlock" else data.block(1).values


@pytest.mark.parametrize(
    "args, kwargs, dtype, device",
    [
        ((), {}, torch.float64, "cpu"),
        ((torch.float32,), {}, torch.float32, "cpu"),
        (("meta",), {}, torch.float64, "meta"),
        ((META,), {}, torch.float64, "meta"),
        ((torch.float32, META), {}, torch.float32, "meta"),
        (("meta", torch.float32), {}, torch.float32, "meta"),
        ((torch.float32,), {"device": META}, torch.float32, "meta"),
        ((torch.float32,), {"device": "meta"}, torch.float32, "meta"),
        ((META,), {"dtype": torch.float32}, torch.float32, "meta"),
        ((), {"dtype": torch.float32, "device": META}, torch.float32, "meta"),
        ((None, torch.float32), {}, torch.float32, "cpu"),
        ((), {"arrays": "torch", "non_blocking": True}, torch.float64, "cpu"),
        ((6,), {}, torch.float32, "cpu"),
    ],
)
def test_arguments(data, args, kwargs, dtype, device):
    moved = data.to(*args, **kwargs)
    assert moved is not data
    assert values(moved).dtype == dtype
    assert values(moved).device.type == device
    assert moved.device.type == device


def test_argument_errors(data):
    name = f"{data._type().name()}.to"
    with pytest.raises(ValueError, match=f"dtype.*{name}"):
        data.to(torch.float32, torch.float64)
    with pytest.raises(ValueError, match=f"dtype.*{name}"):
        data.to(torch.float32, dtype=torch.float32)
    with pytest.raises(ValueError, match=f"device.*{name}"):
        data.to("cpu", META)
    with pytest.raises(ValueError, match=f"device.*{name}"):
        data.to("cpu", device="cpu")
    with pytest.raises(ValueError, match="numpy"):
        data.to(arrays="numpy")
    with pytest.raises(TypeError, match=f"{name}.*float"):
        data.to(1.0)
    with pytest.raises(TypeError, match=f"{name}.*bool"):
        data.to(True)
    with pytest.raises(RuntimeError):
        data.to("not a device")
    with pytest.raises(RuntimeError):
        data.to("cpu", torch.float32, "torch")


@pytest.mark.parametrize("code", [-1, 99, 255, 262, 10**6, 2**40])
def test_integers_which_are_no_dtype(data, code):
    with pytest.raises(ValueError, match=f"{code} is not a dtype"):
        data.to(code)
    if -128 <= code < 256:  # torch keeps 8 bits of an argument which is declared as a dtype
        with pytest.raises(ValueError, match="is not a dtype"):
            data.to(dtype=code)


def test_everything_moves(tensor):
    moved = tensor.to(torch.float32, META)
    assert moved.keys.device == META
    assert moved.info() == {"unit": "eV"}
    for block in moved:
        while block is not None:
            assert block.device == META
            assert block.values.dtype == torch.float32
            for labels in (block.samples, *block.components, block.properties):
                assert labels.device == META
                assert labels.values.dtype == torch.int32
            parameters = block.gradients_list()
            block = block.gradient(parameters[0]) if parameters else None


def test_unchanged_tensors_are_shared(tensor):
    same = tensor.to()
    assert same.block(0).values is tensor.block(0).values
    assert same.keys.values is tensor.keys.values
    gradient = tensor.block(0).gradient("g")
    assert same.block(0).gradient("g").values is gradient.values


def scripted_to(tensor: TensorMap, block: TensorBlock, labels: Labels) -> TensorMap:
    device = torch.device("meta")
    assert tensor.to(torch.float32).dtype == torch.float32
    assert tensor.to("meta", torch.float32).device == device
    assert tensor.to(dtype=torch.float32, device=device).dtype == torch.float32
    assert block.to(device, dtype=torch.float32).device == device
    assert labels.to(device).device == device
    return tensor.to(tensor.device, torch.float16, non_blocking=True)


def test_torchscript(tensor, block, labels):
    moved = torch.jit.script(scripted_to)(tensor, block, labels)
    assert moved.block(0).values.dtype == torch.float16


def test_meta_labels(labels):
    meta = labels.to("meta")
    assert (len(meta), meta.names, meta.values.shape) == (3, ["a", "b"], (3, 2))
    assert meta[1].values.device == META
    assert meta.column("a").shape == (3,)
    column = torch.zeros(3, dtype=torch.int32, device="meta")
    assert meta.append("c", column).names == ["a", "b", "c"]
    assert meta.insert(0, "c", column).device == META
    assert meta.permute([1, 0]).names == ["b", "a"]
    assert meta.remove("a").names == ["b"]
    assert meta.rename("a", "c").names == ["c", "b"]
    assert len(Labels(["a"], torch.zeros(5, 1, dtype=torch.int64, device="meta"))) == 5

    for function in (
        lambda: meta == labels.to("meta"),
        lambda: meta.position([0, 1]),
        lambda: meta.select(meta.rename("a", "c")),
        lambda: meta.union(labels.to("meta")),
        lambda: meta.save_buffer(),
        lambda: str(meta),
        lambda: str(meta[0]),
        lambda: meta.to("cpu"),
    ):
        with pytest.raises(RuntimeError):
            function()


def test_meta_maps(tensor):
    meta = tensor.to("meta")
    assert (len(meta), meta.sample_names) == (3, ["s"])
    assert meta.block_by_id(1).shape == [3, 3, 2]
    assert len(meta.blocks()) == len(meta.items()) == 3
    assert meta.copy().block(0).gradient("g").device == META
    assert meta.to(torch.float16).block(0).values.dtype == torch.float16
    assert "shape (2, 3, 2)" in str(meta.block(0))
    block = meta.block(0).copy()
    block.add_gradient("other", block.gradient("g"))

    for function in (
        lambda: meta.block({"a": 1}),
        lambda: meta.keys_to_samples("a"),
        lambda: meta.keys_to_properties("a"),
        lambda: meta.components_to_properties("xyz"),
        lambda: meta.save_buffer(),
        lambda: meta.to("cpu"),
    ):
        with pytest.raises(RuntimeError):
            function()
    with pytest.raises(NotImplementedError):
        str(meta)


def test_fake_tensors():
    with torch._subclasses.FakeTensorMode():
        labels = Labels.range("s", 3)
        properties = Labels(["p"], torch.arange(3).reshape(3, 1))
        block = TensorBlock(torch.zeros(3, 3), labels, [], properties)
        tensor = TensorMap(Labels.single(), [block])
        assert tensor.block(0).shape == [3, 3]
        with pytest.raises(RuntimeError):
            labels.union(Labels.range("s", 2))
