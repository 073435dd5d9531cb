"""Data sets on disk: what is written comes back, in pieces, also after a crash."""

import os
import pickle
import signal
import subprocess
import sys
from typing import Any

import metatensor.torch.learn.disk
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import metatensor
import metatensor.learn.disk
import metatensor.torch


@pytest.fixture
def disk(twin):
    return twin.package.learn.disk


def energy(twin: Any, value: float, dtype: torch.dtype = torch.float64) -> Any:
    """One block, with gradients."""
    properties = twin.labels(["energy"], [0])
    block = twin.TensorBlock(
        torch.tensor([[value]], dtype=dtype), twin.labels(["system"], [0]), [], properties
    )
    n_atoms = int(value) % 4
    gradient = twin.TensorBlock(
        torch.arange(3 * n_atoms, dtype=dtype).reshape(n_atoms, 3, 1) + value,
        twin.labels(["sample", "atom"], [[0, i] for i in range(n_atoms)]),
        [twin.labels(["xyz"], [0, 1, 2])],
        properties,
    )
    block.add_gradient("positions", gradient)
    return twin.TensorMap(twin.labels(["_"], [0]), [block])


def features(twin: Any, types: list[int]) -> Any:
    """A different block for each type of atoms, with different numbers of samples."""
    blocks = []
    for center_type in sorted(set(types)):
        atoms = [i for i, t in enumerate(types) if t == center_type]
        blocks.append(
            twin.TensorBlock(
                torch.randn(len(atoms), 2),
                twin.labels(["system", "atom"], [[7, i] for i in atoms]),
                [],
                twin.labels(["n"], [0, center_type]),
            )
        )
    tensor = twin.TensorMap(twin.labels(["center_type"], sorted(set(types))), blocks)
    tensor.set_info("unit", "none")
    return tensor


def check_same(result: Any, expected: Any) -> None:
    assert type(result) is type(expected)
    assert len(result.keys) == len(expected.keys)
    assert result.info() == expected.info()
    for key, block in expected.items():
        check_same_block(result.block(key), block)


def check_same_block(result: Any, expected: Any) -> None:
    assert result.values.dtype == expected.values.dtype
    assert torch.equal(result.values, expected.values)
    assert result.samples == expected.samples
    assert result.components == expected.components
    assert result.properties == expected.properties
    assert result.gradients_list() == expected.gradients_list()
    for parameter, gradient in expected.gradients():
        check_same_block(result.gradient(parameter), gradient)


TYPES = [[1], [6, 1, 1], [8, 8], [1, 6], [6], [1, 8, 1], [1]]


@pytest.fixture
def samples(twin):
    return [
        {"energy": energy(twin, float(i)), "mtt::features/x": features(twin, types)}
        for i, types in enumerate(TYPES)
    ]


