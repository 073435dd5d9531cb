from .._backend import TensorMap
from ._module import Module


class NoGradientsModule(Module):
    """
    Base class of the modules that would give wrong gradients, and refuse blocks which have some.

    Derived classes set ``module_map``, and ``_name`` as the name to use in the error.
    """

    __constants__ = ["_name"]

    def forward(self, tensor: TensorMap) -> TensorMap:
        """
        Apply this module to the blocks of ``tensor``, see :py:meth:`ModuleMap.forward`.

        :param tensor: tensor map with some of the keys of this module, in any order
        :raises ValueError: if the blocks have gradients
        """
        # all blocks of a tensor map have the same gradients
        if len(tensor) != 0 and len(tensor.block_by_id(0).gradients_list()) != 0:
            raise ValueError(
                f"{self._name} does not support gradients, please remove them from the input "
                "first, with `metatensor.remove_gradients`"
            )
        return self.module_map(tensor)
