import contextlib

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import NeighborListOptions, System, register_autograd_neighbors

TYPES = torch.tensor([8, 1, 1], dtype=torch.int32)
POSITIONS = torch.arange(9, dtype=torch.float64).reshape(3, 3)
CELL = 10 * torch.eye(3, dtype=torch.float64)
PBC = torch.tensor([True, True, True])


def create(**replaced) -> System:
    return System(**{"types": TYPES, "positions": POSITIONS, "cell": CELL, "pbc": PBC, **replaced})


class TestConstructor:
    def test_tensors_are_shared(self):
        positions = POSITIONS.clone().requires_grad_(True)
        system = System(TYPES, positions, CELL, PBC)
        assert system.types is TYPES
        assert system.positions is positions
        assert system.cell is CELL
        assert system.pbc is PBC
        assert len(system) == 3
        assert system.device == torch.device("cpu")

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
    def test_dtype(self, dtype):
        system = create(positions=POSITIONS.to(dtype), cell=CELL.to(dtype))

        @torch.jit.script
        def has_dtype(system: System, dtype: torch.dtype) -> bool:
            return system.dtype == dtype

        assert isinstance(system.dtype, int)
        assert has_dtype(system, dtype)

    @pytest.mark.parametrize("dtype", [torch.int64, torch.int8, torch.uint8, torch.bool])
    def test_types_conversion(self, dtype):
        types = torch.tensor([0, 1, 1], dtype=dtype)
        system = create(types=types)
        assert system.types.dtype == torch.int32
        assert system.types.tolist() == [0, 1, 1]

    def test_empty(self):
        system = create(
            types=torch.zeros(0, dtype=torch.int32), positions=torch.zeros(0, 3).double()
        )
        assert len(system) == 0

    @pytest.mark.parametrize(
        "replaced, message",
        [
            ({"pbc": PBC.to("meta")}, "must be on the same device, got cpu, cpu, cpu, and meta"),
            ({"types": TYPES.reshape(3, 1)}, r"`types` must have 1 dimension.*\[3, 1\]"),
            ({"types": TYPES.float()}, "`types` must be an integer type, got torch.float32"),
            ({"positions": POSITIONS.flatten()}, r"`positions` must have 2 dimension.*\[9\]"),
            ({"positions": POSITIONS[:2]}, r"shape of \[3, 3\], got .* \[2, 3\]"),
            ({"positions": POSITIONS[:, :2]}, r"shape of \[3, 3\], got .* \[3, 2\]"),
            ({"positions": POSITIONS.int()}, "`positions` .* got torch.int32"),
            ({"cell": CELL.flatten()}, r"`cell` must have 2 dimension.*\[9\]"),
            ({"cell": CELL[:2]}, r"`cell` must have a shape of \[3, 3\], got .* \[2, 3\]"),
            ({"cell": CELL.float()}, "torch.float32 and torch.float64"),
            ({"pbc": PBC.reshape(1, 3)}, r"`pbc` must have 1 dimension.*\[1, 3\]"),
            ({"pbc": PBC[:2]}, r"`pbc` must have a shape of \[3\], got .* \[2\]"),
            ({"pbc": PBC.int()}, "`pbc` must be torch.bool, got torch.int32"),
            ({"pbc": torch.tensor([True, False, True])}, "zero along non-periodic directions"),
            ({"cell": CELL * torch.nan, "pbc": ~PBC}, "zero along non-periodic directions"),
        ],
    )
    def test_errors(self, replaced, message):
        with pytest.raises(ValueError, match=message):
            create(**replaced)

    def test_partially_periodic(self):
        cell = CELL.clone()
        cell[1] = 0
        system = create(cell=cell, pbc=torch.tensor([True, False, True]))
        assert system.pbc.tolist() == [True, False, True]

    def test_wrong_keyword(self):
        with pytest.raises(RuntimeError):
            System(species=TYPES, positions=POSITIONS, cell=CELL, pbc=PBC)


