"""
Which operators of a model are recorded, and which are executed once and for all.

While a model is traced, tensors with *values* are fake: they have a shape, a dtype and a device,
but no data. Operators on them are recorded. *Metadata* is real: operators that only use metadata,
such as those which prepare labels and the indices of samples, are executed during the trace, and
their result is a constant of the compiled code. So metadata costs nothing when the compiled code
runs, and the trace fails if the metadata, or the control flow, of a model depends on values.

Tensors with floating point numbers are values, wherever they come from. Tensors of integers and
booleans are metadata, unless they are computed from values.
"""

from collections.abc import Callable, Iterator
from typing import Any, Optional

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)
from torch.fx.experimental.proxy_tensor import (
    disable_proxy_modes_tracing,
    get_proxy_mode,
    track_tensor_tree,
)
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from ._structure import is_fake

_ATEN = torch.ops.aten
_T = torch.Tensor
# what gives Python the data of a tensor without the help of an operator
_READS_DATA = {_T.tolist, _T.numpy, _T.__array__, _T.data_ptr, _T.__dlpack__}
_INDEXING = {_ATEN.index.Tensor, _ATEN.index_put.default, _ATEN.index_put_.default}
_DETACHES = {_T.detach, _T.detach_, torch.detach, torch.detach_, _T.data.__get__}


class UnsupportedModel(RuntimeError):
    """The model can not be compiled: what it does is only known when its values are known."""


