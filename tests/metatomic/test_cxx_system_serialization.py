import copy
import io
import json
import pickle
import zipfile

import numpy as np
import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import NeighborListOptions, System

save = torch.ops.metatomic.save
load_system = torch.ops.metatomic.load_system
save_buffer = torch.ops.metatomic.save_buffer
load_system_buffer = torch.ops.metatomic.load_system_buffer


def as_tensor(data: bytes) -> torch.Tensor:
    return torch.from_numpy(np.frombuffer(data, dtype=np.uint8).copy())


@pytest.fixture
def system(make_system, make_neighbors, make_data) -> System:
    system = make_system()
    system.add_neighbor_list(NeighborListOptions(3.5, True, True, "me"), make_neighbors(system))
    system.add_neighbor_list(NeighborListOptions(2.5, False, False), make_neighbors(system))
    for name in ["mass", "a::b/c.d", "velocity/x"]:
        system.add_data(name, make_data("p", torch.rand(3, dtype=torch.float64), unit="u"))
    return system


def assert_same(actual: System, expected: System):
    for name in ["types", "positions", "cell", "pbc"]:
        assert torch.equal(getattr(actual, name), getattr(expected, name))

    known = expected.known_neighbor_lists()
    assert [repr(o) for o in actual.known_neighbor_lists()] == [repr(o) for o in known]
    for options in known:
        block = actual.get_neighbor_list(options)
        assert torch.equal(block.values, expected.get_neighbor_list(options).values)
        assert block.samples == expected.get_neighbor_list(options).samples

    assert sorted(actual.known_data()) == sorted(expected.known_data())
    for name in expected.known_data():
        tensor = actual.get_data(name)
        assert torch.equal(tensor.block().values, expected.get_data(name).block().values)
        assert tensor.get_info("unit") == expected.get_data(name).get_info("unit")


def test_round_trip(system, tmp_path):
    path = str(tmp_path / "system.mta")
    save(path, system)
    assert_same(load_system(path), system)
    assert [p.name for p in tmp_path.iterdir()] == ["system.mta"]

    buffer = save_buffer(system)
    assert buffer.dtype == torch.uint8
    assert buffer.dim() == 1
    assert_same(load_system_buffer(buffer), system)
    assert (tmp_path / "system.mta").read_bytes() == bytes(buffer.tolist())

    # any strides are fine
    strided = torch.stack([buffer, buffer], dim=1)[:, 0]
    assert_same(load_system_buffer(strided), system)


def test_pickle(system):
    torch_buffer = io.BytesIO()
    torch.save(system, torch_buffer)
    torch_buffer.seek(0)

    for loaded in [
        copy.deepcopy(system),
        pickle.loads(pickle.dumps(system)),
        torch.load(torch_buffer, weights_only=False),
    ]:
        assert_same(loaded, system)

    state = system.__getstate__()[0]
    assert torch.equal(state, save_buffer(system))


def test_archive_content(system):
    buffer = bytes(save_buffer(system).tolist())
    archive = zipfile.ZipFile(io.BytesIO(buffer))
    assert archive.testzip() is None
    assert archive.namelist() == [
        "positions.npy",
        "cell.npy",
        "types.npy",
        "pbc.npy",
        "pairs/0/options.json",
        "pairs/0/data.mts",
        "pairs/1/options.json",
        "pairs/1/data.mts",
        "data/a::b/c.d.mts",
        "data/mass.mts",
        "data/velocity/x.mts",
    ]
    for info in archive.infolist():
        assert info.compress_type == zipfile.ZIP_STORED
        assert info.date_time == (1980, 1, 1, 0, 0, 0)

    for name, dtype in [
        ("positions", "<f8"),
        ("cell", "<f8"),
        ("types", "<i4"),
        ("pbc", "|b1"),
    ]:
        array = np.load(io.BytesIO(archive.read(name + ".npy")))
        assert array.dtype.str == dtype
        assert array.flags.c_contiguous
        assert np.array_equal(array, getattr(system, name).numpy())

    options = json.loads(archive.read("pairs/0/options.json"))
    assert options["class"] == "NeighborListOptions"
    assert options["strict"] is False


def test_deterministic(system):
    # data does not have to be added in the same order
    other = system.to()
    names = ["a::z", "b::y", "c::x", "d::w"]
    for name in names:
        system.add_data(name, system.get_data("mass"))
    for name in reversed(names):
        other.add_data(name, system.get_data("mass"))
    assert torch.equal(save_buffer(system), save_buffer(other))


def test_float32(make_system, make_neighbors):
    system = make_system(dtype=torch.float32)
    loaded = copy.deepcopy(system)
    assert loaded.positions.dtype == torch.float64
    assert torch.equal(loaded.positions, system.positions.to(torch.float64))

    # other data is stored with its own dtype
    system.add_neighbor_list(NeighborListOptions(3.5, True, True), make_neighbors(system))
    buffer = save_buffer(system)
    with pytest.raises(ValueError, match=r"\(torch.float32\).*\(torch.float64\)"):
        load_system_buffer(buffer)
    assert len(load_system_buffer(save_buffer(system.to(torch.float64)))) == 3


