import copy
import io
import math
import pickle

import pytest
import torch

from metatomic.torch import NeighborListOptions


def test_members():
    options = NeighborListOptions(cutoff=3.4, full_list=True, strict=False)
    assert options.cutoff == 3.4
    assert options.full_list is True
    assert options.strict is False
    assert options.length_unit == ""
    assert options.requestors() == []

    for name, value in [("cutoff", 3.0), ("full_list", False), ("strict", True)]:
        with pytest.raises(RuntimeError):
            setattr(options, name, value)


def test_requestors():
    options = NeighborListOptions(3.4, True, True, "first")
    options.add_requestor("second")
    options.add_requestor("")
    options.add_requestor("first")
    options.add_requestor(requestor="a third one")
    assert options.requestors() == ["first", "second", "a third one"]
    assert NeighborListOptions(3.4, True, True, requestor="").requestors() == []


def test_length_unit():
    options = NeighborListOptions(cutoff=3.4, full_list=True, strict=True)
    assert options.engine_cutoff("nm") == 3.4

    options.length_unit = "angstrom"
    assert options.length_unit == "angstrom"
    assert options.engine_cutoff("") == 3.4
    assert options.engine_cutoff("angstrom") == 3.4
    assert math.isclose(options.engine_cutoff(engine_length_unit="nm"), 0.34)

    message = "'eV' has dimension L\\^2 T\\^-2 M, expected the dimension of length \\(L\\)"
    with pytest.raises(ValueError, match=message):
        options.length_unit = "eV"
    with pytest.raises(ValueError, match="unknown unit 'foo'"):
        options.length_unit = "foo"
    assert options.length_unit == "angstrom"

    options.length_unit = ""
    assert options.engine_cutoff("nm") == 3.4


def test_comparison():
    options = NeighborListOptions(3.4, True, True, "first")
    same = NeighborListOptions(3.4, True, True, "second")
    same.length_unit = "nm"
    assert options == same
    assert not (options != same)

    for different in [
        NeighborListOptions(3.5, True, True),
        NeighborListOptions(3.4, False, True),
        NeighborListOptions(3.4, True, False),
        NeighborListOptions(math.nan, True, True),
    ]:
        assert options != different
        assert not (options == different)


def test_print():
    options = NeighborListOptions(cutoff=3.4, full_list=True, strict=False)
    assert str(options) == "NeighborListOptions(cutoff=3.400000, full_list=True, strict=False)"
    assert repr(options) == (
        "NeighborListOptions\n    cutoff: 3.400000\n    full_list: True\n    strict: False\n"
    )

    options.length_unit = "bohr"
    options.add_requestor("first")
    options.add_requestor("Model.second")
    assert str(options) == "NeighborListOptions(cutoff=3.400000, full_list=True, strict=False)"
    assert repr(options) == (
        "NeighborListOptions\n    cutoff: 3.400000 bohr\n    full_list: True\n    strict: False\n"
        "    requested by:\n        - first\n        - Model.second\n"
    )


JSON = """{
    "class": "NeighborListOptions",
    "cutoff": 4615159644819978768,
    "full_list": false,
    "length_unit": "angstrom",
    "requestors": [
        "mod\\u00e8le"
    ],
    "strict": true
}"""


def state(options: NeighborListOptions) -> str:
    return options.__getstate__()[0]


def from_state(json: str) -> NeighborListOptions:
    options = torch.ScriptObject.__new__(torch.ScriptObject)
    options.__setstate__((json, "__torch__.torch.classes.metatomic.NeighborListOptions"))
    return options


def test_json():
    options = NeighborListOptions(3.5426, False, True, "modèle")
    options.length_unit = "angstrom"
    assert state(options) == JSON


@pytest.mark.parametrize("cutoff", [3.5426, -1.0, 0.0, math.inf, 1e-320])
def test_serialization(cutoff):
    options = NeighborListOptions(cutoff, True, False, "me")
    options.length_unit = "nm"

    buffer = io.BytesIO()
    torch.save(options, buffer)
    buffer.seek(0)
    for copied in [
        copy.deepcopy(options),
        pickle.loads(pickle.dumps(options)),
        torch.load(buffer, weights_only=False),
    ]:
        assert copied.cutoff == cutoff
        assert repr(copied) == repr(options)

    alias = copy.copy(options)
    options.add_requestor("another one")
    assert alias.requestors() == ["me", "another one"]


@pytest.mark.parametrize(
    "json, message",
    [
        ("", "invalid JSON for NeighborListOptions"),
        ("[]", "expected an object"),
        ("{}", "'class'"),
        (JSON.replace("NeighborListOptions", "ModelOutput"), "NeighborListOptions"),
        (JSON.replace("4615159644819978768", "3.5"), "expected an integer for 'cutoff'"),
        (JSON.replace("4615159644819978768", "18446744073709551615"), "'cutoff'"),
        (JSON.replace('"cutoff"', '"other"'), "expected an integer for 'cutoff', got nothing"),
        (JSON.replace("false", "0"), "expected a boolean for 'full_list', got number"),
        (JSON.replace('"strict"', '"other"'), "'strict'"),
        (JSON.replace('"mod\\u00e8le"', "3"), "expected a list of strings for 'requestors'"),
        (JSON.replace('"angstrom"', "null"), "expected a string for 'length_unit', got null"),
    ],
)
def test_invalid_json(json, message):
    with pytest.raises(RuntimeError, match=message):
        from_state(json)


def test_invalid_json_unit():
    with pytest.raises(ValueError, match="'eV' has dimension"):
        from_state(JSON.replace("angstrom", "eV"))


def test_script():
    @torch.jit.script
    def create(cutoff: float):
        options = torch.classes.metatomic.NeighborListOptions(
            cutoff=cutoff, full_list=True, strict=True, requestor="script"
        )
        options.length_unit = "nm"
        return options, str(options), options == options, options.engine_cutoff("angstrom")

    options, text, equal, engine_cutoff = create(1.5)
    assert options.requestors() == ["script"]
    assert text == str(options)
    assert equal
    assert engine_cutoff == 15.0
