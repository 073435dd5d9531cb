"""The function that users call."""

from collections.abc import Callable
from typing import Any, Optional, Union

import torch

from ._compiled import CompiledFunction, CompiledModule


def compile(
    model: Optional[Callable] = None,
    *,
    backend: Union[str, Callable] = "inductor",
    mode: Optional[str] = None,
    options: Optional[dict[str, Any]] = None,
    known_samples: bool = True,
    recompile_limit: int = 8,
) -> Callable:
    """
    Compile a model that takes and returns tensor maps with :py:func:`torch.compile`.

    The model is traced when it is called: what it does with labels is executed once, and what it
    does with values becomes a graph of operators on tensors, which torch compiles. Calls with the
    same metadata and other values use the compiled code. The model is traced and compiled again for
    arguments with other metadata, shapes, dtypes or devices, in another gradient mode, and after a
    change of its modules or variables (but not of the values of its parameters and buffers).

    .. code-block:: python

        model = metatensor.torch.compilation.compile(model)
        result = model(tensor)

        @metatensor.torch.compilation.compile(backend="aot_eager")
        def energy_and_forces(model, systems): ...

    Arguments and results can be tensors, :py:class:`TensorMap`, :py:class:`TensorBlock`,
    :py:class:`Labels`, :py:class:`LabelsEntry`, ``metatomic.torch.System``, numbers and strings, in
    lists, tuples and dictionaries. Modules can be arguments.

    Results can be differentiated once with respect to the tensors in the arguments and to the
    parameters. A loss which depends on derivatives, such as forces, needs a model which computes
    these derivatives itself, with ``torch.autograd.grad(..., create_graph=True)``.

    :param model: module, function or method; without it, the result is a decorator
    :param backend: what compiles the graph, see :py:func:`torch.compile`
    :param mode: see :py:func:`torch.compile`
    :param options: see :py:func:`torch.compile`
    :param known_samples: ``False`` if the samples of the blocks in the arguments, and of neighbor
        lists, are values and not metadata. They can then change without compiling again as long as
        their number is the same. The model can only use them through operators on tensors.
    :param recompile_limit: how many times a model can be traced. The model is called without
        compilation, with a warning, for other arguments.
    :returns: a :py:class:`CompiledModule` for modules, otherwise a :py:class:`CompiledFunction`.
        Their attribute ``n_variants`` is how many times the model was traced.
    :raises UnsupportedModel: (when called) if metadata or control flow depend on values, or if the
        model has other effects than its result, such as changes of its attributes
    :raises TypeError: (when called) for arguments and results of other types
    """
    if model is None:
        return lambda function: compile(
            function,
            backend=backend,
            mode=mode,
            options=options,
            known_samples=known_samples,
            recompile_limit=recompile_limit,
        )

    def compile_graph(graph: torch.fx.GraphModule) -> Callable:
        # not the module itself: what it does to explain errors can not be compiled
        return torch.compile(
            graph.forward,
            fullgraph=True,
            dynamic=False,
            backend=backend,
            mode=mode,
            options=options,
        )

    compiled = CompiledFunction(model, compile_graph, known_samples, recompile_limit)
    if isinstance(model, torch.nn.Module):
        return CompiledModule(model, compiled)
    return compiled
