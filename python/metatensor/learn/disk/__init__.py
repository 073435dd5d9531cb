"""
Data sets on disk, made for random access to their samples, and written piece by piece.

There is one ``.mts`` file for each field, which is mapped into memory. These are ordinary files,
that can be used without this package; and ordinary files can be used as data sets.
"""

from ._dataset import DiskDataset
from ._writer import DiskDatasetWriter

__all__ = ["DiskDataset", "DiskDatasetWriter"]
