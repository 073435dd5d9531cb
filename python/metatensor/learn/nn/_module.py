import inspect
from typing import Any, List

import torch

from ._buffers import (
    contains_metatensor,
    contains_serialized,
    deserialize,
    is_data,
    is_empty_container,
    move,
    serialize,
)


class Buffer:
    """
    Value to register as a buffer, by assigning it to an attribute of a :py:class:`Module`.

    :param data: labels, block, tensor map or container of these, see
        :py:meth:`Module.register_buffer`
    :param persistent: is the value part of the state dictionary of the module?
    """

    def __init__(self, data: Any, persistent: bool = True) -> None:
        self.data = data
        self.persistent = persistent


class Module(torch.nn.Module):
    """
    A ``torch.nn.Module`` that can have labels, blocks and tensor maps as buffers.

    Buffers follow the module to another device or dtype, and they are part of its state dictionary.
    Only data which is registered explicitly gets this, with :py:meth:`register_buffer` or by
    assigning a :py:class:`Buffer`; other attributes stay as they are.

    >>> import torch
    >>> from metatensor import Labels
    >>> from metatensor.learn.nn import Buffer, Module
    >>> class Model(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.labels = Buffer(Labels(["a"], torch.tensor([[0], [1]])))
    >>> model = Model().to("meta")
    >>> model.labels.device
    device(type='meta')
    """

    # TorchScript needs these annotations for lists that can be empty
    _mts_buffer_names: List[str]
    _mts_non_persistent_buffers: List[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # TorchScript uses the annotations of the first class which has some, and would miss the
        # ones above if a derived class has its own
        annotations: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            if issubclass(base, Module):
                annotations.update(inspect.get_annotations(base))
        cls.__annotations__ = annotations

    def __init__(self) -> None:
        super().__init__()
        self._mts_buffer_names = []
        self._mts_non_persistent_buffers = []
        # this tensor has the dtype and device of the last call to `to()`
        self.register_buffer("_mts_helper", torch.zeros(0))

    def register_buffer(self, name: str, value: Any, persistent: bool = True) -> None:
        """
        Register data to be moved and saved with the module.

        :param name: name of the attribute with the data. Assigning another value to this attribute
            afterwards replaces the data
        :param value: torch tensor; or labels, block, tensor map or non-empty container (dictionary,
            list, tuple) with at least one of these; or ``None`` or an empty container, in order to
            set the data later
        :param persistent: is the data part of the state dictionary of the module?
        :raises TypeError: for other values
        :raises KeyError: if there is already a buffer with this name
        """
        if isinstance(value, Buffer):
            value = value.data
        if isinstance(value, torch.Tensor):
            super().register_buffer(name, value, persistent)
            return

        if name in self._mts_buffer_names:
            raise KeyError(f"buffer '{name}' already exists")
        if value is not None and not is_empty_container(value) and not contains_metatensor(value):
            raise TypeError(
                f"can not register a {type(value)} as buffer '{name}': it must be a torch tensor, "
                "or contain metatensor objects"
            )

        setattr(self, name, value)
        self._mts_buffer_names.append(name)
        if not persistent:
            self._mts_non_persistent_buffers.append(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Buffer):
            self.register_buffer(name, value.data, value.persistent)
        else:
            super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        for names in (self._mts_buffer_names, self._mts_non_persistent_buffers):
            if name in names:
                names.remove(name)

    def _apply(self, fn: Any, recurse: bool = True) -> "Module":
        # every method that changes the device or dtype comes here
        super()._apply(fn, recurse)
        device = self._mts_helper.device
        dtype = self._mts_helper.dtype
        for name in self._mts_buffer_names:
            setattr(self, name, move(getattr(self, name), device, dtype))
        return self

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        # data which was pickled comes back as numpy arrays
        for name in self._mts_buffer_names:
            setattr(self, name, move(getattr(self, name), None, None))

    def get_extra_state(self) -> dict[str, Any]:
        """
        Content of the persistent buffers, for the state dictionary. What is not metatensor data
        anymore, after an assignment to the attribute, is not part of it.

        :raises TypeError: if a dictionary or list contains both metatensor objects and other data
        """
        state: dict[str, Any] = {}
        for name in self._mts_buffer_names:
            value = getattr(self, name)
            if name not in self._mts_non_persistent_buffers and is_data(value):
                state[name] = serialize(value)
        return state

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """
        Set the buffers from a state dictionary, with the dtype and device they have there.

        :raises ValueError: if the state contains an object of an unknown class
        """
        for name, value in state.items():
            if contains_serialized(value) or is_empty_container(value):
                setattr(self, name, deserialize(value))
