"""Tensor maps made from a short description of their labels, for tests and teaching."""

from typing import Dict, List, Optional

import numpy as np

from . import _dispatch
from ._backend import (
    Array,
    Labels,
    TensorBlock,
    TensorMap,
    default_array,
    labels_array,
    torch_jit_is_scripting,
    torch_jit_script,
)
from ._like import ones_like, random_uniform_like


def _check_sizes(sizes: Dict[str, int], argument: str) -> None:
    if not torch_jit_is_scripting():
        if not isinstance(sizes, dict):
            raise TypeError(
                f"`{argument}` must be a dictionary with the sizes of dimensions, not {type(sizes)}"
            )
        for name, size in sizes.items():
            if not isinstance(size, (int, np.integer)):
                raise TypeError(
                    f"`{argument}` must contain integers, the size of '{name}' is a {type(size)}"
                )

    for name, size in sizes.items():
        if size < 0:
            raise ValueError(
                f"`{argument}` must not contain negative sizes, the size of '{name}' is {size}"
            )


def _product_labels(sizes: Dict[str, int], argument: str, array: Array) -> Labels:
    """
    All the combinations of ``0..size-1`` for each of the dimensions, the last one changing fastest.
    """
    _check_sizes(sizes, argument)
    if len(sizes) == 0:
        raise ValueError(f"`{argument}` must have at least one dimension")

    names: List[str] = []
    shape: List[int] = []
    count = 1
    for name, size in sizes.items():
        names.append(name)
        shape.append(size)
        count *= size
    if count >= 2**31:
        raise ValueError(f"`{argument}` must have less than 2^31 entries, not {count}")

    like = labels_array(array)
    indices = _dispatch.indices_like(like, shape)
    return Labels(names, _dispatch.rows_like(indices, like), assume_unique=True)


def _components(sizes: Dict[str, int], argument: str, array: Array) -> List[Labels]:
    _check_sizes(sizes, argument)
    return [_product_labels({name: size}, argument, array) for name, size in sizes.items()]


def _array_like(like: Optional[Array]) -> Array:
    if like is None:
        return default_array()
    if not torch_jit_is_scripting():
        if not _dispatch.is_array(like):
            raise TypeError(f"`like` must be an array, not {type(like)}")
    return like


def _zeros_for(
    array: Array, samples: Labels, components: List[Labels], properties: Labels
) -> TensorBlock:
    shape = [len(samples)] + [len(component) for component in components] + [len(properties)]
    return TensorBlock(_dispatch.zeros_like(array, shape), samples, components, properties)


@torch_jit_script
def zeros(
    keys: Dict[str, int],
    samples: Dict[str, int],
    components: Dict[str, int],
    properties: Dict[str, int],
    gradients: Optional[Dict[str, Dict[str, int]]] = None,
    like: Optional[Array] = None,
) -> TensorMap:
    """
    Tensor map filled with zeros, from the sizes of all the dimensions of its labels.

    Each dimension contains the integers from 0 up to its size (excluded). Keys, samples and
    properties are all the combinations of these, the last dimension changing fastest; each
    component is an axis of its own. All the blocks have the same labels.

    :param keys: name and size of the dimensions of the keys
    :param samples: name and size of the dimensions of the samples
    :param components: name and size of each of the components, ``{}`` for none
    :param properties: name and size of the dimensions of the properties
    :param gradients: for each parameter, name and size of the components that come before the
        components of the values. The gradients have one row for each sample, and ``"sample"`` as
        the only dimension of their samples. By default, there are no gradients
    :param like: array with the kind, dtype and device of the values. By default, numpy arrays of
        ``float64`` (``metatensor``), or tensors with the default dtype of torch
        (``metatensor.torch``)
    :return: new tensor map
    :raises TypeError: if an argument has the wrong type
    :raises ValueError: if a size is negative, or if there are no dimensions in the keys, samples or
        properties
    :raises MetatensorError: if a name is not valid

    >>> import metatensor
    >>> tensor = metatensor.zeros(
    ...     keys={"type": 2},
    ...     samples={"system": 2, "atom": 3},
    ...     components={"xyz": 3},
    ...     properties={"n": 4},
    ...     gradients={"positions": {"direction": 3}},
    ... )
    >>> print(tensor)
    TensorMap with 2 blocks
        keys: [type]
        blocks:
           0   => TensorBlock with shape (6, 3, 4)
           1   => TensorBlock with shape (6, 3, 4)
    >>> tensor.block(0).gradient("positions").values.shape
    (6, 3, 3, 4)
    """
    array = _array_like(like)
    all_keys = _product_labels(keys, "keys", array)
    all_samples = _product_labels(samples, "samples", array)
    all_components = _components(components, "components", array)
    all_properties = _product_labels(properties, "properties", array)
    gradient_samples = _product_labels({"sample": len(all_samples)}, "samples", array)

    gradient_components: Dict[str, List[Labels]] = {}
    if gradients is not None:
        if not torch_jit_is_scripting():
            if not isinstance(gradients, dict):
                raise TypeError(
                    "`gradients` must be a dictionary with the components of each parameter, not "
                    f"{type(gradients)}"
                )
        for parameter, sizes in gradients.items():
            gradient_components[parameter] = _components(sizes, "gradients", array) + all_components

    blocks: List[TensorBlock] = []
    for _ in range(len(all_keys)):
        block = _zeros_for(array, all_samples, all_components, all_properties)
        for parameter, labels in gradient_components.items():
            gradient = _zeros_for(array, gradient_samples, labels, all_properties)
            block.add_gradient(parameter, gradient)
        blocks.append(block)
    return TensorMap(all_keys, blocks)


@torch_jit_script
def ones(
    keys: Dict[str, int],
    samples: Dict[str, int],
    components: Dict[str, int],
    properties: Dict[str, int],
    gradients: Optional[Dict[str, Dict[str, int]]] = None,
    like: Optional[Array] = None,
) -> TensorMap:
    """
    Tensor map filled with ones, from the sizes of all the dimensions of its labels.

    See :py:func:`zeros` for the parameters and errors.

    >>> import metatensor
    >>> tensor = metatensor.ones({"key": 1}, {"sample": 2}, {}, {"n": 3})
    >>> tensor.block().values
    array([[1., 1., 1.],
           [1., 1., 1.]])
    """
    return ones_like(zeros(keys, samples, components, properties, gradients, like))


@torch_jit_script
def random_uniform(
    keys: Dict[str, int],
    samples: Dict[str, int],
    components: Dict[str, int],
    properties: Dict[str, int],
    gradients: Optional[Dict[str, Dict[str, int]]] = None,
    like: Optional[Array] = None,
) -> TensorMap:
    """
    Tensor map filled with random numbers, uniform in [0, 1), from the sizes of all the dimensions
    of its labels.

    The numbers are drawn from the global generator of the array library, as in
    :py:func:`random_uniform_like`. See :py:func:`zeros` for the parameters and errors.

    >>> import numpy as np
    >>> import metatensor
    >>> np.random.seed(0)
    >>> tensor = metatensor.random_uniform({"key": 1}, {"sample": 2}, {}, {"n": 3})
    >>> tensor.block().values.round(2)
    array([[0.55, 0.72, 0.6 ],
           [0.54, 0.42, 0.65]])
    """
    return random_uniform_like(zeros(keys, samples, components, properties, gradients, like))
