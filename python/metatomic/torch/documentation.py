"""
The TorchScript classes and operators of ``metatomic.torch``, in plain Python: names, types, default
values and explanations.

The compiled classes can not carry documentation, so this module carries it for them. It takes their
place when the environment variable ``METATOMIC_IMPORT_FOR_SPHINX`` is set: the classes that only
describe something can then be created, while :py:class:`System` and the functions need the compiled
library and raise ``RuntimeError``.
"""

from typing import Any, NoReturn, Optional

import torch

from metatensor.torch import Labels, TensorBlock, TensorMap


def _needs_library(name: str) -> NoReturn:
    raise RuntimeError(
        f"`{name}` needs the compiled library, which is not loaded because "
        "METATOMIC_IMPORT_FOR_SPHINX is set"
    )


class NeighborListOptions:
    """
    What a model needs in a neighbor list. Two options are equal if ``cutoff``, ``full_list`` and
    ``strict`` are; units and requestors do not matter.

    :param cutoff: distance up to which pairs are in the list, in the length unit of the model
    :param full_list: ``True`` to have each pair twice, as i→j and j→i; ``False`` to have it once
    :param strict: ``True`` if the list must not contain pairs further apart than ``cutoff``
    :param requestor: who needs this list, for error messages
    """

    def __init__(self, cutoff: float, full_list: bool, strict: bool, requestor: str = "") -> None:
        self._cutoff = cutoff
        self._full_list = full_list
        self._strict = strict
        self._requestors: list[str] = []
        self.length_unit = ""
        self.add_requestor(requestor)

    @property
    def cutoff(self) -> float:
        """Spherical cutoff, in the length unit of the model."""
        return self._cutoff

    @property
    def full_list(self) -> bool:
        """Does the list contain each pair twice?"""
        return self._full_list

    @property
    def strict(self) -> bool:
        """Are pairs beyond the cutoff forbidden?"""
        return self._strict

    def engine_cutoff(self, engine_length_unit: str) -> float:
        """Spherical cutoff in the ``engine_length_unit``."""
        _needs_library("NeighborListOptions.engine_cutoff")

    def requestors(self) -> list[str]:
        """Everyone who needs this list."""
        return list(self._requestors)

    def add_requestor(self, requestor: str) -> None:
        """Add someone to the list of requestors, if they are not already in it."""
        if requestor and requestor not in self._requestors:
            self._requestors.append(requestor)


class System:
    """
    One structure: what models take as input.

    :param types: atomic types, integers (stored as ``int32``) of shape ``(n_atoms,)``
    :param positions: positions, floating point numbers of shape ``(n_atoms, 3)``
    :param cell: the three cell vectors as rows, shape ``(3, 3)``, with the dtype of ``positions``;
        zero in the directions that are not periodic
    :param pbc: is each of the three directions periodic? Booleans of shape ``(3,)``

    All the tensors must be on the same device. ``ValueError`` otherwise, or for any wrong shape or
    dtype.
    """

    #: atomic types, these four attributes can be set to tensors of the same shape, dtype and device
    types: torch.Tensor
    #: positions of the atoms
    positions: torch.Tensor
    #: cell vectors, as rows
    cell: torch.Tensor
    #: periodicity of each direction
    pbc: torch.Tensor
    #: device of all the data
    device: torch.device
    #: dtype of all the floating point data
    dtype: torch.dtype

    def __init__(
        self, types: torch.Tensor, positions: torch.Tensor, cell: torch.Tensor, pbc: torch.Tensor
    ) -> None:
        _needs_library("System")

    def __len__(self) -> int:
        """Number of atoms."""

    def to(
        self,
        *args: torch.dtype | torch.device | str | None,
        dtype: torch.dtype | None = None,
        device: torch.device | None = None,
        non_blocking: bool = False,
    ) -> "System":
        """
        A system with the same data, in another dtype and/or on another device. Tensors that do not
        change are shared.
        """

    def add_neighbor_list(self, options: NeighborListOptions, neighbors: TensorBlock) -> None:
        """
        Store a neighbor list.

        :param options: what the list was made for
        :param neighbors: vectors from the first to the second atom of each pair, shape
            ``(n_pairs, 3, 1)``, with the samples ``first_atom``, ``second_atom``,
            ``cell_shift_a``, ``cell_shift_b`` and ``cell_shift_c``, the component ``xyz`` and the
            property ``distance``
        """

    def get_neighbor_list(self, options: NeighborListOptions) -> TensorBlock:
        """The neighbor list stored with equal options; ``ValueError`` if there is none."""

    def known_neighbor_lists(self) -> list[NeighborListOptions]:
        """Options of all the neighbor lists stored in this system."""

    def add_data(self, name: str, tensor: TensorMap, override: bool = False) -> None:
        """
        Store other data about this system.

        :param name: a standard name, such as ``charge``, or a custom one that contains ``::``
        :param tensor: the data; its unit should be in the info ``unit``
        :param override: ``True`` to replace existing data; it is a ``ValueError`` otherwise
        """

    def get_data(self, name: str) -> TensorMap:
        """The data stored as ``name``; ``ValueError`` if there is none."""

    def known_data(self) -> list[str]:
        """Names of all the data stored in this system."""


