"""
Self-describing sparse tensors: :py:class:`TensorMap`, made of :py:class:`TensorBlock`, with
:py:class:`Labels` as the metadata of all axes.

Values are NumPy arrays or torch tensors. The operations of :py:mod:`metatensor.operations` are also
available here: ``metatensor.add`` is ``metatensor.operations.add``. The TorchScript version of all
this is :py:mod:`metatensor.torch`, which has to be imported explicitly.
"""

from typing import TYPE_CHECKING

# ruff: noqa: F401, I001  (most names are not in `__all__`, and some imports have to come first)
from . import _c_lib  # opens the library that the native module needs
from . import _c_api, _data, _status, utils
from ._block import TensorBlock
from ._data import (
    Array,
    ExternalCpuArray,
    ExternalCudaArray,
    register_external_data_wrapper,
)
from ._labels import Labels
from ._labels_entry import LabelsEntry
from ._lazy_names import lazy_name as __getattr__
from ._status import MetatensorError
from ._tensor import TensorMap
from ._versions import CORE_INTERFACE as __version__
from . import io
from .io import load, load_block, load_labels, save

# These need the names defined above
from . import learn, operations
from .operations import *  # noqa: F403

HAS_METATENSOR_OPERATIONS = True

__all__ = ["Labels", "TensorBlock", "TensorMap"]
if TYPE_CHECKING:
    # type checkers take everything else for private; `import *` gives the three classes only
    __all__ += operations.__all__
    __all__ += [
        "Array",
        "ExternalCpuArray",
        "ExternalCudaArray",
        "LabelsEntry",
        "MetatensorError",
        "load",
        "load_block",
        "load_labels",
        "register_external_data_wrapper",
        "save",
    ]
del TYPE_CHECKING
