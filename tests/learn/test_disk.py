"""Data sets on disk: what is written comes back, in pieces."""

import os
import pickle
import shutil
import zipfile
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import metatensor
import metatensor.learn.disk
import metatensor.torch
import metatensor.torch.learn.disk


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
        with disk.DiskDatasetWriter(tmp_path / "one.mts", 4) as writer:
            for sample in samples:
                writer.append({"energy": sample["energy"]})
        with zipfile.ZipFile(tmp_path / "one.mts") as archive:
            assert archive.testzip() is None
            assert len(set(archive.namelist())) == len(archive.namelist())

        for use_numpy in (False, True):
            tensor = metatensor.load(tmp_path / "one.mts", use_numpy=use_numpy)
            everything = tensor.keys_to_samples("chunk").block()
            assert everything.samples.names == ["system", "entry", "chunk"]
            expected = [float(i) for i in range(len(samples))]
            assert everything.values.flatten().tolist() == expected

    def test_single_file(self, disk, samples, tmp_path):
        path = tmp_path / "new" / "data.mts"
        for i, sample in enumerate(samples):
            with disk.DiskDatasetWriter(path, 2) as writer:
                assert len(writer) == i
                writer.append({"mtt::x": sample["mtt::features/x"]})
        dataset = disk.DiskDataset(path)
        assert dataset[0]._fields == ("mtt::x",)
        for sample, expected in zip(dataset, samples, strict=True):
            check_same(sample["mtt::x"], expected["mtt::features/x"])
        assert os.listdir(path.parent) == ["data.mts"]

        with disk.DiskDatasetWriter(tmp_path / "other.mts") as writer:
            with pytest.raises(ValueError, match="one file can only contain one field"):
                writer.append(samples[0])

    def test_read_only_what_is_needed(self, disk, twin, tmp_path):
        block = twin.block(torch.randn(1000, 100, dtype=torch.float64))
        tensor = twin.TensorMap(twin.labels(["_"], [0]), [block])
        path = tmp_path / "data.mts"
        with disk.DiskDatasetWriter(path) as writer:
            for _ in range(20):
                writer.append({"a": tensor})
        dataset = disk.DiskDataset(path)
        check_same(dataset[3].a, tensor)

        before = bytes_read()
        check_same(dataset[17].a, tensor)
        assert bytes_read() - before < 10_000  # not read, but mapped


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
        content = pickle.dumps(dataset)
        with disk.DiskDatasetWriter(tmp_path) as writer:
            writer.append(samples[0])
        other = pickle.loads(content)
        assert len(other) == len(samples)
        check_same(other[5].energy, samples[5]["energy"])

        shutil.rmtree(tmp_path)
        with disk.DiskDatasetWriter(tmp_path) as writer:
            writer.append(samples[0])
        with pytest.raises(ValueError, match="there were 7 samples in .*, now 1"):
            pickle.loads(content)

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


