"""Saved models: what is in the file, and loading it again."""

import json
import os
import platform
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict, List, Optional

import pytest
import torch

import metatomic.torch
from metatensor.torch import Labels, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    check_atomistic_model,
    load_atomistic_model,
    read_model_metadata,
)

OPTIONS = ModelEvaluationOptions("nm", {"energy": ModelOutput(unit="kcal/mol")})


class NotCompilable(torch.nn.Module):
    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        return {name: None for name in sorted(vars(self))}


@pytest.fixture
def model(springs, make_model):
    """A model with everything in it."""
    neighbor_list = NeighborListOptions(3.5, True, True, "someone")
    return make_model(
        springs(stiffness=3.0, neighbor_lists=[neighbor_list]),
        outputs={
            "energy": ModelOutput(unit="eV", sample_kind="atom"),
            "feature": ModelOutput(sample_kind="atom"),
        },
    )


@pytest.fixture
def saved(model, tmp_path):
    path = tmp_path / "model.pt"
    model.save(path)
    return path


@pytest.fixture
def system(make_system, make_neighbors):
    system = make_system()
    system.add_neighbor_list(NeighborListOptions(3.5, True, True), make_neighbors(system))
    return system


def test_load(model, saved, system):
    loaded = load_atomistic_model(saved)

    assert type(loaded) is AtomisticModel
    assert isinstance(loaded.module, torch.jit.ScriptModule)
    assert loaded.metadata().name == "springs"
    assert loaded.capabilities().atomic_types == [1, 8]
    assert set(loaded.capabilities().outputs) == {"energy", "feature", "features"}
    assert loaded._model_capabilities_outputs_names == ["energy", "feature"]

    (options,) = loaded.requested_neighbor_lists()
    assert options.cutoff == 3.5
    assert options.length_unit == "Angstrom"
    assert options.requestors() == ["someone", "Springs", "RecursiveScriptModule"]

    expected = model([system], OPTIONS, True)["energy"].block().values
    assert torch.equal(loaded([system], OPTIONS, True)["energy"].block().values, expected)


@pytest.mark.parametrize("convert", [str, Path, os.fspath])
def test_paths(saved, convert):
    assert load_atomistic_model(convert(saved)).metadata().name == "springs"
    assert load_atomistic_model(convert(saved), "").metadata().name == "springs"
    assert load_atomistic_model(saved, convert(saved.parent)).metadata().name == "springs"


def test_torch_load(model, saved, system):
    loaded = torch.jit.load(saved)

    assert loaded.original_name == "AtomisticModel"
    assert loaded.capabilities().length_unit == "Angstrom"
    assert loaded.metadata().authors == ["someone"]
    assert loaded.requested_neighbor_lists()[0].requestors() == ["someone", "Springs"]
    assert loaded.requested_inputs(use_new_names=True) == {}

    expected = model([system], OPTIONS, True)["energy"].block().values
    actual = loaded([system], OPTIONS, check_consistency=True)["energy"].block().values
    assert torch.equal(actual, expected)

    with pytest.raises(RuntimeError, match="check_consistency"):
        loaded([system], OPTIONS)


def test_new_process(model, saved, system):
    """Only the file, and nothing of the process that made it."""
    script = """
import sys
import torch
from metatomic.torch import *

model = load_atomistic_model(sys.argv[1])
system = load_system(sys.argv[2])
options = ModelEvaluationOptions("nm", {"energy": ModelOutput(unit="kcal/mol")})
print(model([system], options, check_consistency=True)["energy"].block().values.item().hex())
"""
    system_path = saved.with_suffix(".mta")
    metatomic.torch.save(system_path, system)
    completed = subprocess.run(
        [sys.executable, "-c", script, saved, system_path],
        capture_output=True,
        text=True,
        check=True,
    )

    expected = model([system], OPTIONS, check_consistency=True)["energy"].block().values.item()
    assert float.fromhex(completed.stdout) == expected


def test_save_again(saved, tmp_path, system):
    loaded = load_atomistic_model(saved)
    loaded.save(tmp_path / "again.pt")
    again = load_atomistic_model(tmp_path / "again.pt")

    expected = loaded([system], OPTIONS, True)["energy"].block().values
    assert torch.equal(again([system], OPTIONS, True)["energy"].block().values, expected)
    assert again._model_capabilities_outputs_names == ["energy", "feature"]


def test_wrap_loaded(saved, make_capabilities):
    scripted = torch.jit.load(saved)
    outputs = {"energy": ModelOutput(unit="eV", sample_kind="atom")}
    model = AtomisticModel(scripted, ModelMetadata(), make_capabilities(outputs=outputs))

    assert model.module.original_name == "Springs"
    assert model._model_capabilities_outputs_names == ["energy", "feature"]


