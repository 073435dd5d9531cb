"""Text representation of the metatensor classes."""

from collections.abc import Sequence
from typing import Any

from .._data import part, to_list
from .protocols import BlockLike, TensorLike

_ELLIPSIS = "..."


def integer_rows(values: Any, start: int, stop: int) -> list[list[Any]]:
    """
    Rows ``start`` to ``stop`` (not included) of a 2-D array, as Python integers, or question marks
    if there is no data.
    """
    if not has_data(values):
        count, size = values.shape
        return [["?"] * size for _ in range(count)[start:stop]]
    return to_list(part(values, (slice(start, stop), slice(None))))


def integer_row(values: Any) -> list[Any]:
    """Same as ``integer_rows``, for a 1-D array."""
    return to_list(values) if has_data(values) else ["?"] * values.shape[0]


def has_data(values: Any) -> bool:
    """Do these values exist? Tensors on the meta device of torch only have a shape."""
    return not getattr(values, "is_meta", False)


def plural(count: int, singular: str, plural_form: str) -> str:
    """``"1 block"`` or ``"3 blocks"``."""
    return f"{count} {singular if count == 1 else plural_form}"


def block_title(block: BlockLike, gradient_path: str = "") -> str:
    """First line of the representation of a block."""
    shape = tuple(int(size) for size in block.shape)
    if gradient_path:
        return f"TensorBlock gradient for '{gradient_path}', with shape {shape}"
    return f"TensorBlock with shape {shape}"


def labels_print(names: Sequence[str], values: Any, max_entries: int, indent: int = 0) -> str:
    """Table of the names of the dimensions and the entries of labels.

    :param names: names of the dimensions
    :param values: entries, as a 2-D array of integers with one column for each name
    :param max_entries: if there are more entries than this, only show the first and last ones, at
        least one of each. A negative number shows all of them.
    :param indent: number of spaces at the beginning of each line, except for the first one
    """
    count = values.shape[0]
    if 0 <= max_entries < count and count > 1:
        shown = max(max_entries, 2)
        first = integer_rows(values, 0, shown - shown // 2)
        last = integer_rows(values, count - shown // 2, count)
    else:
        first = integer_rows(values, 0, count)
        last = []

    widths = _column_widths(first + last, names)
    lines = ["".join(_centered(names, widths)).rstrip(" ")]
    lines += [_entry_line(row, widths, indent) for row in first]
    if last:
        half_width = sum(widths) // 2
        if half_width > 3:
            half_width -= 3
        lines.append(" " * (indent + 1 + half_width) + _ELLIPSIS)
        lines += [_entry_line(row, widths, indent) for row in last]
    return "\n".join(lines)


def labels_repr(names: Sequence[str], values: Any) -> str:
    """``repr()`` of labels, with all the entries."""
    return "Labels\n   " + labels_print(names, values, max_entries=-1, indent=3)


def labels_str(names: Sequence[str], values: Any) -> str:
    """``str()`` of labels, with a few entries."""
    return "Labels\n   " + labels_print(names, values, max_entries=4, indent=3)


def labels_entry_print(names: Sequence[str], values: Any) -> str:
    """Names and values of an entry of labels: ``"(a=1, b=2)"``."""
    pairs = zip(names, integer_row(values), strict=True)
    return "(" + ", ".join(f"{name}={value}" for name, value in pairs) + ")"


def labels_entry_repr(names: Sequence[str], values: Any) -> str:
    """``repr()`` and ``str()`` of an entry of labels: ``"LabelsEntry(a=1, b=2)"``."""
    return "LabelsEntry" + labels_entry_print(names, values)


def block_repr(block: BlockLike, gradient_path: str = "") -> str:
    """``repr()`` and ``str()`` of a block.

    :param block: block to represent
    :param gradient_path: if the block is a gradient, names of the parameters from the outermost
        block to this one, separated by slashes
    """
    lines = [block_title(block, gradient_path)]
    lines.append(f"    samples: [{', '.join(block.samples.names)}]")
    components = [component.names[0] for component in block.components]
    if components:
        lines.append(f"    components: [{', '.join(components)}]")
    lines.append(f"    properties: [{', '.join(block.properties.names)}]")

    parameters = block.gradients_list()
    if parameters:
        lines += ["", "    gradients:"]
        width = max(len(parameter) for parameter in parameters)
        for parameter in parameters:
            title = block_title(block.gradient(parameter))
            lines.append(f"        {parameter.ljust(width)} => {title}")
    return "\n".join(lines)


def tensor_print(tensor: TensorLike, max_keys: int) -> str:
    """Description of a tensor map: its keys and the shape of its blocks.

    :param tensor: tensor map to describe
    :param max_keys: maximal number of blocks to show. A negative number shows all of them.
    """
    keys = tensor.keys
    values = keys.values
    count = values.shape[0]
    shown = count if max_keys < 0 else min(max_keys, count)
    rows = integer_rows(values, 0, shown)
    widths = _column_widths(rows, [""] * len(keys.names))

    lines = [f"TensorMap with {plural(count, 'block', 'blocks')}"]
    lines.append(f"    keys: [{', '.join(keys.names)}]")
    lines.append("    blocks:")
    for index, row in enumerate(rows):
        cells = "".join(_centered(row, widths))
        lines.append(f"      {cells}  => {block_title(tensor.block_by_id(index))}")
    if shown < count:
        lines.append(" " * (6 + sum(widths) + 1) + _ELLIPSIS)
    return "\n".join(lines)


def _column_widths(rows: list[list[int]], names: Sequence[str]) -> list[int]:
    """Width of each column, with some space around the longest value or name, if there is any."""
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    longest = [
        max(len(name), *(len(str(value)) for value in column), 0)
        for name, column in zip(names, columns, strict=True)
    ]
    return [length + 2 if length > 0 else 0 for length in longest]


def _centered(cells: Sequence[Any], widths: Sequence[int]) -> list[str]:
    """Center each cell in its column, with the odd space on the right."""
    texts = []
    for cell, width in zip(cells, widths, strict=True):
        text = str(cell)
        left = (width - len(text)) // 2
        texts.append((" " * left + text).ljust(width))
    return texts


def _entry_line(row: list[int], widths: Sequence[int], indent: int) -> str:
    return " " * indent + "".join(_centered(row, widths)).rstrip(" ")
