"""Results of compiled models: values, training, randomness, scripted modules."""

import subprocess
import sys

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, TensorBlock, TensorMap


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_values_and_gradients(backend, compiled, make_map, Network, values, assert_same):
    model = Network()
    tensor = make_map(requires_grad=True)
    inputs = [*values(tensor), *model.parameters()]

    def gradients(result):
        loss = sum(block.values.square().sum() for block in result.blocks())
        return torch.autograd.grad(loss, inputs)

    expected = model(tensor)
    actual = compiled(model, backend)(tensor)

    assert_same(actual, expected)
    for a, b in zip(gradients(actual), gradients(expected), strict=True):
        torch.testing.assert_close(a, b)


def test_the_tensor_work_is_in_the_compiled_graph(compiled, make_map, Network, assert_same):
    graphs = []

    def backend(graph, example_inputs):
        graphs.append(graph)
        return graph

    class Selection(Network):
        def forward(self, tensor: TensorMap) -> TensorMap:
            tensor = mts.slice(tensor, "samples", Labels("sample", torch.tensor([[1], [2]])))
            return super().forward(tensor).keys_to_samples("key")

    model = compiled(Selection(), backend)
    tensor = make_map()
    assert_same(model(tensor), Selection()(tensor))

    assert len(graphs) == 1
    operators = {str(n.target) for n in graphs[0].graph.nodes if n.op == "call_function"}
    assert {"aten.addmm.default", "aten.tanh.default"} <= operators
    # what only concerns labels was done before
    results = [n.meta["example_value"] for n in graphs[0].graph.nodes if n.op == "call_function"]
    assert all(result.is_floating_point() for result in results)


def test_training_updates_parameters(compiled, make_map, Network, values):
    expected, model = Network(), Network()
    run = compiled(model)
    for module, forward in ((expected, expected), (model, run)):
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        for seed in range(3):
            optimizer.zero_grad()
            loss = sum(v.square().sum() for v in values(forward(make_map(seed=seed))))
            loss.backward()
            optimizer.step()

    assert run.n_variants == 1
    for a, b in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a, b)


def test_explicit_gradients_and_info(tensor, compiled, assert_same):
    def double(tensor: TensorMap) -> TensorMap:
        blocks = []
        for block in tensor.blocks():
            copy = block.copy()
            copy.values[:] *= 2
            copy.gradient("g").gradient("nested").values[:] *= 3
            blocks.append(copy)
        result = TensorMap(tensor.keys, blocks)
        result.set_info("unit", tensor.get_info("unit"))
        return result

    result = compiled(double)(tensor)
    assert_same(result, double(tensor))
    nested = result.block(0).gradient("g").gradient("nested")
    torch.testing.assert_close(nested.values, torch.full((1, 3, 2), 3.0, dtype=torch.float64))
    assert result.get_info("unit") == "eV"


def test_labels_computed_from_values(compiled):
    def function(x: torch.Tensor):
        samples = Labels("bin", torch.floor(x).to(torch.int32).reshape(-1, 1))
        return TensorBlock(x.reshape(-1, 1), samples, [], Labels("p", torch.tensor([[0]])))

    run = compiled(function)
    for x in (torch.tensor([0.5, 1.5, 7.1]), torch.tensor([3.5, -1.5, 0.1])):
        assert run(x).samples == function(x).samples
    assert run.n_variants == 1
    with pytest.raises(RuntimeError, match="must be unique"):
        run(torch.tensor([0.5, 0.6, 7.1]))


def test_masks_and_indices_made_of_metadata(compiled, make_map):
    def function(tensor: TensorMap):
        block = tensor.block(0)
        samples = block.samples.column("sample")
        result = block.values.clone()
        rows = torch.arange(2)
        result[rows] += 1
        rows += 1
        result[rows] *= 2
        result[samples == 1] = 7
        mask = block.samples.values.expand(-1, 2) > 1
        return result, result[samples > 0], result[mask], torch.masked_select(result, mask)

    for backend in ("eager", "aot_eager"):
        torch.testing.assert_close(compiled(function, backend)(make_map()), function(make_map()))


def test_random_permutations(compiled):
    def shuffle(x: torch.Tensor):
        return x[torch.randperm(len(x))]

    for backend in ("eager", "aot_eager"):
        run = compiled(shuffle, backend)
        x = torch.arange(100.0)
        first, second = run(x), run(x)
        torch.testing.assert_close(first.sort().values, x)
        assert not torch.equal(first, second)


def test_batch_norm_updates_its_statistics(compiled, make_map):
    class Norm(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(2, dtype=torch.float64)

        def forward(self, tensor: TensorMap):
            return self.norm(tensor.block(0).values)

    for backend in ("eager", "aot_eager"):
        model, expected = Norm(), Norm()
        run = compiled(model, backend)
        for seed in range(3):
            tensor = make_map((6,), seed=seed)
            torch.testing.assert_close(run(tensor), expected(tensor))
        for name, buffer in expected.state_dict().items():
            torch.testing.assert_close(model.state_dict()[name], buffer)
        assert run.n_variants == 1


def test_autocast(compiled, make_map):
    def function(tensor: TensorMap, weights: torch.Tensor):
        return [(block.values @ weights).softmax(0) for block in tensor.blocks()]

    tensor = make_map(dtype=torch.float32)
    weights = torch.ones(2, 3)
    run = compiled(function)
    assert run(tensor, weights)[0].dtype == torch.float32
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected = function(tensor, weights)
        actual = run(tensor, weights)
    torch.testing.assert_close(actual, expected)


def test_scripted_modules(compiled, make_map, Network, values, assert_same):
    model = torch.jit.script(Network())
    tensor = make_map(requires_grad=True)
    for _ in range(3):
        model(tensor)  # TorchScript optimizes what was called some times
    run = compiled(model)
    assert_same(run(tensor), model(tensor))

    inputs = [*values(tensor), *model.parameters()]
    actual = torch.autograd.grad(sum(v.exp().sum() for v in values(run(tensor))), inputs)
    expected = torch.autograd.grad(sum(v.exp().sum() for v in values(model(tensor))), inputs)
    for a, b in zip(actual, expected, strict=True):
        torch.testing.assert_close(a, b)


def test_called_from_other_compiled_code(compiled, Network):
    model = Network()
    run = compiled(model)

    @torch.compile(backend="eager")
    def step(x: torch.Tensor):
        block = TensorBlock(x.sin(), Labels.range("s", 2), [], Labels.range("p", 2))
        tensor = TensorMap(Labels("key", torch.tensor([[0]])), [block])
        return run(tensor).block().values.cos()

    x = torch.rand(2, 2, dtype=torch.float64)
    torch.testing.assert_close(step(x), model.layers(x.sin()).cos())
    assert run.n_variants == 1


def test_errors_of_the_model_are_its_own(compiled, make_map):
    def function(tensor: TensorMap):
        return tensor.block(12)

    with pytest.raises(IndexError, match="12"):
        compiled(function)(make_map())


def test_importing_metatensor_does_not_import_the_compiler():
    code = "import sys, metatensor.torch; print(any('torch._inductor' in m for m in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "False", result.stderr
