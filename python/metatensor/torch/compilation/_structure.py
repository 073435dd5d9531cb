"""
Arguments and results of a model as three things: tensors with values, metadata, and a structure.

The values are what compiled code works with. The metadata (labels, and the tensors of integers of
atomistic systems) is known when the model is traced. The structure says how both fit together; it
is hashable, and equal for arguments which only differ in their values and metadata.
"""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, Union

import torch
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils import _pytree as pytree

from .._classes import Labels, TensorBlock, TensorMap

#: what is known about the model's input before any value is read
Metadata = Union[Labels, torch.Tensor]

_CONSTANTS = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)
_TENSORS = (torch.Tensor, torch.nn.Parameter, FakeTensor)


class TensorAt(NamedTuple):
    """A tensor: the value with this index."""

    value: int
    kind: str = "tensor"


class KnownTensorAt(NamedTuple):
    """A tensor which is metadata."""

    metadata: int
    kind: str = "known tensor"


class LabelsAt(NamedTuple):
    metadata: int
    kind: str = "labels"


class ComputedLabels(NamedTuple):
    """Labels whose entries are values."""

    names: tuple[str, ...]
    value: int
    kind: str = "computed labels"


class EntryAt(NamedTuple):
    """One entry of labels, as labels with this single entry."""

    metadata: int
    kind: str = "labels entry"


class Block(NamedTuple):
    values: Union[TensorAt, KnownTensorAt]
    samples: Union[LabelsAt, ComputedLabels]
    components: tuple[Union[LabelsAt, ComputedLabels], ...]
    properties: Union[LabelsAt, ComputedLabels]
    gradients: tuple[tuple[str, "Block"], ...]
    kind: str = "block"


class Map(NamedTuple):
    keys: Union[LabelsAt, ComputedLabels]
    blocks: tuple[Block, ...]
    info: tuple[tuple[str, str], ...]
    kind: str = "map"


class Neighbors(NamedTuple):
    """A neighbor list: systems only accept blocks with the same components and properties."""

    values: TensorAt
    samples: Union[LabelsAt, ComputedLabels]
    kind: str = "neighbors"


class AtomisticSystem(NamedTuple):
    """``metatomic.torch.System``"""

    types: KnownTensorAt
    positions: TensorAt
    cell: Union[TensorAt, KnownTensorAt]
    pbc: KnownTensorAt
    neighbors: tuple[tuple["Described", Neighbors], ...]
    data: tuple[tuple[str, Map], ...]
    kind: str = "system"


class Constant(NamedTuple):
    value: Any
    type: type
    kind: str = "constant"


class Described(NamedTuple):
    """A TorchScript object whose state is a text, such as the description of an output."""

    index: int
    class_name: str
    state: str
    kind: str = "object"


class ModuleAt(NamedTuple):
    """A module: what it contains is checked with the state of the model."""

    index: int
    kind: str = "module"


#: what there is at the leaves of a structure
LEAVES: dict[str, type] = {
    leaf._field_defaults["kind"]: leaf
    for leaf in (
        TensorAt,
        KnownTensorAt,
        LabelsAt,
        ComputedLabels,
        EntryAt,
        Block,
        Map,
        Neighbors,
        AtomisticSystem,
        Constant,
        Described,
        ModuleAt,
    )
}


class Structure(NamedTuple):
    containers: pytree.TreeSpec
    leaves: tuple[Any, ...]