class TestRoundTrip:
    @pytest.mark.parametrize("chunk_size", [1, 3, 100])
    def test_samples(self, disk, samples, tmp_path, chunk_size):
        with disk.DiskDatasetWriter(tmp_path / "new" / "data", chunk_size) as writer:
            for i, sample in enumerate(samples):
                assert len(writer) == i
                # the order of the fields is the one of the first sample
                names = sorted(sample, reverse=i % 2 == 1)
                writer.append({name: sample[name] for name in names})

        dataset = disk.DiskDataset(str(tmp_path / "new" / "data"))
        assert isinstance(dataset, torch.utils.data.Dataset)
        assert len(dataset) == len(samples)
        assert dataset[0]._fields == ("energy", "mtt::features/x")
        for i in [5, 0, 6, 3, 3, 1, 2, 4]:
            for name, expected in samples[i].items():
                check_same(dataset[i][name], expected)
        for i, sample in enumerate(dataset):
            check_same(sample.energy, samples[i]["energy"])

        for wrong in (-1, len(samples)):
            with pytest.raises(ValueError, match=f"index {wrong} "):
                dataset[wrong]

    def test_append_to_existing(self, disk, samples, tmp_path):
        for i, sample in enumerate(samples):
            with disk.DiskDatasetWriter(tmp_path) as writer:
                assert len(writer) == i
                writer.append(sample)
                if i == 2:
                    opened = disk.DiskDataset(tmp_path)
        # what was there when the data set was opened
        assert len(opened) == 2
        check_same(opened[1].energy, samples[1]["energy"])

        dataset = disk.DiskDataset(tmp_path)
        assert len(dataset) == len(samples)
        for i, sample in enumerate(samples):
            check_same(dataset[i]["mtt::features/x"], sample["mtt::features/x"])

    def test_both_versions_of_the_classes(self, disk, twin, samples, tmp_path):
        with disk.DiskDatasetWriter(tmp_path, 2) as writer:
            for sample in samples[:3]:
                writer.append(sample)
        other = metatensor.torch.learn if twin.name == "python" else metatensor.learn
        dataset = other.disk.DiskDataset(tmp_path)
        for i in range(3):
            values = dataset[i].energy.block().gradient("positions").values
            expected = samples[i]["energy"].block().gradient("positions").values
            assert torch.equal(values, expected)
            assert type(dataset[i].energy) is not type(samples[i]["energy"])

    def test_values_are_copied(self, disk, twin, tmp_path):
        sample = energy(twin, 2.0)
        with disk.DiskDatasetWriter(tmp_path) as writer:
            writer.append({"energy": sample})
            sample.block().values[:] = -1
            values = torch.ones((1, 1), dtype=torch.float64, requires_grad=True)
            block = energy(twin, 2.0).block()
            with_autograd = twin.TensorBlock(values * 3, block.samples, [], block.properties)
            with_autograd.add_gradient("positions", block.gradient("positions").copy())
            writer.append({"energy": twin.TensorMap(sample.keys, [with_autograd])})
        dataset = disk.DiskDataset(tmp_path)
        assert dataset[0].energy.block().values.item() == 2.0
        assert dataset[1].energy.block().values.item() == 3.0
        assert not dataset[1].energy.block().values.requires_grad

    def test_files_are_ordinary(self, disk, samples, tmp_path):
        with disk.DiskDatasetWriter(tmp_path, 4) as writer:
            for sample in samples:
                writer.append(sample)
        chunks = [metatensor.load(tmp_path / f"chunk-00000{i}" / "field-0.mts") for i in range(2)]
        everything = metatensor.join(chunks, "samples").block()
        assert everything.samples.names == ["system", "entry"]
        assert everything.values.flatten().tolist() == [float(i) for i in range(len(samples))]

    def test_read_only_what_is_needed(self, disk, twin, tmp_path):
        block = twin.block(torch.randn(1000, 100, dtype=torch.float64))
        tensor = twin.TensorMap(twin.labels(["_"], [0]), [block])
        with disk.DiskDatasetWriter(tmp_path) as writer:
            for _ in range(20):
                writer.append({"a": tensor})
        dataset = disk.DiskDataset(tmp_path)
        check_same(dataset[3].a, tensor)

        before = bytes_read()
        check_same(dataset[17].a, tensor)
        assert bytes_read() - before < 1.1 * 1000 * 100 * 8


def bytes_read() -> int:
    with open("/proc/self/io") as file:
        return int(file.readline().removeprefix("rchar: "))


