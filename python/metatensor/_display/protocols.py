"""What the objects must offer to be displayed: a part of the public interface of the classes."""

from collections.abc import Sequence
from typing import Any, Protocol


class LabelsLike(Protocol):
    """A set of labels: ``values`` is a 2-D array of integers with one column for each name."""

    @property
    def names(self) -> list[str]: ...
    @property
    def values(self) -> Any: ...


class LabelsEntryLike(Protocol):
    """An entry of labels: ``values`` is a 1-D array of integers with one value for each name."""

    @property
    def names(self) -> list[str]: ...
    @property
    def values(self) -> Any: ...


class BlockLike(Protocol):
    """A block, with labels for the samples, each of the components, and the properties."""

    @property
    def samples(self) -> LabelsLike: ...
    @property
    def components(self) -> list[LabelsLike]: ...
    @property
    def properties(self) -> LabelsLike: ...
    @property
    def shape(self) -> Sequence[int]: ...
    def gradients_list(self) -> list[str]: ...
    def gradient(self, parameter: str) -> "BlockLike": ...


class TensorLike(Protocol):
    """A tensor map: one block for each entry of its keys."""

    @property
    def keys(self) -> LabelsLike: ...
    def block_by_id(self, index: int) -> BlockLike: ...
