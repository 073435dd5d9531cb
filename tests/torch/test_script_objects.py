"""
Objects of TorchScript classes in Python: what is quick has to give the same results as torch.

The attributes of `torch.ScriptObject`, `torch.ScriptMethod` and `torch.ScriptClass` (`__getattr__`,
`__call__`, ...) are the ones of torch. What is replaced is what `object.name`, `method(...)` do.
"""

import copy
import operator
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from metatensor.torch import Labels, TensorBlock, TensorMap, _c_lib
from metatensor.torch._script_objects import make_script_objects_quick
from metatomic.torch import ModelEvaluationOptions, ModelMetadata, NeighborListOptions, System


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
    for _ in range(3):
        make_script_objects_quick()
    assert torch.ScriptObject.__getattr__ is before
    # if this was replaced by itself, there would be no end
    assert not hasattr(Labels.range("a", 3), "no_such_attribute")


@pytest.mark.parametrize(
    "members",
    [
        {"__getattr__": operator.attrgetter, "__torch_function__": None},
        {"__getattr__": lambda self, name: name},
        {"__getattr__": operator.attrgetter},
        {},
    ],
)
def test_other_versions_of_torch(monkeypatch, members):
    """Nothing happens if the class is not what we expect."""
    other = type("ScriptObject", (), dict(members))
    monkeypatch.setattr(torch._C, "ScriptObject", other)
    make_script_objects_quick()
    assert other.__dict__.get("__getattr__") is members.get("__getattr__")

    monkeypatch.delattr(torch._C, "ScriptObject")
    make_script_objects_quick()


def test_without_native_module(monkeypatch, tmp_path):
    """It does not exist for a libmetatensor_torch which is not part of this package."""
    monkeypatch.setattr(_c_lib, "_TORCH_DIRECTORY", tmp_path)
    make_script_objects_quick()
    with pytest.raises(ImportError, match="there is no module _script_object_slots in"):
        _c_lib._load_extension("_script_object_slots")


# --- the same results as torch -----------------------------------------------------------------


def describe(value: Any) -> Any:
    """What can be compared, including the types."""
    if isinstance(value, torch.Tensor):
        return value.dtype, tuple(value.shape), value.tolist()
    if isinstance(value, torch.ScriptMethod):
        return value.name, str(value.schema)
    if isinstance(value, torch.ScriptObject):
        return value._type(), str(value)
    if isinstance(value, list | tuple):
        return type(value), [describe(item) for item in value]
    return type(value), value


