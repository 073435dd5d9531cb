"""Steps of molecular dynamics with the ASE calculator, and the exported model of the example."""

import tempfile
import warnings
from pathlib import Path

import ase
import ase.build
import ase.units
import numpy as np
import torch
from ase.md.velocitydistribution import thermalize_momenta
from ase.md.verlet import VelocityVerlet
from harness import Suite, Work

from metatomic_ase import MetatomicCalculator

from .training import PlainTorch, batch, new_potential, systems_with_neighbors, training_script

TEMPERATURE_K = 300
TIME_STEP_FS = 0.5
# one molecule in a cube of this size: a bit less dense than the liquid
CELL_A = 5.0

suite = Suite("Molecular dynamics of ethanol")


def molecule() -> ase.Atoms:
    return ase.build.molecule("CH3CH2OH")


def box(repeat: int) -> ase.Atoms:
    """Molecules in a periodic box, with thermal disorder."""
    atoms = molecule()
    atoms.cell = [CELL_A] * 3
    atoms.pbc = True
    atoms = atoms.repeat(repeat)
    atoms.rattle(0.05, seed=0)
    return atoms


def load_exported(potential: torch.nn.Module) -> MetatomicCalculator:
    """A calculator for the file that an engine would get."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ethanol.pt"
        training_script()["export"](potential, path)
        return MetatomicCalculator(path)


def check_forces(atoms: ase.Atoms, plain: PlainTorch) -> None:
    _, forces = plain()
    np.testing.assert_allclose(atoms.get_forces(), forces.detach(), rtol=1e-8, atol=1e-8)


def step_of_dynamics(atoms: ase.Atoms) -> Work:
    """Everything that ASE does in a step: moving the atoms, neighbor lists, energy and forces."""
    potential = new_potential()
    systems = batch(potential)
    potential.normalize(systems, torch.zeros(len(systems)))

    plain = PlainTorch(potential, systems_with_neighbors([atoms], potential), training=False)
    atoms.calc = load_exported(potential)
    thermalize_momenta(atoms, TEMPERATURE_K, rng=np.random.default_rng(seed=0))
    dynamics = VelocityVerlet(atoms, TIME_STEP_FS * ase.units.fs)

    with warnings.catch_warnings():
        # the stress of a molecule is a division by zero
        warnings.simplefilter("ignore", RuntimeWarning)
        check_forces(atoms, plain)
        for _ in range(5):
            dynamics.step()  # TorchScript optimizes during the first calls
    return Work(dynamics.step, baseline=plain)


@suite.add("step of a molecule of 9 atoms", faster=1, baseline="plain torch, no neighbors")
def one_molecule() -> Work:
    return step_of_dynamics(molecule())


@suite.add("step of a periodic box of 576 atoms", faster=0.91, baseline="plain torch, no neighbors")
def periodic_box() -> Work:
    return step_of_dynamics(box(4))
