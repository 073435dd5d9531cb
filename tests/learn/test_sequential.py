import pytest
import torch


def test_same_as_one_after_the_other(twin):
    tensor = twin.tensor([torch.randn(3, 2), torch.randn(4, 5)], keys=[4, 2])
    keys = tensor.keys
    hidden = [twin.labels(["h"], [0, 1, 2]), twin.labels(["h"], [5, 6, 7])]
    properties = [twin.labels(["n"], [8]), twin.labels(["n"], [9])]
    modules = [
        twin.nn.Linear(keys, [2, 5], out_properties=hidden),
        twin.nn.LayerNorm(keys, 3),
        twin.nn.Tanh(keys),
        twin.nn.Linear(keys, 3, out_properties=properties),
    ]
    module = twin.nn.Sequential(keys, *modules)
    expected = tensor
    for step in modules:
        expected = step(expected)

    result = module(tensor)
    assert result.keys == keys
    for block, expected_block in zip(result.blocks(), expected.blocks(), strict=True):
        torch.testing.assert_close(block.values, expected_block.values)
        assert block.properties == expected_block.properties

    # also inside of each other, and for some of the keys
    nested = twin.nn.Sequential(keys, modules[0], twin.nn.Sequential(keys, *modules[1:]))
    values = nested(twin.tensor([torch.ones(1, 5)], keys=[2])).block().values
    reference = module(twin.tensor([torch.ones(1, 5)], keys=[2])).block()
    assert torch.equal(values, reference.values)
    assert reference.properties == properties[1]


def test_parameters_are_shared(twin):
    keys = twin.labels(["key"], [0])
    linear = twin.nn.Linear(keys, 2, 3)
    module = twin.nn.Sequential(keys, linear, twin.nn.ReLU(keys))
    assert module.module_map.module_list[0][0] is linear.module_map.module_list[0]
    assert module.module_map.out_properties is None
    assert sorted(module.state_dict()) == [
        "_extra_state",
        "_mts_helper",
        "module_map._extra_state",
        "module_map._mts_helper",
        "module_map.module_list.0.0.bias",
        "module_map.module_list.0.0.weight",
    ]


def test_modules_are_matched_by_position(twin):
    linear = twin.nn.Linear(twin.labels(["key"], [0, 1]), [2, 3], 4)
    module = twin.nn.Sequential(twin.labels(["other"], [7]), linear)
    assert module.module_map.module_list[0][0] is linear.module_map.module_list[0]


def test_gradients(twin):
    # this is for `ModuleMap` to decide
    keys = twin.labels(["key"], [0])
    tensor = twin.TensorMap(keys, [twin.block(-torch.ones(2, 2), gradient=-torch.ones(1, 2))])
    result = twin.nn.Sequential(keys, twin.nn.ReLU(keys))(tensor)
    assert torch.equal(result.block().gradient("g").values, torch.zeros(1, 2))


def test_errors(twin):
    keys = twin.labels(["key"], [0, 1])
    relu = twin.nn.ReLU(keys)
    with pytest.raises(TypeError, match="`in_keys`"):
        twin.nn.Sequential(relu, relu)
    with pytest.raises(IndexError, match="at least one"):
        twin.nn.Sequential(keys)
    with pytest.raises(AttributeError, match="module_map"):
        twin.nn.Sequential(keys, relu.module_map)
    with pytest.raises(AttributeError, match="module_map"):
        twin.nn.Sequential(keys, torch.nn.ReLU())
    with pytest.raises(ValueError, match="2 `in_keys`.*module 1.*1 keys"):
        twin.nn.Sequential(keys, relu, twin.nn.ReLU(twin.labels(["key"], [0])))
