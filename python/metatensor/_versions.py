"""
The one table of versions. ``metatensor`` (the distribution) has its own version; what other
packages ask for is the version of the *interface* that each part implements. CMake reads this file
too (``cmake/versions.cmake``), so keep each entry on one line, as ``NAME = "major.minor.patch"``.
"""

#: C ABI, C++ header API, ``.mts`` files and the Python package ``metatensor``
CORE_INTERFACE = "0.2.6"
#: ``metatensor.operations``
OPERATIONS_INTERFACE = "0.5.0"
#: ``metatensor.learn``
LEARN_INTERFACE = "0.6.2"
#: TorchScript classes and C++ API of ``metatensor.torch``
TORCH_INTERFACE = "0.10.8"
#: TorchScript classes, C++ API and Python layer of ``metatomic.torch``
METATOMIC_TORCH_INTERFACE = "0.1.19"
#: the ASE calculators of ``metatomic_ase``
METATOMIC_ASE_INTERFACE = "0.1.4"
