"""Batches: collate functions and data loaders, in this process and in others."""

from typing import Any

import pytest
import torch

import metatensor
import metatensor.torch


class SystemEnergy:
    """Lazily made tensor maps, one sample each (functions for worker processes need a name)."""

    def __init__(self, package: Any) -> None:
        self.package = package

    def __call__(self, index: int) -> Any:
        Labels = self.package.Labels
        properties = Labels(["energy"], torch.tensor([[0]]))
        block = self.package.TensorBlock(
            torch.tensor([[float(index)]], dtype=torch.float64),
            Labels(["system"], torch.tensor([[index]])),
            [],
            properties,
        )
        block.add_gradient(
            "strain",
            self.package.TensorBlock(
                torch.tensor([[index + 0.5]], dtype=torch.float64),
                Labels(["sample"], torch.tensor([[0]])),
                [],
                properties,
            ),
        )
        return self.package.TensorMap(Labels(["_"], torch.tensor([[0]])), [block])


@pytest.fixture
def data(twin):
    return twin.package.learn.data


@pytest.fixture
def energy(twin):
    return SystemEnergy(twin.package)


def check_energies(tensor: Any, indices: list[int]) -> None:
    block = tensor.block()
    assert isinstance(block.values, torch.Tensor)
    assert block.values.dtype == torch.float64
    assert block.values.flatten().tolist() == indices
    assert block.samples.names == ["system"]
    assert torch.as_tensor(block.samples.values).flatten().tolist() == indices
    gradient = block.gradient("strain")
    assert gradient.values.flatten().tolist() == [i + 0.5 for i in indices]
    assert torch.as_tensor(gradient.samples.values).flatten().tolist() == list(range(len(indices)))


class TestGroup:
    def test_values(self, data, energy):
        dataset = data.Dataset(x=[torch.zeros(2), torch.ones(2)], e=energy, s=["a", "b"])
        samples = list(dataset)
        batch = data.group(samples)
        assert type(batch).__name__ == "Batch"
        assert batch._fields == ("x", "e", "s")
        assert batch.s == ("a", "b")
        assert type(batch.e) is tuple
        assert batch.x[1] is samples[1].x
        assert batch.e[1] is samples[1].e

    def test_errors(self, data):
        a, b = data.Dataset(a=[1]), data.Dataset(a=[2], b=[3])
        for function in (data.group, data.group_and_join):
            with pytest.raises(ValueError, match=r"\['a'\].*\['a', 'b'\]"):
                function([a[0], b[0]])
            with pytest.raises(IndexError):
                function([])


class TestGroupAndJoin:
    def test_tensor_maps_of_all_packages(self, data):
        dataset = data.Dataset(
            size=3, python=SystemEnergy(metatensor), script=SystemEnergy(metatensor.torch)
        )
        batch = data.group_and_join([dataset[2], dataset[0], dataset[1]])
        assert type(batch).__name__ == "Batch"
        assert isinstance(batch.python, metatensor.TensorMap)
        assert isinstance(batch.script, torch.ScriptObject)
        check_energies(batch.python, [2, 0, 1])
        check_energies(batch.script, [2, 0, 1])

    def test_other_values(self, data, twin):
        block = twin.block(torch.zeros(1, 1))
        labels = twin.labels(["a"], [0])
        dataset = data.Dataset(
            scalar=[torch.tensor(1.0), torch.tensor(2.0)],
            vector=[torch.zeros(3), torch.ones(3)],
            matrix=[torch.zeros(2, 3), torch.ones(1, 3)],
            block=[block, block],
            labels=[labels, labels],
            name=["a", "b"],
        )
        batch = data.group_and_join(list(dataset))
        assert batch.scalar.tolist() == [[1.0], [2.0]]
        assert batch.vector.shape == (2, 3)
        assert batch.matrix.shape == (3, 3)
        assert batch.block == (block, block)
        assert batch.labels[0] is labels
        assert batch.name == ("a", "b")

    def test_sample_id(self, data):
        ids = [torch.tensor([1]), torch.tensor([2])]
        dataset = data.IndexedDataset(sample_id=ids, x=[torch.zeros(1), torch.ones(1)])
        batch = data.group_and_join(list(dataset), fields_to_join=["sample_id", "x"])
        assert batch.sample_id == tuple(ids)
        assert batch.x.shape == (2, 1)

    def test_fields_to_join(self, data):
        dataset = data.Dataset.from_dict(
            {"a b": [torch.zeros(1), torch.ones(1)], "c": [torch.zeros(1), torch.ones(1)]}
        )
        batch = data.group_and_join(list(dataset), fields_to_join=["a b", "unknown"])
        assert batch["a b"].shape == (2, 1)
        assert type(batch.c) is tuple

    def test_join_kwargs(self, data, twin):
        def first_keys(index):
            return twin.tensor([torch.ones(1, 1)] * (index + 1))

        dataset = data.Dataset(size=2, a=first_keys)
        with pytest.raises(Exception, match="keys") as error:
            data.group_and_join(list(dataset))
        if twin.name == "python":
            assert error.type is metatensor.NotEqualError

        options = {"different_keys": "union", "add_dimension": "tensor"}
        batch = data.group_and_join(list(dataset), join_kwargs=options)
        assert len(batch.a) == 2
        assert batch.a.sample_names == ["s", "tensor"]
        assert options == {"different_keys": "union", "add_dimension": "tensor"}

        with pytest.raises(TypeError, match="axis"):
            data.group_and_join(list(dataset), join_kwargs={"axis": "properties"})

    def test_same_samples(self, data, energy):
        dataset = data.Dataset(size=2, energy=energy)
        with pytest.raises(Exception, match="(?i)unique|duplicate|already"):
            data.group_and_join([dataset[0], dataset[0]])


