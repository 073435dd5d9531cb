"""Labels with a million entries."""

from collections.abc import Callable

import numpy as np
from data import as_integers, pairs, shuffled
from harness import Suite, Work

from metatensor import Labels

NAMES = ["system", "atom"]
COUNT = 1_000_000

suite = Suite("Labels with 1,000,000 entries of two dimensions")


def halves() -> tuple[Labels, Labels]:
    """Half of all entries each, of which one half is in both."""
    values = shuffled(pairs(COUNT))
    first = Labels(NAMES, values[: COUNT // 2].copy())
    second = Labels(NAMES, values[COUNT // 4 : 3 * COUNT // 4].copy())
    # the operations of most programs come after some lookup
    first.position([0, 0])
    second.position([0, 0])
    return first, second


@suite.add("create, sorted entries", faster=2, baseline="numpy.sort")
def create_sorted() -> Work:
    values = pairs(COUNT)
    return Work(
        lambda fresh: Labels(NAMES, fresh),
        prepare=values.copy,
        baseline=lambda: np.sort(as_integers(values)),
    )


@suite.add("create, shuffled entries", faster=2, baseline="numpy.sort")
def create_shuffled() -> Work:
    values = shuffled(pairs(COUNT))
    return Work(
        lambda fresh: Labels(NAMES, fresh),
        prepare=values.copy,
        baseline=lambda: np.sort(as_integers(values)),
    )


@suite.add("first lookup, sorted entries", faster=2)
def lookup_sorted() -> Work:
    values = pairs(COUNT)
    return Work(
        lambda labels: labels.position([500, 500]), prepare=lambda: Labels(NAMES, values.copy())
    )


@suite.add("first lookup, shuffled entries", faster=2)
def lookup_shuffled() -> Work:
    values = shuffled(pairs(COUNT))
    return Work(
        lambda labels: labels.position([500, 500]), prepare=lambda: Labels(NAMES, values.copy())
    )


@suite.add("create and first lookup, shuffled entries", faster=2)
def create_and_lookup() -> Work:
    values = shuffled(pairs(COUNT))
    return Work(lambda fresh: Labels(NAMES, fresh).position([500, 500]), prepare=values.copy)


@suite.add("union of 500,000 and 500,000", faster=5)
def union() -> Callable:
    first, second = halves()
    return lambda: first.union(second)


@suite.add("intersection of 500,000 and 500,000, with mappings", faster=2)
def intersection() -> Callable:
    first, second = halves()
    return lambda: first.intersection_and_mapping(second)


@suite.add("difference of 500,000 and 500,000", faster=2)
def difference() -> Callable:
    first, second = halves()
    return lambda: first.difference(second)


def selection_work(values: np.ndarray) -> Work:
    systems = np.arange(0, COUNT // 1000, 10, dtype=np.int32)
    labels = Labels(NAMES, values.copy())
    selection = Labels(["system"], systems.reshape(-1, 1))
    return Work(
        lambda: labels.select(selection),
        baseline=lambda: np.nonzero(np.isin(values[:, 0], systems))[0],
    )


@suite.add("select 10 % of sorted entries", faster=2, baseline="numpy.isin")
def select_sorted() -> Work:
    return selection_work(pairs(COUNT))


@suite.add("select 10 % of shuffled entries", faster=2, baseline="numpy.isin")
def select_shuffled() -> Work:
    return selection_work(shuffled(pairs(COUNT)))
