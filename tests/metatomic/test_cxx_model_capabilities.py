import copy
import math

import pytest
import torch

from metatomic.torch import ModelCapabilities, ModelOutput
from metatomic.torch._quantity_names import _deprecated_to_current


def state(capabilities: ModelCapabilities) -> str:
    return capabilities.__getstate__()[0]


def from_state(json: str) -> ModelCapabilities:
    capabilities = torch.ScriptObject.__new__(torch.ScriptObject)
    capabilities.__setstate__((json, "__torch__.torch.classes.metatomic.ModelCapabilities"))
    return capabilities


@pytest.fixture
def always_warn():
    """Emit warnings every time, instead of only once."""
    torch.set_warn_always(True)
    yield
    torch.set_warn_always(False)


def test_default():
    capabilities = ModelCapabilities()
    assert capabilities.outputs == {}
    assert capabilities.atomic_types == []
    assert capabilities.interaction_range == -1
    assert capabilities.length_unit == ""
    assert capabilities.supported_devices == []
    assert capabilities.dtype == ""


def test_members():
    energy = ModelOutput(unit="eV")
    capabilities = ModelCapabilities(
        outputs={"energy": energy},
        atomic_types=[1, -2],
        interaction_range=1.5,
        length_unit="nm",
        supported_devices=["cuda", "cpu"],
        dtype="float32",
    )
    assert list(capabilities.outputs) == ["energy"]
    assert capabilities.atomic_types == [1, -2]
    assert capabilities.interaction_range == 1.5
    assert capabilities.length_unit == "nm"
    assert capabilities.supported_devices == ["cuda", "cpu"]
    assert capabilities.dtype == "float32"

    # the dictionary is new, the outputs are shared
    outputs = capabilities.outputs
    outputs["energy"].description = "changed"
    del outputs["energy"]
    assert list(capabilities.outputs) == ["energy"]
    assert energy.description == "changed"

    capabilities.atomic_types = [3]
    capabilities.interaction_range = math.inf
    capabilities.supported_devices = ["cpu"]
    assert capabilities.atomic_types == [3]
    assert capabilities.interaction_range == math.inf
    assert capabilities.supported_devices == ["cpu"]


def test_default_values_are_not_shared():
    @torch.jit.script
    def change() -> None:
        capabilities = torch.classes.metatomic.ModelCapabilities()
        capabilities.outputs["energy"] = torch.classes.metatomic.ModelOutput()
        options = torch.classes.metatomic.ModelEvaluationOptions()
        options.outputs["energy"] = torch.classes.metatomic.ModelOutput()
        metadata = torch.classes.metatomic.ModelMetadata()
        metadata.extra["key"] = "value"
        metadata.references["model"] = ["something"]

    change()
    assert ModelCapabilities().outputs == {}
    assert torch.classes.metatomic.ModelEvaluationOptions().outputs == {}
    assert torch.classes.metatomic.ModelMetadata().extra == {}
    assert torch.classes.metatomic.ModelMetadata().references == {}


def test_outputs_are_shared_in_torchscript():
    @torch.jit.script
    def add(capabilities: ModelCapabilities) -> None:
        capabilities.outputs["charge"] = torch.classes.metatomic.ModelOutput()

    capabilities = ModelCapabilities()
    add(capabilities)
    assert list(capabilities.outputs) == ["charge"]


def test_interaction_range():
    capabilities = ModelCapabilities(interaction_range=1.5)
    assert capabilities.engine_interaction_range("angstrom") == 1.5
    capabilities.length_unit = "nm"
    assert capabilities.engine_interaction_range("angstrom") == 15.0
    assert capabilities.engine_interaction_range("") == 1.5
    with pytest.raises(ValueError, match="eV"):
        capabilities.engine_interaction_range("eV")
    capabilities.interaction_range = math.inf
    assert capabilities.engine_interaction_range("angstrom") == math.inf


def test_length_unit():
    with pytest.raises(ValueError, match="'eV' has dimension .* length"):
        ModelCapabilities(length_unit="eV")
    capabilities = ModelCapabilities(length_unit="nm")
    with pytest.raises(ValueError, match="unknown unit 'foo'"):
        capabilities.length_unit = "foo"
    assert capabilities.length_unit == "nm"


