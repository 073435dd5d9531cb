from typing import List, Union

from ._backend import TensorBlock, TensorMap, torch_jit_script
from ._reduce import reduce_samples
from ._types import as_list


def _reduce_tensor(tensor: TensorMap, sample_names: List[str], reduction: str) -> TensorMap:
    for name in sample_names:
        if name not in tensor.sample_names:
            raise ValueError(
                f"'{name}' is not one of the samples of the tensor map: {tensor.sample_names}"
            )

    return TensorMap(tensor.keys, reduce_samples(tensor.blocks(), sample_names, reduction))


@torch_jit_script
def sum_over_samples_block(block: TensorBlock, sample_names: Union[List[str], str]) -> TensorBlock:
    """
    Sum over groups of samples of a block.

    :param block: block to reduce
    :param sample_names: see :py:func:`sum_over_samples`. Names that ``block`` does not have are
        ignored
    :return: new block
    :raises NotImplementedError: if a gradient has gradients
    """
    return reduce_samples([block], as_list(sample_names), "sum")[0]


@torch_jit_script
def sum_over_samples(tensor: TensorMap, sample_names: Union[List[str], str]) -> TensorMap:
    r"""
    Sum over groups of samples.

    The samples which have the same values in all the dimensions but ``sample_names`` form a
    group, which becomes a single sample. The new samples are sorted; if no dimension remains,
    there is a single one with the name ``"_"``.

    The gradient rows of all the samples in a group are merged, and sorted, in the same way:
    :math:`\sum_i g_i`.

    :param tensor: tensor map to reduce
    :param sample_names: dimension(s) of the samples which disappear
    :return: new tensor map with the same keys
    :raises ValueError: if one of the ``sample_names`` is not a dimension of the samples
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> samples = metatensor.Labels(["system", "atom"], np.array([[0, 0], [0, 1], [3, 0]]))
    >>> properties = metatensor.Labels.range("n", 2)
    >>> values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> block = metatensor.TensorBlock(values, samples, [], properties)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> result = metatensor.sum_over_samples(tensor, "atom")
    >>> result.block().values
    array([[4., 6.],
           [5., 6.]])
    """
    return _reduce_tensor(tensor, as_list(sample_names), "sum")


@torch_jit_script
def mean_over_samples_block(block: TensorBlock, sample_names: Union[List[str], str]) -> TensorBlock:
    """
    Average over groups of samples of a block.

    :param block: block to reduce
    :param sample_names: see :py:func:`mean_over_samples`. Names that ``block`` does not have are
        ignored
    :return: new block
    :raises NotImplementedError: if a gradient has gradients
    """
    return reduce_samples([block], as_list(sample_names), "mean")[0]


@torch_jit_script
def mean_over_samples(tensor: TensorMap, sample_names: Union[List[str], str]) -> TensorMap:
    r"""
    Average over groups of samples.

    The samples which have the same values in all the dimensions but ``sample_names`` form a
    group, which becomes a single sample. The new samples are sorted; if no dimension remains,
    there is a single one with the name ``"_"``.

    The gradient rows of all the samples in a group are merged, and sorted, in the same way:
    :math:`\frac{1}{m} \sum_i g_i`, where :math:`m` counts the gradient rows that exist (a
    missing row, which is zero, does not count).

    :param tensor: tensor map to reduce
    :param sample_names: dimension(s) of the samples which disappear
    :return: new tensor map with the same keys
    :raises ValueError: if one of the ``sample_names`` is not a dimension of the samples
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> samples = metatensor.Labels(["system", "atom"], np.array([[0, 0], [0, 1], [3, 0]]))
    >>> properties = metatensor.Labels.range("n", 2)
    >>> values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> block = metatensor.TensorBlock(values, samples, [], properties)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> result = metatensor.mean_over_samples(tensor, "atom")
    >>> result.block().values
    array([[2., 3.],
           [5., 6.]])
    """
    return _reduce_tensor(tensor, as_list(sample_names), "mean")


