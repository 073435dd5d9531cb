"""Which modules are accepted as models."""

from typing import Dict, List, Optional

import pytest
import torch

from metatensor.torch import Labels, TensorMap
from metatomic.torch import (
    AtomisticModel,
    ModelInterface,
    ModelMetadata,
    ModelOutput,
    System,
    is_atomistic_model,
)

EXPECTED = (
    "forward(self, systems: List[System], outputs: Dict[str, ModelOutput], "
    "selected_atoms: Optional[Labels]) -> Dict[str, TensorMap]"
)


class OneArgument(torch.nn.Module):
    def forward(self, x: int) -> int:
        return x


class WrongOrder(torch.nn.Module):
    def forward(
        self,
        outputs: Dict[str, ModelOutput],
        systems: List[System],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        return {}


class NoAnnotations(torch.nn.Module):
    def forward(self, systems, outputs, selected_atoms):
        return {}


class WrongSystems(torch.nn.Module):
    def forward(
        self,
        systems: List[Labels],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        return {}


class WrongOutputs(torch.nn.Module):
    def forward(
        self,
        systems: List[System],
        outputs: List[ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, TensorMap]:
        return {}


class WrongSelection(torch.nn.Module):
    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Labels,
    ) -> Dict[str, TensorMap]:
        return {}


class WrongReturn(torch.nn.Module):
    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels],
    ) -> Dict[str, torch.Tensor]:
        return {}


class DefaultSelection(torch.nn.Module):
    def forward(
        self,
        systems: List[System],
        outputs: Dict[str, ModelOutput],
        selected_atoms: Optional[Labels] = None,
    ) -> Dict[str, TensorMap]:
        return {}


@pytest.mark.parametrize("scripted", [False, True])
@pytest.mark.parametrize(
    "module, actual",
    [
        (OneArgument, "forward(self, x: int) -> int"),
        (
            WrongOrder,
            "forward(self, outputs: Dict[str, ModelOutput], systems: List[System], "
            "selected_atoms: Optional[Labels]) -> Dict[str, TensorMap]",
        ),
    ],
)
def test_wrong_arguments(module, actual, scripted, make_capabilities):
    module = module().eval()
    if scripted:
        module = torch.jit.script(module)

    with pytest.raises(TypeError) as error:
        AtomisticModel(module, ModelMetadata(), make_capabilities())

    assert EXPECTED in str(error.value)
    assert actual in str(error.value)


def test_no_annotations(make_capabilities):
    with pytest.raises(TypeError, match="forward\\(self\\)"):
        AtomisticModel(NoAnnotations().eval(), ModelMetadata(), make_capabilities())


@pytest.mark.parametrize("scripted", [False, True])
@pytest.mark.parametrize(
    "module, message",
    [
        (WrongSystems, "`systems` .* should be List\\[System\\], got List\\[Labels\\]"),
        (WrongOutputs, "`outputs` .* should be Dict\\[str, ModelOutput\\], got List\\[ModelOutput"),
        (WrongSelection, "`selected_atoms` .* should be Optional\\[Labels\\], got Labels"),
        (WrongReturn, "return type .* should be Dict\\[str, TensorMap\\], got Dict\\[str, Tensor"),
    ],
)
def test_wrong_types(module, message, scripted, make_capabilities):
    module = module().eval()
    if scripted:
        module = torch.jit.script(module)

    with pytest.raises(TypeError, match=message):
        AtomisticModel(module, ModelMetadata(), make_capabilities())


@pytest.mark.parametrize("scripted", [False, True])
def test_valid(scripted, make_capabilities):
    module = DefaultSelection().eval()
    if scripted:
        module = torch.jit.script(module)

    model = AtomisticModel(module, ModelMetadata(), make_capabilities())
    assert model.module is module


def test_interface_is_a_model(make_capabilities, make_system):
    model = AtomisticModel(ModelInterface().eval(), ModelMetadata(), make_capabilities())

    assert model.requested_neighbor_lists() == []
    assert model.requested_inputs(use_new_names=True) == {}
    with pytest.raises(NotImplementedError, match="must define `forward`"):
        model.module([make_system()], {}, None)


def test_is_atomistic_model(make_model, springs):
    model = make_model()
    assert is_atomistic_model(model)
    assert is_atomistic_model(torch.jit.script(model))

    assert not is_atomistic_model(springs())
    assert not is_atomistic_model(torch.jit.script(springs()))

    with pytest.raises(TypeError, match="torch.nn.Module, got str"):
        is_atomistic_model("model.pt")
