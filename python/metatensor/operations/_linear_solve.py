"""Linear systems, where the gradients provide additional equations."""

import warnings
from typing import List, Optional

from . import _dispatch
from ._backend import Array, TensorBlock, TensorMap, torch_jit_script
from ._not_equal import (
    check_paired_blocks,
    check_same_gradients,
    check_same_metadata,
    metadata_difference,
)


def _as_matrix(block: TensorBlock, gradient_parameters: List[str]) -> Array:
    """
    The values, followed by the gradients with respect to the given parameters, with one row for
    each sample and component.
    """
    n_properties = len(block.properties)
    matrices = [_flatten_rows(block.values, n_properties)]
    for parameter in gradient_parameters:
        matrices.append(_flatten_rows(block.gradient(parameter).values, n_properties))
    return _dispatch.concatenate(matrices, 0)


def _flatten_rows(values: Array, n_columns: int) -> Array:
    n_rows = 1
    for size in list(values.shape)[:-1]:
        n_rows *= size
    return _dispatch.reshape(values, [n_rows, n_columns])


def _solution_block(X: TensorBlock, Y: TensorBlock, solution: Array) -> TensorBlock:
    return TensorBlock(
        values=solution.T, samples=Y.properties, components=[], properties=X.properties
    )


@torch_jit_script
def lstsq(
    X: TensorMap, Y: TensorMap, rcond: Optional[float], driver: Optional[str] = None
) -> TensorMap:
    r"""
    Least-squares solution :math:`w` of :math:`X w^T = Y`, independently for each key.

    Each sample and component is one equation, and each row of each gradient one more.

    :param X: coefficients of the equations
    :param Y: right-hand sides, with the same keys, samples, components and gradient samples as
        ``X``, and one property for each system to solve
    :param rcond: singular values below ``rcond`` times the largest one are taken as zero. ``None``
        is the default of the array library, which is not the same in numpy and torch
    :param driver: LAPACK driver, only used for torch arrays: see :py:func:`torch.linalg.lstsq`
    :return: tensor map with the keys of ``X``; its samples are the properties of ``Y``, its
        properties those of ``X``
    :raises NotEqualError: if the keys or the metadata of ``X`` and ``Y`` do not fit

    >>> import numpy as np
    >>> import metatensor
    >>> keys = metatensor.Labels.single()
    >>> x = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> X = metatensor.TensorMap(keys, [metatensor.block_from_array(x)])
    >>> Y = metatensor.TensorMap(keys, [metatensor.block_from_array(x @ [[2.0], [3.0]])])
    >>> metatensor.lstsq(X, Y, rcond=1e-13).block().values.round(6)
    array([[2., 3.]])
    """
    if rcond is None:
        warnings.warn(
            "`rcond=None` uses the default of the array library, which is different in numpy and "
            "torch: set `rcond` to get the same results with both",
            stacklevel=2,
        )

    blocks: List[TensorBlock] = []
    for block_X, block_Y in zip(X.blocks(), check_paired_blocks(X, Y, "lstsq")):
        check_same_metadata(block_X, block_Y, ["samples", "components"], "lstsq")
        check_same_gradients(block_X, block_Y, ["samples", "components"], "lstsq")

        parameters = block_X.gradients_list()
        solution = _dispatch.lstsq(
            _as_matrix(block_X, parameters), _as_matrix(block_Y, parameters), rcond, driver
        )
        blocks.append(_solution_block(block_X, block_Y, solution))
    return TensorMap(X.keys, blocks)


@torch_jit_script
def solve(X: TensorMap, Y: TensorMap) -> TensorMap:
    r"""
    Solution :math:`w` of :math:`X w^T = Y` for square matrices, independently for each key.

    :param X: coefficients of the equations: in each block, a square matrix with as many samples as
        properties. A gradient adds equations, so that the matrix is no longer square
    :param Y: right-hand sides, with the same keys and samples as ``X``, and one property for each
        system to solve
    :return: tensor map with the keys of ``X``; its samples are the properties of ``Y``, its
        properties those of ``X``
    :raises NotEqualError: if the keys or the gradients of ``X`` and ``Y`` are different
    :raises ValueError: if the blocks of ``X`` are not square matrices, or if the samples or
        components of ``X`` and ``Y`` are different
    :raises numpy.linalg.LinAlgError: if a matrix is singular, or not square because of gradients
        (``RuntimeError`` for torch arrays)

    >>> import numpy as np
    >>> import metatensor
    >>> keys = metatensor.Labels.single()
    >>> x = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> X = metatensor.TensorMap(keys, [metatensor.block_from_array(x)])
    >>> Y = metatensor.TensorMap(keys, [metatensor.block_from_array(x @ [[2.0], [3.0]])])
    >>> metatensor.solve(X, Y).block().values
    array([[2., 3.]])
    """
    blocks_Y = check_paired_blocks(X, Y, "solve")
    for block in X.blocks():
        shape = list(block.values.shape)
        if len(shape) != 2 or shape[0] != shape[1]:
            raise ValueError(
                "the values of all the blocks in `X` given to 'solve' must be square matrices, "
                f"one of them has the shape {shape}"
            )

    blocks: List[TensorBlock] = []
    for block_X, block_Y in zip(X.blocks(), blocks_Y):
        difference = metadata_difference(block_X, block_Y, ["samples", "components"])
        if difference != "":
            raise ValueError(f"inputs to 'solve' should have the same metadata: {difference}")
        axes = ["samples", "components", "properties"]
        check_same_gradients(block_X, block_Y, axes, "solve")

        parameters = block_X.gradients_list()
        solution = _dispatch.solve(_as_matrix(block_X, parameters), _as_matrix(block_Y, parameters))
        blocks.append(_solution_block(block_X, block_Y, solution))
    return TensorMap(X.keys, blocks)
