"""Saving and loading systems, in files of all kinds."""

import io

import pytest
import torch

import metatomic.torch
from metatomic.torch import load_system, load_system_buffer, save, save_buffer


def check_equal(system, expected):
    for name in ["types", "positions", "cell", "pbc"]:
        assert torch.equal(getattr(system, name), getattr(expected, name))


def test_path(make_system, tmp_path):
    system = make_system()
    save(tmp_path / "path.mta", system)
    save(str(tmp_path / "str.mta"), system)
    assert (tmp_path / "path.mta").read_bytes() == (tmp_path / "str.mta").read_bytes()

    check_equal(load_system(tmp_path / "path.mta"), system)
    check_equal(load_system(str(tmp_path / "path.mta")), system)


def test_relative_path(make_system, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save("system.mta", make_system())
    check_equal(load_system("system.mta"), make_system())


def test_file(make_system, tmp_path):
    system = make_system()
    with open(tmp_path / "any.name", "wb") as file:
        save(file, system)
    with open(tmp_path / "any.name", "rb") as file:
        check_equal(load_system(file), system)

    memory = io.BytesIO()
    save(memory, system)
    assert memory.getvalue() == (tmp_path / "any.name").read_bytes()
    memory.seek(0)
    check_equal(load_system(memory), system)


def test_data(make_system, make_data):
    system = make_system()
    system.add_data("mass", make_data("mass", torch.ones(3, dtype=torch.float64), "u"))

    loaded = load_system_buffer(save_buffer(system))
    assert loaded.known_data() == ["mass"]
    assert loaded.get_data("mass").get_info("unit") == "u"


def test_errors(make_system, tmp_path):
    with pytest.raises(RuntimeError, match="mta"):
        save(tmp_path / "system.npz", make_system())
    with pytest.raises(RuntimeError, match="missing.mta"):
        load_system(tmp_path / "missing.mta")
    with pytest.raises(RuntimeError):
        load_system(io.BytesIO(b"something else"))


def test_torchscript(make_system, tmp_path):
    @torch.jit.script
    def through_file(path: str) -> torch.Tensor:
        return save_buffer(load_system(path))

    @torch.jit.script
    def through_buffer(buffer: torch.Tensor) -> torch.Tensor:
        return save_buffer(load_system_buffer(buffer))

    save(tmp_path / "system.mta", make_system())
    buffer = save_buffer(make_system())
    assert torch.equal(through_file(str(tmp_path / "system.mta")), buffer)
    assert torch.equal(through_buffer(buffer), buffer)


def test_names():
    assert metatomic.torch.serialization.save is save
    assert metatomic.torch.serialization.load_system is load_system
