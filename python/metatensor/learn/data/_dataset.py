"""Data sets made of fields, which are in memory or loaded when a sample is accessed."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import torch

from ._namedtuple import namedtuple


class FieldsDataset(torch.utils.data.Dataset):
    """What all data sets have in common: a number of samples, and fields with their names."""

    def _set_fields(self, size: int, data: dict[str, list | Callable]) -> None:
        self._size = size
        self._data = data
        self._sample_class = namedtuple("Sample", data.keys())

    def __len__(self) -> int:
        """Number of samples."""
        return self._size

    def __getitem__(self, idx: int) -> Any:
        """
        Get one sample, and load those of its fields which are functions.

        :param idx: position of the sample, between 0 and the number of samples
        :return: named tuple with the fields of the data set
        :raises ValueError: if there is no such sample, or if a field fails to load. The exception
            of the function is the ``__cause__`` of this error
        """
        index = self._checked_index(idx)
        values = []
        for name, field in self._data.items():
            values.append(self._load(name, field, index) if callable(field) else field[index])
        return self._sample_class._make(values)

    def _checked_index(self, idx: Any) -> int:
        index = int(idx)
        if not 0 <= index < self._size:
            raise ValueError(f"index {index} is out of range for a data set of size {self._size}")
        return index

    def __iter__(self) -> Iterator[Any]:
        """Iterate over all the samples, in order."""
        for index in range(self._size):
            yield self[index]

    def _load(self, name: str, field: Callable, index: int) -> Any:
        argument, description = self._argument(index)
        try:
            return field(argument)
        except Exception as error:
            raise ValueError(f"failed to load the field '{name}' for {description}") from error

    def _argument(self, index: int) -> tuple[Any, str]:
        """What the functions are called with for a sample, and its description."""
        return index, f"index {index}"


class Dataset(FieldsDataset):
    """
    Data set with named fields. Samples are named tuples with the value of all fields.

    A field is either a list, with its value for each of the samples, or a function which is called
    with the index of a sample each time that this sample is accessed, for example to read a file.

    :param size: number of samples. It is only needed if all fields are functions
    :param kwargs: the fields, with their names
    :raises TypeError: if a field is neither a list nor callable, or if the entries of a list are
        not all of the same type
    :raises ValueError: if the lists do not all have the same length, or another length than
        ``size``; or if there is no list and no ``size``. The name ``sample_id`` is reserved for
        :py:class:`IndexedDataset`

    >>> from metatensor.learn import Dataset
    >>> dataset = Dataset(energy=[-1.5, -1.2], charge=lambda index: 10 * index)
    >>> len(dataset)
    2
    >>> dataset[1]
    Sample(energy=-1.2, charge=10)
    """

    def __init__(self, /, size: int | None = None, **kwargs: list | Callable) -> None:
        super().__init__()
        self._initialize(size, kwargs)

    @classmethod
    def from_dict(cls, data: dict[str, list | Callable], size: int | None = None) -> Dataset:
        """
        Create a data set with any names for the fields, not only Python identifiers.

        :param data: the fields, with their names
        :param size: number of samples. It is only needed if all fields are functions
        :raises TypeError: see :py:class:`Dataset`
        :raises ValueError: see :py:class:`Dataset`
        """
        dataset = cls.__new__(cls)
        dataset._initialize(size, data)
        return dataset

    def _initialize(self, size: int | None, data: dict[str, list | Callable]) -> None:
        if "sample_id" in data:
            raise ValueError(
                "`sample_id` can not be a field of `Dataset`, use `IndexedDataset` for samples "
                "with an identifier"
            )
        _check_fields(data)
        self._set_fields(_common_size(size, data), dict(data))


class IndexedDataset(FieldsDataset):
    """
    Data set with named fields, in which each sample has an identifier.

    Samples are named tuples, the first field of which is ``sample_id``. Other fields are either
    lists, with the value for each of the samples, or functions which are called with the identifier
    of a sample each time that this sample is accessed.

    :param sample_id: unique and hashable identifier of each of the samples, possibly of different
        types
    :param kwargs: the other fields, with their names
    :raises TypeError: if a field is neither a list nor callable, or if the entries of a list are
        not all of the same type; if ``sample_id`` is not a list of hashable objects
    :raises ValueError: if the identifiers are not unique, or if a list has another length than
        ``sample_id``. There can be no field called ``size``

    >>> from metatensor.learn import IndexedDataset
    >>> dataset = IndexedDataset(sample_id=["water", "ethanol"], n_atoms=[3, 9])
    >>> dataset.get_sample("ethanol")
    Sample(sample_id='ethanol', n_atoms=9)
    """

    def __init__(self, /, sample_id: list, **kwargs: list | Callable) -> None:
        super().__init__()
        self._initialize(sample_id, kwargs)

    @classmethod
    def from_dict(cls, data: dict[str, Any], sample_id: list) -> IndexedDataset:
        """
        Create a data set with any names for the fields, not only Python identifiers.

        :param data: the fields other than ``sample_id``, with their names
        :param sample_id: unique and hashable identifier of each of the samples
        :raises TypeError: see :py:class:`IndexedDataset`
        :raises ValueError: see :py:class:`IndexedDataset`; or if ``sample_id`` is also in ``data``
        """
        dataset = cls.__new__(cls)
        dataset._initialize(sample_id, data)
        return dataset

    def _initialize(self, sample_id: list, data: dict[str, list | Callable]) -> None:
        if "size" in data:
            raise ValueError(
                "`size` can not be given to `IndexedDataset`, which has one sample for each of the "
                "`sample_id`; use `Dataset` for samples without identifier"
            )
        if "sample_id" in data:
            raise ValueError("`data` contains 'sample_id', which is given by its own argument")
        if not isinstance(sample_id, list):
            raise TypeError(f"`sample_id` must be a list, not {type(sample_id)}")

        self._positions = {identifier: i for i, identifier in enumerate(sample_id)}
        if len(self._positions) != len(sample_id):
            raise ValueError("each entry of `sample_id` must be unique, some are there twice")

        _check_fields(data)
        with_id = {"sample_id": sample_id, **data}
        lengths = _list_lengths(with_id)
        if any(length != len(sample_id) for length in lengths):
            raise ValueError(
                f"`sample_id` has {len(sample_id)} entries, and all fields must have this length; "
                f"the lengths of the lists are {lengths}"
            )
        self._set_fields(len(sample_id), with_id)

    def get_sample(self, sample_id: Any) -> Any:
        """
        Get the sample with the given identifier.

        :param sample_id: identifier of a sample
        :return: named tuple with the fields of the data set
        :raises ValueError: if there is no such sample, or if a field fails to load
        """
        if sample_id not in self._positions:
            raise ValueError(f"there is no sample with the identifier '{sample_id}'")
        return self[self._positions[sample_id]]

    def _argument(self, index: int) -> tuple[Any, str]:
        sample_id = self._data["sample_id"][index]
        return sample_id, f"the sample '{sample_id}'"


def _check_fields(data: dict[str, list | Callable]) -> None:
    for name, field in data.items():
        if isinstance(field, list):
            for value in field:
                if not isinstance(field[0], type(value)):
                    raise TypeError(
                        f"all entries of the field '{name}' must have the same type, found "
                        f"{type(field[0])} and {type(value)}"
                    )
        elif not callable(field):
            raise TypeError(
                f"the field '{name}' must be a list or a callable object, not {type(field)}"
            )


def _list_lengths(data: dict[str, list | Callable]) -> list[int]:
    return [len(field) for field in data.values() if isinstance(field, list)]


def _common_size(size: int | None, data: dict[str, list | Callable]) -> int:
    """Number of samples of the fields, checked against ``size``."""
    lengths = _list_lengths(data)
    if size is not None:
        size = operator.index(size)
        if size < 0:
            raise ValueError(f"`size` can not be negative, got {size}")
        if any(length != size for length in lengths):
            raise ValueError(
                f"`size` is {size}, but the lengths of the fields which are lists are {lengths}"
            )
        return size

    if len(lengths) == 0:
        raise ValueError("`size` is required for a data set without any list")
    if any(length != lengths[0] for length in lengths):
        raise ValueError(f"all lists must have the same length, their lengths are {lengths}")
    return lengths[0]
