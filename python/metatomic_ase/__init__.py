"""
Using the models of :py:mod:`metatomic.torch` with the Atomic Simulation Environment (ASE).

Everything here is in the units of ASE, whatever the ones of the model: Angstrom, eV, eV/Angstrom
for forces, and eV/Angstrom^3 for stresses.
"""

from metatensor._versions import METATOMIC_ASE_INTERFACE as __version__  # noqa: F401

from ._calculator import MetatomicCalculator

__all__ = ["MetatomicCalculator"]
