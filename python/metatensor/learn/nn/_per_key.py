from typing import Any

from .._backend import Labels


def one_value_per_key(
    value: Any, name: str, expected: type, keys: Labels, keys_name: str
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
