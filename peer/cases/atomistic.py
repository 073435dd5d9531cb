"""Systems, descriptions of models, units, and the ASE calculator on a compiled model."""

import copy
import itertools
import pickle
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import ase.build
import torch
from record import Record

import metatomic.torch as mta
from cases import models
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)
from metatomic_ase import MetatomicCalculator

Call = tuple[str, Callable[[], Any]]

UNITS = ["A", "Angstrom", "bohr", "nm", "um", "µm", "eV", "meV", "MeV", "hartree", "kcal/mol"]
UNITS += ["kJ/mol", "Ry", "eV/A", "hartree/bohr", "eV/A^3", "GPa", "bar", "u", "m_e", "fs", "ps"]
UNITS += ["A/fs", "(eV/u)^(1/2)", "eV^1/2", "u*A/fs", "hbar/bohr", "debye", "e*A", "", " ", "2eV"]
UNITS += ["eV/", "(eV", "eV)", "unknown", "m s", "eV^-1", "m/s*s", "1e3", "K", "eV*A/fs"]

NAMES = (
    """
    energy energy/a energy/a/b energy/ /energy energies energy_ensemble feature features charges/v
    mass masses position positions heat_flux non_conservative_forces a::b a::b::c a::b/v a/b::c ::b
    a:: a::/b
""".split()
    + [""]
)


def run(record: Record, here: Path) -> None:
    families = (units, names, system_calls, neighbor_lists, model_outputs, capabilities, metadata)
    for family in (*families, schemas, wrong_models, conversions):
        for name, call in family():
            record.call(f"{family.__name__}: {name}", call)
    for name, call in calculator_calls(here):
        record.call(f"calculator: {name}", call)


def units() -> Iterator[Call]:
    for a, b in itertools.product(UNITS, UNITS):
        yield f"{a!r} to {b!r}", partial(mta.unit_conversion_factor, a, b)
    yield "three arguments", partial(mta.unit_conversion_factor, "energy", "eV", "meV")
    yield "keywords", partial(mta.unit_conversion_factor, from_unit="eV", to_unit="meV")
    yield "one argument", partial(mta.unit_conversion_factor, "eV")


def names() -> Iterator[Call]:
    for name in NAMES:
        yield f"dimension of {name!r}", partial(mta.unit_dimension_for_quantity, name)
        outputs = {name: ModelOutput(unit="")}
        yield (
            f"output {name!r}",
            lambda outputs=outputs: list(ModelCapabilities(outputs=outputs).outputs),
        )
    outputs = {
        name: ModelOutput(description=name) for name in ("energy/b", "energy/a", "energy", "x::y")
    }
    for requested in ("energy", "energy/a", "x::y", "x::y/z", "feature"):
        for variant in (None, "a", "c"):
            yield (
                f"pick {requested} {variant}",
                partial(mta.pick_output, requested, outputs, variant),
            )
    for devices in (["cpu"], ["cuda", "cpu"], ["CPU"], ["cpu:0"], [], ["unknown", "cpu"]):
        for requested in (None, "", "cpu", "cuda", "unknown"):
            yield (
                f"pick_device {devices} {requested!r}",
                partial(mta.pick_device, devices, requested),
            )


def _system(**changes: Any) -> System:
    given = {
        "types": torch.tensor([1, 8, 1]),
        "positions": torch.arange(9, dtype=torch.float64).reshape(3, 3),
        "cell": torch.diag(torch.tensor([5.0, 6.25, 0.0], dtype=torch.float64)),
        "pbc": torch.tensor([True, True, False]),
    }
    return System(**{**given, **changes})


def _data(**changes: Any) -> TensorMap:
    given = {
        "values": torch.ones(3, 1, dtype=torch.float64),
        "samples": Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1], [0, 2]])),
        "components": [],
        "properties": Labels.range("mass", 1),
    }
    return TensorMap(Labels.single(), [TensorBlock(**{**given, **changes})])


