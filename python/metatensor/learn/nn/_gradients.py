from .._backend import TensorMap


def check_no_gradients(tensor: TensorMap, name: str) -> None:
    """
    Raise a ``ValueError`` if the blocks of ``tensor`` have gradients, for the module called
    ``name`` which would give wrong ones.
    """
    # all blocks of a tensor map have the same gradients
    if len(tensor) != 0 and len(tensor.block_by_id(0).gradients_list()) != 0:
        raise ValueError(
            f"{name} does not support gradients, please remove them from the input first, with "
            "`metatensor.remove_gradients`"
        )
