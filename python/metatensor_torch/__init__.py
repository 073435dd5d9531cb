"""The name ``metatensor_torch``: the same module object as ``metatensor.torch``."""

import sys

import metatensor.torch

sys.modules[__name__] = metatensor.torch
