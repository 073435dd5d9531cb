"""Named tuples with any field names, as used for samples and batches."""

import copy
import inspect
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metatensor.learn.data._namedtuple import namedtuple

NAMES = ["a", "mtt::b", "class", "", "_private", "__dunder", "with space", "_1", "count"]


@pytest.fixture
def sample():
    return namedtuple("Sample", NAMES)(*range(len(NAMES)))


def test_is_a_tuple(sample):
    assert isinstance(sample, tuple)
    assert sample == tuple(range(len(NAMES)))
    assert hash(sample) == hash(tuple(range(len(NAMES))))
    assert sample < (1,)
    assert len(sample) == len(NAMES)
    first, *_, last = sample
    assert (first, last) == (0, len(NAMES) - 1)
    assert not hasattr(sample, "__dict__")


def test_fields(sample):
    assert type(sample)._fields == tuple(NAMES)
    assert type(sample).__match_args__ == tuple(NAMES)
    assert type(sample).__name__ == "Sample"
    assert [sample[name] for name in NAMES] == list(range(len(NAMES)))

    assert sample.a == 0
    assert sample._private == 4
    assert getattr(sample, "class") == 2
    assert getattr(sample, "__dunder") == 5
    assert sample.count == 8
    with pytest.raises(AttributeError):
        sample.a = 4


def test_indexing(sample):
    assert sample[1] == 1
    assert sample[-1] == len(NAMES) - 1
    assert sample[1:3] == (1, 2)
    assert type(sample[1:3]) is tuple
    with pytest.raises(KeyError, match="nope"):
        sample["nope"]
    with pytest.raises(IndexError):
        sample[len(NAMES)]


def test_constructor():
    Point = namedtuple("Point", ["x", "not valid", "class", "_1"])
    assert list(inspect.signature(Point).parameters) == ["x", "__1", "_2", "_1"]
    assert Point(1, 2, 3, 4) == Point(x=1, __1=2, _2=3, _1=4) == Point(1, 2, _1=4, _2=3)
    for arguments, keywords in (((1,), {}), (range(5), {}), ((1, 2, 3), {"x": 3})):
        with pytest.raises(TypeError, match="Point"):
            Point(*arguments, **keywords)
    with pytest.raises(TypeError, match="Point.*nope"):
        Point(1, 2, 3, 4, nope=5)


def test_names_are_converted():
    assert namedtuple("T", [1, None, "a"])._fields == ("1", "None", "a")
    assert namedtuple("T", "ab")._fields == ("a", "b")
    assert namedtuple("T", iter(["x y"]))._fields == ("x y",)
    assert namedtuple("T", [])() == ()
    # names that classes need are accessed as items only
    special = namedtuple("T", ["__class__", "_fields"])(3, 4)
    assert (special["__class__"], special["_fields"]) == (3, 4)
    assert type(special)._fields == ("__class__", "_fields")


def test_errors():
    with pytest.raises(ValueError, match="class"):
        namedtuple("class", ["a"])
    with pytest.raises(ValueError, match="'b c'"):
        namedtuple("T", ["a", "b c", "b c"])


def test_repr():
    Sample = namedtuple("Sample", ["a", "b c", "class", "100%r"])
    expected = "Sample(a=1, 'b c'='x', 'class'=None, '100%r'=2)"
    assert repr(Sample(1, "x", None, 2)) == expected
    assert str(Sample(1, "x", None, 2)) == expected
    assert repr(namedtuple("Empty", [])()) == "Empty()"


def test_conversions(sample):
    Sample = type(sample)
    assert sample._asdict() == dict(zip(NAMES, range(len(NAMES)), strict=True))
    assert type(sample._asdict()) is dict
    assert sample.__getnewargs__() == tuple(range(len(NAMES)))
    assert type(sample.__getnewargs__()) is tuple

    made = Sample._make(iter(range(len(NAMES))))
    assert made == sample
    assert type(made) is Sample
    for wrong in ([], range(len(NAMES) + 1)):
        with pytest.raises(TypeError, match="Sample has"):
            Sample._make(wrong)

    replaced = sample._replace(**{"mtt::b": -1, "a": -2})
    assert replaced[:3] == (-2, -1, 2)
    assert type(replaced) is Sample
    assert sample.__replace__(a=7).a == 7
    assert sample.a == 0
    with pytest.raises(TypeError, match="nope"):
        sample._replace(nope=3)


def test_matching(sample):
    match namedtuple("Point", ["x", "y"])(1, 2):
        case (x, y):
            assert (x, y) == (1, 2)


def test_copy(sample):
    content = namedtuple("Sample", ["a b"])([1])
    shallow = copy.copy(content)
    assert type(shallow) is type(content)
    assert shallow["a b"] is content["a b"]
    deep = copy.deepcopy(content)
    assert type(deep) is type(content)
    assert deep == content
    assert deep["a b"] is not content["a b"]


class Derived(namedtuple("Base", ["a"])):
    __slots__ = ()


def test_pickle(sample):
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        loaded, again = pickle.loads(pickle.dumps([sample, sample._replace(a=4)], protocol))
        assert loaded == sample
        assert type(loaded)._fields == tuple(NAMES)
        assert repr(loaded) == repr(sample)
        assert type(again) is type(loaded)
    assert type(pickle.loads(pickle.dumps(Derived(3)))) is Derived


@given(st.lists(st.text(max_size=4), unique=True, max_size=5))
def test_any_name(names):
    sample = namedtuple("Sample", names)(*range(len(names)))
    assert [sample[name] for name in names] == list(range(len(names)))
    assert list(sample._asdict()) == names
    assert pickle.loads(pickle.dumps(sample)) == sample
    for name in names:
        if name.isidentifier() and name != "__class__":
            assert getattr(sample, name) == sample[name]


def test_torch_goes_through_the_fields():
    converted = torch.utils.data.default_convert(namedtuple("Sample", ["a b"])(np.ones(2)))
    assert torch.equal(converted["a b"], torch.ones(2, dtype=torch.float64))
