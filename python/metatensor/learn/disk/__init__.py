"""
Data sets on disk, made for random access to their samples, and written piece by piece.

A data set is a folder with chunks. Each chunk is a folder with one ``.mts`` file for each field,
which contains the tensor maps of many samples, joined. Their position in the data set is the last
dimension of the samples, called ``"entry"``: these are ordinary files, that can be used without
this package.
"""

from ._dataset import DiskDataset
from ._writer import DiskDatasetWriter

__all__ = ["DiskDataset", "DiskDatasetWriter"]