def system_calls() -> Iterator[Call]:
    zeros = torch.zeros(3, 3)
    for name, changes in {
        "as it should be": {},
        "float types": {"types": torch.tensor([1.0, 8.0, 1.0])},
        "2-D types": {"types": torch.tensor([[1, 8, 1]])},
        "int8 types": {"types": torch.tensor([1, 8, 1], dtype=torch.int8)},
        "positions shape": {"positions": torch.zeros(2, 3, dtype=torch.float64)},
        "integer positions": {"positions": torch.zeros(3, 3, dtype=torch.int64)},
        "cell dtype": {"cell": zeros},
        "cell shape": {"cell": torch.zeros(3, dtype=torch.float64)},
        "pbc dtype": {"pbc": torch.ones(3)},
        "pbc shape": {"pbc": torch.tensor([True])},
        "pbc without cell": {"pbc": torch.tensor([False, True, False])},
        "meta": {"types": torch.tensor([1, 8, 1], device="meta")},
        "list": {"types": [1, 8, 1]},
        "float16": {"positions": zeros.half(), "cell": zeros.half(), "pbc": zeros[0] > 0},
    }.items():
        yield name, partial(_system, **changes)
    system = _system()
    yield "text", lambda: [str(system), repr(system), len(system), str(system.device), system.dtype]
    yield (
        "text of a molecule",
        lambda: str(_system(cell=zeros.double(), pbc=torch.tensor([False] * 3))),
    )
    for name, value in {
        "types": torch.tensor([1, 1]),
        "positions": zeros,
        "cell": zeros.double() + 1,
        "pbc": torch.tensor([False, False, False]),
    }.items():
        yield f"set {name}", partial(setattr, _system(), name, value)
    for args in ((torch.float32,), ("cpu",), (torch.float32, "cpu"), (torch.int64,), (3.5,)):
        yield f"to {args}", partial(system.to, *args)
    for name in (*NAMES, "cell", "Types", "neighbors"):
        yield f"add_data {name!r}", partial(_with_data, name)
    yield "add_data again", partial(_with_data, "mass", times=2)
    yield "add_data override", partial(_with_data, "mass", times=2, override=True)
    yield "add_data dtype", lambda: _system().add_data("mass", _data(values=torch.ones(3, 1)))
    yield "get_data unknown", partial(system.get_data, "a::b")
    yield "get_data reserved", partial(system.get_data, "cell")
    full = models.systems()[0][1]
    yield "copy", partial(copy.deepcopy, full)
    yield "pickle", lambda: pickle.loads(pickle.dumps(full))
    yield "buffer", lambda: mta.load_system_buffer(mta.save_buffer(full))
    yield "wrong buffer", partial(mta.load_system_buffer, torch.zeros(3))
    yield "wrong content", partial(mta.load_system_buffer, torch.zeros(3, dtype=torch.uint8))
    yield "float32", lambda: full.to(torch.float32)
    yield "load missing", partial(mta.load_system, "missing.mta")


def _with_data(name: str, times: int = 1, override: bool = False) -> System:
    system = _system()
    for _ in range(times):
        system.add_data(name, _data(), override=override)
    return system


def _neighbors(**changes: Any) -> TensorBlock:
    sample_names = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    given = {
        "values": torch.full((1, 3, 1), 3.0, dtype=torch.float64),
        "samples": Labels(sample_names, torch.tensor([[0, 1, 0, 0, 0]])),
        "components": [Labels.range("xyz", 3)],
        "properties": Labels.range("distance", 1),
    }
    return TensorBlock(**{**given, **changes})


def neighbor_lists() -> Iterator[Call]:
    a = NeighborListOptions(3.4, True, False, "me")
    b = NeighborListOptions(cutoff=3.4, full_list=True, strict=False, requestor="you")
    a.add_requestor("me")
    a.add_requestor("other")
    yield "text", lambda: [str(a), repr(a), str(b), a.requestors()]
    yield "equal", lambda: [a == b, a != b, a == NeighborListOptions(3.4, True, True)]
    yield "set cutoff", partial(setattr, a, "cutoff", 3.0)
    for unit in ("A", "eV", "unknown", ""):
        yield f"length_unit {unit!r}", lambda unit=unit: _engine_cutoff(unit)
    yield "pickle", lambda: repr(pickle.loads(pickle.dumps(a)))
    for name, changes in {
        "as it should be": {},
        "dtype": {"values": torch.ones(1, 3, 1)},
        "sample names": {"samples": Labels.range("first_atom", 1)},
        "component": {"components": [Labels.range("abc", 3)]},
        "properties": {"properties": Labels.range("d", 1)},
    }.items():
        yield f"add {name}", lambda changes=changes: _with_neighbors(_neighbors(**changes))
        yield (
            f"register {name}",
            partial(mta.register_autograd_neighbors, _system(), _neighbors(**changes), True),
        )
    yield (
        "register, unchecked",
        lambda: mta.register_autograd_neighbors(_system(), _neighbors(), False),
    )
    system = _with_neighbors(_neighbors())
    yield "known", lambda: [str(options) for options in system.known_neighbor_lists()]
    yield "get unknown", partial(system.get_neighbor_list, NeighborListOptions(1.0, True, True))
    yield "add again", partial(system.add_neighbor_list, a, _neighbors())


