"""Wrapping, evaluating, saving and loading atomistic models."""

import datetime
import json
import math
import os
import platform
import warnings
from typing import Dict, List, Optional

import torch

from metatensor.torch import Labels, TensorMap

from ._classes import (
    ModelCapabilities,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
    check_atomistic_model,
    load_model_extensions,
)
from ._consistency import (
    check_atomic_types,
    check_dtype,
    check_outputs,
    check_requested_outputs,
    check_selected_atoms,
    check_systems,
)
from ._extensions import copy_extensions, loaded_extensions
from ._quantity_names import current_name, deprecated_name, is_deprecated, other_spelling
from ._requests import check_input_names, collect_inputs, collect_neighbor_lists
from ._signature import check_model_signature
from ._unit_conversion import _convert_systems_units, convert_outputs_units
from .version import __version__

_DTYPES = {"float32": torch.float32, "float64": torch.float64}


class ModelInterface(torch.nn.Module):
    """
    What a module must do to become an :py:class:`AtomisticModel`. This class only documents it,
    there is no need to inherit from it.
    """

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        """
        Compute the ``outputs``, and only them, for all the ``systems``.

        This must have exactly this signature, with these types.

        :param systems: structures, in the units of the model
        :param outputs: the outputs to compute, by name: the standard ones such as ``energy``, with
            their metadata, or custom ones with a name that contains ``::``
        :param selected_atoms: atoms that contribute to the outputs, with the dimensions ``system``
            and ``atom``; all atoms of all systems if ``None``. The other atoms are still there,
            as neighbors of the selected ones.
        """
        raise NotImplementedError("models must define `forward`")

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        """
        Optional: the neighbor lists that engines must add to the systems. All the sub-modules of
        a model can define this method.
        """
        return []

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        """
        Optional: the extra inputs (such as ``charge`` or ``momentum``) that engines must add to the
        systems with :py:meth:`System.add_data`, with their units and kind of samples. All the
        sub-modules of a model can define this method.
        """
        return {}


