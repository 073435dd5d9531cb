import copy

import pytest
import torch

from metatensor.torch import Labels
from metatomic.torch import ModelEvaluationOptions, ModelOutput


def state(options: ModelEvaluationOptions) -> str:
    return options.__getstate__()[0]


def from_state(json: str) -> ModelEvaluationOptions:
    options = torch.ScriptObject.__new__(torch.ScriptObject)
    options.__setstate__((json, "__torch__.torch.classes.metatomic.ModelEvaluationOptions"))
    return options


ATOMS = Labels(["system", "atom"], torch.tensor([[0, 1], [2, -3]]))


def test_members():
    options = ModelEvaluationOptions()
    assert options.length_unit == ""
    assert options.outputs == {}
    assert options.selected_atoms is None

    energy = ModelOutput(unit="eV")
    options = ModelEvaluationOptions("nm", {"energy": energy}, ATOMS)
    assert options.length_unit == "nm"
    assert options.selected_atoms == ATOMS

    # the dictionary is new, the outputs are shared
    options.outputs["energy"].description = "changed"
    assert energy.description == "changed"
    options.outputs.clear()
    assert list(options.outputs) == ["energy"]

    options.selected_atoms = None
    assert options.selected_atoms is None
    # there are no checks of the outputs
    options.outputs = {"foo": ModelOutput(), "energy": ModelOutput(unit="nm")}
    assert list(options.outputs) == ["foo", "energy"]


def test_errors():
    with pytest.raises(ValueError, match="'eV' has dimension .* length"):
        ModelEvaluationOptions(length_unit="eV")

    options = ModelEvaluationOptions(length_unit="nm")
    with pytest.raises(ValueError, match="'foo'"):
        options.length_unit = "foo"
    assert options.length_unit == "nm"

    for names in [["atom", "system"], ["system"], ["system", "atom", "other"]]:
        labels = Labels(names, torch.zeros(1, len(names), dtype=torch.int32))
        message = rf"\[system, atom\], got \[{', '.join(names)}\]"
        with pytest.raises(ValueError, match=message):
            options.selected_atoms = labels
        with pytest.raises(ValueError, match=message):
            ModelEvaluationOptions(selected_atoms=labels)
    assert options.selected_atoms is None


JSON = """{
    "class": "ModelEvaluationOptions",
    "length_unit": "nm",
    "outputs": {
        "energy": {
            "class": "ModelOutput",
            "description": "",
            "explicit_gradients": [],
            "sample_kind": "atom",
            "unit": "eV"
        }
    },
    "selected_atoms": {
        "names": [
            "system",
            "atom"
        ],
        "values": [
            0,
            1,
            2,
            -3
        ]
    }
}"""

EMPTY_JSON = """{
    "class": "ModelEvaluationOptions",
    "length_unit": "",
    "outputs": {},
    "selected_atoms": null
}"""


def test_json():
    outputs = {"energy": ModelOutput(unit="eV", sample_kind="atom")}
    options = ModelEvaluationOptions("nm", outputs, ATOMS)
    assert state(options) == JSON
    assert state(ModelEvaluationOptions()) == EMPTY_JSON

    copied = copy.deepcopy(options)
    assert copied.selected_atoms == ATOMS
    assert state(copied) == JSON
    assert copy.deepcopy(ModelEvaluationOptions()).selected_atoms is None
    assert state(from_state('{"class": "ModelEvaluationOptions"}')) == EMPTY_JSON

    no_atoms = Labels(["system", "atom"], torch.zeros(0, 2, dtype=torch.int32))
    copied = copy.deepcopy(ModelEvaluationOptions(selected_atoms=no_atoms))
    assert copied.selected_atoms == no_atoms


@pytest.mark.parametrize(
    "json, error, message",
    [
        (JSON.replace('"atom"\n', '"atoms"\n'), ValueError, r"got \[system, atoms\]"),
        (JSON.replace("            2,\n", ""), RuntimeError, "even number of values"),
        (JSON.replace("-3", "2147483648"), RuntimeError, "32-bit integers"),
        (JSON.replace("-3", "1.0"), RuntimeError, "'selected_atoms'"),
        (JSON.replace('"values"', '"other"'), RuntimeError, "'selected_atoms'"),
        (EMPTY_JSON.replace("null", "[]"), RuntimeError, "'selected_atoms'"),
        (EMPTY_JSON.replace("{}", "[]"), RuntimeError, "'outputs'"),
        (EMPTY_JSON.replace('""', '"eV"'), ValueError, "'eV'"),
        (EMPTY_JSON.replace("ModelEvaluation", "Other"), RuntimeError, "ModelEvaluationOptions"),
    ],
)
def test_invalid_json(json, error, message):
    with pytest.raises(error, match=message):
        from_state(json)


def test_script():
    @torch.jit.script
    def create(atoms: Labels):
        options = torch.classes.metatomic.ModelEvaluationOptions(
            length_unit="nm",
            outputs={"energy": torch.classes.metatomic.ModelOutput(unit="eV")},
            selected_atoms=atoms,
        )
        selected = options.selected_atoms
        assert selected is not None
        return options, len(selected)

    options, count = create(ATOMS)
    assert count == 2
    assert options.outputs["energy"].unit == "eV"