class TestSetters:
    def test_setters(self):
        system = create()
        for name, value in [
            ("types", TYPES + 1),
            ("positions", POSITIONS + 1),
            ("cell", CELL + 1),
            ("pbc", PBC.clone()),
        ]:
            setattr(system, name, value)
            assert getattr(system, name) is value

        system.types = torch.tensor([1, 2, 3])
        assert system.types.dtype == torch.int32

    def test_cell_is_not_checked(self):
        cell = torch.zeros(3, 3, dtype=torch.float64)
        system = create(cell=cell, pbc=~PBC)
        system.cell = CELL
        with pytest.raises(ValueError, match="zero along non-periodic directions"):
            system.pbc = torch.tensor([False, True, True])
        system.pbc = PBC

        # there is no check either when converting to another dtype
        system = create(cell=cell, pbc=~PBC)
        system.cell = CELL
        assert torch.equal(system.to(torch.float32).cell, CELL.float())

    @pytest.mark.parametrize(
        "name, value, message",
        [
            ("types", TYPES.to("meta"), r"device of the new `types` \(meta\).*\(cpu\)"),
            ("types", TYPES[:2], r"the new `types` must have a shape of \[3\], got .* \[2\]"),
            ("types", TYPES.float(), "the new `types` must be an integer type"),
            ("positions", POSITIONS.float(), r"\(torch.float32\).*\(torch.float64\)"),
            ("positions", POSITIONS.flatten(), "the new `positions` must have 2 dimension"),
            ("positions", POSITIONS[:2], r"the new `positions` must .* \[3, 3\], got .* \[2, 3\]"),
            ("cell", CELL.float(), r"the new `cell` \(torch.float32\).*\(torch.float64\)"),
            ("cell", CELL[0], "the new `cell` must have 2 dimension"),
            ("pbc", PBC.int(), "the new `pbc` must be torch.bool"),
            ("pbc", PBC[:1], r"the new `pbc` must have a shape of \[3\], got .* \[1\]"),
        ],
    )
    def test_errors(self, name, value, message):
        system = create()
        before = getattr(system, name)
        with pytest.raises(ValueError, match=message):
            setattr(system, name, value)
        assert getattr(system, name) is before


class TestTo:
    @pytest.mark.parametrize(
        "args, kwargs",
        [
            ((torch.float32,), {}),
            ((torch.float32, "cpu"), {}),
            (("cpu", torch.float32), {}),
            ((torch.device("cpu"), torch.float32), {}),
            (("cpu",), {"dtype": torch.float32}),
            ((torch.float32,), {"device": "cpu"}),
            ((), {"dtype": torch.float32, "device": torch.device("cpu"), "non_blocking": True}),
        ],
    )
    def test_arguments(self, args, kwargs):
        system = create().to(*args, **kwargs)
        assert system.positions.dtype == torch.float32
        assert system.cell.dtype == torch.float32
        assert system.types is TYPES
        assert system.pbc is PBC

    @pytest.mark.parametrize(
        "args, kwargs, error, message",
        [
            (("cpu", "cpu"), {}, ValueError, "device was given twice"),
            (("cpu",), {"device": "cpu"}, ValueError, "device was given twice"),
            ((torch.float32, torch.float64), {}, ValueError, "dtype was given twice"),
            ((torch.float32,), {"dtype": torch.float32}, ValueError, "dtype was given twice"),
            ((3.5,), {}, TypeError, "float"),
            ((None, [1]), {}, TypeError, r"List\[int\]|int\[\]"),
            ((torch.int32,), {}, ValueError, "torch.int32"),
        ],
    )
    def test_errors(self, args, kwargs, error, message):
        with pytest.raises(error, match=message):
            create().to(*args, **kwargs)

    def test_no_change(self):
        system = create()
        other = system.to()
        for name in ["types", "positions", "cell", "pbc"]:
            assert getattr(other, name) is getattr(system, name)

        # this is not the same system
        other.positions = POSITIONS + 1
        assert system.positions is POSITIONS

    def test_everything(self, make_system, make_neighbors, make_data):
        system = make_system(requires_grad=True)
        options = NeighborListOptions(3.5, True, True)
        neighbors = make_neighbors(system)
        register_autograd_neighbors(system, neighbors)
        system.add_neighbor_list(options, neighbors)
        system.add_data("mass", make_data("mass", torch.ones(3, dtype=torch.float64)))

        converted = system.to(torch.float32)
        assert converted.get_neighbor_list(options).values.dtype == torch.float32
        assert converted.get_data("mass").block().values.dtype == torch.float32

        converted.get_neighbor_list(options).values.sum().backward()
        assert system.positions.grad.abs().sum() > 0

        meta = system.to("meta")
        assert meta.device == torch.device("meta")
        assert meta.types.device == torch.device("meta")
        assert meta.get_neighbor_list(options).values.device == torch.device("meta")
        assert meta.get_data("mass").device == torch.device("meta")
        assert len(meta) == 3


@pytest.mark.parametrize("in_mode", [True, False])
def test_fake_tensors(in_mode):
    """Tensors without data are accepted, this is what models are traced with"""
    fake = FakeTensorMode()
    tensors = [fake.from_tensor(torch.zeros(*shape).double()) for shape in [(3, 3), (3, 3)]]
    with fake if in_mode else contextlib.nullcontext():
        system = System(
            fake.from_tensor(TYPES), *tensors, fake.from_tensor(torch.zeros(3, dtype=torch.bool))
        )
        system.pbc = fake.from_tensor(PBC)

        neighbors = neighbors_block(values=fake.from_tensor(torch.ones(1, 3, 1).double()))
        system.add_neighbor_list(NeighborListOptions(3.5, True, True), neighbors)
    assert system.device == torch.device("cpu")
    assert system.positions is tensors[0]


