"""The name ``metatensor_operations``: the same module object as ``metatensor.operations``."""

import sys

import metatensor.operations

sys.modules[__name__] = metatensor.operations
