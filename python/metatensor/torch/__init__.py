# ruff: noqa: E402, F401, F403
"""
TorchScript version of metatensor: the same data, with ``torch.Tensor`` as values, that can be used
inside of compiled functions and exported models.

``Labels``, ``LabelsEntry``, ``TensorBlock`` and ``TensorMap`` are implemented in C++ and registered
as TorchScript classes. They follow autograd: everything is differentiable with respect to the
values of the blocks, in addition to the gradients which are explicitly stored in the blocks.

``metatensor_torch`` is another name for this module.
"""

from typing import TYPE_CHECKING

from metatensor._module_alias import alias_module as _alias_module
from metatensor._versions import TORCH_INTERFACE as __version__

# these fail, with an explanation, if there is no torch or no library for it
from . import _c_lib
from ._classes import (
    Labels,
    LabelsEntry,
    TensorBlock,
    TensorMap,
    dtype_name,
    load_block_buffer,
    load_buffer,
    load_labels_buffer,
    save_buffer,
    version,
)
from ._conversion import from_python, to_python

# only now: after a failed import, no half-initialized module must be left under the other name
_alias_module("metatensor_torch", "metatensor.torch")

from . import io, utils
from ._jupyter import install_html_formatter as _install_html_formatter
from ._script_modules import move_data_with_script_modules as _move_data_with_script_modules
from ._script_objects import make_script_objects_quick as _make_script_objects_quick
from ._source_twin import install as _install_operations_and_learn
from .io import load, load_block, load_labels, save

if TYPE_CHECKING:
    from . import learn, operations
else:
    operations, learn = _install_operations_and_learn()
from ._help import install_help as _install_help
from .operations import *

#: always true: the operations are part of the same distribution
HAS_METATENSOR_OPERATIONS: bool = True

_make_script_objects_quick()
_install_html_formatter()
_install_help()
_move_data_with_script_modules()

__all__ = ["Labels", "TensorBlock", "TensorMap"]
if TYPE_CHECKING:
    # type checkers take everything else for private; `import *` gives the three classes only
    __all__ += operations.__all__
    __all__ += [
        "LabelsEntry",
        "dtype_name",
        "from_python",
        "load",
        "load_block",
        "load_block_buffer",
        "load_buffer",
        "load_labels",
        "load_labels_buffer",
        "save",
        "save_buffer",
        "to_python",
        "version",
    ]
del TYPE_CHECKING
