"""HTML representation of the TorchScript classes in notebooks."""

import html
import sys
from typing import Any

import torch

from metatensor._display.html import block_html, labels_entry_html, labels_html, tensor_html

_QUALIFIED_PREFIX = "__torch__.torch.classes.metatensor."
_RENDERERS = {
    "Labels": labels_html,
    "LabelsEntry": labels_entry_html,
    "TensorBlock": block_html,
    "TensorMap": tensor_html,
}


def install_html_formatter() -> None:
    """
    If this code runs in IPython, register the representation of our classes. All TorchScript
    classes share a single Python type, so the formatter has to handle the objects of other
    libraries as well.
    """
    ipython_module = sys.modules.get("IPython")
    shell = ipython_module.get_ipython() if ipython_module is not None else None
    if shell is None:
        return

    formatter = shell.display_formatter.formatters["text/html"]
    try:
        previous = formatter.lookup_by_type(torch.ScriptObject)
    except KeyError:
        previous = None

    def script_object_html(script_object: Any) -> str:
        name = script_object._type().qualified_name()
        if name.startswith(_QUALIFIED_PREFIX):
            render = _RENDERERS[name.removeprefix(_QUALIFIED_PREFIX)]
            return render(script_object, class_prefix="metatensor.torch")
        if previous is not None:
            return previous(script_object)
        return html.escape(repr(script_object))

    formatter.for_type(torch.ScriptObject, script_object_html)
