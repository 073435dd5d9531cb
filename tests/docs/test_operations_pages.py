"""The pages about operations: their examples run, and each function is on one of them."""

import re
from pathlib import Path

import pytest

import metatensor.operations

FOLDER = Path(__file__).parents[2] / "docs" / "operations"
PAGES = sorted(FOLDER.glob("*.md"))
EXAMPLES = [
    pytest.param(code, id=page.stem)
    for page in PAGES
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)
]


@pytest.mark.parametrize("code", EXAMPLES)
def test_example_runs(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "example", "exec"), {"__name__": "__main__"})


def test_every_function_is_on_one_page():
    documented = [
        name
        for page in PAGES
        for name in re.findall(r"^\.\. auto\w+:: metatensor\.(\w+)$", page.read_text(), re.M)
    ]
    assert sorted(documented) == sorted(metatensor.operations.__all__)


def test_every_page_is_listed():
    index = (FOLDER / "index.md").read_text()
    others = [page for page in PAGES if page.name != "index.md"]
    for page in others:
        assert f"({page.name})" in index
        assert f"\n{page.stem}\n" in index
    assert len(re.findall(r"\]\([\w-]+\.md\)", index)) == len(others)
