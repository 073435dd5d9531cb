from typing import Any, List, Optional, Union

import torch

from .._backend import Labels
from ._gradients import NoGradientsModule
from ._module import Module
from ._module_map import ModuleMap
from ._per_key import check_keys, invariant_positions, one_value_per_key


class LayerNorm(NoGradientsModule):
    r"""
    Layer normalization of each block of a tensor map.

    The values of each sample are shifted and scaled to mean 0 and variance 1, over components and
    properties together, and go through an element-wise affine transformation of the properties:

    .. math:: y = \frac{x - \langle x \rangle}{\sqrt{\mathrm{Var}(x) + \epsilon}} \; w + b

    Without components, this is a different ``torch.nn.LayerNorm`` for each block. Parameters which
    can be lists have one entry for each of the ``in_keys``; a single value is used for all of them.

    :param in_keys: keys of the blocks that the module can be applied to
    :param in_features: number of properties of the input
    :param out_properties: the properties of each output block. By default, there is a single
        dimension called ``"_"`` with the values ``0..n-1``
    :param eps: added to the variance
    :param elementwise_affine: multiply with learnable weights :math:`w`, and add the bias?
    :param bias: add a learnable bias :math:`b`?
    :param mean: subtract the mean?
    :param device: device of the parameters
    :param dtype: dtype of the parameters
    :raises TypeError: if a parameter has the wrong type
    :raises ValueError: if there is not one entry for each key in a list

    >>> import torch
    >>> import metatensor
    >>> from metatensor.learn.nn import LayerNorm
    >>> keys = metatensor.Labels.single()
    >>> block = metatensor.block_from_array(torch.tensor([[-1.0, 1.0], [5.0, 9.0]]))
    >>> module = LayerNorm(keys, in_features=2, eps=0.0, bias=False)
    >>> module(metatensor.TensorMap(keys, [block])).block().values.detach()
    tensor([[-1.,  1.],
            [-1.,  1.]])
    """

    _name = "LayerNorm"

    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_properties: Optional[List[Labels]] = None,
        *,
        eps: Union[float, List[float]] = 1e-5,
        elementwise_affine: Union[bool, List[bool]] = True,
        bias: Union[bool, List[bool]] = True,
        mean: Union[bool, List[bool]] = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        super().__init__()
        check_keys(in_keys)
        modules = _layer_norms(
            in_keys, "in_keys", in_features, eps, elementwise_affine, bias, mean, device, dtype
        )
        self.module_map = ModuleMap(in_keys, modules, out_properties)


class InvariantLayerNorm(NoGradientsModule):
    """
    Layer normalization of the invariant blocks of a tensor map, see :py:class:`LayerNorm`. The
    values of other blocks stay as they are.

    Parameters which can be lists have one entry for each of the invariant keys, in their order in
    ``in_keys``; a single value is used for all of them.

    :param in_keys: keys of the blocks that the module can be applied to
    :param in_features: number of properties of the invariant blocks of the input
    :param out_properties: the properties of each output block, for all the ``in_keys``. By default,
        there is a single dimension called ``"_"`` with the values ``0..n-1``
    :param invariant_keys: selection of the invariant blocks in ``in_keys``. By default, these have
        ``o3_lambda=0`` and ``o3_sigma=1``
    :param eps: added to the variance
    :param elementwise_affine: multiply with learnable weights, and add the bias?
    :param bias: add a learnable bias?
    :param mean: subtract the mean?
    :param device: device of the parameters
    :param dtype: dtype of the parameters
    :raises TypeError: if a parameter has the wrong type
    :raises ValueError: if there is not one entry for each invariant key in a list

    >>> import torch
    >>> from metatensor import Labels
    >>> from metatensor.learn.nn import InvariantLayerNorm
    >>> keys = Labels(["o3_lambda", "o3_sigma"], torch.tensor([[0, 1], [1, 1]]))
    >>> InvariantLayerNorm(keys, in_features=4).module_map.module_list[1]
    Identity()
    """

    _name = "InvariantLayerNorm"

    def __init__(
        self,
        in_keys: Labels,
        in_features: Union[int, List[int]],
        out_properties: Optional[List[Labels]] = None,
        invariant_keys: Optional[Labels] = None,
        *,
        eps: Union[float, List[float]] = 1e-5,
        elementwise_affine: Union[bool, List[bool]] = True,
        bias: Union[bool, List[bool]] = True,
        mean: Union[bool, List[bool]] = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
    ) -> None:
        super().__init__()
        invariants = invariant_positions(in_keys, invariant_keys)
        modules: List[torch.nn.Module] = [torch.nn.Identity() for _ in range(len(in_keys))]
        layer_norms = _layer_norms(
            invariants,
            "invariant_keys",
            in_features,
            eps,
            elementwise_affine,
            bias,
            mean,
            device,
            dtype,
        )
        for position, module in zip(invariants, layer_norms):
            modules[position] = module
        self.module_map = ModuleMap(in_keys, modules, out_properties)


