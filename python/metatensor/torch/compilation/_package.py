"""
Files with the machine code of a model, which are loaded without the source of the model.

A package is what ``torch.export`` and AOTInductor write (a ``.pt2`` file, which is a zip archive),
with additional members in ``metatensor/``: the structure of arguments and results as JSON, and
the labels of both as ``.mts`` files.
"""

import io
import json
import os
import warnings
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
import torch
from torch.utils import _pytree as pytree

from .._classes import Labels, load_labels_buffer
from ._state import ModelState
from ._structure import (
    LEAVES,
    Joined,
    Metadata,
    Split,
    Structure,
    TensorKind,
    same_metadata,
)
from ._tracing import trace

_FOLDER = "metatensor"
_CONSTANTS = {"bool": bool, "int": int, "float": float, "str": str, "NoneType": type(None)}


def save_package(
    path: Union[str, os.PathLike],
    model: Callable,
    args: tuple[Any, ...],
    kwargs: Optional[dict[str, Any]] = None,
    *,
    options: Optional[dict[str, Any]] = None,
) -> None:
    """
    Compile a model for the given arguments, and write the machine code into a file.

    The file does not depend on the source of the model, nor on TorchScript. It contains the
    parameters of the model. It can be used on machines with the same kind of processor, with the
    same version of torch, for arguments with the same metadata and other values:

    .. code-block:: python

        save_package("model.pt2", model, (tensor,))

        run = load_package("model.pt2")
        result = run(other_tensor)  # same labels as `tensor`

    What the model returns is not differentiable: derivatives that are needed, such as forces, have
    to be computed by the model itself with ``torch.autograd.grad``.

    :param path: file to write, which has to end with ``.pt2``
    :param model: module or function, see :py:func:`metatensor.torch.compile` for what it can do
    :param args: positional arguments of the model
    :param kwargs: keyword arguments of the model
    :param options: options of AOTInductor, see ``torch._inductor.list_options()``
    :raises UnsupportedModel: if metadata, or the control flow, depends on values
    :raises TypeError: if arguments, or the result, contain objects that can not be stored
    :raises ValueError: if the path does not end with ``.pt2``
    """
    path = Path(path)
    if path.suffix != ".pt2":
        raise ValueError(f"packages are files which end with '.pt2', got '{path}'")

    arguments = Split((args, kwargs or {}))
    arguments.values = [value.detach().contiguous() for value in arguments.values]
    description = _describe(arguments)
    traced = trace(model, arguments, ModelState([model]).tensors())
    if len(traced.objects) != 0:
        raise TypeError(
            "the results of models in packages can not contain modules and other objects"
        )

    sources = [source if isinstance(source, int) else None for source in traced.sources]
    constants = [source for source in traced.sources if isinstance(source, torch.Tensor)]
    members = {
        "arguments.json": description,
        "results.json": json.dumps({"structure": _encode(traced.outputs), "sources": sources}),
        **_metadata_members("arguments", arguments.metadata),
        **_metadata_members("results", traced.metadata),
        **_metadata_members("constants", constants),
    }

    module = _WithState(traced.graph, traced.state)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch uses what it has deprecated
        program = torch.export.export(module, tuple(arguments.values))
        torch._inductor.aoti_compile_and_package(
            program, package_path=str(path), inductor_configs=options
        )
    with zipfile.ZipFile(path, "a") as archive:
        root = archive.namelist()[0].split("/")[0]
        for name, content in members.items():
            archive.writestr(f"{root}/{_FOLDER}/{name}", content)


def load_package(path: Union[str, os.PathLike]) -> "Package":
    """
    Load a model from a file written by :py:func:`save_package`.

    The file contains machine code: only load files that you trust.

    :param path: file to read
    :returns: the model, to be called like the one that was saved
    :raises ValueError: if the file was not written by :py:func:`save_package`
    """
    return Package(Path(path))