def outcome(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    try:
        return describe(function(*args, **kwargs))
    except Exception as error:
        return type(error), str(error)


def torch_call(method: torch.ScriptMethod, *args: Any, **kwargs: Any) -> Any:
    return torch.ScriptMethod.__call__(method, *args, **kwargs)


def make_labels() -> Labels:
    return Labels(["a", "b"], torch.tensor([[0, 1], [2, 3]]))


def make_block() -> TensorBlock:
    labels = make_labels()
    block = TensorBlock(torch.arange(6.0).reshape(2, 3, 1), labels, [Labels.range("xyz", 3)], ONE)
    block.add_gradient("g", TensorBlock(torch.ones(2, 3, 1), ROWS, block.components, ONE))
    return block


def make_system() -> System:
    return System(torch.ones(2, dtype=torch.int32), torch.ones(2, 3), torch.eye(3), PERIODIC)


def make_outputs() -> TensorMap:
    block = TensorBlock(torch.ones(1, 1), Labels.range("system", 1), [], Labels.range("p", 1))
    return TensorMap(Labels.range("_", 1), [block])


ONE = Labels.range("p", 1)
ROWS = Labels.range("sample", 2)
PERIODIC = torch.tensor([True, True, True])
LABELS = make_labels()
BLOCK = make_block()
TENSOR = TensorMap(LABELS, [make_block(), make_block()])
OBJECTS = {
    "labels": LABELS,
    "entry": LABELS[1],
    "block": BLOCK,
    "map": TENSOR,
    "system": make_system(),
    "neighbors": NeighborListOptions(3.0, True, False),
    "options": ModelEvaluationOptions(),
    "metadata": ModelMetadata(name="name", authors=["someone"]),
}
CHANGES = ("release", "save", "add_", "set_", "as_mts", "print")


def methods_without_effects(script_object: torch.ScriptObject) -> list[str]:
    return [
        name
        for name in script_object._method_names()
        if not name.startswith(("_", *CHANGES)) and not name.endswith("_setter")
    ]


@pytest.mark.parametrize("name", OBJECTS)
def test_attributes(name):
    script_object = OBJECTS[name]
    names = [property.name for property in script_object._properties()]
    assert names
    for attribute in [*names, *methods_without_effects(script_object), "capsule", "not_there"]:
        expected = outcome(torch.ScriptObject.__getattr__, script_object, attribute)
        assert outcome(getattr, script_object, attribute) == expected
        # not the string that the interpreter uses everywhere for this name
        other_string = "".join(list(attribute))
        assert outcome(getattr, script_object, other_string) == expected


class SubClass(torch.Tensor):
    """A tensor that overrides functions of torch."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = getattr(function, "name", "")
        return f"overridden {name}" if isinstance(function, torch.ScriptMethod) else NotImplemented


class Overriding:
    """Anything that overrides functions of torch."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return f"overridden {function.name}"

    def __repr__(self) -> str:
        return "Overriding()"


VALUES = [
    *(None, True, 0, 1, -1, 2**70, 1.0, "a", "b", "g", "xyz", "cpu", "\ud800", b"a", 1 + 1j),
    *([], [0], [0, 1], [1, 0], (0, 1), ["a"], ["a", "b"], ["a", 1], [True], [2**70], [1.0], [None]),
    *({"a": 0}, {"a": 0, "b": 1}, {"a": True}, {"a": 2**70}, {"a": Overriding()}, {0: 0}, {}),
    *(
        LABELS,
        LABELS[0],
        BLOCK,
        TENSOR,
        ONE,
        [LABELS],
        [LABELS, None],
        [BLOCK, BLOCK],
        [BLOCK, ONE],
    ),
    *(torch.tensor([0, 1]), torch.ones(2, 1), torch.nn.Parameter(torch.ones(2))),
    *(torch.float64, torch.device("cpu"), torch.strided, [torch.ones(2)]),
    *(torch.ones(2).as_subclass(SubClass), Overriding(), [Overriding()]),
]


@st.composite
def calls(draw: st.DrawFn) -> tuple[torch.ScriptMethod, list[Any], dict[str, Any]]:
    script_object = OBJECTS[draw(st.sampled_from(list(OBJECTS)))]
    names = methods_without_effects(script_object)
    method = getattr(script_object, draw(st.sampled_from(names)))
    arguments = [argument.name for argument in method.schema.arguments]
    value = st.sampled_from(VALUES)
    args = draw(st.lists(value, max_size=3))
    keywords = st.sampled_from([*arguments[1:], "unknown"])
    return method, args, draw(st.dictionaries(keywords, value, max_size=2))


@given(calls())
def test_calls(call):
    method, args, kwargs = call
    assert outcome(method, *args, **kwargs) == outcome(torch_call, method, *args, **kwargs)


@pytest.mark.parametrize(
    "method, args, kwargs",
    [
        (TENSOR.block, [1], {}),
        (TENSOR.block, [], {"selection": LABELS[0]}),
        (TENSOR.block, [{"a": 2}], {}),
        (TENSOR.block, [{"a": 2, "b": 3}], {}),
        (TENSOR.block, [{"b": 3, "none": 1}], {}),
        (TENSOR.block, [{"b": 2**70}], {}),
        (TENSOR.items, [], {}),
        (TENSOR.blocks, [ONE], {}),
        (BLOCK.gradients, [], {}),
        (BLOCK.gradient, ["none"], {}),
        (BLOCK.copy, [], {"deep": False}),
        (BLOCK.to, [torch.float64], {"arrays": "torch"}),
        (LABELS.position, [[2, 3]], {}),
        (LABELS.position, [[2, "a"]], {}),
        (LABELS.rename, ["a"], {"new": "c"}),
        (LABELS.rename, ["a", "c"], {"new": "c"}),
        (LABELS.union_and_mapping, [LABELS], {}),
        (LABELS.append, ["c"], {"values": torch.ones(2).as_subclass(SubClass)}),
    ],
)
def test_usual_calls(method, args, kwargs):
    assert outcome(method, *args, **kwargs) == outcome(torch_call, method, *args, **kwargs)


@given(st.sampled_from(VALUES))
def test_special_methods(value):
    for script_object in (LABELS, LABELS[0], BLOCK, TENSOR, make_system()):
        torch_len = torch.ScriptObject.__len__
        assert outcome(len, script_object) == outcome(torch_len, script_object)
        for name in ("__getitem__", "__eq__", "__ne__", "__lt__"):
            expected = outcome(getattr(torch.ScriptObject, name), script_object, value)
            assert outcome(getattr(operator, name), script_object, value) == expected


def test_iteration():
    assert describe(list(LABELS)) == describe([LABELS[0], LABELS[1]])
    first, *others = LABELS[1]
    assert (int(first), [int(value) for value in others]) == (2, [3])


@given(st.sampled_from(VALUES), st.sampled_from(["values", "samples", "components", "properties"]))
def test_constructor(value, name):
    arguments = {
        "values": BLOCK.values,
        "samples": BLOCK.samples,
        "components": BLOCK.components,
        "properties": BLOCK.properties,
    }
    assert TensorBlock(**arguments).values is BLOCK.values
    arguments[name] = value
    for args, kwargs in (([], arguments), (arguments.values(), {})):
        expected = outcome(torch.ScriptClass.__call__, TensorBlock, *args, **kwargs)
        assert outcome(TensorBlock, *args, **kwargs) == expected


def test_list_of_blocks():
    blocks = [make_block() for _ in range(2)]
    for wrong in ([*blocks, blocks[0].values], [*blocks, LABELS], [None, *blocks], []):
        expected = outcome(torch.ScriptClass.__call__, TensorMap, LABELS, wrong)
        assert issubclass(expected[0], Exception)
        assert outcome(TensorMap, LABELS, wrong) == expected

    tensor = TensorMap(LABELS, blocks)
    assert describe(tensor.blocks()) == describe(TENSOR.blocks())
    # blocks were moved
    for attribute in ("values", "samples", "copy", "gradients_list"):
        expected = outcome(torch.ScriptObject.__getattr__, blocks[0], attribute)
        assert outcome(getattr, blocks[0], attribute) == expected
    with pytest.raises(RuntimeError) as error:
        _ = blocks[0].values
    assert error.type is RuntimeError
    assert "C++" not in str(error.value)


def test_warnings():
    """Warnings of C++ are Python warnings, and can be errors."""
    system, tensor = make_system(), make_outputs()
    torch.set_warn_always(True)
    try:
        for call in (lambda method, *args: method(*args), torch_call):
            with pytest.warns(DeprecationWarning, match="'features'"):
                call(system.add_data, "features", tensor, True)
            with pytest.raises(DeprecationWarning, match="'features'"):
                call(system.add_data, "features", tensor, True)
    finally:
        torch.set_warn_always(False)


# --- together with other parts of torch --------------------------------------------------------


def quick_values(block: TensorBlock) -> torch.Tensor:
    return block.values


def values_of_torch(block: TensorBlock) -> torch.Tensor:
    return torch.ScriptObject.__getattr__(block, "values")


def quick_gradient(block: TensorBlock) -> torch.Tensor:
    return block.gradient("g").values


def gradient_of_torch(block: TensorBlock) -> torch.Tensor:
    return torch_call(block.gradient, "g").values


@pytest.mark.parametrize(
    "quick, expected", [(quick_values, values_of_torch), (quick_gradient, gradient_of_torch)]
)
def test_trace(quick, expected):
    """`torch.jit.trace` records what happens to objects, or fails, as without us."""

    def trace(function):
        traced = torch.jit.trace(lambda x: x * function(BLOCK), torch.ones(1), check_trace=False)
        return str(traced.graph)

    assert outcome(trace, quick) == outcome(trace, expected)


def test_function_mode():
    class Record(torch.overrides.TorchFunctionMode):
        def __init__(self):
            super().__init__()
            self.called = []

        def __torch_function__(self, function, types, args=(), kwargs=None):
            self.called.append(function)
            return function(*args, **(kwargs or {}))

    recorded = []
    for values, gradient in (
        (quick_values, quick_gradient),
        (values_of_torch, gradient_of_torch),
    ):
        with Record() as mode:
            values(BLOCK).sum()
            gradient(BLOCK).sum()
        recorded.append(mode.called)
    assert recorded[0] == recorded[1]


def test_other_definitions(monkeypatch):
    """What other packages add to the class takes precedence."""
    monkeypatch.setattr(torch.ScriptObject, "values", property(lambda self: 3), raising=False)
    monkeypatch.setattr(torch.ScriptObject, "__torch_function__", None, raising=False)
    assert LABELS.values == 3
    assert LABELS.__torch_function__ is None
    monkeypatch.undo()
    assert isinstance(LABELS.values, torch.Tensor)
    assert not hasattr(LABELS, "__torch_function__")


def run_python(code: str) -> None:
    code = f"from metatensor.torch import *\nlabels = Labels.range('a', 3)\n{code}"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True)


