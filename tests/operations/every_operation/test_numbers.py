"""All types of numbers."""

import ml_dtypes
import numpy as np
import pytest
import torch

from metatensor import MetatensorError, remove_gradients

FLOATS = ["float64", "float32", "float16", "bfloat16"]
COMPLEX = ["complex128", "complex64"]
INTEGERS = ["int8", "int32", "int64", "uint8", "bool"]

#: calls that a type does not allow
REFUSED = {
    # LAPACK has no half precision
    ("numpy", "float16"): {"lstsq": TypeError, "solve": TypeError},
    ("torch", "float16"): {"lstsq": RuntimeError, "solve": RuntimeError},
    ("torch", "bfloat16"): {"lstsq": RuntimeError, "solve": RuntimeError},
    # the values would be real, and the gradients complex
    ("torch", "complex128"): {"abs": MetatensorError},
    ("torch", "complex64"): {"abs": MetatensorError},
    # torch has no linear algebra and no random numbers for integers
    **{
        ("torch", dtype): {name: RuntimeError for name in ("lstsq", "solve", "random_uniform")}
        for dtype in INTEGERS[:-1]
    },
    ("torch", "bool"): {
        name: RuntimeError for name in ("abs", "dot", "lstsq", "solve", "random_uniform")
    },
    # a matrix of True is singular
    ("numpy", "bool"): {"solve": np.linalg.LinAlgError},
}

#: calls which give floating point numbers for integers and booleans
FLOATING = (
    *("add scalar", "subtract", "multiply scalar", "divide", "pow", "lstsq", "solve"),
    *("mean_over", "var_over", "std_over"),
)

#: calls with explicit gradients as arguments: there are none for integers
NEED_GRADIENTS = (
    *("zeros_like", "ones_like", "random_uniform_like", "empty_like"),
    *("remove_gradients", "unique_metadata", "join properties, other"),
)

#: calls in which NumPy changes ``bfloat16``, which is not one of its own types, to ``float32``
NUMPY_PROMOTES = (*FLOATING, "dot")

#: relative to the largest number
TOLERANCES = {"float32": 1e-5, "complex64": 1e-5, "float16": 0.02, "bfloat16": 0.15}


def converter(library, dtype):
    """Make arrays of this type, with numbers that it can have."""

    def convert(array):
        if dtype == "bool":
            array = array > 0
        elif dtype in INTEGERS:
            array = np.round(3 * array)
        elif dtype in COMPLEX:
            array = array * (1 + 0.5j)
        if library == "torch":
            return torch.from_numpy(array).to(getattr(torch, dtype))
        return array.astype(getattr(ml_dtypes, dtype) if dtype == "bfloat16" else dtype)

    return convert


def with_converted(every, convert, with_gradients):
    inputs = every.make_inputs(convert)
    if with_gradients:
        return inputs
    return every.Inputs(remove_gradients(inputs.a), remove_gradients(inputs.b), convert)


def as_double(array):
    """The same numbers in the largest type of their kind, as NumPy array."""
    if isinstance(array, torch.Tensor):
        array = array.to(torch.complex128 if array.is_complex() else torch.float64).numpy()
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def is_refused(every, call, library, dtype, inputs):
    error = REFUSED.get((library, dtype), {}).get(call)
    if error is not None:
        with pytest.raises(error):
            every.run(call, inputs)
    return error is not None


@pytest.mark.parametrize("dtype", FLOATS + COMPLEX)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_floating_point(every, library, dtype):
    """The type stays, and the numbers are the ones of double precision, up to rounding."""
    convert = converter(library, dtype)
    for call in every.calls:
        inputs = every.make_inputs(convert)
        if is_refused(every, call, library, dtype, inputs):
            continue
        if (library, dtype) == ("numpy", "bfloat16") and call.startswith(NUMPY_PROMOTES):
            continue
        exact = every.make_inputs(lambda array: as_double(convert(array)))
        actual = every.arrays_of(every.run(call, inputs))
        expected = every.arrays_of(every.run(call, exact))
        for array, other in zip(actual, expected, strict=True):
            assert array.dtype == inputs.block.values.dtype, call
            if library == "torch" and call.startswith("random"):
                continue  # torch has its own generator
            error = np.abs(as_double(array) - other).max(initial=0.0)
            assert error <= TOLERANCES.get(dtype, 1e-12) * np.abs(other).max(initial=1.0), call


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_integers(every, library, dtype):
    """They stay integers, unless the result is not one."""
    convert = converter(library, dtype)
    default = np.float64 if library == "numpy" else torch.get_default_dtype()
    for call in every.calls:
        if call.startswith(NEED_GRADIENTS):
            continue
        inputs = with_converted(every, convert, with_gradients=False)
        if is_refused(every, call, library, dtype, inputs):
            continue
        expected = default if call.startswith(FLOATING) else inputs.block.values.dtype
        for array in every.arrays_of(every.run(call, inputs)):
            assert array.dtype == expected, call


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_integers_with_gradients(every, library):
    """Adding a number changes the type of the values, but not of the gradients: an error."""
    inputs = every.make_inputs(converter(library, "int64"))
    for call in ("add scalar", "subtract scalar"):
        with pytest.raises(MetatensorError):
            every.run(call, inputs)
    for call in every.calls:
        if call.startswith(("mean_over", "var_over", "std_over", "multiply", "divide")):
            dtypes = {array.dtype for array in every.arrays_of(every.run(call, inputs))}
            assert len(dtypes) == 1


def test_averages_of_no_integers(every):
    """Blocks without entries have the same type as the others."""
    arrays = [every.draw_arrays(1)[0], every.draw_arrays(1, n_samples=0)[0]]
    tensor = every.make_tensor([[np.round(array).astype(np.int64) for array in a] for a in arrays])
    for call in every.calls:
        if "_over_samples" in call and not call.endswith(("_block", "all")):
            result = every.run(call, every.Inputs(tensor, tensor, np.asarray))
            assert result.block_by_id(1).values.dtype == result.block_by_id(0).values.dtype
