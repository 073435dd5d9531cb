import copy
import io
import pickle
import subprocess
import sys
import textwrap
import zipfile
from typing import Dict, List, Optional

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap

LOADERS = {
    "Labels": (mts.load_labels, mts.load_labels_buffer, Labels),
    "TensorBlock": (mts.load_block, mts.load_block_buffer, TensorBlock),
    "TensorMap": (mts.load, mts.load_buffer, TensorMap),
}


@pytest.fixture(params=["labels", "block", "tensor"])
def data(request):
    return request.getfixturevalue(request.param)


def loaders(data):
    return LOADERS[data._type().name()]


def same_content(data, other) -> bool:
    assert data._type() == other._type()
    return torch.equal(data.save_buffer(), other.save_buffer())


def test_files(data, tmp_path):
    load, _, cls = loaders(data)
    path = tmp_path / "file.mts"
    for saved in (str(path), path):
        mts.save(saved, data)
        assert same_content(load(saved), data)
        assert same_content(cls.load(str(path)), data)
    data.save(str(tmp_path / "other"))
    assert (tmp_path / "other").read_bytes() == path.read_bytes()

    file = io.BytesIO()
    mts.save(file=file, data=data)
    assert file.getvalue() == path.read_bytes()
    file.seek(0)
    assert same_content(load(file=file), data)
    with open(path, "rb") as opened:
        assert same_content(load(opened), data)


def test_relative_paths(labels, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mts.save("no-extension", labels)
    assert (tmp_path / "no-extension").is_file()
    assert mts.load_labels("no-extension") == labels


def test_buffers(data):
    _, load_buffer, cls = loaders(data)
    buffer = mts.save_buffer(data)
    assert buffer.dtype == torch.uint8
    assert buffer.dim() == 1
    assert torch.equal(buffer, data.save_buffer())
    assert same_content(load_buffer(buffer=buffer), data)
    assert same_content(cls.load_buffer(buffer), data)


def test_saved_content_does_not_depend_on_memory(tensor):
    other = TensorMap(
        tensor.keys,
        [
            TensorBlock(
                b.values.permute(2, 0, 1).contiguous().permute(1, 2, 0).requires_grad_(True),
                b.samples,
                b.components,
                b.properties,
            )
            for b in tensor
        ],
    )
    without_gradients = TensorMap(
        tensor.keys,
        [TensorBlock(b.values, b.samples, b.components, b.properties) for b in tensor],
    )
    assert same_content(other, without_gradients)
    assert not mts.load_buffer(other.save_buffer()).block(0).values.requires_grad


def test_buffer_errors(data):
    _, load_buffer, _ = loaders(data)
    buffer = data.save_buffer()
    with pytest.raises(ValueError, match="dtype"):
        load_buffer(buffer.to(torch.int32))
    with pytest.raises(ValueError, match="meta"):
        load_buffer(buffer.to("meta"))
    with pytest.raises(ValueError, match="1-dimensional"):
        load_buffer(buffer.reshape(1, -1))
    with pytest.raises(ValueError, match="contiguous"):
        load_buffer(buffer[::2])
    with pytest.raises(RuntimeError):
        load_buffer(buffer[:-10])
    with pytest.raises(RuntimeError):
        load_buffer(torch.empty(0, dtype=torch.uint8))


def test_loading_errors(data, block, labels, tmp_path):
    load, _, _ = loaders(data)
    with pytest.raises(RuntimeError):
        load(str(tmp_path / "missing"))
    with pytest.raises(RuntimeError):
        load(io.BytesIO(b""))
    with pytest.raises(RuntimeError):
        load(io.BytesIO(b"something else"))
    with pytest.raises(AssertionError):
        load(io.StringIO("text"))
    other = block if data._type().name() == "Labels" else labels
    with pytest.raises(RuntimeError):
        load(io.BytesIO(other.save_buffer().numpy().tobytes()))


def test_errors_with_names_that_are_no_text(block):
    buffer = bytearray(block.save_buffer().numpy().tobytes())
    entry = buffer.index(b"PK\x01\x02")  # first one of the central directory
    buffer[entry + 42 : entry + 46] = b"\xff\xff\xff\x7f"  # position of the member
    buffer[entry + 46 : entry + 48] = b"\xff\x00"  # its name
    with pytest.raises(RuntimeError, match=r"position of the member '\?\?.*' is wrong"):
        mts.load_block_buffer(torch.frombuffer(buffer, dtype=torch.uint8))


@given(data=st.data())
def test_corrupted_buffers(data):
    labels = Labels.range("a", 3)
    block = TensorBlock(torch.ones(3, 1), labels, [], Labels.range("p", 1))
    block.add_gradient(
        "g", TensorBlock(torch.ones(0, 1), Labels.empty(["sample"]), [], block.properties)
    )
    tensor = TensorMap(Labels.single(), [block.copy()])
    original = data.draw(st.sampled_from([labels, block, tensor]))
    content = bytearray(original.save_buffer().numpy().tobytes())
    position = data.draw(st.integers(0, len(content) - 1))
    wrong = data.draw(st.binary(min_size=1, max_size=8) | st.just(b"\xff" * 8))
    content[position : position + len(wrong)] = wrong
    _, load_buffer, _ = loaders(original)
    try:
        loaded = load_buffer(torch.frombuffer(content, dtype=torch.uint8))
    except RuntimeError:
        return
    # what was changed is not looked at, or is a value or a name
    assert loaded._type() == original._type()


def test_null_characters(labels, tensor):
    for names in ("a\0b", ["a", "b\0"], ("\0",)):
        with pytest.raises(ValueError, match="null character"):
            Labels(names, torch.zeros((0, 1), dtype=torch.int32))
    with pytest.raises(ValueError, match="`key` contains a null character after 'a'"):
        tensor.set_info("a\0b", "value")
    with pytest.raises(ValueError, match="`value` contains"):
        tensor.set_info("key", "\0")
    assert tensor.info() == {"unit": "eV"}


def test_saving_errors(labels, tmp_path):
    for function in (lambda data: mts.save(str(tmp_path / "f"), data), mts.save_buffer):
        for data in (3, torch.zeros(3), labels[0]):
            with pytest.raises(TypeError):
                function(data)
    with pytest.raises(RuntimeError):
        mts.save(str(tmp_path / "missing" / "file"), labels)


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.complex32])
def test_dtypes_without_file_format(tensor, dtype):
    with pytest.raises(RuntimeError):
        tensor.to(dtype).save_buffer()


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.float16, torch.complex128])
def test_dtypes(tensor, dtype):
    loaded = mts.load_buffer(tensor.to(dtype).save_buffer())
    assert loaded.block(1).values.dtype == dtype