def test_other_getattr():
    run_python(
        """
import torch

torch.ScriptObject.__getattr__ = lambda self, name: name
torch.ScriptObject.__len__ = lambda self: 33
assert labels.values == "values" and len(labels) == 33
assert labels == labels and labels[0].values == "values"
"""
    )


def test_exit():
    """Objects that are still used when Python exits."""
    run_python(
        """
import atexit

class Last:
    def __init__(self):
        self.labels, self.this = labels, self

    def __del__(self):
        assert len(self.labels.values) == 3 and self.labels.position([1]) == 1

last = Last()
values = labels.position, labels[0], TensorMap
atexit.register(last.__del__)
"""
    )


def test_threads():
    errors = []

    def use():
        block = make_block()
        for i in range(300):
            if block.values.shape != (2, 3, 1) or LABELS.position([2, 3]) != 1:
                errors.append(i)
            if outcome(getattr, block, f"missing_{i}")[0] is not AttributeError:
                errors.append(i)

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_references():
    """Nothing is kept, and nothing is released twice."""
    block = make_block()
    values = block.values
    counted = (None, torch.ScriptObject, torch.ScriptMethod, block, values, "values", "missing")
    before = [sys.getrefcount(one) for one in counted]
    for _ in range(100):
        assert block.values is values
        assert not hasattr(block, "missing")
        assert TENSOR.block(0).gradient("g").samples == ROWS
        assert describe(block.gradients())
        assert outcome(block.gradient, "nope") and outcome(block.gradient, None)
        assert (
            TensorBlock(values, block.samples, block.components, block.properties).values is values
        )
    after = [sys.getrefcount(one) for one in counted]
    assert all(abs(a - b) < 50 for a, b in zip(after, before, strict=True)), (before, after)
