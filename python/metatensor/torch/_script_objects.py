"""
Calls with objects of TorchScript classes as arguments, without two C++ exceptions for each of them.

For each argument which is not a plain tensor, torch looks for the attribute
``__torch_function__``. ``torch.ScriptObject`` answers through its ``__getattr__``, written in C++,
where a missing attribute costs two C++ exceptions: 7 µs for each object, most of the time of
``TensorBlock(...)``. Here the same answer, an ``AttributeError``, is given without asking C++.

This changes ``torch.ScriptObject`` for the whole process, but only the time that its attributes
take: less for this one, hardly more for the others. The attribute itself, as
``torch._C._disabled_torch_function_impl``, would be as fast, but with it torch takes the objects
for tensors: ``torch.autograd.gradcheck`` would ask them for ``requires_grad``, and
``torch.nn.Module`` would accept them as buffers.
"""

import types

import torch

from metatensor import _metatensor

_REPLACED = (types.FunctionType, types.MethodDescriptorType)


def answer_torch_function_lookup() -> None:
    """
    Let ``torch.ScriptObject`` say quickly that it has no ``__torch_function__``. Nothing is done if
    this version of torch defines one, or if the C++ function was already replaced.
    """
    script_object = getattr(torch._C, "ScriptObject", None)
    get_attribute = getattr(script_object, "__getattr__", None)
    if get_attribute is None or isinstance(get_attribute, _REPLACED):
        return
    if any("__torch_function__" in base.__dict__ for base in script_object.__mro__):
        return

    _metatensor.answer_missing_attribute(
        script_object,
        "__torch_function__",
        "objects of TorchScript classes have no '__torch_function__'",
    )
