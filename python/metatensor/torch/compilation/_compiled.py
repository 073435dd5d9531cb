"""Models that are compiled when they are called."""

import functools
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple, Optional

import torch

from ._gradients import depend_on_each_other
from ._recorder import UnsupportedModel, version_of
from ._state import ModelState
from ._structure import Split, Structure, TensorKind, same_metadata
from ._tracing import Trace, trace


class Situation(NamedTuple):
    """What a trace is only valid for, and that can be looked up in a dictionary."""

    arguments: Structure
    values: tuple[TensorKind, ...]
    is_grad_enabled: bool
    is_inference: bool
    default_dtype: torch.dtype
    autocast: tuple[Optional[torch.dtype], ...]


class CompiledFunction:
    """
    A function or module which is traced and compiled when it is called, once for each kind of
    arguments. See :py:func:`metatensor.torch.compile`.
    """

    def __init__(
        self,
        function: Callable,
        compile_graph: Callable[[torch.fx.GraphModule], Callable],
        known_samples: bool,
        recompile_limit: int,
    ):
        functools.update_wrapper(self, function)
        self._function = function
        self._compile_graph = compile_graph
        self._known_samples = known_samples
        self._recompile_limit = recompile_limit
        self._variants: OrderedDict[Situation, list[_Variant]] = OrderedDict()
        self._has_warned = False

    @property
    def n_variants(self) -> int:
        """How many times the model was traced and compiled, for different kinds of arguments."""
        return sum(len(variants) for variants in self._variants.values())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = Split((args, kwargs), self._known_samples)
        situation = _situation(arguments)
        for variant in self._variants.get(situation, ()):
            if variant.accepts(arguments):
                return variant.run(arguments)

        if self.n_variants >= self._recompile_limit:
            self._warn()
            return self._function(*args, **kwargs)
        variant = self._new_variant(arguments, situation)
        self._variants.setdefault(situation, []).insert(0, variant)
        with warnings.catch_warnings():
            # torch looks at the gradient of all tensors when it compiles
            warnings.filterwarnings("ignore", "The .grad attribute of a Tensor that is not a leaf")
            return variant.run(arguments)

    def _new_variant(self, arguments: Split, situation: Situation) -> "_Variant":
        modules = [value for value in arguments.objects if isinstance(value, torch.nn.Module)]
        state = ModelState([self._function, *modules])
        # users may modify the tensors of their systems
        arguments.metadata = [
            value.clone() if isinstance(value, torch.Tensor) else value
            for value in arguments.metadata
        ]
        try:
            traced = trace(self._function, arguments, state.tensors(), self._known_samples)
        finally:
            change = state.change()
            if change:
                state.restore()
        if change:
            raise UnsupportedModel(
                f"the model modifies '{change}' when it is called, which can not be compiled. If "
                "this is something that it keeps for the next calls, call it once before"
            )
        return _Variant(traced, self._compile_graph(traced.graph), state, arguments, situation)

    def _warn(self) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        name = getattr(self._function, "__qualname__", type(self._function).__qualname__)
        warnings.warn(
            f"'{name}' was compiled for {self.n_variants} kinds of arguments, and does not compile "
            "any more: it runs without compilation for all others. `recompile_limit` is the "
            "largest number of kinds, `known_samples=False` is for arguments whose samples change",
            stacklevel=3,
        )


class _Variant:
    """The compiled code for one kind of arguments."""

    def __init__(
        self,
        traced: Trace,
        compiled: Callable,
        state: ModelState,
        arguments: Split,
        situation: Situation,
    ):
        self._trace = traced
        self._compiled = compiled
        self._state = state
        self._metadata = arguments.metadata
        self._objects = [value for value in arguments.objects if isinstance(value, torch.nn.Module)]
        self._situation = situation

    def accepts(self, arguments: Split) -> bool:
        modules = [value for value in arguments.objects if isinstance(value, torch.nn.Module)]
        return (
            all(a is b for a, b in zip(modules, self._objects, strict=True))
            and all(version_of(tensor) == version for tensor, version in self._trace.versions)
            and self._state.change() == ""
            and same_metadata(arguments.metadata, self._metadata)
        )

    def run(self, arguments: Split) -> Any:
        if self._trace.has_inner_gradients and depend_on_each_other(arguments.values):
            raise UnsupportedModel(
                "the model computes a derivative, and one of its arguments was computed from "
                "another one: the derivative would ignore how. Do this computation in the model; "
                "for neighbor lists, call `register_autograd_neighbors` in the model"
            )
        if any(dtype is not None for dtype in self._situation.autocast):
            # the conversions have been recorded
            with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
                outputs = self._compiled(*arguments.values, *self._trace.state)
        else:
            outputs = self._compiled(*arguments.values, *self._trace.state)
        return self._trace.join(outputs)


class CompiledModule(torch.nn.Module):
    """
    A module that was compiled by :py:func:`metatensor.torch.compile`. It has the parameters, the
    buffers and the mode (training or evaluation) of the original module, which is ``_orig_mod``.
    """

    def __init__(self, module: torch.nn.Module, compiled: CompiledFunction):
        super().__init__()
        self._orig_mod = module
        self.training = module.training
        # not a module: it must not appear in the state
        self._compiled = compiled

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._compiled(*args, **kwargs)

    @property
    def n_variants(self) -> int:
        """How many times the module was traced and compiled, for different kinds of arguments."""
        return self._compiled.n_variants


def _situation(arguments: Split) -> Situation:
    return Situation(
        arguments.structure,
        tuple(TensorKind.of(value) for value in arguments.values),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.get_default_dtype(),
        tuple(
            torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
            for device in ("cpu", "cuda")
        ),
    )
