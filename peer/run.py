"""Compare this package with the published ones: ``python peer/run.py [CASE ...]``.

Runs each case in the published environment and in the environments under test, compares what they
recorded, and prints a table. The exit code is 1 if a difference is not explained in
``differences.py``.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import environments
import record
from compare import first_difference, summary
from differences import DIFFERENCES, Difference

HERE = Path(__file__).parent
REPORTED_DIFFERENCES = 20


@dataclass(frozen=True)
class Case:
    """A module of ``cases/``, the environments to test, and whether they exchange files."""

    tested: tuple[str, ...]
    exchanges: bool = False


CASES = {
    "core": Case(("ours", "swapped-core")),
    "operations": Case(("ours", "swapped-core")),
    "learn": Case(("ours", "swapped-all")),
    "script": Case(("ours", "swapped-torch", "swapped-all")),
    "atomistic": Case(("ours", "swapped-metatomic", "swapped-all")),
    "files": Case(("ours", "swapped-core"), exchanges=True),
    "archives": Case(("ours", "swapped-all"), exchanges=True),
    "clients": Case(("clients", "swapped-all")),
}


@dataclass
class Comparison:
    """What came out of one case in one environment."""

    case: str
    environment: str
    equal: int = 0
    intended: int = 0
    unexplained: int = 0


def main() -> int:
    arguments = parse_arguments()
    if not arguments.compare_only:
        run_cases(arguments)

    explained: Counter[Difference] = Counter()
    comparisons = [
        compare(case, environment, arguments.output, explained)
        for case in arguments.cases
        for environment in CASES[case].tested
    ]
    unused = [d for d in DIFFERENCES if d.case in arguments.cases and not explained[d]]
    print_table(comparisons, explained, unused)
    return 1 if unused or any(c.unexplained for c in comparisons) else 0


def run_cases(arguments: argparse.Namespace) -> None:
    """Run all steps in all environments, which are made if they are missing."""
    pythons = environments.prepare(
        needed(arguments.cases), arguments.environments, arguments.published, arguments.ours
    )
    for case in arguments.cases:
        shutil.rmtree(arguments.output / case, ignore_errors=True)
    run_steps(list(first_steps(arguments.cases, arguments.output)), pythons, arguments.jobs)
    run_steps(list(exchanges(arguments.cases, arguments.output)), pythons, arguments.jobs)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare this package with the published ones.")
    parser.add_argument(
        "cases", nargs="*", default=list(CASES), metavar="CASE", help=f"of {', '.join(CASES)}"
    )
    parser.add_argument("--ours", default=sys.executable, help="Python with this package")
    parser.add_argument("--published", help="Python with the published packages")
    parser.add_argument(
        "--environments", type=Path, default=Path(".venv-peer"), help="where they are made"
    )
    parser.add_argument("--output", type=Path, default=Path("build/peer"), help="records and files")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    parser.add_argument(
        "--compare-only", action="store_true", help="compare again what an earlier run recorded"
    )
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.cases) - CASES.keys())
    if unknown:
        parser.error(f"unknown cases {', '.join(unknown)}: expected some of {', '.join(CASES)}")
    return arguments


def needed(cases: list[str]) -> set[str]:
    return {"published"}.union(*(CASES[case].tested for case in cases))


@dataclass(frozen=True)
class Step:
    """One process: a case in an environment, with the files of another environment or without."""

    case: str
    environment: str
    folder: Path
    other: Path | None = None


def first_steps(cases: list[str], output: Path) -> Iterator[Step]:
    for case in cases:
        for environment in ("published", *CASES[case].tested):
            yield Step(case, environment, output / case / environment)


def exchanges(cases: list[str], output: Path) -> Iterator[Step]:
    for case in cases:
        if not CASES[case].exchanges:
            continue
        folder = output / case
        for tested in CASES[case].tested:
            for reader, writer in (("published", tested), (tested, "published")):
                yield Step(case, reader, folder / f"{reader}-reads-{writer}", folder / writer)


def run_steps(steps: list[Step], pythons: dict[str, Path], jobs: int) -> None:
    """Run all steps, ``jobs`` at a time; a step that fails as a whole stops everything."""

    def run(step: Step) -> str | None:
        command = [pythons[step.environment], HERE / "side.py", step.case, step.folder]
        command += [step.other] if step.other else []
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            list(map(str, command)), env=environment, capture_output=True, text=True
        )
        if done.returncode == 0:
            return None
        return f"{step.case} in '{step.environment}' failed ({done.returncode}):\n{done.stderr}"

    with ThreadPoolExecutor(jobs) as pool:
        failures = [failure for failure in pool.map(run, steps) if failure]
    if failures:
        sys.exit("\n".join(failures))


def compare(
    case: str, environment: str, output: Path, explained: Counter[Difference]
) -> Comparison:
    """Compare the records of ``environment`` with the published ones; print what is unexplained."""
    comparison = Comparison(case, environment)
    folder = output / case
    pairs = [(folder / "published", folder / environment)]
    if CASES[case].exchanges:
        # both have read the other's files: what they saw must be equal too
        pairs.append(
            (
                folder / f"published-reads-{environment}",
                folder / f"{environment}-reads-published",
            )
        )
    candidates = [
        difference
        for difference in DIFFERENCES
        if difference.case == case and re.fullmatch(difference.environment, environment)
    ]
    for published, tested in pairs:
        compare_records(
            record.load(published), record.load(tested), candidates, comparison, explained
        )
    return comparison


def compare_records(
    published: dict[str, record.Result],
    tested: dict[str, record.Result],
    candidates: list[Difference],
    comparison: Comparison,
    explained: Counter[Difference],
) -> None:
    for name in sorted(published.keys() ^ tested.keys()):
        report(comparison, name, "recorded on one side only")

    for name in filter(tested.__contains__, published):
        if published[name] == tested[name]:
            comparison.equal += 1
            continue
        expected, found = published[name].outcome(), tested[name].outcome()
        difference = first_difference(expected, found)
        if difference is None:
            comparison.equal += 1
            continue
        kinds = summary(expected), summary(found)
        reason = next((d for d in candidates if d.explains(name, *kinds)), None)
        if reason is None:
            report(comparison, name, " / ".join(kinds) if kinds[0] != kinds[1] else difference)
        else:
            explained[reason] += 1
            comparison.intended += 1


def report(comparison: Comparison, name: str, what: str) -> None:
    """Count a difference that nothing explains, and print the first ones."""
    comparison.unexplained += 1
    if comparison.unexplained <= REPORTED_DIFFERENCES:
        print(f"{comparison.case}, {comparison.environment}: {name}: {what}")


def print_table(
    comparisons: list[Comparison], explained: Counter[Difference], unused: list[Difference]
) -> None:
    print("\nIntended differences (published / tested)")
    for difference, count in explained.items():
        print(f"{count:6}  {difference.case}: {difference.result}: {difference.why}")
    for difference in unused:
        print(f"  NONE  {difference.case}: {difference.result}: explains nothing, remove it")

    print(f"\n{'case':12}{'environment':20}{'equal':>8}{'intended':>10}{'different':>11}")
    for c in comparisons:
        print(f"{c.case:12}{c.environment:20}{c.equal:8}{c.intended:10}{c.unexplained:11}")


if __name__ == "__main__":
    sys.exit(main())