def test_state(data):
    state, name = data.__getstate__()
    assert torch.equal(state, data.save_buffer())
    assert name == data._type().qualified_name()


def test_copies_and_pickle(data):
    copies = [copy.copy(data), copy.deepcopy(data), pickle.loads(pickle.dumps(data))]
    buffer = io.BytesIO()
    torch.save({"key": data}, buffer)
    buffer.seek(0)
    copies.append(torch.load(buffer, weights_only=False)["key"])
    for copied in copies:
        assert same_content(copied, data)


def test_entries_have_no_state(labels):
    for function in (copy.deepcopy, pickle.dumps):
        with pytest.raises(RuntimeError):
            function(labels[0])


class Model(torch.nn.Module):
    """Takes and returns metatensor objects, and holds some."""

    def __init__(self, labels: Labels) -> None:
        super().__init__()
        self.labels = labels
        self.names = ["positive", "negative"]

    def forward(
        self, tensors: Dict[str, TensorMap], selected: Optional[Labels] = None
    ) -> Dict[str, TensorMap]:
        result: Dict[str, TensorMap] = {}
        for name, tensor in tensors.items():
            if selected is None:
                selected = self.labels
            result[name + "-" + str(len(selected))] = self.negative(tensor)
        return result

    def negative(self, tensor: TensorMap) -> TensorMap:
        blocks: List[TensorBlock] = []
        for block in tensor.blocks():
            new_block = TensorBlock(
                values=-block.values,
                samples=block.samples,
                components=block.components,
                properties=block.properties,
            )
            for parameter in block.gradients_list():
                gradient = block.gradient(parameter)
                new_block.add_gradient(
                    parameter=parameter,
                    gradient=TensorBlock(
                        values=-gradient.values,
                        samples=gradient.samples,
                        components=gradient.components,
                        properties=gradient.properties,
                    ),
                )
            blocks.append(new_block)
        return TensorMap(tensor.keys, blocks)


