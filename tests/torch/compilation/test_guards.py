"""What compiled code depends on: when models are compiled again, and when they are not."""

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


def test_new_values_do_not_compile_again(compiled, make_map, Network, assert_same):
    model = Network()
    run = compiled(model)
    for seed in range(4):
        tensor = make_map(seed=seed)
        assert_same(run(tensor), model(tensor))
    assert run.n_variants == 1


def test_metadata_is_checked(compiled, make_map, Network, assert_same):
    model = Network()
    run = compiled(model)
    run(make_map())

    other = mts.rename_dimension(make_map(), "samples", "sample", "atom")
    assert run(other).sample_names == ["atom"]
    assert_same(run(make_map((3, 5))), model(make_map((3, 5))))
    block = make_map().block(0)
    shifted = TensorBlock(
        block.values, Labels("sample", torch.tensor([[4], [5], [9]])), [], block.properties
    )
    shifted = TensorMap(Labels("key", torch.tensor([[7]])), [shifted])
    assert_same(run(shifted), model(shifted))
    assert run.n_variants == 4

    # equal, but other objects
    run(TensorMap.load_buffer(make_map().save_buffer()))
    assert run.n_variants == 4


def test_dtype_and_info_are_checked(compiled, make_map, Network, values):
    model = Network()
    run = compiled(model)
    run(make_map())

    with pytest.raises(RuntimeError, match="same dtype"):
        run(make_map(dtype=torch.float32))
    run._orig_mod.to(torch.float32)
    result = run(make_map(dtype=torch.float32))
    assert values(result)[0].dtype == torch.float32

    tensor = make_map(dtype=torch.float32)
    tensor.set_info("unit", "eV")
    run = compiled(lambda tensor: tensor.copy())
    assert run(tensor).get_info("unit") == "eV"
    assert run(make_map()).get_info("unit") is None


def test_grad_mode_is_checked(compiled, make_map, Network, values, assert_same):
    model = Network()
    run = compiled(model)
    with torch.no_grad():
        assert not values(run(make_map()))[0].requires_grad
    assert values(run(make_map()))[0].requires_grad
    with torch.inference_mode():
        result = run(make_map())
    assert_same(result, model(make_map()))
    model.requires_grad_(False)
    assert not values(run(make_map()))[0].requires_grad


def test_training_mode_and_randomness(compiled, make_map, Network):
    class Dropout(Network):
        def __init__(self):
            super().__init__()
            self.dropout = torch.nn.Dropout(0.5)

        def forward(self, tensor):
            tensor = super().forward(tensor)
            return [self.dropout(block.values) for block in tensor.blocks()]

    for backend in ("eager", "aot_eager"):
        model = Dropout()
        run = compiled(model, backend)
        first, second = run(make_map((50,)))[0], run(make_map((50,)))[0]
        assert (first == 0).any()
        assert not torch.equal(first, second)

        run.eval()
        torch.testing.assert_close(run(make_map((50,)))[0], model(make_map((50,)))[0])
        assert run.n_variants == 2


def test_changes_of_modules_are_seen(compiled, make_map, Network):
    class Scaled(Network):
        def __init__(self):
            super().__init__()
            self.factor = 2.0
            self.factors = [3.0]
            self.shift = torch.ones(4, dtype=torch.float64)
            self.register_buffer("columns", torch.tensor([0, 1, 2, 3]))

        def forward(self, tensor):
            result = super().forward(tensor).block(0).values * self.factor * self.factors[0]
            return result[:, self.columns] + self.shift

    model = Scaled()
    run = compiled(model, recompile_limit=20)
    tensor = make_map()

    def check(n_variants):
        torch.testing.assert_close(run(tensor), model(tensor))
        assert run.n_variants == n_variants

    check(1)
    model.factor = 5.0
    check(2)
    model.factors[0] = 7.0
    check(3)
    model.layers[0] = torch.nn.Linear(2, 4, dtype=torch.float64)
    check(4)
    model.layers[0].bias = torch.nn.Parameter(torch.zeros(4, dtype=torch.float64))
    check(5)
    model.columns = torch.tensor([3, 2, 1, 0])
    check(6)
    model.columns[0] = 0
    check(7)
    # values are not part of the compiled code
    model.shift += 1
    model.shift.data.mul_(2)
    model.load_state_dict(
        {k: v + v for k, v in model.state_dict().items() if "columns" not in k}, strict=False
    )
    check(7)


def test_module_used_by_a_function(compiled, make_map, Network, assert_same):
    model = Network()
    run = compiled(lambda tensor: model(tensor))
    assert_same(run(make_map()), model(make_map()))
    model.layers[1] = torch.nn.Sigmoid()
    assert_same(run(make_map()), model(make_map()))


def test_variables_of_functions_are_checked(compiled, make_map):
    factor = 2.0
    weights = [torch.ones(2, dtype=torch.float64)]

    def function(tensor: TensorMap):
        return tensor.block(0).values * factor * weights[0]

    run = compiled(function)
    torch.testing.assert_close(run(make_map()), function(make_map()))
    weights[0] += 1
    torch.testing.assert_close(run(make_map()), function(make_map()))
    assert run.n_variants == 1
    factor = 3.0
    torch.testing.assert_close(run(make_map()), function(make_map()))
    weights[0] = torch.zeros(2, dtype=torch.float64)
    torch.testing.assert_close(run(make_map()), function(make_map()))
    assert run.n_variants == 3


def test_methods_and_cyclic_references(compiled, make_map, Network, assert_same):
    model = Network()
    model.layers.parent = [model]
    run = compiled(model.forward)
    assert_same(run(make_map()), model(make_map()))
    model.layers[1] = torch.nn.Sigmoid()
    assert_same(run(make_map()), model(make_map()))
    assert run.n_variants == 2


def test_integers_are_metadata(compiled, make_map, assert_same):
    class Types(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("types", torch.tensor([1, 6, 8]))

        def forward(self, tensor: TensorMap):
            keys = Labels("type", self.types[self.types > 5].reshape(-1, 1))
            return TensorMap(keys, [block.copy() for block in tensor.blocks()])

    model = Types()
    run = compiled(model)
    assert_same(run(make_map()), model(make_map()))
    model.types += 1
    assert_same(run(make_map()), model(make_map()))


def test_recompile_limit(compiled, make_map, Network, assert_same):
    model = Network()
    run = compiled(model, recompile_limit=2)
    run(make_map((1,)))
    run(make_map((2,)))
    with pytest.warns(UserWarning, match="'Network' was compiled for 2 kinds of arguments"):
        result = run(make_map((3,)))
    assert_same(result, model(make_map((3,))))
    # only once
    assert_same(run(make_map((4,))), model(make_map((4,))))
    assert run.n_variants == 2
