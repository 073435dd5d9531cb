"""
The values of labels as arrays to compute with, and labels made from the results.

These are the values themselves for numpy and torch. The values of labels with any other kind of
array are read as numpy arrays: this is faster for integers, and libraries that trace programs (JAX)
keep on knowing which entries there are.
"""

from typing import List

from . import _dispatch
from ._backend import Labels, LabelsValues


def rows_of(labels: Labels) -> LabelsValues:
    """Values of labels, with one row for each entry. They must not be modified."""
    return _dispatch.as_rows(labels.values)


def labels_like(
    labels: Labels, names: List[str], rows: LabelsValues, assume_unique: bool = False
) -> Labels:
    """New labels with the kind of array, and on the device, of ``labels``."""
    return Labels(names, _dispatch.rows_like(rows, labels.values), assume_unique)


def take_entries(labels: Labels, positions: LabelsValues) -> Labels:
    """The entries at the given positions, which are all different."""
    rows = _dispatch.take(rows_of(labels), positions, 0)
    return labels_like(labels, labels.names, rows, assume_unique=True)
