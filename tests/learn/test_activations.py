import pytest
import torch

FUNCTIONS = {"ReLU": torch.relu, "SiLU": torch.nn.functional.silu, "Tanh": torch.tanh}


@pytest.mark.parametrize("name", FUNCTIONS)
class TestAllBlocks:
    def test_values(self, twin, name):
        tensor = twin.tensor([torch.randn(3, 2), torch.randn(4, 5)])
        module = getattr(twin.nn, name)(tensor.keys)
        result = module(tensor)
        assert result.keys == tensor.keys
        for block, original in zip(result.blocks(), tensor.blocks(), strict=True):
            assert torch.equal(block.values, FUNCTIONS[name](original.values))
            assert block.samples == original.samples
            assert block.properties.names == ["_"]
            assert len(block.properties) == original.values.shape[1]

    def test_out_properties(self, twin, name):
        tensor = twin.tensor([torch.randn(3, 2)])
        properties = [twin.labels(["n"], [4, 7])]
        result = getattr(twin.nn, name)(tensor.keys, properties)(tensor)
        assert result.block().properties == properties[0]

    def test_state_dict(self, twin, name):
        module = getattr(twin.nn, name)(twin.labels(["key"], [0]))
        assert sorted(module.state_dict()) == [
            "_extra_state",
            "_mts_helper",
            "module_map._extra_state",
            "module_map._mts_helper",
        ]
        assert list(module.parameters()) == []

    def test_errors(self, twin, name):
        create = getattr(twin.nn, name)
        with pytest.raises(TypeError, match="`in_keys`.*list"):
            create([0, 1])
        keys = twin.labels(["key"], [0])
        tensor = twin.TensorMap(keys, [twin.block(torch.ones(2, 2), gradient=torch.ones(1, 2))])
        with pytest.raises(ValueError, match=f"^{name}.*remove"):
            create(keys)(tensor)
        assert len(create(keys)(twin.TensorMap(twin.labels(["key"], []), []))) == 0


@pytest.mark.parametrize("name", FUNCTIONS)
class TestInvariantBlocks:
    def test_values(self, twin, name):
        tensor = twin.spherical(3, 4)
        module = getattr(twin.nn, f"Invariant{name}")(tensor.keys)
        result = module(tensor)
        blocks = list(zip(result.blocks(), tensor.blocks(), strict=True))
        assert torch.equal(blocks[0][0].values, FUNCTIONS[name](blocks[0][1].values))
        for block, original in blocks[1:]:
            assert torch.equal(block.values, original.values)
            assert block.components == original.components
        assert [block.properties.names for block, _ in blocks] == [["_"]] * 4

    def test_invariant_keys(self, twin, name):
        # more than one, given in another order and with fewer dimensions
        tensor = twin.spherical(3, 4)
        properties = [twin.labels(["n"], [i, 5, 6, 7]) for i in range(4)]
        selection = twin.labels(["o3_lambda"], [2, 1])
        module = getattr(twin.nn, f"Invariant{name}")(tensor.keys, properties, selection)
        result = module(tensor)
        assert torch.equal(result.block_by_id(0).values, tensor.block_by_id(0).values)
        for i in range(1, 4):
            expected = FUNCTIONS[name](tensor.block_by_id(i).values)
            assert torch.equal(result.block_by_id(i).values, expected)
        assert [block.properties for block in result.blocks()] == properties

        single = twin.tensor([torch.randn(3, 2)])
        module = getattr(twin.nn, f"Invariant{name}")(single.keys, invariant_keys=single.keys)
        expected = FUNCTIONS[name](single.block().values)
        assert torch.equal(module(single).block().values, expected)

    def test_errors(self, twin, name):
        create = getattr(twin.nn, f"Invariant{name}")
        with pytest.raises(TypeError, match="`in_keys`.*list"):
            create([0, 1])
        with pytest.raises(TypeError, match="`invariant_keys`.*list"):
            create(twin.labels(["key"], [0]), invariant_keys=[0])
        # the default selection needs these dimensions
        with pytest.raises(Exception, match="o3_lambda"):
            create(twin.labels(["key"], [0]))

        keys = twin.labels(["o3_lambda", "o3_sigma"], [[0, 1]])
        tensor = twin.TensorMap(keys, [twin.block(torch.ones(2, 2), gradient=torch.ones(1, 2))])
        with pytest.raises(ValueError, match=f"^Invariant{name}.*remove"):
            create(keys)(tensor)


@pytest.mark.parametrize("name", ["ReLU", "SiLU"])
def test_in_place(twin, name):
    for in_place in (False, True):
        tensor = twin.spherical(3, 4)
        values = tensor.block_by_id(0).values.clone()
        getattr(twin.nn, name)(tensor.keys, in_place=in_place)(tensor)
        assert torch.equal(tensor.block_by_id(0).values, values) != in_place

        tensor = twin.spherical(3, 4)
        others = tensor.block_by_id(1).values.clone()
        getattr(twin.nn, f"Invariant{name}")(tensor.keys, in_place=in_place)(tensor)
        assert torch.equal(tensor.block_by_id(0).values, values) != in_place
        assert torch.equal(tensor.block_by_id(1).values, others)