class ModelOutput:
    """
    One of the quantities that a model computes, or that it needs as input.

    :param unit: unit of the values, an expression such as ``kJ/mol/nm^2``; empty if there is none
    :param explicit_gradients: names of the gradients that come together with the values, computed
        by the model itself
    :param description: what this quantity is, for people who have to choose between variants
    :param sample_kind: is there one value for each ``"system"`` (the default), ``"atom"`` or
        ``"atom_pair"``?
    :param quantity: deprecated, the name of the quantity says it
    :param per_atom: deprecated, ``True`` for the sample kind ``"atom"``, ``False`` for ``"system"``
    """

    def __init__(
        self,
        quantity: str = "",
        unit: str = "",
        _sample_kind: bool | str | None = None,
        explicit_gradients: list[str] | None = None,
        description: str = "",
        per_atom: bool | None = None,
        sample_kind: str | None = None,
    ) -> None:
        if isinstance(_sample_kind, bool):
            per_atom = _sample_kind
        elif _sample_kind is not None:
            sample_kind = _sample_kind

        self.quantity = quantity
        self.unit = unit
        self.explicit_gradients = list(explicit_gradients or [])
        self.description = description
        self.sample_kind = sample_kind or ("atom" if per_atom else "system")

    @property
    def per_atom(self) -> bool:
        """Deprecated: is ``sample_kind`` equal to ``"atom"``?"""
        return self.sample_kind == "atom"

    @per_atom.setter
    def per_atom(self, value: bool) -> None:
        self.sample_kind = "atom" if value else "system"


class ModelCapabilities:
    """
    What a model can compute, and for which systems.

    :param outputs: everything that the model can compute, by name. Different versions of one
        quantity are variants, such as ``energy/pbe`` and ``energy/r2scan``.
    :param atomic_types: types of the atoms that the model knows
    :param interaction_range: distance in ``length_unit`` beyond which moving an atom has no effect
        on the output for another one; this is the sum of the cutoffs of all layers in message
        passing models. Must be set for all models.
    :param length_unit: unit of the positions given to the model
    :param supported_devices: types of devices, such as ``"cuda"``, that the model can run on, the
        preferred one first. Must be set for all models.
    :param dtype: ``"float32"`` or ``"float64"``. Must be set for all models.
    """

    def __init__(
        self,
        outputs: dict[str, ModelOutput] | None = None,
        atomic_types: list[int] | None = None,
        interaction_range: float = -1,
        length_unit: str = "",
        supported_devices: list[str] | None = None,
        dtype: str = "",
    ) -> None:
        self.outputs = dict(outputs or {})
        self.atomic_types = list(atomic_types or [])
        self.interaction_range = interaction_range
        self.length_unit = length_unit
        self.supported_devices = list(supported_devices or [])
        self.dtype = dtype

    def engine_interaction_range(self, engine_length_unit: str) -> float:
        """The interaction range in the ``engine_length_unit``."""
        _needs_library("ModelCapabilities.engine_interaction_range")


