import copy
import pickle

import pytest
import torch

from metatomic.torch import ModelOutput


@pytest.fixture
def always_warn():
    """Emit warnings every time, instead of only once."""
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)


def state(output: ModelOutput) -> str:
    return output.__getstate__()[0]


def from_state(json: str) -> ModelOutput:
    output = torch.ScriptObject.__new__(torch.ScriptObject)
    output.__setstate__((json, "__torch__.torch.classes.metatomic.ModelOutput"))
    return output


def test_default(capfd):
    output = ModelOutput()
    assert output.unit == ""
    assert output.quantity == ""
    assert output.description == ""
    assert output.explicit_gradients == []
    assert output.sample_kind == "system"
    assert capfd.readouterr().err == ""


def test_members():
    output = ModelOutput(
        unit="kJ / mol",
        sample_kind="atom",
        explicit_gradients=["positions"],
        description="some output",
    )
    assert output.unit == "kJ / mol"
    assert output.sample_kind == "atom"
    assert output.explicit_gradients == ["positions"]
    assert output.description == "some output"

    # this is a copy
    output.explicit_gradients.append("strain")
    assert output.explicit_gradients == ["positions"]
    output.explicit_gradients = ["strain"]
    assert output.explicit_gradients == ["strain"]

    output.description = "other"
    assert output.description == "other"

    assert "explicit_gradients_setter" in output._method_names()


class TestSampleKind:
    @pytest.mark.parametrize(
        "args, kwargs, expected",
        [
            (("", "", True), {}, "atom"),
            (("", "", False), {}, "system"),
            (("", "", "atom_pair"), {}, "atom_pair"),
            (("", "", None), {}, "system"),
            ((), {"per_atom": True}, "atom"),
            ((), {"per_atom": False}, "system"),
            ((), {"sample_kind": "atom"}, "atom"),
            # the positional argument comes first
            (("", "", True), {"sample_kind": "system"}, "atom"),
            (("", "", "system"), {"per_atom": True}, "system"),
        ],
    )
    def test_constructor(self, args, kwargs, expected, capfd, always_warn):
        assert ModelOutput(*args, **kwargs).sample_kind == expected
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize(
        "args, kwargs, message",
        [
            (("", "", 3), {}, "int"),
            (("", "", ["atom"]), {}, "str"),
            (("", "", True), {"per_atom": True}, "per_atom.*twice"),
            (("", "", "atom"), {"sample_kind": "atom"}, "sample_kind.*twice"),
            ((), {"per_atom": True, "sample_kind": "atom"}, "only one of"),
            ((), {"sample_kind": "bond"}, r"'bond'.*\[atom atom_pair system\]"),
            ((), {"sample_kind": ""}, r"''.*\[atom atom_pair system\]"),
        ],
    )
    def test_constructor_errors(self, args, kwargs, message):
        with pytest.raises(ValueError, match=message):
            ModelOutput(*args, **kwargs)

    def test_setter(self):
        output = ModelOutput()
        for kind in ["atom", "atom_pair", "system"]:
            output.sample_kind = kind
            assert output.sample_kind == kind

        with pytest.raises(ValueError, match=r"'bond'.*\[atom atom_pair system\]"):
            output.sample_kind = "bond"
        assert output.sample_kind == "system"

    def test_per_atom(self, always_warn):
        output = ModelOutput(sample_kind="atom")
        with pytest.warns(DeprecationWarning, match="`per_atom` .* use `sample_kind`"):
            assert output.per_atom is True

        with pytest.warns(DeprecationWarning, match="`per_atom` .* set `sample_kind`"):
            output.per_atom = False
        assert output.sample_kind == "system"

        output.sample_kind = "atom_pair"
        with pytest.warns(DeprecationWarning):
            with pytest.raises(ValueError, match="'atom_pair'"):
                output.per_atom  # noqa: B018

        with pytest.warns(DeprecationWarning):
            output.per_atom = True
        assert output.sample_kind == "atom"


class TestUnit:
    @pytest.mark.parametrize("unit", ["", "eV", " kJ /mol", "m/eV*0.5", " "])
    def test_valid(self, unit):
        assert ModelOutput(unit=unit).unit == unit

    def test_errors(self):
        output = ModelOutput(unit="eV")
        with pytest.raises(ValueError, match="unknown unit 'foo'"):
            output.unit = "foo"
        with pytest.raises(ValueError, match="parentheses"):
            output.unit = "(eV"
        assert output.unit == "eV"

        with pytest.raises(ValueError, match="unknown unit 'foo'"):
            ModelOutput(unit="foo")