def _engine_cutoff(unit: str) -> list[Any]:
    options = NeighborListOptions(3.4, True, False)
    options.length_unit = unit
    return [options.length_unit, options.engine_cutoff("bohr"), repr(options)]


def _with_neighbors(block: TensorBlock) -> System:
    system = _system()
    system.add_neighbor_list(NeighborListOptions(3.4, True, False), block)
    return system


def model_outputs() -> Iterator[Call]:
    cases: dict[str, tuple[tuple, dict]] = {
        "default": ((), {}),
        "positional bool": (("", "", True), {}),
        "positional text": (("", "", "atom_pair"), {}),
        "wrong kind": (("", "", "pair"), {}),
        "number": (("", "", 3), {}),
        "both": ((), {"per_atom": True, "sample_kind": "atom"}),
        "per_atom": ((), {"per_atom": True}),
        "quantity": ((), {"quantity": "energy", "unit": "eV"}),
        "wrong unit": ((), {"unit": "unknown"}),
        "gradients": ((), {"explicit_gradients": ["positions", "strain"], "description": "é"}),
    }
    for name, (args, kwargs) in cases.items():
        yield name, partial(_output_content, *args, **kwargs)


def _output_content(*args: Any, **kwargs: Any) -> list[Any]:
    output = ModelOutput(*args, **kwargs)
    content = [output.unit, output.sample_kind, output.explicit_gradients, output.description]
    return [*content, output.__getstate__()[0]]


def capabilities() -> Iterator[Call]:
    cases: dict[str, dict] = {
        "default": {},
        "complete": {
            "outputs": {"energy": ModelOutput(unit="eV")},
            "atomic_types": [1, 2],
            "interaction_range": 3.5426,
            "length_unit": "A",
            "supported_devices": ["cuda", "cpu"],
            "dtype": "float32",
        },
        "length unit": {"length_unit": "eV"},
        "dtype": {"dtype": "float16"},
        "output unit": {"outputs": {"energy": ModelOutput(unit="A")}},
        "empty output unit": {"outputs": {"energy": ModelOutput()}},
        "infinite": {"interaction_range": float("inf"), "dtype": "float64"},
    }
    for name, arguments in cases.items():
        yield name, lambda arguments=arguments: ModelCapabilities(**arguments).__getstate__()[0]
        yield (
            f"pickle {name}",
            lambda arguments=arguments: pickle.loads(
                pickle.dumps(ModelCapabilities(**arguments))
            ).__getstate__()[0],
        )
    complete = ModelCapabilities(**cases["complete"])
    yield "range in bohr", partial(complete.engine_interaction_range, "bohr")
    for atoms in (None, Labels(["system", "atom"], torch.tensor([[0, 1]])), Labels.range("a", 2)):
        yield (
            f"options {atoms and atoms.names}",
            lambda atoms=atoms: ModelEvaluationOptions(
                length_unit="A", outputs=cases["complete"]["outputs"], selected_atoms=atoms
            ).__getstate__()[0],
        )


def metadata() -> Iterator[Call]:
    cases: dict[str, dict] = {
        "empty": {},
        "name": {"name": "naïve"},
        "complete": {
            "name": "a model",
            "description": "words and\twords " * 20,
            "authors": ["Somebody " * 12, "é"],
            "references": {"model": ["ref " * 40], "architecture": [], "implementation": ["x"]},
            "extra": {"a": "b"},
        },
        "empty author": {"authors": [""]},
        "wrong section": {"references": {"other": ["x"]}},
        "empty reference": {"references": {"model": [""]}},
        "long word": {"description": "w" * 200},
    }
    for name, arguments in cases.items():
        yield f"text of {name}", lambda arguments=arguments: str(ModelMetadata(**arguments))
        yield (
            f"state of {name}",
            lambda arguments=arguments: ModelMetadata(**arguments).__getstate__()[0],
        )


def schemas() -> Iterator[Call]:
    """All methods and operators, which is what archives and engines are resolved against."""
    objects = {
        "System": _system(),
        "NeighborListOptions": NeighborListOptions(1.0, True, True),
        "ModelOutput": ModelOutput(),
        "ModelCapabilities": ModelCapabilities(),
        "ModelMetadata": ModelMetadata(),
        "ModelEvaluationOptions": ModelEvaluationOptions(),
    }
    for name, value in objects.items():
        yield (
            name,
            lambda value=value: sorted(
                str(value._get_method(m).schema) for m in value._type().method_names()
            ),
        )
    names = ("version", "pick_device", "pick_output", "read_model_metadata", "save", "load_system")
    names += ("unit_conversion_factor", "unit_dimension_for_quantity", "save_buffer")
    names += ("load_system_buffer", "check_atomistic_model", "load_model_extensions")
    names += ("register_autograd_neighbors", "_check_quantities", "_check_outputs")
    for name in names:
        operator = getattr(torch.ops.metatomic, name)
        yield (
            f"operator {name}",
            lambda operator=operator: [
                str(getattr(operator, overload)._schema) for overload in operator.overloads()
            ],
        )