class Recorder(TorchDispatchMode):
    """
    Sees all operators of the model, and decides for each of them.

    It also keeps track of what is differentiable. The recorded operators are differentiated as if
    they had been written one after the other, so where the model stops gradients (``detach()``,
    ``torch.no_grad()``) there has to be an operator that does it.

    :param fake_mode: what made the fake tensors
    :param held: identities of the tensors that the model holds
    """

    def __init__(self, fake_mode: FakeTensorMode, held: set[int]):
        super().__init__()
        self._fake_mode = fake_mode
        self._held = held
        #: the first thing that can not be compiled
        self.refusal: Optional[str] = None
        #: did the model differentiate something itself?
        self.has_inner_gradients = False
        self.user_detaches = False

        # metadata from outside that was used, with its version
        self._versions: dict[int, tuple[torch.Tensor, int]] = {}
        # metadata that was computed in the model
        self._computed = WeakTensorKeyDictionary()
        # tensors of floating point numbers that are metadata
        self._known = WeakTensorKeyDictionary()
        # tensors of integers from outside that are values, because the model modifies them
        self._modified = WeakTensorKeyDictionary()
        # fake tensors for tensors of the model with values, and for metadata with its version
        self._stand_ins = WeakTensorKeyDictionary()
        self._constants = WeakTensorKeyDictionary()
        self._kept: list[torch.Tensor] = []
        # values through which the recorded operators can be differentiated
        self._differentiable = WeakTensorKeyDictionary()

    def add_known(self, tensor: torch.Tensor) -> None:
        """Say that this tensor of floating point numbers is metadata."""
        self._known[tensor] = True

    def add_input(self, tensor: torch.Tensor) -> None:
        """Say that this fake tensor is an input of the model."""
        if tensor.requires_grad:
            self._differentiable[tensor] = True

    def is_metadata(self, tensor: torch.Tensor) -> bool:
        if is_fake(tensor) or tensor in self._modified:
            return False
        return not _has_floats(tensor) or tensor in self._known

    def is_differentiable(self, tensor: torch.Tensor) -> bool:
        """Would a gradient flow back from here, as far as the recorded operators are concerned?"""
        if is_fake(tensor):
            return tensor in self._differentiable
        return tensor.requires_grad

    def refuse(self, message: str) -> UnsupportedModel:
        if self.refusal is None:
            self.refusal = message
        return UnsupportedModel(message)

    def refuse_reading(self, what: str) -> UnsupportedModel:
        return self.refuse(
            f"the model reads values ({what}). Values are not known when the model is compiled: "
            "metadata and control flow can not depend on them. Tensors of floating point numbers "
            "are values, tensors of integers are metadata if they are not computed from values"
        )

    def versions(self) -> list[tuple[torch.Tensor, int]]:
        """Metadata from outside which was used, with its version."""
        return list(self._versions.values())

    def as_output(self, tensor: torch.Tensor) -> torch.Tensor:
        """An output of the model, stopped where gradients do not reach it."""
        with self:
            # an output that is one of the model's own tensors has to be recorded as well
            output = tensor if is_fake(tensor) else _ATEN.alias.default(tensor)
        if self.is_differentiable(output) and not tensor.requires_grad:
            output = _ATEN.detach.default(output)
        return output

    def __torch_dispatch__(
        self,
        func: torch._ops.OpOverload,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Optional[dict[str, Any]] = None,
    ) -> Any:
        # what happens from here on is not what the model does
        with torch._C.DisableTorchFunction():
            return self._dispatch(func, args, kwargs or {})

    def _dispatch(
        self, func: torch._ops.OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        tensors = list(_tensors((args, kwargs)))
        modified = list(_modified(func, args, kwargs))

        if self._only_uses_metadata(func, tensors, modified):
            output = self._execute(func, args, kwargs)
            uses_known = any(tensor in self._known for tensor in tensors)
            new = list(_tensors(output))
            if uses_known or not any(_has_floats(tensor) for tensor in new):
                for tensor in new:
                    self._computed[tensor] = True
                    if _has_floats(tensor):
                        self._known[tensor] = True
                return output

        if func is _ATEN.logical_and.default and (known := self._known_false(tensors)) is not None:
            return known
        return self._record(func, args, kwargs, tensors, modified)

    def _only_uses_metadata(
        self,
        func: torch._ops.OpOverload,
        tensors: list[torch.Tensor],
        modified: list[torch.Tensor],
    ) -> bool:
        if torch.Tag.nondeterministic_seeded in func.tags:
            return False
        if not all(self.is_metadata(tensor) for tensor in tensors):
            return False
        if any(tensor not in self._computed for tensor in modified):
            return False
        for tensor in tensors:
            self.use_metadata(tensor)
        return True

    def use_metadata(self, tensor: torch.Tensor) -> None:
        if tensor not in self._computed:
            self._versions.setdefault(id(tensor), (tensor, version_of(tensor)))

    def _execute(self, func: Callable, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with disable_proxy_modes_tracing():
            return func(*args, **kwargs)

    def _known_false(self, tensors: list[torch.Tensor]) -> Optional[torch.Tensor]:
        """
        "... and False" is false whatever comes before: systems check that the cell is zero along
        the directions which are not periodic, and there may be none.
        """
        for tensor in tensors:
            if self.is_metadata(tensor) and tensor.dtype == torch.bool:
                with disable_proxy_modes_tracing():
                    if not tensor.any() and all(t.shape == tensor.shape for t in tensors):
                        false = torch.zeros_like(tensor)
                        self._computed[false] = True
                        return false
        return None

    def _record(
        self,
        func: torch._ops.OpOverload,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        tensors: list[torch.Tensor],
        modified: list[torch.Tensor],
    ) -> Any:
        if torch._C._current_autograd_node() is not None:
            self.has_inner_gradients = True
        if torch.Tag.data_dependent_output in func.tags and not any(is_fake(t) for t in tensors):
            return self._read(func, args, kwargs, tensors)
        self._check_modified(func, modified)

        differentiable = [tensor for tensor in tensors if self.is_differentiable(tensor)]
        passed = [tensor for tensor in differentiable if self._passes_gradients(tensor)]
        stopped = {id(t) for t in differentiable} - {id(t) for t in [*passed, *modified]}
        if func is _ATEN.detach.default:
            stopped = set()
            if not self.user_detaches:
                # autograd does this to what it keeps for the backward pass, without stopping it
                func = _ATEN.alias.default
                passed = differentiable

        def prepare(value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return value
            stand_in = self._stand_in(value)
            return _ATEN.detach.default(stand_in) if id(value) in stopped else stand_in

        if func is _ATEN.masked_select.default and args[0].shape == args[1].shape:
            func, args = _ATEN.index.Tensor, (args[0], [args[1]])
        if func in _INDEXING:
            args = (args[0], self._without_masks(args[1]), *args[2:])
        args, kwargs = pytree.tree_map(prepare, (args, kwargs))
        output = self._call(func, args, kwargs, has_tensors=len(tensors) != 0)
        if len(passed) != 0 and func is not _ATEN.detach.default:
            for tensor in _tensors(output):
                if _has_floats(tensor):
                    self._differentiable[tensor] = True
        return output

    def _stand_in(self, tensor: torch.Tensor) -> torch.Tensor:
        """The fake tensor that replaces ``tensor`` in recorded operators."""
        if is_fake(tensor):
            return tensor
        if not self.is_metadata(tensor):
            if tensor not in self._stand_ins:
                self._stand_ins[tensor] = self._track(tensor)
            return self._stand_ins[tensor]

        self.use_metadata(tensor)
        # the model may modify this tensor after it was used
        version, stand_in = self._constants.get(tensor, (None, None))
        if stand_in is None or version != version_of(tensor):
            with disable_proxy_modes_tracing():
                constant = tensor.clone()
            self._known[constant] = True
            self._kept.append(constant)
            stand_in = self._track(constant)
            self._constants[tensor] = (version_of(tensor), stand_in)
        return stand_in

    def _track(self, tensor: torch.Tensor) -> torch.Tensor:
        """A fake tensor, which is an attribute of the recorded graph."""
        with disable_proxy_modes_tracing():
            fake = self._fake_mode.from_tensor(tensor.detach(), static_shapes=True)
        tracer = get_proxy_mode().tracer
        track_tensor_tree(
            fake, tracer.proxy(tracer.create_arg(tensor)), constant=None, tracer=tracer
        )
        if tensor.requires_grad:
            self._differentiable[fake] = True
        return fake

    def _without_masks(self, indices: list[Optional[torch.Tensor]]) -> list[Any]:
        """Masks which are metadata as indices, so that the shape of the result is known."""
        result: list[Any] = []
        for index in indices:
            is_mask = index is not None and index.dtype in (torch.bool, torch.uint8)
            if is_mask and self.is_metadata(index):
                self.use_metadata(index)
                with disable_proxy_modes_tracing():
                    result += index.nonzero().unbind(1)
            else:
                result.append(index)
        return result

    def _read(
        self,
        func: torch._ops.OpOverload,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        tensors: list[torch.Tensor],
    ) -> Any:
        """Numbers from outside can be read if they do not belong to the model."""
        for tensor in tensors:
            if id(tensor) in self._held or tensor.requires_grad or tensor in self._modified:
                raise self.refuse_reading(f"'{func}'")
            self.use_metadata(tensor)
        return self._execute(func, args, kwargs)

    def _passes_gradients(self, tensor: torch.Tensor) -> bool:
        return torch.is_grad_enabled() and tensor.requires_grad and self.is_differentiable(tensor)

    def _check_modified(self, func: torch._ops.OpOverload, modified: list[torch.Tensor]) -> None:
        for tensor in modified:
            if is_fake(tensor):
                if not torch.is_grad_enabled() and self.is_differentiable(tensor):
                    raise self.refuse(
                        f"the model modifies a tensor in place ('{func}') inside of "
                        "`torch.no_grad()`, but gradients flow through this tensor"
                    )
            elif tensor in self._computed or tensor in self._known:
                raise self.refuse(
                    f"the model modifies metadata with values ('{func}'): a tensor of dtype "
                    f"{tensor.dtype} that was made of metadata, or of nothing, is constant in "
                    "compiled code. Create it with operators that take values, for example "
                    "`torch.zeros_like`"
                )
            elif not _has_floats(tensor):
                if id(tensor) in self._versions:
                    raise self.refuse(
                        f"the model modifies a tensor of dtype {tensor.dtype} in place ('{func}') "
                        "after it was used as metadata"
                    )
                self._modified[tensor] = True

    def _call(
        self,
        func: torch._ops.OpOverload,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        has_tensors: bool,
    ) -> Any:
        try:
            if has_tensors:
                return func(*args, **kwargs)
            with self._fake_mode:
                return func(*args, **kwargs)
        except DataDependentOutputException as error:
            raise self.refuse_reading(f"'{func}'") from error
        except DynamicOutputShapeException as error:
            raise self.refuse_reading(f"the shape of the result of '{func}'") from error


class PythonCalls(TorchFunctionMode):
    """What the model does to tensors from Python, for the calls that do not end in an operator."""

    def __init__(self, recorder: Recorder):
        super().__init__()
        self._recorder = recorder

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _READS_DATA:
            for tensor in _tensors(args):
                self._check_read(tensor, func)
        if func not in _DETACHES:
            return func(*args, **kwargs)

        self._recorder.user_detaches = True
        try:
            return func(*args, **kwargs)
        finally:
            self._recorder.user_detaches = False

    def _check_read(self, tensor: torch.Tensor, func: Callable) -> None:
        if not self._recorder.is_metadata(tensor):
            name = getattr(func, "__name__", str(func))
            raise self._recorder.refuse_reading(f"'Tensor.{name}'")
        self._recorder.use_metadata(tensor)


def version_of(tensor: torch.Tensor) -> int:
    """Changes whenever ``tensor`` is modified in place."""
    # inference tensors have no version
    return -1 if tensor.is_inference() else tensor._version


def _has_floats(tensor: torch.Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _tensors(data: Any) -> Iterator[torch.Tensor]:
    for leaf in pytree.tree_leaves(data):
        if isinstance(leaf, torch.Tensor):
            yield leaf


def _modified(
    func: torch._ops.OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Iterator[torch.Tensor]:
    """The arguments that ``func`` writes to."""
    if not func._schema.is_mutable:
        return
    for index, argument in enumerate(func._schema.arguments):
        if argument.alias_info is None or not argument.alias_info.is_write:
            continue
        value = args[index] if index < len(args) else kwargs.get(argument.name)
        yield from _tensors(value)
