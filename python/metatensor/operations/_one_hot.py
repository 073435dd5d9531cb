from . import _dispatch
from ._backend import Array, Labels, torch_jit_script
from ._labels import rows_of


@torch_jit_script
def one_hot(labels: Labels, dimension: Labels) -> Array:
    """
    One-hot encoding of one dimension of labels.

    :param labels: labels with the values to encode
    :param dimension: labels with a single dimension, its name is the one to encode in ``labels``
        and its entries are all the possible values
    :return: int32 array of shape ``(len(labels), len(dimension))``, with a single 1 in each row, at
        the position in ``dimension`` of the value in ``labels``
    :raises ValueError: if ``dimension`` does not have exactly one dimension, if ``labels`` does not
        have this dimension, or if a value in ``labels`` is not in ``dimension``

    >>> import numpy as np
    >>> import metatensor
    >>> atoms = metatensor.Labels(["atom", "type"], np.array([[0, 6], [1, 1], [4, 6]]))
    >>> types = metatensor.Labels(["type"], np.array([[1], [6], [8]]))
    >>> metatensor.one_hot(atoms, types)
    array([[0, 1, 0],
           [1, 0, 0],
           [0, 1, 0]], dtype=int32)
    """
    if len(dimension.names) != 1:
        raise ValueError(
            "only one dimension can be encoded by `one_hot`, but `dimension` has "
            f"{len(dimension.names)}: {dimension.names}"
        )

    name = dimension.names[0]
    encoding = rows_of(dimension)
    column = _dispatch.convert_like(labels.column(name), encoding).reshape(-1, 1)
    matches = column == encoding.reshape(1, -1)

    found = _dispatch.any(matches, axis=1)
    if not bool(_dispatch.all(found)):
        missing = int(column[~found][0, 0])
        raise ValueError(f"{name}={missing} is not one of the entries of `dimension`")

    return _dispatch.rows_like(_dispatch.convert_like(matches, encoding), dimension.values)
