"""Parameters of modules which are different for each key, and which keys are invariant."""

from collections.abc import Sized
from typing import Any, List, Optional

import torch

from .._backend import Labels, isinstance_metatensor


def check_keys(keys: Labels, name: str = "in_keys") -> None:
    """Raise a ``TypeError`` if the parameter of a module called ``name`` is not a ``Labels``."""
    if not isinstance_metatensor(keys, "Labels"):
        raise TypeError(f"`{name}` must be metatensor Labels, not {type(keys)}")


def one_value_per_key(
    value: Any, name: str, expected: type, keys: Sized, keys_name: str
) -> list[Any]:
    """
    Values of a parameter for each of some keys.

    :param value: one value to be used for all the keys, or a list with one value for each key
    :param name: name of the parameter, for error messages
    :param expected: type of the values
    :param keys: the keys
    :param keys_name: name of the keys, for error messages
    :raises TypeError: if there is a value which is not of the expected type
    :raises ValueError: if the length of a list is not the number of keys
    """
    if isinstance(value, expected):
        return [value] * len(keys)

    if not isinstance(value, list):
        raise TypeError(
            f"`{name}` must be of type {expected.__name__}, or a list of these, not {type(value)}"
        )
    if len(value) != len(keys):
        raise ValueError(
            f"`{name}` must have one entry for each of the `{keys_name}`, got {len(value)} entries "
            f"for {len(keys)} keys"
        )
    for element in value:
        if not isinstance(element, expected):
            raise TypeError(
                f"the entries of `{name}` must be of type {expected.__name__}, not {type(element)}"
            )
    return list(value)


def invariant_positions(in_keys: Labels, invariant_keys: Optional[Labels]) -> List[int]:
    """
    Positions in ``in_keys`` of the keys of invariant blocks.

    :param in_keys: keys of all blocks
    :param invariant_keys: selection of the invariant ones, by default scalars (``o3_lambda=0``)
        which are not changed by inversion (``o3_sigma=1``)
    :raises TypeError: if ``in_keys`` or ``invariant_keys`` is not a ``Labels``
    """
    check_keys(in_keys)
    if invariant_keys is None:
        values = torch.tensor([[0, 1]], dtype=torch.int32)
        if not isinstance(in_keys.values, torch.Tensor):
            values = values.numpy()
        invariant_keys = Labels(["o3_lambda", "o3_sigma"], values).to(device=in_keys.device)
    else:
        check_keys(invariant_keys, "invariant_keys")
    return [int(position) for position in in_keys.select(invariant_keys)]