class Package:
    """
    A model in machine code, to be called with arguments that have the metadata of the arguments it
    was compiled for.

    :raises ValueError: (when called) if structure, metadata, dtype, shape or device of the
        arguments is not the one that the model was compiled for
    """

    def __init__(self, path: Path):
        with zipfile.ZipFile(path) as archive:
            members = {
                name.split(f"/{_FOLDER}/")[1]: archive.read(name)
                for name in archive.namelist()
                if f"/{_FOLDER}/" in name
            }
        if "arguments.json" not in members:
            raise ValueError(f"'{path}' was not written by `save_package`")

        self._arguments = members["arguments.json"].decode()
        self._arguments_metadata = _read_metadata("arguments", members)
        results = json.loads(members["results.json"])
        self._results = _decode_structure(results["structure"])
        self._sources = results["sources"]
        self._metadata = _read_metadata("results", members)
        self._constants = _read_metadata("constants", members)
        self._code = torch._inductor.aoti_load_package(str(path))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = Split((args, kwargs))
        arguments.values = [value.detach().contiguous() for value in arguments.values]
        if _describe(arguments) != self._arguments:
            raise ValueError(
                "the arguments are not the ones that this package was compiled for: got "
                f"{_describe(arguments)}, expected {self._arguments}"
            )
        if not same_metadata(arguments.metadata, self._arguments_metadata):
            raise ValueError(
                "the metadata of the arguments is not the one that this package was compiled for"
            )

        outputs = self._code(*arguments.values)
        constants = iter(self._constants)
        values = [
            next(constants).clone() if source is None else outputs[source]
            for source in self._sources
        ]
        return Joined(self._results, values, self._metadata, []).data


class _WithState(torch.nn.Module):
    """The graph of a model, with the tensors it uses."""

    def __init__(self, graph: torch.fx.GraphModule, state: Sequence[torch.Tensor]):
        super().__init__()
        self._graph = graph
        self._names = [f"state_{index}" for index in range(len(state))]
        for name, tensor in zip(self._names, state, strict=True):
            self.register_buffer(name, tensor.detach())

    def forward(self, *values: torch.Tensor) -> Any:
        return tuple(self._graph(*values, *(getattr(self, name) for name in self._names)))


def _describe(arguments: Split) -> str:
    """Structure, and kinds of tensors, in an unique way."""
    kinds = [TensorKind.of(value) for value in arguments.values]
    described = {
        "structure": _encode(arguments.structure),
        "values": [[str(k.dtype), list(k.shape), k.device.type] for k in kinds],
    }
    return json.dumps(described)


def _encode(value: Any) -> Any:
    if isinstance(value, Structure):
        containers = json.loads(pytree.treespec_dumps(value.containers))
        return {"containers": containers, "leaves": [_encode(leaf) for leaf in value.leaves]}
    if hasattr(value, "_asdict"):
        return {name: _encode(field) for name, field in value._asdict().items()}
    if isinstance(value, tuple):
        return [_encode(element) for element in value]
    if isinstance(value, type):
        value = value.__name__
    if isinstance(value, tuple(_CONSTANTS.values())):
        return value
    raise TypeError(f"packages can not contain constants of type '{type(value).__name__}'")


def _decode_structure(encoded: dict[str, Any]) -> Structure:
    containers = pytree.treespec_loads(json.dumps(encoded["containers"]))
    return Structure(containers, tuple(_decode(leaf) for leaf in encoded["leaves"]))


def _decode(encoded: Any) -> Any:
    if isinstance(encoded, list):
        return tuple(_decode(element) for element in encoded)
    if not isinstance(encoded, dict):
        return encoded
    fields = {name: _decode(field) for name, field in encoded.items()}
    if fields["kind"] == "constant":
        fields["type"] = _CONSTANTS[fields["type"]]
    return LEAVES[fields["kind"]](**fields)


def _metadata_members(name: str, metadata: Sequence[Metadata]) -> dict[str, bytes]:
    members = {}
    for index, data in enumerate(metadata):
        if isinstance(data, torch.Tensor):
            buffer = io.BytesIO()
            np.save(buffer, data.cpu().numpy(), allow_pickle=False)
            members[f"{name}/{index}.npy"] = buffer.getvalue()
        else:
            members[f"{name}/{index}.mts"] = data.save_buffer().numpy().tobytes()
    return members


def _read_metadata(name: str, members: dict[str, bytes]) -> list[Metadata]:
    files = {int(Path(f).stem): f for f in members if f.startswith(f"{name}/")}
    return [_read(files[index], members[files[index]]) for index in sorted(files)]


def _read(name: str, content: bytes) -> Metadata:
    if name.endswith(".npy"):
        return torch.from_numpy(np.load(io.BytesIO(content), allow_pickle=False))
    labels: Labels = load_labels_buffer(torch.frombuffer(bytearray(content), dtype=torch.uint8))
    return labels
