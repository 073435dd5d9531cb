"""What the TorchScript classes do with arguments of wrong types, shapes and devices."""

from typing import Any, Optional, Union

import numpy as np
import pytest
import torch

import metatensor
import metatensor.torch as mts
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap

# torch refuses these before our code runs, also where any type is accepted
NOT_CONVERTED = {
    "empty list": [],
    "empty dictionary": {},
    "mixed list": [0, "a"],
    "slice": slice(0, 1),
    "numpy integer": np.int64(0),
    "numpy array": np.zeros(2, dtype=np.int32),
    "object": object(),
    "python labels": metatensor.Labels.single(),
}


@pytest.mark.parametrize("value", NOT_CONVERTED.values(), ids=NOT_CONVERTED.keys())
def test_values_that_are_not_converted(value, labels, block, tensor):
    for function in (
        lambda: Labels(value, torch.zeros(1, 1, dtype=torch.int32)),
        lambda: Labels.empty(value),
        lambda: labels[value],
        lambda: labels.position(value),
        lambda: value in labels,
        lambda: labels.to(value),
        lambda: block.to(value),
        lambda: tensor.block(value),
        lambda: tensor.blocks(value),
        lambda: tensor[value],
        lambda: tensor.to(value),
        lambda: tensor.keys_to_samples(value),
        lambda: tensor.components_to_properties(value),
        lambda: mts.save_buffer(value),
    ):
        with pytest.raises(RuntimeError) as error:
            function()
        assert error.type is RuntimeError


def test_numbers_of_arguments(labels, block, tensor):
    for function in (
        lambda: Labels(),
        lambda: Labels(["a"]),
        lambda: Labels(["a"], labels.values, True, 3),
        lambda: Labels(names=["a"], data=labels.values),
        lambda: Labels(["a", "b"], names=["a", "b"]),
        lambda: LabelsEntry(labels, 0),
        lambda: TensorBlock(block.values, block.samples, block.components),
        lambda: TensorBlock(block.values, block.samples, block.properties, components=[]),
        lambda: TensorMap(labels),
        lambda: TensorMap(labels, block),
        lambda: labels.insert(0, "c"),
        lambda: labels.to(dtype=torch.float32),
        lambda: block.to(copy=True),
        lambda: tensor.keys_to_samples(),
    ):
        with pytest.raises(RuntimeError) as error:
            function()
        assert error.type is RuntimeError


def test_objects_of_other_classes(labels, block, tensor):
    entry = labels[0]
    for function in (
        lambda: labels.union(entry),
        lambda: labels.select(block),
        lambda: labels == tensor,
        lambda: entry == labels,
        lambda: TensorBlock(block.values, entry, [], labels),
        lambda: TensorBlock(block.values, labels, [entry], labels),
        lambda: TensorBlock(block.values, labels, labels, labels),
        lambda: TensorMap(entry, []),
        lambda: TensorMap(labels, [tensor]),
        lambda: block.add_gradient("new", tensor),
        lambda: TensorBlock(np.zeros((1, 1)), labels, [], labels),
        lambda: TensorBlock(metatensor.block_from_array(np.zeros((1, 1))), labels, [], labels),
    ):
        with pytest.raises(RuntimeError) as error:
            function()
        assert error.type is RuntimeError


def test_tuples_are_lists():
    labels = Labels.range("a", 1)
    block = TensorBlock(torch.zeros(1, 1, 1), labels, (Labels.range("c", 1),), labels)
    assert len(TensorMap(labels, (block,))) == 1
    assert labels.permute((0,)) == labels


def test_failed_constructors_change_nothing(block):
    values = torch.zeros(2, 3)
    samples = Labels.range("s", 2)
    with pytest.raises(RuntimeError):
        TensorBlock(values, samples, [], samples)
    assert len(samples) == 2
    assert samples.position([1]) == 1
    before = str(block)
    with pytest.raises(RuntimeError):
        block.add_gradient("other", TensorBlock(values, samples, [], Labels.range("p", 3)))
    assert str(block) == before


def test_released_labels_in_blocks():
    labels = Labels.range("a", 1)
    released = Labels.range("a", 1)
    released.release()
    for arguments in ((released, [], labels), (labels, [], released)):
        with pytest.raises(RuntimeError, match="released"):
            TensorBlock(torch.zeros(1, 1), *arguments)
    with pytest.raises(RuntimeError, match="released"):
        TensorMap(released, [TensorBlock(torch.zeros(1, 1), labels, [], labels)])


def test_released_objects_know_if_they_were_views(block, tensor):
    for released in (block, tensor):
        released.release()
        assert not released.is_view