class TestProcesses:
    def test_pickle(self, disk, samples, tmp_path):
        with disk.DiskDatasetWriter(tmp_path, 3) as writer:
            for sample in samples:
                writer.append(sample)
        dataset = disk.DiskDataset(tmp_path)
        dataset[2]
        other = pickle.loads(pickle.dumps(dataset))
        check_same(other[5].energy, samples[5]["energy"])

    # JAX, which other tests import, and Python 3.12 warn about threads when the workers start
    @pytest.mark.filterwarnings("ignore:.*fork")
    def test_workers(self, disk, twin, samples, tmp_path):
        with disk.DiskDatasetWriter(tmp_path, 3) as writer:
            for sample in samples:
                writer.append(sample)
        dataset = disk.DiskDataset(tmp_path)
        dataset[0]  # open files before the workers start
        loader = twin.package.learn.data.DataLoader(
            dataset,
            twin.package.learn.data.group,
            batch_size=2,
            num_workers=2,
            multiprocessing_context="fork",
            timeout=300,  # fail instead of waiting for data that a worker could not send
        )
        values = [energy for batch in loader for energy in batch.energy]
        assert len(values) == len(samples)
        for result, sample in zip(values, samples, strict=True):
            check_same(result, sample["energy"])


CRASH = """
import os, sys, torch
import metatensor
from metatensor.learn.disk import DiskDatasetWriter, _chunk

def stop(path):
    if str(path).endswith(sys.argv[2]):
        os.kill(os.getpid(), 9)

_chunk._synchronize = stop
writer = DiskDatasetWriter(sys.argv[1], chunk_size=4)
while True:
    block = metatensor.block_from_array(torch.tensor([[float(len(writer))]]))
    writer.append({"a": metatensor.TensorMap(metatensor.Labels.single(), [block])})
"""


class TestCrash:
    # while the files of a chunk are written, before it gets its name, and after this
    @pytest.mark.parametrize(
        "when, n_complete", [("field-0.mts", 4), ("chunk-000001.partial", 4), ("data", 8)]
    )
    def test_killed_while_writing(self, tmp_path, when, n_complete):
        folder = tmp_path / "data"
        disk = metatensor.learn.disk

        def tensor(value):
            block = metatensor.block_from_array(torch.tensor([[float(value)]]))
            return metatensor.TensorMap(metatensor.Labels.single(), [block])

        with disk.DiskDatasetWriter(folder, chunk_size=4) as writer:
            for i in range(4):
                writer.append({"a": tensor(i)})

        result = subprocess.run([sys.executable, "-c", CRASH, str(folder), when])
        assert result.returncode == -signal.SIGKILL
        values = [sample.a.block().values.item() for sample in disk.DiskDataset(folder)]
        assert values == list(range(n_complete))

        with disk.DiskDatasetWriter(folder) as writer:
            writer.append({"a": tensor(-1)})
        values = [sample.a.block().values.item() for sample in disk.DiskDataset(folder)]
        assert values == [*range(n_complete), -1]
        assert not any(name.endswith(".partial") for name in os.listdir(folder))

    def test_exception_while_generating(self, disk, samples, tmp_path):
        with pytest.raises(RuntimeError, match="stop"):
            with disk.DiskDatasetWriter(tmp_path) as writer:
                writer.append(samples[0])
                raise RuntimeError("stop")
        assert len(disk.DiskDataset(tmp_path)) == 1


