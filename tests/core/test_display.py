"""Text and HTML representations of the classes."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metatensor import Labels, LabelsEntry, TensorBlock, TensorMap
from metatensor._display import html, text


@dataclass
class StandInLabels:
    """Labels with any names and values, even the ones that real labels would reject."""

    names: list[str]
    values: Any


@dataclass
class StandInBlock:
    samples: StandInLabels
    components: list[StandInLabels]
    properties: StandInLabels
    shape: tuple[int, ...] = ()
    blocks: dict[str, "StandInBlock"] = field(default_factory=dict)

    def gradients_list(self):
        return list(self.blocks)

    def gradient(self, parameter):
        return self.blocks[parameter]


class CountingArray(np.ndarray):
    """Array that counts the rows which are read. It can have any number of rows."""

    def __new__(cls, count):
        # all rows are at the same place in memory
        array = np.broadcast_to(np.arange(2), (count, 2)).view(cls)
        array.rows_read = 0
        return array

    def __getitem__(self, index):
        rows = range(self.shape[0])[index[0]]
        self.rows_read += len(rows)
        return np.array([[row, 2 * row] for row in rows]).reshape(-1, 2)


class TagChecker(HTMLParser):
    """Checks that tags are properly nested, and collects the text and the number of each tag."""

    def __init__(self, document):
        super().__init__()
        self.opened = []
        self.counts = {}
        self.text = ""
        self.feed(document)
        self.close()
        assert self.opened == []

    def handle_starttag(self, tag, attrs):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag != "hr":
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def handle_data(self, data):
        if "style" not in self.opened:
            self.text += data


def outside_of_details(document):
    """Remove all the collapsed parts of a document."""
    pattern = re.compile(r"<details>(?:(?!<details>).)*?</details>", re.DOTALL)
    while pattern.search(document):
        document = pattern.sub("", document)
    return document


def range_labels(names, count):
    values = np.arange(count * len(names), dtype=np.int32).reshape(count, len(names))
    return Labels(names, values)


def block_with_gradients():
    properties = range_labels(["n"], 5)
    xyz = Labels(["xyz"], np.array([[0]]))
    block = TensorBlock(np.zeros((3, 1, 5)), range_labels(["system", "atom"], 3), [xyz], properties)
    for parameter, count in [("positions", 4), ("cell", 2)]:
        samples = Labels(["sample", "x"], np.array([[0, i] for i in range(count)]))
        direction = range_labels(["direction"], 3)
        gradient = TensorBlock(np.zeros((count, 3, 1, 5)), samples, [direction, xyz], properties)
        if parameter == "positions":
            second = TensorBlock(
                np.zeros((1, 3, 1, 5)),
                Labels(["sample"], np.array([[2]])),
                [direction, xyz],
                properties,
            )
            gradient.add_gradient("cell", second)
        block.add_gradient(parameter, gradient)
    return block


def map_with_blocks(count):
    values = np.array([[i, 10 - 20 * i] for i in range(count)]).reshape(count, 2)
    blocks = [
        TensorBlock(np.zeros((2, 1)), range_labels(["s"], 2), [], range_labels(["p"], 1))
        for _ in range(count)
    ]
    return TensorMap(Labels(["k", "long_name"], values), blocks)


# ----------------------------------------------------------------------------------- text of labels


def test_labels_repr():
    labels = Labels(["system", "atom"], np.array([[0, 1], [0, 12]]))
    expected = """Labels
    system  atom
      0      1
      0      12"""
    assert repr(labels) == expected
    assert str(labels) == expected


def test_labels_str_is_truncated():
    labels = Labels(["aaa", "b"], np.array([[i, -i * i] for i in range(10)]))
    expected = """Labels
    aaa   b
     0    0
     1   -1
      ...
     8   -64
     9   -81"""
    assert str(labels) == expected
    assert len(repr(labels).splitlines()) == 12


@pytest.mark.parametrize(
    "max_entries, first, last",
    [(0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 2, 2), (5, 3, 2)],
)
def test_labels_print_truncation(max_entries, first, last):
    lines = range_labels(["a"], 9).print(max_entries).splitlines()
    shown = [line.strip() for line in lines[1:]]
    expected = [str(i) for i in range(9)]
    assert shown == [*expected[:first], "...", *expected[9 - last :]]


@pytest.mark.parametrize("max_entries", [-1, -7, 6, 100])
def test_labels_print_everything(max_entries):
    lines = range_labels(["a"], 6).print(max_entries).splitlines()
    assert [line.strip() for line in lines[1:]] == ["0", "1", "2", "3", "4", "5"]


def test_labels_print_indent():
    labels = Labels(["abc", "d"], np.array([[1, 2], [3, 4], [5, 6], [7, 8]]))
    # the first line is not indented
    assert labels.print(-1, indent=2).splitlines() == [
        " abc  d",
        "    1   2",
        "    3   4",
        "    5   6",
        "    7   8",
    ]
    # columns of 5 and 3 characters: the dots come after (5 + 3) // 2 - 3 + 1 spaces
    assert labels.print(2, indent=2).splitlines() == [
        " abc  d",
        "    1   2",
        "    ...",
        "    7   8",
    ]


def test_labels_print_dots_in_narrow_table():
    # one column of 3 characters, the dots come after 3 // 2 + 1 spaces
    assert range_labels(["a"], 5).print(2).splitlines()[2] == "  ..."


def test_labels_print_widths_only_for_printed_rows():
    values = np.array([[1], [2], [123456789], [3]])
    lines = Labels(["a"], values).print(3).splitlines()
    assert lines == [" a", " 1", " 2", "  ...", " 3"]
    assert Labels(["a"], values).print(4).splitlines()[1] == "     1"


def test_labels_print_without_entries():
    assert Labels.empty(["a", "bc"]).print(4) == " a  bc"
    assert repr(Labels.empty(["a", "bc"])) == "Labels\n    a  bc"
    assert Labels.empty([]).print(-1) == ""


def test_labels_print_single_entry():
    assert range_labels(["a"], 1).print(0).splitlines() == [" a", " 0"]


def test_labels_print_reads_only_printed_rows():
    values = CountingArray(10**12)
    lines = text.labels_print(["a", "b"], values, max_entries=4).splitlines()
    assert values.rows_read == 4
    assert [line.split() for line in lines] == [
        ["a", "b"],
        ["0", "0"],
        ["1", "2"],
        ["..."],
        ["999999999998", "1999999999996"],
        ["999999999999", "1999999999998"],
    ]


integers = st.integers(min_value=-(2**31), max_value=2**31 - 1)


@given(
    rows=st.lists(st.tuples(integers, integers), max_size=12),
    names=st.tuples(st.text("abc_", min_size=1, max_size=9), st.text("de", min_size=1, max_size=3)),
    max_entries=st.integers(min_value=-1, max_value=14),
    indent=st.integers(min_value=0, max_value=5),
)
def test_labels_print_columns(rows, names, max_entries, indent):
    values = np.array(rows, dtype=np.int32).reshape(-1, 2)
    header, *lines = text.labels_print(names, values, max_entries, indent).split("\n")
    assert all(line == line.rstrip() for line in [header, *lines])
    assert tuple(header.split()) == names

    entries = [line for line in lines if line.strip() != "..."]
    assert all(line.startswith(" " * (indent + 1)) for line in lines)
    printed = [tuple(int(cell) for cell in line.split()) for line in entries]
    assert all(row in rows for row in printed)
    if max_entries < 0 or len(rows) <= max_entries:
        assert printed == rows

    # all the cells are centered on the same position, up to half a character
    width = 2 + max(len(names[0]), *(len(str(row[0])) for row in printed), 0)
    for line, start in [(header, 0), *((entry, indent) for entry in entries)]:
        cell = line[start : start + width]
        left = len(cell) - len(cell.lstrip())
        assert left == (width - len(cell.strip())) // 2


def test_labels_print_torch_values():
    labels = Labels(["a", "b"], torch.tensor([[1, 2], [-3, 4]]))
    assert repr(labels) == "Labels\n    a   b\n    1   2\n    -3  4"
    assert str(labels[1]) == "LabelsEntry(a=-3, b=4)"


def test_labels_entry():
    entry = LabelsEntry(["a", "b"], np.array([1, -2], dtype=np.int32))
    assert entry.print() == "(a=1, b=-2)"
    assert repr(entry) == "LabelsEntry(a=1, b=-2)"
    assert str(entry) == "LabelsEntry(a=1, b=-2)"


# ------------------------------------------------------------------------- text of blocks and maps


def test_block_repr():
    expected = """TensorBlock with shape (3, 1, 5)
    samples: [system, atom]
    components: [xyz]
    properties: [n]

    gradients:
        positions => TensorBlock with shape (4, 3, 1, 5)
        cell      => TensorBlock with shape (2, 3, 1, 5)"""
    block = block_with_gradients()
    assert repr(block) == expected
    assert str(block) == expected


def test_block_repr_without_components_and_gradients():
    block = TensorBlock(np.zeros((0, 2)), range_labels(["s"], 0), [], range_labels(["p", "q"], 2))
    assert repr(block) == (
        "TensorBlock with shape (0, 2)\n    samples: [s]\n    properties: [p, q]"
    )


def test_gradient_repr():
    gradient = block_with_gradients().gradient("positions")
    assert repr(gradient).splitlines() == [
        "TensorBlock gradient for 'positions', with shape (4, 3, 1, 5)",
        "    samples: [sample, x]",
        "    components: [direction, xyz]",
        "    properties: [n]",
        "",
        "    gradients:",
        "        cell => TensorBlock with shape (1, 3, 1, 5)",
    ]
    first_line = repr(gradient.gradient("cell")).splitlines()[0]
    assert first_line == "TensorBlock gradient for 'positions/cell', with shape (1, 3, 1, 5)"


def test_block_repr_plain_integers_in_shape():
    labels = StandInLabels(["a"], np.zeros((0, 1)))
    block = StandInBlock(labels, [], labels, shape=[np.int64(3), np.int64(4)])
    assert text.block_repr(block).startswith("TensorBlock with shape (3, 4)\n")


def test_tensor_print():
    tensor = map_with_blocks(3)
    expected = """TensorMap with 3 blocks
    keys: [k, long_name]
    blocks:
       0  10    => TensorBlock with shape (2, 1)
       1  -10   => TensorBlock with shape (2, 1)
               ..."""
    assert tensor.print(2) == expected
    assert len(tensor.print(3).splitlines()) == 6
    assert tensor.print(3) == tensor.print(-1) == repr(tensor) == str(tensor)


def test_tensor_print_widths_only_for_printed_keys():
    lines = map_with_blocks(12).print(1).splitlines()
    assert lines[3] == "       0  10   => TensorBlock with shape (2, 1)"
    assert lines[4] == " " * 14 + "..."


def test_tensor_str_is_truncated():
    tensor = map_with_blocks(8)
    assert str(tensor) == tensor.print(7)
    assert len(str(tensor).splitlines()) == 3 + 7 + 1
    assert len(repr(tensor).splitlines()) == 3 + 8


def test_tensor_print_no_keys():
    assert map_with_blocks(3).print(0).splitlines()[3:] == [" " * 7 + "..."]
    assert map_with_blocks(1).print(-1).startswith("TensorMap with 1 block\n")
    assert repr(map_with_blocks(0)) == (
        "TensorMap with 0 blocks\n    keys: [k, long_name]\n    blocks:"
    )


# -------------------------------------------------------------------------------------------- HTML


def test_labels_html():
    document = range_labels(["system", "atom"], 5)._repr_html_()
    parsed = TagChecker(document)
    assert "metatensor.Labels" in parsed.text
    assert "<th>system</th><th>atom</th>" in document
    assert "<tr><td>8</td><td>9</td></tr>" in document
    assert "details" not in parsed.counts


def test_labels_html_long():
    document = range_labels(["a"], 1000)._repr_html_()
    parsed = TagChecker(document)
    assert parsed.counts["td"] == 200
    assert outside_of_details(document).count("<td>") == 7
    assert "193 more entries" in parsed.text
    assert "800 more entries" in parsed.text

    assert "1 more entry" in TagChecker(range_labels(["a"], 8)._repr_html_()).text


def test_labels_html_reads_only_shown_rows():
    values = CountingArray(10**9)
    html.labels_html(StandInLabels(["a", "b"], values))
    assert values.rows_read == 200


def test_labels_entry_html():
    document = range_labels(["a", "b"], 2)[1]._repr_html_()
    parsed = TagChecker(document)
    assert "metatensor.LabelsEntry" in parsed.text
    assert "<tr><td>2</td><td>3</td></tr>" in document
    assert parsed.counts["tr"] == 2


def test_block_html():
    document = block_with_gradients()._repr_html_()
    parsed = TagChecker(document)
    assert "metatensor.TensorBlock with shape (3, 1, 5)" in parsed.text
    assert "<th>system</th><td>0</td><td>2</td><td>4</td></tr>" in document
    assert "TensorBlock gradient for 'positions', with shape (4, 3, 1, 5)" in parsed.text
    assert "TensorBlock gradient for 'positions/cell', with shape (1, 3, 1, 5)" in parsed.text
    # two gradients, one of them with a gradient
    assert parsed.counts["details"] == 3
    assert "direction" not in outside_of_details(document)


def test_gradient_html():
    gradient = block_with_gradients().gradient("positions").gradient("cell")
    parsed = TagChecker(gradient._repr_html_())
    title = "metatensor.TensorBlock gradient for 'positions/cell', with shape (1, 3, 1, 5)"
    assert title in parsed.text


def test_block_html_long_labels():
    block = TensorBlock(np.zeros((30, 1)), range_labels(["s"], 30), [], range_labels(["p"], 1))
    document = block._repr_html_()
    visible = outside_of_details(document)
    assert "<td>19</td><td>&hellip;</td>" in visible
    assert "<td>20</td>" not in visible
    assert "<td>29</td>" in document


def test_block_html_empty_labels():
    block = TensorBlock(np.zeros((0, 1)), range_labels(["s"], 0), [], range_labels(["p"], 1))
    assert "[s] empty" in TagChecker(block._repr_html_()).text


def test_tensor_html():
    document = map_with_blocks(30)._repr_html_()
    parsed = TagChecker(document)
    assert "metatensor.TensorMap with 30 blocks" in parsed.text
    assert "keys: [k, long_name]" in parsed.text
    assert parsed.text.count("TensorBlock with shape (2, 1)") == 20
    assert "13 more blocks" in parsed.text
    assert "10 more blocks" in parsed.text
    assert "<td>6</td>" in outside_of_details(document)
    assert "<td>7</td>" not in outside_of_details(document)

    TagChecker(map_with_blocks(0)._repr_html_())


def test_html_escapes_names():
    name = "<script>alert('&')</script>"
    labels = StandInLabels([name], np.array([[1]]))
    gradient = StandInBlock(labels, [labels], labels)
    block = StandInBlock(labels, [labels], labels, blocks={name: gradient})
    for document in [html.labels_html(labels), html.block_html(block, gradient_path=name)]:
        parsed = TagChecker(document)
        assert "script" not in parsed.counts
        assert name in parsed.text


def test_html_other_prefix():
    labels = StandInLabels(["a"], np.array([[1]]))
    block = StandInBlock(labels, [], labels, shape=(1, 1))
    prefix = "metatensor.torch"
    assert "<b>metatensor.torch.Labels</b>" in html.labels_html(labels, prefix)
    document = html.block_html(block, class_prefix=prefix)
    assert "<b>metatensor.torch.TensorBlock with shape (1, 1)</b>" in document


def test_html_meta_device():
    labels = StandInLabels(["a", "b"], torch.empty((3, 2), dtype=torch.int32, device="meta"))
    assert "[a, b] 3 entries without data" in TagChecker(html.labels_html(labels)).text
    TagChecker(html.block_html(StandInBlock(labels, [], labels, shape=(3, 3))))


def test_released_block():
    block = block_with_gradients()
    TensorMap(range_labels(["k"], 1), [block])
    assert repr(block) == str(block) == "TensorBlock(<empty>)"
    assert "TensorBlock" in block._repr_html_()
