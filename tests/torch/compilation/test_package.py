"""Models in machine code, which are loaded without their source."""

import subprocess
import sys

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch.compilation import UnsupportedModel, load_package, save_package

# as fast to compile as possible
OPTIONS = {"aot_inductor.compile_wrapper_opt_level": "O0", "cpp.vec_isa_ok": False}


class Model(torch.nn.Module):
    """Returns nested containers, computed values, constants and a derivative."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        self.out = Labels("out", torch.tensor([[3], [5]]))

    def forward(self, tensor: TensorMap, scale: float = 2.0):
        block = tensor.block()
        x = block.values.detach().requires_grad_(True)
        y = torch.tanh(x @ self.weight) * scale
        (gradient,) = torch.autograd.grad(y.sum(), x)
        result = TensorBlock(y, block.samples, [], self.out)
        result = TensorMap(tensor.keys, [result])
        result.set_info("unit", "eV")
        count = TensorBlock(
            torch.tensor([[len(block.samples)]]),
            Labels("n", torch.tensor([[0]])),
            [],
            Labels("count", torch.tensor([[0]])),
        )
        return {"result": result, "others": [gradient, count, ("text", None)]}


def make_map(start: float = 0.0, sample: int = 1) -> TensorMap:
    block = TensorBlock(
        torch.linspace(start, start + 1, 4).reshape(2, 2),
        Labels("sample", torch.tensor([[0], [sample]])),
        [],
        Labels("p", torch.tensor([[0], [1]])),
    )
    return TensorMap(Labels("key", torch.tensor([[7]])), [block])


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("package") / "model.pt2"
    save_package(path, Model(), (make_map(),), {"scale": 3.0}, options=OPTIONS)
    return path


def test_results(path):
    run = load_package(path)
    for start in (0.0, -2.0):
        actual = run(make_map(start), scale=3.0)
        expected = Model()(make_map(start), 3.0)
        mts.allclose_raise(actual["result"], expected["result"], rtol=1e-5, atol=1e-6)
        assert actual["result"].get_info("unit") == "eV"
        gradient, count, constants = actual["others"]
        torch.testing.assert_close(gradient, expected["others"][0])
        torch.testing.assert_close(count.values, torch.tensor([[2]]))
        assert constants == ("text", None)


def test_the_source_is_not_needed(path, tmp_path):
    make_map(0.5).save(str(tmp_path / "input.mts"))
    code = f"""
import metatensor.torch as mts
from metatensor.torch.compilation import load_package

result = load_package({str(path)!r})(mts.load({str(tmp_path / "input.mts")!r}), scale=3.0)
mts.save({str(tmp_path / "output.mts")!r}, result["result"])
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)
    result = mts.load(str(tmp_path / "output.mts"))
    expected = Model()(make_map(0.5), 3.0)["result"]
    mts.allclose_raise(result, expected, rtol=1e-5, atol=1e-6)


def test_other_arguments_are_refused(path):
    run = load_package(path)
    with pytest.raises(ValueError, match="metadata of the arguments"):
        run(make_map(sample=2), scale=3.0)
    with pytest.raises(ValueError, match="not the ones that this package was compiled for"):
        run(make_map(), scale=4.0)
    with pytest.raises(ValueError, match="not the ones that this package was compiled for"):
        run(make_map().to(torch.float64), scale=3.0)
    with pytest.raises(ValueError, match="not the ones that this package was compiled for"):
        run(make_map().block(), scale=3.0)


def test_files(path, tmp_path):
    with pytest.raises(ValueError, match=r"end with '\.pt2', got .*model.zip"):
        save_package(tmp_path / "model.zip", Model(), (make_map(),))
    with pytest.raises(FileNotFoundError):
        load_package(tmp_path / "missing.pt2")
    make_map().save(str(tmp_path / "map.mts"))
    with pytest.raises(ValueError, match="not written by `save_package`"):
        load_package(tmp_path / "map.mts")


def test_what_can_not_be_saved(tmp_path):
    with pytest.raises(UnsupportedModel, match="the model reads values"):
        save_package(tmp_path / "model.pt2", lambda x: x * x.max().item(), (torch.ones(2),))
    with pytest.raises(TypeError, match="can not contain constants of type 'dtype'"):
        save_package(tmp_path / "model.pt2", lambda x, d: x.to(d), (torch.ones(2), torch.float64))
    with pytest.raises(TypeError, match="can not contain modules"):
        save_package(tmp_path / "model.pt2", lambda x: torch.nn.Identity(), (torch.ones(2),))
    assert list(tmp_path.iterdir()) == []
