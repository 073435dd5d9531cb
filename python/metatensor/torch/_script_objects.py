"""
Properties and methods of TorchScript objects, without the time that torch needs to find them.

To Python, all TorchScript objects are instances of ``torch.ScriptObject``. Torch finds their
properties and methods by name in the ``__getattr__`` of this class, after C++ and Python exceptions
for what is not there, and converts arguments and results without knowing what they are: 2 µs for
``block.values``, of which 0.1 µs are the property itself. For each argument of a function of torch
which is not a tensor, it also looks for the attribute ``__torch_function__``: two C++ exceptions.

The native module ``_script_object_slots`` remembers where the properties and methods of the classes
of metatensor and metatomic are. It replaces functions inside of ``torch.ScriptObject``,
``torch.ScriptMethod`` and ``torch.ScriptClass`` which have no name in Python, so that attributes of
these classes (as ``ScriptObject.__getattr__``) stay the ones of torch. What is replaced gives the
same results and errors: all calls that fail before the function is reached, are recorded by
``torch.jit.trace``, or could be overridden with ``__torch_function__`` are left to torch, as well
as the objects of all other classes. Only the answer that there is no ``__torch_function__`` is the
same for all classes, and has another text than the one of torch.

Defining ``__torch_function__`` as ``torch._C._disabled_torch_function_impl`` would be as fast, but
with it torch takes the objects for tensors: ``torch.autograd.gradcheck`` would ask them for
``requires_grad``, and ``torch.nn.Module`` would accept them as buffers.
"""

import types

import torch

from . import _c_lib

_REPLACED = (types.FunctionType, types.MethodDescriptorType)


def make_script_objects_quick() -> None:
    """
    Replace the functions behind the attributes and calls of TorchScript objects. Nothing is done if
    this version of torch, or another package, defines them in a way which is not expected here.
    """
    script_object = getattr(torch._C, "ScriptObject", None)
    get_attribute = getattr(script_object, "__getattr__", None)
    if get_attribute is None or isinstance(get_attribute, _REPLACED):
        return
    if any("__torch_function__" in base.__dict__ for base in script_object.__mro__):
        return

    try:
        slots = _c_lib._load_extension("_script_object_slots")
        slots.replace_slots(script_object, torch._C.ScriptMethod, torch._C.ScriptClass)
    except (ImportError, AttributeError, TypeError):
        # everything works in the same way without it
        return