class Split:
    """
    The tensors, metadata and structure of (nested containers of) tensor maps, blocks, labels,
    systems, tensors and constants.

    :param data: what to split
    :param known_samples: ``False`` if the samples of blocks are values instead of metadata
    :raises TypeError: if there is something else in ``data``
    """

    def __init__(self, data: Any, known_samples: bool = True):
        self.values: list[torch.Tensor] = []
        self.metadata: list[Metadata] = []
        self.objects: list[Any] = []

        self._known_samples = known_samples
        self._index_of_value: dict[int, int] = {}

        leaves, containers = pytree.tree_flatten(data)
        self.structure = Structure(containers, tuple(self._leaf(leaf) for leaf in leaves))

    def _leaf(self, leaf: Any) -> Any:
        if isinstance(leaf, torch.Tensor):
            return self._tensor(leaf)
        if isinstance(leaf, torch.ScriptObject):
            return self._script_object(leaf)
        if isinstance(leaf, _CONSTANTS):
            return Constant(leaf, type(leaf))
        if isinstance(leaf, torch.nn.Module):
            self.objects.append(leaf)
            return ModuleAt(len(self.objects) - 1)
        raise TypeError(
            "compiled models take and return tensors, metatensor and metatomic objects, numbers "
            f"and strings, in lists, tuples and dictionaries; got '{type(leaf).__qualname__}'"
        )

    def _script_object(self, leaf: torch.ScriptObject) -> Any:
        class_name = leaf._type().qualified_name().removeprefix("__torch__.torch.classes.")
        split = _SPLIT.get(class_name)
        if split is not None:
            return split(self, leaf)
        return self._described(leaf, class_name)

    def _described(self, leaf: torch.ScriptObject, class_name: str) -> Described:
        try:
            state = leaf.__getstate__()[0]
        except (AttributeError, RuntimeError, NotImplementedError):
            state = None
        if not isinstance(state, str):
            raise TypeError(f"compiled models can not take or return objects of '{class_name}'")
        self.objects.append(leaf)
        return Described(len(self.objects) - 1, class_name, state)

    def _tensor(self, tensor: torch.Tensor) -> TensorAt:
        if type(tensor) not in _TENSORS or tensor.layout is not torch.strided:
            raise TypeError(
                "compiled models take and return dense tensors, got a "
                f"'{type(tensor).__qualname__}' with layout {tensor.layout}"
            )
        # the same tensor in two places has to stay one tensor, so that it is differentiated as one
        index = self._index_of_value.setdefault(id(tensor), len(self.values))
        if index == len(self.values):
            self.values.append(tensor)
        return TensorAt(index)

    def _known(self, tensor: torch.Tensor) -> KnownTensorAt:
        self.metadata.append(tensor)
        return KnownTensorAt(len(self.metadata) - 1)

    def _labels(self, labels: Labels) -> Union[LabelsAt, ComputedLabels]:
        if is_fake(labels.values):
            return self._computed_labels(labels)
        self.metadata.append(labels)
        return LabelsAt(len(self.metadata) - 1)

    def _computed_labels(self, labels: Labels) -> ComputedLabels:
        return ComputedLabels(tuple(labels.names), self._tensor(labels.values).value)

    def _samples(self, labels: Labels) -> Union[LabelsAt, ComputedLabels]:
        return self._labels(labels) if self._known_samples else self._computed_labels(labels)

    def _entry(self, entry: Any) -> EntryAt:
        self.metadata.append(Labels(entry.names, entry.values.reshape(1, -1)))
        return EntryAt(len(self.metadata) - 1)

    def _block(self, block: TensorBlock) -> Block:
        return Block(
            self._tensor(block.values),
            self._samples(block.samples),
            tuple(self._labels(labels) for labels in block.components),
            self._labels(block.properties),
            tuple((name, self._block(gradient)) for name, gradient in block.gradients()),
        )

    def _map(self, tensor: TensorMap) -> Map:
        return Map(
            self._labels(tensor.keys),
            tuple(self._block(block) for block in tensor.blocks()),
            tuple(tensor.info().items()),
        )

    def _neighbors(self, block: TensorBlock) -> Neighbors:
        return Neighbors(self._tensor(block.values), self._samples(block.samples))

    def _system(self, system: Any) -> AtomisticSystem:
        cell = system.cell
        # the constructor of systems reads the cell to check that it is zero where it has to be
        periodic = is_fake(cell) or bool(system.pbc.all())
        if not periodic and cell.requires_grad:
            raise ValueError(
                "gradients with respect to the cell of a system need a system which is periodic in "
                "all directions"
            )
        return AtomisticSystem(
            self._known(system.types),
            self._tensor(system.positions),
            self._tensor(cell) if periodic else self._known(cell),
            self._known(system.pbc),
            tuple(
                (
                    self._described(options, "metatomic.NeighborListOptions"),
                    self._neighbors(system.get_neighbor_list(options)),
                )
                for options in system.known_neighbor_lists()
            ),
            tuple((name, self._map(system.get_data(name))) for name in sorted(system.known_data())),
        )


_SPLIT = {
    "metatensor.Labels": Split._labels,
    "metatensor.LabelsEntry": Split._entry,
    "metatensor.TensorBlock": Split._block,
    "metatensor.TensorMap": Split._map,
    "metatomic.System": Split._system,
}


