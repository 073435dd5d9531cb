"""Functions on arrays which other packages import."""

import numpy as np
import pytest
import torch

from metatensor.operations import _dispatch


@pytest.fixture(params=[np, torch], ids=["numpy", "torch"])
def xp(request):
    return request.param


def test_all(xp):
    array = xp.asarray([[True, False], [True, True]])
    assert not _dispatch.all(array)
    assert _dispatch.all(array[:, 0])
    assert _dispatch.all(array, axis=0).tolist() == [True, False]
    assert _dispatch.all(array, axis=1).tolist() == [False, True]


def test_sum(xp):
    array = xp.ones((2, 3), dtype=xp.int32)
    assert _dispatch.sum(array) == 6
    assert _dispatch.sum(array).dtype == xp.int32
    assert _dispatch.sum(array, axis=0).tolist() == [2, 2, 2]
    assert _dispatch.sum(array, axis=1).dtype == xp.int32


def test_copy(xp):
    array = xp.ones((2, 3))
    copy = _dispatch.copy(array)
    copy[0, 0] = 7
    assert array[0, 0] == 1
    assert copy[1, 2] == 1


@pytest.mark.parametrize(
    ("function", "value"), [(_dispatch.zeros_like, 0), (_dispatch.ones_like, 1)]
)
def test_filled(xp, function, value):
    array = xp.full((2, 3), 7, dtype=xp.float32)
    result = function(array)
    assert tuple(result.shape) == (2, 3)
    assert result.dtype == xp.float32
    assert (result == value).all()

    result = function(array, (4, 1), requires_grad=True)
    assert tuple(result.shape) == (4, 1)
    if xp is torch:
        assert result.requires_grad
