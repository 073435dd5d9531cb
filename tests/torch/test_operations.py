"""The operations on TorchScript classes give the same results as the ones on Python classes."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

import metatensor
import metatensor.torch as mts


def to_script(value: Any) -> Any:
    """TorchScript version of a Python object, with int64 arrays for positions."""
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    for name in ("Labels", "TensorBlock", "TensorMap"):
        if isinstance(value, getattr(metatensor, name)):
            buffer = torch.frombuffer(bytearray(value.save_buffer()), dtype=torch.uint8)
            return getattr(mts, name).load_buffer(buffer)
    return value


def to_python(value: Any) -> Any:
    if isinstance(value, torch.ScriptObject):
        return getattr(metatensor, value._type().name()).load_buffer(value.save_buffer().numpy())
    return value


def check_same(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    """Compare results, by default to about the precision of float64."""
    actual = to_python(actual)
    if isinstance(expected, list):
        assert len(actual) == len(expected)
        for element, expected_element in zip(actual, expected, strict=True):
            check_same(element, expected_element, tolerance)
    elif isinstance(expected, metatensor.TensorMap):
        assert actual.keys == expected.keys
        assert actual.dtype == expected.dtype
        metatensor.allclose_raise(actual, expected, rtol=tolerance, atol=tolerance)
    elif isinstance(expected, metatensor.TensorBlock):
        assert actual.dtype == expected.dtype
        metatensor.allclose_block_raise(actual, expected, rtol=tolerance, atol=tolerance)
    elif isinstance(expected, np.ndarray):
        np.testing.assert_array_equal(actual, expected)
    else:
        assert actual == expected


def make_labels(names: list[str], rows: Any) -> metatensor.Labels:
    return metatensor.Labels(names, np.array(rows, dtype=np.int32).reshape(-1, len(names)))


def make_block(rng: np.random.Generator, n_properties: int = 3) -> metatensor.TensorBlock:
    samples = make_labels(["system", "atom"], [[1, 0], [0, 2], [0, 1], [-1, 4]])
    components = [make_labels(["c"], [1, 0])]
    properties = make_labels(["n", "l"], [[1, -i] for i in range(n_properties)])
    block = metatensor.TensorBlock(
        rng.normal(size=(4, 2, n_properties)), samples, components, properties
    )
    gradient = metatensor.TensorBlock(
        rng.normal(size=(3, 3, 2, n_properties)),
        make_labels(["sample", "neighbor"], [[2, 0], [0, 7], [1, 0]]),
        [metatensor.Labels.range("xyz", 3), *components],
        properties,
    )
    block.add_gradient("positions", gradient)
    return block


def make_tensor(seed: int) -> metatensor.TensorMap:
    rng = np.random.default_rng(seed)
    keys = make_labels(["key", "other"], [[3, 0], [1, 0]])
    return metatensor.TensorMap(keys, [make_block(rng), make_block(rng, 2)])


def make_matrix(values: Any, property_name: str = "p") -> metatensor.TensorMap:
    block = metatensor.block_from_array(np.array(values, dtype=float), None, None, [property_name])
    return metatensor.TensorMap(make_labels(["key"], [0]), [block])


@pytest.fixture(scope="module")
def python_inputs() -> SimpleNamespace:
    a = make_tensor(1)
    b = make_tensor(2)
    b = metatensor.TensorMap(
        b.keys.permute([0, 1]), [b.block_by_id(i).copy() for i in range(len(b))]
    )
    return SimpleNamespace(
        a=a,
        b=b,
        block=a.block_by_id(0).copy(),
        other_keys=metatensor.filter_blocks(b, make_labels(["key"], [1])),
        weights=metatensor.remove_gradients(
            metatensor.slice(
                metatensor.TensorMap(
                    a.keys,
                    [
                        metatensor.TensorBlock(
                            block.values[:, 0], block.samples, [], block.properties
                        )
                        for block in b
                    ],
                ),
                "samples",
                make_labels(["system"], [0]),
            )
        ),
        square=make_matrix([[2, 1], [0, 1]]),
        tall=make_matrix([[2, 1], [0, 1], [1, 1]]),
        target=make_matrix([[1], [2]], "target"),
        tall_target=make_matrix([[1], [2], [3]], "target"),
        keys=make_labels(["key"], [1, 7]),
        samples=make_labels(["system", "atom"], [[0, 1], [1, 0], [7, 7]]),
        systems=make_labels(["system"], [0, 1]),
        properties=make_labels(["l"], [0, -1]),
        types=make_labels(["atom"], [0, 1, 2, 3, 4]),
        integers=np.array([2, 0]),
        mask=np.array([True, False, True]),
        column=np.arange(4),
        array=np.arange(24.0).reshape(2, 3, 4),
    )


@pytest.fixture(scope="module")
def script_inputs(python_inputs: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(**{k: to_script(v) for k, v in vars(python_inputs).items()})


CASES = {
    "abs": lambda m, i: m.abs(i.a),
    "add": lambda m, i: m.add(i.a, i.b),
    "add scalar": lambda m, i: m.add(i.a, 3),
    "add union": lambda m, i: m.add(i.other_keys, i.a, keys="union"),
    "subtract": lambda m, i: m.subtract(i.a, i.b),
    "subtract union": lambda m, i: m.subtract(i.other_keys, i.a, "union"),
    "subtract scalar": lambda m, i: m.subtract(i.a, 2.5),
    "multiply": lambda m, i: m.multiply(i.a, i.b),
    "multiply intersection": lambda m, i: m.multiply(i.a, i.other_keys, keys="intersection"),
    "multiply scalar": lambda m, i: m.multiply(i.a, -1),
    "divide": lambda m, i: m.divide(i.a, i.b),
    "divide intersection": lambda m, i: m.divide(i.a, i.other_keys, keys="intersection"),
    "divide scalar": lambda m, i: m.divide(i.a, 3),
    "pow": lambda m, i: m.pow(i.a, 3),
    "dot": lambda m, i: m.dot(i.a, i.weights),
    "lstsq": lambda m, i: m.lstsq(i.tall, i.tall_target, 1e-13),
    "lstsq driver": lambda m, i: m.lstsq(i.tall, i.tall_target, rcond=1e-13, driver="gelsd"),
    "solve": lambda m, i: m.solve(i.square, i.target),
    "equal": lambda m, i: [m.equal(i.a, i.a), m.equal(i.a, i.b)],
    "equal_block": lambda m, i: m.equal_block(i.block, i.a.block_by_id(0)),
    "allclose": lambda m, i: [m.allclose(i.a, i.b), m.allclose(i.a, i.b, atol=100.0)],
    "allclose_block": lambda m, i: m.allclose_block(i.block, i.a.block_by_id(1), equal_nan=True),
    "equal_metadata": lambda m, i: [
        m.equal_metadata(i.a, i.b),
        m.equal_metadata(i.a, i.b, check=["samples"], check_gradients=False),
        m.equal_metadata(i.a, i.other_keys),
    ],
    "equal_metadata_block": lambda m, i: m.equal_metadata_block(i.block, i.b.block_by_id(1)),
    "raise": lambda m, i: [
        m.equal_raise(i.a, i.a),
        m.equal_block_raise(i.block, i.block),
        m.allclose_raise(i.a, i.a),
        m.allclose_block_raise(i.block, i.block),
        m.equal_metadata_raise(i.a, i.b),
        m.equal_metadata_block_raise(i.block, i.block),
    ],
    "block_from_array": lambda m, i: m.block_from_array(i.array),
    "block_from_array names": lambda m, i: m.block_from_array(i.array, ["a", "b"], [], ["p"]),
    "zeros_like": lambda m, i: m.zeros_like(i.a),
    "zeros_like_block": lambda m, i: m.zeros_like_block(i.block, gradients="positions"),
    "ones_like": lambda m, i: m.ones_like(i.a, gradients=["positions"]),
    "ones_like_block": lambda m, i: m.ones_like_block(i.block, requires_grad=False),
    "empty_like": lambda m, i: m.multiply(m.zeros_like(m.empty_like(i.a)), 0.0),
    "empty_like_block": lambda m, i: m.zeros_like_block(m.empty_like_block(i.block)),
    "random_uniform_like": lambda m, i: m.zeros_like(m.random_uniform_like(i.a)),
    "random_uniform_like_block": lambda m, i: m.zeros_like_block(
        m.random_uniform_like_block(i.block)
    ),
    "detach": lambda m, i: m.detach(i.a),
    "detach_block": lambda m, i: m.detach_block(i.block),
    "requires_grad": lambda m, i: m.requires_grad(i.a, False),
    "requires_grad_block": lambda m, i: m.requires_grad_block(i.block, False),
    "remove_gradients": lambda m, i: m.remove_gradients(i.a),
    "remove_gradients names": lambda m, i: m.remove_gradients(i.a, ["foo"]),
    "remove_gradients_block": lambda m, i: m.remove_gradients_block(i.block, []),
    "is_contiguous": lambda m, i: m.is_contiguous(i.a),
    "is_contiguous_block": lambda m, i: m.is_contiguous_block(i.block),
    "make_contiguous": lambda m, i: m.make_contiguous(i.a),
    "make_contiguous_block": lambda m, i: m.make_contiguous_block(i.block),
    "filter_blocks": lambda m, i: m.filter_blocks(i.a, i.keys),
    "drop_blocks": lambda m, i: m.drop_blocks(i.a, i.keys, copy=True),
    "drop_empty_blocks": lambda m, i: m.drop_empty_blocks(
        m.slice(i.a, "properties", i.properties), True
    ),
    "slice samples": lambda m, i: m.slice(i.a, "samples", i.samples),
    "slice systems": lambda m, i: m.slice(i.a, "samples", i.systems),
    "slice properties": lambda m, i: m.slice(i.a, "properties", i.properties),
    "slice_block list": lambda m, i: m.slice_block(i.block, "samples", [-1, 0]),
    "slice_block array": lambda m, i: m.slice_block(i.block, "samples", i.integers),
    "slice_block mask": lambda m, i: m.slice_block(i.block, "properties", i.mask),
    "slice_block labels": lambda m, i: m.slice_block(i.block, "properties", i.properties),
    "split": lambda m, i: m.split(i.a, "samples", [i.samples, i.systems]),
    "split lists": lambda m, i: m.split(i.a, "samples", [[0, 2], [3]]),
    "split empty": lambda m, i: m.split(i.a, "samples", []),
    "split_block": lambda m, i: m.split_block(i.block, "properties", [i.integers, i.mask]),
    "split_by_dimension samples": lambda m, i: m.split_by_dimension(i.a, "samples", "system"),
    "split_by_dimension groups": lambda m, i: m.split_by_dimension(
        i.a, "properties", "n", groups=[[1, 3], [7]]
    ),
    "split_by_dimension keys": lambda m, i: m.split_by_dimension(i.a, "keys", "key"),
    "join samples": lambda m, i: m.join([i.a, i.b], "samples", add_dimension="tensor"),
    "join properties": lambda m, i: m.join([i.a, i.b], "properties", add_dimension="tensor"),
    "join union": lambda m, i: m.join([i.other_keys, i.a], "samples", "union", "tensor"),
    "join intersection": lambda m, i: m.join(
        (i.other_keys, i.a), "properties", different_keys="intersection", add_dimension="t"
    ),
    "join_blocks": lambda m, i: m.join_blocks([i.block, i.block], "samples", "tensor"),
    "append_dimension": lambda m, i: m.append_dimension(i.a, "samples", "new", i.column),
    "insert_dimension": lambda m, i: m.insert_dimension(i.a, "properties", 1, "new", 4),
    "permute_dimensions": lambda m, i: m.permute_dimensions(i.a, "properties", [1, 0]),
    "remove_dimension": lambda m, i: m.remove_dimension(i.a, "keys", "other"),
    "rename_dimension": lambda m, i: m.rename_dimension(i.a, "components", "c", "new"),
    "update_dimension": lambda m, i: m.update_dimension(i.a, "samples", "atom", i.column),
    "update_dimension keys": lambda m, i: m.update_dimension(i.a, "keys", "other", -3),
    "zeros": lambda m, i: m.zeros(
        {"k": 2}, {"s": 2, "t": 3}, {"c": 3, "d": 1}, {"n": 2}, None, i.array
    ),
    "ones": lambda m, i: m.ones({"k": 2}, {"s": 2}, {}, {"n": 2}, {"g": {"xyz": 3}}, i.array),
    "random_uniform": lambda m, i: m.zeros_like(
        m.random_uniform({"k": 1}, {"s": 2}, {}, {"n": 2}, like=i.array)
    ),
    "map_blocks": lambda m, i: m.map_blocks(i.a, lambda x: 2 * x, gradients="linear"),
    "one_hot": lambda m, i: np.array(m.one_hot(i.block.samples, i.types).tolist()),
    "sort": lambda m, i: m.sort(i.a),
    "sort axes": lambda m, i: m.sort(i.a, ["keys", "samples"], descending=True),
    "sort_block": lambda m, i: m.sort_block(i.block, "samples"),
    "unique_metadata": lambda m, i: m.unique_metadata(i.a, "samples", "system"),
    "unique_metadata list": lambda m, i: m.unique_metadata(i.a, "properties", ["l", "n"]),
    "unique_metadata_block": lambda m, i: m.unique_metadata_block(
        i.block, "samples", ["neighbor"], gradient="positions"
    ),
}
for _reduction in ("sum", "mean", "var", "std"):
    for _axis, _names in (("samples", ["atom", "system"]), ("properties", ["l", "n"])):
        _name = f"{_reduction}_over_{_axis}"
        CASES[_name] = lambda m, i, f=_name, n=_names: getattr(m, f)(i.a, n[0])
        CASES[f"{_name} list"] = lambda m, i, f=_name, n=_names: getattr(m, f)(i.a, n)
        _block = f"{_name}_block"
        CASES[_block] = lambda m, i, f=_block, n=_names: getattr(m, f)(i.block, n[0])


@pytest.mark.parametrize("name", CASES)
def test_same_result_as_python(name, python_inputs, script_inputs):
    call = CASES[name]
    check_same(call(mts, script_inputs), call(metatensor, python_inputs))


def as_float32(value: Any) -> Any:
    if isinstance(value, (metatensor.TensorBlock, metatensor.TensorMap)):
        return value.to(dtype=np.dtype("float32"))
    if isinstance(value, np.ndarray) and value.dtype == np.float64:
        return value.astype(np.float32)
    return value


@pytest.mark.parametrize("name", CASES)
def test_float32(name, python_inputs):
    inputs = SimpleNamespace(**{k: as_float32(v) for k, v in vars(python_inputs).items()})
    script = SimpleNamespace(**{k: to_script(v) for k, v in vars(inputs).items()})
    check_same(CASES[name](mts, script), CASES[name](metatensor, inputs), tolerance=1e-5)


def test_dtype_without_example():
    """The default of each library."""
    assert mts.zeros({"k": 1}, {"s": 1}, {}, {"n": 1}).block().values.dtype == torch.float32
    assert metatensor.zeros({"k": 1}, {"s": 1}, {}, {"n": 1}).block().values.dtype == np.float64


def test_every_function_is_tested():
    tested = {name.split()[0] for name in CASES}
    not_compiled = {"checks_enabled", "NotEqualError"}
    for name in metatensor.operations.__all__:
        if not name.startswith("unsafe_") and not name.endswith("_raise"):
            assert name in tested | not_compiled


class TestNames:
    def test_all_names(self):
        for name in metatensor.operations.__all__:
            value = getattr(mts, name)
            assert value is getattr(mts.operations, name)
            assert value is not getattr(metatensor, name)

        not_scripted = (
            "checks_enabled",
            "map_blocks",
            "unsafe_enable_checks",
            "unsafe_disable_checks",
        )
        for name in metatensor.operations.__all__:
            if name not in (*not_scripted, "NotEqualError"):
                assert isinstance(getattr(mts, name), torch.jit.ScriptFunction)

    def test_one_module_with_two_names(self):
        import metatensor.torch.operations._add as name
        import metatensor.torch.operations._backend as backend
        import metatensor_torch.operations._add as other_name
        import metatensor_torch.operations._backend as other_backend

        assert name is other_name
        assert backend is other_backend
        assert mts.operations.__name__ == "metatensor_torch.operations"
        assert backend.TensorMap is mts.TensorMap

    def test_checks_are_separate(self):
        with mts.unsafe_disable_checks():
            assert not mts.checks_enabled()
            assert metatensor.checks_enabled()
        assert mts.checks_enabled()

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("add", "TensorMap A, Union(float, int, TensorMap) B, str keys='equal'"),
            ("pow", "TensorMap A, Union(float, int) B"),
            (
                "zeros_like",
                "TensorMap tensor, Union(str[], NoneType, str) gradients=None, "
                "bool requires_grad=False",
            ),
            (
                "equal_metadata_block",
                "TensorBlock block_1, TensorBlock block_2, Union(str[], str) check='all', "
                "bool check_gradients=True",
            ),
            ("mean_over_samples", "TensorMap tensor, Union(str[], str) sample_names"),
            ("slice", "TensorMap tensor, str axis, Labels selection"),
            (
                "split_block",
                "TensorBlock block, str axis, Union(Tensor, int[], Labels)[] selections",
            ),
            (
                "insert_dimension",
                "TensorMap tensor, str axis, int index, str name, Union(Tensor, int) values",
            ),
            ("lstsq", "TensorMap X, TensorMap Y, float? rcond, str? driver=None"),
            (
                "unique_metadata",
                "TensorMap tensor, str axis, Union((str), str[], str) names, str? gradient=None",
            ),
            (
                "join",
                "TensorMap[] tensors, str axis, str different_keys='error', "
                "str? add_dimension=None",
            ),
            (
                "block_from_array",
                "Tensor array, str[]? sample_names=None, str[]? component_names=None, "
                "str[]? property_names=None",
            ),
        ],
    )
    def test_signatures(self, name, arguments):
        def normalized(schema):
            """Parts of the schema, with the members of unions in alphabetical order."""
            schema = schema.replace("__torch__.torch.classes.metatensor.", "")
            schema = schema.replace('"', "").replace("'", "")
            pieces = schema.split("Union(")
            for i, piece in enumerate(pieces[1:], 1):
                # tuples are the only types with parentheses in these unions
                members, rest = piece.replace("((str)", "(str)").rsplit(")", 1)
                pieces[i] = ", ".join(sorted(members.split(", "))) + ")" + rest
            return "Union(".join(pieces)

        schema = str(getattr(mts, name).schema)
        schema = schema[schema.index("(") + 1 : schema.rindex(") ->")]
        assert normalized(schema) == normalized(arguments)


class TestErrors:
    def test_errors_of_operations(self, script_inputs):
        i = script_inputs
        for call, message in (
            (lambda: mts.add(i.a, i.other_keys), "NotEqualError: .*'add'.*keys"),
            (lambda: mts.equal_raise(i.a, i.b), r"NotEqualError: .*\(key=3, other=0\).*values"),
            (lambda: mts.sum_over_samples(i.a, "foo"), "ValueError: 'foo'"),
            (lambda: mts.slice(i.a, "keys", i.samples), "ValueError: .*'keys'"),
            (lambda: mts.join([], "samples"), "ValueError: .*at least one"),
            (lambda: mts.sort(i.a, "foo"), "ValueError: .*'foo'"),
            (lambda: mts.equal_metadata(i.a, i.a, ["foo"]), "ValueError: .*'foo'"),
        ):
            with pytest.raises(torch.jit.Error, match=message):
                call()

    def test_nested_gradients(self, block):
        with pytest.raises(torch.jit.Error, match="NotImplementedError: .*gradients of gradients"):
            mts.sort_block(block)

    def test_errors_of_classes(self, script_inputs):
        i = script_inputs
        for call in (
            lambda: mts.join([i.a, i.a], "samples"),
            lambda: mts.rename_dimension(i.a, "samples", "foo", "bar"),
            lambda: mts.slice_block(i.block, "samples", [7]),
            lambda: mts.unique_metadata(i.a, "samples", "system", gradient="foo"),
            lambda: mts.filter_blocks(i.a, i.systems),
        ):
            with pytest.raises(RuntimeError):
                call()

    def test_wrong_types(self, script_inputs, python_inputs):
        i = script_inputs
        for call in (
            lambda: mts.add(python_inputs.a, i.a),
            lambda: mts.add(i.a, python_inputs.a),
            lambda: mts.add(i.a, 3j),
            lambda: mts.block_from_array(python_inputs.array),
            lambda: mts.slice(i.a, "samples", [0]),
            lambda: mts.sum_over_samples(i.a, ("atom",)),
        ):
            with pytest.raises(RuntimeError):
                call()

    def test_python_functions_refuse_script_objects(self, script_inputs):
        i = script_inputs
        for call, error in (
            (lambda: metatensor.add(i.a, i.a), TypeError),
            (lambda: metatensor.join([i.a, i.a], "samples"), TypeError),
            (lambda: metatensor.slice_block(i.block, "samples", [0]), TypeError),
            (lambda: metatensor.equal_metadata_raise(i.a, i.a), metatensor.NotEqualError),
        ):
            with pytest.raises(error), pytest.warns(UserWarning, match="`metatensor.torch`"):
                call()
        with pytest.warns(UserWarning, match="`metatensor.torch`") as record:
            assert not metatensor.equal_metadata(i.a, i.a)
        assert record[0].filename == __file__


def test_warnings(script_inputs):
    with pytest.warns(UserWarning, match="rcond"):
        mts.lstsq(script_inputs.square, script_inputs.target, None)
    tensor = mts.requires_grad(script_inputs.a)
    assert tensor.block_by_id(0).gradient("positions").values.requires_grad
    with pytest.warns(UserWarning, match="detach"):
        mts.requires_grad(tensor)


def test_like_with_requires_grad(script_inputs):
    for function in (mts.zeros_like, mts.ones_like, mts.empty_like, mts.random_uniform_like):
        block = function(script_inputs.a, requires_grad=True).block_by_id(0)
        assert block.values.requires_grad
        is_random = function is mts.random_uniform_like
        assert block.gradient("positions").values.requires_grad is is_random


def test_random_numbers(script_inputs):
    torch.manual_seed(42)
    expected = torch.rand(4, 2, 3, dtype=torch.float64)
    torch.manual_seed(42)
    result = mts.random_uniform_like(script_inputs.a)
    assert torch.equal(result.block_by_id(0).values, expected)


def test_meta_device():
    block = mts.block_from_array(torch.empty((2, 3, 4), device="meta"), ["a", "b"])
    assert block.samples.device.type == "meta"
    assert block.shape == [6, 4]


def test_results_of_autograd(script_inputs):
    """Derivatives of a sum of squares, through most of the operations."""

    def function(values: torch.Tensor) -> torch.Tensor:
        block = mts.TensorBlock(
            values, script_inputs.block.samples, [], mts.Labels.range("p", values.shape[1])
        )
        tensor = mts.TensorMap(mts.Labels.range("key", 1), [block])
        tensor = mts.multiply(mts.add(tensor, tensor), mts.pow(tensor, 2))
        tensor = mts.join([tensor, mts.sort(tensor)], "samples", add_dimension="t")
        tensor = mts.std_over_samples(mts.mean_over_samples(tensor, "t"), "atom")
        tensor = mts.slice(tensor, "samples", script_inputs.systems)
        return mts.dot(tensor, tensor).block().values.sum()

    values = torch.rand((4, 3), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function, values)
