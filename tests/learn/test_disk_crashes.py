"""Data sets on disk after a crash, or any other failure, while they are written."""

import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest
import torch

import metatensor
import metatensor.learn.disk

CRASH = """
import os, sys, torch
import metatensor
from metatensor.learn.disk import DiskDatasetWriter

folder, n_calls = sys.argv[1], int(sys.argv[2])

def fsync(descriptor):
    # the process stops in one of the calls which make data durable
    global n_calls
    n_calls -= 1
    if n_calls == 0:
        os.kill(os.getpid(), 9)

os.fsync = fsync
writer = DiskDatasetWriter(folder, chunk_size=4)
for i in range(4):
    block = metatensor.block_from_array(torch.tensor([[float(len(writer))]]))
    writer.append({"a": metatensor.TensorMap(metatensor.Labels.single(), [block])})
assert False, "not killed"
"""


def numbered(value: float) -> metatensor.TensorMap:
    block = metatensor.block_from_array(torch.tensor([[float(value)]]))
    return metatensor.TensorMap(metatensor.Labels.single(), [block])


def crash_while_writing(path: Any, n_calls: int) -> None:
    result = subprocess.run([sys.executable, "-c", CRASH, str(path), str(n_calls)])
    assert result.returncode == -signal.SIGKILL


def values_in(path: Any) -> list[float]:
    return [sample.a.block().values.item() for sample in metatensor.learn.disk.DiskDataset(path)]


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files after a crash at the end of writing the second chunk; and "before", the first one."""
    folder = tmp_path_factory.mktemp("crashed")
    path = folder / "data.mts"
    with metatensor.learn.disk.DiskDatasetWriter(path) as writer:
        for i in range(4):
            writer.append({"a": numbered(i)})
    before = path.read_bytes()
    crash_while_writing(path, 3)
    return {"before": before, **{name: (folder / name).read_bytes() for name in os.listdir(folder)}}


class TestCrash:
    # while the journal, the file, and the removal of the journal are written
    @pytest.mark.parametrize("n_calls, n_complete", [(1, 4), (3, 4), (5, 8)])
    def test_killed_while_writing(self, tmp_path, n_calls, n_complete):
        folder = tmp_path / "data"
        disk = metatensor.learn.disk
        with disk.DiskDatasetWriter(folder, chunk_size=4) as writer:
            for i in range(4):
                writer.append({"a": numbered(i)})

        crash_while_writing(folder, n_calls)
        assert values_in(folder) == list(range(n_complete))

        with disk.DiskDatasetWriter(folder) as writer:
            writer.append({"a": numbered(-1)})
        assert values_in(folder) == [*range(n_complete), -1]
        assert os.listdir(folder) == ["a.mts"]

    def test_killed_while_creating(self, tmp_path):
        crash_while_writing(tmp_path / "data", 3)
        with pytest.raises(ValueError, match="no samples"):
            metatensor.learn.disk.DiskDataset(tmp_path / "data")
        assert os.listdir(tmp_path / "data") == []

    def test_any_number_of_bytes_written(self, crashed, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # slow, and nothing crashes here
        path, journal = tmp_path / "data.mts", tmp_path / "data.mts.journal"
        before, after = crashed["before"], crashed["data.mts"]
        common = next(i for i in range(len(before)) if before[i] != after[i])
        for n_written in [*range(common, len(after), 7), len(after)]:
            path.write_bytes(after[:n_written] + before[n_written:])
            journal.write_bytes(crashed["data.mts.journal"])
            if n_written % 50 == 0:
                assert values_in(path) == list(range(4))
            else:
                metatensor.learn.disk.DiskDataset(path)
            assert path.read_bytes() == before
            assert not journal.exists()

    def test_shorter_than_before(self, crashed, tmp_path):
        # not what a crash does: whatever happened to the file, this is noticed
        path = tmp_path / "data.mts"
        for size in range(0, len(crashed["before"]), 7):
            path.write_bytes(crashed["before"][:size])
            with pytest.raises((ValueError, metatensor.MetatensorError)):
                metatensor.learn.disk.DiskDataset(path)

    @pytest.mark.parametrize(
        "content",
        [b"", b"{}", b"[{}]\n", b'[{"name": "../a.mts", "start": 0, "size": null}]\n', b"[1]"],
    )
    def test_damaged_journal(self, crashed, tmp_path, content):
        path = tmp_path / "data" / "data.mts"
        path.parent.mkdir()
        path.write_bytes(crashed["data.mts"])
        (tmp_path / "a.mts").write_bytes(b"something else")
        path.with_name("data.mts.journal").write_bytes(content)
        with pytest.raises(ValueError, match="data.mts.journal' is damaged"):
            metatensor.learn.disk.DiskDataset(path)
        with pytest.raises(ValueError, match="data.mts.journal' is damaged"):
            metatensor.learn.disk.DiskDatasetWriter(path)
        assert path.read_bytes() == crashed["data.mts"]
        assert (tmp_path / "a.mts").exists()

    def test_failure_to_write(self, tmp_path, monkeypatch):
        disk = metatensor.learn.disk
        with disk.DiskDatasetWriter(tmp_path / "data") as writer:
            writer.append({"a": numbered(0), "b": numbered(0)})
            writer.flush()
            before = {p.name: p.read_bytes() for p in (tmp_path / "data").iterdir()}

            writer.append({"a": numbered(1), "b": numbered(1)})
            calls = []

            def fail(descriptor):
                calls.append(descriptor)
                if len(calls) == 4:  # the second of the files
                    raise OSError("no space left")

            with monkeypatch.context() as context:
                context.setattr(os, "fsync", fail)
                with pytest.raises(OSError, match="no space left"):
                    writer.flush()
            assert {p.name: p.read_bytes() for p in (tmp_path / "data").iterdir()} == before
            # nothing is lost
            assert len(writer) == 2
        assert values_in(tmp_path / "data") == [0, 1]

    def test_several_writers(self, tmp_path):
        for path in (tmp_path / "folder", tmp_path / "data.mts"):
            first = metatensor.learn.disk.DiskDatasetWriter(path)
            second = metatensor.learn.disk.DiskDatasetWriter(path)
            first.append({"a": numbered(0)})
            first.flush()
            second.append({"a": numbered(1)})
            with pytest.raises(ValueError, match="only be one writer"):
                second.flush()
            first.append({"a": numbered(2)})
            first.flush()
            assert values_in(path) == [0, 2]

    def test_open_while_writing(self, tmp_path, monkeypatch):
        """What was opened before stays valid; who wants to open now waits for the end."""
        path = tmp_path / "data.mts"
        with metatensor.learn.disk.DiskDatasetWriter(path, 2) as writer:
            for i in range(4):
                writer.append({"a": numbered(i)})
            opened = metatensor.learn.disk.DiskDataset(path)

            results = []
            reader = threading.Thread(target=lambda: results.append(values_in(path)))
            fsync = os.fsync

            def fsync_while_reading(descriptor):
                if not reader.is_alive() and not results:
                    reader.start()
                assert results == []
                fsync(descriptor)

            monkeypatch.setattr(os, "fsync", fsync_while_reading)
            writer.append({"a": numbered(4)})
            writer.flush()
            reader.join()
        assert results == [[0, 1, 2, 3, 4]]
        assert [sample.a.block().values.item() for sample in opened] == [0, 1, 2, 3]
