"""
Checks and conversions of the types of arguments. There is nothing to check in TorchScript, which
does so before a function is called.
"""

from typing import List, Union

from ._backend import (
    TensorBlock,
    TensorMap,
    isinstance_metatensor,
    torch_jit_is_scripting,
)


def check_is_tensor_map(value: TensorMap, name: str) -> None:
    """Raise a ``TypeError`` if the argument called ``name`` is not a ``TensorMap``."""
    if not torch_jit_is_scripting():
        if not isinstance_metatensor(value, "TensorMap"):
            raise TypeError(f"`{name}` must be a metatensor TensorMap, not {type(value)}")


def check_is_block(value: TensorBlock, name: str) -> None:
    """Raise a ``TypeError`` if the argument called ``name`` is not a ``TensorBlock``."""
    if not torch_jit_is_scripting():
        if not isinstance_metatensor(value, "TensorBlock"):
            raise TypeError(f"`{name}` must be a metatensor TensorBlock, not {type(value)}")


def check_scalar(B: Union[float, int]) -> None:
    """Raise a ``TypeError`` if ``B`` is not a scalar."""
    if not torch_jit_is_scripting():
        if not isinstance(B, (float, int)):
            raise TypeError(f"`B` must be a scalar (float or int), not {type(B)}")


def check_operands(A: TensorMap, B: Union[float, int, TensorMap]) -> None:
    """Raise a ``TypeError`` if ``A`` is not a ``TensorMap``, or ``B`` neither that nor a scalar."""
    check_is_tensor_map(A, "A")
    if not torch_jit_is_scripting():
        if not isinstance(B, (float, int)) and not isinstance_metatensor(B, "TensorMap"):
            raise TypeError(
                f"`B` must be a metatensor TensorMap or a scalar (float or int), not {type(B)}"
            )


def as_list(names: Union[List[str], str]) -> List[str]:
    """``names`` as a new list: a string is a single name."""
    if isinstance(names, str):
        return [names]
    else:
        return list(names)
