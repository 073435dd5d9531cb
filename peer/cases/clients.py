"""Published packages that are built on metatensor: featomic, featomic-torch and sphericart."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import ase
import ase.build
import featomic
import featomic.torch
import numpy as np
import sphericart.metatensor
import torch
from record import Record

import metatensor
from metatensor import Labels, TensorBlock, TensorMap
from metatomic.torch import systems_to_torch

Call = tuple[str, Callable[[], Any]]

SOAP = {
    "cutoff": {"radius": 4.0, "smoothing": {"type": "ShiftedCosine", "width": 0.5}},
    "density": {"type": "Gaussian", "width": 0.3},
    "basis": {
        "type": "TensorProduct",
        "max_angular": 3,
        "radial": {"type": "Gto", "max_radial": 3},
    },
}


def run(record: Record, here: Path) -> None:
    for family in (featomic_calls, featomic_torch_calls, sphericart_calls):
        for name, call in family():
            record.call(f"{family.__name__}: {name}", call)


def frames() -> list[ase.Atoms]:
    """Molecules, an ionic crystal, and a metal."""
    molecules = [ase.build.molecule(name) for name in ("CH3CH2OH", "H2O", "CH4")]
    crystal = ase.build.bulk("NaCl", "rocksalt", a=5.6, cubic=True)
    made = [*molecules, crystal, ase.build.bulk("Al", cubic=True)]
    for i, atoms in enumerate(made):
        atoms.rattle(0.05, seed=i)
    return made


def featomic_calls() -> Iterator[Call]:
    crystal = frames()[3:4]
    yield "SOAP", partial(_soap, frames(), [])
    yield "SOAP gradients", partial(_soap, frames()[1:3], ["positions"])
    yield "SOAP crystal gradients", partial(_soap, crystal, ["positions", "cell", "strain"])
    expansion = featomic.SphericalExpansion(**SOAP)
    yield "expansion", partial(expansion.compute, crystal, gradients=["positions", "cell"])
    yield (
        "expansion as columns",
        lambda: (
            expansion.compute(frames(), gradients=["positions"])
            .components_to_properties("o3_mu")
            .keys_to_properties("neighbor_type")
            .keys_to_samples("center_type")
        ),
    )
    yield (
        "composition",
        partial(
            featomic.AtomicComposition(per_system=False).compute, frames(), gradients=["positions"]
        ),
    )
    yield (
        "distances",
        partial(
            featomic.SortedDistances(
                cutoff=4.0, max_neighbors=10, separate_neighbor_types=True
            ).compute,
            frames(),
        ),
    )
    selected = Labels(["system", "atom"], np.array([[0, 1], [3, 4], [1, 0]]))
    calculator = featomic.SoapPowerSpectrum(**SOAP)
    yield "selected samples", partial(calculator.compute, frames(), selected_samples=selected)
    keys = Labels(
        ["center_type", "neighbor_1_type", "neighbor_2_type"], np.array([[1, 1, 8], [99, 1, 1]])
    )
    yield "selected keys", partial(calculator.compute, frames(), selected_keys=keys)
    properties = Labels(["l", "n_1"], np.array([[0, 1], [2, 3]]))
    yield (
        "selected properties",
        partial(calculator.compute, frames(), selected_properties=properties),
    )
    yield (
        "wrong selection",
        partial(
            calculator.compute, frames(), selected_samples=Labels(["unknown"], np.array([[1]]))
        ),
    )


def _soap(atoms: list[ase.Atoms], gradients: list[str]) -> TensorMap:
    spectrum = featomic.SoapPowerSpectrum(**SOAP).compute(atoms, gradients=gradients)
    spectrum = spectrum.keys_to_samples("center_type")
    spectrum = spectrum.keys_to_properties(["neighbor_1_type", "neighbor_2_type"])
    return metatensor.mean_over_samples(spectrum, "atom")


def featomic_torch_calls() -> Iterator[Call]:
    yield "SOAP", partial(_differentiated, featomic.torch.SoapPowerSpectrum(**SOAP))
    yield (
        "compiled",
        partial(_differentiated, torch.jit.script(featomic.torch.SoapPowerSpectrum(**SOAP))),
    )
    expansion = featomic.torch.SphericalExpansion(**SOAP)
    yield "expansion", partial(expansion, _systems(requires_grad=False))
    yield (
        "forward gradients",
        partial(expansion.compute, _systems(requires_grad=False), gradients=["positions"]),
    )


def _systems(requires_grad: bool) -> list[Any]:
    systems = systems_to_torch(frames()[1:4], dtype=torch.float64)
    for system in systems:
        system.positions.requires_grad_(requires_grad)
        system.cell.requires_grad_(requires_grad)
    return systems


def _differentiated(calculator: Any) -> list[Any]:
    systems = _systems(requires_grad=True)
    spectrum = calculator(systems).keys_to_samples("center_type")
    spectrum = spectrum.keys_to_properties(["neighbor_1_type", "neighbor_2_type"])
    values = spectrum.block().values
    (values**2).sum().backward()
    positions = [system.positions.grad for system in systems]
    # only the last system is periodic
    return [values.detach(), spectrum.block().samples, positions, systems[-1].cell.grad]


def sphericart_calls() -> Iterator[Call]:
    rng = np.random.default_rng(0)
    for kind in ("SphericalHarmonics", "SolidHarmonics"):
        calculator = getattr(sphericart.metatensor, kind)(4)
        xyz = rng.normal(size=(12, 3, 1))
        yield f"{kind} values", partial(calculator.compute, _vectors(xyz))
        yield f"{kind} gradients", partial(calculator.compute_with_gradients, _vectors(xyz))
        yield f"{kind} hessians", partial(calculator.compute_with_hessians, _vectors(xyz))


def _vectors(xyz: np.ndarray) -> TensorMap:
    block = TensorBlock(
        xyz, Labels.range("sample", 12), [Labels.range("xyz", 3)], Labels.range("_", 1)
    )
    return TensorMap(Labels.single(), [block])
