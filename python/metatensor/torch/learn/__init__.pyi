"""Types of ``metatensor.torch.learn``, for type checkers and editors."""

from . import data as data
from . import nn as nn
from .data import DataLoader as DataLoader
from .data import Dataset as Dataset
from .data import IndexedDataset as IndexedDataset
from .nn import Linear as Linear
from .nn import ModuleMap as ModuleMap

__version__: str
HAS_TORCH: bool
