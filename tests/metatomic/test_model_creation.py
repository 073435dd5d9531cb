"""What `AtomisticModel` collects from its module, and what it refuses."""

import warnings
from typing import Dict, List, Optional

import pytest
import torch

from metatensor.torch import Labels, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelMetadata,
    ModelOutput,
    NeighborListOptions,
    System,
)


class Layer(torch.nn.Module):
    def __init__(self, name: str, cutoffs: List[float]):
        super().__init__()
        self.name = name
        self.cutoffs = cutoffs

    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        return [NeighborListOptions(cutoff, True, False, self.name) for cutoff in self.cutoffs]


class InputLayer(torch.nn.Module):
    def __init__(self, inputs: Dict[str, ModelOutput]):
        super().__init__()
        self.inputs = inputs

    def requested_inputs(self) -> Dict[str, ModelOutput]:
        return self.inputs


class Layered(torch.nn.Module):
    def __init__(self, first: torch.nn.Module, second: torch.nn.Module):
        super().__init__()
        self.first = first
        self.second = second

    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        return {}


def test_attributes(springs, make_capabilities):
    module = springs().eval()
    capabilities = make_capabilities()
    metadata = ModelMetadata(name="springs")
    model = AtomisticModel(module, metadata, capabilities)

    assert model.module is module
    assert model.metadata().name == "springs"
    assert model.capabilities().dtype == "float64"
    assert model._capabilities.outputs.keys() == {"energy"}
    assert not module.stiffness.requires_grad


def test_training_mode(springs, make_capabilities):
    with pytest.raises(ValueError, match="evaluation mode"):
        AtomisticModel(springs().train(), ModelMetadata(), make_capabilities())


def test_not_a_module(make_capabilities):
    with pytest.raises(TypeError, match="torch.nn.Module, got int"):
        AtomisticModel(3, ModelMetadata(), make_capabilities())


@pytest.mark.parametrize(
    "replaced, message",
    [
        ({"interaction_range": -1}, "interaction_range.*not set"),
        ({"interaction_range": float("nan")}, "interaction_range.*NaN"),
        ({"supported_devices": []}, "supported_devices.*not set"),
        ({"dtype": ""}, "dtype.*not set"),
    ],
)
def test_incomplete_capabilities(make_model, replaced, message):
    with pytest.raises(ValueError, match=message):
        make_model(**replaced)


def test_infinite_range(make_model):
    model = make_model(interaction_range=float("inf"))
    assert model.capabilities().interaction_range == float("inf")


def test_neighbor_lists(make_model):
    module = Layered(Layer("first module", [3.5, 5.0]), Layer("second module", [5.0, 2.0, 3.5]))
    options = make_model(module).requested_neighbor_lists()

    assert [o.cutoff for o in options] == [3.5, 5.0, 2.0]
    assert all(o.length_unit == "Angstrom" for o in options)
    assert options[0].requestors() == [
        "first module",
        "Layered.first",
        "second module",
        "Layered.second",
    ]
    assert options[2].requestors() == ["second module", "Layered.second"]


def test_neighbor_lists_of_nested_modules(make_model):
    inner = torch.nn.Sequential(torch.nn.Sequential(Layer("", [3.0])), Layer("", [3.0]))
    options = make_model(Layered(inner, torch.nn.Identity())).requested_neighbor_lists()

    assert len(options) == 1
    assert options[0].requestors() == ["Layered.first.0.0", "Layered.first.1"]


def test_neighbor_lists_unit(make_model, springs):
    options = NeighborListOptions(3.5, True, True)
    options.length_unit = "nm"

    message = "Springs has its cutoff in 'nm', but .* is 'Angstrom'"
    with pytest.raises(ValueError, match=message):
        make_model(springs(neighbor_lists=[options]))

    model = make_model(springs(neighbor_lists=[options]), length_unit="nm")
    assert model.requested_neighbor_lists()[0].length_unit == "nm"


def test_inputs(make_model):
    first = {"mass": ModelOutput(unit="u", sample_kind="atom")}
    second = {
        "charge": ModelOutput(unit="e"),
        "mass": ModelOutput(unit="u", sample_kind="atom", description="another one"),
    }
    model = make_model(Layered(InputLayer(first), InputLayer(second)))

    inputs = model.requested_inputs(use_new_names=True)
    assert list(inputs) == ["mass", "charge"]
    assert inputs["mass"].sample_kind == "atom"
    assert inputs["mass"].description == ""
    assert inputs["charge"].unit == "e"


