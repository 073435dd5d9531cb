"""Conversions between the units of engines and the ones of models."""

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import (
    ModelEvaluationOptions,
    ModelOutput,
    NeighborListOptions,
    register_autograd_neighbors,
    unit_conversion_factor,
)
from metatomic.torch.model import _convert_systems_units

# eV in kcal/mol
EV = 23.06054783061903


def evaluate(model, system, length_unit, output):
    options = ModelEvaluationOptions(length_unit, {"energy": output})
    return model([system], options, check_consistency=True)["energy"].block().values


def test_lengths(make_model, make_system):
    system = make_system(requires_grad=True)
    output = ModelOutput(unit="eV")

    reference = evaluate(make_model(), system, "A", output)
    # the model sees smaller numbers, energies are quadratic
    in_nm = evaluate(make_model(length_unit="nm"), system, "A", output)
    torch.testing.assert_close(in_nm, reference / 100)

    # nothing is converted if one of the units is not known
    assert torch.equal(evaluate(make_model(length_unit="nm"), system, "", output), reference)
    assert torch.equal(evaluate(make_model(length_unit=""), system, "nm", output), reference)

    # gradients are with respect to the positions of the engine
    in_nm.sum().backward()
    torch.testing.assert_close(system.positions.grad, 2 * system.positions.detach() / 100)


def test_energies(make_model, make_system):
    system = make_system()
    model = make_model(outputs={"energy": ModelOutput(unit="kcal/mol")})

    values = evaluate(model, system, "A", ModelOutput(unit="kcal/mol"))
    converted = evaluate(model, system, "A", ModelOutput(unit="eV"))
    torch.testing.assert_close(values, converted * EV)

    # no unit, no conversion
    assert torch.equal(evaluate(model, system, "A", ModelOutput()), values)


def test_wrong_dimension(make_model, make_system):
    with pytest.raises(ValueError, match="dimension"):
        evaluate(make_model(), make_system(), "A", ModelOutput(unit="eV/A"))


def test_gradients_of_outputs(make_model, make_system):
    class WithGradients(torch.nn.Module):
        def forward(self, systems, outputs, selected_atoms):
            properties = Labels("energy", torch.tensor([[0]]))
            values = torch.ones((1, 1), dtype=torch.float64)
            block = TensorBlock(values, Labels("system", torch.tensor([[0]])), [], properties)
            gradient = TensorBlock(
                values=torch.ones((1, 3, 3, 1), dtype=torch.float64),
                samples=Labels("sample", torch.tensor([[0]])),
                components=[
                    Labels("xyz_1", torch.arange(3).reshape(-1, 1)),
                    Labels("xyz_2", torch.arange(3).reshape(-1, 1)),
                ],
                properties=properties,
            )
            block.add_gradient("strain", gradient)
            return {"energy": TensorMap(Labels("_", torch.tensor([[0]])), [block])}

    model = make_model(outputs={"energy": ModelOutput(unit="eV", explicit_gradients=["strain"])})
    model.module = WithGradients()
    requested = ModelOutput(unit="kcal/mol", explicit_gradients=["strain"])
    options = ModelEvaluationOptions("A", {"energy": requested})
    block = model([make_system()], options, check_consistency=True)["energy"].block()

    expected = torch.full((1, 3, 3, 1), EV, dtype=torch.float64)
    torch.testing.assert_close(block.gradient("strain").values, expected)


def test_outputs_stay_the_objects_of_the_module(make_model, springs, make_system):
    class Recorder(springs):
        def forward(self, systems, outputs, selected_atoms):
            self.results = super().forward(systems, outputs, selected_atoms)
            self.values = self.results["energy"].block().values
            return self.results

    model = make_model()
    model.module = Recorder()
    values = evaluate(model, make_system(), "A", ModelOutput(unit="meV"))
    assert values is model.module.values
    assert model.module.results["energy"].block().values is values