class TestDataLoader:
    def test_batches(self, data, energy):
        dataset = data.Dataset(size=5, energy=energy, x=lambda i: torch.tensor(i))
        loader = data.DataLoader(dataset, batch_size=2)
        assert isinstance(loader, torch.utils.data.DataLoader)
        batches = list(loader)
        assert [batch.x.flatten().tolist() for batch in batches] == [[0, 1], [2, 3], [4]]
        check_energies(batches[1].energy, [2, 3])
        assert len(data.DataLoader(dataset, batch_size=2, drop_last=True)) == 2

    def test_collate_fn(self, data, energy):
        dataset = data.Dataset(size=4, energy=energy)
        batch = next(iter(data.DataLoader(dataset, data.group, batch_size=4)))
        assert type(batch.energy) is tuple
        assert len(batch.energy) == 4

    def test_samplers_and_subsets(self, data):
        dataset = data.Dataset(x=[torch.tensor(i) for i in range(6)])
        loader = data.DataLoader(dataset, batch_size=3, sampler=[5, 1, 3])
        assert next(iter(loader)).x.flatten().tolist() == [5, 1, 3]

        generator = torch.Generator().manual_seed(0)
        first, second = torch.utils.data.random_split(dataset, [4, 2], generator=generator)
        seen = [i for part in (first, second) for b in data.DataLoader(part) for i in b.x.tolist()]
        assert sorted(seen) == [[i] for i in range(6)]

        both = torch.utils.data.ConcatDataset([dataset, dataset])
        batch = next(iter(data.DataLoader(both, batch_size=12)))
        assert batch.x.flatten().tolist() == [*range(6), *range(6)]

    # JAX, which other tests import, and Python 3.12 warn about threads when the workers start
    @pytest.mark.filterwarnings("ignore:.*fork")
    @pytest.mark.parametrize("collate", ["group_and_join", "group"])
    def test_workers(self, data, twin, energy, collate):
        dataset = data.IndexedDataset.from_dict(
            {
                "energy": energy,
                "a b": [torch.full((1, 2), float(i)) for i in range(5)],
                "labels": [twin.labels(["a"], [i]) for i in range(5)],
                "block": [twin.block(torch.ones(i, 1)) for i in range(5)],
            },
            sample_id=list(range(5)),
        )
        loader = data.DataLoader(
            dataset,
            getattr(data, collate),
            batch_size=2,
            num_workers=2,
            multiprocessing_context="fork",
            timeout=300,  # fail instead of waiting for data that a worker could not send
        )
        batches = list(loader)
        assert [batch.sample_id for batch in batches] == [(0, 1), (2, 3), (4,)]
        for batch in batches:
            assert type(batch).__name__ == "Batch"
            ids = list(batch.sample_id)
            if collate == "group_and_join":
                check_energies(batch.energy, ids)
                assert batch["a b"][:, 1].tolist() == ids
            else:
                for energy_of_sample, i in zip(batch.energy, ids, strict=True):
                    check_energies(energy_of_sample, [i])
            for i, labels, block in zip(ids, batch.labels, batch.block, strict=True):
                assert labels == twin.labels(["a"], [i])
                assert isinstance(labels.values, torch.Tensor)
                assert torch.equal(block.values, torch.ones(i, 1))