def test_compiled_module(springs, make_model, tmp_path, system):
    model = make_model(torch.jit.script(springs().eval()))
    model.save(tmp_path / "model.pt")
    loaded = load_atomistic_model(tmp_path / "model.pt")

    expected = model([system], OPTIONS, True)["energy"].block().values
    assert torch.equal(loaded([system], OPTIONS, True)["energy"].block().values, expected)


def test_inputs_are_saved(springs, make_model, tmp_path):
    inputs = {"mass": ModelOutput(unit="u", sample_kind="atom")}
    model = make_model(springs(inputs=inputs))
    model.save(tmp_path / "model.pt")
    loaded = load_atomistic_model(tmp_path / "model.pt")

    assert loaded.requested_inputs(use_new_names=True)["mass"].unit == "u"
    with pytest.warns(UserWarning, match="use_new_names=True"):
        assert list(torch.jit.load(tmp_path / "model.pt").requested_inputs()) == ["masses"]


def test_extra_files(saved, model):
    with zipfile.ZipFile(saved) as archive:
        extra = {
            name.removeprefix("model/extra/"): archive.read(name).decode()
            for name in archive.namelist()
            if name.startswith("model/extra/")
        }

    assert extra["torch-version"] == torch.__version__
    assert extra["metatomic-version"] == metatomic.torch.__version__
    assert extra["model-metadata"] == model.metadata().__getstate__()[0]
    assert json.loads(extra["extensions"]) == []
    assert json.loads(extra["extensions-deps"]) == []

    metadata = json.loads(extra["export-metadata"])
    assert set(metadata) == {"date", "platform"}
    assert metadata["date"].endswith("+00:00")
    assert metadata["platform"] == f"{platform.machine()}-{platform.system()}"


def test_read_without_loading(saved):
    check_atomistic_model(str(saved))
    assert read_model_metadata(str(saved)).authors == ["someone"]


def test_dtype_and_device(springs, make_model, make_system, tmp_path):
    model = make_model(springs(), dtype="float32")
    model.to(torch.float32)
    assert model.module.stiffness.dtype == torch.float32

    model.save(tmp_path / "model.pt")
    loaded = load_atomistic_model(tmp_path / "model.pt")
    loaded.to(device="cpu", dtype=torch.float32)

    outputs = loaded([make_system(torch.float32)], OPTIONS, check_consistency=True)
    assert outputs["energy"].block().values.dtype == torch.float32


def test_no_length_unit(make_model, tmp_path):
    with pytest.warns(UserWarning, match="no `length_unit`"):
        make_model(length_unit="").save(tmp_path / "model.pt")


def test_not_compilable(make_model, tmp_path):
    with pytest.raises(RuntimeError, match="TorchScript could not compile") as error:
        make_model(NotCompilable()).save(tmp_path / "model.pt")

    assert error.value.__cause__ is not None
    assert not (tmp_path / "model.pt").exists()


def test_disabled_torchscript(model, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTORCH_JIT", "0")
    with pytest.raises(RuntimeError, match="PYTORCH_JIT=0"):
        model.save(tmp_path / "model.pt")


def test_export(model, tmp_path):
    with pytest.warns(DeprecationWarning, match="use `AtomisticModel.save`"):
        model.export(tmp_path / "model.pt")

    assert load_atomistic_model(tmp_path / "model.pt").metadata().name == "springs"


def test_not_a_model(springs, tmp_path):
    torch.jit.save(torch.jit.script(springs()), tmp_path / "module.pt")
    with pytest.raises(ValueError, match="module.pt"):
        load_atomistic_model(tmp_path / "module.pt")

    with pytest.raises(RuntimeError, match="nothing.pt"):
        load_atomistic_model(tmp_path / "nothing.pt")


def test_corrupted(saved):
    """A file that has the right contents, except for the compiled code."""
    with zipfile.ZipFile(saved) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}

    with zipfile.ZipFile(saved, "w", zipfile.ZIP_STORED) as archive:
        for name, data in contents.items():
            code = data.replace(b"torch.classes.metatomic.System", b"torch.classes.unknown.System")
            archive.writestr(name, code if name.endswith(".py") else data)

    message = "could not load the model at .*model.pt.*extensions_directory"
    with pytest.raises(RuntimeError, match=message) as error:
        load_atomistic_model(saved)
    assert "Unknown type name" in str(error.value.__cause__)