class TestErrors:
    def test_exception_while_generating(self, disk, samples, tmp_path):
        with pytest.raises(RuntimeError, match="stop"):
            with disk.DiskDatasetWriter(tmp_path) as writer:
                writer.append(samples[0])
                raise RuntimeError("stop")
        assert len(disk.DiskDataset(tmp_path)) == 1

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
            "reserved names": (
                {"energy": twin.TensorMap(twin.labels(["chunk"], [0]), [block.copy()])},
                ValueError,
                "dimension 'chunk'",
            ),
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
        path = tmp_path / "data.mts"
        with disk.DiskDatasetWriter(path, 2) as writer:
            for sample in samples[:4]:
                writer.append({"energy": sample["energy"]})

        def description(number: int) -> str:
            with zipfile.ZipFile(path) as archive:
                return archive.read(f"entries/{number}.json").decode()

        def with_descriptions(*descriptions: str) -> Any:
            damaged = tmp_path / "damaged.mts"
            with zipfile.ZipFile(path) as archive, zipfile.ZipFile(damaged, "w") as other:
                for name in archive.namelist():
                    if not name.startswith("entries/"):
                        other.writestr(name, archive.read(name))
                for number, content in enumerate(descriptions):
                    other.writestr(f"entries/{number}.json", content)
            return damaged

        first, second = description(0), description(1)
        for damaged in (
            "",
            "{}",
            "[]",
            "{",
            second.replace('"version": 1', '"version": 2'),
            second.replace('"size": 2', '"size": "2"'),
            second.replace('"size": 2', '"size": -2'),
            second.replace('"energy"', "7"),
            second.replace('"energy"', '"a"'),
            second.replace('"field": 0', '"field": 1'),
            second.replace('"missing": [', '"missing": [["a"], '),
            second.replace('"missing": [[]]', '"missing": 3'),
            second.replace('"missing": ', '"other": '),
            first,
        ):
            assert damaged != second
            with pytest.raises(ValueError, match="description 1 .*damaged.mts"):
                disk.DiskDataset(with_descriptions(first, damaged))
        with pytest.raises(ValueError, match="description 0 "):
            disk.DiskDataset(with_descriptions(second))

        # what is only noticed when the sample is read
        for damaged, match in [
            (second.replace('"size": 2', '"size": 1'), "other samples"),
            (second.replace('"missing": [', '"missing": [[], '), "does not have the blocks"),
        ]:
            dataset = disk.DiskDataset(with_descriptions(first, damaged))
            for read in (
                lambda dataset=dataset: dataset[2],
                lambda dataset=dataset: next(iter(loader(disk, dataset, batch_size=3))),
            ):
                with pytest.raises(ValueError, match="'energy'.*(2|indices)") as error:
                    read()
                assert match in str(error.value.__cause__)

    def test_files_of_a_folder(self, disk, samples, tmp_path):
        for name in ("one", "two"):
            with disk.DiskDatasetWriter(tmp_path / name) as writer:
                writer.append(samples[0])
        (tmp_path / "two" / "energy.mts").rename(tmp_path / "two" / "other.mts")
        # names of files have no meaning
        assert disk.DiskDataset(tmp_path / "two")[0]._fields == ("energy", "mtt::features/x")
        (tmp_path / "two" / "other.mts").unlink()
        with pytest.raises(ValueError, match="must contain the fields.*found.*features"):
            disk.DiskDataset(tmp_path / "two")

        with disk.DiskDatasetWriter(tmp_path / "three") as writer:
            writer.append({"a": samples[0]["energy"]})
        shutil.copy(tmp_path / "three" / "a.mts", tmp_path / "one" / "a.mts")
        with pytest.raises(ValueError, match="does not belong to the same data set"):
            disk.DiskDataset(tmp_path / "one")


def loader(disk: Any, dataset: Any, **kwargs: Any) -> Any:
    package = metatensor if disk is metatensor.learn.disk else metatensor.torch
    return package.learn.data.DataLoader(dataset, **kwargs)


class TestBatches:
    """Batches which are read at once are the same as samples which are joined."""

    def check(self, disk: Any, dataset: Any, indices: list[int], **join_kwargs: Any) -> Any:
        package = metatensor if disk is metatensor.learn.disk else metatensor.torch
        collate = package.learn.data.group_and_join
        outcomes = []
        for batch in ([dataset[i] for i in indices], dataset.__getitems__(indices)):
            try:
                outcomes.append(collate(batch, join_kwargs=join_kwargs))
            except Exception as error:
                outcomes.append(error)
        expected, result = outcomes
        assert type(result) is type(expected), result
        if isinstance(expected, Exception):
            # the last line: compiled functions add where the error comes from
            messages = [str(error).strip().splitlines()[-1] for error in outcomes]
            assert messages[0] == messages[1]
            return
        assert result._fields == expected._fields
        for value, expected_value in zip(result, expected, strict=True):
            assert value.keys == expected_value.keys
            check_same(value, expected_value)

    @pytest.mark.parametrize("chunk_size", [2, 100])
    @pytest.mark.parametrize("different_keys", ["error", "union", "intersection", "wrong"])
    def test_join(self, disk, samples, tmp_path, chunk_size, different_keys):
        with disk.DiskDatasetWriter(tmp_path, chunk_size) as writer:
            for sample in samples:
                writer.append(sample)
        dataset = disk.DiskDataset(tmp_path)
        for indices in ([0, 6], [2], [5, 0, 3, 1], [6, 4, 2, 0], [1, 1], [], [3, 2, 5, 4, 0, 1]):
            for options in ({}, {"add_dimension": "batch"}, {"add_dimension": "system"}):
                self.check(disk, dataset, indices, different_keys=different_keys, **options)
        self.check(disk, dataset, [0, 6], axis="samples")

    def test_all_systems(self, disk, twin, tmp_path):
        def numbered(i):
            tensor = energy(twin, float(i))
            block = tensor.block().copy()
            samples = twin.labels(["system"], [i])
            renamed = twin.TensorBlock(block.values, samples, [], block.properties)
            renamed.add_gradient("positions", block.gradient("positions").copy())
            return twin.TensorMap(tensor.keys, [renamed])

        with disk.DiskDatasetWriter(tmp_path / "data.mts", 4) as writer:
            for i in range(10):
                writer.append({"energy": numbered(i)})
        dataset = disk.DiskDataset(tmp_path / "data.mts")
        self.check(disk, dataset, [7, 2, 3, 9, 0, 1])
        batches = list(loader(disk, torch.utils.data.Subset(dataset, [8, 1, 5]), batch_size=2))
        assert [batch.energy.block().values.flatten().tolist() for batch in batches] == [
            [8.0, 1.0],
            [5.0],
        ]
        for wrong in (-1, 10):
            with pytest.raises(ValueError, match=f"index {wrong} "):
                dataset.__getitems__([0, wrong])

    def test_fields_to_join(self, disk, twin, samples, tmp_path):
        with disk.DiskDatasetWriter(tmp_path, 4) as writer:
            for sample in samples:
                writer.append(sample)
        batch = twin.package.learn.data.group_and_join(
            disk.DiskDataset(tmp_path).__getitems__([0, 5]), fields_to_join=[]
        )
        check_same(batch.energy[1], samples[5]["energy"])
        # functions made for the other version of the classes know sequences
        batch = twin.other.learn.data.group(disk.DiskDataset(tmp_path).__getitems__([0, 5]))
        check_same(batch["mtt::features/x"][1], samples[5]["mtt::features/x"])