def test_dtype():
    capabilities = ModelCapabilities(dtype="float32")
    capabilities.dtype = "float64"
    for dtype in ["float16", "", "torch.float32"]:
        with pytest.raises(ValueError, match=f"'{dtype}'"):
            capabilities.dtype = dtype
    assert capabilities.dtype == "float64"
    with pytest.raises(ValueError, match="'float16'"):
        ModelCapabilities(dtype="float16")


class TestOutputs:
    @pytest.mark.parametrize(
        "name, unit",
        [
            ("energy", "eV"),
            ("energy/pbe", "kJ/mol"),
            ("energy/a/b", "kJ/mol"),
            ("energy_ensemble", "hartree"),
            ("energy_uncertainty", "meV"),
            ("feature", ""),
            ("non_conservative_force", "eV/A"),
            ("non_conservative_stress", "eV/A^3"),
            ("non_conservative_stress", "GPa"),
            ("position", "bohr"),
            ("momentum", "u*A/fs"),
            ("momentum", "(eV*u)^(1/2)"),
            ("velocity", "(eV/u)^(1/2)"),
            ("mass", "u"),
            ("charge", "e"),
            ("spin_multiplicity", ""),
            ("heat_flux", "eV*A/fs"),
            ("custom::output", "eV"),
            ("custom::output", "nm"),
            ("a::b::c/d/e", ""),
            ("a::b/", ""),
        ],
    )
    def test_valid(self, name, unit, always_warn):
        capabilities = ModelCapabilities()
        # there is no warning
        capabilities.outputs = {name: ModelOutput(unit=unit)}
        assert list(capabilities.outputs) == [name]

    @pytest.mark.parametrize(
        "name, message",
        [
            ("", "''"),
            ("foo", "'foo'.*not a standard quantity"),
            ("foo/bar", "'foo' is not one"),
            ("/energy", "both sides of '/'"),
            ("energy/", "both sides of '/'"),
            ("::foo", "both sides of '::'"),
            ("foo::", "both sides of '::'"),
            ("a/b::c", "'/' can not be used before '::'"),
            ("a::/b", "between '::' and '/'"),
            ("Energy", "not a standard quantity"),
        ],
    )
    def test_invalid_names(self, name, message):
        capabilities = ModelCapabilities()
        with pytest.raises(ValueError, match=f"invalid name for a model output: .*{message}"):
            capabilities.outputs = {"custom::a": ModelOutput(), name: ModelOutput()}
        assert capabilities.outputs == {}
        with pytest.raises(ValueError, match=message):
            ModelCapabilities(outputs={name: ModelOutput()})

    def test_invalid_units(self):
        message = (
            r"'energy/a'.* 'nm' has dimension L, expected the dimension of energy "
            r"\(L\^2 T\^-2 M\)"
        )
        with pytest.raises(ValueError, match=message):
            ModelCapabilities(outputs={"energy/a": ModelOutput(unit="nm")})
        # blank is not the same as empty
        with pytest.raises(ValueError, match="' ' has dimension dimensionless"):
            ModelCapabilities(outputs={"mass": ModelOutput(unit=" ")})

    def test_unit_warnings(self):
        capabilities = ModelCapabilities()
        with pytest.warns(UserWarning, match="unit of the output 'energy' is not set"):
            capabilities.outputs = {"energy": ModelOutput()}
        with pytest.warns(UserWarning, match="'feature' should not have a unit.*'eV'"):
            capabilities.outputs = {"feature": ModelOutput(unit="eV")}

    def test_deprecated_names(self, always_warn):
        capabilities = ModelCapabilities()
        with pytest.warns(DeprecationWarning, match="'features' is deprecated, use 'feature'"):
            capabilities.outputs = {"features": ModelOutput()}
        message = "'charges' is deprecated .* 'charges/b', use 'charge/b'"
        with pytest.warns(DeprecationWarning, match=message):
            capabilities.outputs = {"charges/b": ModelOutput(unit="e")}

    @pytest.mark.filterwarnings("ignore:the unit of the output")
    @pytest.mark.parametrize(("deprecated", "current"), _deprecated_to_current().items())
    def test_deprecated_names_of_exported_models(self, deprecated, current, always_warn):
        # the classes and the code that is compiled into exported models each have a table
        message = f"'{deprecated}' is deprecated, use '{current}' instead"
        with pytest.warns(DeprecationWarning, match=message):
            ModelCapabilities().outputs = {deprecated: ModelOutput()}

    def test_variants(self, capfd):
        described = ModelOutput(unit="eV", description="something")
        ModelCapabilities(outputs={"energy": described, "energy/a": described})
        # a single variant does not need a description
        ModelCapabilities(outputs={"energy/a": ModelOutput(unit="eV"), "feature": ModelOutput()})
        assert capfd.readouterr().err == ""

        capabilities = ModelCapabilities()
        with pytest.warns(UserWarning) as warnings:
            capabilities.outputs = {
                "energy": ModelOutput(unit="eV"),
                "energy/a": described,
                "energy/b": ModelOutput(unit="eV"),
            }
        messages = [str(w.message) for w in warnings]
        assert len(messages) == 2
        assert "3 variants of the output 'energy', but 'energy' has no description" in messages[0]
        assert "3 variants of the output 'energy', but 'energy/b' has no" in messages[1]