class TestQuantity:
    def test_known(self, always_warn):
        output = ModelOutput(unit="eV")
        with pytest.warns(DeprecationWarning, match="`quantity`"):
            output.quantity = "energy"
        assert output.quantity == "energy"

        with pytest.warns(DeprecationWarning):
            with pytest.raises(ValueError, match="'eV' has dimension .* length"):
                output.quantity = "length"
        assert output.quantity == "energy"

        # no warning
        output.quantity = ""

    def test_unknown(self, always_warn):
        message = (
            r"unknown quantity 'unknown-1'.*\[charge, energy, force, heat_flux, length, mass, "
            r"momentum, pressure, velocity\]"
        )
        output = ModelOutput()
        with pytest.warns(DeprecationWarning), pytest.warns(UserWarning, match=message):
            output.quantity = "unknown-1"

        # only once for each name
        with pytest.warns(DeprecationWarning) as warnings:
            output.quantity = "unknown-1"
        assert len(warnings) == 1
        with pytest.warns(DeprecationWarning), pytest.warns(UserWarning, match="'unknown-2'"):
            output.quantity = "unknown-2"

    def test_constructor(self, capfd, always_warn):
        # the unit is not checked
        output = ModelOutput("energy", "nm")
        assert output.quantity == "energy"
        assert output.unit == "nm"
        assert "`quantity` of ModelOutput is deprecated" in capfd.readouterr().err


JSON = """{
    "class": "ModelOutput",
    "description": "\\u00e9nergie \\u2192 \\ud83d\\ude00",
    "explicit_gradients": [
        "positions",
        "strain"
    ],
    "sample_kind": "atom",
    "unit": "eV"
}"""

EMPTY_JSON = """{
    "class": "ModelOutput",
    "description": "",
    "explicit_gradients": [],
    "sample_kind": "system",
    "unit": ""
}"""


class TestSerialization:
    def test_json(self):
        output = ModelOutput(
            unit="eV",
            sample_kind="atom",
            explicit_gradients=["positions", "strain"],
            description="énergie → 😀",
        )
        assert state(output) == JSON
        assert state(from_state(JSON)) == JSON
        assert state(ModelOutput()) == EMPTY_JSON

    @pytest.mark.parametrize("kind", ["atom", "system", "atom_pair"])
    def test_round_trip(self, kind):
        output = ModelOutput(unit="eV", sample_kind=kind, description="a\n\tb")
        for copied in [copy.deepcopy(output), pickle.loads(pickle.dumps(output))]:
            assert state(copied) == state(output)

    def test_optional(self, always_warn):
        assert state(from_state('{"class": "ModelOutput"}')) == EMPTY_JSON
        assert state(from_state('{"class": "ModelOutput", "unknown": 3}')) == EMPTY_JSON
        assert state(from_state('{"class": "ModelOutput", "quantity": "foo"}')) == EMPTY_JSON
        assert from_state('{"class": "ModelOutput", "per_atom": true}').sample_kind == "atom"
        both = '{"class": "ModelOutput", "per_atom": true, "sample_kind": "system"}'
        assert from_state(both).sample_kind == "system"

    @pytest.mark.parametrize(
        "json, error, message",
        [
            ('{"class": "System"}', RuntimeError, "ModelOutput"),
            ("{", RuntimeError, "invalid JSON for ModelOutput"),
            ('{"class": "ModelOutput", "unit": 3}', RuntimeError, "'unit'"),
            ('{"class": "ModelOutput", "per_atom": 3}', RuntimeError, "'per_atom'"),
            ('{"class": "ModelOutput", "explicit_gradients": {}}', RuntimeError, "gradients"),
            ('{"class": "ModelOutput", "unit": "foo"}', ValueError, "'foo'"),
            ('{"class": "ModelOutput", "sample_kind": "foo"}', ValueError, "'foo'"),
        ],
    )
    def test_errors(self, json, error, message):
        with pytest.raises(error, match=message):
            from_state(json)


def test_script():
    @torch.jit.script
    def create(per_atom: bool):
        a = torch.classes.metatomic.ModelOutput("", "eV", per_atom)
        b = torch.classes.metatomic.ModelOutput(unit="nm", sample_kind="atom_pair")
        b.explicit_gradients = ["positions"]
        return a.sample_kind, b.sample_kind, a.unit + b.unit, b

    kind_a, kind_b, units, output = create(True)
    assert (kind_a, kind_b, units) == ("atom", "atom_pair", "eVnm")
    assert output.explicit_gradients == ["positions"]
