from typing import Dict, List, Optional

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import ModelOutput, System

check_quantities = torch.ops.metatomic._check_quantities

SYSTEM = Labels("system", torch.tensor([[0]]))
ATOM = Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1]]))
PAIR_NAMES = ["system", "first_atom", "second_atom", "cell_shift_a", "cell_shift_b", "cell_shift_c"]
PAIR = Labels(PAIR_NAMES, torch.tensor([[0, 0, 1, 0, 0, 0], [0, 2, 0, 1, 0, -1]]))

XYZ = Labels("xyz", torch.arange(3).reshape(-1, 1))
XYZ_1 = Labels("xyz_1", torch.arange(3).reshape(-1, 1))
XYZ_2 = Labels("xyz_2", torch.arange(3).reshape(-1, 1))
KEYS = Labels("_", torch.tensor([[0]]))


def create_block(
    samples: Labels, components: List[Labels], properties: Labels, dtype=torch.float64
) -> TensorBlock:
    shape = [len(samples), *[len(c) for c in components], len(properties)]
    return TensorBlock(torch.zeros(shape, dtype=dtype), samples, components, properties)


def create(
    name: str,
    samples: Labels = SYSTEM,
    components: Optional[List[Labels]] = None,
    properties: Optional[Labels] = None,
    keys: Labels = KEYS,
    dtype: torch.dtype = torch.float64,
) -> TensorMap:
    properties = Labels(name, torch.tensor([[0]])) if properties is None else properties
    block = create_block(samples, components or [], properties, dtype)
    return TensorMap(keys, [block.copy() for _ in range(len(keys))])


@pytest.fixture
def check(make_system):
    """Function to check values (by name) against what was requested."""

    def check(
        values: Dict[str, TensorMap],
        requested: Optional[Dict[str, str]] = None,
        inputs_or_outputs: str = "outputs",
        model_dtype: str = "float64",
    ):
        # all with the same sample kind by default
        requested = dict.fromkeys(values, "system") if requested is None else requested
        outputs = {name: ModelOutput(sample_kind=kind) for name, kind in requested.items()}
        check_quantities([make_system()], outputs, None, values, model_dtype, inputs_or_outputs)

    return check


def test_arguments(check):
    with pytest.raises(ValueError, match="'float16'"):
        check({}, model_dtype="float16")
    with pytest.raises(ValueError, match="'both'"):
        check({}, inputs_or_outputs="both")
    check({})


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_names(check, kind):
    energy = create("energy")
    with pytest.raises(ValueError, match="empty name"):
        check({"": energy}, {}, kind)

    if kind == "outputs":
        with pytest.raises(ValueError, match="output 'energy', which was not requested"):
            check({"energy": energy}, {}, kind)
    else:
        check({"energy": energy}, {}, kind)

    message = {
        "inputs": "did not receive the input 'energy'",
        "outputs": "did not produce the requested output 'energy'",
    }
    with pytest.raises(ValueError, match=message[kind]):
        check({}, {"energy": "system"}, kind)

    singular = kind[:-1]
    with pytest.raises(ValueError, match=f"{singular} 'foo' is neither a standard nor a custom"):
        check({"foo": energy}, {"foo": "system"}, kind)

    # there are no checks for custom quantities
    check({"custom::foo/bar": create("anything", ATOM, [XYZ])}, {"custom::foo/bar": "system"}, kind)


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_dtype(check, kind):
    float32 = create("energy", dtype=torch.float32)
    check({"energy": float32}, None, kind, "float32")
    message = "'energy': the model uses torch.float64, but this is torch.float32"
    with pytest.raises(ValueError, match=message):
        check({"energy": float32}, None, kind, "float64")
    # also for custom quantities
    with pytest.raises(ValueError, match="'a::b': the model uses torch.float64"):
        check({"a::b": float32}, None, kind, "float64")
    if kind == "inputs":
        with pytest.raises(ValueError, match="'energy': the model uses torch.float64"):
            check({"energy": float32}, {}, kind, "float64")

    empty = TensorMap(Labels("_", torch.zeros(0, 1, dtype=torch.int32)), [])
    check({"a::b": empty}, None, kind, "float64")


