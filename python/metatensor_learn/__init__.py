"""The name ``metatensor_learn``: the same module object as ``metatensor.learn``."""

import sys

import metatensor.learn

sys.modules[__name__] = metatensor.learn
