from typing import List, Optional

from . import _dispatch
from ._backend import Array, Labels, TensorBlock, labels_array, torch_jit_script


def _all_indices(names: List[str], shape: List[int], array: Array) -> Labels:
    """Labels of all the indices in an array of this shape, the last one changing fastest."""
    like = labels_array(array)
    indices = _dispatch.indices_like(like, shape)
    return Labels(names, _dispatch.rows_like(indices, like), assume_unique=True)


@torch_jit_script
def block_from_array(
    array: Array,
    sample_names: Optional[List[str]] = None,
    component_names: Optional[List[str]] = None,
    property_names: Optional[List[str]] = None,
) -> TensorBlock:
    """
    Create a block from an array, with the indices along the axes of the array as metadata.

    The first axes become the samples, the last ones the properties, and each one in the middle
    becomes a component.

    :param array: array with at least two dimensions. With one sample and one property dimension,
        the block contains this very array; otherwise a reshaped array, without copy if possible
    :param sample_names: one name for each axis to use as samples, ``["sample"]`` by default
    :param component_names: one name for each axis to use as components, by default
        ``["component_1", "component_2", ...]``
    :param property_names: one name for each axis to use as properties, ``["property"]`` by default
    :return: block without gradients, with labels on the device of the array
    :raises ValueError: if the array has less than two dimensions, or not enough for all the names

    >>> import numpy as np
    >>> import metatensor
    >>> block = metatensor.block_from_array(np.zeros((2, 3, 4)))
    >>> print(block)
    TensorBlock with shape (2, 3, 4)
        samples: [sample]
        components: [component_1]
        properties: [property]
    """
    shape = list(array.shape)
    if len(shape) < 2:
        raise ValueError(
            "the array provided to `block_from_array` must have at least two dimensions, "
            f"got {len(shape)}"
        )

    if sample_names is None:
        sample_names = ["sample"]
    if property_names is None:
        property_names = ["property"]

    n_samples = len(sample_names)
    n_components = len(shape) - n_samples - len(property_names)
    if n_components < 0:
        raise ValueError(
            f"the array provided to `block_from_array` has shape {shape}, which lacks dimensions "
            f"for the names of samples ({sample_names}) and properties ({property_names})"
        )
    if component_names is None:
        component_names = [f"component_{i + 1}" for i in range(n_components)]
    if len(component_names) != n_components:
        raise ValueError(
            f"the array provided to `block_from_array` has shape {shape}, which lacks dimensions "
            f"for, or has more dimensions than, the names of samples ({sample_names}), components "
            f"({component_names}) and properties ({property_names})"
        )

    samples_shape = shape[:n_samples]
    components_shape = shape[n_samples : n_samples + n_components]
    properties_shape = shape[n_samples + n_components :]

    samples = _all_indices(sample_names, samples_shape, array)
    components: List[Labels] = []
    for i in range(n_components):
        components.append(_all_indices([component_names[i]], [components_shape[i]], array))
    properties = _all_indices(property_names, properties_shape, array)

    values = array
    if len(samples_shape) != 1 or len(properties_shape) != 1:
        values = _dispatch.reshape(array, [len(samples)] + components_shape + [len(properties)])

    return TensorBlock(values=values, samples=samples, components=components, properties=properties)
