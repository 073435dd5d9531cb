"""Evaluation of models: what is checked, and the names of outputs and inputs."""

import warnings
from typing import Dict, List, Optional

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelEvaluationOptions,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


@pytest.fixture(params=["eager", "scripted"])
def mode(request):
    return request.param


@pytest.fixture
def evaluate(mode):
    """
    Function to evaluate a model with consistency checks, eager or compiled; error messages are the
    same, but TorchScript changes their types.
    """

    def evaluate(model, systems, outputs=None, selected_atoms=None, check_consistency=True):
        if mode == "scripted":
            model = torch.jit.script(model)

        outputs = {"energy": ModelOutput(unit="eV")} if outputs is None else outputs
        options = ModelEvaluationOptions("Angstrom", outputs, selected_atoms)
        return model(systems, options, check_consistency)

    return evaluate


@pytest.fixture
def error(mode):
    return ValueError if mode == "eager" else (RuntimeError, torch.jit.Error)


class Wrong(torch.nn.Module):
    """Returns something else than what was requested."""

    def __init__(self, name: str, sample: str, dtype: torch.dtype = torch.float64):
        super().__init__()
        self.name = name
        self.sample = sample
        self.dtype = dtype

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        block = TensorBlock(
            values=torch.zeros((1, 1), dtype=self.dtype),
            samples=Labels(self.sample, torch.tensor([[0]])),
            components=[],
            properties=Labels("energy", torch.tensor([[0]])),
        )
        return {self.name: TensorMap(Labels("_", torch.tensor([[0]])), [block])}


class Charges(torch.nn.Module):
    """A charge of 2 on each of three atoms."""

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        block = TensorBlock(
            values=torch.full((3, 1), 2.0, dtype=torch.float64),
            samples=Labels(["system", "atom"], torch.tensor([[0, 0], [0, 1], [0, 2]])),
            components=[],
            properties=Labels("charge", torch.tensor([[0]])),
        )
        return {"charge": TensorMap(Labels("_", torch.tensor([[0]])), [block])}


def test_energy(make_model, make_system, evaluate):
    systems = [make_system(), make_system()]
    positions = systems[0].positions
    expected = (positions * positions).sum(dim=1)

    energy = evaluate(make_model(), systems)["energy"].block()
    assert energy.samples == Labels("system", torch.tensor([[0], [1]]))
    torch.testing.assert_close(energy.values, expected.sum().reshape(1, 1).repeat(2, 1))

    outputs = {"energy": ModelOutput(unit="eV", sample_kind="atom")}
    energy = evaluate(make_model(), systems, outputs)["energy"].block()
    assert energy.samples.names == ["system", "atom"]
    torch.testing.assert_close(energy.values, expected.repeat(2).reshape(-1, 1))


def test_selected_atoms(make_model, make_system, evaluate):
    systems = [make_system(), make_system()]
    selected = Labels(["system", "atom"], torch.tensor([[1, 2], [0, 0]]))
    outputs = {"energy": ModelOutput(unit="eV", sample_kind="atom")}

    energy = evaluate(make_model(), systems, outputs, selected)["energy"].block()
    assert energy.samples == selected
    torch.testing.assert_close(
        energy.values.flatten(), torch.tensor([0.8**2 + 0.5**2, 0.1**2], dtype=torch.float64)
    )


@pytest.mark.parametrize("check_consistency", [True, False])
def test_atomic_types(make_model, make_system, evaluate, error, check_consistency):
    system = make_system()
    system.types = torch.tensor([8, 6, 1])
    with pytest.raises(error, match="does not know the atomic type 6"):
        evaluate(make_model(), [system], check_consistency=check_consistency)


def test_no_systems(make_model, evaluate):
    outputs = evaluate(make_model(), [])
    assert outputs["energy"].block().values.shape == (0, 1)


def test_no_atoms(make_model, evaluate):
    system = System(
        types=torch.zeros(0, dtype=torch.int32),
        positions=torch.zeros((0, 3), dtype=torch.float64),
        cell=torch.zeros((3, 3), dtype=torch.float64),
        pbc=torch.tensor([False, False, False]),
    )
    outputs = evaluate(make_model(), [system])
    assert outputs["energy"].block().values.tolist() == [[0.0]]


def test_wrong_dtype(make_model, make_system, evaluate, error):
    message = "dtype torch.float64, .* got torch.float32"
    with pytest.raises(error, match=message):
        evaluate(make_model(), [make_system(torch.float32)])
    with pytest.raises(error, match=message):
        evaluate(make_model(), [make_system(), make_system(torch.float32)])