class TestPrint:
    def test_periodic(self):
        cell = torch.tensor([[12, 0, 0], [0, 12.3, 0], [0, 1e-7, 123456789]])
        system = create(cell=cell.double())
        expected = (
            "System with 3 atoms, periodic cell: [12, 0, 0, 0, 12.3, 0, 0, 1e-07, 1.23457e+08]"
        )
        assert str(system) == expected
        assert repr(system) == expected

    def test_non_periodic(self):
        # this only depends on the cell
        for pbc in [PBC, ~PBC]:
            system = create(cell=torch.zeros(3, 3, dtype=torch.float64), pbc=pbc)
            assert str(system) == "System with 3 atoms, non periodic"

    def test_meta(self):
        with pytest.raises((RuntimeError, NotImplementedError)):
            str(create().to("meta"))


def neighbors_block(**replaced) -> TensorBlock:
    names = ["first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
    arguments = {
        "values": torch.ones(1, 3, 1, dtype=torch.float64),
        "samples": Labels(names, torch.tensor([[0, 1, 0, 0, 0]])),
        "components": [Labels("xyz", torch.tensor([[0], [1], [2]]))],
        "properties": Labels("distance", torch.tensor([[0]])),
    }
    return TensorBlock(**{**arguments, **replaced})


class TestNeighborLists:
    def test_neighbor_lists(self):
        system = create()
        options = NeighborListOptions(3.5, True, True, "me")
        block = neighbors_block()
        system.add_neighbor_list(options, block)

        same_options = NeighborListOptions(3.5, True, True, "someone else")
        same_options.length_unit = "nm"
        stored = system.get_neighbor_list(same_options)
        assert stored.values is block.values
        assert same_options in system.known_neighbor_lists()

        # options are shared
        options.add_requestor("someone else")
        assert system.known_neighbor_lists()[0].requestors() == ["me", "someone else"]

    def test_order(self):
        system = create()
        expected = [
            (strict, full_list, cutoff)
            for strict in [False, True]
            for full_list in [False, True]
            for cutoff in [1.0, 3.5, 4.0]
        ]
        for strict, full_list, cutoff in [*expected[1::2], *expected[::2]]:
            system.add_neighbor_list(
                NeighborListOptions(cutoff, full_list, strict), neighbors_block()
            )
        known = system.known_neighbor_lists()
        assert [(o.strict, o.full_list, o.cutoff) for o in known] == expected

    def test_missing(self):
        message = (
            r"NeighborListOptions\(cutoff=3.500000, full_list=True, strict=True\)"
            ".*requested_neighbor_lists"
        )
        with pytest.raises(ValueError, match=message):
            create().get_neighbor_list(NeighborListOptions(3.5, True, True))

    def test_already_there(self):
        system = create()
        system.add_neighbor_list(NeighborListOptions(3.5, True, True), neighbors_block())
        message = r"NeighborListOptions\(cutoff=3.500000, full_list=True, strict=True\)"
        with pytest.raises(ValueError, match=message):
            system.add_neighbor_list(NeighborListOptions(3.5, True, True), neighbors_block())

    @pytest.mark.parametrize(
        "replaced, message",
        [
            (
                {"samples": Labels(["i", "j", "a", "b", "c"], torch.zeros(1, 5).int())},
                r"first_atom, second_atom.*got \[i, j, a, b, c\]",
            ),
            ({"components": [], "values": torch.ones(1, 1)}, "expected a single component, got 0"),
            (
                {"components": [Labels("abc", torch.tensor([[0], [1], [2]]))]},
                "invalid components for a neighbor list: expected Labels\\('xyz'",
            ),
            (
                {"components": [Labels("xyz", torch.tensor([[0], [2], [1]]))]},
                "invalid components for a neighbor list: expected Labels\\('xyz'",
            ),
            (
                {"properties": Labels("d", torch.tensor([[0]]))},
                "invalid properties for a neighbor list: expected Labels\\('distance'",
            ),
            (
                {"properties": Labels("distance", torch.tensor([[1]]))},
                "invalid properties for a neighbor list: expected Labels\\('distance'",
            ),
            (
                {"properties": Labels.range("distance", 2), "values": torch.ones(1, 3, 2)},
                "invalid properties for a neighbor list: expected Labels\\('distance'",
            ),
            (
                {"values": torch.ones(1, 3, 1, dtype=torch.float32)},
                r"\(torch.float32\).*\(torch.float64\)",
            ),
        ],
    )
    def test_errors(self, replaced, message):
        with pytest.raises(ValueError, match=message):
            create().add_neighbor_list(
                NeighborListOptions(3.5, True, True), neighbors_block(**replaced)
            )

    def test_gradients(self):
        block = neighbors_block()
        block.add_gradient(
            "positions",
            TensorBlock(
                torch.ones(1, 3, 1, dtype=torch.float64),
                Labels("sample", torch.tensor([[0]])),
                block.components,
                block.properties,
            ),
        )
        with pytest.raises(ValueError, match="should not have gradients.*positions"):
            create().add_neighbor_list(NeighborListOptions(3.5, True, True), block)

    def test_device(self):
        with pytest.raises(ValueError, match=r"\(meta\).*\(cpu\)"):
            create().add_neighbor_list(
                NeighborListOptions(3.5, True, True), neighbors_block().to("meta")
            )

    @pytest.mark.parametrize("name", ["positions", "cell"])
    def test_gradients_warning(self, name):
        tensor = {"positions": POSITIONS, "cell": CELL}[name].clone().requires_grad_(True)
        system = create(**{name: tensor})
        with pytest.warns(UserWarning, match="register_autograd_neighbors"):
            system.add_neighbor_list(NeighborListOptions(3.5, True, True), neighbors_block())

        # no warning for values with gradients
        block = neighbors_block()
        block.values.requires_grad_(True)
        system.add_neighbor_list(NeighborListOptions(4.5, True, True), block)


def data(dtype: torch.dtype = torch.float64) -> TensorMap:
    block = TensorBlock(
        torch.ones(1, 1, dtype=dtype),
        Labels("system", torch.tensor([[0]])),
        [],
        Labels("p", torch.tensor([[0]])),
    )
    return TensorMap(Labels("_", torch.tensor([[0]])), [block])


class TestData:
    def test_data(self):
        system = create()
        tensor = data()
        system.add_data("mass", tensor)
        system.add_data(name="custom::data/variant", tensor=data())
        assert system.get_data("mass").block().values is tensor.block().values
        assert sorted(system.known_data()) == ["custom::data/variant", "mass"]

    def test_override(self):
        system = create()
        system.add_data("mass", data())
        with pytest.raises(ValueError, match="already some data named 'mass'"):
            system.add_data("mass", data())

        new = data()
        system.add_data("mass", new, override=True)
        assert system.get_data("mass").block().values is new.block().values

    @pytest.mark.parametrize(
        "name", ["types", "positions", "position", "cell", "neighbors", "neighbor", "PositionS"]
    )
    def test_reserved(self, name):
        with pytest.raises(ValueError, match=f"'{name}'"):
            create().add_data(name, data())
        with pytest.raises(ValueError, match=f"'{name}'"):
            create().get_data(name)

    @pytest.mark.parametrize("name", ["foo", "foo/bar", "a/b::c", "::a", "mass/", ""])
    def test_invalid_name(self, name):
        with pytest.raises(ValueError, match=f"'{name}'"):
            create().add_data(name, data())
        with pytest.raises(ValueError, match=f"'{name}'"):
            create().get_data(name)

    def test_device_and_dtype(self):
        with pytest.raises(ValueError, match=r"'mass' \(torch.float32\).*\(torch.float64\)"):
            create().add_data("mass", data(torch.float32))
        with pytest.raises(ValueError, match=r"'mass' \(meta\).*\(cpu\)"):
            create().add_data("mass", data().to("meta"))

    def test_deprecated_name(self):
        torch.set_warn_always(True)
        try:
            with pytest.warns(DeprecationWarning, match="'masses' is deprecated, use 'mass'"):
                create().add_data("masses", data())
            with pytest.warns(DeprecationWarning, match="'velocities' .* use 'velocity/a'"):
                create().add_data("velocities/a", data())

            # no warning: it would be an error
            system = create()
            system.add_data("masses", data(), _private_warn_on_deprecated=False)
            assert system.known_data() == ["masses"]
        finally:
            torch.set_warn_always(False)


def test_script():
    @torch.jit.script
    def total_mass(types: torch.Tensor, system: System, extra: TensorMap) -> torch.Tensor:
        other = torch.classes.metatomic.System(
            types=types, positions=system.positions, cell=system.cell, pbc=system.pbc
        )
        other.add_data("mass", extra)
        other.positions = 2 * other.positions
        assert len(other) == len(system)
        assert other.device == system.device
        assert str(other) == str(system)
        return other.get_data("mass").block().values.sum() + other.to(torch.float64).positions.sum()

    expected = 1.0 + 2 * POSITIONS.sum()
    assert total_mass(TYPES, create(), data()) == expected


def test_comparison():
    with pytest.raises(NotImplementedError):
        create() == create()  # noqa: B015
