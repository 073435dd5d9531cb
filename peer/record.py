"""What happened in one environment, written so that another environment can be compared with it.

A record is a list of named results. Each result is made of plain values only (text, numbers,
lists, dictionaries, numpy arrays), so that reading it needs neither of the packages under
comparison. It is stored as ``results.jsonl``, one result a line, with the data of all arrays
beside it in ``results.bin``.
"""

import json
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

# an array is stored as the JSON object {ARRAY: [offset in the data of the result, dtype, shape]}
ARRAY = "array"


@dataclass(frozen=True)
class Result:
    """One result as it is stored, with the data of its arrays; equal if all of it is identical."""

    stored: dict[str, Any]
    data: memoryview

    def outcome(self) -> dict[str, Any]:
        """``{"returns": value}`` and maybe ``"warns"``, or ``{"raises": class}``."""
        return self._restore(self.stored)

    def _restore(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._restore(item) for item in value]
        if not isinstance(value, dict):
            return value
        if ARRAY not in value:
            return {key: self._restore(item) for key, item in value.items()}
        offset, dtype, shape = value[ARRAY]
        count = int(np.prod(shape, dtype=np.int64))
        if count == 0:
            return np.empty(shape, dtype=dtype)
        return np.frombuffer(self.data, dtype, count, offset).reshape(shape)


class Record:
    """Collects named results; the names must be distinct."""

    def __init__(self) -> None:
        self._results: dict[str, str] = {}
        self._buffer = bytearray()

    def call(self, name: str, function: Callable, *args: Any, **kwargs: Any) -> Any:
        """Record what ``function(*args, **kwargs)`` gives: its result, or the exception it raises.

        The categories of the warnings it emits are recorded as well. Returns the result itself, or
        ``None`` after an exception.
        """
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                result = function(*args, **kwargs)
            except Exception as error:
                self._add(name, {"raises": exception_name(error)})
                return None

        outcome = {"returns": describe(result)}
        emitted = sorted({w.category.__name__ for w in caught if not _is_noise(w)})
        if emitted:
            outcome["warns"] = emitted
        self._add(name, outcome)
        return result

    def value(self, name: str, value: Any) -> None:
        """Record a value that is already known."""
        self._add(name, {"returns": describe(value)})

    def save(self, folder: Path) -> None:
        """Write the record in ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "results.bin").write_bytes(self._buffer)
        (folder / "results.jsonl").write_text("\n".join(self._results.values()))

    def _add(self, name: str, outcome: dict[str, Any]) -> None:
        if name in self._results:
            raise ValueError(f"two results are named '{name}'")
        start = len(self._buffer)
        stored = self._store(outcome, start)
        self._results[name] = json.dumps([name, start, len(self._buffer), stored])

    def _store(self, value: Any, start: int) -> Any:
        if isinstance(value, np.ndarray):
            offset = len(self._buffer) - start
            self._buffer += value.tobytes()
            return {ARRAY: [offset, value.dtype.str, list(value.shape)]}
        if isinstance(value, dict):
            return {key: self._store(item, start) for key, item in value.items()}
        if isinstance(value, list):
            return [self._store(item, start) for item in value]
        return value


def load(folder: Path) -> dict[str, Result]:
    """Read a record written by `Record.save`: results by name."""
    data = memoryview((folder / "results.bin").read_bytes())
    results = {}
    for line in (folder / "results.jsonl").read_text().splitlines():
        name, start, stop, stored = json.loads(line)
        results[name] = Result(stored, data[start:stop])
    return results


def _is_noise(warning: warnings.WarningMessage) -> bool:
    """Floating point warnings depend on the order of operations; torch deprecates TorchScript."""
    return issubclass(warning.category, RuntimeWarning) or "torch.jit" in str(warning.message)


# the last line of an error of a script is "<qualified class>: <message>"; messages have many lines
_SCRIPT_ERROR = re.compile(r"^(?:[\w.]*\.)?(\w+(?:Error|Exception)): ", re.MULTILINE)


def exception_name(error: Exception) -> str:
    """Name of the class of an exception; for errors of scripts, the class raised in the script."""
    if type(error).__module__ == "torch.jit":
        raised_in_script = _SCRIPT_ERROR.findall(str(error)) or ["Error"]
        return f"torch.jit.Error ({raised_in_script[-1]})"
    return type(error).__name__


def describe(value: Any) -> Any:
    """Reduce any result to plain values, with the kind of each object."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return np.array(value)
    if isinstance(value, np.generic):
        return {"kind": f"numpy {value.dtype}", "values": np.asarray(value)}
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "OMm":
            return {"kind": f"numpy {value.dtype}", "text": str(value.tolist())}
        return {"kind": "numpy", "values": np.array(value)}
    if isinstance(value, bytes | bytearray | memoryview):
        return {"kind": "bytes", "values": np.frombuffer(bytes(value), dtype=np.uint8)}
    if isinstance(value, dict):
        return {"kind": "dict", "items": [[describe(k), describe(v)] for k, v in value.items()]}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return {"kind": type(value).__name__, "items": [describe(item) for item in items]}
    return _describe_object(value)


def _describe_object(value: Any) -> Any:
    kind = class_name(value)
    if kind in ("Tensor", "Parameter"):
        return _describe_torch(value)
    if kind == "Labels":
        return {"kind": kind, "names": list(value.names), "values": describe(value.values)}
    if kind == "LabelsEntry":
        return {"kind": kind, "text": repr(value)}
    if kind == "TensorBlock":
        return _describe_block(value)
    if kind == "TensorMap":
        return {
            "kind": kind,
            "keys": describe(value.keys),
            "blocks": [_describe_block(value.block_by_id(i)) for i in range(len(value))],
            "info": sorted(value.info().items()),
        }
    if kind == "System":
        return _describe_system(value)
    if kind in ("dtype", "device"):
        return {"kind": kind, "text": str(value)}
    return {"kind": kind}


def class_name(value: Any) -> str:
    """Name of the class of an object, be it a Python or a TorchScript class."""
    if type(value).__name__ == "ScriptObject":
        return value._type().name()
    return type(value).__name__


def _describe_torch(tensor: Any) -> dict[str, Any]:
    described = {"kind": "torch", "requires_grad": tensor.requires_grad, "dtype": str(tensor.dtype)}
    if tensor.device.type == "meta":
        return {**described, "shape": list(tensor.shape)}
    detached = tensor.detach().resolve_conj().resolve_neg().cpu()
    if described["dtype"] == "torch.bfloat16":
        detached = detached.float()
    return {**described, "values": np.array(detached.numpy())}


def _describe_block(block: Any) -> dict[str, Any]:
    return {
        "kind": "TensorBlock",
        "values": describe(block.values),
        "samples": describe(block.samples),
        "components": [describe(component) for component in block.components],
        "properties": describe(block.properties),
        "gradients": {
            parameter: _describe_block(block.gradient(parameter))
            for parameter in sorted(block.gradients_list())
        },
    }


def _describe_system(system: Any) -> dict[str, Any]:
    return {
        "kind": "System",
        "types": describe(system.types),
        "positions": describe(system.positions),
        "cell": describe(system.cell),
        "pbc": describe(system.pbc),
        "neighbors": [
            [str(options.cutoff), _describe_block(system.get_neighbor_list(options))]
            for options in system.known_neighbor_lists()
        ],
        "data": [[name, describe(system.get_data(name))] for name in sorted(system.known_data())],
    }
