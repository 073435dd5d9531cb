"""Operations: small blocks show the overheads, one large block what is done to arrays."""

from collections.abc import Callable

import numpy as np
from data import arrays, pairs, shuffled, tensor_map
from harness import Suite, Work

import metatensor
from metatensor import Labels, TensorBlock, TensorMap

suite = Suite("Operations on numpy arrays")

SIZES = {
    "1,000 blocks of 20 x 5 x 10": {"n_blocks": 1000},
    "one block of 100,000 x 100": {"n_blocks": 1, "shape": (100_000, 100)},
}
MANY, LARGE = SIZES
# for one large block: never slower than 1.1 times the published time
NOT_SLOWER = 1 / 1.1

# operations on two maps, and the same on two arrays
ELEMENT_WISE = {
    "add": (metatensor.add, np.add),
    "subtract": (metatensor.subtract, np.subtract),
    "multiply": (metatensor.multiply, np.multiply),
    "divide": (metatensor.divide, np.divide),
    "pow": (lambda first, _: metatensor.pow(first, 2), lambda first, _: first**2),
    "abs": (lambda first, _: metatensor.abs(first), lambda first, _: np.abs(first)),
}

# the gradients of these, from the values `a` and `b`, and the gradients `g` and `h` of two blocks:
# `a[rows]` is what has to be used with each sample of the gradient
GRADIENTS = {
    "add": lambda a, b, g, h, rows: g + h,
    "subtract": lambda a, b, g, h, rows: g - h,
    "multiply": lambda a, b, g, h, rows: a[rows] * h + b[rows] * g,
    "divide": lambda a, b, g, h, rows: g / b[rows] - (a / (b * b))[rows] * h,
    "pow": lambda a, b, g, h, rows: (2 * a)[rows] * g,
    "abs": lambda a, b, g, h, rows: np.sign(a)[rows] * g,
}


def slice_half(tensor: TensorMap) -> TensorMap:
    atoms = Labels(["atom"], np.array([[1], [3]], dtype=np.int32))
    return metatensor.slice(tensor, "samples", atoms)


# operations on two maps with the same values and metadata
COMPARISONS = {"equal_metadata": metatensor.equal_metadata, "allclose": metatensor.allclose}

ON_ONE_MAP = {
    "slice": slice_half,
    "sort": lambda tensor: metatensor.sort(tensor, descending=True),
    "sum_over_samples": lambda tensor: metatensor.sum_over_samples(tensor, "atom"),
    "mean_over_samples": lambda tensor: metatensor.mean_over_samples(tensor, "atom"),
    "unique_metadata": lambda tensor: metatensor.unique_metadata(tensor, "samples", "system"),
    "rename_dimension": lambda tensor: metatensor.rename_dimension(
        tensor, "samples", "atom", "center"
    ),
}


def element_wise(name: str, **description: object) -> Callable[[], Work]:
    operation, numpy_operation = ELEMENT_WISE[name]

    def set_up() -> Work:
        first, second = tensor_map(**description, seed=0), tensor_map(**description, seed=1)
        array_pairs = list(zip(arrays(first), arrays(second), strict=True))
        return Work(
            lambda: operation(first, second),
            baseline=lambda: [numpy_operation(a, b) for a, b in array_pairs],
        )

    return set_up


def element_wise_with_gradients(name: str, **description: object) -> Callable[[], Work]:
    operation, numpy_operation = ELEMENT_WISE[name]
    numpy_gradient = GRADIENTS[name]

    def on_arrays(block_pairs: list[tuple[TensorBlock, TensorBlock]]) -> list[np.ndarray]:
        results = []
        for first, second in block_pairs:
            a, b = first.values, second.values
            g, h = first.gradient("positions"), second.gradient("positions")
            # gradients have one more component, which comes first
            rows = (g.samples.values[:, 0], np.newaxis)
            results.append(numpy_operation(a, b))
            results.append(numpy_gradient(a, b, g.values, h.values, rows))
        return results

    def set_up() -> Work:
        first = tensor_map(**description, gradients=True, seed=0)
        second = tensor_map(**description, gradients=True, seed=1)
        block_pairs = list(zip(first.blocks(), second.blocks(), strict=True))
        return Work(lambda: operation(first, second), baseline=lambda: on_arrays(block_pairs))

    return set_up