def test_convert_systems(make_system, make_neighbors, make_data):
    system = make_system(requires_grad=True)
    options = NeighborListOptions(3.5, False, True)
    neighbors = make_neighbors(system)
    register_autograd_neighbors(system, neighbors)
    system.add_neighbor_list(options, neighbors)
    masses = torch.tensor([16.0, 1.0, 1.0], dtype=torch.float64)
    system.add_data("mass", make_data("mass", masses, "u"))
    system.add_data("other::data", make_data("x", masses, "u"))

    requested = {"mass": ModelOutput(unit="m_e", sample_kind="atom")}
    (converted,) = _convert_systems_units([system], "nm", "Angstrom", requested)

    assert converted.types is system.types
    assert converted.pbc is system.pbc
    assert converted.positions is not system.positions
    torch.testing.assert_close(converted.positions, system.positions / 10)
    torch.testing.assert_close(converted.cell, system.cell / 10)

    block = converted.get_neighbor_list(options)
    assert block.samples == neighbors.samples
    torch.testing.assert_close(block.values, neighbors.values / 10)
    assert block.values.requires_grad

    electrons = unit_conversion_factor("u", "m_e")
    mass = converted.get_data("mass")
    torch.testing.assert_close(mass.block().values.flatten(), electrons * masses)
    assert mass.info() == {"unit": "m_e"}

    # the model did not request this one
    assert converted.get_data("other::data").block().values is (
        system.get_data("other::data").block().values
    )

    # everything is connected to the original positions
    (block.values.sum() + converted.positions.sum()).backward()
    expected = torch.tensor([[0.1] * 3, [0.0] * 3, [0.2] * 3], dtype=torch.float64)
    torch.testing.assert_close(system.positions.grad, expected)


@pytest.mark.parametrize("units", [("", "Angstrom"), ("nm", ""), ("A", "Angstrom")])
def test_convert_systems_without_conversion(make_system, units):
    system = make_system()
    (converted,) = _convert_systems_units([system], *units, {})
    assert torch.equal(converted.positions, system.positions)
    assert converted.positions.data_ptr() != system.positions.data_ptr()


@pytest.mark.parametrize(
    "data_unit, requested_unit, factor",
    [("u", "kg", 1.6605390689252e-27), (None, "kg", 1.0), ("u", "", 1.0)],
)
def test_unit_of_data(make_system, make_data, data_unit, requested_unit, factor):
    system = make_system()
    data = make_data("mass", torch.ones(3, dtype=torch.float64), data_unit)
    data.set_info("comment", "hello")
    system.add_data("mass", data)

    requested = {"mass": ModelOutput(unit=requested_unit, sample_kind="atom")}
    (converted,) = _convert_systems_units([system], "A", "A", requested)

    mass = converted.get_data("mass")
    expected = torch.full((3, 1), factor, dtype=torch.float64)
    torch.testing.assert_close(mass.block().values, expected, rtol=1e-12, atol=0)
    assert mass.info() == {"unit": requested_unit}


def test_gradients_of_data(make_system, make_data):
    system = make_system()
    data = make_data("mass", torch.ones(3, dtype=torch.float64), "kg")
    gradient = TensorBlock(
        values=torch.ones((1, 1), dtype=torch.float64),
        samples=Labels("sample", torch.tensor([[0]])),
        components=[],
        properties=data.block().properties,
    )
    with_gradient = data.block().copy()
    with_gradient.add_gradient("parameter", gradient)
    data = TensorMap(data.keys, [with_gradient.copy()])
    data.set_info("unit", "kg")
    system.add_data("mass", data)

    requested = {"mass": ModelOutput(unit="g", sample_kind="atom")}
    (converted,) = _convert_systems_units([system], "A", "A", requested)
    values = converted.get_data("mass").block().gradient("parameter").values
    torch.testing.assert_close(values, torch.full((1, 1), 1000.0, dtype=torch.float64))

    # gradients of gradients have other units
    nested = gradient.copy()
    nested.add_gradient("other", gradient)
    block = make_data("mass", torch.ones(3, dtype=torch.float64)).block().copy()
    block.add_gradient("parameter", nested)
    data = TensorMap(data.keys, [block])
    system.add_data("mass", data, override=True)
    with pytest.raises(NotImplementedError, match="'mass'.*'parameter'"):
        _convert_systems_units([system], "A", "A", requested)


def test_convert_no_systems():
    assert _convert_systems_units([], "nm", "A", {}) == []
