import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import metatensor
import metatensor.operations

PUBLIC = """
NotEqualError abs add allclose allclose_block allclose_block_raise allclose_raise append_dimension
block_from_array checks_enabled detach detach_block divide dot drop_blocks drop_empty_blocks
empty_like empty_like_block equal equal_block equal_block_raise equal_metadata equal_metadata_block
equal_metadata_block_raise equal_metadata_raise equal_raise filter_blocks insert_dimension
is_contiguous is_contiguous_block join join_blocks lstsq make_contiguous make_contiguous_block
mean_over_properties mean_over_properties_block mean_over_samples mean_over_samples_block multiply
one_hot ones_like ones_like_block permute_dimensions pow random_uniform_like
random_uniform_like_block remove_dimension remove_gradients remove_gradients_block rename_dimension
requires_grad requires_grad_block slice slice_block solve sort sort_block split split_block
std_over_properties std_over_properties_block std_over_samples std_over_samples_block subtract
sum_over_properties sum_over_properties_block sum_over_samples sum_over_samples_block
unique_metadata unique_metadata_block unsafe_disable_checks unsafe_enable_checks
var_over_properties var_over_properties_block var_over_samples var_over_samples_block zeros_like
zeros_like_block
""".split()

#: not part of the interface of other implementations
EXTENSIONS = "map_blocks ones random_uniform split_by_dimension update_dimension zeros".split()

MODULES = [
    f"metatensor.operations.{module.name}"
    for module in pkgutil.iter_modules(metatensor.operations.__path__)
]


def run_python(code):
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_public_names():
    assert sorted(metatensor.operations.__all__) == sorted(PUBLIC + EXTENSIONS)
    for name in PUBLIC + EXTENSIONS:
        assert getattr(metatensor, name) is getattr(metatensor.operations, name)
        assert inspect.getdoc(getattr(metatensor, name))
    assert "torch" not in vars(metatensor.operations)
    assert metatensor.operations.__version__ == "0.5.0"


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_the_documentation(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_function_family_has_an_example():
    for name in PUBLIC + EXTENSIONS:
        function = getattr(metatensor, name)
        shared = name.endswith(("_block", "_raise")) or name == "NotEqualError"
        assert shared or ">>> import metatensor" in function.__doc__


def test_both_names_are_the_same_module():
    code = """
import metatensor_operations
import metatensor
assert metatensor.operations is metatensor_operations
assert metatensor.join is metatensor_operations.join
import metatensor_operations._add
import metatensor.operations._add
assert metatensor_operations._add is metatensor.operations._add
assert metatensor.operations._add.__spec__.name == "metatensor.operations._add"
"""
    run_python(code)
    run_python("import metatensor\n" + code)


def test_torch_is_not_imported():
    run_python("import metatensor, sys; assert 'torch' not in sys.modules")


def test_everything_works_without_torch():
    run_python(
        """
import sys
sys.modules["torch"] = None
import numpy as np
import metatensor
block = metatensor.block_from_array(np.ones((2, 3)))
block.add_gradient("g", metatensor.block_from_array(np.ones((1, 3))))
tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
tensor = metatensor.add(tensor, tensor)
tensor = metatensor.std_over_samples(tensor, "sample")
tensor = metatensor.join([tensor, tensor], "samples", add_dimension="t")
tensor = metatensor.append_dimension(tensor, "samples", "new", 3)
tensor = metatensor.slice(metatensor.sort(tensor), "properties", [0])
assert tensor == metatensor.detach(tensor)
"""
    )
