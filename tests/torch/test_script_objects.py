"""Objects of TorchScript classes as arguments of torch, whose `__getattr__` we replace."""

import copy
import operator
import pickle

import pytest
import torch

from metatensor.torch import Labels, TensorBlock, TensorMap
from metatensor.torch._script_objects import answer_torch_function_lookup


def foreign_object() -> torch.ScriptObject:
    """An object of one of torch's own classes."""
    return torch.ops.profiler._record_function_enter_new("test", None)


@pytest.fixture(params=["labels", "map", "foreign"])
def script_object(request, tensor) -> torch.ScriptObject:
    return {"labels": Labels.range("a", 3), "map": tensor, "foreign": foreign_object()}[
        request.param
    ]


def test_torch_function(script_object):
    """There is no such attribute, and C++ was not asked for it."""
    assert not hasattr(script_object, "__torch_function__")
    with pytest.raises(AttributeError, match="objects of TorchScript classes have no"):
        _ = script_object.__torch_function__
    assert not hasattr(type(script_object), "__torch_function__")
    assert not torch.overrides.has_torch_function((script_object,))
    assert not torch.overrides.is_tensor_like(script_object)
    assert not torch.is_tensor(script_object)


def test_other_attributes(script_object):
    assert isinstance(script_object, torch.ScriptObject)
    assert not hasattr(script_object, "no_such_attribute")
    with pytest.raises(AttributeError, match="no_such_attribute"):
        _ = script_object.no_such_attribute
    with pytest.raises(RuntimeError):
        script_object.new_attribute = 3


def test_methods_and_properties(tensor):
    labels = Labels.range("a", 3)
    assert labels.names == ["a"]
    assert labels.position([2]) == 2
    assert labels._type().name() == "Labels"
    assert tensor.block(0).values is tensor.block(0).values
    assert foreign_object()._type().name() == "_RecordFunction"


def test_copies(tensor):
    labels = Labels.range("a", 3)
    for copied in (copy.copy(labels), copy.deepcopy(labels), pickle.loads(pickle.dumps(labels))):
        assert copied == labels
    assert copy.deepcopy(tensor).keys == tensor.keys
    with pytest.raises(RuntimeError, match="deepcopy"):
        copy.deepcopy(foreign_object())


def test_scripted():
    class Module(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.labels = Labels.range("a", 3)

        def forward(self, values: torch.Tensor) -> TensorBlock:
            return TensorBlock(values, self.labels, [], self.labels)

    values = torch.ones(3, 3)
    for module in (Module(), torch.jit.script(Module())):
        block = module(values)
        assert block.values is values
        assert block.samples == module.labels


def test_not_tensors(tensor):
    """Functions of torch that treat anything with `__torch_function__` as a tensor."""
    with pytest.raises(TypeError, match="buffer"):
        torch.nn.Module().register_buffer("tensor", tensor)
    with pytest.raises(TypeError, match="must be Tensor"):
        torch.add(torch.ones(2), tensor)

    values = torch.rand(2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda tensor, values: values**2 * tensor.block(0).values.sum(), (tensor, values)
    )


@pytest.mark.filterwarnings("ignore")
def test_compile(tensor):
    def total(tensor: TensorMap, values: torch.Tensor) -> torch.Tensor:
        if hasattr(tensor, "no_such_attribute") or torch.overrides.has_torch_function((tensor,)):
            return values
        return (values * tensor.block(0).values.sum()).sin() + len(tensor)

    values = torch.rand(3, dtype=torch.float64)
    compiled = torch.compile(total, backend="eager")
    torch.testing.assert_close(compiled(tensor, values), total(tensor, values))
    torch._dynamo.reset()


def test_only_once():
    before = torch.ScriptObject.__getattr__
    answer_torch_function_lookup()
    assert torch.ScriptObject.__getattr__ is before


@pytest.mark.parametrize(
    "members",
    [
        {"__getattr__": operator.attrgetter, "__torch_function__": None},
        {"__getattr__": lambda self, name: name},
        {},
    ],
)
def test_other_versions_of_torch(monkeypatch, members):
    """Nothing happens if the class is not what we expect."""
    other = type("ScriptObject", (), dict(members))
    monkeypatch.setattr(torch._C, "ScriptObject", other)
    answer_torch_function_lookup()
    assert other.__dict__.get("__getattr__") is members.get("__getattr__")

    monkeypatch.delattr(torch._C, "ScriptObject")
    answer_torch_function_lookup()
