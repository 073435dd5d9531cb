from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._backend import TensorMap
from ..data._dataset import FieldsDataset
from ..data._stored_samples import StoredSamples
from ._files import Files
from ._reader import FieldReader


class DiskDataset(FieldsDataset):
    """
    Data set in ``.mts`` files, which are mapped: only the data of a sample is read from the disk
    when this sample is accessed. All fields are tensor maps, with torch tensors as values.

    This is either something written by :py:class:`DiskDatasetWriter`, or any other file which
    contains a tensor map, or a folder with such files. In these, all the rows which have the same
    value in one dimension of the samples are one sample of the data set, and the samples are in the
    order of these values. The fields have the names of the files.

    A data set can be used by many processes at the same time, for example the workers of a data
    loader, also while more samples are appended to it: it contains the samples which were complete
    when it was opened.

    :param path: the file, with a name that ends with ``.mts``; or the folder
    :param dimension: the dimension that tells samples apart, for files which are not written by
        :py:class:`DiskDatasetWriter`
    :raises FileNotFoundError: if there is no such file or folder
    :raises ValueError: if the data set is damaged, or if it is empty; if a file contains something
        else than a tensor map; if there is no such dimension; or if not all files are about the
        same samples

    >>> import tempfile, torch, metatensor
    >>> from metatensor.learn.disk import DiskDataset, DiskDatasetWriter
    >>> def energy(value):
    ...     block = metatensor.block_from_array(torch.tensor([[value]]))
    ...     return metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/energies.mts"
    ...     with DiskDatasetWriter(path) as writer:
    ...         for value in [-1.5, -1.2, -1.3]:
    ...             writer.append({"energy": energy(value)})
    ...     dataset = DiskDataset(path)
    ...     sample = dataset[1]
    >>> len(dataset)
    3
    >>> sample.energy.block().values
    tensor([[-1.2000]])
    """

    def __init__(self, path: str | Path, dimension: str = "system") -> None:
        super().__init__()
        self._arguments = (path, dimension)
        self._readers = open_readers(Files(path), dimension)
        if len(self._readers) == 0:
            raise ValueError(f"there are no samples in the data set '{path}'")

        readers = list(self._readers.values())
        for reader in readers:
            if not np.array_equal(reader.entries, readers[0].entries):
                raise ValueError(f"the files in '{path}' are not about the same samples")
        self._set_fields(
            len(readers[0].entries), {name: reader.load for name, reader in self._readers.items()}
        )

    def __reduce__(self) -> tuple:
        # other processes open the files for themselves
        return _open_again, (type(self), self._arguments, len(self))

    def __getitems__(self, indices: Sequence[Any]) -> StoredSamples:
        """
        Several samples, which are read when they are used. This is what a data loader takes:
        batches can then be read at once.

        :param indices: positions of the samples
        :raises ValueError: if there are no such samples
        """
        return StoredSamples(self, [self._checked_index(index) for index in indices])

    def field_names(self) -> tuple[str, ...]:
        """Names of all fields."""
        return tuple(self._readers)

    def load_field(self, name: str, index: int) -> TensorMap:
        """
        Read one field of one sample.

        :param name: name of the field
        :param index: position of the sample
        :raises ValueError: if this fails
        """
        return self._load(name, self._readers[name].load, index)

    def load_joined(
        self, name: str, indices: list[int], join_kwargs: dict[str, Any]
    ) -> TensorMap | None:
        """
        Read one field of several samples at once, which gives the same as joining them.

        :param name: name of the field
        :param indices: positions of the samples
        :param join_kwargs: keyword arguments of ``join``
        :return: the joined samples, or ``None`` if they have to be read one by one for this
        :raises ValueError: if this fails
        """
        if not join_kwargs.keys() <= {"different_keys", "add_dimension"}:
            return None
        try:
            self._readers[name].open(indices)
        except Exception as error:
            raise ValueError(f"failed to load the field '{name}' for indices {indices}") from error
        return self._readers[name].load_joined(indices, **join_kwargs)


def _open_again(
    cls: type[DiskDataset], arguments: tuple[str | Path, str], size: int
) -> DiskDataset:
    dataset = cls(*arguments)
    if len(dataset) < size:
        raise ValueError(f"there were {size} samples in '{arguments[0]}', now {len(dataset)}")
    dataset._size = size  # more samples can have been added since
    return dataset


def open_readers(files: Files, dimension: str | None) -> dict[str, FieldReader]:
    """
    Open all the files of a data set.

    :param files: the files
    :param dimension: see :py:class:`FieldReader`
    :return: the fields, in the order of the data set
    :raises FileNotFoundError: if there is no such data set
    :raises ValueError: if the files do not belong to the same data set
    """
    if not files.path.exists():
        raise FileNotFoundError(f"there is no data set (a file or a folder) in '{files.path}'")

    with files.opening():
        paths = files.existing()
        readers = [FieldReader(path, dimension) for path in paths]
    written = [reader for reader in readers if reader.chunks]
    if len(written) == 0:
        return {path.stem: reader for path, reader in zip(paths, readers)}

    names = written[0].chunks[0].fields
    found = {}
    for path, reader in zip(paths, readers):
        if not reader.chunks or reader.chunks[0].fields != names:
            raise ValueError(f"'{path}' does not belong to the same data set as the other files")
        found[names[reader.chunks[0].field]] = reader
    if len(found) != len(names) or len(paths) != len(names):
        raise ValueError(f"'{files.path}' must contain the fields {names}, found {list(found)}")
    return {name: found[name] for name in names}
