"""
Moving and serialization of the data of modules: labels, blocks and tensor maps, which can be nested
in dictionaries, lists and tuples.

Empty containers, and containers which only contain empty containers, are valid everywhere and left
as they are.
"""

from typing import Any, Union

import torch

from .._backend import Labels, TensorBlock, TensorMap, isinstance_metatensor

_CONTAINERS = (dict, list, tuple)


def is_metatensor(value: Any) -> bool:
    """Whether ``value`` is a ``Labels``, ``TensorBlock`` or ``TensorMap``."""
    return (
        isinstance_metatensor(value, "Labels")
        or isinstance_metatensor(value, "TensorBlock")
        or isinstance_metatensor(value, "TensorMap")
    )


def is_empty_container(value: Any) -> bool:
    """Whether ``value`` is a dictionary, list or tuple without elements."""
    return isinstance(value, _CONTAINERS) and len(value) == 0


def contains_metatensor(value: Any) -> bool:
    """Whether ``value`` is a metatensor object, or a container with one of these at any depth."""
    if isinstance(value, _CONTAINERS):
        return any(contains_metatensor(element) for element in _elements(value))
    return is_metatensor(value)


def is_data(value: Any) -> bool:
    """Whether ``value`` contains metatensor objects, or nothing at all: only empty containers."""
    return contains_metatensor(value) or _contains_nothing(value)


def _contains_nothing(value: Any) -> bool:
    return isinstance(value, _CONTAINERS) and all(_contains_nothing(v) for v in _elements(value))


def _mixes_data(container: dict | list) -> bool:
    return not all(is_data(element) for element in _elements(container))


def _elements(container: dict | list | tuple) -> list[Any]:
    return list(container.values()) if isinstance(container, dict) else list(container)


def move(value: Any, device: torch.device | None, dtype: torch.dtype | None) -> Any:
    """
    Move metatensor data to another device and dtype, as torch tensors.

    :param value: metatensor object or container. Anything else is returned as is
    :param device: device for all the data, ``None`` to keep the current one
    :param dtype: dtype of the values in blocks and tensor maps, ``None`` to keep the current one
    :return: moved objects, in new containers of the same kind
    :raises ValueError: if a dictionary or list contains both metatensor objects and something else
    """
    if isinstance_metatensor(value, "Labels"):
        return _move_labels(value, device)
    if is_metatensor(value):
        return value.to(device=device, dtype=dtype, arrays="torch")
    if not contains_metatensor(value):
        return value

    if isinstance(value, tuple):
        return tuple(move(element, device, dtype) for element in value)
    if _mixes_data(value):
        raise ValueError(
            f"{type(value).__name__}(s) mixing metatensor objects and other data are not supported"
        )
    if isinstance(value, dict):
        return {key: move(element, device, dtype) for key, element in value.items()}
    return [move(element, device, dtype) for element in value]


def _move_labels(labels: Labels, device: torch.device | None) -> Labels:
    if device is None:
        return labels
    if not isinstance(labels.values, torch.Tensor) and device.type != "cpu":
        labels = labels.to(arrays="torch")
    return labels.to(device=device)


def serialize(value: Any) -> Any:
    """
    Transform metatensor data to objects that ``torch.load`` accepts by default.

    A metatensor object becomes a tuple with the name of its class, its content as a buffer, and an
    empty tensor with its dtype and device. Containers keep their structure.

    :param value: something that :py:func:`is_data`
    :raises TypeError: if a dictionary or list contains both metatensor objects and something else
    """
    if isinstance_metatensor(value, "Labels"):
        values = value.values
        if not isinstance(values, torch.Tensor):
            values = torch.from_numpy(values.copy())
        return "metatensor.Labels", _save_buffer(value), _marker(values)
    if isinstance_metatensor(value, "TensorBlock"):
        return "metatensor.TensorBlock", _save_buffer(value), _marker(value.values)
    if isinstance_metatensor(value, "TensorMap"):
        values = value.keys.values if len(value) == 0 else value.block_by_id(0).values
        return "metatensor.TensorMap", _save_buffer(value), _marker(values)
    if _contains_nothing(value):
        return value

    if isinstance(value, tuple):
        # other data does not prevent to save the metatensor objects
        return tuple(serialize(element) if is_data(element) else None for element in value)
    if _mixes_data(value):
        raise TypeError(
            f"can not serialize {type(value).__name__}(s) mixing metatensor objects and other data"
        )
    if isinstance(value, dict):
        return {key: serialize(element) for key, element in value.items()}
    return [serialize(element) for element in value]


def _save_buffer(value: Union[Labels, TensorBlock, TensorMap]) -> bytes | torch.Tensor:
    buffer = value.save_buffer()
    return buffer if isinstance(buffer, torch.Tensor) else bytes(buffer)


def _marker(values: torch.Tensor) -> torch.Tensor:
    assert isinstance(values, torch.Tensor), "modules need data stored in torch tensors"
    return torch.empty(0, dtype=values.dtype, device=values.device)


def contains_serialized(value: Any) -> bool:
    """Whether ``value`` is, or contains, the result of :py:func:`serialize` for some object."""
    if _is_serialized(value):
        return True
    return isinstance(value, _CONTAINERS) and any(contains_serialized(v) for v in _elements(value))


def _is_serialized(value: Any) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 3
        and isinstance(value[0], str)
        and value[0].startswith("metatensor.")
    )


def deserialize(value: Any) -> Any:
    """
    Inverse of :py:func:`serialize`.

    :raises ValueError: if the name of the class is not known
    """
    if _is_serialized(value):
        return _deserialize_object(*value)
    if isinstance(value, dict):
        return {key: deserialize(element) for key, element in value.items()}
    if isinstance(value, list):
        return [deserialize(element) for element in value]
    if isinstance(value, tuple):
        return tuple(deserialize(element) for element in value)
    return value


def _deserialize_object(
    class_name: str, buffer: bytes | torch.Tensor, marker: torch.Tensor
) -> Union[Labels, TensorBlock, TensorMap]:
    if isinstance(buffer, torch.Tensor):
        buffer = buffer.cpu()

    if class_name == "metatensor.Labels":
        return _move_labels(Labels.load_buffer(buffer), marker.device)
    if class_name == "metatensor.TensorBlock":
        value = TensorBlock.load_buffer(buffer)
    elif class_name == "metatensor.TensorMap":
        value = TensorMap.load_buffer(buffer)
    else:
        raise ValueError(f"unknown metatensor class in a state dictionary: '{class_name}'")

    if class_name == "metatensor.TensorMap" and len(value) == 0:
        return value.to(device=marker.device, arrays="torch")
    return value.to(dtype=marker.dtype, device=marker.device, arrays="torch")