VALID = [
    ("energy", "system", create("energy")),
    ("energy/variant", "atom", create("energy", ATOM)),
    ("energy_ensemble", "system", create("energy", properties=Labels.range("energy", 5))),
    ("energy_ensemble", "system", create("energy", properties=Labels.range("energy", 0))),
    ("energy_uncertainty", "atom", create("energy", ATOM)),
    ("feature", "atom", create("anything", ATOM, properties=Labels.range("n", 5))),
    ("non_conservative_force", "atom", create("non_conservative_force", ATOM, [XYZ])),
    (
        "non_conservative_stress",
        "system",
        create("non_conservative_stress", SYSTEM, [XYZ_1, XYZ_2]),
    ),
    ("position", "atom", create("position", ATOM, [XYZ])),
    ("momentum", "atom", create("momentum", ATOM, [XYZ])),
    ("velocity", "atom", create("velocity", ATOM, [XYZ])),
    ("mass", "atom", create("mass", ATOM)),
    ("charge", "system", create("charge")),
    ("charge", "atom", create("charge", ATOM)),
    ("heat_flux", "system", create("heat_flux", SYSTEM, [XYZ])),
    ("spin_multiplicity", "system", create("spin_multiplicity")),
    # deprecated names for the quantity itself
    ("features", "system", create("x")),
    ("masses/a", "atom", create("mass", ATOM)),
    # the expected samples only depend on the request
    ("mass", "system", create("mass")),
    ("non_conservative_stress", "atom", create("non_conservative_stress", ATOM, [XYZ_1, XYZ_2])),
    ("energy", "atom_pair", create("energy", PAIR)),
    # entries in the samples are not checked
    ("energy", "system", create("energy", Labels("system", torch.tensor([[5], [-1]])))),
    (
        "energy",
        "atom",
        create("energy", Labels(["system", "atom"], torch.tensor([[1, 3], [7, 8]]))),
    ),
    ("energy", "atom_pair", create("energy", Labels(PAIR_NAMES, torch.zeros(0, 6).int()))),
]


@pytest.mark.parametrize("name, sample_kind, value", VALID)
@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_valid(check, name, sample_kind, value, kind, capfd):
    check({name: value}, {name: sample_kind}, kind)
    check({name: value.to("meta")}, {name: sample_kind}, kind)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "name, sample_kind, value, message",
    [
        (
            "energy",
            "system",
            create("energy", keys=Labels("k", torch.tensor([[0]]))),
            r"keys for the output 'energy': expected Labels\('_', \[\[0\]\]\)",
        ),
        ("energy", "system", create("energy", keys=Labels.range("_", 2)), "invalid keys"),
        (
            "energy",
            "system",
            TensorMap(Labels("_", torch.zeros(0, 1, dtype=torch.int32)), []),
            "invalid keys",
        ),
        ("energy", "system", create("energy", ATOM), r"samples.*\[system\], got \[system, atom\]"),
        ("energy", "atom", create("energy"), r"samples.*\[system, atom\], got \[system\]"),
        ("energy", "atom_pair", create("energy", ATOM), r"first_atom.*got \[system, atom\]"),
        ("energy", "system", create("energy", SYSTEM, [XYZ]), r"expected 0 component\(s\), got 1"),
        ("mass", "atom", create("masse", ATOM), r"properties for the output 'mass'.*'mass'"),
        ("mass", "atom", create("mass", ATOM, properties=Labels.range("mass", 2)), "properties"),
        ("charge", "atom", create("charges", ATOM), "properties"),
        (
            "energy_ensemble",
            "system",
            create("energy", properties=Labels("energy", torch.tensor([[1], [0]]))),
            r"properties.*\[\[0\], \[1\], ...\]",
        ),
        ("position", "atom", create("position", ATOM), r"expected 1 component\(s\), got 0"),
        ("position", "atom", create("position", ATOM, [XYZ_1]), r"components.*Labels\('xyz'"),
        (
            "position",
            "atom",
            create("position", ATOM, [Labels("xyz", torch.tensor([[0], [2], [1]]))]),
            "components",
        ),
        (
            "non_conservative_stress",
            "system",
            create("non_conservative_stress", SYSTEM, [XYZ_2, XYZ_1]),
            r"components.*Labels\('xyz_1'",
        ),
        ("heat_flux", "atom", create("heat_flux", ATOM, [XYZ]), "'heat_flux' can only.*'system'"),
        ("spin_multiplicity/a", "atom", create("spin_multiplicity", ATOM), "can only.*'system'"),
    ],
)
def test_invalid(check, name, sample_kind, value, message):
    with pytest.raises(ValueError, match=f"(?s)'{name}'") as error:
        check({name: value}, {name: sample_kind})
    assert error.match(f"(?s){message}")


