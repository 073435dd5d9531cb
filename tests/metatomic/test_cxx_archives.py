import ctypes
import json
import shutil
from pathlib import Path

import pytest
import torch

import metatensor
from metatomic.torch import (
    ModelMetadata,
    check_atomistic_model,
    load_model_extensions,
    read_model_metadata,
)

VERSION = torch.ops.metatomic.version()


@pytest.fixture
def make_archive(tmp_path):
    """Function to create a TorchScript archive with the given extra files."""

    def make(**extra: str) -> str:
        files = {name.replace("_", "-"): content for name, content in extra.items()}
        path = str(tmp_path / "model.pt")
        torch.jit.save(torch.jit.script(torch.nn.Identity()), path, _extra_files=files)
        return path

    return make


@pytest.fixture
def extension(tmp_path, request) -> Path:
    """A library that nobody else uses, with a different name in each test."""
    libraries = Path(metatensor.__file__).parent / "lib"
    original = next(path for path in libraries.iterdir() if "metatensor" in path.name)
    name = request.node.name.replace("[", "_").replace("]", "_")
    copy = tmp_path / "libraries" / f"libextension_{name}{original.suffix}"
    copy.parent.mkdir()
    shutil.copy(original, copy)
    return copy


def is_loaded(library: Path) -> bool:
    return str(library) in Path("/proc/self/maps").read_text()


def extension_json(library: Path, path: str) -> str:
    return json.dumps([{"name": library.stem.removeprefix("lib"), "path": path, "sha256": ""}])


class TestReadMetadata:
    def test_read(self, make_archive):
        metadata = ModelMetadata(name="name", references={"model": ["reference"]})
        path = make_archive(model_metadata=metadata.__getstate__()[0])
        assert str(read_model_metadata(path)) == str(metadata)

    def test_errors(self, make_archive, tmp_path):
        with pytest.raises(ValueError, match="model.pt"):
            read_model_metadata(make_archive())
        with pytest.raises(RuntimeError, match="ModelMetadata"):
            read_model_metadata(make_archive(model_metadata="{}"))
        with pytest.raises(RuntimeError, match="missing.pt"):
            read_model_metadata(str(tmp_path / "missing.pt"))

        (tmp_path / "text.pt").write_text("this is not an archive")
        with pytest.raises(RuntimeError):
            read_model_metadata(str(tmp_path / "text.pt"))


class TestCheckAtomisticModel:
    def test_valid(self, make_archive, capfd):
        check_atomistic_model(make_archive(metatomic_version=VERSION))
        major, minor, _ = VERSION.split(".")
        check_atomistic_model(
            make_archive(metatomic_version=f"{major}.{minor}.0.dev12", extensions="[]")
        )
        assert capfd.readouterr().err == ""

    def test_not_a_model(self, make_archive):
        with pytest.raises(ValueError, match="model.pt' is not a metatomic model"):
            check_atomistic_model(make_archive())

    @pytest.mark.parametrize("version", ["", "1", "foo", "a.b", "0.x", "0-1", "9" * 30 + ".1"])
    def test_invalid_version(self, make_archive, version):
        with pytest.raises(ValueError, match=f"invalid version of metatomic: '{version}'"):
            check_atomistic_model(make_archive(metatomic_version=version))

    @pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "0.2.0", "0.0.1"])
    def test_incompatible_version(self, make_archive, version, capfd):
        path = make_archive(metatomic_version=version)
        check_atomistic_model(path)
        captured = capfd.readouterr().err
        assert version in captured
        assert VERSION in captured
        assert path in captured

    def test_missing_extension(self, make_archive, capfd):
        extensions = [
            {"name": "some_extension", "path": "some/where/libsome_extension.so"},
            {"name": "metatomic_torch", "path": "anywhere"},
        ]
        path = make_archive(metatomic_version=VERSION, extensions=json.dumps(extensions))
        check_atomistic_model(path)
        captured = capfd.readouterr().err
        assert captured.count("which is not currently loaded") == 1
        assert f"'{path}'" in captured
        assert "'some_extension' (from 'some/where/libsome_extension.so')" in captured

    @pytest.mark.parametrize(
        "extensions",
        ["", "{}", "[3]", '[{"name": "a"}]', '[{"path": "a"}]', '[{"name": "a", "path": 3}]'],
    )
    def test_invalid_extensions(self, make_archive, extensions):
        path = make_archive(metatomic_version=VERSION, extensions=extensions)
        with pytest.raises(RuntimeError, match="extensions of a model"):
            check_atomistic_model(path)
        with pytest.raises(RuntimeError, match="extensions of a model"):
            load_model_extensions(path, None)