class AtomisticModel(torch.nn.Module):
    """
    A model that any engine can run: it knows what it computes and what it needs, checks what it is
    given, and converts units between the engine and the ``module`` that does the computation.

    :param module: see :py:class:`ModelInterface`; it must be in evaluation mode, and its parameters
        stop requiring gradients. Another atomistic model is unwrapped.
    :param metadata: who made the model, and what to cite for it
    :param capabilities: what the model can compute. The outputs of this very object get a second
        name for each standard quantity that has a deprecated spelling.

    :raises TypeError: if ``module`` is not a module or does not have the right signature
    :raises ValueError: if ``module`` is in training mode, if the capabilities are not complete, or
        if what the module requests does not fit with them
    :raises NotImplementedError: if two sub-modules request one input in different ways
    """

    _metadata: ModelMetadata
    _capabilities: ModelCapabilities
    _model_dtype: torch.dtype
    _requested_neighbor_lists: List[NeighborListOptions]
    _requested_inputs: Dict[str, ModelOutput]
    _model_capabilities_outputs_names: List[str]
    _requested_inputs_warned: bool
    _outputs_warned: List[str]

    def __init__(
        self,
        module: torch.nn.Module,
        metadata: ModelMetadata,
        capabilities: ModelCapabilities,
    ) -> None:
        super().__init__()

        is_wrapped = is_atomistic_model(module)
        if is_wrapped:
            self.module = module.module
            # models exported by older versions do not have all the attributes
            self._model_capabilities_outputs_names = getattr(
                module, "_model_capabilities_outputs_names", list(capabilities.outputs)
            )
        else:
            check_model_signature(module)
            self.module = module
            self._model_capabilities_outputs_names = list(capabilities.outputs)

        if self.module.training:
            raise ValueError("the module must be in evaluation mode, call `module.eval()` first")

        for parameter in self.module.parameters():
            parameter.requires_grad = False

        name = type(self.module).__name__
        self._requested_neighbor_lists = collect_neighbor_lists(
            module, name, capabilities.length_unit
        )
        if is_wrapped:
            self._requested_inputs = getattr(module, "_requested_inputs", {})
        else:
            self._requested_inputs = collect_inputs(module, name)

        _check_capabilities(capabilities)
        _add_other_spellings(capabilities, self._model_capabilities_outputs_names)
        check_input_names(self._requested_inputs)

        self._metadata = metadata
        self._capabilities = capabilities
        self._model_dtype = _DTYPES[capabilities.dtype]
        self._requested_inputs_warned = False
        self._outputs_warned = []

    @torch.jit.export
    def capabilities(self) -> ModelCapabilities:
        """What this model can compute, and for which systems."""
        return self._capabilities

    @torch.jit.export
    def metadata(self) -> ModelMetadata:
        """Name, authors and references of this model."""
        return self._metadata

    @torch.jit.export
    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        """Neighbor lists that must be in all systems given to this model."""
        return self._requested_neighbor_lists

    @torch.jit.export
    def requested_inputs(self, use_new_names: bool = False) -> Dict[str, ModelOutput]:
        """
        Extra inputs that must be in the data of all systems given to this model.

        :param use_new_names: give the current names of the standard quantities; the default, for
            older engines, is to give the deprecated ones (with a warning, once).
        """
        if not use_new_names and not self._requested_inputs_warned:
            self._requested_inputs_warned = True
            warnings.warn(
                "`requested_inputs` returns the deprecated names of the standard quantities, "
                "please update the engine to call it with `use_new_names=True`",
                stacklevel=2,
            )

        inputs: Dict[str, ModelOutput] = {}
        for name, requested in self._requested_inputs.items():
            if use_new_names:
                inputs[current_name(name)] = requested
            else:
                inputs[deprecated_name(current_name(name))] = requested

        return inputs

    def forward(
        self,
        systems: List[System],
        options: ModelEvaluationOptions,
        check_consistency: bool,
    ) -> Dict[str, TensorMap]:
        """
        Run the model on ``systems``.

        :param systems: structures with lengths in ``options.length_unit``, containing all the
            requested neighbor lists and extra inputs. Extra inputs that are missing under the name
            used by the model but exist under the other spelling get this second name.
        :param options: what to compute, for which atoms and in which units
        :param check_consistency: should everything given to and returned by the model be checked?
            This costs time, and makes it possible to understand what is wrong.
        :return: the outputs, with the names used in ``options``
        :raises ValueError: for atomic types that the model does not know, and for anything found by
            the consistency checks (``torch.jit.Error`` if the model was compiled by TorchScript)
        """
        requested = options.outputs
        selected_atoms = options.selected_atoms
        module_outputs = self._module_outputs(requested)
        self._alias_inputs(systems)

        if len(systems) > 0:
            if check_consistency:
                with torch.profiler.record_function("AtomisticModel::check_inputs"):
                    check_dtype(systems[0], self._model_dtype)
                    check_requested_outputs(requested, self._capabilities.outputs)
                    check_selected_atoms(selected_atoms, systems)
                    check_systems(
                        systems,
                        self._model_dtype,
                        self._requested_neighbor_lists,
                        self._requested_inputs,
                        selected_atoms,
                    )

            with torch.profiler.record_function("AtomisticModel::check_atomic_types"):
                check_atomic_types(systems, self._capabilities.atomic_types)

        with torch.profiler.record_function("AtomisticModel::convert_units_input"):
            converted_systems = _convert_systems_units(
                systems,
                model_length_unit=self._capabilities.length_unit,
                system_length_unit=options.length_unit,
                requested_inputs=self._requested_inputs,
            )

        with torch.profiler.record_function("Model::forward"):
            outputs = self.module(
                systems=converted_systems,
                outputs=module_outputs,
                selected_atoms=selected_atoms,
            )

        self._restore_names(outputs, requested, module_outputs)

        if check_consistency:
            with torch.profiler.record_function("AtomisticModel::check_outputs"):
                check_outputs(systems, requested, selected_atoms, outputs, self._model_dtype)

        with torch.profiler.record_function("AtomisticModel::convert_units_output"):
            convert_outputs_units(outputs, self._capabilities.outputs, requested)

        return outputs

    def _module_outputs(self, requested: Dict[str, ModelOutput]) -> Dict[str, ModelOutput]:
        """The ``requested`` outputs, with the spelling that the module uses for each of them."""
        outputs: Dict[str, ModelOutput] = {}
        for name, output in requested.items():
            if is_deprecated(name):
                self._warn_deprecated_output(name)

            other = other_spelling(name)
            if name in self._model_capabilities_outputs_names:
                outputs[name] = output
            elif other in self._model_capabilities_outputs_names:
                if other in requested and requested[other].sample_kind != output.sample_kind:
                    raise ValueError(
                        f"the same output is requested as '{name}' and as '{other}', for different "
                        "kinds of samples"
                    )
                outputs[other] = output
            else:
                outputs[name] = output

        return outputs

    def _warn_deprecated_output(self, name: str) -> None:
        current = current_name(name)
        if current in self._outputs_warned:
            return

        self._outputs_warned.append(current)
        warnings.warn(
            f"the output '{name}' was requested, it is now called '{current}': please update the "
            "engine",
            stacklevel=2,
        )

    def _restore_names(
        self,
        outputs: Dict[str, TensorMap],
        requested: Dict[str, ModelOutput],
        module_outputs: Dict[str, ModelOutput],
    ) -> None:
        """Give back to the ``outputs`` of the module the names of the ``requested`` ones."""
        for name in requested.keys():
            other = other_spelling(name)
            if name in module_outputs or other not in outputs:
                continue

            if other in requested:
                # requested with both spellings, and each of the two gets its own unit
                outputs[name] = outputs[other].copy()
            else:
                outputs[name] = outputs.pop(other)

    def _alias_inputs(self, systems: List[System]) -> None:
        """Make the requested inputs available with the spelling that the module uses."""
        for name in self._requested_inputs.keys():
            other = other_spelling(name)
            for system in systems:
                known_data = system.known_data()
                if name not in known_data and other in known_data:
                    system.add_data(name, system.get_data(other))

    def save(
        self, file: str | os.PathLike, collect_extensions: str | os.PathLike | None = None
    ) -> None:
        """
        Compile this model with TorchScript and save it, ready to be used by any engine. Afterwards
        the parameters of this model are on CPU.

        :param file: where to save the model, usually with the ``.pt`` extension
        :param collect_extensions: directory where to copy the TorchScript extensions that are
            loaded now, to use them with the model on another machine. If the directory exists, it
            is **deleted first**.
        :raises RuntimeError: if TorchScript is disabled or can not compile the model, or if the
            extensions can not be copied
        """
        if os.environ.get("PYTORCH_JIT") == "0":
            raise RuntimeError(
                "can not save a model when TorchScript is disabled by the environment variable "
                "PYTORCH_JIT=0"
            )

        self.eval()
        try:
            scripted = torch.jit.script(self)
        except Exception as error:
            raise RuntimeError(f"TorchScript could not compile the model: {error}") from error

        if self._capabilities.length_unit == "":
            warnings.warn(
                "the capabilities of the model have no `length_unit`: engines will not be able to "
                "convert lengths",
                stacklevel=2,
            )

        export_metadata = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(),
            "platform": f"{platform.machine()}-{platform.system()}",
        }
        if collect_extensions is not None:
            export_metadata["extensions_directory"] = os.fspath(collect_extensions)

        extensions, dependencies = loaded_extensions()
        if collect_extensions is not None:
            copy_extensions(extensions + dependencies, collect_extensions)

        extra_files = {
            "torch-version": torch.__version__,
            "metatomic-version": __version__,
            "extensions": json.dumps([e.description() for e in extensions]),
            "extensions-deps": json.dumps([d.description() for d in dependencies]),
            "export-metadata": json.dumps(export_metadata),
            "model-metadata": self._metadata.__getstate__()[0],
        }
        torch.jit.save(scripted.to("cpu"), os.fspath(file), _extra_files=extra_files)

    def export(
        self, file: str | os.PathLike, collect_extensions: str | os.PathLike | None = None
    ) -> None:
        """Deprecated name of :py:meth:`save`."""
        warnings.warn(
            "`AtomisticModel.export` is deprecated, use `AtomisticModel.save` instead",
            DeprecationWarning,
            stacklevel=2,
        )
        self.save(file, collect_extensions)


