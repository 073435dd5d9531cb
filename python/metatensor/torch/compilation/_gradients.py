"""What autograd knows about a model, and the recorded operators do not."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Optional

import torch

from ._recorder import UnsupportedModel
from ._structure import is_fake

_Node = torch.autograd.graph.Node


def check_custom_gradients(outputs: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor]) -> None:
    """
    Refuse models where a gradient of the outputs goes through a custom autograd function: the
    gradient of compiled code is the one of the operators inside of the function.

    Custom functions whose gradient is only used inside of the model are recorded like everything
    else.
    """
    arguments = {id(tensor) for tensor in inputs}
    for node in _reachable(tensor.grad_fn for tensor in outputs):
        if not _is_custom(node):
            continue
        leaves = (n.variable for n in _reachable([node]) if hasattr(n, "variable"))
        if any(not is_fake(leaf) or id(leaf) in arguments for leaf in leaves):
            raise UnsupportedModel(
                f"the gradient of the custom autograd function '{node.name()}' is needed to "
                "differentiate what the model returns, and compiled code does not have it. Call "
                "the function before the compiled code, or compute the derivatives in the model "
                "with `torch.autograd.grad`"
            )


def depend_on_each_other(values: Sequence[torch.Tensor]) -> bool:
    """
    Is one of the ``values`` a function of another one?

    A derivative computed inside of compiled code can not see what happened before.
    """
    computed = [tensor for tensor in values if tensor.grad_fn is not None]
    if len(computed) == 0:
        return False
    nodes = {tensor.grad_fn for tensor in computed}
    leaves = {id(tensor) for tensor in values if tensor.requires_grad and tensor.grad_fn is None}
    before = _reachable(function for node in nodes for function, _ in node.next_functions)
    return any(node in nodes or id(getattr(node, "variable", None)) in leaves for node in before)


def _is_custom(node: _Node) -> bool:
    name = node.name()
    return (
        isinstance(node, torch.autograd.function.BackwardCFunction)
        or "CppNode" in name
        or "DifferentiableGraph" in name
    )


def _reachable(start: Iterable[Optional[_Node]]) -> Iterator[_Node]:
    """All nodes of the graph of autograd behind ``start``, included."""
    waiting = [node for node in start if node is not None]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        yield node
        for function, _ in node.next_functions:
            if function is not None and function not in seen:
                seen.add(function)
                waiting.append(function)
