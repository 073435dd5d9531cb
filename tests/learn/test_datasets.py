from types import SimpleNamespace

import numpy as np
import pytest
import torch


@pytest.fixture
def data(twin) -> SimpleNamespace:
    return twin.package.learn.data


class TestDataset:
    def test_samples(self, data):
        energies = [1.0, 2.0, 3.0]
        dataset = data.Dataset(energy=energies, charge=lambda i: 10 * i, name=["a", "b", "c"])
        assert isinstance(dataset, torch.utils.data.Dataset)
        assert len(dataset) == 3

        sample = dataset[1]
        assert type(sample).__name__ == "Sample"
        assert sample._fields == ("energy", "charge", "name")
        assert sample == (2.0, 10, "b")
        assert type(dataset[0]) is type(sample)
        assert list(dataset) == [(1.0, 0, "a"), (2.0, 10, "b"), (3.0, 20, "c")]
        assert dataset._data["energy"] is energies
        assert callable(dataset._data["charge"])

    def test_from_dict(self, data):
        dataset = data.Dataset.from_dict({"mtt::energy": [1, 2], "self": ["a", "b"]})
        assert dataset[1]["mtt::energy"] == 2
        assert dataset[1].self == "b"
        dataset = data.Dataset.from_dict({"size": [1, 2], 3: ["a", "b"]})
        assert dataset[1] == (2, "b")
        assert dataset[1]._fields == ("size", "3")
        assert len(data.Dataset.from_dict({"a b": lambda i: i}, size=4)) == 4

    def test_size(self, data):
        assert len(data.Dataset(size=2, a=[1, 2])) == 2
        assert len(data.Dataset(3, a=lambda i: i)) == 3
        assert len(data.Dataset(size=np.int64(1), a=[1])) == 1
        assert list(data.Dataset(size=2)) == [(), ()]
        assert len(data.Dataset(a=[])) == 0

        with pytest.raises(ValueError, match="`size` is required"):
            data.Dataset(a=lambda i: i)
        with pytest.raises(ValueError, match="`size` is required"):
            data.Dataset()
        with pytest.raises(ValueError, match=r"\[10, 9\]"):
            data.Dataset(a=list(range(10)), f=lambda i: i, b=list(range(9)))
        with pytest.raises(ValueError, match=r"size.*7.*\[10, 10\]"):
            data.Dataset(size=7, a=list(range(10)), b=list(range(10)))
        with pytest.raises(ValueError, match="negative.*-1"):
            data.Dataset(size=-1, a=lambda i: i)
        with pytest.raises(TypeError):
            data.Dataset(size=1.5, a=lambda i: i)

    def test_functions_are_called_at_each_access(self, data):
        calls = []
        dataset = data.Dataset(size=3, a=calls.append)
        assert calls == []
        assert dataset[2].a is None
        assert dataset[np.int32(2)].a is None
        assert calls == [2, 2]
        assert type(calls[1]) is int

    def test_index(self, data):
        dataset = data.Dataset(a=[1, 2, 3])
        for index in (1, np.int8(1), torch.tensor(1), 1.9, True):
            assert dataset[index].a == 2
        for wrong in (-1, 3, 10):
            with pytest.raises(ValueError, match=f"index {wrong} "):
                dataset[wrong]
        with pytest.raises(TypeError):
            dataset[:2]

    def test_types(self, data):
        data.Dataset(a=[True, 1], b=[None, None])
        with pytest.raises(TypeError, match="'a'.*bool"):
            data.Dataset(a=[1, True])
        for wrong in ((1, 2), np.zeros(2), torch.zeros(2), "ab", None):
            with pytest.raises(TypeError, match=type(wrong).__name__):
                data.Dataset(a=wrong)

    def test_sample_id_is_refused(self, data):
        with pytest.raises(ValueError, match="IndexedDataset"):
            data.Dataset(sample_id=[1, 2])
        with pytest.raises(ValueError, match="IndexedDataset"):
            data.Dataset.from_dict({"sample_id": [1, 2]})

    def test_errors_of_functions(self, data, tmp_path):
        def load(index):
            return (tmp_path / f"{index}.mts").read_bytes()

        dataset = data.Dataset(size=10, features=load)
        with pytest.raises(ValueError, match="'features'.*index 7") as error:
            dataset[7]
        assert isinstance(error.value.__cause__, FileNotFoundError)


class TestIndexedDataset:
    def test_samples(self, data):
        ids = ["x", 3, ("a", 1)]
        dataset = data.IndexedDataset(a=[1, 2, 3], b=lambda identifier: [identifier], sample_id=ids)
        assert isinstance(dataset, torch.utils.data.Dataset)
        assert len(dataset) == 3
        assert dataset[0]._fields == ("sample_id", "a", "b")
        assert list(dataset) == [("x", 1, ["x"]), (3, 2, [3]), (("a", 1), 3, [("a", 1)])]
        assert dataset.get_sample(("a", 1)) == dataset[2]
        assert dataset._data["a"][1] == 2
        assert len(data.IndexedDataset(["x"])) == 1

        with pytest.raises(ValueError, match="nope"):
            dataset.get_sample("nope")
        for wrong in (-1, 3):
            with pytest.raises(ValueError, match=f"index {wrong} "):
                dataset[wrong]

    def test_from_dict(self, data):
        dataset = data.IndexedDataset.from_dict({"mtt::a": [1, 2]}, sample_id=["x", "y"])
        assert dataset.get_sample("y")["mtt::a"] == 2
        with pytest.raises(ValueError, match="sample_id"):
            data.IndexedDataset.from_dict({"sample_id": [1, 2]}, sample_id=["x", "y"])

    def test_construction_errors(self, data):
        with pytest.raises(ValueError, match=r"`sample_id` has 9 entries.*\[9, 10\]"):
            data.IndexedDataset(sample_id=list(range(9)), a=list(range(10)))
        # before anything else is checked
        with pytest.raises(ValueError, match="unique"):
            data.IndexedDataset(sample_id=[1, 2, 1], a=3)
        with pytest.raises(TypeError, match="`sample_id` must be a list.*tuple"):
            data.IndexedDataset(sample_id=(1, 2), a=[1, 2])
        with pytest.raises(TypeError, match="unhashable"):
            data.IndexedDataset(sample_id=[[1], [2]], a=[1, 2])
        with pytest.raises(TypeError, match="'a'.*int"):
            data.IndexedDataset(sample_id=[1, 2], a=[1, True])
        with pytest.raises(ValueError, match="`Dataset`"):
            data.IndexedDataset(sample_id=[1, 2], size=2)
        with pytest.raises(ValueError, match="`Dataset`"):
            data.IndexedDataset.from_dict({"size": [1, 2]}, sample_id=[1, 2])

    def test_errors_of_functions(self, data):
        def load(identifier):
            raise KeyError(identifier)

        dataset = data.IndexedDataset(sample_id=["x", "y"], features=load)
        for access in (lambda: dataset[1], lambda: dataset.get_sample("y")):
            with pytest.raises(ValueError, match="'features'.*'y'") as error:
                access()
            assert isinstance(error.value.__cause__, KeyError)