def _check_capabilities(capabilities: ModelCapabilities) -> None:
    if math.isnan(capabilities.interaction_range):
        raise ValueError("`capabilities.interaction_range` should be a number, got NaN")

    if capabilities.interaction_range < 0:
        raise ValueError(
            "`capabilities.interaction_range` was not set, it should be zero or more, "
            f"got {capabilities.interaction_range}"
        )

    if not capabilities.supported_devices:
        raise ValueError("`capabilities.supported_devices` was not set, it should not be empty")

    if capabilities.dtype == "":
        raise ValueError("`capabilities.dtype` was not set, it should be 'float32' or 'float64'")


def _add_other_spellings(capabilities: ModelCapabilities, declared: List[str]) -> None:
    """Make engines see each output with both its current and its deprecated name."""
    outputs: Dict[str, ModelOutput] = {}
    for name, output in capabilities.outputs.items():
        outputs[name] = output
        outputs.setdefault(other_spelling(name), output)

        if is_deprecated(name) and name in declared:
            warnings.warn(
                f"the model declares the output '{name}', which is now called "
                f"'{current_name(name)}': please update the model",
                UserWarning,
                stacklevel=3,
            )

    with warnings.catch_warnings():
        # the model is not responsible for the names that are added here
        warnings.simplefilter("ignore")
        capabilities.outputs = outputs