# --- models ------------------------------------------------------------------------------------


class NoAnnotations(torch.nn.Module):
    def forward(self, systems, outputs, selected_atoms):
        return {}


def wrong_models() -> Iterator[Call]:
    metadata, complete = ModelMetadata(), models.atomistic_model().capabilities()
    yield "a function", lambda: AtomisticModel(len, metadata, complete)
    yield "no annotations", lambda: AtomisticModel(NoAnnotations().eval(), metadata, complete)
    yield "training", lambda: AtomisticModel(models.Pairs().train(), metadata, complete)
    yield (
        "no range",
        lambda: AtomisticModel(
            models.Pairs().eval(), metadata, ModelCapabilities(supported_devices=["cpu"])
        ),
    )
    model = models.atomistic_model()
    made, _ = models.systems()
    for name, outputs in {
        "unknown output": {"a::b": ModelOutput()},
        "wrong kind": {"energy/doubtful": ModelOutput(sample_kind="atom")},
        "wrong unit": {"energy": ModelOutput(unit="A")},
        "gradients": {"energy": ModelOutput(explicit_gradients=["positions"])},
        "nothing": {},
    }.items():
        options = ModelEvaluationOptions(length_unit="A", outputs=outputs)
        yield f"evaluate {name}", partial(model, made, options, check_consistency=True)
    options = ModelEvaluationOptions(
        length_unit="A", outputs={"energy": ModelOutput(unit="eV", sample_kind="system")}
    )
    yield "no systems", partial(model, [], options, check_consistency=True)
    yield "no neighbors", partial(model, [_system()], options, check_consistency=True)
    yield (
        "float32",
        partial(model, [s.to(torch.float32) for s in made], options, check_consistency=True),
    )
    for atoms in ([[0, 99]], [[7, 0]]):
        chosen = ModelEvaluationOptions(
            length_unit="A",
            outputs=options.outputs,
            selected_atoms=Labels(["system", "atom"], torch.tensor(atoms)),
        )
        yield f"selected {atoms}", partial(model, made, chosen, check_consistency=True)
    nm = ModelEvaluationOptions(length_unit="nm", outputs=options.outputs)
    yield "other length unit", partial(model, made, nm, check_consistency=False)
    for kind in (models.atomistic_model(), models.Pairs(), 3):
        yield f"is_atomistic_model {type(kind).__name__}", partial(mta.is_atomistic_model, kind)


def conversions() -> Iterator[Call]:
    atoms = ase.build.bulk("NaCl", "rocksalt", a=5.6)
    slab = ase.build.fcc100("Al", (2, 2, 2), vacuum=4.0)
    for name, value in {
        "crystal": atoms,
        "slab": slab,
        "molecule": ase.build.molecule("H2O"),
        "list": [atoms, slab],
        "tuple": (atoms, slab),
        "number": 3,
    }.items():
        yield name, partial(mta.systems_to_torch, value)
    yield "dtype", partial(mta.systems_to_torch, atoms, dtype=torch.float64)
    yield "gradients", partial(mta.systems_to_torch, atoms, positions_requires_grad=True)


def calculator_calls(here: Path) -> Iterator[Call]:
    path = here / "lennard-jones.pt"
    models.lennard_jones().save(path)
    atoms = ase.build.bulk("Ar", "fcc", a=5.0, cubic=True) * (2, 1, 1)
    atoms.rattle(0.1, seed=1)
    calculator = MetatomicCalculator(path, device="cpu")
    yield "energy", partial(calculator.get_potential_energy, atoms)
    yield "forces", partial(calculator.get_forces, atoms)
    yield "stress", partial(calculator.get_stress, atoms)
    yield "energies", partial(calculator.get_potential_energies, atoms)
    molecule = ase.Atoms("Ar3", positions=[[0, 0, 0], [0, 0, 3.6], [0, 3.4, 0.2]])
    yield "molecule energy", partial(calculator.get_potential_energy, molecule)
    yield "molecule forces", partial(calculator.get_forces, molecule)
    yield (
        "run_model",
        lambda: calculator.run_model(
            molecule, {"energy": ModelOutput(unit="eV", sample_kind="atom")}
        ),
    )
    yield "wrong type", partial(calculator.get_potential_energy, ase.Atoms("H"))
    yield "missing file", partial(MetatomicCalculator, here / "missing.pt")