class TestErrors:
    def test_append(self, disk, twin, tmp_path):
        good = {"energy": energy(twin, 1.0)}
        block = twin.block(torch.ones(1, 1, dtype=torch.float64))
        other_info = energy(twin, 1.0)
        other_info.set_info("unit", "eV")
        properties = energy(twin, 1.0).block()
        other_properties = twin.TensorBlock(
            properties.values, properties.samples, [], twin.labels(["energy"], [1])
        )
        other_properties.add_gradient(
            "positions",
            twin.TensorBlock(
                properties.gradient("positions").values,
                properties.gradient("positions").samples,
                properties.gradient("positions").components,
                twin.labels(["energy"], [1]),
            ),
        )
        single = twin.labels(["_"], [0])
        wrong = {
            "a list": ({"energy": [1]}, TypeError, "'energy' must be a metatensor TensorMap"),
            "no fields": ({}, ValueError, "fields"),
            "other fields": ({"e": energy(twin, 1.0)}, ValueError, "'energy'.*'e'"),
            "dtype": ({"energy": energy(twin, 1.0, torch.float32)}, ValueError, "dtype"),
            "samples": ({"energy": twin.TensorMap(single, [block])}, ValueError, "samples"),
            "info": ({"energy": other_info}, ValueError, "information"),
            "properties": (
                {"energy": twin.TensorMap(single, [other_properties])},
                Exception,
                "properties",
            ),
        }
        with disk.DiskDatasetWriter(tmp_path) as writer:
            for repeat in range(2):
                writer.append(good)
                for description, (sample, error, match) in wrong.items():
                    with pytest.raises(error, match=match):
                        writer.append(sample)
                    assert len(writer) == repeat + 1, description
                writer.flush()
                writer.flush()
        # the same rules for samples in another session
        with disk.DiskDatasetWriter(tmp_path) as writer:
            for sample, error, match in wrong.values():
                with pytest.raises(error, match=match):
                    writer.append(sample)
            writer.append(good)
        assert len(disk.DiskDataset(tmp_path)) == 3

    def test_arguments(self, disk, tmp_path):
        with pytest.raises(ValueError, match="`chunk_size`.*0"):
            disk.DiskDatasetWriter(tmp_path, chunk_size=0)
        with pytest.raises(TypeError):
            disk.DiskDatasetWriter(tmp_path, chunk_size=1.5)
        with pytest.raises(FileNotFoundError, match="nothing"):
            disk.DiskDataset(tmp_path / "nothing")
        with pytest.raises(ValueError, match="no samples"):
            disk.DiskDataset(tmp_path)

    def test_damaged(self, disk, samples, tmp_path):
        with disk.DiskDatasetWriter(tmp_path, 2) as writer:
            for sample in samples[:4]:
                writer.append(sample)
        first, second = tmp_path / "chunk-000000", tmp_path / "chunk-000001"

        # files of another chunk
        (second / "field-0.mts").rename(second / "original")
        (second / "field-0.mts").write_bytes((first / "field-0.mts").read_bytes())
        dataset = disk.DiskDataset(tmp_path)
        with pytest.raises(ValueError, match="'energy'.*index 2") as error:
            dataset[2]
        assert "other samples" in str(error.value.__cause__)

        description = (second / "chunk.json").read_text()
        for damaged in (
            "",
            "{}",
            "[]",
            "{",
            description.replace('"version": 1', '"version": 2'),
            description.replace('"size": 2', '"size": "2"'),
            description.replace('"size": 2', '"size": -2'),
            description.replace('"energy"', "7"),
            description.replace('"missing": [', '"missing": [[], '),
            description.replace('"missing": [', '"missing": [["a"], '),
            description.replace('"missing": ', '"missing": 3, "a": '),
        ):
            assert damaged != description
            (second / "chunk.json").write_text(damaged)
            with pytest.raises(ValueError, match="chunk-000001.chunk.json"):
                disk.DiskDataset(tmp_path)
        (second / "chunk.json").write_text((first / "chunk.json").read_text())
        with pytest.raises(ValueError, match="does not belong"):
            disk.DiskDataset(tmp_path)


@given(
    st.lists(st.lists(st.sampled_from([1, 6, 8]), min_size=1, max_size=4), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_any_samples(tmp_path_factory, all_types, chunk_size):
    class Twin:
        TensorBlock = metatensor.TensorBlock
        TensorMap = metatensor.TensorMap

        @staticmethod
        def labels(names, rows):
            return metatensor.Labels(names, torch.tensor(rows).reshape(-1, len(names)))

    folder = tmp_path_factory.mktemp("data")
    tensors = [features(Twin, types) for types in all_types]
    with metatensor.learn.disk.DiskDatasetWriter(folder, chunk_size) as writer:
        for tensor in tensors:
            writer.append({"a": tensor})
    dataset = metatensor.learn.disk.DiskDataset(folder)
    assert len(dataset) == len(tensors)
    for sample, tensor in zip(dataset, tensors, strict=True):
        check_same(sample.a, tensor)