@pytest.mark.parametrize("column, index", [(0, 1), (0, -1), (1, 3), (1, -1), (2, 3), (2, 100)])
def test_pairs(check, column, index):
    values = PAIR.values.clone()
    values[1, column] = index
    value = create("energy", Labels(PAIR_NAMES, values))
    message = f"'energy': '{PAIR_NAMES[column]}' contains the index {index}"
    with pytest.raises(ValueError, match=message):
        check({"energy": value}, {"energy": "atom_pair"})


def with_gradient(value: TensorMap, parameter: str, gradient: TensorBlock) -> TensorMap:
    block = value.block().copy()
    block.add_gradient(parameter, gradient)
    return TensorMap(value.keys, [block])


PROPERTY = Labels("energy", torch.tensor([[0]]))
POSITIONS_SAMPLES = Labels(["sample", "system", "atom"], torch.tensor([[0, 0, 0], [0, 0, 1]]))
STRAIN_SAMPLES = Labels("sample", torch.tensor([[0]]))


class TestGradients:
    @pytest.mark.parametrize("name", ["energy", "energy_ensemble", "energy_uncertainty"])
    def test_valid(self, check, name):
        value = create("energy")
        positions = create_block(POSITIONS_SAMPLES, [XYZ], PROPERTY)
        strain = create_block(STRAIN_SAMPLES, [XYZ_1, XYZ_2], PROPERTY)
        value = with_gradient(value, "positions", positions)
        value = with_gradient(value, "strain", strain)
        check({name: value})

    @pytest.mark.parametrize(
        "parameter, gradient, message",
        [
            ("other", create_block(STRAIN_SAMPLES, [], PROPERTY), "respect to 'other'"),
            (
                "positions",
                create_block(STRAIN_SAMPLES, [XYZ], PROPERTY),
                r"samples for the 'positions' gradients.*\[sample, system, atom\], got \[sample\]",
            ),
            (
                "positions",
                create_block(POSITIONS_SAMPLES, [XYZ_1], PROPERTY),
                r"(?s)components for the 'positions' gradients.*'xyz'",
            ),
            (
                "strain",
                create_block(POSITIONS_SAMPLES, [XYZ_1, XYZ_2], PROPERTY),
                r"samples for the 'strain' gradients.*\[sample\], got",
            ),
            (
                "strain",
                create_block(STRAIN_SAMPLES, [XYZ_1], PROPERTY),
                r"components for the 'strain' gradients.*expected 2 component\(s\), got 1",
            ),
        ],
    )
    def test_invalid(self, check, parameter, gradient, message):
        value = with_gradient(create("energy"), parameter, gradient)
        with pytest.raises(ValueError, match=message):
            check({"energy": value})

    def test_not_allowed(self, check):
        property = Labels("charge", torch.tensor([[0]]))
        gradient = create_block(POSITIONS_SAMPLES, [XYZ], property)
        value = with_gradient(create("charge"), "positions", gradient)
        with pytest.raises(ValueError, match="'charge'.*with respect to 'positions'"):
            check({"charge": value})


@pytest.mark.parametrize(
    "name, deprecated, components",
    [
        ("non_conservative_force", "non_conservative_forces", [XYZ]),
        ("position", "positions", [XYZ]),
        ("momentum", "momenta", [XYZ]),
        ("mass", "masses", []),
        ("velocity", "velocities", [XYZ]),
    ],
)
def test_deprecated_property(check, name, deprecated, components, capfd):
    torch.set_warn_always(True)
    try:
        check({name: create(deprecated, ATOM, components)}, {name: "atom"})
    finally:
        torch.set_warn_always(False)
    assert f"'{deprecated}' is deprecated" in capfd.readouterr().err


def test_check_outputs(make_system, capfd):
    torch.set_warn_always(True)
    try:
        outputs = {"energy": ModelOutput()}
        values = {"energy": create("energy")}
        torch.ops.metatomic._check_outputs([make_system()], outputs, None, values, "float64")
        assert "`_check_outputs` is deprecated" in capfd.readouterr().err

        with pytest.raises(ValueError, match="'energy', which was not requested"):
            torch.ops.metatomic._check_outputs([make_system()], {}, None, values, "float64")
    finally:
        torch.set_warn_always(False)


def test_script(make_system):
    @torch.jit.script
    def check(systems: List[System], values: Dict[str, TensorMap]):
        requested = {"energy": torch.classes.metatomic.ModelOutput()}
        torch.ops.metatomic._check_quantities(
            systems, requested, None, values, "float64", "outputs"
        )

    assert "ops.metatomic._check_quantities" in check.code
    check([make_system()], {"energy": create("energy")})
    with pytest.raises(RuntimeError, match="'energy'"):
        check([make_system()], {})