class TestOrdinaryFiles:
    def test_systems(self, disk, twin, tmp_path):
        """Any file is a data set: its samples are the rows with the same system."""
        types, systems = [1, 6], [[4, 2, 4, 9], [2, 2, 7]]
        blocks = []
        for offset, column in zip((0, 100), systems, strict=True):
            values = torch.arange(2.0 * len(column)).reshape(-1, 2) + offset
            rows = [[system, i] for i, system in enumerate(column)]
            block = twin.TensorBlock(
                values, twin.labels(["system", "atom"], rows), [], twin.labels(["n"], [0, 1])
            )
            parents = [2, 0, 1, 0, 2]
            gradient = twin.TensorBlock(
                torch.arange(10.0).reshape(5, 2) + offset,
                twin.labels(["sample", "a"], [[p, i] for i, p in enumerate(parents)]),
                [],
                twin.labels(["n"], [0, 1]),
            )
            block.add_gradient("g", gradient)
            blocks.append(block)
        tensor = twin.TensorMap(twin.labels(["type"], types), blocks)
        tensor.set_info("unit", "eV")
        path = tmp_path / "features.mts"
        tensor.save(str(path))

        dataset = disk.DiskDataset(path)
        assert len(dataset) == 4
        for sample, system in zip(dataset, [2, 4, 7, 9], strict=True):
            selection = twin.labels(["system"], [system])
            expected = twin.package.slice(tensor, "samples", selection)
            expected.set_info("unit", "eV")
            check_same(sample.features, expected)

        (batch,) = loader(disk, dataset, batch_size=4)
        expected = twin.package.join([sample.features for sample in dataset], "samples")
        check_same(batch.features, expected)
        assert [
            len(sample.features.block(0).samples)
            for sample in disk.DiskDataset(path, dimension="atom")
        ] == [1, 1, 1, 1]

        with pytest.raises(ValueError, match="no dimension 'molecule'.*system.*atom"):
            disk.DiskDataset(path, dimension="molecule")
        with pytest.raises(ValueError, match="not written by `DiskDatasetWriter`"):
            disk.DiskDatasetWriter(path)

        # several files are several fields
        tensor.save(str(tmp_path / "others.mts"))
        assert disk.DiskDataset(tmp_path)[0]._fields == ("features", "others")
        fewer = twin.package.slice(tensor, "samples", twin.labels(["system"], [2, 4]))
        fewer.save(str(tmp_path / "others.mts"))
        with pytest.raises(ValueError, match="same samples"):
            disk.DiskDataset(tmp_path)

    def test_other_content(self, disk, twin, tmp_path):
        block = twin.block(torch.ones(1, 1))
        block.save(str(tmp_path / "block.mts"))
        with pytest.raises(ValueError, match="must contain a TensorMap, not a TensorBlock"):
            disk.DiskDataset(tmp_path / "block.mts")


@settings(max_examples=25)
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
