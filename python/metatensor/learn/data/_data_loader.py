from collections.abc import Callable
from typing import Any

import torch

from . import _workers  # noqa: F401, the data which comes from worker processes
from ._collate import group_and_join


class DataLoader(torch.utils.data.DataLoader):
    """
    A :py:class:`torch.utils.data.DataLoader` which creates batches with
    :py:func:`~metatensor.learn.data.group_and_join`.

    :param dataset: the data set, or any other data set with named tuples as samples
    :param collate_fn: function that creates a batch from a list of samples
    :param kwargs: all other keyword arguments of :py:class:`torch.utils.data.DataLoader`

    >>> import torch
    >>> from metatensor.learn import DataLoader, Dataset
    >>> dataset = Dataset(energy=[torch.tensor([-1.5]), torch.tensor([-1.2])])
    >>> for batch in DataLoader(dataset, batch_size=2):
    ...     print(batch.energy.shape)
    torch.Size([2, 1])
    """

    def __init__(
        self, dataset: Any, collate_fn: Callable[[list], Any] = group_and_join, **kwargs: Any
    ) -> None:
        super().__init__(dataset, collate_fn=collate_fn, **kwargs)
