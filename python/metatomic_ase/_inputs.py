"""The extra inputs that a model can request, taken from :py:class:`ase.Atoms`."""

from collections.abc import Callable
from typing import Any

import ase
import numpy as np
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import ModelOutput, System


def _charges(atoms: ase.Atoms) -> np.ndarray:
    # calculators that do not compute charges have many ways to fail
    try:
        return atoms.get_charges()
    except Exception:
        return atoms.get_initial_charges()


PER_ATOM_QUANTITIES: dict[str, dict[str, Any]] = {
    "momentum": {
        "properties_name": "momentum",
        "getter": ase.Atoms.get_momenta,
        "unit": "(eV*u)^(1/2)",
    },
    "mass": {
        "properties_name": "mass",
        "getter": ase.Atoms.get_masses,
        "unit": "u",
    },
    "velocity": {
        "properties_name": "velocity",
        "getter": ase.Atoms.get_velocities,
        "unit": "(eV/u)^(1/2)",
    },
    "charge": {
        "properties_name": "charge",
        "getter": _charges,
        "unit": "e",
    },
    "ase::initial_magmoms": {
        "properties_name": "magnetic_moment",
        "getter": ase.Atoms.get_initial_magnetic_moments,
        "unit": "e * hbar / (2 * m_e)",
    },
    "ase::initial_charges": {
        "properties_name": "charge",
        "getter": ase.Atoms.get_initial_charges,
        "unit": "e",
    },
    "ase::tags": {
        "properties_name": "tag",
        "getter": ase.Atoms.get_tags,
        "unit": "",
    },
}

PER_SYSTEM_QUANTITIES: dict[str, dict[str, Any]] = {
    "charge": {
        "properties_name": "charge",
        "getter": lambda atoms: atoms.info.get("charge", 0),
        "unit": "e",
    },
    "spin_multiplicity": {
        "properties_name": "spin_multiplicity",
        "getter": lambda atoms: atoms.info.get("spin_multiplicity", atoms.info.get("spin", 1)),
        "unit": "",
    },
}

# Any array in `atoms.arrays`, respectively value in `atoms.info`, with its name after the prefix
_ARRAYS_PREFIX = "ase::arrays::"
_INFO_PREFIX = "ase::info::"

# Entries of `atoms.info` behind each standard per-system quantity, with their default values
_INFO_DEFAULTS: dict[str, dict[str, Any]] = {
    "charge": {"charge": 0.0},
    "spin_multiplicity": {"spin_multiplicity": 1, "spin": 1},
}

# Per-atom quantities that ASE does not look at when it decides if atoms changed. This does not
# include `charge`: asking for it could run another calculator.
_NOT_TRACKED_BY_ASE = ["momentum", "mass", "velocity", "ase::tags"]

_MISSING = object()


def add_inputs(system: System, atoms: ase.Atoms, requested: dict[str, ModelOutput]) -> None:
    """
    Add to ``system`` all the ``requested`` inputs, with the values they have in ``atoms``.

    :raises ValueError: for inputs that ASE does not have, and values of the wrong shape
    :raises NotImplementedError: for per-atom data that does not have one value for each atom
    """
    for name, options in requested.items():
        tensor = _input_tensor(atoms, name, options.sample_kind)
        tensor = tensor.to(dtype=system.positions.dtype, device=system.device)
        # the name may be deprecated, the model is the one to update
        system.add_data(name, tensor, override=False, _private_warn_on_deprecated=False)


def _input_tensor(atoms: ase.Atoms, name: str, sample_kind: str) -> TensorMap:
    quantity = _find_quantity(name, sample_kind)
    values = quantity["getter"](atoms)
    try:
        values = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the values of the input '{name}' are not numbers: {values}") from error

    if sample_kind == "atom":
        atom = torch.arange(len(atoms))
        samples = Labels(["system", "atom"], torch.stack([torch.zeros_like(atom), atom], dim=1))
    else:
        values = values[np.newaxis]
        samples = Labels("system", torch.tensor([[0]]))

    if values.shape[0] != len(samples):
        raise NotImplementedError(
            f"the input '{name}' should have one value for each of the {len(samples)} atoms, "
            f"got an array of shape {values.shape}"
        )

    components = []
    if values.ndim == 2 and values.shape[1] == 3:
        components.append(Labels("xyz", torch.tensor([[0], [1], [2]])))
    elif values.ndim != 1:
        raise ValueError(
            f"the input '{name}' should be made of numbers or vectors with 3 components, "
            f"got an array of shape {values.shape}"
        )

    block = TensorBlock(
        values=torch.from_numpy(values).unsqueeze(-1),
        samples=samples,
        components=components,
        properties=Labels(quantity["properties_name"], torch.tensor([[0]])),
    )
    tensor = TensorMap(Labels("_", torch.tensor([[0]])), [block])
    tensor.set_info("unit", quantity["unit"])
    return tensor


def _find_quantity(name: str, sample_kind: str) -> dict[str, Any]:
    if sample_kind == "atom":
        if name.startswith(_ARRAYS_PREFIX):
            return _custom_quantity("arrays", name.removeprefix(_ARRAYS_PREFIX))
        known = PER_ATOM_QUANTITIES
    elif sample_kind == "system":
        if name.startswith(_INFO_PREFIX):
            return _custom_quantity("info", name.removeprefix(_INFO_PREFIX))
        known = PER_SYSTEM_QUANTITIES
    else:
        raise ValueError(
            f"the model requests the input '{name}' for each {sample_kind}, but ASE can only "
            "provide inputs for each system or atom"
        )

    if name not in known:
        raise ValueError(
            f"the model requests the input '{name}' for each {sample_kind}, which ASE can not "
            f"provide: it only has {', '.join(known)}"
        )

    return known[name]


def _custom_quantity(attribute: str, key: str) -> dict[str, Any]:
    """Description of an entry of ``atoms.arrays`` or ``atoms.info``."""

    def getter(atoms: ase.Atoms) -> Any:
        entries = getattr(atoms, attribute)
        if key not in entries:
            raise ValueError(
                f"the model needs '{key}' in `atoms.{attribute}`, which only contains "
                f"[{', '.join(map(str, entries))}]"
            )
        return entries[key]

    return {"properties_name": "_", "getter": getter, "unit": ""}


def changed_inputs(old: ase.Atoms, new: ase.Atoms, requested: dict[str, ModelOutput]) -> list[str]:
    """
    What is different between ``old`` and ``new`` in the data behind the ``requested`` inputs, in
    addition to what ASE already checks: keys of ``atoms.info``, and names of per-atom inputs.
    """
    changes = []
    for name, options in requested.items():
        if options.sample_kind == "system":
            defaults = _INFO_DEFAULTS.get(name, {})
            if name.startswith(_INFO_PREFIX):
                defaults = {name.removeprefix(_INFO_PREFIX): _MISSING}

            for key, default in defaults.items():
                if not _same(old.info.get(key, default), new.info.get(key, default)):
                    changes.append(key)

        elif name in _NOT_TRACKED_BY_ASE or name.startswith(_ARRAYS_PREFIX):
            getter: Callable[[ase.Atoms], Any] = _find_quantity(name, "atom")["getter"]
            if not np.array_equal(getter(old), getter(new)):
                changes.append(name)

    return changes


def _same(old: Any, new: Any) -> bool:
    try:
        same = old == new
    except Exception:
        return False

    # comparing arrays gives arrays
    return isinstance(same, bool) and same
