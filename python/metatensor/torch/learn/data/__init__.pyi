"""Data sets take all kinds of data: their types are those of ``metatensor.learn.data``."""

from metatensor.learn.data import DataLoader as DataLoader
from metatensor.learn.data import Dataset as Dataset
from metatensor.learn.data import IndexedDataset as IndexedDataset
from metatensor.learn.data import group as group
from metatensor.learn.data import group_and_join as group_and_join
