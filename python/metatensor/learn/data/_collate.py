"""From a list of samples to a batch: functions to be used as ``collate_fn`` of a data loader."""

from collections.abc import Sequence
from typing import Any

import torch

import metatensor

from ._namedtuple import shared_namedtuple


def group(batch: list[Any]) -> Any:
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
    return _make_batch(batch[0]._fields, _values_of_fields(batch))


def group_and_join(
    batch: list[Any],
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
    names = batch[0]._fields
    values = []
    for name, field in zip(names, _values_of_fields(batch)):
        is_joined = name != "sample_id" and (fields_to_join is None or name in fields_to_join)
        values.append(_join(field, join_kwargs or {}) if is_joined else field)
    return _make_batch(names, values)


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
    if isinstance(tensors[0], metatensor.TensorMap):
        from metatensor import join
    else:
        # only now: the TorchScript classes are a part of metatensor that can be missing
        from metatensor.torch import join
    return join(list(tensors), axis="samples", **kwargs)
