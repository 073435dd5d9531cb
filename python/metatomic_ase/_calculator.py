"""The ASE calculator."""

import os
import warnings
from collections.abc import Sequence
from typing import Any, Optional

import ase
import numpy as np
import torch
from ase.calculators.calculator import (
    Calculator,
    InputError,
    PropertyNotImplementedError,
    all_changes,
    all_properties,
)

from metatensor.torch import Labels, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    is_atomistic_model,
    load_atomistic_model,
    pick_device,
    pick_output,
)

from ._inputs import PER_ATOM_QUANTITIES as PER_ATOM_QUANTITIES
from ._inputs import add_inputs, changed_inputs
from ._neighbors import NeighborLists
from ._results import (
    convert_unit,
    non_conservative_forces,
    non_conservative_stresses,
    per_atom_energies,
    per_system_energy,
    single_energy_block,
    to_numpy,
)
from ._results import full_3x3_to_voigt_6_stress as _full_3x3_to_voigt_6_stress
from ._systems import DifferentiableSystem, differentiate, is_identical

_DTYPES = {"float32": torch.float32, "float64": torch.float64}

_ENERGY_PROPERTIES = {"energy", "energies", "forces", "stress"}

_FORCES_UNIT = "eV/Angstrom"
_STRESS_UNIT = "eV/Angstrom^3"


