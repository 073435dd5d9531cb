"""What the modules inside a model ask engines to provide: neighbor lists and extra inputs."""

import warnings
from collections.abc import Iterator

import torch

from ._classes import ModelOutput, NeighborListOptions
from ._quantity_names import current_name, is_deprecated


def collect_neighbor_lists(
    module: torch.nn.Module, name: str, length_unit: str
) -> list[NeighborListOptions]:
    """
    Neighbor lists requested by ``module`` and all its sub-modules, each with all its requestors.

    :param module: where to start; modules come before the modules that they contain
    :param name: name of ``module`` in the list of requestors
    :param length_unit: unit of the cutoffs, for all the lists
    :raises ValueError: if a module requests a list with a cutoff in another unit
    """
    collected: list[NeighborListOptions] = []
    for path, submodule in _walk(module, name):
        if not hasattr(submodule, "requested_neighbor_lists"):
            continue

        for options in submodule.requested_neighbor_lists():
            options.add_requestor(path)
            _merge_neighbor_list(collected, options, path, length_unit)

    return collected


def _merge_neighbor_list(
    collected: list[NeighborListOptions],
    options: NeighborListOptions,
    path: str,
    length_unit: str,
) -> None:
    for existing in collected:
        if existing == options:
            for requestor in options.requestors():
                existing.add_requestor(requestor)
            return

    if options.length_unit not in ["", length_unit]:
        raise ValueError(
            f"the neighbor list requested by {path} has its cutoff in '{options.length_unit}', but "
            f"the length unit of the model capabilities is '{length_unit}'"
        )

    options.length_unit = length_unit
    collected.append(options)


def collect_inputs(module: torch.nn.Module, name: str) -> dict[str, ModelOutput]:
    """
    Inputs requested by ``module`` and all its sub-modules, with the names they were requested by.

    :param module: where to start; modules come before the modules that they contain
    :param name: name of ``module`` in error messages
    :raises NotImplementedError: if two modules request one input with different units, or for
        different kinds of samples
    """
    collected: dict[str, ModelOutput] = {}
    requested_by: dict[str, str] = {}
    for path, submodule in _walk(module, name, into_models=False):
        if not hasattr(submodule, "requested_inputs"):
            continue

        # the default of models is for older engines
        options = {"use_new_names": True} if _is_model(submodule) else {}
        for input_name, requested in submodule.requested_inputs(**options).items():
            first = collected.setdefault(input_name, requested)
            first_path = requested_by.setdefault(input_name, path)

            for what in ["unit", "sample_kind"]:
                new, old = getattr(requested, what), getattr(first, what)
                if new != old:
                    raise NotImplementedError(
                        f"the input '{input_name}' is requested with different values of {what}: "
                        f"'{new}' by {path} and '{old}' by {first_path}"
                    )

    return collected


def check_input_names(inputs: dict[str, ModelOutput]) -> None:
    """
    Warn about each deprecated name in ``inputs``.

    :raises ValueError: if an input is requested by both its current and its deprecated name
    """
    for name in filter(is_deprecated, inputs):
        current = current_name(name)
        if current in inputs:
            raise ValueError(
                f"the model requests the same input with two names: '{name}' (deprecated) "
                f"and '{current}'"
            )

        warnings.warn(
            f"the model requests the input '{name}', which is now called '{current}': "
            "please update the model",
            UserWarning,
            stacklevel=3,
        )


def _walk(
    module: torch.nn.Module, path: str, into_models: bool = True
) -> Iterator[tuple[str, torch.nn.Module]]:
    """
    ``module`` and all its sub-modules, with their paths. Without ``into_models``, the modules
    inside an ``AtomisticModel``, which speaks for all of them, are left out.
    """
    yield path, module
    if into_models or not _is_model(module):
        for name, child in module.named_children():
            yield from _walk(child, f"{path}.{name}", into_models)


def _is_model(module: torch.nn.Module) -> bool:
    # compiled modules have the name of the class that they come from
    return getattr(module, "original_name", type(module).__name__) == "AtomisticModel"