JSON = """{
    "atomic_types": [
        8,
        1
    ],
    "class": "ModelCapabilities",
    "dtype": "float64",
    "interaction_range": 4608083138725491507,
    "length_unit": "nm",
    "outputs": {
        "energy": {
            "class": "ModelOutput",
            "description": "",
            "explicit_gradients": [],
            "sample_kind": "system",
            "unit": "eV"
        },
        "feature": {
            "class": "ModelOutput",
            "description": "",
            "explicit_gradients": [],
            "sample_kind": "atom",
            "unit": ""
        }
    },
    "supported_devices": [
        "cuda",
        "cpu"
    ]
}"""

EMPTY_JSON = """{
    "atomic_types": [],
    "class": "ModelCapabilities",
    "dtype": "",
    "interaction_range": -4616189618054758400,
    "length_unit": "",
    "outputs": {},
    "supported_devices": []
}"""


class TestSerialization:
    def test_json(self):
        capabilities = ModelCapabilities(
            outputs={"feature": ModelOutput(sample_kind="atom"), "energy": ModelOutput(unit="eV")},
            atomic_types=[8, 1],
            interaction_range=1.2,
            length_unit="nm",
            supported_devices=["cuda", "cpu"],
            dtype="float64",
        )
        assert state(capabilities) == JSON
        assert state(ModelCapabilities()) == EMPTY_JSON

        # outputs are sorted
        copied = copy.deepcopy(capabilities)
        assert list(capabilities.outputs) == ["feature", "energy"]
        assert list(copied.outputs) == ["energy", "feature"]
        assert copied.interaction_range == 1.2
        assert state(copied) == JSON

    def test_infinity(self):
        capabilities = ModelCapabilities(interaction_range=math.inf, dtype="float32")
        assert '"interaction_range": 9218868437227405312' in state(capabilities)
        assert copy.deepcopy(capabilities).interaction_range == math.inf

    def test_optional(self):
        loaded = from_state('{"class": "ModelCapabilities", "unknown": []}')
        assert state(loaded) == EMPTY_JSON

    def test_no_deprecation_warning(self, always_warn):
        json = JSON.replace('"feature"', '"features"').replace('"energy"', '"energy/a"')
        assert list(from_state(json).outputs) == ["energy/a", "features"]

    @pytest.mark.parametrize(
        "json, error, message",
        [
            (EMPTY_JSON, ValueError, "invalid dtype for a model: ''"),
            (JSON.replace('"nm"', '"eV"'), ValueError, "'eV'"),
            (JSON.replace('"feature"', '"foo"'), ValueError, "'foo'"),
            (JSON.replace('"unit": "eV"', '"unit": "nm"'), ValueError, "'nm'"),
            (JSON.replace("8,", "8.5,"), RuntimeError, "list of integers for 'atomic_types'"),
            (JSON.replace("4608083138725491507", "1.2"), RuntimeError, "'interaction_range'"),
            (JSON.replace('"cuda"', "null"), RuntimeError, "'supported_devices'"),
            (JSON.replace("ModelCapabilities", "Other"), RuntimeError, "ModelCapabilities"),
            (JSON.replace("ModelOutput", "Other"), RuntimeError, "ModelOutput"),
            ('{"class": "ModelCapabilities", "outputs": 3}', RuntimeError, "'outputs'"),
            ('{"class": "ModelCapabilities", "outputs": {"energy": 3}}', RuntimeError, "object"),
            ("", RuntimeError, "invalid JSON for ModelCapabilities"),
        ],
    )
    def test_errors(self, json, error, message):
        with pytest.raises(error, match=message):
            from_state(json)
