"""From a model and one set of arguments to a graph of operators on tensors."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Union

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from ._gradients import check_custom_gradients
from ._recorder import PythonCalls, Recorder, UnsupportedModel
from ._scripted import unoptimized_torchscript
from ._structure import Joined, Metadata, Split, Structure, is_fake, same_metadata


class Trace(NamedTuple):
    """
    What was found out about a model.

    :param graph: module of operators, called with the values of the arguments followed by ``state``
    :param state: tensors that the graph uses: parameters and buffers of the model, constants
    :param outputs: structure of the result
    :param sources: where each value of the result comes from: the index of an output of ``graph``,
        or the constant that it is
    :param metadata: metadata of the result
    :param objects: objects of the result which are no tensors
    :param versions: metadata that the model holds, with its version
    :param has_inner_gradients: ``True`` if the model differentiates something itself
    """

    graph: torch.fx.GraphModule
    state: list[torch.Tensor]
    outputs: Structure
    sources: list[Union[int, torch.Tensor]]
    metadata: list[Metadata]
    objects: list[Any]
    versions: list[tuple[torch.Tensor, int]]
    has_inner_gradients: bool

    def join(self, outputs: list[torch.Tensor]) -> Any:
        """The result of the model, from what ``graph`` has returned."""
        values = [
            source.clone() if isinstance(source, torch.Tensor) else outputs[source]
            for source in self.sources
        ]
        return Joined(self.outputs, values, self.metadata, self.objects).data


def trace(
    function: Callable, arguments: Split, held: Iterable[torch.Tensor], known_samples: bool = True
) -> Trace:
    """
    Record what ``function`` does with values.

    :param function: function or module, called with ``*args, **kwargs``
    :param arguments: the arguments, split from ``(args, kwargs)``
    :param held: tensors that the model holds, such as its parameters
    :param known_samples: was used to split the arguments
    :raises UnsupportedModel: if metadata, or the control flow, depends on values
    """
    held = list(held)
    tracer = _Tracer(function, arguments, held, known_samples)
    with unoptimized_torchscript():
        graph = make_fx(tracer)(tracer.inputs)

    state = _lift_state(graph)
    _check_no_backward([*tracer.inputs, *held, *state])
    return Trace(
        graph,
        state,
        tracer.outputs.structure,
        tracer.sources,
        tracer.outputs.metadata,
        tracer.outputs.objects,
        tracer.recorder.versions(),
        tracer.recorder.has_inner_gradients,
    )


class _Tracer:
    """The function that ``make_fx`` runs: from fake tensors to fake tensors."""

    outputs: Split
    sources: list[Union[int, torch.Tensor]]

    def __init__(
        self,
        function: Callable,
        arguments: Split,
        held: Iterable[torch.Tensor],
        known_samples: bool,
    ):
        self._function = function
        self._arguments = arguments
        self._known_samples = known_samples
        self._fake_mode = FakeTensorMode()
        self.recorder = Recorder(self._fake_mode, {id(tensor) for tensor in held})
        self.inputs = [self._fake(value) for value in arguments.values]

    def _fake(self, value: torch.Tensor) -> torch.Tensor:
        fake = self._fake_mode.from_tensor(value.detach(), static_shapes=True)
        return fake.requires_grad_(value.requires_grad)

    def __call__(self, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
        for fake in inputs:
            self.recorder.add_input(fake)
        for metadata in self._arguments.metadata:
            if isinstance(metadata, torch.Tensor):
                self.recorder.add_known(metadata)

        try:
            with PythonCalls(self.recorder), self.recorder:
                self._run(inputs)
        except UnsupportedModel:
            raise
        except Exception as error:
            # errors from inside of TorchScript and C++ arrive as another exception
            if self.recorder.refusal is not None:
                raise UnsupportedModel(self.recorder.refusal) from error
            if "fake tensor" in str(error).lower() or "FakeTensor" in str(error):
                raise self.recorder.refuse_reading("C++ code") from error
            raise

        if self.recorder.refusal is not None:  # the model has done something else instead
            raise UnsupportedModel(self.recorder.refusal)
        check_custom_gradients(self.outputs.values, inputs)
        return self._outputs()

    def _run(self, inputs: list[torch.Tensor]) -> None:
        arguments = self._arguments
        args, kwargs = Joined(
            arguments.structure, inputs, arguments.metadata, arguments.objects
        ).data
        result = self._function(*args, **kwargs)
        self.outputs = Split(result)
        self._check_arguments((args, kwargs), inputs)

    def _check_arguments(self, data: Any, inputs: list[torch.Tensor]) -> None:
        """The model works with copies of its arguments, which share values and metadata."""
        try:
            after = Split(data, self._known_samples)
        except RuntimeError as error:
            raise self.recorder.refuse(
                "the model uses up its arguments: blocks can only be moved into one tensor map, "
                "copy them first"
            ) from error
        if (
            after.structure != self._arguments.structure
            or not same_metadata(after.metadata, self._arguments.metadata)
            or any(a is not b for a, b in zip(after.values, inputs, strict=True))
        ):
            raise self.recorder.refuse(
                "the model modifies its arguments, for example by adding data to a system: this "
                "can not be compiled. Only the values of tensors can be modified in place"
            )

    def _outputs(self) -> list[torch.Tensor]:
        outputs = []
        self.sources = []
        for value in self.outputs.values:
            if self.recorder.is_metadata(value):
                self.sources.append(value)
            else:
                self.sources.append(len(outputs))
                outputs.append(self.recorder.as_output(value))
        return outputs


def _lift_state(graph_module: torch.fx.GraphModule) -> list[torch.Tensor]:
    """
    Turn the tensors that the graph holds into inputs, so that what happens to parameters later is
    seen: they are updated, and differentiated.
    """
    graph = graph_module.graph
    # one argument for each tensor, instead of the containers that `make_fx` was given
    graph.set_codegen(torch.fx.graph.CodeGen())
    graph.eliminate_dead_code()

    first = next(node for node in graph.nodes if node.op != "placeholder")
    state: dict[int, tuple[torch.Tensor, torch.fx.Node]] = {}
    for node in [node for node in graph.nodes if node.op == "get_attr"]:
        tensor = getattr(graph_module, node.target)
        if id(tensor) not in state:
            with graph.inserting_before(first):
                placeholder = graph.placeholder(f"state_{len(state)}")
            state[id(tensor)] = (tensor, placeholder)
        node.replace_all_uses_with(state[id(tensor)][1])
        graph.erase_node(node)

    for name in [*dict(graph_module.named_parameters()), *dict(graph_module.named_buffers())]:
        delattr(graph_module, name)
    for node in graph.nodes:  # these refer to the graph of autograd, with all its tensors
        node.meta.pop("val", None)
    graph.lint()
    graph_module.recompile()
    return [tensor for tensor, _ in state.values()]


def _check_no_backward(tensors: list[torch.Tensor]) -> None:
    found = [tensor for tensor in tensors if tensor.is_leaf and is_fake(tensor.grad)]
    if len(found) == 0:
        return
    for tensor in found:
        tensor.grad = None
    raise UnsupportedModel(
        "the model calls `backward()`, which modifies the gradients of its parameters or "
        "arguments. Use `torch.autograd.grad` inside of models"
    )