def test_sizes_and_signs(tensor):
    with pytest.raises(RuntimeError, match="-1"):
        tensor.blocks_by_id([0, -1])
    assert not TensorMap(Labels.empty("a"), [])
    assert tensor
    empty = Labels.empty("a")
    assert not TensorBlock(torch.zeros(0, 1), empty, [], Labels.range("p", 1))
    assert tensor.keys.names is not tensor.keys.names
    tensor.keys.names.append("c")
    assert tensor.keys.names == ["a", "b"]


def test_order_of_checks_of_labels():
    """Each value has all the problems which are checked later than the expected one."""
    wrong = torch.tensor([1.0], requires_grad=True)
    for names, values, error, message in (
        (3, wrong, TypeError, "names"),
        (["a b", "a b"], wrong, ValueError, "dtype"),
        (["a b", "a b"], torch.tensor([1]), ValueError, "2-dimensional"),
        (["a b", "a b"], torch.tensor([[1]]), ValueError, "1 column.*2 name"),
        (["a b", "a b"], torch.tensor([[1, 1]]), RuntimeError, "a b"),
    ):
        with pytest.raises(error, match=message):
            Labels(names, values)


def test_annotations():
    for script_class in (Labels, TensorBlock, TensorMap):
        assert Optional[script_class]
        with pytest.raises(TypeError):
            script_class | None


def loop_over_labels(labels: Labels) -> int:
    total = 0
    for _ in labels:
        total += 1
    return total


def loop_over_map(tensor: TensorMap) -> int:
    total = 0
    for _ in tensor:
        total += 1
    return total


@pytest.mark.parametrize("function", [loop_over_labels, loop_over_map])
def test_loops_are_not_compiled(function):
    with pytest.raises(RuntimeError):
        torch.jit.script(function)


def class_in_any(value: Any) -> str:
    if isinstance(value, Labels):
        return "Labels"
    if isinstance(value, LabelsEntry):
        return "LabelsEntry"
    if isinstance(value, TensorBlock):
        return "TensorBlock"
    if isinstance(value, TensorMap):
        return "TensorMap"
    return "other"


def class_in_union(value: Union[Labels, TensorBlock, TensorMap]) -> str:
    if isinstance(value, Labels):
        return "Labels" + str(len(value.names))
    elif isinstance(value, TensorBlock):
        return "TensorBlock" + str(len(value.shape))
    else:
        return "TensorMap" + str(len(value.keys))


def class_in_optional(value: Optional[TensorMap]) -> int:
    return -1 if value is None else len(value)


def test_compiled_isinstance(labels, block, tensor):
    in_any = torch.jit.script(class_in_any)
    for value in (labels, labels[0], block, tensor):
        assert in_any(value) == value._type().name()
    assert in_any(3) == "other"
    in_union = torch.jit.script(class_in_union)
    assert [in_union(v) for v in (labels, block, tensor)] == [
        *("Labels2", "TensorBlock3", "TensorMap3"),
    ]
    in_optional = torch.jit.script(class_in_optional)
    assert (in_optional(None), in_optional(tensor)) == (-1, 3)


def protocols(labels: Labels, tensor: TensorMap) -> str:
    assert labels != labels.rename("a", "z") and labels == labels
    entry = labels.entry(0)
    assert entry in labels and entry == labels.entry(-3) and entry != labels.entry(1)
    assert len(labels) == len(labels.values) and len(entry) == 2
    count = 0
    for key, block in tensor.items():
        count += len(key) + len(block)
    assert count == 14
    return str(labels) + str(tensor) + str(tensor[0]) + str(labels.entry(0))


def test_compiled_protocols(labels, tensor):
    expected = "".join(map(str, (labels, tensor, tensor[0], labels[0])))
    assert torch.jit.script(protocols)(labels, tensor) == expected


def errors_of_our_code(labels: Labels, which: str) -> Labels:
    if which == "ValueError":
        return labels.remove("unknown")
    if which == "IndexError":
        return labels.permute([0, 7])
    if which == "TypeError":
        return labels.to(3)
    return labels.rename("a", "b")


@pytest.mark.parametrize("error", [ValueError, IndexError, TypeError, RuntimeError])
def test_types_of_errors(labels, error):
    with pytest.raises(error):
        errors_of_our_code(labels, error.__name__)
    with pytest.raises(RuntimeError):
        torch.jit.script(errors_of_our_code)(labels, error.__name__)


def static_methods(names: list[str]) -> int:
    count = len(Labels.single()) + len(Labels.range("a", 3)) + len(Labels.empty(names))
    return count


def test_compiled_static_methods():
    assert torch.jit.script(static_methods)(["a", "b"]) == 4