class MetatomicCalculator(Calculator):
    """
    Use any atomistic model as an ASE calculator, for energies, forces and stresses.

    :param model: path of a model saved with :py:meth:`metatomic.torch.AtomisticModel.save`, or the
        model itself
    :param additional_outputs: other outputs to compute in each calculation, by name. They are
        available as they come from the model in :py:attr:`additional_outputs` afterwards. A name
        that the calculator also needs (such as ``energy``) replaces its own request.
    :param extensions_directory: where to look first for the TorchScript extensions of the model
    :param check_consistency: check everything that goes in and out of the model; slower, and useful
        to find what is wrong
    :param device: where to run the model, such as ``"cuda:1"``; by default the first device
        supported by the model that is available
    :param variants: which variant of an output to use, by name of the output (``energy``,
        ``energy_uncertainty``, ``non_conservative_force`` and ``non_conservative_stress``). The one
        for ``energy`` is the default for the others; use ``None`` to get the output without variant
    :param non_conservative: ``"forces"``, ``"stress"`` or ``True`` (for both) to take forces and/or
        stress directly from the outputs of the model, instead of differentiating the energy. They
        are faster, and do not conserve the energy.
    :param do_gradients_with_energy: compute forces and stress whenever the energy is needed, since
        they are usually needed next
    :param uncertainty_threshold: warn when the uncertainty of the energy of an atom is above this
        value, in eV; ``None`` to never warn
    :param neighbor_skin: how far atoms can move before neighbors are searched again, in Angstrom

    :raises InputError: if the model does not exist, or is not an atomistic model
    :raises TypeError: if ``model`` is neither a path nor a model
    :raises ValueError: if the model does not have a requested variant or non-conservative output
    :raises RuntimeError: if the model can not be loaded, or can not run on the ``device``
    """

    implemented_properties = list(all_properties)

    #: additional outputs of the last calculation, in the units they were requested with
    additional_outputs: dict[str, TensorMap]

    def __init__(
        self,
        model: str | bytes | os.PathLike | AtomisticModel,
        *,
        additional_outputs: dict[str, ModelOutput] | None = None,
        extensions_directory: str | os.PathLike | None = None,
        check_consistency: bool = False,
        device: str | torch.device | None = None,
        variants: dict[str, str | None] | None = None,
        non_conservative: bool | str = False,
        do_gradients_with_energy: bool = True,
        uncertainty_threshold: float | None = 0.1,
        neighbor_skin: float = 2.0,
    ) -> None:
        super().__init__()

        if non_conservative not in [False, True, "forces", "stress"]:
            raise ValueError(
                "`non_conservative` should be True, False, 'forces' or 'stress', "
                f"got {non_conservative!r}"
            )

        additional_outputs = {} if additional_outputs is None else additional_outputs
        _check_additional_outputs(additional_outputs)

        if extensions_directory is not None:
            extensions_directory = os.fspath(extensions_directory)

        # these are plain values: ASE saves them in trajectories
        self.parameters = {
            "extensions_directory": extensions_directory,
            "check_consistency": bool(check_consistency),
            "variants": variants,
            "non_conservative": non_conservative,
            "do_gradients_with_energy": do_gradients_with_energy,
            "additional_outputs": additional_outputs,
            "uncertainty_threshold": uncertainty_threshold,
            "neighbor_skin": neighbor_skin,
            "device": None if device is None else str(device),
        }
        if isinstance(model, str | bytes | os.PathLike):
            model = os.fsdecode(model)
            self.parameters["model"] = model

        self._model = _load_model(model, extensions_directory)
        capabilities = self._model.capabilities()
        self._dtype = _DTYPES[capabilities.dtype]
        self._device = torch.device(
            pick_device(capabilities.supported_devices, self.parameters["device"])
        )
        self._model.to(device=self._device)

        self._pick_outputs(capabilities.outputs)
        self._inputs = self._model.requested_inputs(use_new_names=True)
        self._neighbors = NeighborLists(
            self._model.requested_neighbor_lists(), check_consistency, neighbor_skin
        )
        self.additional_outputs = {}

    def _pick_outputs(self, outputs: dict[str, ModelOutput]) -> None:
        """Names of the outputs to use for each quantity, ``None`` for the ones to leave out."""
        non_conservative = self.parameters["non_conservative"]
        variants = _resolve_variants(self.parameters["variants"], non_conservative)

        def pick(name: str) -> str:
            return pick_output(name, outputs, variants[name])

        self._energy = None
        if _has_output("energy", outputs):
            self._energy = pick("energy")

        self._forces = None
        if non_conservative in [True, "forces"]:
            self._forces = pick("non_conservative_force")

        self._stress = None
        if non_conservative in [True, "stress"]:
            self._stress = pick("non_conservative_stress")

        self._uncertainty = None
        threshold = self.parameters["uncertainty_threshold"]
        if threshold is not None and _has_output("energy_uncertainty", outputs):
            uncertainty = pick("energy_uncertainty")
            if outputs[uncertainty].sample_kind == "atom":
                if not threshold > 0:
                    raise ValueError(
                        f"`uncertainty_threshold` should be positive or None, got {threshold}"
                    )
                self._uncertainty = uncertainty

    def model(self) -> AtomisticModel:
        """The model that this calculator runs."""
        return self._model

    def metadata(self) -> ModelMetadata:
        """Name, authors and references of the model."""
        return self._model.metadata()

    def todict(self) -> dict[str, Any]:
        """
        The arguments to create this calculator again.

        :raises RuntimeError: if the calculator was not created from the path of a model
        """
        if "model" not in self.parameters:
            raise RuntimeError(
                "can not save a calculator for a model in memory: create the calculator with the "
                "path of a saved model instead"
            )

        return self.parameters

    @classmethod
    def fromdict(cls, data: dict[str, Any]) -> "MetatomicCalculator":
        """Create a calculator from the output of :py:meth:`todict`."""
        return cls(**data)

    def check_state(self, atoms: ase.Atoms, tol: float = 1e-15) -> list[str]:
        """
        What changed in ``atoms`` since the last calculation, including the data in ``atoms.info``
        and ``atoms.arrays`` that the model uses.
        """
        changes = [] if is_identical(self.atoms, atoms) else super().check_state(atoms, tol=tol)
        if self.atoms is not None:
            changes.extend(changed_inputs(self.atoms, atoms, self._inputs))

        return changes

    def run_model(
        self,
        atoms: ase.Atoms | list[ase.Atoms],
        outputs: dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> dict[str, TensorMap]:
        """
        Compute any ``outputs`` of the model for one or several structures.

        :param atoms: one structure, or a list of structures
        :param outputs: what to compute, by name, and in which units
        :param selected_atoms: atoms that contribute to the outputs, with the dimensions ``system``
            (position in the list) and ``atom``; all atoms if ``None``
        :return: what the model returned, without gradient tracking
        :raises ValueError: if the model does not have one of the outputs
        """
        structures = [atoms] if isinstance(atoms, ase.Atoms) else atoms
        systems = self._systems(structures)
        for structure, system in zip(structures, systems, strict=True):
            add_inputs(system.system, structure, self._inputs)

        return self._evaluate(systems, outputs, selected_atoms)

    def compute_energy(
        self,
        atoms: ase.Atoms | list[ase.Atoms],
        compute_forces_and_stresses: bool = False,
        *,
        per_atom: bool = False,
    ) -> dict[str, Any]:
        """
        Energies of one or several structures, with a single evaluation of the model. Inputs other
        than the atoms, periodic cell and neighbor lists are not given to the model.

        :param atoms: one structure, or a list of structures
        :param compute_forces_and_stresses: should the forces (and the stresses, if all structures
            are periodic in all directions) be computed as well?
        :param per_atom: should the energy of each atom be part of the result?
        :return: ``energy`` in eV; and as needed ``energies`` of shape ``(n_atoms,)``, ``forces`` in
            eV/Angstrom of shape ``(n_atoms, 3)`` and ``stress`` in eV/Angstrom^3 of shape
            ``(3, 3)``. For a list of structures, each entry is a list (or one array for
            ``energy``).
        :raises ValueError: if the model does not have an energy
        """
        if self._energy is None:
            raise ValueError("the model does not have an energy output")

        structures = [atoms] if isinstance(atoms, ase.Atoms) else atoms
        compute_stresses = compute_forces_and_stresses and all(s.pbc.all() for s in structures)
        systems = self._systems(
            structures,
            positions_grad=compute_forces_and_stresses and self._forces is None,
            strain_grad=compute_stresses and self._stress is None,
        )

        requested = self._standard_outputs(
            per_atom, forces=compute_forces_and_stresses, stress=compute_stresses
        )
        outputs = self._evaluate(systems, requested)

        energies = outputs[self._energy].block()
        total_energies = per_system_energy(energies, len(structures))
        results: dict[str, Any] = {"energy": total_energies.tolist()}
        if per_atom:
            results["energies"] = per_atom_energies(energies, structures)

        forces, stresses = self._derivatives(energies.values.sum(), outputs, systems, structures)
        if compute_forces_and_stresses:
            results["forces"] = [to_numpy(f) for f in forces]
        if compute_stresses:
            results["stress"] = [to_numpy(s) for s in stresses]

        if isinstance(atoms, ase.Atoms):
            return {name: values[0] for name, values in results.items()}

        if not per_atom:
            results["energy"] = total_energies
        return results

    def calculate(
        self,
        atoms: ase.Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """
        Called by ASE: compute ``properties`` of ``atoms``, and everything that comes with them.

        :param atoms: structure, the one of the last calculation if ``None``
        :param properties: any of ``energy``, ``energies``, ``forces`` and ``stress``
        :param system_changes: not used
        :raises PropertyNotImplementedError: for other properties, and for all of them if the model
            does not have an energy
        :raises NotImplementedError: for the stresses of single atoms
        """
        requested = set(properties)
        self._check_properties(requested)
        super().calculate(atoms, properties, system_changes)
        atoms = self.atoms if atoms is None else atoms
        # nothing of a previous calculation may remain if this one fails
        self.results = {}

        compute_forces, compute_stress = self._what_to_compute(requested, atoms)
        systems = self._systems(
            [atoms],
            positions_grad=compute_forces and self._forces is None,
            strain_grad=compute_stress and self._stress is None,
        )
        add_inputs(systems[0].system, atoms, self._inputs)

        standard: dict[str, ModelOutput] = {}
        if requested:
            standard = self._standard_outputs(
                "energies" in requested, forces=compute_forces, stress=compute_stress
            )
            if self._uncertainty is not None:
                standard[self._uncertainty] = ModelOutput(unit="eV", sample_kind="atom")

        additional: dict[str, ModelOutput] = self.parameters["additional_outputs"]
        options = {**standard, **additional}
        outputs = self._evaluate(systems, options)

        self.additional_outputs = {name: outputs[name] for name in additional}
        if requested:
            # additional outputs with the same name can have another unit
            standard_outputs = {
                name: convert_unit(outputs[name], options[name].unit, output.unit)
                for name, output in standard.items()
            }
            self.results = self._results(standard_outputs, systems, requested)

    def _what_to_compute(self, requested: set[str], atoms: ase.Atoms) -> tuple[bool, bool]:
        """Are forces, respectively a stress, needed for the ``requested`` properties?"""
        is_periodic = bool(atoms.pbc.all())
        if "stress" in requested and not is_periodic:
            warnings.warn(
                "computing the stress of a system that is not periodic in all directions, the "
                "result is probably not what you want",
                stacklevel=3,
            )

        always = bool(requested) and self.parameters["do_gradients_with_energy"]
        forces = always or "forces" in requested or "stress" in requested
        stress = always or "stress" in requested or ("forces" in requested and is_periodic)
        return forces, stress

    def _results(
        self,
        outputs: dict[str, TensorMap],
        systems: list[DifferentiableSystem],
        requested: set[str],
    ) -> dict[str, Any]:
        """What ASE calls the results of a calculation, all with the type ``float64``."""
        structures = [self.atoms]

        if self._uncertainty is not None:
            self._check_uncertainty(outputs[self._uncertainty])

        energies = single_energy_block(outputs[self._energy])
        results: dict[str, Any] = {"energy": per_system_energy(energies, 1)[0]}
        if "energies" in requested:
            results["energies"] = per_atom_energies(energies, structures)[0]

        forces, stresses = self._derivatives(
            energies.values.sum(),
            outputs,
            systems,
            structures,
            # energies that do not depend on the positions have no derivatives
            required="forces" in requested or "stress" in requested,
        )
        if forces:
            results["forces"] = to_numpy(forces[0]).astype(np.float64)
        if stresses:
            stress = to_numpy(stresses[0]).astype(np.float64)
            results["stress"] = _full_3x3_to_voigt_6_stress(stress)

        return results

    def _check_properties(self, requested: set[str]) -> None:
        if "stresses" in requested:
            raise NotImplementedError("the stresses of single atoms are not implemented")

        unknown = requested - _ENERGY_PROPERTIES
        if unknown:
            raise PropertyNotImplementedError(
                f"MetatomicCalculator can not compute {', '.join(sorted(unknown))}"
            )

        if requested and self._energy is None:
            raise PropertyNotImplementedError(
                "the model does not have an energy output, which is needed for "
                f"{', '.join(sorted(requested))}"
            )

    def _standard_outputs(
        self, per_atom: bool, *, forces: bool, stress: bool
    ) -> dict[str, ModelOutput]:
        """What the model must compute for an energy, and for non-conservative derivatives."""
        sample_kind = "atom" if per_atom else "system"
        outputs = {self._energy: ModelOutput(unit="eV", sample_kind=sample_kind)}
        if forces and self._forces is not None:
            outputs[self._forces] = ModelOutput(unit=_FORCES_UNIT, sample_kind="atom")
        if stress and self._stress is not None:
            outputs[self._stress] = ModelOutput(unit=_STRESS_UNIT, sample_kind="system")

        return outputs

    def _systems(
        self,
        structures: list[ase.Atoms],
        *,
        positions_grad: bool = False,
        strain_grad: bool = False,
    ) -> list[DifferentiableSystem]:
        """Systems for all the structures, with their neighbor lists."""
        systems = [
            DifferentiableSystem(
                atoms,
                dtype=self._dtype,
                device=self._device,
                positions_grad=positions_grad,
                strain_grad=strain_grad,
            )
            for atoms in structures
        ]
        with_neighbors = self._neighbors.add_to([system.system for system in systems])
        for system, with_neighbor_lists in zip(systems, with_neighbors, strict=True):
            system.system = with_neighbor_lists

        return systems

    def _evaluate(
        self,
        systems: list[DifferentiableSystem],
        outputs: dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> dict[str, TensorMap]:
        available = self._model.capabilities().outputs
        for name in outputs:
            if name not in available:
                raise ValueError(
                    f"the model does not have an output named '{name}', only {', '.join(available)}"
                )

        if selected_atoms is not None:
            selected_atoms = selected_atoms.to(device=self._device)

        options = ModelEvaluationOptions(
            length_unit="angstrom", outputs=outputs, selected_atoms=selected_atoms
        )
        return self._model(
            [system.system for system in systems],
            options,
            check_consistency=self.parameters["check_consistency"],
        )

    def _derivatives(
        self,
        energy: torch.Tensor,
        outputs: dict[str, TensorMap],
        systems: list[DifferentiableSystem],
        structures: list[ase.Atoms],
        *,
        required: bool = True,
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """
        Forces and stresses of all structures, each by the method chosen by the user. If they are
        not ``required``, conservative ones are left out when the energy is not differentiable.
        """
        forces: list[torch.Tensor] = []
        stresses: list[torch.Tensor] = []
        needs_grad = systems[0].positions_grad or systems[0].strain_grad
        if needs_grad and (required or energy.requires_grad):
            forces, stresses = differentiate(energy, systems)

        if self._forces in outputs:
            forces = non_conservative_forces(outputs[self._forces], structures)
        if self._stress in outputs:
            stresses = non_conservative_stresses(outputs[self._stress])

        return forces, stresses

    def _check_uncertainty(self, uncertainty: TensorMap) -> None:
        threshold = self.parameters["uncertainty_threshold"]
        block = uncertainty.block()
        if "atom" not in block.samples.names:
            # replaced by an additional output
            return

        too_high = block.values.detach().reshape(-1) > threshold
        if bool(too_high.any()):
            atoms = sorted(block.samples.column("atom")[too_high].tolist())
            warnings.warn(
                f"the uncertainty of the energy is above the threshold of {threshold} eV for the "
                f"atoms {atoms}",
                stacklevel=3,
            )


def _load_model(
    model: str | AtomisticModel, extensions_directory: str | os.PathLike | None
) -> AtomisticModel:
    if isinstance(model, str):
        if not os.path.exists(model):
            raise InputError(f"there is no model at '{model}'")
        return load_atomistic_model(model, extensions_directory)

    if isinstance(model, AtomisticModel):
        return model

    if isinstance(model, torch.jit.ScriptModule):
        if not is_atomistic_model(model):
            raise InputError(
                "`model` should be an AtomisticModel compiled by TorchScript, got a "
                f"'{model.original_name}'"
            )
        return AtomisticModel(model, model.metadata(), model.capabilities())

    raise TypeError(f"`model` should be a path or an AtomisticModel, got {type(model)}")


def _check_additional_outputs(outputs: Any) -> None:
    assert isinstance(outputs, dict), "`additional_outputs` should be a dictionary"
    for name, output in outputs.items():
        assert isinstance(name, str), "the keys of `additional_outputs` should be strings"
        is_output = (
            isinstance(output, torch.ScriptObject) and output._type().name() == "ModelOutput"
        )
        assert is_output, "the values of `additional_outputs` should be instances of ModelOutput"


def _has_output(name: str, outputs: dict[str, ModelOutput]) -> bool:
    return any(output == name or output.startswith(f"{name}/") for output in outputs)


def _resolve_variants(
    variants: dict[str, str | None] | None, non_conservative: bool | str
) -> dict[str, str | None]:
    """The variant of each quantity, with the ones that were not given."""
    variants = dict(variants or {})

    if "non_conservative_forces" in variants:
        if "non_conservative_force" in variants:
            raise ValueError(
                "`variants` contains both 'non_conservative_force' and its deprecated name "
                "'non_conservative_forces'"
            )
        warnings.warn(
            "the name 'non_conservative_forces' is deprecated in `variants`, use "
            "'non_conservative_force' instead",
            stacklevel=4,
        )
        variants["non_conservative_force"] = variants.pop("non_conservative_forces")

    forces_and_stress = ["non_conservative_force", "non_conservative_stress"]
    if non_conservative is True and all(name in variants for name in forces_and_stress):
        chosen = [variants[name] for name in forces_and_stress]
        if chosen.count(None) == 1:
            raise ValueError(
                "`variants` for 'non_conservative_force' and 'non_conservative_stress' should both "
                f"be None, or both be given; got {chosen[0]!r} and {chosen[1]!r}"
            )

    names = ["energy", "energy_uncertainty", *forces_and_stress]
    return {name: variants.get(name, variants.get("energy")) for name in names}
