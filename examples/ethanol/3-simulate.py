"""
Step 3: molecular dynamics with the exported file alone.

This script knows nothing of how the model was made: it loads ``OUTPUT/ethanol.pt`` as any engine
would.

    python 3-simulate.py OUTPUT [PICOSECONDS]

checks that energies and forces are those of the training process, that forces are the derivative of
the energy, runs constant-energy molecular dynamics (2 ps by default) after thermalisation at 300 K,
and writes the trajectory ``OUTPUT/trajectory.xyz`` and the plot ``OUTPUT/dynamics.png``.
"""

import sys
from pathlib import Path
from typing import Dict, List

import ase
import ase.io
import matplotlib.pyplot as plt
import numpy as np
from ase import units
from ase.calculators.singlepoint import SinglePointCalculator
from ase.calculators.test import calculate_numerical_forces
from ase.md.bussi import Bussi
from ase.md.velocitydistribution import Stationary, ZeroRotation, thermalize_momenta
from ase.md.verlet import VelocityVerlet
from tblite.ase import TBLite
from tqdm import tqdm

from metatomic_ase import MetatomicCalculator

TEMPERATURE_K = 300
TIME_STEP_FS = 0.5
THERMALISATION_PS = 0.5
STEPS_BETWEEN_FRAMES = 20
COMPARED_FRAMES = 50

RELATIVE_TOLERANCE = 1e-10


def check_predictions(
    calculator: MetatomicCalculator, frames: List[ase.Atoms], expected: Dict[str, np.ndarray]
) -> None:
    """Energies and forces are those that the training process computed."""
    energy_error = 0.0
    force_error = 0.0
    for frame, energy, forces in zip(frames, expected["energies"], expected["forces"], strict=True):
        frame.calc = calculator
        energy_error = max(energy_error, abs(frame.get_potential_energy() / energy - 1))
        difference = np.abs(frame.get_forces() - forces).max()
        force_error = max(force_error, difference / np.abs(forces).max())

    print(f"  {'energy':<6} differs from the training process by {energy_error:.1e} (relative)")
    print(f"  {'forces':<6} differ from the training process by {force_error:.1e} (relative)")
    if max(energy_error, force_error) > RELATIVE_TOLERANCE:
        sys.exit("the exported model does not reproduce the training process")


def check_forces(calculator: MetatomicCalculator, atoms: ase.Atoms) -> None:
    """Forces are minus the derivative of the energy."""
    atoms.calc = calculator
    numerical = calculate_numerical_forces(atoms, eps=1e-4)
    error = np.abs(atoms.get_forces() - numerical).max() / np.abs(numerical).max()
    print(f"  {'forces':<6} differ from finite differences of the energy by {error:.1e} (relative)")
    if error > 1e-6:
        sys.exit("the forces are not the derivative of the energy")


def thermalise(atoms: ase.Atoms) -> None:
    """Bring the molecule to the temperature of the simulation, without overall motion."""
    rng = np.random.default_rng(seed=0)
    thermalize_momenta(atoms, TEMPERATURE_K, rng=rng)
    Stationary(atoms)
    ZeroRotation(atoms)
    n_steps = round(1e3 * THERMALISATION_PS / TIME_STEP_FS)
    dynamics = Bussi(
        atoms,
        TIME_STEP_FS * units.fs,
        temperature_K=TEMPERATURE_K,
        taut=50 * units.fs,
        rng=rng,
    )
    for _ in tqdm(dynamics.irun(n_steps), total=n_steps + 1, desc="thermalisation", unit="step"):
        pass


def simulate(atoms: ase.Atoms, picoseconds: float) -> List[ase.Atoms]:
    """Constant-energy molecular dynamics: frames with energy and momenta, one each few steps."""
    n_steps = round(1e3 * picoseconds / TIME_STEP_FS)
    dynamics = VelocityVerlet(atoms, TIME_STEP_FS * units.fs)
    frames = []
    steps = dynamics.irun(n_steps)
    for step, _ in enumerate(tqdm(steps, total=n_steps + 1, desc="NVE dynamics", unit="step")):
        if step % STEPS_BETWEEN_FRAMES == 0:
            frame = atoms.copy()
            frame.calc = SinglePointCalculator(
                frame, energy=atoms.get_potential_energy(), forces=atoms.get_forces()
            )
            frames.append(frame)
    return frames