def test_gradients_are_lost(make_system):
    system = make_system(requires_grad=True)
    assert not copy.deepcopy(system).positions.requires_grad


def test_empty():
    system = System(
        types=torch.zeros(0, dtype=torch.int32),
        positions=torch.zeros(0, 3, dtype=torch.float64),
        cell=torch.zeros(3, 3, dtype=torch.float64),
        pbc=torch.zeros(3, dtype=torch.bool),
    )
    loaded = load_system_buffer(save_buffer(system))
    assert loaded.positions.shape == (0, 3)


def test_no_deprecation_warning(make_system, make_data, capfd):
    system = make_system()
    system.add_data("masses", make_data("mass", torch.ones(3, dtype=torch.float64)), False, False)
    torch.set_warn_always(True)
    try:
        assert load_system_buffer(save_buffer(system)).known_data() == ["masses"]
    finally:
        torch.set_warn_always(False)
    assert capfd.readouterr().err == ""


# ------------------------------------------------------------------------------------------------ #
# archives written by other tools


def npy(array: np.ndarray, **kwargs) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **kwargs)
    return buffer.getvalue()


def npy_with_header(header: str, data: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + data


FILES = {
    "positions.npy": npy(np.array([[0.0, 1.0, 2.0]])),
    "cell.npy": npy(np.eye(3)),
    "types.npy": npy(np.array([12], dtype=np.int32)),
    "pbc.npy": npy(np.array([True, True, True])),
}


def archive(compression: int = zipfile.ZIP_STORED, **replaced) -> torch.Tensor:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in {**FILES, **replaced}.items():
            if data is not None:
                file.writestr(name, data)
    return as_tensor(buffer.getvalue())


def load_types(data: bytes) -> torch.Tensor:
    return load_system_buffer(archive(**{"types.npy": data})).types


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_npy_versions(version):
    assert load_types(npy(np.array([12], dtype=np.int64), version=version)).tolist() == [12]


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }\n",
        '{"shape":(1,),"fortran_order":False,"descr":"<i4"}',
        " { 'shape' : ( 1 ) , 'descr' : '<i4' ,\t'fortran_order' : False } \n\n",
    ],
)
def test_npy_headers(header):
    assert load_types(npy_with_header(header, b"\x07\x00\x00\x00")).tolist() == [7]


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "unexpected end"),
        (b"\x93NUMPY", "unexpected end"),
        (b"not npy data", "not NPY"),
        (b"\x93NUMPY\x04\x00\x00\x00", "version of the NPY format: 4"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "unexpected end"),
        (npy(np.array([12], dtype=np.int16)), "'<i2'"),
        (npy(np.array([12], dtype=">i4")), "'>i4'"),
        (npy(np.array([12], dtype=np.int32))[:-1], "does not match"),
        (npy(np.array([12], dtype=np.int32)) + b"\x00", "does not match"),
        (npy(np.asfortranarray(np.ones((2, 2), dtype=np.int32))), "Fortran order"),
    ],
)
def test_invalid_npy(data, message):
    with pytest.raises(RuntimeError, match=message):
        load_types(data)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "{",
        "{}",
        "[]",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1,)} 3",
        "{'descr': '<i4', 'fortran_order': False}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1,), 'other': 1}",
        "{'descr': '<i4', 'descr': '<i4', 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<i4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1,",
        "{'descr': '<i4, 'fortran_order': False, 'shape': (1,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (9223372036854775807, 4)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (0, 9223372036854775807, 9)}",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (1, 1, 1000000)}",
    ],
)
def test_invalid_npy_header(header):
    with pytest.raises(RuntimeError, match="NPY"):
        load_types(npy_with_header(header, b"\x07\x00\x00\x00"))


def test_invalid_booleans():
    data = npy(np.array([2, 0, 255], dtype=np.uint8)).replace(b"'|u1'", b"'|b1'")
    system = load_system_buffer(
        archive(**{"pbc.npy": data, "cell.npy": npy(np.diag([1.0, 0.0, 1.0]))})
    )
    assert system.pbc.tolist() == [True, False, True]
    assert (~system.pbc).tolist() == [False, True, False]


@pytest.mark.parametrize("name", sorted(FILES))
def test_missing_file(name):
    with pytest.raises(RuntimeError, match=f"'{name}' is missing"):
        load_system_buffer(archive(**{name: None}))


