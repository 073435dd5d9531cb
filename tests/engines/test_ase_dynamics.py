"""Simulations with ASE."""

import numpy as np
import pytest
from ase import units
from ase.filters import FrechetCellFilter
from ase.md.verlet import VelocityVerlet
from ase.optimize import BFGS

from metatomic.torch import load_atomistic_model
from metatomic_ase import MetatomicCalculator


@pytest.mark.parametrize("saved", [False, True])
def test_energy_conservation(make_model, cluster, saved, tmp_path):
    model = make_model(length_unit="nm", energy_unit="kcal/mol")
    if saved:
        model.save(tmp_path / "model.pt")
        model = load_atomistic_model(tmp_path / "model.pt")

    cluster.calc = MetatomicCalculator(model)
    BFGS(cluster, logfile=None).run(fmax=0.05, steps=30)
    momenta = np.sqrt(cluster.get_masses() * units.kB * 200)
    cluster.set_momenta(momenta[:, np.newaxis] * np.random.default_rng(4).normal(size=(6, 3)))

    def run(timestep, n_steps):
        atoms = cluster.copy()
        atoms.calc = cluster.calc
        energies = []
        dynamics = VelocityVerlet(atoms, timestep=timestep * units.fs)
        dynamics.attach(lambda: energies.append(atoms.get_total_energy()))
        dynamics.run(n_steps)
        return np.max(np.abs(np.array(energies) - energies[0])), atoms

    large, atoms = run(4.0, 40)
    small, _ = run(2.0, 80)

    moved = np.max(np.linalg.norm(atoms.positions - cluster.positions, axis=1))
    assert moved > 0.05
    kinetic = cluster.get_kinetic_energy()
    assert small < 0.01 * kinetic
    # the error of the integrator is of second order; anything else would not get smaller
    assert small < 0.35 * large


def test_relaxation_of_cell(make_model, crystal):
    crystal.calc = MetatomicCalculator(make_model())
    start = crystal.get_potential_energy()
    optimizer = BFGS(FrechetCellFilter(crystal), logfile=None)
    optimizer.run(fmax=0.05, steps=100)

    assert crystal.get_potential_energy() < start
    assert np.max(np.abs(crystal.get_forces())) < 0.05
    assert np.max(np.abs(crystal.get_stress())) * crystal.cell.volume < 1
