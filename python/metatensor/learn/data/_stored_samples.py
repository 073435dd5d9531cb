"""Samples which are read when they are used, or in another way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, overload


class StoredDataset(Protocol):
    """What a data set needs for several of its samples to be read at once."""

    def __getitem__(self, idx: int) -> Any: ...

    def field_names(self) -> tuple[str, ...]:
        """Names of all fields."""

    def load_field(self, name: str, index: int) -> Any:
        """Read one field of one sample."""

    def load_joined(self, name: str, indices: list[int], join_kwargs: dict[str, Any]) -> Any:
        """
        Read one field of several samples, which gives the same as joining them along the samples;
        or give ``None`` if they have to be read one by one for this.
        """


class StoredSamples(Sequence):
    """
    Samples of a data set: a sequence of named tuples, in which nothing has been read yet.

    :param dataset: the data set
    :param indices: positions of the samples in the data set
    """

    def __init__(self, dataset: StoredDataset, indices: list[int]) -> None:
        self._dataset = dataset
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> StoredSamples: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return StoredSamples(self._dataset, self._indices[index])
        return self._dataset[self._indices[index]]

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields of all samples."""
        return self._dataset.field_names()

    def values(self, name: str) -> tuple:
        """Values of one field in all samples."""
        return tuple(self._dataset.load_field(name, index) for index in self._indices)

    def joined(self, name: str, join_kwargs: dict[str, Any]) -> Any:
        """
        Values of one field in all samples, joined along the samples; or ``None`` if the values have
        to be read one by one for this.

        :param name: name of the field
        :param join_kwargs: keyword arguments of ``join``
        """
        return self._dataset.load_joined(name, self._indices, join_kwargs)
