from typing import List, Tuple

import pytest
import torch

from metatensor.torch import Labels, TensorBlock


def test_construction_shares_everything():
    values = torch.rand(2, 3)
    samples = Labels.range("s", 2)
    properties = Labels.range("p", 3)
    block = TensorBlock(values=values, samples=samples, components=[], properties=properties)
    assert block.values is values
    assert block.samples.values is samples.values
    assert block.properties.values is properties.values
    assert block.components == []
    assert block.shape == [2, 3]
    assert type(block.shape) is list
    assert len(block) == 2
    assert block.device == torch.device("cpu")
    assert block.dtype == torch.jit.script(identity)(torch.float32)
    assert block.is_view is False


def identity(dtype: torch.dtype) -> torch.dtype:
    return dtype


def test_values_are_kept_as_they_are():
    values = torch.rand(3, 2, dtype=torch.float32).t().requires_grad_(True) * 2
    block = TensorBlock(values, Labels.range("s", 2), (), Labels.range("p", 3))
    assert block.values is values
    assert block.values.grad_fn is not None
    assert not block.values.is_contiguous()


@pytest.mark.parametrize(
    "dtype, code",
    [
        (torch.uint8, 0),
        (torch.int32, 3),
        (torch.float16, 5),
        (torch.float64, 7),
        (torch.complex64, 9),
        (torch.bool, 11),
        (torch.bfloat16, 15),
        (torch.float8_e5m2, 23),
        (torch.uint16, 27),
    ],
)
def test_dtypes(dtype, code):
    labels = Labels.single()
    block = TensorBlock(torch.zeros(1, 1, dtype=dtype), labels, [], labels)
    assert block.dtype == code
    assert block.to(torch.complex128).to(device="cpu").dtype == 10


def test_construction_errors():
    samples = Labels.range("s", 2)
    with pytest.raises(RuntimeError):
        TensorBlock(torch.rand(2, 2), samples, [], Labels.range("p", 3))
    with pytest.raises(RuntimeError):
        TensorBlock(torch.rand(2), samples, [], Labels.range("p", 2))
    with pytest.raises(RuntimeError, match="CPU:0.*ExtDev:0|ExtDev:0.*CPU:0"):
        TensorBlock(torch.rand(2, 2, device="meta"), samples, [], Labels.range("p", 2))
    with pytest.raises(RuntimeError):
        TensorBlock(torch.rand(2, 2).to_sparse(), samples, [], Labels.range("p", 2))
    with pytest.raises(RuntimeError, match="values"):
        TensorBlock([[1.0]], samples, [], samples)


def test_changing_values(block):
    with pytest.raises(ValueError, match=r"values\[:\]"):
        block.values = torch.zeros(3, 3, 2)
    view = block.gradient("g")
    view.values[:] = 42
    assert torch.all(block.gradient("g").values == 42)
    block.values[:] = -1
    assert torch.all(block.values == -1)
    with pytest.raises(RuntimeError):
        block.samples = Labels.range("s", 3)


def test_python_protocols(block):
    with pytest.raises(NotImplementedError):
        block == block  # noqa: B015
    with pytest.raises(NotImplementedError):
        list(block)


def test_gradients(block):
    assert block.gradients_list() == ["g"]
    assert block.has_gradient("g")
    assert not block.has_gradient("nested")
    gradient = block.gradient("g")
    assert gradient.is_view
    assert gradient.samples.names == ["sample", "atom"]
    assert [(name, g.shape) for name, g in block.gradients()] == [("g", [2, 3, 2])]
    assert gradient.gradient("nested").values.sum() == 6
    with pytest.raises(RuntimeError, match="missing"):
        block.gradient("missing")


def test_add_gradient_shares_data(block):
    gradient = block.gradient("g").copy()
    block.add_gradient("other", gradient)
    assert block.gradients_list() == ["g", "other"]
    assert block.gradient("other").values is gradient.values
    assert block.gradient("other").gradients_list() == ["nested"]
    # the block which was added is still valid, and later changes are not seen
    gradient.add_gradient("later", gradient.gradient("nested"))
    assert block.gradient("other").gradients_list() == ["nested"]


def test_add_gradient_errors(block):
    gradient = block.gradient("g")
    with pytest.raises(RuntimeError, match="g"):
        block.add_gradient("g", gradient)
    with pytest.raises(RuntimeError, match="f64.*f32|f32.*f64"):
        block.add_gradient("other", gradient.to(torch.float32))
    with pytest.raises(RuntimeError, match="CPU.*ExtDev|ExtDev.*CPU"):
        block.add_gradient("other", gradient.to("meta"))
    with pytest.raises(RuntimeError, match="sample"):
        block.add_gradient("other", block)
    with pytest.raises(RuntimeError, match="view"):
        gradient.add_gradient("other", gradient.gradient("nested"))
    assert block.gradients_list() == ["g"]


