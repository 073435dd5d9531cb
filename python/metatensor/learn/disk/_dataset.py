from __future__ import annotations

import functools
from pathlib import Path

from ..data._dataset import FieldsDataset
from ._chunk import read_chunks
from ._reader import Reader


class DiskDataset(FieldsDataset):
    """
    Data set in a folder, written by :py:class:`DiskDatasetWriter`.

    All fields are tensor maps, with torch tensors as values. Only the data of a sample is read from
    the disk when this sample is accessed. The data set can be used by many processes at the same
    time, for example the workers of a data loader, also while more samples are appended to it: it
    contains the samples which were complete when it was opened.

    :param path: folder of the data set
    :raises FileNotFoundError: if there is no such folder
    :raises ValueError: if the data set is damaged, or if it is empty

    >>> import tempfile, torch, metatensor
    >>> from metatensor.learn.disk import DiskDataset, DiskDatasetWriter
    >>> def energy(value):
    ...     block = metatensor.block_from_array(torch.tensor([[value]]))
    ...     return metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with DiskDatasetWriter(folder) as writer:
    ...         for value in [-1.5, -1.2, -1.3]:
    ...             writer.append({"energy": energy(value)})
    ...     dataset = DiskDataset(folder)
    ...     sample = dataset[1]
    >>> len(dataset)
    3
    >>> sample.energy.block().values
    tensor([[-1.2000]])
    """

    def __init__(self, path: str | Path) -> None:
        folder = Path(path)
        chunks = read_chunks(folder)
        if len(chunks) == 0:
            raise ValueError(f"there are no samples in the data set '{folder}'")

        reader = Reader(folder, chunks)
        fields = {
            name: functools.partial(reader.load, field)
            for field, name in enumerate(chunks[0].fields)
        }
        super().__init__()
        self._set_fields(chunks[-1].first + chunks[-1].size, fields)
