"""Data sets of named fields, and batches of their samples."""

from ._collate import group, group_and_join
from ._data_loader import DataLoader
from ._dataset import Dataset, IndexedDataset

__all__ = ["DataLoader", "Dataset", "IndexedDataset", "group", "group_and_join"]
