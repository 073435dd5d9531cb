"""Text description of files, made from everything in them but the values of blocks."""

import os
from collections.abc import Iterator, Sequence

from ._block import TensorBlock
from ._display.text import labels_entry_print, plural
from ._tensor import TensorMap
from .io import File, load_labels

_INDENT = "    "


def describe_file(path: str, blocks: bool = False) -> str:
    """
    Description of the file at ``path``: what is in it, how much, and of which type.

    :param path: path of a file with a TensorMap, a TensorBlock or Labels
    :param blocks: describe each block of a TensorMap too

    :raises MetatensorError: if there is no such file, or if it is damaged
    """
    with File(path) as file:
        title = f"{path} ({_size(os.path.getsize(path))})"
        if file.content == "Labels":
            labels = load_labels(path)
            return f"{title}\n{labels}\n\n{plural(len(labels), 'entry', 'entries')}"
        metadata = file.metadata()

    if isinstance(metadata, TensorBlock):
        return f"{title}\n{metadata}\n\n{_table(_amounts([metadata]))}"
    return "\n\n".join([f"{title}\n{metadata}", *_tensor_parts(metadata, blocks)])


def _tensor_parts(tensor: TensorMap, blocks: bool) -> Iterator[str]:
    if len(tensor) > 0:
        yield _table([*_amounts(list(tensor)), *_dimensions(list(tensor))])
    info = tensor.info()
    if info:
        rows = _table(list(info.items())).replace("\n", f"\n{_INDENT}")
        yield f"info:\n{_INDENT}{rows}"
    if blocks:
        for i, (key, block) in enumerate(tensor.items()):
            entry = labels_entry_print(key.names, key.values)
            yield f"block {i}, {entry}\n{block}\n\n{_table(_amounts([block]))}"


def _amounts(blocks: Sequence[TensorBlock]) -> Iterator[tuple[str, str]]:
    """The amount of data in all blocks, and its type."""
    size = sum(block.values.nbytes for block in blocks)
    yield "values:", f"{_size(size)}, {blocks[0].dtype}"
    for parameter in blocks[0].gradients_list():
        gradients = (gradient for block in blocks for gradient in _tree(block.gradient(parameter)))
        size = sum(gradient.values.nbytes for gradient in gradients)
        yield "gradients:", f"{_size(size)} for '{parameter}'"


def _dimensions(blocks: Sequence[TensorBlock]) -> Iterator[tuple[str, str]]:
    """The names of the dimensions of all blocks, and their number of entries."""
    first = blocks[0]
    samples = sum(len(block.samples) for block in blocks)
    yield "samples:", f"{_names(first.samples.names)}, {samples} in total"
    if first.components:
        yield "components:", _names([component.names[0] for component in first.components])
    properties = [len(block.properties) for block in blocks]
    low, high = min(properties), max(properties)
    count = f"{low}" if low == high else f"{low} to {high}"
    yield "properties:", f"{_names(first.properties.names)}, {count} in each block"


def _tree(block: TensorBlock) -> Iterator[TensorBlock]:
    """The block, its gradients, their gradients..."""
    yield block
    for _, gradient in block.gradients():
        yield from _tree(gradient)


def _names(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"


def _table(rows: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> str:
    """Two columns; the second one can have several lines."""
    rows = list(rows)
    width = max(len(first) for first, _ in rows) + 2
    lines = []
    for first, second in rows:
        for line in second.splitlines() or [""]:
            lines.append(f"{first.ljust(width)}{line}".rstrip())
            first = ""
    return "\n".join(lines)


def _size(count: int) -> str:
    """A number of bytes, with the unit that people read best."""
    if count < 1024:
        return plural(count, "byte", "bytes")
    size = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1024:
            return f"{size:.3g} {unit}" if size < 999.5 else f"{size:.0f} {unit}"
    return f"{size / 1024:.3g} TiB"