@torch_jit_script
def var_over_samples_block(block: TensorBlock, sample_names: Union[List[str], str]) -> TensorBlock:
    """
    Variance over groups of samples of a block.

    :param block: block to reduce
    :param sample_names: see :py:func:`var_over_samples`. Names that ``block`` does not have are
        ignored
    :return: new block
    :raises NotImplementedError: if a gradient has gradients
    """
    return reduce_samples([block], as_list(sample_names), "var")[0]


@torch_jit_script
def var_over_samples(tensor: TensorMap, sample_names: Union[List[str], str]) -> TensorMap:
    r"""
    Variance over groups of samples.

    The samples which have the same values in all the dimensions but ``sample_names`` form a
    group, which becomes a single sample. The new samples are sorted; if no dimension remains,
    there is a single one with the name ``"_"``.

    This is the population variance: the average of the squared deviations from the average.

    The gradient rows of all the samples in a group are merged, and sorted, in the same way:
    :math:`2 \left[ \frac{1}{m} \sum_i x_i g_i - \bar{x} \frac{1}{m} \sum_i g_i \right]`, where
    :math:`m` counts the gradient rows that exist (a missing row, which is zero, does not
    count), with :math:`\bar{x}` the average of the group.

    :param tensor: tensor map to reduce
    :param sample_names: dimension(s) of the samples which disappear
    :return: new tensor map with the same keys
    :raises ValueError: if one of the ``sample_names`` is not a dimension of the samples
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> samples = metatensor.Labels(["system", "atom"], np.array([[0, 0], [0, 1], [3, 0]]))
    >>> properties = metatensor.Labels.range("n", 2)
    >>> values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> block = metatensor.TensorBlock(values, samples, [], properties)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> result = metatensor.var_over_samples(tensor, "atom")
    >>> result.block().values
    array([[1., 1.],
           [0., 0.]])
    """
    return _reduce_tensor(tensor, as_list(sample_names), "var")


@torch_jit_script
def std_over_samples_block(block: TensorBlock, sample_names: Union[List[str], str]) -> TensorBlock:
    """
    Standard deviation over groups of samples of a block.

    :param block: block to reduce
    :param sample_names: see :py:func:`std_over_samples`. Names that ``block`` does not have are
        ignored
    :return: new block
    :raises NotImplementedError: if a gradient has gradients
    """
    return reduce_samples([block], as_list(sample_names), "std")[0]


@torch_jit_script
def std_over_samples(tensor: TensorMap, sample_names: Union[List[str], str]) -> TensorMap:
    r"""
    Standard deviation over groups of samples.

    The samples which have the same values in all the dimensions but ``sample_names`` form a
    group, which becomes a single sample. The new samples are sorted; if no dimension remains,
    there is a single one with the name ``"_"``.

    This is the square root of the population variance, see :py:func:`var_over_samples`.

    The gradient rows of all the samples in a group are merged, and sorted, in the same way:
    :math:`\frac{1}{\sigma} \left[ \frac{1}{m} \sum_i x_i g_i - \bar{x} \frac{1}{m} \sum_i g_i
    \right]`, where :math:`m` counts the gradient rows that exist (a missing row, which is zero,
    does not count), with :math:`\bar{x}` and :math:`\sigma` the average and standard deviation
    of the group. A gradient that is not finite, because the standard deviation is zero, is
    replaced by zero.

    :param tensor: tensor map to reduce
    :param sample_names: dimension(s) of the samples which disappear
    :return: new tensor map with the same keys
    :raises ValueError: if one of the ``sample_names`` is not a dimension of the samples
    :raises NotImplementedError: if a gradient has gradients

    >>> import numpy as np
    >>> import metatensor
    >>> samples = metatensor.Labels(["system", "atom"], np.array([[0, 0], [0, 1], [3, 0]]))
    >>> properties = metatensor.Labels.range("n", 2)
    >>> values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> block = metatensor.TensorBlock(values, samples, [], properties)
    >>> tensor = metatensor.TensorMap(metatensor.Labels.single(), [block])
    >>> result = metatensor.std_over_samples(tensor, "atom")
    >>> result.block().values
    array([[1., 1.],
           [0., 0.]])
    """
    return _reduce_tensor(tensor, as_list(sample_names), "std")
