"""Training with two processes gives the same as with one."""

import os
import subprocess
import sys
from pathlib import Path

import ase.build
import ase.io
import numpy as np
import pytest
import torch
from ase.calculators.singlepoint import SinglePointCalculator

from metatomic.torch import load_atomistic_model

SCRIPT = Path(__file__).parents[2] / "examples" / "distributed" / "train.py"


@pytest.fixture
def folder(tmp_path):
    """Folder with a training set: molecules with springs along their bonds."""
    frames = []
    for seed in range(16):
        molecule = ase.build.molecule("CH3CH2OH")
        reference = molecule.get_all_distances()
        molecule.rattle(0.1, seed=seed)
        vectors = molecule.get_all_distances(vector=True)
        lengths = molecule.get_all_distances()
        springs = 5.0 * ((reference > 0) & (reference < 1.6))
        stretch = lengths - reference
        with np.errstate(invalid="ignore"):
            forces = np.nansum((springs * stretch / lengths)[:, :, None] * vectors, axis=1)
        energy = 0.25 * np.sum(springs * stretch**2)
        molecule.calc = SinglePointCalculator(molecule, energy=energy, forces=forces)
        frames.append(molecule)
    ase.io.write(tmp_path / "train.xyz", frames)
    return tmp_path


def run(*command: object) -> None:
    subprocess.run(
        [sys.executable, *map(str, command)],
        check=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def test_same_result_with_two_processes(folder):
    run(SCRIPT, folder, "--epochs", 30)
    run(
        *("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", 2),
        *(SCRIPT, folder, "--epochs", 30),
    )
    one = np.loadtxt(folder / "losses-1.txt")
    two = np.loadtxt(folder / "losses-2.txt")
    assert one.shape == (30,)
    assert one[-1] < 0.1 * one[0]
    np.testing.assert_allclose(two, one, rtol=1e-9)

    parameters = []
    for n_processes in (1, 2):
        model = load_atomistic_model(folder / f"ethanol-{n_processes}.pt")
        parameters.append(dict(model.named_parameters()))
    assert len(parameters[0]) > 0
    for name, value in parameters[0].items():
        torch.testing.assert_close(parameters[1][name], value, rtol=1e-7, atol=1e-9)
