"""HTML representation of the metatensor classes, for notebooks.

Each public function returns a self-contained piece of HTML. Colors are taken from the page, so
that it can be read on light and dark backgrounds.
"""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from .protocols import BlockLike, LabelsEntryLike, LabelsLike, TensorLike
from .text import block_title, has_data, integer_row, integer_rows, plural

#: number of rows of the tables of labels and tensor maps which are always visible
_VISIBLE_ROWS = 7
#: number of rows of the tables of labels, including the ones in the collapsed part
_MAX_LABELS_ROWS = 200
#: number of rows of the tables of tensor maps, including the ones in the collapsed part
_MAX_TENSOR_ROWS = 20
#: number of entries of the labels of a block which are always visible
_VISIBLE_COLUMNS = 20

_EMPTY = '<span class="mts-more">empty</span>'

_STYLE = """<style>
.mts-html { font-size: 0.9em; }
.mts-html hr { margin: 0.3em 0; border: 0; border-top: 1px solid rgba(128, 128, 128, 0.5); }
.mts-html table { border-collapse: collapse; margin: 0.2em 0 0.2em 0.5em; }
.mts-html table th, .mts-html table td {
    padding: 0.1em 0.6em;
    text-align: right;
    vertical-align: top;
    border: 1px solid rgba(128, 128, 128, 0.35);
}
.mts-html table th { background: rgba(128, 128, 128, 0.15); font-weight: bold; }
.mts-html table td.mts-block { text-align: left; }
.mts-html summary { cursor: pointer; }
.mts-html details > details, .mts-html details > div { margin-left: 1em; }
.mts-html dl { margin: 0 0 0.5em 1em; }
.mts-html dt { font-weight: bold; margin-top: 0.3em; }
.mts-html dd { margin: 0; overflow-x: auto; }
.mts-html .mts-more { opacity: 0.7; font-style: italic; }
</style>"""


def labels_html(labels: LabelsLike, class_prefix: str = "metatensor") -> str:
    """Representation of labels, as a table with the first entries and a collapsed second part."""
    title = f"{class_prefix}.Labels"
    return _document(title, _labels_table(labels))


def labels_entry_html(entry: LabelsEntryLike, class_prefix: str = "metatensor") -> str:
    """Representation of an entry of labels, as a table with one row."""
    table = _table(entry.names, [integer_row(entry.values)])
    return _document(f"{class_prefix}.LabelsEntry", table)


def block_html(
    block: BlockLike,
    gradient_path: str = "",
    class_prefix: str = "metatensor",
) -> str:
    """Representation of a block, as tables with all the labels, and collapsed gradients.

    :param block: block to represent
    :param gradient_path: if the block is a gradient, names of the parameters from the outermost
        block to this one, separated by slashes
    :param class_prefix: module of the class, which is part of the title
    """
    title = f"{class_prefix}.{block_title(block, gradient_path)}"
    return _document(title, _block_body(block, gradient_path))


def tensor_html(tensor: TensorLike, class_prefix: str = "metatensor") -> str:
    """Representation of a tensor map, as a table with one row for each key and collapsed blocks."""
    keys = tensor.keys
    count = keys.values.shape[0]
    title = f"{class_prefix}.TensorMap with {plural(count, 'block', 'blocks')}"
    names = ", ".join(_escape(name) for name in keys.names)
    return _document(title, f"<div><b>keys:</b> [{names}]</div>" + _tensor_table(tensor))


def _document(title: str, body: str) -> str:
    return f'{_STYLE}<div class="mts-html"><div><b>{_escape(title)}</b></div><hr>{body}</div>'


def _labels_table(labels: LabelsLike, visible: int = _VISIBLE_ROWS) -> str:
    """Table of labels, one entry per row."""
    if not has_data(labels.values):
        return _without_data(labels)

    def table(start: int, stop: int) -> str:
        return _table(labels.names, integer_rows(labels.values, start, stop))

    count = labels.values.shape[0]
    if count == 0:
        return table(0, 0) + _EMPTY
    return _truncated(table, count, visible, _MAX_LABELS_ROWS, ("more entry", "more entries"))


