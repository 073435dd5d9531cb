import pytest
import torch


class Double(torch.nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return torch.cat([input, self.factor * input], dim=-1)


@pytest.fixture
def values():
    return torch.tensor([[1.0, 2.0], [3.0, 4.0]])


class TestModuleMap:
    def test_values(self, twin, values):
        keys = twin.labels(["key"], [4, 2])
        modules = [Double(1.0), Double(-2.0)]
        module = twin.nn.ModuleMap(keys, modules)
        assert module.in_keys == keys
        assert module.out_properties is None
        assert list(module.module_list) == modules

        # some of the keys, in any order
        tensor = twin.tensor([values, 3 * values], keys=[2, 4])
        result = module(tensor)
        assert result.keys == tensor.keys
        for i, factor in enumerate([-2.0, 1.0]):
            block, expected = result.block_by_id(i), tensor.block_by_id(i)
            assert torch.equal(block.values[:, :2], expected.values)
            assert torch.equal(block.values[:, 2:], factor * expected.values)
            assert block.samples == expected.samples
            assert block.properties == twin.labels(["_"], [0, 1, 2, 3])
        assert len(module(twin.tensor([values], keys=[4]))) == 1

    def test_out_properties(self, twin, values):
        keys = twin.labels(["key"], [4, 2])
        properties = [twin.labels(["n"], [i, 7, 8, 9]) for i in range(2)]
        module = twin.nn.ModuleMap(keys, [Double(1.0), Double(1.0)], properties)
        result = module(twin.tensor([values], keys=[2]))
        assert result.block().properties == properties[1]
        assert module.out_properties is properties

    def test_unknown_key(self, twin, values):
        module = twin.nn.ModuleMap(twin.labels(["key"], [4]), [torch.nn.Identity()])
        with pytest.raises(KeyError, match="key=7"):
            module(twin.tensor([values], keys=[7]))

    def test_gradients(self, twin, values):
        keys = twin.labels(["key"], [0])
        linear = torch.nn.Linear(2, 3)
        module = twin.nn.ModuleMap(keys, [linear])
        tensor = twin.TensorMap(keys, [twin.block(values, gradient=values[:1] + 1)])
        gradient = module(tensor).block().gradient("g")
        # the same function as for the values
        assert torch.equal(gradient.values, linear(values[:1] + 1))
        assert gradient.samples == tensor.block().gradient("g").samples

    def test_nested_gradients(self, twin, values):
        keys = twin.labels(["key"], [0])
        gradient = twin.block(values[:1], gradient=values[:1])
        # the samples of a gradient start with "sample"
        samples = twin.labels(["sample"], [0])
        nested = twin.TensorBlock(gradient.values, samples, [], gradient.properties)
        nested.add_gradient("h", twin.TensorBlock(values[:1], samples, [], gradient.properties))
        block = twin.block(values)
        block.add_gradient("g", nested)
        module = twin.nn.ModuleMap(keys, [torch.nn.Identity()])
        with pytest.raises(NotImplementedError, match="gradients of gradients"):
            module(twin.TensorMap(keys, [block]))

    def test_from_module(self, twin):
        keys = twin.labels(["key"], [4, 2])
        linear = torch.nn.Linear(2, 2)
        module = twin.nn.ModuleMap.from_module(keys, linear)
        assert len(module.module_list) == 2
        weights = [inner.weight for inner in module.module_list]
        assert torch.equal(weights[0], linear.weight)
        assert weights[0] is not weights[1]
        assert weights[0] is not linear.weight

    def test_errors(self, twin):
        keys = twin.labels(["key"], [4, 2])
        with pytest.raises(ValueError, match="1 modules for 2 keys"):
            twin.nn.ModuleMap(keys, [torch.nn.Identity()])
        with pytest.raises(TypeError, match="`in_keys`"):
            twin.nn.ModuleMap(["key"], [torch.nn.Identity()])

    def test_state_dict(self, twin):
        keys = twin.labels(["key"], [4, 2])
        properties = [twin.labels(["n"], [0]), twin.labels(["n"], [1])]
        module = twin.nn.ModuleMap(keys, [torch.nn.Linear(2, 1) for _ in range(2)])
        assert module._mts_buffer_names == ["_in_keys", "_out_properties"]
        assert set(module.state_dict()) == {
            "_mts_helper",
            "module_list.0.weight",
            "module_list.0.bias",
            "module_list.1.weight",
            "module_list.1.bias",
            "_extra_state",
        }
        assert list(module.state_dict()["_extra_state"]) == ["_in_keys"]

        other = twin.nn.ModuleMap(keys, [torch.nn.Linear(2, 1) for _ in range(2)], properties)
        assert list(other.state_dict()["_extra_state"]) == ["_in_keys", "_out_properties"]
        module.load_state_dict(other.state_dict())
        assert module.out_properties[1] == properties[1]
        assert torch.equal(module.module_list[1].weight, other.module_list[1].weight)


class TestLinear:
    def test_forward(self, twin, values):
        keys = twin.labels(["key"], [4, 2])
        module = twin.nn.Linear(keys, 2, [3, 1], bias=[True, False], dtype=torch.float32)
        tensor = twin.tensor([values, values], keys=[4, 2])
        result = module(tensor)
        linears = module.module_map.module_list
        assert [linear.bias is not None for linear in linears] == [True, False]
        for i in range(2):
            assert torch.equal(result.block_by_id(i).values, linears[i](values))

    def test_out_properties(self, twin, values):
        keys = twin.labels(["key"], [4, 2])
        properties = [twin.labels(["n"], [0, 5, 6]), twin.labels(["n"], [1])]
        module = twin.nn.Linear(keys, [2, 2], out_properties=properties)
        result = module(twin.tensor([values, values], keys=[4, 2]))
        assert [block.properties for block in result.blocks()] == properties

    def test_dtype(self, twin):
        module = twin.nn.Linear(twin.labels(["key"], [0]), 2, 3, dtype=torch.float64)
        assert module.module_map.module_list[0].weight.dtype == torch.float64

    def test_state_dict(self, twin):
        module = twin.nn.Linear(twin.labels(["key"], [0]), 2, 3)
        assert sorted(module.state_dict()) == [
            "_extra_state",
            "_mts_helper",
            "module_map._extra_state",
            "module_map._mts_helper",
            "module_map.module_list.0.bias",
            "module_map.module_list.0.weight",
        ]
        assert module.state_dict()["_extra_state"] == {}

    def test_errors(self, twin):
        keys = twin.labels(["key"], [4, 2])
        for wrong in (None, "ab", keys.values):
            with pytest.raises(TypeError, match="`in_keys`"):
                twin.nn.Linear(wrong, 2, 4)
        with pytest.raises(ValueError, match="out_features"):
            twin.nn.Linear(keys, 2)
        with pytest.raises(ValueError, match="`in_features`.*`in_keys`.*3 entries for 2 keys"):
            twin.nn.Linear(keys, [1, 2, 3], 4)
        for wrong in ((1, 2), 2.0, [1, 2.0], None):
            with pytest.raises(TypeError, match="in_features"):
                twin.nn.Linear(keys, wrong, 4)
        for wrong in (1, [True, 1]):
            with pytest.raises(TypeError, match="bias"):
                twin.nn.Linear(keys, 2, 4, bias=wrong)
