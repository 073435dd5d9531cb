"""The pages about operations: one for each of them, with an example that runs."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

import metatensor.operations

FOLDER = Path(__file__).parents[2] / "docs" / "operations"
PAGES = {path.stem: path.read_text() for path in sorted(FOLDER.glob("*.md"))}
FUNCTIONS = {name: text for name, text in PAGES.items() if name not in ("index", "for-numpy-users")}


def examples(text):
    """The interactive examples of a page, one after the other."""
    return "".join(re.findall(r"^```pycon\n(.*?)^```", text, re.M | re.S))


def documented(text):
    """Names of the functions that a page documents."""
    return re.findall(r"^\.\. auto\w+:: metatensor\.(\w+)$", text, re.M)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_example(name):
    """It gives what the page shows, and this is about the function."""
    text = examples(PAGES[name])
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, name, None, 0)
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
    assert results.failed == 0
    assert any(example.want for example in test.examples)
    assert re.search(rf"\bmetatensor\.{name}(_block)?\b", text)


def test_example_for_users_of_numpy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    codes = re.findall(r"^```python\n(.*?)^```", PAGES["for-numpy-users"], re.M | re.S)
    for code in codes:
        exec(compile(code, "example", "exec"), {"__name__": "__main__"})
    assert codes


def expressions_of_the_table():
    """All the code in the second column of the table for users of NumPy."""
    rows = re.findall(r"^\| `[^|]*\| ([^|]*) \|", PAGES["for-numpy-users"], re.M)
    return [expression for row in rows for expression in re.findall(r"`([^`]+)`", row)]


@pytest.mark.filterwarnings("ignore:`requires_grad=True` does nothing:UserWarning")
@pytest.mark.parametrize("expression", expressions_of_the_table())
def test_table_for_users_of_numpy(expression):
    sizes = ({"type": 2}, {"system": 2, "atom": 2}, {}, {"n": 4})
    t, u = metatensor.random_uniform(*sizes) + 1.0, metatensor.random_uniform(*sizes) + 1.0
    names = {"metatensor": metatensor, "np": np, "Labels": metatensor.Labels, "t": t, "u": u}
    assert eval(expression, names) is not None


def test_every_function_is_on_its_page():
    names = [name for text in FUNCTIONS.values() for name in documented(text)]
    assert sorted(names) == sorted(metatensor.operations.__all__)
    for page, text in FUNCTIONS.items():
        assert text.startswith(f"# {page}\n")
        function, *variants = documented(text)
        assert function == page
        # nothing but the versions for a single block, and the ones which raise
        allowed = [f"{page}{suffix}" for suffix in ("_raise", "_block", "_blocks", "_block_raise")]
        assert variants == [name for name in allowed if name in metatensor.operations.__all__]


def test_every_page_is_listed():
    index = PAGES["index"]
    (toctree,) = re.findall(r"^```{toctree}\n:hidden:\n\n(.*?)^```", index, re.M | re.S)
    others = sorted(PAGES.keys() - {"index"})
    assert sorted(toctree.split()) == others
    assert sorted(re.findall(r"\]\(([\w-]+)\.md\)", index)) == others


def test_extensions_are_marked():
    """What other implementations do not have is said on the page and in the overview."""
    section = PAGES["index"].partition("## Not in other implementations")[2]
    link = "[extension](index.md#not-in-other-implementations)"
    marked = {name for name, text in FUNCTIONS.items() if link in text}
    assert marked == set(re.findall(r"`(\w+)`", section)) - {"keys"}


@pytest.mark.parametrize("name", PAGES)
def test_links(name):
    for target in re.findall(r"\]\(([\w./-]+\.md)(?:#[\w-]+)?\)", PAGES[name]):
        assert (FOLDER / target).is_file()
