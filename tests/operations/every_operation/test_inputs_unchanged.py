"""No operation modifies what it is given, whether it succeeds or not."""

import contextlib
import warnings

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st


def content(value):
    """All there is in a tensor map, block, labels or array, as plain values."""
    if isinstance(value, np.ndarray):
        return (value.dtype.str, value.shape, value.strides, value.tobytes())
    if isinstance(value, torch.Tensor):
        return (value.requires_grad, value._version, content(value.detach().numpy()))
    if hasattr(value, "blocks"):
        return (content(value.keys), [content(block) for block in value.blocks()], value.info())
    if hasattr(value, "gradients"):
        return (
            content(value.values),
            [content(axis) for axis in (value.samples, *value.components, value.properties)],
            [(parameter, content(gradient)) for parameter, gradient in value.gradients()],
        )
    return (value.names, content(value.values))


@settings(max_examples=6)
@given(
    n_samples=st.integers(0, 4),
    n_properties=st.integers(0, 3),
    convert=st.sampled_from([np.asarray, np.asfortranarray, torch.from_numpy]),
)
def test_inputs_do_not_change(every, call, n_samples, n_properties, convert):
    inputs = every.make_inputs(convert, n_samples=n_samples, n_properties=n_properties)
    inputs.a.set_info("author", "somebody")
    before = [content(tensor) for tensor in (inputs.a, inputs.b)]
    # empty matrices and the like are errors, and must not leave anything half done
    with contextlib.suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        every.run(call, inputs)
    assert [content(tensor) for tensor in (inputs.a, inputs.b)] == before
