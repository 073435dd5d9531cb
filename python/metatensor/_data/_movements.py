"""The data movements of libmetatensor, for libraries which move many samples at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np


class Movement(NamedTuple):
    """
    Move data for some samples and one range of properties:
    ``output[samples_out, ..., properties_out] = source[samples_in, ..., properties_in]``.
    """

    samples_in: np.ndarray
    samples_out: np.ndarray
    properties_in: slice
    properties_out: slice


def read_movements(
    movements: memoryview, source_shape: Sequence[int], output_shape: Sequence[int]
) -> Iterator[Movement]:
    """
    The data movements given to ``ArrayBackend.move_data``, in as few operations as possible.

    :param movements: array of ``mts_data_movement_t``, only valid during the call to ``move_data``
    :param source_shape: shape of the array where the data is
    :param output_shape: shape of the array where the data goes
    :raises ValueError: if a movement is not inside of the arrays
    """
    # sample in, sample out, first property in, first property out, number of properties
    rows = np.frombuffer(movements, dtype=np.uintp).reshape(-1, 5).astype(np.int64)
    _check_bounds(rows[:, 0], rows[:, 2] + rows[:, 4], source_shape)
    _check_bounds(rows[:, 1], rows[:, 3] + rows[:, 4], output_shape)

    for group in _same_properties(rows):
        start_in, start_out, length = group[0, 2:].tolist()
        yield Movement(
            samples_in=group[:, 0],
            samples_out=group[:, 1],
            properties_in=slice(start_in, start_in + length),
            properties_out=slice(start_out, start_out + length),
        )


def as_slice(samples: np.ndarray) -> slice | None:
    """The same positions as a slice if they follow each other, which is faster than a list."""
    first, count = int(samples[0]), len(samples)
    is_range = np.array_equal(samples, np.arange(first, first + count))
    return slice(first, first + count) if is_range else None


def _same_properties(rows: np.ndarray) -> list[np.ndarray]:
    """One group of movements for each range of properties."""
    if (rows[:, 2:] == rows[0, 2:]).all():
        return [rows]
    _, group = np.unique(rows[:, 2:], axis=0, return_inverse=True)
    group = group.reshape(-1)
    order = np.argsort(group, kind="stable")
    return np.split(rows[order], np.cumsum(np.bincount(group))[:-1])


def _check_bounds(samples: np.ndarray, properties_end: np.ndarray, shape: Sequence[int]) -> None:
    # not all libraries check this: JAX moves other data instead
    if samples.max() >= shape[0] or properties_end.max() > shape[-1]:
        raise ValueError(
            f"can not move data: sample {samples.max()}, up to property {properties_end.max()}, is "
            f"not in an array with shape {tuple(shape)}"
        )