def test_scripted_model_in_another_process(tensor, labels, tmp_path):
    model = torch.jit.script(Model(labels))
    outputs = model({"energy": tensor})
    assert list(outputs.keys()) == ["energy-3"]
    model.save(str(tmp_path / "model.pt"))
    mts.save(str(tmp_path / "input.mts"), tensor)

    script = """
        import warnings
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        import torch
        import metatensor.torch as mts

        model = torch.jit.load("model.pt")
        outputs = model({"energy": mts.load("input.mts")})
        mts.save("output.mts", outputs["energy-3"])
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, check=True)
    output = mts.load(str(tmp_path / "output.mts"))
    assert same_content(output, outputs["energy-3"])
    assert torch.equal(output.block(1).gradient("g").values, -tensor.block(1).gradient("g").values)


def save_and_load(path: str, tensor: TensorMap, block: TensorBlock, labels: Labels) -> TensorMap:
    mts.save(path, labels)
    assert mts.load_labels(path) == labels
    mts.save(path, block)
    assert mts.load_block(path).shape == block.shape
    assert mts.load_block_buffer(mts.save_buffer(block)).shape == block.shape
    assert mts.load_labels_buffer(mts.save_buffer(labels)) == labels
    mts.save(path, tensor)
    return mts.load(path)


def test_io_in_torchscript(tensor, block, labels, tmp_path):
    script = torch.jit.script(save_and_load)
    assert same_content(script(str(tmp_path / "file"), tensor, block, labels), tensor)
    assert "ops.metatensor.save(" in torch.jit.script(mts.save).code

    buffer = io.BytesIO()
    torch.jit.save(script, buffer)
    buffer.seek(0)
    loaded = torch.jit.load(buffer)
    assert same_content(loaded(str(tmp_path / "file"), tensor, block, labels), tensor)


def test_names_of_functions_in_archives():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(save_and_load), buffer)
    with zipfile.ZipFile(buffer) as archive:
        sources = [name.partition("/")[2] for name in archive.namelist()]
    assert "code/__torch__/metatensor_torch/io.py" in sources
    assert not any(name.startswith("code/__torch__/metatensor/") for name in sources)
    assert pickle.loads(pickle.dumps(mts.load)) is mts.load


def test_archives_hold_the_classes(tensor):
    class Holder(torch.nn.Module):
        def __init__(self, tensor: TensorMap):
            super().__init__()
            self.tensor = tensor
            self.blocks = [tensor.block(0)]

        def forward(self) -> TensorMap:
            return self.tensor

    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Holder(tensor)), buffer)
    buffer.seek(0)
    loaded = torch.jit.load(buffer)
    assert same_content(loaded.tensor, tensor)
    assert same_content(loaded(), tensor)
    assert not loaded.blocks[0].is_view


class Maps(torch.utils.data.Dataset):
    def __init__(self, tensor: TensorMap):
        self.tensor = tensor

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> list:
        scaled = mts.multiply(self.tensor, float(index))
        return [scaled, scaled.block(0), scaled.keys]


@pytest.mark.filterwarnings("ignore:.*fork")
def test_between_processes(mergeable):
    """Objects come back from the processes of a data loader."""
    loader = torch.utils.data.DataLoader(
        Maps(mergeable), batch_size=None, num_workers=1, multiprocessing_context="fork"
    )
    for index, (tensor, block, keys) in enumerate(loader):
        expected = mts.multiply(mergeable, float(index))
        assert same_content(tensor, expected)
        assert same_content(block, expected.block(0))
        assert keys == mergeable.keys
