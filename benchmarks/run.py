"""
Benchmarks of metatensor against the published packages with the same interface, and against the
plain numpy or torch code that one would write instead.

    python benchmarks/run.py [--only NAME] [--quick] [--wall] [--no-published]

Each suite of `benchmarks/suites` runs in two processes: one with this interpreter, one with that of
an environment where the published packages are installed. Measurements alternate between them, so
that a machine which becomes slower or faster changes both sides. Times are those of the processor,
on one thread: other programs on the same machine disturb them less than times of a clock on the
wall. The best of several rounds counts; the tables also show how far the median is above it, and
the target after each ratio. Complete suites are written to `docs/benchmarks.md`, unless the run is
a quick one.
"""

import argparse
import contextlib
import datetime
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from report import HEADER, Row, table, write_section

FOLDER = Path(__file__).parent
PUBLISHED = FOLDER.parent / ".venv-peer" / "published" / "bin" / "python"
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
SUITES = [
    "labels",
    "blocks",
    "tensor",
    "files",
    "mapping",
    "memory",
    "operations",
    "torch",
    "training",
    "dynamics",
    "loading",
    "compile",
]

ROUNDS = 5
QUICK_ROUNDS = 2
# on the terminal
COLUMN_WIDTHS = [62, 18, 18, 18, 34, 14]


@dataclass
class Results:
    """
    :param rows: results of the benchmarks that were run
    :param complete: are these all benchmarks of the suite?
    :param environment: when, on which machine, and with which packages
    """

    rows: list[Row]
    complete: bool
    environment: str


class WorkerError(Exception):
    """A benchmark failed in one of the environments."""


class WorkerProcess:
    """One suite in another process, see `worker.py`."""

    def __init__(self, python: str, suite: str, clock: str):
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        # several threads would add noise, on both sides
        environment.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
        self._process = subprocess.Popen(
            [python, FOLDER / "worker.py", suite, clock],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, action: str, **arguments: object) -> object:
        request = json.dumps({"action": action, **arguments})
        try:
            print(request, file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise WorkerError(f"the process has stopped, with status {self._process.wait()}")
        answer = json.loads(answer)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer["result"]


def measure(benchmark: dict, index: int, workers: dict[str, WorkerProcess], rounds: int) -> Row:
    """Measure one benchmark in all workers, in turn."""
    row = Row(**benchmark)
    # where to measure, and what, for each column of the results
    sides = {name: (worker, "run") for name, worker in workers.items()}
    if row.baseline:
        sides["baseline"] = (workers["ours"], "baseline")

    def try_to_ask(side: str, action: str, **arguments: object) -> object:
        try:
            return sides[side][0].ask(action, **arguments)
        except WorkerError as error:
            print(f"{row.name}, {side}: {error}", file=sys.stderr)
            del sides[side]
            return None

    for name in workers:
        try_to_ask(name, "start", index=index)
    for _ in range(rounds):
        for side in list(sides):
            result = try_to_ask(side, "measure", what=sides[side][1])
            if result is not None:
                row.results.setdefault(side, []).append(result)
    return row


def print_line(first: str, others: list[str], end: str = "") -> None:
    first_width, *widths = COLUMN_WIDTHS
    shown = [f"{cell:>{width}}" for cell, width in zip(others, widths, strict=True)]
    print(f"{first:<{first_width}}", *shown, end, flush=True)


def print_row(row: Row) -> None:
    name, *results = row.cells()
    print_line(name, results, "  MISSES ITS TARGET" if row.misses_target else "")


def run_suite(
    suite: str, pattern: str, interpreters: dict[str, str], options: argparse.Namespace
) -> Results:
    """Run the benchmarks of a suite that have ``pattern`` in their name."""
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    with contextlib.ExitStack() as stack:

        def start_worker(name: str) -> WorkerProcess:
            return stack.enter_context(WorkerProcess(interpreters[name], suite, options.clock))

        workers = {"ours": start_worker("ours")}
        description = workers["ours"].ask("describe")
        benchmarks = description["benchmarks"]
        selected = [i for i, benchmark in enumerate(benchmarks) if pattern in benchmark["name"]]
        if not selected:
            return Results([], False, "")
        if "published" in interpreters and not description["only_ours"]:
            workers["published"] = start_worker("published")

        print_line(description["title"], HEADER[1:])
        rows = []
        for index in selected:
            rows.append(measure(benchmarks[index], index, workers, rounds))
            print_row(rows[-1])
        print()
        versions = {name: worker.ask("versions") for name, worker in workers.items()}
        return Results(rows, len(rows) == len(benchmarks), describe_run(versions, options.clock))


def describe_run(versions: dict[str, dict[str, str]], clock: str) -> str:
    lines = [
        f"{datetime.date.today()}; {processor()}, {os.cpu_count()} cores; {clock} time, one thread."
    ]
    for name, packages in versions.items():
        listed = ", ".join(f"{package} {version}" for package, version in packages.items())
        lines.append(f"{name.capitalize()}: {listed}.")
    return "\n".join(lines)


def processor() -> str:
    try:
        information = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    fields = (line.partition(":") for line in information.splitlines())
    return next(value.strip() for name, _, value in fields if name.strip() == "model name")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.strip().split("\n\n")[0])
    parser.add_argument(
        "--only",
        default="",
        metavar="NAME",
        help="only this suite, or the work with this text in its name",
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ROUNDS} rounds of each")
    parser.add_argument(
        "--wall",
        dest="clock",
        action="store_const",
        const="wall",
        default="cpu",
        help="measure wall time instead of processor time",
    )
    parser.add_argument(
        "--published",
        default=PUBLISHED,
        metavar="PYTHON",
        help="interpreter of the environment with the published packages (default: %(default)s)",
    )
    parser.add_argument(
        "--no-published", action="store_true", help="compare with numpy and torch only"
    )
    options = parser.parse_args()
    if not options.no_published and not Path(options.published).exists():
        parser.error(f"there is no {options.published}; give --published or --no-published")
    return options


def main(options: argparse.Namespace) -> int:
    interpreters = {"ours": sys.executable}
    if not options.no_published:
        interpreters["published"] = options.published

    is_suite = options.only in SUITES
    missed = 0
    for suite in [options.only] if is_suite else SUITES:
        results = run_suite(suite, "" if is_suite else options.only, interpreters, options)
        missed += sum(row.misses_target for row in results.rows)
        if results.complete and not options.quick and not options.no_published:
            write_section(PAGE, suite, f"\n{table(results.rows)}\n{results.environment}\n\n")
    print(f"{missed} of the measured targets are missed")
    return 0


if __name__ == "__main__":
    sys.exit(main(arguments()))
