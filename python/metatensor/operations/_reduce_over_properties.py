from typing import List, Union

from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._reduce import reduce_properties
from ._types import as_list


def _reduce_tensor(tensor: TensorMap, property_names: List[str], reduction: str) -> TensorMap:
    for name in property_names:
        if name not in tensor.property_names:
            raise ValueError(
                f"'{name}' is not one of the properties of the tensor map: {tensor.property_names}"
            )

    return TensorMap(tensor.keys, reduce_properties(tensor.blocks(), property_names, reduction))


@torch_jit_script
def sum_over_properties_block(
    block: TensorBlock, property_names: Union[List[str], str]
) -> TensorBlock:
    """
    Sum over groups of properties of a block.

    :param block: block to reduce
    :param property_names: see :py:func:`sum_over_properties`. Names that ``block`` does not
        have are ignored
    :return: new block
    :raises NotImplementedError: if a gradient has gradients
    """
    return reduce_properties([block], as_list(property_names), "sum")[0]


@torch_jit_script
def sum_over_properties(tensor: TensorMap, property_names: Union[List[str], str]) -> TensorMap:
    r"""
    Sum over groups of properties.

    The properties which have the same values in all the dimensions but ``property_names`` form
    a group, which becomes a single property. The new properties are sorted; if no dimension
    remains, there is a single one with the name ``"_"``.

    The gradients are reduced in the same way: :math:`\sum_i g_i`.

    :param tensor: tensor map to reduce
    :param property_names: dimension(s) of the properties which disappear
    :return: new tensor map with the same keys
    :raises ValueError: if one of the ``property_names`` is not a dimension of the properties
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> block = metatensor.block_from_array(values)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> result = metatensor.sum_over_properties(tensor, "property")
    >>> result.block().values
    array([[ 3.],
           [ 7.],
           [11.]])
    """
    return _reduce_tensor(tensor, as_list(property_names), "sum")


@torch_jit_script
def mean_over_properties_block(
    block: TensorBlock, property_names: Union[List[str], str]
) -> TensorBlock:
    """
    Average over groups of properties of a block.

    :param block: block to reduce
    :param property_names: see :py:func:`mean_over_properties`. Names that ``block`` does not
        have are ignored
    :return: new block
    :raises NotImplementedError: if a gradient has gradients
    """
    return reduce_properties([block], as_list(property_names), "mean")[0]


@torch_jit_script
def mean_over_properties(tensor: TensorMap, property_names: Union[List[str], str]) -> TensorMap:
    r"""
    Average over groups of properties.

    The properties which have the same values in all the dimensions but ``property_names`` form
    a group, which becomes a single property. The new properties are sorted; if no dimension
    remains, there is a single one with the name ``"_"``.

    The gradients are reduced in the same way: :math:`\frac{1}{m} \sum_i g_i`, where :math:`m`
    is the number of properties in the group.

    :param tensor: tensor map to reduce
    :param property_names: dimension(s) of the properties which disappear
    :return: new tensor map with the same keys
    :raises ValueError: if one of the ``property_names`` is not a dimension of the properties
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> block = metatensor.block_from_array(values)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> result = metatensor.mean_over_properties(tensor, "property")
    >>> result.block().values
    array([[1.5],
           [3.5],
           [5.5]])
    """
    return _reduce_tensor(tensor, as_list(property_names), "mean")


@torch_jit_script
def var_over_properties_block(
    block: TensorBlock, property_names: Union[List[str], str]
) -> TensorBlock:
    """
    Variance over groups of properties of a block.

    :param block: block to reduce
    :param property_names: see :py:func:`var_over_properties`. Names that ``block`` does not
        have are ignored
    :return: new block
    :raises NotImplementedError: if a gradient has gradients
    """
    return reduce_properties([block], as_list(property_names), "var")[0]


@torch_jit_script
def var_over_properties(tensor: TensorMap, property_names: Union[List[str], str]) -> TensorMap:
    r"""
    Variance over groups of properties.

    The properties which have the same values in all the dimensions but ``property_names`` form
    a group, which becomes a single property. The new properties are sorted; if no dimension
    remains, there is a single one with the name ``"_"``.

    This is the population variance: the average of the squared deviations from the average.

    The gradients are reduced in the same way: :math:`2 \left[ \frac{1}{m} \sum_i x_i g_i -
    \bar{x} \frac{1}{m} \sum_i g_i \right]`, where :math:`m` is the number of properties in the
    group and :math:`\bar{x}` the average of the group.

    :param tensor: tensor map to reduce
    :param property_names: dimension(s) of the properties which disappear
    :return: new tensor map with the same keys
    :raises ValueError: if one of the ``property_names`` is not a dimension of the properties
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> block = metatensor.block_from_array(values)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> result = metatensor.var_over_properties(tensor, "property")
    >>> result.block().values
    array([[0.25],
           [0.25],
           [0.25]])
    """
    return _reduce_tensor(tensor, as_list(property_names), "var")


@torch_jit_script
def std_over_properties_block(
    block: TensorBlock, property_names: Union[List[str], str]
) -> TensorBlock:
    """
    Standard deviation over groups of properties of a block.

    :param block: block to reduce
    :param property_names: see :py:func:`std_over_properties`. Names that ``block`` does not
        have are ignored
    :return: new block
    :raises NotImplementedError: if a gradient has gradients
    """
    return reduce_properties([block], as_list(property_names), "std")[0]


@torch_jit_script
def std_over_properties(tensor: TensorMap, property_names: Union[List[str], str]) -> TensorMap:
    r"""
    Standard deviation over groups of properties.

    The properties which have the same values in all the dimensions but ``property_names`` form
    a group, which becomes a single property. The new properties are sorted; if no dimension
    remains, there is a single one with the name ``"_"``.

    This is the square root of the population variance, see :py:func:`var_over_properties`.

    The gradients are reduced in the same way: :math:`\frac{1}{\sigma} \left[ \frac{1}{m} \sum_i
    x_i g_i - \bar{x} \frac{1}{m} \sum_i g_i \right]`, where :math:`m` is the number of
    properties in the group and :math:`\bar{x}` and :math:`\sigma` the average and standard
    deviation of the group. A gradient that is not finite, because the standard deviation is
    zero, is replaced by zero.

    :param tensor: tensor map to reduce
    :param property_names: dimension(s) of the properties which disappear
    :return: new tensor map with the same keys
    :raises ValueError: if one of the ``property_names`` is not a dimension of the properties
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> block = metatensor.block_from_array(values)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> result = metatensor.std_over_properties(tensor, "property")
    >>> result.block().values
    array([[0.5],
           [0.5],
           [0.5]])
    """
    return _reduce_tensor(tensor, as_list(property_names), "std")