class Joined:
    """
    The inverse of :py:class:`Split`.

    :param structure: what to build
    :param values: tensors, in the order of ``Split.values``
    :param metadata: labels and known tensors, in the order of ``Split.metadata``
    :param objects: objects that have to be used as they are, in the order of ``Split.objects``
    """

    def __init__(
        self,
        structure: Structure,
        values: Sequence[torch.Tensor],
        metadata: Sequence[Metadata],
        objects: Sequence[Any],
    ):
        self._values = values
        self._metadata = metadata
        self._objects = objects
        leaves = [_JOIN[leaf.kind](self, leaf) for leaf in structure.leaves]
        self.data: Any = pytree.tree_unflatten(leaves, structure.containers)

    def _tensor(self, at: TensorAt) -> torch.Tensor:
        return self._values[at.value]

    def _known(self, at: KnownTensorAt) -> torch.Tensor:
        return self._metadata[at.metadata]

    def _labels(self, at: LabelsAt) -> Labels:
        return self._metadata[at.metadata]

    def _computed_labels(self, at: ComputedLabels) -> Labels:
        return Labels(at.names, self._values[at.value])

    def _entry(self, at: EntryAt) -> Any:
        return self._metadata[at.metadata][0]

    def _constant(self, constant: Constant) -> Any:
        return constant.value

    def _object(self, at: Union[Described, ModuleAt]) -> Any:
        return self._objects[at.index]

    def _any(self, at: Any) -> Any:
        return _JOIN[at.kind](self, at)

    def _block(self, block: Block) -> TensorBlock:
        joined = TensorBlock(
            self._any(block.values),
            self._any(block.samples),
            [self._any(labels) for labels in block.components],
            self._any(block.properties),
        )
        for name, gradient in block.gradients:
            joined.add_gradient(name, self._block(gradient))
        return joined

    def _map(self, tensor: Map) -> TensorMap:
        joined = TensorMap(self._any(tensor.keys), [self._block(block) for block in tensor.blocks])
        for key, value in tensor.info:
            joined.set_info(key, value)
        return joined

    def _neighbors(self, neighbors: Neighbors) -> TensorBlock:
        values = self._tensor(neighbors.values)
        return TensorBlock(
            values,
            self._any(neighbors.samples),
            [Labels("xyz", torch.tensor([[0], [1], [2]], device=values.device))],
            Labels("distance", torch.tensor([[0]], device=values.device)),
        )

    def _system(self, system: AtomisticSystem) -> Any:
        joined = torch.classes.metatomic.System(
            self._known(system.types),
            self._tensor(system.positions),
            self._any(system.cell),
            self._known(system.pbc),
        )
        with warnings.catch_warnings():
            # neighbors that do not follow the positions: users were told about their systems
            warnings.filterwarnings("ignore", "the positions or cell of this System require grad")
            for options, neighbors in system.neighbors:
                joined.add_neighbor_list(self._object(options), self._neighbors(neighbors))
        for name, data in system.data:
            joined.add_data(name, self._map(data), False, False)
        return joined


_JOIN = {
    "tensor": Joined._tensor,
    "known tensor": Joined._known,
    "labels": Joined._labels,
    "computed labels": Joined._computed_labels,
    "labels entry": Joined._entry,
    "block": Joined._block,
    "map": Joined._map,
    "system": Joined._system,
    "constant": Joined._constant,
    "object": Joined._object,
    "module": Joined._object,
}


class TensorKind(NamedTuple):
    """What compiled code depends on, for each of the tensors it is given."""

    dtype: torch.dtype
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    device: torch.device
    requires_grad: bool

    @staticmethod
    def of(tensor: torch.Tensor) -> "TensorKind":
        return TensorKind(
            tensor.dtype,
            tuple(tensor.shape),
            tensor.stride(),
            tensor.device,
            tensor.requires_grad,
        )


def same_metadata(first: Sequence[Metadata], second: Sequence[Metadata]) -> bool:
    """Do two arguments with the same structure have the same metadata?"""
    return all(_same(a, b) for a, b in zip(first, second, strict=True))


def _same(first: Metadata, second: Metadata) -> bool:
    if first is second:
        return True
    if isinstance(first, torch.Tensor) != isinstance(second, torch.Tensor):
        return False
    try:
        if isinstance(first, torch.Tensor):
            return first.dtype == second.dtype and torch.equal(first, second)
        return first == second
    except RuntimeError:  # on different devices, or without data
        return False


def is_fake(tensor: torch.Tensor) -> bool:
    """Is ``tensor`` the stand-in of a tensor while a model is traced?"""
    return isinstance(tensor, FakeTensor)