def is_atomistic_model(module: torch.nn.Module) -> bool:
    """
    Is ``module`` an :py:class:`AtomisticModel`, or one that was compiled by TorchScript?

    :raises TypeError: if ``module`` is not a :py:class:`torch.nn.Module`
    """
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"`module` should be a torch.nn.Module, got {type(module).__name__}")

    if isinstance(module, torch.jit.ScriptModule):
        return module.original_name == "AtomisticModel"

    return isinstance(module, AtomisticModel)


def load_atomistic_model(
    path: str | os.PathLike, extensions_directory: str | os.PathLike | None = None
) -> AtomisticModel:
    """
    Load a model saved with :py:meth:`AtomisticModel.save`.

    :param path: file containing the model
    :param extensions_directory: where to look first for the TorchScript extensions of the model
    :return: the model on CPU, its ``module`` is compiled by TorchScript
    :raises ValueError: if the file is not an atomistic model
    :raises RuntimeError: if the file can not be read, or if an extension is missing
    """
    path = os.fspath(path)
    if extensions_directory is not None:
        extensions_directory = os.fspath(extensions_directory)

    load_model_extensions(path, extensions_directory)
    check_atomistic_model(path)

    try:
        model = torch.jit.load(path)
    except RuntimeError as error:
        raise RuntimeError(f"could not load the model at '{path}'{_hint(str(error))}") from error

    return AtomisticModel(model, model.metadata(), model.capabilities())


def _hint(error: str) -> str:
    missing = ["Unknown type name '__torch__.torch.classes.", "Unknown builtin op"]
    if any(text in error for text in missing):
        return (
            ": it needs a TorchScript extension that is not loaded. Make sure to give the right "
            "`extensions_directory`, or import the Python package of the extension first"
        )

    return ""


__all__ = ["AtomisticModel", "ModelInterface", "is_atomistic_model", "load_atomistic_model"]