def comparison(name: str, **description: object) -> Callable[[], Callable]:
    def set_up() -> Callable:
        first, second = tensor_map(**description), tensor_map(**description)
        return lambda: COMPARISONS[name](first, second)

    return set_up


def on_one_map(name: str, **description: object) -> Callable[[], Callable]:
    def set_up() -> Callable:
        tensor = tensor_map(**description)
        return lambda: ON_ONE_MAP[name](tensor)

    return set_up


for name in ELEMENT_WISE:
    register = suite.add(f"{name}, {MANY}", faster=20, baseline="loop over arrays", at_most=4)
    register(element_wise(name, **SIZES[MANY]))
for name in ELEMENT_WISE:
    register = suite.add(f"{name}, {MANY} with gradients", faster=10, baseline="loop over arrays")
    register(element_wise_with_gradients(name, **SIZES[MANY]))
for name in COMPARISONS:
    suite.add(f"{name}, {MANY}", faster=5)(comparison(name, **SIZES[MANY]))
for name in ON_ONE_MAP:
    suite.add(f"{name}, {MANY}", faster=5)(on_one_map(name, **SIZES[MANY]))


@suite.add(f"join, {MANY} twice, half of the keys in both", faster=5)
def join_different_keys() -> Callable:
    first, second = tensor_map(1000), tensor_map(1000)
    keys = Labels("key", np.arange(500, 1500, dtype=np.int32).reshape(-1, 1))
    second = TensorMap(keys, [block.copy() for block in second.blocks()])
    return lambda: metatensor.join(
        [first, second], "samples", different_keys="union", add_dimension="tensor"
    )


@suite.add("join, samples of 1,000 maps of one block of 20 x 5 x 10", faster=5)
def join_maps() -> Callable:
    tensors = [tensor_map(1, seed=seed) for seed in range(1000)]
    return lambda: metatensor.join(tensors, "samples", add_dimension="tensor")


def large_sum(samples: np.ndarray) -> Callable:
    block = TensorBlock(
        np.random.default_rng(0).random((len(samples), 4)),
        Labels(["system", "atom"], samples),
        [],
        Labels.range("property", 4),
    )
    tensor = TensorMap(Labels.single(), [block])
    return lambda: metatensor.sum_over_samples(tensor, "atom")


@suite.add("sum_over_samples, 1,000,000 x 4, sorted, into 1,000 groups", faster=5)
def sum_sorted() -> Callable:
    return large_sum(pairs(1_000_000))


@suite.add("sum_over_samples, 1,000,000 x 4, shuffled, into 1,000 groups", faster=5)
def sum_shuffled() -> Callable:
    return large_sum(shuffled(pairs(1_000_000)))


for name in ELEMENT_WISE:
    register = suite.add(f"{name}, {LARGE}", faster=NOT_SLOWER, baseline="numpy")
    register(element_wise(name, **SIZES[LARGE]))
for name in COMPARISONS:
    suite.add(f"{name}, {LARGE}", faster=NOT_SLOWER)(comparison(name, **SIZES[LARGE]))
for name in ON_ONE_MAP:
    suite.add(f"{name}, {LARGE}", faster=NOT_SLOWER)(on_one_map(name, **SIZES[LARGE]))


@suite.add(f"join, {LARGE} twice", faster=NOT_SLOWER, baseline="numpy.concatenate")
def join_large() -> Work:
    tensors = [tensor_map(**SIZES[LARGE], seed=seed) for seed in (0, 1)]
    values = [arrays(tensor)[0] for tensor in tensors]
    return Work(
        lambda: metatensor.join(tensors, "samples", add_dimension="tensor"),
        baseline=lambda: np.concatenate(values),
    )