def test_invalid_archives():
    with pytest.raises(RuntimeError, match="compressed"):
        load_system_buffer(archive(compression=zipfile.ZIP_DEFLATED))
    with pytest.raises(RuntimeError, match="ZIP"):
        load_system_buffer(torch.zeros(0, dtype=torch.uint8))
    with pytest.raises(RuntimeError, match="ZIP"):
        load_system_buffer(torch.zeros(100, dtype=torch.uint8))
    with pytest.raises(RuntimeError, match="has no extension"):
        load_system_buffer(archive(**{"data/mass": b""}))
    with pytest.raises(RuntimeError, match="'pairs/0/data.mts' is missing"):
        options = NeighborListOptions(3.5, True, True).__getstate__()[0]
        load_system_buffer(archive(**{"pairs/0/options.json": options}))
    with pytest.raises(RuntimeError, match="NeighborListOptions"):
        load_system_buffer(archive(**{"pairs/0/options.json": "{}"}))

    corrupted = archive()
    start = bytes(corrupted.tolist()).index(FILES["positions.npy"])
    corrupted[start] = 0
    with pytest.raises(RuntimeError, match="'positions.npy' is corrupted"):
        load_system_buffer(corrupted)


def test_invalid_content():
    """Everything in the file goes through the same checks as when creating a system"""
    with pytest.raises(ValueError, match="torch.int64"):
        load_system_buffer(archive(**{"positions.npy": npy(np.array([[0, 1, 2]]))}))
    with pytest.raises(ValueError, match=r"\[2\]"):
        load_system_buffer(archive(**{"pbc.npy": npy(np.array([True, True]))}))

    block = TensorBlock(torch.ones(1, 1, dtype=torch.float64), Labels.single(), [], Labels.single())
    tensor = TensorMap(Labels.single(), [block])
    data = bytes(torch.ops.metatensor.save_buffer(tensor).tolist())
    assert load_system_buffer(archive(**{"data/mass.mts": data})).known_data() == ["mass"]
    with pytest.raises(ValueError, match="'foo'"):
        load_system_buffer(archive(**{"data/foo.mts": data}))


def test_comment():
    """Comments are at the end of the archives, they do not change the content"""
    buffer = io.BytesIO(bytes(archive().tolist()))
    with zipfile.ZipFile(buffer, "a") as file:
        file.comment = b"some comment"
    assert load_system_buffer(as_tensor(buffer.getvalue())).types.tolist() == [12]


def test_large_file_records():
    """Other writers always use 64-bit sizes, even when they are not needed"""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in FILES.items():
            with file.open(name, "w", force_zip64=True) as entry:
                entry.write(data)
    assert load_system_buffer(as_tensor(buffer.getvalue())).types.tolist() == [12]


@pytest.mark.parametrize(
    "buffer", [torch.zeros(3), torch.zeros(3, dtype=torch.int8), torch.zeros(3, 3).to(torch.uint8)]
)
def test_invalid_buffer(buffer):
    with pytest.raises(RuntimeError, match="1-dimensional tensor of uint8"):
        load_system_buffer(buffer)


def test_invalid_paths(system, tmp_path):
    for name in ["system.mts", "system", ".mta/foo"]:
        with pytest.raises(RuntimeError, match="should end with '.mta'"):
            save(str(tmp_path / name), system)
        with pytest.raises(RuntimeError, match="should end with '.mta'"):
            load_system(str(tmp_path / name))

    with pytest.raises(RuntimeError, match="No such file"):
        save(str(tmp_path / "missing" / "system.mta"), system)
    with pytest.raises(RuntimeError, match="missing.mta.*No such file"):
        load_system(str(tmp_path / "missing.mta"))

    (tmp_path / "directory.mta").mkdir()
    with pytest.raises(RuntimeError, match="directory.mta"):
        save(str(tmp_path / "directory.mta"), system)
    with pytest.raises(RuntimeError, match="directory.mta"):
        load_system(str(tmp_path / "directory.mta"))

    (tmp_path / "corrupted.mta").write_bytes(b"this is not an archive")
    with pytest.raises(RuntimeError, match="corrupted.mta.*ZIP"):
        load_system(str(tmp_path / "corrupted.mta"))

    # nothing is left behind
    assert sorted(p.name for p in tmp_path.iterdir()) == ["corrupted.mta", "directory.mta"]


def test_script(system):
    @torch.jit.script
    def round_trip(system: System) -> System:
        buffer = torch.ops.metatomic.save_buffer(system)
        return torch.ops.metatomic.load_system_buffer(buffer)

    assert_same(round_trip(system), system)


def test_script_module(system):
    class Module(torch.nn.Module):
        def __init__(self, system: System):
            super().__init__()
            self.system = system

        def forward(self) -> torch.Tensor:
            return self.system.positions

    buffer = io.BytesIO()
    torch.jit.save(torch.jit.script(Module(system)), buffer)
    buffer.seek(0)
    assert_same(torch.jit.load(buffer).system, system)
