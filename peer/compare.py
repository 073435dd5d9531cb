"""Comparison of two outcomes of the same call."""

from typing import Any

import numpy as np

# relative to the largest value of the array, for each precision of the values
TOLERANCES = {
    np.dtype("float16"): 2e-3,
    np.dtype("float32"): 1e-5,
    np.dtype("float64"): 1e-12,
    np.dtype("complex64"): 1e-5,
    np.dtype("complex128"): 1e-12,
}


def summary(outcome: dict[str, Any]) -> str:
    """The kind of an outcome: ``returns``, ``warns <classes>`` or ``raises <class>``."""
    if "raises" in outcome:
        return f"raises {outcome['raises']}"
    if "warns" in outcome:
        return f"warns {' '.join(outcome['warns'])}"
    return "returns"


def first_difference(a: Any, b: Any, where: str = "") -> str | None:
    """Where and how two outcomes differ first, or ``None`` if they are equal."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return _array_difference(a, b, where)
    if type(a) is not type(b):
        return f"{where}: {_short(a)} / {_short(b)}"
    if isinstance(a, dict):
        if list(a) != list(b):
            return f"{where}: {list(a)} / {list(b)}"
        return _first(first_difference(a[key], b[key], f"{where}.{key}") for key in a)
    if isinstance(a, list):
        if len(a) != len(b):
            return f"{where}: {len(a)} items / {len(b)} items"
        pairs = enumerate(zip(a, b, strict=True))
        return _first(first_difference(x, y, f"{where}[{i}]") for i, (x, y) in pairs)
    return None if a == b else f"{where}: {_short(a)} / {_short(b)}"


def _array_difference(a: np.ndarray, b: np.ndarray, where: str) -> str | None:
    if a.dtype != b.dtype or a.shape != b.shape:
        return f"{where}: {a.dtype} {a.shape} / {b.dtype} {b.shape}"
    tolerance = TOLERANCES.get(a.dtype)
    if tolerance is None or a.size == 0:
        return None if np.array_equal(a, b) else f"{where}: {_short(a)} / {_short(b)}"
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)) or not np.array_equal(
        a[~finite], b[~finite], equal_nan=True
    ):
        return f"{where}: not finite at different places"
    if not finite.any():
        return None
    with np.errstate(over="ignore"):
        error = np.abs(a[finite] - b[finite]).max()
    if error <= tolerance * max(1.0, np.abs(a[finite]).max()):
        return None
    return f"{where}: values differ by {error:.1e}"


def _first(differences: Any) -> str | None:
    return next((difference for difference in differences if difference is not None), None)


def _short(value: Any) -> str:
    text = str(value).replace("\n", " ")
    return text if len(text) <= 60 else text[:57] + "..."