class ModelMetadata:
    """
    Who made a model, and what to cite when using it.

    :param name: name of the model
    :param description: what the model is for, how and on which data it was trained
    :param authors: name, and optionally email address, of each author
    :param references: what to cite for the sections ``model`` (this very model), ``architecture``
        and ``implementation`` (the software)
    :param extra: anything else
    """

    def __init__(
        self,
        name: str = "",
        description: str = "",
        authors: list[str] | None = None,
        references: dict[str, list[str]] | None = None,
        extra: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.description = description
        self.authors = list(authors or [])
        self.references = dict(references or {})
        self.extra = dict(extra or {})


class ModelEvaluationOptions:
    """
    How an engine wants a model to be evaluated.

    :param length_unit: unit of the positions that the engine gives
    :param outputs: what to compute, with the units and the kind of samples that the engine needs
    :param selected_atoms: atoms that contribute to the outputs, with the dimensions ``system`` and
        ``atom``; all of them if ``None``
    """

    def __init__(
        self,
        length_unit: str = "",
        outputs: dict[str, ModelOutput] | None = None,
        selected_atoms: Optional[Labels] = None,
    ) -> None:
        self.length_unit = length_unit
        self.outputs = dict(outputs or {})
        self.selected_atoms = selected_atoms


def register_autograd_neighbors(
    system: System, neighbors: TensorBlock, check_consistency: bool = False
) -> None:
    """
    Make the values of ``neighbors`` depend on the positions and the cell of ``system``, as if they
    had been computed from them with torch. Nothing happens if neither of them requires gradients.

    :param system: the system that ``neighbors`` was computed for
    :param neighbors: a neighbor list, not yet in the system
    :param check_consistency: check that the vectors are the ones between the positions
    :raises ValueError: if the values of ``neighbors`` already require gradients, or a check fails
    """
    _needs_library("register_autograd_neighbors")


def unit_conversion_factor(*args: Any, **kwargs: Any) -> float:
    """
    ``unit_conversion_factor(from_unit, to_unit)``: multiply a value by this to convert it.

    Units are case-insensitive expressions made with ``*``, ``/``, ``^`` and parentheses, such as
    ``kJ/mol/nm^2``. There is no conversion (the factor is 1) if one of the units is empty.

    :raises ValueError: if a unit is not valid, or if the dimensions are not the same
    """
    _needs_library("unit_conversion_factor")


def unit_dimension_for_quantity(name: str) -> str:
    """
    Dimension of a standard quantity, such as ``length`` for ``position``; empty for a custom one.

    :raises ValueError: if the name is not valid
    """
    _needs_library("unit_dimension_for_quantity")


def pick_device(model_devices: list[str], requested_device: str | None = None) -> str:
    """
    The device to run a model on: the ``requested_device``, or the first of ``model_devices`` that
    is available on this machine.

    :raises RuntimeError: if no device is possible
    """
    _needs_library("pick_device")


def pick_output(
    requested_output: str, outputs: dict[str, ModelOutput], desired_variant: str | None = None
) -> str:
    """
    Which of the ``outputs`` to use for ``requested_output``: the ``desired_variant``, or the one
    without a variant.

    :raises ValueError: if there is no such output, or a choice between variants is needed
    """
    _needs_library("pick_output")


def read_model_metadata(path: str) -> ModelMetadata:
    """
    Metadata of the model at ``path``, read without loading the model.

    :raises ValueError: if the file is not an atomistic model
    :raises RuntimeError: if the file can not be read
    """
    _needs_library("read_model_metadata")


def check_atomistic_model(path: str) -> None:
    """
    Check that the file at ``path`` is an atomistic model, and warn if it was made with an
    incompatible version or needs an extension that is not loaded.

    :raises ValueError: if the file is not an atomistic model
    """
    _needs_library("check_atomistic_model")


def load_model_extensions(path: str, extensions_directory: str | None) -> None:
    """
    Load the TorchScript extensions that the model at ``path`` needs, looking first in
    ``extensions_directory``. Warns about the ones that can not be loaded.

    :raises ValueError: if the file is not an atomistic model
    """
    _needs_library("load_model_extensions")


def save_buffer(system: System) -> torch.Tensor:
    """Contents of the file for ``system``, as a one-dimensional ``uint8`` tensor on CPU."""
    _needs_library("save_buffer")


def load_system_buffer(buffer: torch.Tensor) -> System:
    """
    The system with this file contents.

    :raises RuntimeError: if ``buffer`` is not a one-dimensional ``uint8`` tensor, or not a system
    """
    _needs_library("load_system_buffer")


def _check_quantities(
    systems: list[System],
    requested: dict[str, ModelOutput],
    selected_atoms: Optional[Labels],
    values: dict[str, TensorMap],
    model_dtype: str,
    inputs_or_outputs: str,
) -> None:
    """
    Check that ``values`` contains what was ``requested``, with the metadata of each quantity.

    :raises ValueError: if it does not
    """
    _needs_library("_check_quantities")