@pytest.mark.parametrize(
    "other, message",
    [
        (
            {"unit": "kg", "sample_kind": "atom"},
            "'mass' .* unit: 'kg' by Layered.second and 'u' by Layered.first",
        ),
        (
            {"unit": "u", "sample_kind": "system"},
            "'mass' .* sample_kind: 'system' by Layered.second and 'atom' by Layered.first",
        ),
    ],
)
def test_different_inputs(make_model, other, message):
    first = InputLayer({"mass": ModelOutput(unit="u", sample_kind="atom")})
    second = InputLayer({"mass": ModelOutput(**other)})

    with pytest.raises(NotImplementedError, match=message):
        make_model(Layered(first, second))


def test_models_inside_of_a_module(make_model, springs, make_capabilities):
    """A module can use other models: they are asked for their inputs with the current names."""
    mass = {"mass": ModelOutput(unit="u", sample_kind="atom")}
    charge = {"charge": ModelOutput(unit="e", sample_kind="atom")}
    first = make_model(springs(inputs=mass))
    second = torch.jit.script(make_model(springs(inputs={**mass, **charge})))

    model = make_model(Layered(first, second))
    assert list(model.requested_inputs(use_new_names=True)) == ["mass", "charge"]


def test_deprecated_input(make_model, springs):
    inputs = {"masses": ModelOutput(unit="u", sample_kind="atom")}
    with pytest.warns(UserWarning, match="'masses', which is now called 'mass'.*update the model"):
        model = make_model(springs(inputs=inputs))

    assert list(model.requested_inputs(use_new_names=True)) == ["mass"]
    with pytest.warns(UserWarning, match="use_new_names=True"):
        assert list(model.requested_inputs()) == ["masses"]

    # the warning comes only once
    assert list(model.requested_inputs(use_new_names=False)) == ["masses"]


def test_input_with_two_names(make_model, springs):
    mass = ModelOutput(unit="u", sample_kind="atom")
    with pytest.raises(ValueError, match="two names: 'masses' \\(deprecated\\) and 'mass'"):
        make_model(springs(inputs={"mass": mass, "masses": mass}))


def test_input_names_with_variants(make_model, springs):
    inputs = {"velocity/mean": ModelOutput(unit="A/fs", sample_kind="atom")}
    model = make_model(springs(inputs=inputs))

    assert list(model.requested_inputs(use_new_names=True)) == ["velocity/mean"]
    with pytest.warns(UserWarning, match="use_new_names=True"):
        assert list(model.requested_inputs()) == ["velocities/mean"]


def test_other_spelling_of_outputs(make_model):
    outputs = {
        "energy": ModelOutput(unit="eV"),
        "feature": ModelOutput(sample_kind="atom"),
        "non_conservative_force/v": ModelOutput(unit="eV/A", sample_kind="atom"),
    }
    capabilities = make_model(outputs=outputs).capabilities()

    assert list(capabilities.outputs) == [
        "energy",
        "feature",
        "features",
        "non_conservative_force/v",
        "non_conservative_forces/v",
    ]
    assert capabilities.outputs["features"].sample_kind == "atom"
    assert capabilities.outputs["non_conservative_forces/v"].unit == "eV/A"

    # both names are the same object
    capabilities.outputs["feature"].description = "changed"
    assert capabilities.outputs["features"].description == "changed"


def test_deprecated_output(make_capabilities, springs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        capabilities = make_capabilities(outputs={"features": ModelOutput(sample_kind="atom")})

    with pytest.warns(UserWarning, match="'features', .* 'feature': please update the model"):
        AtomisticModel(springs().eval(), ModelMetadata(), capabilities)

    # this changes the object given by the caller
    assert list(capabilities.outputs) == ["features", "feature"]


def test_wrapping_again(make_model, springs, make_capabilities):
    options = NeighborListOptions(3.5, True, True, "me")
    inputs = {"charge": ModelOutput(unit="e")}
    outputs = {"feature": ModelOutput(sample_kind="atom")}
    module = springs(neighbor_lists=[options], inputs=inputs)
    model = make_model(module, outputs=outputs)

    again = AtomisticModel(model, ModelMetadata(name="again"), model.capabilities())

    assert again.module is module
    assert again.metadata().name == "again"
    assert again._model_capabilities_outputs_names == ["feature"]
    assert list(again.capabilities().outputs) == ["feature", "features"]
    assert list(again.requested_inputs(use_new_names=True)) == ["charge"]
    assert again.requested_neighbor_lists()[0].requestors() == ["me", "Springs", "Springs.module"]


def test_loss_of_gradients_is_for_all_parameters(make_model, springs):
    module = springs()
    module.layer = torch.nn.Linear(2, 2)
    model = make_model(module)
    assert not any(parameter.requires_grad for parameter in model.parameters())