def analyse(trajectory: List[ase.Atoms], path: Path) -> None:
    """Print the energy drift and the temperature, and plot the energies against time."""
    n_atoms = len(trajectory[0])
    time_ps = 1e-3 * TIME_STEP_FS * STEPS_BETWEEN_FRAMES * np.arange(len(trajectory))
    potential = np.array([frame.get_potential_energy() for frame in trajectory])
    kinetic = np.array([frame.get_kinetic_energy() for frame in trajectory])
    total = 1e3 * (potential + kinetic) / n_atoms  # meV/atom

    drift, _ = np.polyfit(time_ps, total, deg=1)
    # no overall translation nor rotation: six degrees of freedom less
    temperature_K = 2 * kinetic / ((3 * n_atoms - 6) * units.kB)
    print(f"NVE dynamics over {time_ps[-1]:g} ps:")
    print(f"  mean temperature      {temperature_K.mean():8.1f} K")
    print(f"  total energy drift    {drift:+8.4f} meV/atom/ps")
    print(f"  total energy spread   {total.std():8.4f} meV/atom (standard deviation)")

    figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
    for label, energy in [("potential", potential), ("kinetic", kinetic), ("total", None)]:
        energy = total if energy is None else 1e3 * energy / n_atoms
        axis.plot(time_ps, energy - energy[0], label=label, linewidth=1)
    axis.set_xlabel("time (ps)")
    axis.set_ylabel("change of energy (meV/atom)")
    axis.set_title(f"Ethanol, NVE, total energy drift {drift:+.4f} meV/atom/ps")
    axis.legend(loc="upper right")
    figure.savefig(path, dpi=150)


def compare_with_reference(trajectory: List[ase.Atoms]) -> None:
    """Compare with GFN2-xTB along the trajectory: the model must be right where it goes."""
    frames = trajectory[:: max(1, len(trajectory) // COMPARED_FRAMES)]
    energy_errors = []
    force_errors = []
    for frame in tqdm(frames, desc="GFN2-xTB along the trajectory", unit="frame"):
        reference = frame.copy()
        reference.calc = TBLite(method="GFN2-xTB", verbosity=0)
        difference = frame.get_potential_energy() - reference.get_potential_energy()
        energy_errors.append(1e3 * difference / len(frame))
        force_errors.append(1e3 * (frame.get_forces() - reference.get_forces()))

    energy_rmse = np.sqrt(np.mean(np.square(energy_errors)))
    force_rmse = np.sqrt(np.mean(np.square(force_errors)))
    print("errors along the trajectory, against GFN2-xTB:")
    print(f"  energy RMSE           {energy_rmse:8.2f} meV/atom")
    print(f"  force component RMSE  {force_rmse:8.2f} meV/A")


def main(output: Path, picoseconds: float) -> None:
    calculator = MetatomicCalculator(output / "ethanol.pt", check_consistency=True)
    print(calculator.metadata())

    print("checks of the exported model:")
    frames = ase.io.read(output / "test.xyz", ":")
    check_predictions(calculator, frames, dict(np.load(output / "predictions.npz")))
    check_forces(calculator, frames[0])

    # the simulation starts from the equilibrium-like structure of lowest energy in the test set
    start = min(frames, key=lambda frame: frame.get_potential_energy())
    atoms = ase.Atoms(start.numbers, start.positions)
    atoms.calc = MetatomicCalculator(output / "ethanol.pt")
    thermalise(atoms)
    trajectory = simulate(atoms, picoseconds)
    ase.io.write(output / "trajectory.xyz", trajectory)
    analyse(trajectory, output / "dynamics.png")
    compare_with_reference(trajectory)
    print(f"wrote trajectory.xyz and dynamics.png in {output}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) == 3 else 2.0)
