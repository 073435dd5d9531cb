import copy
import io
import pickle
from typing import Any

import pytest
import torch


class Model(torch.nn.Module):
    """A module which contains another one."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.inner = module


@pytest.fixture
def values():
    return torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)


@pytest.fixture
def data(twin, values):
    """One object of each class."""
    return {
        "labels": twin.labels(["a", "b"], [[0, 1], [2, 3]]),
        "block": twin.block(values, gradient=values[:1]),
        "tensor": twin.tensor([values, 2 * values]),
    }


def arrays(value: Any) -> list[torch.Tensor]:
    """All the floating point arrays in some data."""
    if isinstance(value, dict):
        return [array for element in value.values() for array in arrays(element)]
    if isinstance(value, (list, tuple)):
        return [array for element in value for array in arrays(element)]
    if hasattr(value, "block_by_id"):
        return [array for i in range(len(value)) for array in arrays(value.block_by_id(i))]
    if hasattr(value, "gradients_list"):
        return [value.values, *[gradient.values for _, gradient in value.gradients()]]
    return []


def same(a: Any, b: Any) -> bool:
    """Compare data, except for gradients."""
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if hasattr(a, "block_by_id"):
        blocks = [(a.block_by_id(i), b.block_by_id(i)) for i in range(len(a))]
        return a.keys == b.keys and all(same(x, y) for x, y in blocks)
    if hasattr(a, "gradients_list"):
        return (
            torch.equal(a.values, b.values)
            and a.samples == b.samples
            and a.properties == b.properties
        )
    return a == b


class TestRegistration:
    def test_state(self, twin):
        module = twin.nn.Module()
        assert module._mts_buffer_names == []
        assert module._mts_non_persistent_buffers == []
        assert module._mts_helper.shape == (0,)
        assert list(module.state_dict()) == ["_mts_helper", "_extra_state"]
        assert module.state_dict()["_extra_state"] == {}

    def test_values(self, twin, data):
        module = twin.nn.Module()
        accepted = {
            **data,
            "none": None,
            "empty_dict": {},
            "empty_list": [],
            "empty_tuple": (),
            "nested": {"a": [{3: (1, data["labels"])}], "b": []},
        }
        for name, value in accepted.items():
            module.register_buffer(name, value)
            assert getattr(module, name) is value
        assert module._mts_buffer_names == list(accepted)
        assert [name for name, _ in module.named_buffers()] == ["_mts_helper"]

        for wrong in (1, [1], [[]], {"a": {}}, (torch.zeros(1),), "labels", object()):
            with pytest.raises(TypeError, match=type(wrong).__name__):
                module.register_buffer("wrong", wrong)
        assert not hasattr(module, "wrong")

    def test_buffer(self, twin, data):
        module = twin.nn.Module()
        module.labels = twin.nn.Buffer(data["labels"])
        module.block = twin.nn.Buffer(data["block"], persistent=False)
        module.register_buffer("tensor", twin.nn.Buffer(data["tensor"], persistent=False))
        assert module.labels is data["labels"]
        assert module._mts_buffer_names == ["labels", "block", "tensor"]
        assert module._mts_non_persistent_buffers == ["block"]

        module.array = twin.nn.Buffer(torch.zeros(3), persistent=False)
        assert "array" in dict(module.named_buffers())
        assert "array" not in module.state_dict()

    def test_twice(self, twin, data):
        module = twin.nn.Module()
        module.register_buffer("labels", data["labels"])
        with pytest.raises(KeyError, match="labels"):
            module.register_buffer("labels", data["labels"])
        with pytest.raises(KeyError, match="labels"):
            module.labels = twin.nn.Buffer(data["labels"])

        del module.labels
        assert module._mts_buffer_names == []
        module.register_buffer("labels", data["labels"])

        other = twin.labels(["z"], [3])
        module.labels = other
        assert module.labels is other
        assert module._mts_buffer_names == ["labels"]

    def test_other_version(self, twin):
        module = twin.nn.Module()
        labels = twin.other.Labels(["a"], torch.tensor([[0]], dtype=torch.int32))
        if twin.name == "python":
            with pytest.warns(UserWarning, match="metatensor.torch.learn"):
                with pytest.raises(TypeError):
                    module.register_buffer("labels", labels)
        else:
            with pytest.raises(TypeError):
                module.register_buffer("labels", labels)


class TestMoving:
    def make(self, twin, data):
        module = twin.nn.Module()
        module.parameter = torch.nn.Parameter(torch.zeros(1))
        for name, value in data.items():
            module.register_buffer(name, value, persistent=name != "block")
        module.register_buffer(
            "nested",
            {
                "dict": {42: [[data["block"]], []], 50: []},
                "tuple": (1, data["tensor"], "a"),
                "empty": {},
                "empties": [[], [[]]],
            },
        )
        module.register_buffer("none", None)
        module.register_buffer("nothing", [])
        module.plain = data["block"]
        return module

    def test_dtype(self, twin, data):
        module = self.make(twin, data)
        model = Model(module)
        for dtype in (torch.float32, torch.float64):
            assert model.to(dtype) is model
            assert model.inner._mts_helper.dtype == dtype
            for name in ("block", "tensor", "nested"):
                moved_arrays = arrays(getattr(module, name))
                assert len(moved_arrays) > 0
                assert all(array.dtype == dtype for array in moved_arrays)
            nested = module.nested
            assert list(nested) == ["dict", "tuple", "empty", "empties"]
            assert list(nested["dict"]) == [42, 50]
            assert nested["dict"][50] == []
            assert nested["dict"][42][1] == []
            assert nested["tuple"][0] == 1
            assert nested["tuple"][2] == "a"
            assert nested["empty"] == {}
            assert nested["empties"] == [[], [[]]]
            assert module.none is None
            assert module.nothing == []
        assert module.plain is data["block"]

    def test_device(self, twin, data):
        module = self.make(twin, data).to("meta")
        assert module.labels.device == torch.device("meta")
        for name in ("block", "tensor", "nested"):
            assert all(array.device.type == "meta" for array in arrays(getattr(module, name)))
        assert module.block.samples.device.type == "meta"

    def test_mixed_data(self, twin, data):
        for value, kind in (
            ({"a": data["labels"], "b": 3}, "dict"),
            ([data["labels"], torch.zeros(1)], "list"),
            ({"a": [data["labels"], [3]]}, "list"),
        ):
            module = twin.nn.Module()
            module.register_buffer("mixed", value)
            with pytest.raises(ValueError, match=rf"{kind}\(s\) mixing.*not supported"):
                module.to(torch.float64)


class TestStateDict:
    def test_content(self, twin, data):
        module = twin.nn.Module()
        module.register_buffer("none", None)
        for name, value in data.items():
            module.register_buffer(name, value)
        module.register_buffer("hidden", data["labels"], persistent=False)
        module.register_buffer("empty", {})
        state = Model(module).state_dict()["inner._extra_state"]
        assert list(state) == ["labels", "block", "tensor", "empty"]
        assert state["empty"] == {}

        buffer_type = bytes if twin.name == "python" else torch.Tensor
        expected = {
            "labels": ("metatensor.Labels", torch.int32),
            "block": ("metatensor.TensorBlock", torch.float64),
            "tensor": ("metatensor.TensorMap", torch.float64),
        }
        for name, (class_name, dtype) in expected.items():
            tag, buffer, marker = state[name]
            assert tag == class_name
            assert isinstance(buffer, buffer_type)
            assert marker.shape == (0,)
            assert marker.dtype == dtype

    def test_round_trip(self, twin, data):
        nested = {
            "dict": {42: [[data["labels"]], []], 50: []},
            "t": (data["block"], 3),
            "empty": {},
        }
        module = twin.nn.Module()
        for name, value in data.items():
            module.register_buffer(name, value)
        module.register_buffer("nested", nested)
        module.register_buffer("hidden", data["labels"], persistent=False)
        file = io.BytesIO()
        torch.save(module.state_dict(), file)
        file.seek(0)

        # names which are not in the state keep their value, unknown ones are created
        loaded = twin.nn.Module().to(torch.float32)
        loaded.register_buffer("other", data["labels"])
        loaded.load_state_dict(torch.load(file, weights_only=True))
        for name, value in data.items():
            assert same(getattr(loaded, name), value)
        assert loaded.tensor.block_by_id(0).values.dtype == torch.float64
        assert same(loaded.nested["dict"], nested["dict"])
        assert same(loaded.nested["t"][0], data["block"])
        assert loaded.nested["t"][1] is None
        assert loaded.nested["empty"] == {}
        assert loaded.other is data["labels"]
        assert not hasattr(loaded, "hidden")

    def test_dtype_and_device(self, twin, data):
        module = twin.nn.Module()
        for name, value in data.items():
            module.register_buffer(name, value)
        state = module.to(torch.float32).state_dict()
        loaded = twin.nn.Module()
        loaded.load_state_dict(state)
        assert loaded.block.values.dtype == torch.float32

        class_name, buffer, marker = state["_extra_state"]["block"]
        state["_extra_state"]["block"] = (class_name, buffer, marker.to("meta"))
        loaded.load_state_dict(state)
        assert loaded.block.values.device.type == "meta"

    def test_replaced_by_other_data(self, twin, data):
        module = twin.nn.Module()
        for name in ("array", "number", "numbers", "empties"):
            module.register_buffer(name, data["labels"] if name == "number" else None)
        module.array = torch.zeros(2)
        module.number = 3
        module.numbers = [1, 2]
        module.empties = [[], {}]
        module.to(torch.float64)
        assert module.number == 3
        assert module.state_dict()["_extra_state"] == {"empties": [[], {}]}

    def test_deleted(self, twin, data):
        module = twin.nn.Module()
        for name, value in data.items():
            module.register_buffer(name, value, persistent=name != "block")
            delattr(module, name)
        module.register_buffer("block", data["block"])
        module.to(torch.float32)
        assert list(module.state_dict()["_extra_state"]) == ["block"]
        with pytest.raises(AttributeError, match="tensor"):
            del module.tensor

    def test_empty_tensor(self, twin):
        tensor = twin.TensorMap(twin.labels(["key"], []), [])
        module = twin.nn.Module()
        module.register_buffer("tensor", tensor)
        loaded = twin.nn.Module()
        loaded.load_state_dict(module.state_dict())
        assert len(loaded.tensor) == 0
        assert loaded.tensor.keys.names == ["key"]

    def test_errors(self, twin, data):
        for mixed in ({"a": data["labels"], "b": 3}, [data["labels"], 3]):
            module = twin.nn.Module()
            module.register_buffer("mixed", mixed)
            with pytest.raises(TypeError, match=type(mixed).__name__):
                module.state_dict()

        state = {"_extra_state": {"a": ("metatensor.Foo", b"", torch.zeros(0))}}
        with pytest.raises(ValueError, match="metatensor.Foo"):
            twin.nn.Module().load_state_dict(state, strict=False)
        with pytest.raises(RuntimeError, match="_extra_state"):
            twin.nn.Module().load_state_dict({"_mts_helper": torch.zeros(0)})

    def test_copy_and_pickle(self, twin, data):
        module = twin.nn.Module()
        for name, value in data.items():
            module.register_buffer(name, value)
        for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
            assert other._mts_buffer_names == module._mts_buffer_names
            for name, value in data.items():
                assert getattr(other, name) is not value
                assert same(getattr(other, name), value)
