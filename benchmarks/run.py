"""
Benchmarks of metatensor against the plain numpy or Python code that one would write instead.

    python benchmarks/run.py [FILTER]

Both sides of a row run in turn, in the same process. Times are medians; the ratio (baseline over
ours) is the median of the ratios of neighboring runs, which holds when the machine drifts.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from metatensor import Labels, TensorBlock, TensorMap

REPEATS = 7
MIN_SECONDS = 0.02


@dataclass
class Benchmark:
    name: str
    ours: Callable[[], object]
    baseline_name: str
    baseline: Callable[[], object]


def labels_benchmarks() -> Iterator[Benchmark]:
    n = 1_000_000
    rng = np.random.default_rng(0)
    ordered = np.stack([np.repeat(np.arange(n // 1000), 1000), np.tile(np.arange(1000), n // 1000)])
    ordered = np.ascontiguousarray(ordered.T, dtype=np.int32)
    shuffled = np.ascontiguousarray(rng.permutation(ordered))
    names = ["system", "atom"]

    def numpy_unique(values: np.ndarray) -> int:
        # the fastest numpy way: both columns as one 64-bit integer
        return len(np.unique(values.view(np.int64)))

    for kind, values in [("sorted", ordered), ("shuffled", shuffled)]:
        yield Benchmark(
            f"Labels of 1,000,000 x 2, {kind}",
            lambda values=values: Labels(names, values.copy()),
            "numpy.unique",
            lambda values=values: numpy_unique(values.copy()),
        )

    first = Labels(names, shuffled[: n // 2].copy())
    second = Labels(names, shuffled[n // 4 : 3 * n // 4].copy())
    first_values, second_values = first.values, second.values
    yield Benchmark(
        "union of 500,000 and 500,000 entries",
        lambda: first.union(second),
        "numpy.union1d",
        lambda: np.union1d(first_values.view(np.int64), second_values.view(np.int64)),
    )
    yield Benchmark(
        "intersection of 500,000 and 500,000 entries",
        lambda: first.intersection(second),
        "numpy.intersect1d",
        lambda: np.intersect1d(first_values.view(np.int64), second_values.view(np.int64)),
    )

    selection = Labels(["system"], np.arange(0, n // 1000, 10, dtype=np.int32).reshape(-1, 1))
    systems = np.arange(0, n // 1000, 10, dtype=np.int32)
    yield Benchmark(
        "select 10 % of 500,000 entries",
        lambda: first.select(selection),
        "numpy.isin",
        lambda: np.nonzero(np.isin(first_values[:, 0], systems))[0],
    )


def tensor_map(n_blocks: int) -> TensorMap:
    samples = Labels.range("sample", 20)
    components = [Labels.range("xyz", 5)]
    properties = Labels.range("property", 10)
    rng = np.random.default_rng(0)
    blocks = [
        TensorBlock(rng.random((20, 5, 10)), samples, components, properties)
        for _ in range(n_blocks)
    ]
    return TensorMap(Labels.range("key", n_blocks), blocks)


def tensor_benchmarks() -> Iterator[Benchmark]:
    n_blocks = 1000
    tensor = tensor_map(n_blocks)
    arrays = {i: tensor.block(i).values for i in range(n_blocks)}

    def each_values() -> None:
        for i in range(n_blocks):
            tensor.block(i).values  # noqa: B018

    def each_array() -> None:
        for i in range(n_blocks):
            arrays[i]

    yield Benchmark("values of 1000 blocks", each_values, "dict of arrays", each_array)
    yield Benchmark(
        "keys_to_properties, 1000 blocks of 20 x 5 x 10",
        lambda: tensor.keys_to_properties("key"),
        "numpy.concatenate",
        lambda: np.concatenate(list(arrays.values()), axis=-1),
    )
    yield Benchmark(
        "keys_to_samples, 1000 blocks of 20 x 5 x 10",
        lambda: tensor.keys_to_samples("key"),
        "numpy.concatenate",
        lambda: np.concatenate(list(arrays.values()), axis=0),
    )
    yield Benchmark(
        "add two maps of 1000 blocks of 20 x 5 x 10",
        lambda: tensor + tensor,
        "loop over arrays",
        lambda: [a + a for a in arrays.values()],
    )


def seconds_per_call(function: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def calls_for(function: Callable[[], object]) -> int:
    """Enough calls for a measurable time; this is the warm-up too."""
    seconds = seconds_per_call(function, 1)
    return max(1, round(MIN_SECONDS / max(seconds, 1e-9)))


def run(benchmark: Benchmark) -> None:
    ours_calls = calls_for(benchmark.ours)
    baseline_calls = calls_for(benchmark.baseline)
    ours, baseline = [], []
    for _ in range(REPEATS):
        ours.append(seconds_per_call(benchmark.ours, ours_calls))
        baseline.append(seconds_per_call(benchmark.baseline, baseline_calls))

    ratio = statistics.median(b / o for o, b in zip(ours, baseline, strict=True))
    print(
        f"{benchmark.name:<48} {1e3 * statistics.median(ours):9.3f} ms  "
        f"{benchmark.baseline_name:>18} {1e3 * statistics.median(baseline):9.3f} ms  {ratio:7.2f}x",
        flush=True,
    )


def main(pattern: str) -> None:
    print(f"{'work':<48} {'metatensor':>12}  {'baseline':>31}  {'ratio':>8}")
    for benchmark in [*labels_benchmarks(), *tensor_benchmarks()]:
        if pattern in benchmark.name:
            run(benchmark)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
