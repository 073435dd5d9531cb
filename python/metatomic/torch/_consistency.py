"""
Checks of what an engine gives to a model. Each failure is a ``ValueError``, or the
``torch.jit.Error`` that TorchScript makes of it: these functions are compiled with the model.
"""

from typing import Optional

import torch

from metatensor.torch import Labels, TensorMap, dtype_name

from ._classes import ModelOutput, NeighborListOptions, System, _check_quantities


def check_dtype(system: System, dtype: torch.dtype) -> None:
    """Check that ``system`` has the ``dtype`` of the model."""
    actual = system.positions.dtype
    if actual != dtype:
        raise ValueError(
            f"expected systems with dtype {dtype_name(dtype)}, which is the one of the model, "
            f"got {dtype_name(actual)}"
        )


def check_requested_outputs(
    requested: dict[str, ModelOutput], declared: dict[str, ModelOutput]
) -> None:
    """Check that a model with the ``declared`` outputs can compute the ``requested`` ones."""
    for name, output in requested.items():
        if name not in declared:
            available = ", ".join([f"'{known}'" for known in declared.keys()])
            raise ValueError(
                f"the model does not have an output named '{name}', it only has [{available}]"
            )

        possible = declared[name]
        for parameter in output.explicit_gradients:
            if parameter not in possible.explicit_gradients:
                raise ValueError(
                    f"the model does not compute explicit gradients of '{name}' with respect to "
                    f"'{parameter}'"
                )

        _check_sample_kind(name, output.sample_kind, possible.sample_kind)


def _check_sample_kind(name: str, requested: str, declared: str) -> None:
    # values per system can be computed from values per atom, not the other way around
    if requested == declared or (requested == "system" and declared == "atom"):
        return

    raise ValueError(
        f"the output '{name}' is requested for each {requested}, but the model computes it for "
        f"each {declared}"
    )


def check_selected_atoms(selected_atoms: Optional[Labels], systems: list[System]) -> None:
    """Check that all the ``selected_atoms`` exist, on the device of the ``systems``."""
    if selected_atoms is None:
        return

    device = systems[0].device
    if selected_atoms.device != device:
        raise ValueError(
            f"`selected_atoms` should be on the same device as the systems ({device}), "
            f"got {selected_atoms.device}"
        )

    system = selected_atoms.column("system")
    atom = selected_atoms.column("atom")
    sizes = torch.tensor([len(s) for s in systems], dtype=atom.dtype, device=device)

    invalid = (system < 0) | (system >= len(systems))
    if bool(invalid.any()):
        raise ValueError(
            f"`selected_atoms` contains the system {int(system[invalid][0])}, but there are only "
            f"{len(systems)} systems, numbered from 0"
        )

    invalid = (atom < 0) | (atom >= sizes[system])
    if bool(invalid.any()):
        raise ValueError(
            f"`selected_atoms` contains the atom {int(atom[invalid][0])} of system "
            f"{int(system[invalid][0])}, which does not exist in this system"
        )


def check_systems(
    systems: list[System],
    dtype: torch.dtype,
    neighbor_lists: list[NeighborListOptions],
    inputs: dict[str, ModelOutput],
    selected_atoms: Optional[Labels],
) -> None:
    """
    Check that all ``systems`` are alike, and contain the ``neighbor_lists`` and ``inputs`` that the
    model needs.
    """
    device = systems[0].device
    for system in systems:
        if system.device != device:
            raise ValueError(
                f"all systems should be on the same device, got {device} and {system.device}"
            )

        check_dtype(system, dtype)
        _check_neighbor_lists(system, neighbor_lists)

        data: dict[str, TensorMap] = {}
        for name in system.known_data():
            data[name] = system.get_data(name)

        for name in inputs.keys():
            if name not in data:
                raise ValueError(f"the model needs the input '{name}', which is not in the system")

        _check_quantities([system], inputs, selected_atoms, data, _short_name(dtype), "inputs")


def _check_neighbor_lists(system: System, requested: list[NeighborListOptions]) -> None:
    known_neighbor_lists = system.known_neighbor_lists()
    for options in requested:
        found = False
        for known in known_neighbor_lists:
            found = found or known == options

        if not found:
            raise ValueError(
                f"the model needs the neighbor list {str(options)}, which is not in the system"
            )


def _short_name(dtype: torch.dtype) -> str:
    """``float32`` for ``torch.float32``"""
    return dtype_name(dtype)[len("torch.") :]


def check_atomic_types(systems: list[System], known_types: list[int]) -> None:
    """Check that the model knows all the atomic types in ``systems``."""
    if len(systems) == 0:
        return

    # all systems at once: there are many small ones in a batch
    types = torch.cat([system.types for system in systems])
    known = torch.tensor(known_types, dtype=torch.int32, device=types.device)
    unknown = types[torch.isin(types, known, invert=True)]
    if len(unknown) != 0:
        raise ValueError(
            f"the model does not know the atomic type {int(unknown[0])}, only {known_types}"
        )


def check_outputs(
    systems: list[System],
    requested: dict[str, ModelOutput],
    selected_atoms: Optional[Labels],
    outputs: dict[str, TensorMap],
    dtype: torch.dtype,
) -> None:
    """Check that the model returned the ``requested`` outputs, with the right metadata."""
    _check_quantities(systems, requested, selected_atoms, outputs, _short_name(dtype), "outputs")
