"""Models on tensor maps, compiled by ``metatensor.torch.compile``: values, gradients, guards."""

import subprocess
import sys
from typing import Dict, List

import pytest
import torch

import metatensor.torch as mts
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap
from metatensor.torch.compilation import UnsupportedModel, compile


def compiled(model, backend="eager", **options):
    """Compiled in the fastest way: the graph is run by torch, one operator after the other."""
    return compile(model, backend=backend, **options)


def make_map(sizes=(3, 4), n_properties=2, dtype=torch.float64, seed=0, requires_grad=False):
    generator = torch.Generator().manual_seed(seed)
    blocks = []
    for size in sizes:
        values = torch.randn(size, n_properties, generator=generator, dtype=dtype)
        blocks.append(
            TensorBlock(
                values.requires_grad_(requires_grad),
                Labels("sample", torch.arange(size).reshape(-1, 1)),
                [],
                Labels("property", torch.arange(n_properties).reshape(-1, 1)),
            )
        )
    return TensorMap(Labels("key", torch.arange(len(sizes)).reshape(-1, 1)), blocks)


def values(tensor: TensorMap) -> List[torch.Tensor]:
    return [block.values for block in tensor.blocks()]


class Network(torch.nn.Module):
    """One layer, on all blocks."""

    def __init__(self, dtype=torch.float64):
        super().__init__()
        torch.manual_seed(1)
        self.layers = torch.nn.Sequential(torch.nn.Linear(2, 4, dtype=dtype), torch.nn.Tanh())
        self.out = Labels("out", torch.arange(4).reshape(-1, 1))

    def forward(self, tensor: TensorMap) -> TensorMap:
        blocks = [
            TensorBlock(self.layers(b.values), b.samples, b.components, self.out)
            for b in tensor.blocks()
        ]
        return TensorMap(tensor.keys, blocks)


def assert_same(actual: TensorMap, expected: TensorMap):
    mts.allclose_raise(actual, expected, rtol=1e-12, atol=1e-14)
    assert actual.info() == expected.info()


# ----------------------------------------------------------------------------------------------- #
# values and gradients


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_values_and_gradients(backend):
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


def test_the_tensor_work_is_in_the_compiled_graph():
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


def test_new_values_do_not_compile_again():
    model = Network()
    run = compiled(model)
    for seed in range(4):
        tensor = make_map(seed=seed)
        assert_same(run(tensor), model(tensor))
    assert run.n_variants == 1


def test_training_updates_parameters():
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


def test_explicit_gradients_and_info(tensor):
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


def test_forces_inside_of_the_model():
    model = Network()

    def forces(tensor: TensorMap):
        energy = sum(v.square().sum() for v in values(model(tensor)))
        return energy, torch.autograd.grad(energy, values(tensor), create_graph=True)

    def loss_gradients(function):
        energy, gradients = function(make_map(requires_grad=True))
        loss = energy + sum(g.square().sum() for g in gradients)
        return [energy, *gradients, *torch.autograd.grad(loss, list(model.parameters()))]

    for backend in ("eager", "aot_eager"):
        actual = loss_gradients(compiled(forces, backend))
        for a, b in zip(actual, loss_gradients(forces), strict=True):
            torch.testing.assert_close(a, b)


def test_forces_outside_of_the_model_are_not_differentiable_again():
    model = Network()
    tensor = make_map(requires_grad=True)
    energy = sum(v.square().sum() for v in values(compiled(model, "aot_eager")(tensor)))
    gradients = torch.autograd.grad(energy, values(tensor), create_graph=True)
    expected = torch.autograd.grad(
        sum(v.square().sum() for v in values(model(tensor))), values(tensor)
    )
    for a, b in zip(gradients, expected, strict=True):
        torch.testing.assert_close(a, b)

    with pytest.raises(RuntimeError, match="double backward"):
        sum(g.square().sum() for g in gradients).backward()


