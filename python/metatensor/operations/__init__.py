"""
Operations on labels, blocks and tensor maps.

The operations take the metadata into account: they check that their inputs can be combined, update
the gradients together with the values, and never modify their inputs. All the names are also
available in ``metatensor`` itself; ``metatensor.torch.operations`` has the same functions for the
TorchScript classes.
"""

from metatensor._versions import OPERATIONS_INTERFACE

from ._abs import abs
from ._add import add
from ._allclose import allclose, allclose_block, allclose_block_raise, allclose_raise
from ._autograd import detach, detach_block, requires_grad, requires_grad_block
from ._block_from_array import block_from_array
from ._checks import checks_enabled, unsafe_disable_checks, unsafe_enable_checks
from ._contiguous import (
    is_contiguous,
    is_contiguous_block,
    make_contiguous,
    make_contiguous_block,
)
from ._create import ones, random_uniform, zeros
from ._dimensions import (
    append_dimension,
    insert_dimension,
    permute_dimensions,
    remove_dimension,
    rename_dimension,
)
from ._divide import divide
from ._dot import dot
from ._equal import equal, equal_block, equal_block_raise, equal_raise
from ._equal_metadata import (
    equal_metadata,
    equal_metadata_block,
    equal_metadata_block_raise,
    equal_metadata_raise,
)
from ._filter_blocks import drop_blocks, drop_empty_blocks, filter_blocks
from ._join import join
from ._join_blocks import join_blocks
from ._like import (
    empty_like,
    empty_like_block,
    ones_like,
    ones_like_block,
    random_uniform_like,
    random_uniform_like_block,
    zeros_like,
    zeros_like_block,
)
from ._linear_solve import lstsq, solve
from ._map_blocks import map_blocks
from ._multiply import multiply
from ._not_equal import NotEqualError
from ._one_hot import one_hot
from ._pow import pow
from ._reduce_over_properties import (
    mean_over_properties,
    mean_over_properties_block,
    std_over_properties,
    std_over_properties_block,
    sum_over_properties,
    sum_over_properties_block,
    var_over_properties,
    var_over_properties_block,
)
from ._reduce_over_samples import (
    mean_over_samples,
    mean_over_samples_block,
    std_over_samples,
    std_over_samples_block,
    sum_over_samples,
    sum_over_samples_block,
    var_over_samples,
    var_over_samples_block,
)
from ._remove_gradients import remove_gradients, remove_gradients_block
from ._slice import slice, slice_block
from ._sort import sort, sort_block
from ._split import split, split_block
from ._split_by_dimension import split_by_dimension
from ._subtract import subtract
from ._unique_metadata import unique_metadata, unique_metadata_block
from ._update_dimension import update_dimension

__version__ = OPERATIONS_INTERFACE
__all__ = [
    "NotEqualError",
    "abs",
    "add",
    "allclose",
    "allclose_block",
    "allclose_block_raise",
    "allclose_raise",
    "append_dimension",
    "block_from_array",
    "checks_enabled",
    "detach",
    "detach_block",
    "divide",
    "dot",
    "drop_blocks",
    "drop_empty_blocks",
    "empty_like",
    "empty_like_block",
    "equal",
    "equal_block",
    "equal_block_raise",
    "equal_metadata",
    "equal_metadata_block",
    "equal_metadata_block_raise",
    "equal_metadata_raise",
    "equal_raise",
    "filter_blocks",
    "insert_dimension",
    "is_contiguous",
    "is_contiguous_block",
    "join",
    "join_blocks",
    "lstsq",
    "make_contiguous",
    "make_contiguous_block",
    "map_blocks",
    "mean_over_properties",
    "mean_over_properties_block",
    "mean_over_samples",
    "mean_over_samples_block",
    "multiply",
    "one_hot",
    "ones",
    "ones_like",
    "ones_like_block",
    "permute_dimensions",
    "pow",
    "random_uniform",
    "random_uniform_like",
    "random_uniform_like_block",
    "remove_dimension",
    "remove_gradients",
    "remove_gradients_block",
    "rename_dimension",
    "requires_grad",
    "requires_grad_block",
    "slice",
    "slice_block",
    "solve",
    "sort",
    "sort_block",
    "split",
    "split_block",
    "split_by_dimension",
    "std_over_properties",
    "std_over_properties_block",
    "std_over_samples",
    "std_over_samples_block",
    "subtract",
    "sum_over_properties",
    "sum_over_properties_block",
    "sum_over_samples",
    "sum_over_samples_block",
    "unique_metadata",
    "unique_metadata_block",
    "unsafe_disable_checks",
    "unsafe_enable_checks",
    "update_dimension",
    "var_over_properties",
    "var_over_properties_block",
    "var_over_samples",
    "var_over_samples_block",
    "zeros",
    "zeros_like",
    "zeros_like_block",
]