class _LayerNorm(Module):
    """
    Layer normalization of an array, over all its axes but the first.

    The affine transformation depends on the last axis only, which is where this is different from
    ``torch.nn.LayerNorm``.
    """

    def __init__(
        self,
        in_features: int,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
        mean: bool = True,
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.eps = eps
        self.mean = mean

        weight = bias_values = None
        if elementwise_affine:
            weight = torch.nn.Parameter(torch.ones(in_features, device=device, dtype=dtype))
            if bias:
                bias_values = torch.nn.Parameter(
                    torch.zeros(in_features, device=device, dtype=dtype)
                )
        self.register_parameter("weight", weight)
        self.register_parameter("bias", bias_values)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """
        Normalize an array.

        :param input: array with at least two axes, the last one of size ``in_features``. Its dtype
            is the one of the output, and may be different from the one of the parameters
        """
        if self.mean and not input.is_complex():
            output = torch.nn.functional.layer_norm(input, input.shape[1:], eps=self.eps)
        else:
            # `torch.var` takes longer, and warns about blocks without samples
            axes = list(range(1, input.dim()))
            centered = input - input.mean(axes, keepdim=True)
            variance = torch.real(centered * centered.conj()).mean(axes, keepdim=True)
            output = (centered if self.mean else input) / torch.sqrt(variance + self.eps)
        if self.weight is not None:
            output = output * self.weight
        if self.bias is not None:
            output = output + self.bias
        return output.to(input.dtype)

    def extra_repr(self) -> str:
        """What ``repr`` shows between the parentheses."""
        return (
            f"{self.in_features}, eps={self.eps}, elementwise_affine={self.weight is not None}, "
            f"bias={self.bias is not None}, mean={self.mean}"
        )


def _layer_norms(
    keys: Any,
    keys_name: str,
    in_features: Union[int, List[int]],
    eps: Union[float, List[float]],
    elementwise_affine: Union[bool, List[bool]],
    bias: Union[bool, List[bool]],
    mean: Union[bool, List[bool]],
    device: Optional[torch.device],
    dtype: Optional[torch.dtype],
) -> List[torch.nn.Module]:
    """One layer normalization for each of the keys."""
    modules: List[torch.nn.Module] = []
    for n_features, key_eps, is_affine, has_bias, removes_mean in zip(
        one_value_per_key(in_features, "in_features", int, keys, keys_name),
        one_value_per_key(eps, "eps", float, keys, keys_name),
        one_value_per_key(elementwise_affine, "elementwise_affine", bool, keys, keys_name),
        one_value_per_key(bias, "bias", bool, keys, keys_name),
        one_value_per_key(mean, "mean", bool, keys, keys_name),
    ):
        modules.append(
            _LayerNorm(n_features, key_eps, is_affine, has_bias, device, dtype, removes_mean)
        )
    return modules
