from __future__ import annotations

import operator
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from .._backend import Labels, TensorBlock, TensorMap, isinstance_metatensor
from ..data._collate import join_tensors
from ._chunk import CHUNK, ENTRY, Chunk
from ._dataset import open_readers
from ._field_file import FieldFile
from ._files import Files


class DiskDatasetWriter:
    """
    Create a data set on disk, or append to an existing one.

    The data set is a ``.mts`` file for each field: a single one, or a folder with several of them.
    Samples are written in chunks. After a crash of this process or of the computer, the data set is
    intact and contains all the complete chunks. In a ``with`` block, or with :py:meth:`close`, the
    samples which are left at the end become the last chunk. There must be only one writer for a
    data set at a time.

    :param path: file for a data set with one field, with a name that ends with ``.mts``; otherwise
        the folder. Folders are created if needed
    :param chunk_size: number of samples in a chunk
    :raises ValueError: if ``chunk_size`` is not positive, if there is a damaged data set, or files
        which were not written by this class

    >>> import tempfile, torch, metatensor
    >>> from metatensor.learn.disk import DiskDatasetWriter
    >>> block = metatensor.block_from_array(torch.tensor([[-1.5]]))
    >>> energy = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with DiskDatasetWriter(folder, chunk_size=10) as writer:
    ...         for _ in range(15):
    ...             writer.append({"energy": energy})
    ...     with DiskDatasetWriter(folder) as writer:
    ...         writer.append({"energy": energy})
    ...         print(len(writer))
    16
    """

    def __init__(self, path: str | Path, chunk_size: int = 1000) -> None:
        self._chunk_size = operator.index(chunk_size)
        if self._chunk_size <= 0:
            raise ValueError(f"`chunk_size` must be positive, got {chunk_size}")

        self._files = Files(path)
        self._n_chunks = 0
        self._n_written = 0
        # samples which are not written yet: for each field, one tensor map for each sample
        self._samples: dict[str, list[TensorMap]] = {}
        # tensor maps without samples, which everything that is joined must be compatible with
        self._empty: dict[str, TensorMap] = {}
        self._field_files: dict[str, FieldFile] = {}

        self._files.create_folder()
        self._files.recover()
        if self._files.existing():
            self._open_existing()

    def _open_existing(self) -> None:
        for name, reader in open_readers(self._files, None).items():
            self._n_chunks = len(reader.chunks)
            self._n_written = len(reader.entries)
            self._samples[name] = []
            self._empty[name] = reader.load_without_samples()
            self._field_files[name] = FieldFile(reader.path, reader)

    def __len__(self) -> int:
        """Number of samples, including the ones which are not written yet."""
        return self._n_written + self._n_buffered

    @property
    def _n_buffered(self) -> int:
        return len(next(iter(self._samples.values()))) if self._samples else 0

    def append(self, sample: Mapping[str, TensorMap]) -> None:
        """
        Add one sample, and write a chunk if there are enough of them.

        Values are copied, without their autograd history.

        :param sample: tensor map for each of the fields. All samples must have the same fields, and
            for each field the same sample names and additional information, and the same components
            and properties for the same keys. They can have different keys
        :raises TypeError: if a value is not a tensor map with torch tensors
        :raises ValueError: if a field is missing, or if it has another dtype, other sample names or
            other information than in the other samples
        :raises NotEqualError: if the metadata is different for the same key
        :raises NotImplementedError: if a gradient has gradients
        """
        fields = list(self._samples) or list(sample)
        if self._files.is_single and len(fields) > 1:
            raise ValueError(
                f"one file can only contain one field, got {fields}: use a folder, which has one "
                "file for each of them"
            )
        if len(sample) == 0 or sorted(sample) != sorted(fields):
            raise ValueError(f"a sample must have the fields {fields}, got {list(sample)}")

        entries = {name: _with_entry(name, sample[name], len(self)) for name in fields}
        empty = {}
        for name, entry in entries.items():
            known = self._empty.get(name)
            if known is not None:
                _check_same(name, known, entry)
            if known is None:
                empty[name] = _without_samples(entry)
            elif _has_same_structure(known, entry):
                empty[name] = known  # what is done below gives the same, but takes longer
            else:
                empty[name] = _without_samples(_join([known, entry]))

        # from here on, everything is known to fit together
        self._empty = empty
        for name, entry in entries.items():
            self._samples.setdefault(name, []).append(entry)
        if self._n_buffered >= self._chunk_size:
            self.flush()

    def flush(self) -> None:
        """
        Write all the samples now, as a chunk which can be smaller than the others.

        If this fails, for example because the disk is full, the data set is what it was, and the
        samples are still there to be written.
        """
        if self._n_buffered == 0:
            return

        fields = list(self._samples)
        modifications = []
        for field, (name, samples) in enumerate(self._samples.items()):
            joined = _join(samples)
            missing = _missing_blocks(joined.keys, samples, self._n_written)
            chunk = Chunk(self._n_written, len(samples), fields, field, missing)
            file = self._field_files.setdefault(name, FieldFile(self._files.of_field(name)))
            modifications.append(file.prepare(joined, self._n_chunks, chunk))

        self._files.modify(modifications)
        for file in self._field_files.values():
            file.commit()
        self._n_written = len(self)
        self._n_chunks += 1
        self._samples = {name: [] for name in fields}

    def close(self) -> None:
        """Write the samples which are left."""
        self.flush()

    def __enter__(self) -> DiskDatasetWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        # complete samples are worth keeping, whatever happened
        self.close()


