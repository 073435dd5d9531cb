"""
Step 1: reference data.

Energies and forces of distorted ethanol molecules from the semi-empirical method GFN2-xTB
(Bannwarth, Ehlert and Grimme, J. Chem. Theory Comput. 15, 1652 (2019)), sampled by short molecular
dynamics at a few temperatures, up to well above the 300 K of the simulation in step 3.

    python 1-reference-data.py OUTPUT

writes ``OUTPUT/train.xyz`` and ``OUTPUT/test.xyz`` (extended XYZ; energies in eV, forces in eV/A).
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import ase
import ase.io
import numpy as np
from ase import units
from ase.build import molecule
from ase.calculators.singlepoint import SinglePointCalculator
from ase.md.bussi import Bussi
from ase.md.velocitydistribution import thermalize_momenta
from tblite.ase import TBLite
from tqdm import tqdm

TEMPERATURES_K = [300, 300, 500, 500, 700, 700]
FRAMES_PER_TRAJECTORY = 100
TIME_STEP_FS = 1.0
STEPS_BETWEEN_FRAMES = 20
EQUILIBRATION_STEPS = 200
TEST_FRACTION = 0.25


def sample(temperature_K: float, seed: int) -> Iterator[ase.Atoms]:
    """Frames of a molecular dynamics trajectory at a temperature, with energy and forces."""
    rng = np.random.default_rng(seed)
    atoms = molecule("CH3CH2OH")
    atoms.calc = TBLite(method="GFN2-xTB", verbosity=0)
    thermalize_momenta(atoms, temperature_K, rng=rng)
    dynamics = Bussi(
        atoms, TIME_STEP_FS * units.fs, temperature_K=temperature_K, taut=50 * units.fs, rng=rng
    )
    dynamics.run(EQUILIBRATION_STEPS)
    for _ in range(FRAMES_PER_TRAJECTORY):
        dynamics.run(STEPS_BETWEEN_FRAMES)
        frame = atoms.copy()
        frame.calc = SinglePointCalculator(
            frame, energy=atoms.get_potential_energy(), forces=atoms.get_forces()
        )
        yield frame


def main(output: Path):
    frames = []
    total = len(TEMPERATURES_K) * FRAMES_PER_TRAJECTORY
    with tqdm(total=total, desc="GFN2-xTB reference data", unit="frame") as progress:
        for seed, temperature_K in enumerate(TEMPERATURES_K):
            for frame in sample(temperature_K, seed):
                frames.append(frame)
                progress.update()

    order = np.random.default_rng(seed=0).permutation(len(frames))
    n_test = int(TEST_FRACTION * len(frames))
    output.mkdir(parents=True, exist_ok=True)
    ase.io.write(output / "test.xyz", [frames[i] for i in order[:n_test]])
    ase.io.write(output / "train.xyz", [frames[i] for i in order[n_test:]])

    energies = np.array([frame.get_potential_energy() / len(frame) for frame in frames])
    forces = np.concatenate([frame.get_forces() for frame in frames])
    print(f"{len(frames) - n_test} training and {n_test} test geometries of ethanol in {output}")
    print(f"  standard deviation of the energy: {1e3 * energies.std():6.1f} meV/atom")
    print(f"  standard deviation of the forces: {1e3 * forces.std():6.1f} meV/A")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