@pytest.mark.parametrize("how", ["detach", "data", "no_grad", "leaf", "scripted", "inner"])
def test_gradients_stop_where_the_model_stops_them(how):
    scripted = torch.jit.script(_detach_scripted)

    def function(x: torch.Tensor):
        y = x.exp()
        if how == "detach":
            y = y * y.detach()
        elif how == "data":
            y = y * y.data
        elif how == "no_grad":
            with torch.no_grad():
                scale = y.square()
            y = y * scale
        elif how == "leaf":
            copy = y.detach().requires_grad_(True)
            (gradient,) = torch.autograd.grad(copy.square().sum(), copy, create_graph=True)
            y = y * gradient
        elif how == "scripted":
            y = scripted(y)
        else:
            (gradient,) = torch.autograd.grad(y.sum(), x, retain_graph=True)
            y = y * gradient
        return y.tanh()

    x = torch.tensor([0.1, 0.2, 0.4], dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(function(x).sum(), x)
    for backend in ("eager", "aot_eager"):
        (actual,) = torch.autograd.grad(compiled(function, backend)(x).sum(), x)
        torch.testing.assert_close(actual, expected)


def _detach_scripted(y: torch.Tensor) -> torch.Tensor:
    return y * y.detach() + torch.sigmoid(y) * y.detach().square()


def test_results_do_not_require_more_gradients_than_without_compilation():
    def function(x: torch.Tensor):
        return x.detach() * 2, x * 2, [x.exp().detach()]

    x = torch.ones(3, requires_grad=True)
    for backend in ("eager", "aot_eager"):
        first, second, (third,) = compiled(function, backend)(x)
        assert [t.requires_grad for t in (first, second, third)] == [False, True, False]


# ----------------------------------------------------------------------------------------------- #
# arguments and results


def test_containers():
    def function(maps: List[TensorMap], named: Dict[str, TensorBlock], scale: float = 1.0):
        block = named["block"]
        block = TensorBlock(block.values * scale, block.samples, block.components, block.properties)
        return {"sum": mts.add(maps[0], maps[1])}, [block], ("text", 3, None, maps[0].keys[1])

    maps = [make_map(seed=1), make_map(seed=2)]
    named = {"block": make_map().block(0)}
    run = compiled(function)
    for scale in (2.0, 3.0):
        sums, blocks, (text, number, nothing, entry) = run(maps, named, scale=scale)
        assert_same(sums["sum"], mts.add(*maps))
        torch.testing.assert_close(blocks[0].values, scale * named["block"].values)
        assert (text, number, nothing) == ("text", 3, None)
        assert entry == maps[0].keys[1]
    # numbers which are no tensors are constants of the compiled code
    assert run.n_variants == 2


def test_labels_and_entries_as_arguments():
    def function(tensor: TensorMap, selection: Labels, key: LabelsEntry):
        return mts.slice(tensor, "samples", selection), tensor.block(key).values * 2, selection

    tensor = make_map()
    run = compiled(function)
    for row in (0, 1):
        selection = Labels("sample", torch.tensor([[row]]))
        sliced, doubled, same = run(tensor, selection, tensor.keys[row])
        assert_same(sliced, mts.slice(tensor, "samples", selection))
        torch.testing.assert_close(doubled, 2 * tensor.block(row).values)
        assert same == selection
    assert run.n_variants == 2


def test_the_same_tensor_in_two_arguments():
    def function(a: torch.Tensor, b: torch.Tensor):
        return torch.autograd.grad((a * b).sum(), a)[0]

    run = compiled(function)
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = torch.tensor([3.0, 4.0], requires_grad=True)
    torch.testing.assert_close(run(x, y), y.detach())
    torch.testing.assert_close(run(x, x), 2 * x.detach())


def test_constant_results():
    def function(tensor: TensorMap):
        return TensorMap(
            tensor.keys,
            [
                TensorBlock(
                    torch.full((len(block.samples), 1), len(block.samples)),
                    block.samples,
                    [],
                    Labels("count", torch.tensor([[0]])),
                )
                for block in tensor.blocks()
            ],
        )

    run = compiled(function)
    first = run(make_map())
    first.block(0).values[:] = -1
    torch.testing.assert_close(run(make_map()).block(0).values, torch.full((3, 1), 3))


def test_labels_computed_from_values():
    def function(x: torch.Tensor):
        samples = Labels("bin", torch.floor(x).to(torch.int32).reshape(-1, 1))
        return TensorBlock(x.reshape(-1, 1), samples, [], Labels("p", torch.tensor([[0]])))

    run = compiled(function)
    for x in (torch.tensor([0.5, 1.5, 7.1]), torch.tensor([3.5, -1.5, 0.1])):
        assert run(x).samples == function(x).samples
    assert run.n_variants == 1
    with pytest.raises(RuntimeError, match="must be unique"):
        run(torch.tensor([0.5, 0.6, 7.1]))


def test_unknown_arguments_are_refused():
    with pytest.raises(TypeError, match="compiled models take .* got 'object'"):
        compiled(lambda x: x)(object())
    with pytest.raises(TypeError, match="compiled models take .* got 'set'"):
        compiled(lambda x: {1, 2})(torch.ones(1))


def test_keyword_arguments_and_decorator():
    @compile(backend="eager")
    def scaled(tensor: TensorMap, *, factor: float) -> TensorMap:
        """Documented."""
        return mts.multiply(tensor, factor)

    assert scaled.__name__ == "scaled"
    assert scaled.__doc__ == "Documented."
    assert_same(scaled(make_map(), factor=3.0), mts.multiply(make_map(), 3.0))


# ----------------------------------------------------------------------------------------------- #
# what compiled code depends on


def test_metadata_is_checked():
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


def test_dtype_and_info_are_checked():
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


def test_grad_mode_is_checked():
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


def test_training_mode_and_randomness():
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


def test_changes_of_modules_are_seen():
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


def test_batch_norm_updates_its_statistics():
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


def test_module_used_by_a_function():
    model = Network()
    run = compiled(lambda tensor: model(tensor))
    assert_same(run(make_map()), model(make_map()))
    model.layers[1] = torch.nn.Sigmoid()
    assert_same(run(make_map()), model(make_map()))


def test_variables_of_functions_are_checked():
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


def test_methods_and_cyclic_references():
    model = Network()
    model.layers.parent = [model]
    run = compiled(model.forward)
    assert_same(run(make_map()), model(make_map()))
    model.layers[1] = torch.nn.Sigmoid()
    assert_same(run(make_map()), model(make_map()))
    assert run.n_variants == 2


def test_random_permutations():
    def shuffle(x: torch.Tensor):
        return x[torch.randperm(len(x))]

    for backend in ("eager", "aot_eager"):
        run = compiled(shuffle, backend)
        x = torch.arange(100.0)
        first, second = run(x), run(x)
        torch.testing.assert_close(first.sort().values, x)
        assert not torch.equal(first, second)


def test_masks_and_indices_made_of_metadata():
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


def test_called_from_other_compiled_code():
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


def test_sparse_tensors_are_refused():
    with pytest.raises(TypeError, match="take and return dense tensors"):
        compiled(lambda x: x)(torch.eye(2).to_sparse())


def test_caught_errors_do_not_hide_that_values_are_read():
    def function(x: torch.Tensor):
        try:
            return x * float(x.sum())
        except RuntimeError:
            return x

    with pytest.raises(UnsupportedModel, match="the model reads values"):
        compiled(function)(torch.ones(2))


def test_derivatives_with_respect_to_parameters():
    model = Network()

    def function(tensor: TensorMap):
        loss = sum(v.square().sum() for v in values(model(tensor)))
        return torch.autograd.grad(loss, list(model.parameters()))

    torch.testing.assert_close(compiled(function)(make_map()), function(make_map()))


def test_importing_metatensor_does_not_import_the_compiler():
    code = "import sys, metatensor.torch; print(any('torch._inductor' in m for m in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "False", result.stderr


def test_module_as_argument():
    def apply(module: torch.nn.Module, tensor: TensorMap) -> TensorMap:
        return module(tensor)

    run = compiled(apply)
    first, second = Network(), Network()
    torch.nn.init.zeros_(second.layers[0].weight)
    assert_same(run(first, make_map()), first(make_map()))
    assert_same(run(second, make_map()), second(make_map()))
    assert run.n_variants == 2


def test_scripted_modules():
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


def test_recompile_limit():
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


def test_autocast():
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


def test_module_is_like_the_original_one():
    model = Network()
    run = compiled(model)
    assert isinstance(run, torch.nn.Module)
    assert [id(p) for p in run.parameters()] == [id(p) for p in model.parameters()]
    assert set(run.state_dict()) == {f"_orig_mod.{name}" for name in model.state_dict()}
    run.eval()
    assert not model.training


# ----------------------------------------------------------------------------------------------- #
# what can not be compiled


def _branch(tensor: TensorMap):
    return tensor if tensor.block(0).values.sum() > 0 else mts.multiply(tensor, 2.0)


def _item(tensor: TensorMap):
    return mts.multiply(tensor, float(tensor.block(0).values.max().item()))


def _numpy(tensor: TensorMap):
    return torch.from_numpy(tensor.block(0).values.numpy() * 2)


def _tolist(tensor: TensorMap):
    return torch.tensor(tensor.block(0).values.tolist())


def _nonzero(tensor: TensorMap):
    block = tensor.block(0)
    return block.values[block.values[:, 0] > 0]


def _unique(tensor: TensorMap):
    return torch.unique(tensor.block(0).values)


def _labels_from_values(tensor: TensorMap):
    samples = Labels("n", torch.floor(tensor.block(0).values[:, :1]).to(torch.int32))
    return samples.union(Labels("n", torch.tensor([[1]])))


def _equal(tensor: TensorMap):
    return mts.allclose(tensor, tensor)


@torch.jit.script
def _scripted_branch(x: torch.Tensor) -> torch.Tensor:
    if bool(x.sum() > 0):
        return x
    return -x


def _scripted(tensor: TensorMap):
    return _scripted_branch(tensor.block(0).values)


@pytest.mark.parametrize(
    "function",
    [
        _branch,
        _item,
        _numpy,
        _tolist,
        _nonzero,
        _unique,
        _labels_from_values,
        _equal,
        _scripted,
    ],
)
def test_values_can_not_be_read(function):
    with pytest.raises(UnsupportedModel, match="the model reads values"):
        compiled(function)(make_map())


@pytest.mark.parametrize("read", [torch.Tensor.item, torch.Tensor.tolist, float, bool])
@pytest.mark.parametrize("name", ["weight", "buffer", "attribute"])
def test_values_of_modules_can_not_be_read(read, name):
    class Reader(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor(2.0))
            self.register_buffer("buffer", torch.tensor(2.0))
            self.attribute = torch.tensor(2.0)

        def forward(self, x):
            return x * read(getattr(self, name))

    with pytest.raises(UnsupportedModel, match="the model reads values"):
        compiled(Reader())(torch.ones(2))


def test_integers_are_metadata():
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


def test_state_of_python_can_not_be_modified():
    class Counter(Network):
        def __init__(self):
            super().__init__()
            self.n_calls = 0
            self.cache = {}

        def forward(self, tensor):
            self.n_calls += 1
            self.cache["last"] = tensor
            return super().forward(tensor)

    model = Counter()
    with pytest.raises(UnsupportedModel, match="modifies 'Counter"):
        compiled(model)(make_map())
    assert model.n_calls == 0
    assert model.cache == {}


def test_caches_that_are_filled_can_be_used():
    class Cache(Network):
        def __init__(self):
            super().__init__()
            self.cache: Dict[str, Labels] = {}

        def forward(self, tensor):
            if "out" not in self.cache:
                self.cache["out"] = self.out.rename("out", "cached")
            self.out = self.cache["out"]
            return super().forward(tensor)

    model = Cache()
    run = compiled(model)
    with pytest.raises(UnsupportedModel, match="call it once before"):
        run(make_map())
    model(make_map())
    assert run(make_map()).property_names == ["cached"]


def test_arguments_can_not_be_modified():
    def add_info(tensor: TensorMap):
        tensor.set_info("a", "b")
        return tensor

    def consume(block: TensorBlock):
        return TensorMap(Labels("key", torch.tensor([[0]])), [block])

    with pytest.raises(UnsupportedModel, match="modifies its arguments"):
        compiled(add_info)(make_map())
    with pytest.raises(UnsupportedModel, match="uses up its arguments"):
        compiled(consume)(make_map().block(0).copy())


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_values_of_arguments_can_be_modified(backend):
    def function(tensor: TensorMap):
        for block in tensor.blocks():
            block.values[:] *= 2
        return tensor.block(0).values.sum()

    run = compiled(function, backend)
    tensor = make_map()
    expected = [2 * v for v in values(make_map())]
    torch.testing.assert_close(run(tensor), expected[0].sum())
    for actual, v in zip(values(tensor), expected, strict=True):
        torch.testing.assert_close(actual, v)


def test_backward_is_refused():
    model = Network()

    def function(tensor: TensorMap):
        sum(v.sum() for v in values(model(tensor))).backward()
        return tensor

    with pytest.raises(UnsupportedModel, match="backward"):
        compiled(function)(make_map())
    assert all(parameter.grad is None for parameter in model.parameters())


def test_integers_modified_with_values_are_refused():
    def function(x: torch.Tensor):
        counts = torch.zeros(4, dtype=torch.int64)
        counts.index_add_(0, torch.tensor([0, 1]), x.to(torch.int64))
        return counts

    with pytest.raises(UnsupportedModel, match="modifies metadata with values"):
        compiled(function)(torch.ones(2))


class _Double(torch.autograd.Function):
    """With a gradient that operators alone do not have."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return 2 * gradient


def test_custom_gradients():
    def outside(x):
        return _Double.apply(x).square()

    def inside(x):
        x = x.detach().requires_grad_(True)
        return torch.autograd.grad(_Double.apply(x).square().sum(), x)[0]

    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(UnsupportedModel, match="custom autograd function '_DoubleBackward'"):
        compiled(outside)(x)
    torch.testing.assert_close(compiled(inside)(x), inside(x))
    with torch.no_grad():
        torch.testing.assert_close(compiled(outside)(x), outside(x))


def test_arguments_computed_from_each_other():
    def derivative(x: torch.Tensor, y: torch.Tensor):
        return torch.autograd.grad((x * y).sum(), x)[0]

    run = compiled(derivative)
    x = torch.ones(2, requires_grad=True)
    torch.testing.assert_close(run(x, 3 * torch.ones(2)), torch.full((2,), 3.0))
    torch.testing.assert_close(run(x, 3 * torch.ones(2, requires_grad=True)), torch.full((2,), 3.0))
    with pytest.raises(UnsupportedModel, match="was computed from another one"):
        run(x, 3 * x)


def test_errors_of_the_model_are_its_own():
    def function(tensor: TensorMap):
        return tensor.block(12)

    with pytest.raises(IndexError, match="12"):
        compiled(function)(make_map())
