import copy

import pytest
import torch

from metatomic.torch import ModelMetadata


def state(metadata: ModelMetadata) -> str:
    return metadata.__getstate__()[0]


def from_state(json: str) -> ModelMetadata:
    metadata = torch.ScriptObject.__new__(torch.ScriptObject)
    metadata.__setstate__((json, "__torch__.torch.classes.metatomic.ModelMetadata"))
    return metadata


def full_metadata() -> ModelMetadata:
    return ModelMetadata(
        name="name",
        description="a long description " * 6,
        authors=["Short author", "Long author " * 7 + "end"],
        references={
            "implementation": ["ref-1", "ref-2"],
            "architecture": ["ref-3 " * 13 + "end"],
            "model": ["ref-4"],
        },
        extra={"key": "value"},
    )


PRINTED = """This is the name model
======================

a long description a long description a long description a long description a
long description a long description\x20

Model authors
-------------

- Short author
- Long author Long author Long author Long author Long author Long author Long
  author end

Model references
----------------

Please cite the following references when using this model:
- about this specific model:
  * ref-4
- about the architecture of this model:
  * ref-3 ref-3 ref-3 ref-3 ref-3 ref-3 ref-3 ref-3 ref-3 ref-3 ref-3 ref-3
    ref-3 end
- about the implementation of this model:
  * ref-1
  * ref-2
"""


def test_members():
    metadata = ModelMetadata()
    assert metadata.name == ""
    assert metadata.description == ""
    assert metadata.authors == []
    assert metadata.references == {}
    assert metadata.extra == {}

    metadata.name = "name"
    metadata.description = "description"
    metadata.authors = ["author"]
    metadata.references = {"model": ["reference"]}
    metadata.extra = {"key": "value"}
    assert metadata.name == "name"
    assert metadata.description == "description"
    assert metadata.authors == ["author"]
    assert metadata.references == {"model": ["reference"]}
    assert metadata.extra == {"key": "value"}


class TestPrint:
    def test_full(self):
        assert str(full_metadata()) == PRINTED
        assert repr(full_metadata()) == PRINTED

    def test_empty(self):
        expected = "This is an unamed model\n=======================\n"
        assert str(ModelMetadata()) == expected
        assert str(ModelMetadata(extra={"key": "value"})) == expected

    def test_description(self):
        metadata = ModelMetadata(name="x", description="tabs\tand\r\nnew lines")
        expected = "This is the x model\n===================\n\ntabs and  new lines\n"
        assert str(metadata) == expected

    @pytest.mark.parametrize(
        "references, expected",
        [
            ({"model": []}, "- about this specific model:\n"),
            ({"architecture": []}, "- about the architecture of this model:\n"),
            ({"implementation": []}, None),
            (
                {"implementation": ["a"]},
                "- about the implementation of this model:\n  * a\n",
            ),
        ],
    )
    def test_references(self, references, expected):
        printed = str(ModelMetadata(name="x", references=references))
        header = "This is the x model\n===================\n"
        if expected is not None:
            header += (
                "\nModel references\n----------------\n\n"
                "Please cite the following references when using this model:\n"
            )
        assert printed == header + (expected or "")

    @pytest.mark.parametrize(
        "length, is_broken",
        # the limit is 80 characters without the prefix, and 2 less for the indentation
        [(78, False), (79, True)],
    )
    def test_width(self, length, is_broken):
        author = "a" * (length - 2) + " b"
        lines = str(ModelMetadata(name="x", authors=[author])).splitlines()
        if is_broken:
            assert lines[-2:] == ["- " + "a" * (length - 2), "  b"]
        else:
            assert lines[-1] == "- " + author

    def test_last_possible_space(self):
        # a space just after the limit can not be used
        description = "a" * 79 + " b"
        lines = str(ModelMetadata(description=description)).splitlines()
        assert lines[-2:] == ["a" * 79, "b"]

        with pytest.raises(RuntimeError, match="no place to break"):
            str(ModelMetadata(description="a" * 80 + " b"))

    @pytest.mark.parametrize("description", ["a" * 81, " " + "a" * 80])
    def test_no_space(self, description):
        with pytest.raises(RuntimeError, match="no place to break"):
            str(ModelMetadata(description=description))


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"authors": ["someone", ""]}, "empty author"),
        ({"references": {"foo": []}}, "'foo'"),
        ({"references": {"model": ["a"], "architecture": ["a", ""]}}, "'architecture'"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(ValueError, match=message):
        ModelMetadata(**arguments)

    # no validation in setters, but the value is validated before printing
    metadata = ModelMetadata()
    for name, value in arguments.items():
        setattr(metadata, name, value)
    with pytest.raises(ValueError, match=message):
        str(metadata)


JSON = """{
    "authors": [
        "Short author",
        "Other"
    ],
    "class": "ModelMetadata",
    "description": "",
    "extra": {
        "a": "b",
        "key": "\\u2192"
    },
    "name": "name",
    "references": {
        "architecture": [],
        "model": [
            "reference"
        ]
    }
}"""

EMPTY_JSON = """{
    "authors": [],
    "class": "ModelMetadata",
    "description": "",
    "extra": {},
    "name": "",
    "references": {}
}"""


def test_json():
    metadata = ModelMetadata(
        name="name",
        authors=["Short author", "Other"],
        references={"model": ["reference"], "architecture": []},
        extra={"key": "→", "a": "b"},
    )
    assert state(metadata) == JSON
    assert state(copy.deepcopy(metadata)) == JSON
    assert state(ModelMetadata()) == EMPTY_JSON
    assert state(from_state('{"class": "ModelMetadata"}')) == EMPTY_JSON

    # references in unknown sections are ignored
    unknown = JSON.replace('"architecture"', '"unknown"')
    assert list(from_state(unknown).references) == ["model"]


@pytest.mark.parametrize(
    "json, error, message",
    [
        (JSON.replace('"Other"', '""'), ValueError, "empty author"),
        (JSON.replace('"reference"', '""'), ValueError, "'model'"),
        (JSON.replace('"Other"', "3"), RuntimeError, "'authors'"),
        (JSON.replace('"name": "name"', '"name": 3'), RuntimeError, "'name'"),
        (JSON.replace('"reference"', "null"), RuntimeError, "'references'"),
        (JSON.replace('"b"', "3"), RuntimeError, "'extra'"),
        (JSON.replace("ModelMetadata", "System"), RuntimeError, "ModelMetadata"),
        ("3", RuntimeError, "expected an object"),
        ("[" * 100_000, RuntimeError, "invalid JSON"),
    ],
)
def test_invalid_json(json, error, message):
    with pytest.raises(error, match=message):
        from_state(json)


def test_script():
    @torch.jit.script
    def create(name: str):
        metadata = torch.classes.metatomic.ModelMetadata(
            name=name, references={"model": ["something"]}
        )
        metadata.extra["key"] = "value"
        return metadata, str(metadata)

    metadata, printed = create("name")
    assert metadata.extra == {"key": "value"}
    assert printed == str(metadata)
