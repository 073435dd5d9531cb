"""Types of elements: their names in all libraries, and what they are for DLPack and NumPy."""

from __future__ import annotations

import numpy as np

#: DLPack code and number of bits of the types that can be exchanged with libmetatensor
DLPACK_DTYPES: dict[str, tuple[int, int]] = {
    "bool": (6, 8),
    "int8": (0, 8),
    "int16": (0, 16),
    "int32": (0, 32),
    "int64": (0, 64),
    "uint8": (1, 8),
    "uint16": (1, 16),
    "uint32": (1, 32),
    "uint64": (1, 64),
    "float16": (2, 16),
    "float32": (2, 32),
    "float64": (2, 64),
    "bfloat16": (4, 16),
    "complex64": (5, 64),
    "complex128": (5, 128),
}

BFLOAT16 = DLPACK_DTYPES["bfloat16"]


def numpy_bfloat16() -> np.dtype:
    """The type that the package ``ml_dtypes`` adds to NumPy; ``BufferError`` without it."""
    try:
        import ml_dtypes
    except ImportError:
        raise BufferError(
            "NumPy has no type for bfloat16: install the package `ml_dtypes`, or use other arrays"
        ) from None
    return np.dtype(ml_dtypes.bfloat16)


def numpy_dtype(name: str) -> np.dtype:
    """The type of NumPy with one of the names of ``DLPACK_DTYPES``."""
    return numpy_bfloat16() if name == "bfloat16" else np.dtype(name)