def test_wrong_device(make_model, make_system, evaluate, error):
    systems = [make_system(), make_system().to(device="meta")]
    with pytest.raises(error, match="same device, got cpu and meta"):
        evaluate(make_model(), systems)


def test_unknown_output(make_model, make_system, evaluate, error):
    outputs = {"energy/other": ModelOutput(unit="eV")}
    with pytest.raises(error, match="output named 'energy/other', it only has \\['energy'\\]"):
        evaluate(make_model(), [make_system()], outputs)


def test_explicit_gradients(make_model, make_system, evaluate, error):
    outputs = {"energy": ModelOutput(unit="eV", explicit_gradients=["strain"])}
    with pytest.raises(error, match="gradients of 'energy' with respect to 'strain'"):
        evaluate(make_model(), [make_system()], outputs)


@pytest.mark.parametrize(
    "requested, declared", [("atom", "system"), ("atom_pair", "atom"), ("system", "atom_pair")]
)
def test_sample_kind(make_model, make_system, evaluate, error, requested, declared):
    model = make_model(outputs={"energy": ModelOutput(unit="eV", sample_kind=declared)})
    outputs = {"energy": ModelOutput(unit="eV", sample_kind=requested)}
    message = f"'energy' is requested for each {requested}, .* for each {declared}"
    with pytest.raises(error, match=message):
        evaluate(model, [make_system()], outputs)


@pytest.mark.parametrize(
    "selected, message",
    [
        ([0, 3], "the atom 3 of system 0"),
        ([1, -1], "the atom -1 of system 1"),
        ([2, 0], "the system 2, .* only 2 systems"),
        ([-1, 0], "the system -1"),
    ],
)
def test_invalid_selected_atoms(make_model, make_system, evaluate, error, selected, message):
    labels = Labels(["system", "atom"], torch.tensor([[0, 0], selected]))
    with pytest.raises(error, match=message):
        evaluate(make_model(), [make_system(), make_system()], selected_atoms=labels)


def test_selected_atoms_device(make_model, make_system, evaluate, error):
    labels = Labels(["system", "atom"], torch.tensor([[0, 0]])).to("meta")
    with pytest.raises(error, match="`selected_atoms` should be on the same device"):
        evaluate(make_model(), [make_system()], selected_atoms=labels)


def test_neighbor_lists(make_model, springs, make_system, make_neighbors, evaluate, error):
    options = NeighborListOptions(3.5, True, True)
    model = make_model(springs(neighbor_lists=[options]))

    system = make_system()
    with pytest.raises(error, match="NeighborListOptions\\(cutoff=3.500000, full_list=True, "):
        evaluate(model, [system])

    system.add_neighbor_list(NeighborListOptions(3.5, False, True), make_neighbors(system))
    with pytest.raises(error, match="NeighborListOptions\\(cutoff=3.500000, full_list=True, "):
        evaluate(model, [system])

    system.add_neighbor_list(NeighborListOptions(3.5, True, True), make_neighbors(system))
    evaluate(model, [system])


def test_missing_input(make_model, springs, make_system, make_data, evaluate, error):
    model = make_model(springs(inputs={"mass": ModelOutput(unit="u", sample_kind="atom")}))
    system = make_system()
    with pytest.raises(error, match="needs the input 'mass'"):
        evaluate(model, [system])

    system.add_data("mass", make_data("mass", torch.ones(3, dtype=torch.float64)))
    evaluate(model, [system])


def test_wrong_input(make_model, springs, make_system, make_data, evaluate, error):
    model = make_model(springs(inputs={"mass": ModelOutput(unit="u", sample_kind="atom")}))
    system = make_system()
    system.add_data("mass", make_data("weight", torch.ones(3, dtype=torch.float64)))
    with pytest.raises(error, match="mass"):
        evaluate(model, [system])

    # inputs are only checked on demand
    evaluate(model, [system], check_consistency=False)


@pytest.mark.parametrize(
    "name, sample, dtype, message",
    [
        ("other", "system", torch.float64, "other"),
        ("energy", "atom", torch.float64, "energy"),
        ("energy", "system", torch.float32, "torch.float32"),
    ],
)
def test_wrong_output(
    make_capabilities, make_system, evaluate, error, name, sample, dtype, message
):
    module = Wrong(name, sample, dtype)
    model = AtomisticModel(module.eval(), ModelMetadata(), make_capabilities())
    with pytest.raises(error, match=message):
        evaluate(model, [make_system()])