class TestLoadExtensions:
    def test_not_a_model(self, make_archive):
        with pytest.raises(ValueError, match="model.pt' is not a metatomic model"):
            load_model_extensions(make_archive(), None)

    @pytest.mark.parametrize("directory", [None, ""])
    def test_nothing_to_do(self, make_archive, directory, capfd):
        # one is never loaded from here, the other one is already there
        extensions = [
            {"name": "metatensor_torch", "path": "does/not/exist"},
            {"name": "torch_cpu", "path": "does/not/exist"},
        ]
        path = make_archive(metatomic_version=VERSION, extensions=json.dumps(extensions))
        load_model_extensions(path, directory)
        load_model_extensions(make_archive(metatomic_version=VERSION), extensions_directory=None)
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("record", ["extensions", "extensions_deps"])
    def test_absolute_path(self, make_archive, extension, record, capfd):
        files = {record: extension_json(extension, str(extension))}
        path = make_archive(metatomic_version=VERSION, **files)
        assert not is_loaded(extension)
        load_model_extensions(path, None)
        assert is_loaded(extension)

        load_model_extensions(path, None)
        check_atomistic_model(path)
        assert capfd.readouterr().err == ""

    def test_directory(self, make_archive, extension, tmp_path, capfd):
        extensions = extension_json(extension, f"libraries/{extension.name}")
        path = make_archive(metatomic_version=VERSION, extensions=extensions)
        load_model_extensions(path, str(tmp_path))
        assert is_loaded(extension)
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize(
        "record, kind", [("extensions", "extension"), ("extensions_deps", "dependency")]
    )
    def test_failure(self, make_archive, extension, tmp_path, record, kind, capfd, monkeypatch):
        monkeypatch.delenv("METATOMIC_DEBUG_EXTENSIONS_LOADING", raising=False)
        monkeypatch.delenv("METATENSOR_DEBUG_EXTENSIONS_LOADING", raising=False)
        extension.write_text("this is not a library")

        relative = f"libraries/{extension.name}"
        files = {record: extension_json(extension, relative)}
        path = make_archive(metatomic_version=VERSION, **files)
        name = extension.stem.removeprefix("lib")

        load_model_extensions(path, str(tmp_path))
        captured = capfd.readouterr().err
        assert f"could not load the {kind} '{name}'" in captured
        assert f" - {tmp_path}/{relative}" in captured
        assert f" - {name}\n" in captured
        assert "METATENSOR_DEBUG_EXTENSIONS_LOADING" in captured
        assert "trying to load" not in captured

        monkeypatch.setenv("METATENSOR_DEBUG_EXTENSIONS_LOADING", "1")
        load_model_extensions(path, str(tmp_path))
        captured = capfd.readouterr().err
        assert f"trying to load the library '{tmp_path}/{relative}'" in captured
        assert f"failed to load '{tmp_path}/{relative}'" in captured

        monkeypatch.setenv("METATOMIC_DEBUG_EXTENSIONS_LOADING", "1")
        load_model_extensions(path, None)
        captured = capfd.readouterr().err
        assert f"could not load the {kind} '{name}'" in captured
        assert str(tmp_path) not in captured
        assert "environment variables" not in captured

    def test_already_loaded(self, make_archive, extension, capfd, monkeypatch):
        ctypes.CDLL(str(extension))
        extensions = extension_json(extension, "somewhere/else.so")
        path = make_archive(metatomic_version=VERSION, extensions=extensions)
        load_model_extensions(path, None)
        assert capfd.readouterr().err == ""

        monkeypatch.setenv("METATOMIC_DEBUG_EXTENSIONS_LOADING", "1")
        load_model_extensions(path, None)
        name = extension.stem.removeprefix("lib")
        assert f"the extension '{name}' is already loaded" in capfd.readouterr().err


def test_script(make_archive):
    @torch.jit.script
    def load(path: str, directory: str) -> str:
        torch.ops.metatomic.load_model_extensions(path, directory)
        torch.ops.metatomic.check_atomistic_model(path)
        return torch.ops.metatomic.read_model_metadata(path).name

    # calls are not removed because nothing uses the result
    assert "ops.metatomic.load_model_extensions" in load.code
    assert "ops.metatomic.check_atomistic_model" in load.code
    assert "metatomic::check_atomistic_model" in str(load.inlined_graph)

    metadata = ModelMetadata(name="name").__getstate__()[0]
    path = make_archive(metatomic_version=VERSION, model_metadata=metadata)
    assert load(path, "") == "name"
    with pytest.raises(RuntimeError, match="is not a metatomic model"):
        load(make_archive(model_metadata=metadata), "")
