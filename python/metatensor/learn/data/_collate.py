"""From a list of samples to a batch: functions to be used as ``collate_fn`` of a data loader."""

from collections.abc import Sequence
from typing import Any

import torch

import metatensor

from ._namedtuple import shared_namedtuple
from ._stored_samples import StoredSamples


def group(batch: Sequence[Any]) -> Any:
    """
    Group the samples of a batch by field.

    :param batch: samples, named tuples with the same fields
    :return: named tuple called ``Batch``, with the same fields. The value of each field is the
        tuple of its values in all samples
    :raises ValueError: if the samples have different fields
    :raises IndexError: if there are no samples

    >>> from metatensor.learn.data import Dataset, group
    >>> dataset = Dataset(energy=[-1.5, -1.2], name=["a", "b"])
    >>> group([dataset[0], dataset[1]])
    Batch(energy=(-1.5, -1.2), name=('a', 'b'))
    """
    samples = list(batch)  # each access to a sample on disk reads it
    return _make_batch(samples[0]._fields, _values_of_fields(samples))


def group_and_join(
    batch: Sequence[Any],
    fields_to_join: list[str] | None = None,
    join_kwargs: dict[str, Any] | None = None,
) -> Any:
    """
    Group the samples of a batch by field, and join the values of each field.

    The value in the first sample decides what is done with a field: tensor maps are joined along
    the samples with the function ``join`` of their package, torch tensors are concatenated with
    :py:func:`torch.vstack`. All others are grouped in a tuple, and the field ``sample_id`` always.

    :param batch: samples, named tuples with the same fields
    :param fields_to_join: names of the fields to join, by default all of them
    :param join_kwargs: keyword arguments of ``join``, for all fields with tensor maps
    :return: named tuple called ``Batch``, with the same fields
    :raises ValueError: if the samples have different fields
    :raises IndexError: if there are no samples
    :raises TypeError: if ``join_kwargs`` contains something that ``join`` does not take, or
        ``axis``

    Errors in ``join`` and ``vstack`` are raised as they are.

    >>> import torch
    >>> from metatensor.learn.data import Dataset, group_and_join
    >>> dataset = Dataset(energy=[torch.tensor([-1.5]), torch.tensor([-1.2])], name=["a", "b"])
    >>> group_and_join([dataset[0], dataset[1]])
    Batch(energy=tensor([[-1.5000],
            [-1.2000]]), name=('a', 'b'))
    """
    if isinstance(batch, StoredSamples) and len(batch) != 0:
        return _join_stored(batch, fields_to_join, join_kwargs or {})

    samples = list(batch)
    names = samples[0]._fields
    values = []
    for name, field in zip(names, _values_of_fields(samples)):
        values.append(
            _join(field, join_kwargs or {}) if _is_joined(name, fields_to_join) else field
        )
    return _make_batch(names, values)


def _join_stored(
    batch: StoredSamples, fields_to_join: list[str] | None, join_kwargs: dict[str, Any]
) -> Any:
    """The same for samples which are not loaded: most of them never are, one by one."""
    values = []
    for name in batch.fields:
        if not _is_joined(name, fields_to_join):
            values.append(batch.values(name))
            continue
        joined = batch.joined(name, join_kwargs)
        values.append(_join(batch.values(name), join_kwargs) if joined is None else joined)
    return _make_batch(batch.fields, values)


def _is_joined(name: str, fields_to_join: list[str] | None) -> bool:
    return name != "sample_id" and (fields_to_join is None or name in fields_to_join)


def _make_batch(names: tuple[str, ...], values: list[Any]) -> Any:
    return shared_namedtuple("Batch", tuple(names))._make(values)


def _values_of_fields(batch: list[Any]) -> list[tuple]:
    fields = batch[0]._fields
    for sample in batch:
        if sample._fields != fields:
            raise ValueError(
                "all samples of a batch must have the same fields, found "
                f"{list(fields)} and {list(sample._fields)}"
            )
    return list(zip(*batch))


def _join(values: tuple, join_kwargs: dict[str, Any]) -> Any:
    first = values[0]
    if isinstance(first, metatensor.TensorMap) or _is_torchscript_tensor(first):
        return join_tensors(values, **join_kwargs)
    if isinstance(first, torch.Tensor):
        return torch.vstack(values)
    return values


def _is_torchscript_tensor(value: Any) -> bool:
    return isinstance(value, torch.ScriptObject) and value._type().name() == "TensorMap"


def join_tensors(tensors: Sequence[Any], **kwargs: Any) -> Any:
    """
    Join tensor maps along the samples, with the function for their classes.

    :param tensors: tensor maps, all of them of the Python or all of the TorchScript class
    :param kwargs: other arguments of :py:func:`metatensor.join`
    """
    tensors = list(tensors)
    if isinstance(tensors[0], metatensor.TensorMap):
        return metatensor.join(tensors, axis="samples", **kwargs)

    # only now: the TorchScript classes are a part of metatensor that can be missing
    from metatensor.torch import join

    joined = _join_similar(tensors, **kwargs)
    return join(tensors, axis="samples", **kwargs) if joined is None else joined


def _join_similar(
    tensors: list[Any],
    different_keys: str = "error",
    add_dimension: str | None = None,
    **kwargs: Any,
) -> Any:
    """
    The quick way to join TorchScript tensor maps: compiled code takes several times longer for many
    small ones. There is no result for what the quick way does not know.
    """
    if kwargs or different_keys not in ("error", "intersection", "union"):
        return None
    if not all(_is_torchscript_tensor(tensor) for tensor in tensors):
        return None
    return torch.ops.metatensor.join_similar(tensors, add_dimension)