def test_gradients_stay_valid(block):
    view = block.gradient("g")
    nested = view.gradient("nested")
    block.add_gradient("other", view)
    assert view.values.sum() == 0
    del block, view
    assert nested.values.sum() == 6
    assert nested.samples.names == ["sample"]


@pytest.mark.parametrize("deep", [True, False])
def test_copy(block, deep):
    copy = block.copy(deep=deep)
    assert not copy.is_view
    assert (copy.values is block.values) == (not deep)
    assert copy.samples.values is block.samples.values
    gradient = copy.gradient("g")
    assert (gradient.values is block.gradient("g").values) == (not deep)
    assert gradient.gradients_list() == ["nested"]

    owned = block.gradient("g").copy(deep=deep)
    assert not owned.is_view
    assert owned.gradients_list() == ["nested"]


def test_deep_copy_keeps_the_graph():
    values = torch.rand(1, 1, requires_grad=True)
    block = TensorBlock(values, Labels.single(), [], Labels.single())
    copy = block.copy()
    assert copy.values.grad_fn is not None
    copy.values.sum().backward()
    assert values.grad.tolist() == [[1.0]]


def test_printing(block):
    nested = block.gradient("g").gradient("nested")
    assert repr(block) == str(block)
    assert str(block).splitlines() == [
        "TensorBlock with shape (3, 3, 2)",
        "    samples: [s]",
        "    components: [xyz]",
        "    properties: [p]",
        "",
        "    gradients:",
        "        g => TensorBlock with shape (2, 3, 2)",
    ]
    assert str(nested).splitlines() == [
        "TensorBlock gradient for 'g/nested', with shape (1, 3, 2)",
        "    samples: [sample]",
        "    components: [xyz]",
        "    properties: [p]",
    ]
    assert str(nested.copy()).startswith("TensorBlock with shape")
    block.add_gradient("longer", block.gradient("g"))
    assert str(block).splitlines()[-2:] == [
        "        g      => TensorBlock with shape (2, 3, 2)",
        "        longer => TensorBlock with shape (2, 3, 2)",
    ]
    assert "ExtDev" not in str(block.to("meta"))

    simple = TensorBlock(torch.zeros(1, 0), Labels.single(), [], Labels.empty(["p", "q"]))
    assert str(simple).splitlines() == [
        "TensorBlock with shape (1, 0)",
        "    samples: [_]",
        "    properties: [p, q]",
    ]


def test_pointers(block):
    pointer = block.as_mts_block_t()
    view = TensorBlock.unsafe_view_from_ptr(pointer, block)
    assert view.is_view
    assert view.values is block.values
    with pytest.raises(RuntimeError, match="view"):
        view.release()
    with pytest.raises(ValueError, match="None"):
        TensorBlock.unsafe_view_from_ptr(pointer, None)
    with pytest.raises(ValueError, match="null"):
        TensorBlock.unsafe_from_ptr(0)

    values = block.values
    assert block.release() == pointer
    again = TensorBlock.unsafe_from_ptr(pointer)
    assert again.values is values
    for function in (
        lambda: block.values,
        lambda: block.samples,
        lambda: block.shape,
        lambda: len(block),
        lambda: str(block),
        lambda: block.copy(),
        lambda: block.to("cpu"),
        lambda: block.gradients_list(),
        lambda: block.add_gradient("other", again),
        lambda: block.save_buffer(),
        lambda: block.as_mts_block_t(),
        lambda: block.release(),
    ):
        with pytest.raises(RuntimeError, match="released"):
            function()


def scripted_block(
    values: torch.Tensor, samples: Labels, properties: Labels
) -> Tuple[TensorBlock, List[str]]:
    block = TensorBlock(values=values, samples=samples, components=[], properties=properties)
    gradient = TensorBlock(
        values=torch.ones(1, len(properties), dtype=values.dtype),
        samples=Labels(["sample"], torch.tensor([[0]])),
        components=[],
        properties=properties,
    )
    block.add_gradient("g", gradient)
    assert isinstance(block, TensorBlock)
    assert block.dtype == torch.float64
    assert block.shape == [2, 2]
    names: List[str] = []
    for parameter, gradient in block.gradients():
        names.append(parameter)
        gradient.values[:] = 3.0
    if block.values.device == block.device:
        names.extend(block.samples.names)
    return block, names


def test_torchscript():
    values = torch.rand(2, 2, dtype=torch.float64)
    script = torch.jit.script(scripted_block)
    block, names = script(values, Labels.range("s", 2), Labels.range("p", 2))
    assert block.values is values
    assert names == ["g", "s"]
    assert torch.all(block.gradient("g").values == 3)
