"""TorchScript extensions that are saved next to a model."""

import hashlib
import json
import shutil
import site
import zipfile
from pathlib import Path

import pytest
import torch
import vesin

from metatensor.torch._c_lib import _lib_path as metatensor_torch_path
from metatomic.torch._c_lib import _lib_path as metatomic_torch_path

# any shared library will do as an extension
LIBRARY = next(Path(vesin.__file__).parent.rglob("libvesin*"))


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """A directory where Python packages are installed."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(packages)])
    return packages


@pytest.fixture
def load(packages, monkeypatch):
    """Function to have one more extension installed and loaded."""
    loaded = {metatensor_torch_path(), metatomic_torch_path()}
    monkeypatch.setattr(torch.ops, "loaded_libraries", loaded)

    def load(path):
        install(packages, path)
        loaded.add(str(packages / path))

    return load


def install(packages, path):
    path = packages / path
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(LIBRARY, path)


def extra_file(model, name):
    with zipfile.ZipFile(model) as archive:
        return json.loads(archive.read(f"{model.stem}/extra/{name}"))


def test_extension(make_model, load, tmp_path):
    load("something/lib/libsomething_torch.so")
    make_model().save(tmp_path / "model.pt")

    assert extra_file(tmp_path / "model.pt", "extensions") == [
        {
            "name": "something_torch",
            "path": "something/lib/libsomething_torch.so",
            "sha256": hashlib.sha256(LIBRARY.read_bytes()).hexdigest(),
        }
    ]
    assert extra_file(tmp_path / "model.pt", "extensions-deps") == []
    assert "extensions_directory" not in extra_file(tmp_path / "model.pt", "export-metadata")


def test_collect(make_model, load, tmp_path):
    load("something/lib/libsomething_torch.so")
    load("other.so")
    collected = tmp_path / "collected"
    (collected / "old").mkdir(parents=True)
    make_model().save(tmp_path / "model.pt", collect_extensions=collected)

    files = {str(p.relative_to(collected)) for p in collected.rglob("*") if p.is_file()}
    assert files == {"something/lib/libsomething_torch.so", "other.so"}
    assert (collected / "other.so").read_bytes() == LIBRARY.read_bytes()
    assert not (collected / "old").exists()

    metadata = extra_file(tmp_path / "model.pt", "export-metadata")
    assert metadata["extensions_directory"] == str(collected)


@pytest.mark.parametrize("directory", [".", "something", "something/lib"])
def test_collect_over_the_originals(make_model, load, packages, tmp_path, directory):
    load("something/lib/libsomething_torch.so")
    with pytest.raises(RuntimeError, match="overwrite the extension itself"):
        make_model().save(tmp_path / "model.pt", collect_extensions=packages / directory)

    assert (packages / "something/lib/libsomething_torch.so").exists()
    assert not (tmp_path / "model.pt").exists()


def test_outside_of_packages(make_model, load, packages, tmp_path):
    load("../elsewhere/libsomething_torch.so")
    make_model().save(tmp_path / "model.pt")

    path = str(tmp_path / "elsewhere/libsomething_torch.so")
    assert extra_file(tmp_path / "model.pt", "extensions")[0]["path"] == path

    with pytest.raises(RuntimeError, match="overwrite the extension itself"):
        make_model().save(tmp_path / "model.pt", collect_extensions=tmp_path / "collected")


def test_collision(make_model, load, packages, monkeypatch, tmp_path):
    load("lib/libsomething_torch.so")
    install(tmp_path, "user/lib/libsomething_torch.so")
    torch.ops.loaded_libraries.add(str(tmp_path / "user/lib/libsomething_torch.so"))
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(packages), str(tmp_path / "user")])

    with pytest.raises(RuntimeError, match="would both be copied to"):
        make_model().save(tmp_path / "model.pt", collect_extensions=tmp_path / "collected")


def test_dependencies(make_model, load, packages, tmp_path):
    load("featomic/torch/torch-2.13/lib/libfeatomic_torch.so")
    install(packages, "featomic/lib/libfeatomic.so")
    install(packages, "featomic_torch.libs/libgomp-abc.so.1.0.0")
    load("sphericart/torch/torch-2.13/lib/libsphericart_torch.so")
    install(packages, "sphericart/torch/torch-2.13/lib/libsphericart_torch_cuda_stream.so")
    install(packages, "sphericart_torch.libs/libgomp-abc.so.1.0.0")

    make_model().save(tmp_path / "model.pt", collect_extensions=tmp_path / "collected")

    dependencies = extra_file(tmp_path / "model.pt", "extensions-deps")
    assert [(d["name"], d["path"]) for d in dependencies] == [
        ("gomp-abc.so.1.0.0", "featomic_torch.libs/libgomp-abc.so.1.0.0"),
        ("featomic", "featomic/lib/libfeatomic.so"),
        ("gomp-abc.so.1.0.0", "sphericart_torch.libs/libgomp-abc.so.1.0.0"),
        (
            "sphericart_torch_cuda_stream",
            "sphericart/torch/torch-2.13/lib/libsphericart_torch_cuda_stream.so",
        ),
    ]
    assert (tmp_path / "collected/featomic/lib/libfeatomic.so").exists()


def test_missing_dependency(make_model, load, tmp_path):
    load("sphericart/torch/torch-2.13/lib/libsphericart_torch.so")
    with pytest.warns(UserWarning, match="libgomp.*of the extension 'sphericart_torch'"):
        make_model().save(tmp_path / "model.pt")

    assert extra_file(tmp_path / "model.pt", "extensions-deps") == []


def test_several_candidates(make_model, load, packages, tmp_path):
    load("sphericart/torch/torch-2.13/lib/libsphericart_torch.so")
    install(packages, "sphericart_torch.libs/libgomp-abc.so.1.0.0")
    install(packages, "sphericart_torch.libs/libgomp-def.so.1.0.0")
    with pytest.raises(RuntimeError, match="several libraries.*abc.so.*def.so"):
        make_model().save(tmp_path / "model.pt")