def _block_body(block: BlockLike, gradient_path: str) -> str:
    """Labels and gradients of a block, without the title."""
    body = _axes("samples", [block.samples])
    body += _axes("components", block.components)
    body += _axes("properties", [block.properties])
    html = f"<dl>{body}</dl>"

    for parameter in block.gradients_list():
        path = f"{gradient_path}/{parameter}" if gradient_path else parameter
        gradient = block.gradient(parameter)
        html += _details(block_title(gradient, path), _block_body(gradient, path))
    return html


def _axes(kind: str, labels: list[LabelsLike]) -> str:
    """Labels of some axes of a block, as an item of a list. Nothing if there are no such axes."""
    if not labels:
        return ""
    tables = "".join(f"<dd>{_horizontal_labels(axis_labels)}</dd>" for axis_labels in labels)
    return f"<dt>{kind}</dt>{tables}"


def _horizontal_labels(labels: LabelsLike) -> str:
    """Table of labels, one entry per column."""
    if not has_data(labels.values):
        return _without_data(labels)

    count = labels.values.shape[0]
    if count == 0:
        names = ", ".join(_escape(name) for name in labels.names)
        return f"[{names}] {_EMPTY}"

    entries = integer_rows(labels.values, 0, min(count, _VISIBLE_COLUMNS))
    more = "<td>&hellip;</td>" if count > _VISIBLE_COLUMNS else ""
    rows = []
    for dimension, name in enumerate(labels.names):
        cells = "".join(f"<td>{entry[dimension]}</td>" for entry in entries)
        rows.append(f"<tr><th>{_escape(name)}</th>{cells}{more}</tr>")
    table = f"<table>{''.join(rows)}</table>"
    if more:
        table += _details(f"table of the {count} entries", _labels_table(labels, _MAX_LABELS_ROWS))
    return table


def _tensor_table(tensor: TensorLike) -> str:
    """Table of the keys and blocks of a tensor map, one block per row."""
    keys = tensor.keys

    def table(start: int, stop: int) -> str:
        rows = []
        entries = integer_rows(keys.values, start, stop)
        for index, entry in enumerate(entries, start):
            block = tensor.block_by_id(index)
            rows.append([*entry, _details(block_title(block), _block_body(block, ""))])
        return _table([*keys.names, "block"], rows, last_cell_class="mts-block")

    return _truncated(
        table, keys.values.shape[0], _VISIBLE_ROWS, _MAX_TENSOR_ROWS, ("more block", "more blocks")
    )


def _truncated(
    table: Callable[[int, int], str],
    count: int,
    visible: int,
    maximum: int,
    nouns: tuple[str, str],
) -> str:
    """The first rows of a long table, the next ones in a collapsed part, and a count of the rest.

    :param table: function creating the table with a range of rows
    :param count: number of rows of the full table
    :param visible: number of rows which are always visible
    :param maximum: number of rows to show in total
    :param nouns: what the other rows are called, as a singular and a plural
    """
    html = table(0, min(count, visible))
    if count > visible:
        hidden = min(count, maximum) - visible
        html += _details(plural(hidden, *nouns), table(visible, visible + hidden))
    if count > maximum:
        html += f'<div class="mts-more">and {plural(count - maximum, *nouns)}, not shown</div>'
    return html


def _table(names: Sequence[str], rows: list[list[Any]], last_cell_class: str = "") -> str:
    """Table with a header. The cells are integers or HTML, the names are plain text."""
    header = "".join(f"<th>{_escape(name)}</th>" for name in names)
    html = f"<table><thead><tr>{header}</tr></thead><tbody>"
    for row in rows:
        cells = [f"<td>{cell}</td>" for cell in row]
        if last_cell_class:
            cells[-1] = f'<td class="{last_cell_class}">{row[-1]}</td>'
        html += f"<tr>{''.join(cells)}</tr>"
    return html + "</tbody></table>"


def _details(summary: str, content: str) -> str:
    """Collapsed content. The summary is plain text."""
    return f"<details><summary>{_escape(summary)}</summary><div>{content}</div></details>"


def _without_data(labels: LabelsLike) -> str:
    names = ", ".join(_escape(name) for name in labels.names)
    count = plural(labels.values.shape[0], "entry", "entries")
    return f'[{names}] <span class="mts-more">{count} without data</span>'


def _escape(text: str) -> str:
    """Escape text which is not in the attribute of a tag."""
    return escape(text, quote=False)
