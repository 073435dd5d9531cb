"""
Runs the benchmarks of one suite in the environment of the interpreter that executes this file.

    python worker.py SUITE cpu|wall

Requests come as lines of JSON on the standard input, and are answered in the same way on the
standard output, so that `run.py` can alternate between the workers of two environments.
"""

import importlib
import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Callable

from harness import Clock, Measurement, Suite

PACKAGES = [
    "metatensor",
    "metatensor-core",
    "metatensor-operations",
    "metatensor-torch",
    "metatomic-torch",
    "numpy",
    "torch",
]


class Worker:
    def __init__(self, suite: Suite, clock: Clock):
        self._suite = suite
        self._clock = clock
        self._measurement: Measurement | None = None

    def describe(self) -> dict:
        fields = ["name", "faster", "baseline", "at_most", "unit"]
        return {
            "title": self._suite.title,
            "only_ours": self._suite.only_ours,
            "benchmarks": [
                {field: getattr(benchmark, field) for field in fields}
                for benchmark in self._suite.benchmarks
            ],
        }

    def versions(self) -> dict:
        found = {"Python": platform.python_version()}
        for package in PACKAGES:
            try:
                found[package] = importlib.metadata.version(package)
            except importlib.metadata.PackageNotFoundError:
                continue
        return found

    def start(self, index: int) -> None:
        self._measurement = None  # release the data of the previous benchmark first
        self._measurement = self._suite.benchmarks[index].start(self._clock)

    def measure(self, what: str) -> float:
        return self._measurement.measure(what)


def answer(action: Callable[..., object], arguments: dict) -> dict:
    try:
        return {"result": action(**arguments)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def main(suite_name: str, clock_name: str) -> None:
    # the standard output is for the answers only
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    clock = {"cpu": time.process_time, "wall": time.perf_counter}[clock_name]
    worker = Worker(importlib.import_module(f"suites.{suite_name}").suite, clock)
    for line in sys.stdin:
        request = json.loads(line)
        action = getattr(worker, request.pop("action"))
        print(json.dumps(answer(action, request)), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