def _join(tensors: list[TensorMap]) -> TensorMap:
    joined = join_tensors(tensors, different_keys="union")
    for key, value in tensors[0].info().items():
        joined.set_info(key, value)
    return joined


def _with_entry(name: str, tensor: TensorMap, entry: int) -> TensorMap:
    """Copy of a tensor map in main memory, with the additional dimension of the samples."""
    if not isinstance_metatensor(tensor, "TensorMap"):
        raise TypeError(f"field '{name}' must be a metatensor TensorMap, not {type(tensor)}")
    if len(tensor) == 0:
        raise ValueError(f"field '{name}' must have at least one block")
    if CHUNK in tensor.keys.names:
        raise ValueError(f"the keys of field '{name}' can not have a dimension '{CHUNK}'")

    blocks = []
    for block in tensor.blocks():
        if not isinstance(block.values, torch.Tensor):
            raise TypeError(f"field '{name}' must contain torch tensors, not {type(block.values)}")
        samples = _cpu(block.samples)
        column = torch.full((len(samples),), entry, dtype=torch.int32)
        copied = _copy(block, samples.append(ENTRY, column))
        for parameter, gradient in block.gradients():
            if len(gradient.gradients_list()) != 0:
                raise NotImplementedError(f"field '{name}' has gradients of gradients")
            copied.add_gradient(parameter, _copy(gradient, _cpu(gradient.samples)))
        blocks.append(copied)

    result = TensorMap(_cpu(tensor.keys), blocks)
    for key, value in tensor.info().items():
        result.set_info(key, value)
    return result


def _cpu(labels: Labels) -> Labels:
    values = labels.values
    if isinstance(values, torch.Tensor) and values.device.type == "cpu":
        return labels
    if not isinstance(values, torch.Tensor):
        # torch tensors can not use arrays which are read-only
        values = torch.from_numpy(values.copy())
    return Labels(labels.names, values.cpu(), assume_unique=True)


def _copy(block: TensorBlock, samples: Labels) -> TensorBlock:
    """Copy of a block without its gradients, for other samples."""
    return TensorBlock(
        block.values.detach().to("cpu", copy=True),
        samples,
        [_cpu(component) for component in block.components],
        _cpu(block.properties),
    )


def _check_same(name: str, known: TensorMap, entry: TensorMap) -> None:
    """What is not checked by `join`, which would convert or drop it."""
    dtypes = [tensor.block_by_id(0).values.dtype for tensor in (known, entry)]
    if dtypes[0] != dtypes[1]:
        raise ValueError(f"field '{name}' has dtype {dtypes[0]} in other samples, not {dtypes[1]}")
    if known.sample_names != entry.sample_names:
        raise ValueError(
            f"field '{name}' has samples {known.sample_names[:-1]} in the rest of the data set, "
            f"not {entry.sample_names[:-1]}"
        )
    if known.info() != entry.info():
        raise ValueError(
            f"field '{name}' has the information {known.info()} in other samples, not "
            f"{entry.info()}"
        )


def _has_same_structure(tensor_1: TensorMap, tensor_2: TensorMap) -> bool:
    """Check if tensor maps only differ in their samples and values."""
    if tensor_1.keys != tensor_2.keys:
        return False
    pairs = zip(tensor_1.blocks(), tensor_2.blocks())
    return all(_blocks_have_same_structure(block_1, block_2) for block_1, block_2 in pairs)


def _blocks_have_same_structure(block_1: TensorBlock, block_2: TensorBlock) -> bool:
    parameters = block_1.gradients_list()
    return (
        parameters == block_2.gradients_list()
        and block_1.samples.names == block_2.samples.names
        and block_1.components == block_2.components
        and block_1.properties == block_2.properties
        and all(
            _blocks_have_same_structure(block_1.gradient(name), block_2.gradient(name))
            for name in parameters
        )
    )


def _without_samples(tensor: TensorMap) -> TensorMap:
    blocks = [_empty_block(block) for block in tensor.blocks()]
    result = TensorMap(tensor.keys, blocks)
    for key, value in tensor.info().items():
        result.set_info(key, value)
    return result


def _empty_block(block: TensorBlock) -> TensorBlock:
    samples = Labels(block.samples.names, block.samples.values[:0])
    result = TensorBlock(block.values[:0], samples, block.components, block.properties)
    for parameter, gradient in block.gradients():
        result.add_gradient(parameter, _empty_block(gradient))
    return result


def _missing_blocks(keys: Labels, entries: list[TensorMap], first: int) -> list[list[int]]:
    """For each of the keys, positions of the samples that do not have it."""
    missing: list[list[int]] = [[] for _ in range(len(keys))]
    for i, entry in enumerate(entries):
        if entry.keys != keys:
            for position, key in enumerate(keys):
                if entry.keys.position(key) is None:
                    missing[position].append(first + i)
    return missing