def test_deprecated_request(make_model, make_system, evaluate):
    model = make_model(
        outputs={"feature": ModelOutput(sample_kind="atom"), "energy": ModelOutput(unit="eV")}
    )
    requested = {"features": ModelOutput(sample_kind="atom"), "energy": ModelOutput(unit="eV")}
    with pytest.warns(
        UserWarning, match="'features' .* called 'feature': please update the engine"
    ):
        outputs = evaluate(model, [make_system()], requested)

    # renamed outputs come last
    assert list(outputs) == ["energy", "features"]
    assert outputs["features"].block().values.shape == (3, 4)


def test_deprecated_request_warns_once(make_model, make_system):
    outputs = {name: ModelOutput(description=name) for name in ["feature/a", "feature"]}
    model = make_model(outputs=outputs)
    options = ModelEvaluationOptions("A", {"features": ModelOutput()})
    with pytest.warns(UserWarning, match="'features'"):
        model([make_system()], options, check_consistency=True)

    # silent for the same output, but not for another one or another model
    model([make_system()], options, check_consistency=True)

    other_options = ModelEvaluationOptions("A", {"features/a": ModelOutput()})
    with pytest.warns(UserWarning, match="'features/a'"):
        model([make_system()], other_options, check_consistency=True)

    other_model = make_model(outputs={"feature": ModelOutput()})
    with pytest.warns(UserWarning, match="'features'"):
        other_model([make_system()], options, check_consistency=True)


def test_current_request_of_deprecated_output(make_system, springs, make_capabilities, evaluate):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        capabilities = make_capabilities(outputs={"features/a": ModelOutput()})
        model = AtomisticModel(springs().eval(), ModelMetadata(), capabilities)

    outputs = evaluate(model, [make_system()], {"feature/a": ModelOutput()})
    assert list(outputs) == ["feature/a"]


def test_request_with_both_names(make_model, make_system, evaluate, error):
    model = make_model(outputs={"charge": ModelOutput(unit="e", sample_kind="atom")})
    model.module = Charges()

    requested = {
        "charges": ModelOutput(unit="C", sample_kind="atom"),
        "charge": ModelOutput(unit="e", sample_kind="atom"),
    }
    with pytest.warns(UserWarning, match="'charges'"):
        outputs = evaluate(model, [make_system()], requested)

    # each has its own unit
    assert outputs["charge"].block().values.flatten().tolist() == [2.0, 2.0, 2.0]
    in_coulomb = torch.full((3, 1), 2 * 1.602176634e-19, dtype=torch.float64)
    torch.testing.assert_close(outputs["charges"].block().values, in_coulomb, rtol=1e-12, atol=0)

    requested = {"charges": ModelOutput(), "charge": ModelOutput(sample_kind="atom")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(error, match="'charges' and as 'charge', for different kinds"):
            evaluate(model, [make_system()], requested)


def test_alias_of_inputs(springs, make_model, make_system, make_data, evaluate):
    model = make_model(springs(inputs={"mass": ModelOutput(unit="u", sample_kind="atom")}))

    system = make_system()
    data = make_data("mass", torch.ones(3, dtype=torch.float64), "u")
    system.add_data("masses", data, override=False, _private_warn_on_deprecated=False)
    evaluate(model, [system])

    # the given system is the one that changes
    assert set(system.known_data()) == {"mass", "masses"}


def test_profiler_sections(make_model, make_system):
    with torch.profiler.profile() as profile:
        options = ModelEvaluationOptions("A", {"energy": ModelOutput(unit="eV")})
        make_model()([make_system()], options, check_consistency=True)

    names = {event.key for event in profile.key_averages()}
    assert names >= {
        "AtomisticModel::check_inputs",
        "AtomisticModel::check_atomic_types",
        "AtomisticModel::convert_units_input",
        "Model::forward",
        "AtomisticModel::check_outputs",
        "AtomisticModel::convert_units_output",
    }


def test_selected_atoms_are_given_as_they_are(make_model, make_system):
    class Recorder(torch.nn.Module):
        def forward(self, systems, outputs, selected_atoms):
            self.selected_atoms = selected_atoms
            return {}

    model = make_model()
    model.module = Recorder()
    selected = Labels(["system", "atom"], torch.tensor([[0, 1]]))
    options = ModelEvaluationOptions("A", {}, selected)
    model([make_system()], options, check_consistency=False)
    assert model.module.selected_atoms == selected
