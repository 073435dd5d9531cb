"""
Build the fuzzers of ``core/fuzz`` and run them.

Everything is in ``build/fuzz``: what a run learns (the corpus) is there for the next one. The exit
status is 1 if something was found, with the path of the input that shows it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "core" / "fuzz"

NO_CLANG = """\
no clang was found: libFuzzer is a part of it. Install clang and its run time libraries, for example
    apt install clang libclang-rt-dev
    conda install -c conda-forge clangxx compiler-rt
or set CC and CXX to an existing one."""

#: names of the fuzzers, and the number of bytes of their largest inputs
MAX_LENGTHS = {
    "load_bytes": 8192,
    "load_archive": 8192,
    "load_files": 8192,
    "load_npy": 4096,
    "load_info": 1024,
    "inflate": 4096,
}

#: short inputs come first; hangs and large allocations are findings
OPTIONS = ["-len_control=100", "-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=512"]


@dataclass
class Result:
    """What came out of one fuzzer."""

    name: str
    executions: int
    coverage: int
    corpus: int
    findings: list[Path]

    def __str__(self) -> str:
        line = (
            f"{self.name:14} {self.executions:>12,} executions  {self.coverage:>6} edges covered"
            f"  {self.corpus:>6} inputs kept  {len(self.findings):>3} findings"
        )
        return "\n".join([line, *(f"    reproduce with: {path}" for path in self.findings)])


def find_compilers() -> tuple[str, str]:
    """The C and C++ compilers: those of the environment, or the newest clang."""
    if "CC" in os.environ and "CXX" in os.environ:
        return os.environ["CC"], os.environ["CXX"]
    for suffix in ["", *(f"-{version}" for version in range(30, 13, -1))]:
        compilers = shutil.which(f"clang{suffix}"), shutil.which(f"clang++{suffix}")
        if all(compilers):
            return compilers
    sys.exit(NO_CLANG)


def build(directory: Path, jobs: int) -> None:
    """Build all of the fuzzers."""
    c_compiler, cxx_compiler = find_compilers()
    configure = [
        *("cmake", "-S", SOURCES, "-B", directory),
        f"-DCMAKE_C_COMPILER={c_compiler}",
        f"-DCMAKE_CXX_COMPILER={cxx_compiler}",
        f"-DPython_EXECUTABLE={sys.executable}",
    ]
    subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", directory, "--parallel", str(jobs)], check=True)


def run(directory: Path, name: str, seconds: int) -> Result:
    """Run one fuzzer, and save its output next to its corpus."""
    corpus = directory / "corpus" / name
    findings = directory / "findings" / name
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    for previous in findings.iterdir():
        # found again now, unless it is corrected
        previous.rename(corpus / previous.name)
    command = [
        directory / f"fuzz_{name}",
        corpus,
        directory / "seeds" / name,
        f"-max_total_time={seconds}",
        f"-max_len={MAX_LENGTHS[name]}",
        f"-dict={SOURCES / 'formats.dict'}",
        f"-artifact_prefix={findings}/",
        "-print_final_stats=1",
        *OPTIONS,
    ]
    log = directory / f"{name}.log"
    with open(log, "wb") as output:
        process = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)

    text = log.read_text(errors="replace")
    found = sorted(findings.iterdir())
    if process.returncode != 0 and not found:
        sys.exit(f"fuzz_{name} failed:\n{text[-4000:]}")
    return Result(
        name,
        executions=last_number(r"stat::number_of_executed_units:\s+(\d+)", text),
        coverage=last_number(r" cov: (\d+)", text),
        corpus=sum(1 for _ in corpus.iterdir()),
        findings=found,
    )


def last_number(pattern: str, text: str) -> int:
    numbers = re.findall(pattern, text)
    return int(numbers[-1]) if numbers else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=900, help="duration of all of the run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes at a time")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "fuzz", metavar="DIRECTORY")
    parser.add_argument("--only", choices=MAX_LENGTHS, nargs="+", default=list(MAX_LENGTHS))
    arguments = parser.parse_args()

    directory = arguments.build.resolve()
    build(directory, arguments.jobs)
    seeds = directory / "seeds"
    subprocess.run([sys.executable, SOURCES / "make_seeds.py", seeds], check=True)

    names = arguments.only
    jobs = min(arguments.jobs, len(names))
    seconds = max(1, arguments.seconds * jobs // len(names))
    print(f"{len(names)} fuzzers, {seconds} s each, {jobs} at a time")
    with ThreadPoolExecutor(jobs) as executor:
        results = []
        for result in executor.map(lambda name: run(directory, name, seconds), names):
            print(result, flush=True)
            results.append(result)
    if any(result.findings for result in results):
        sys.exit(1)


if __name__ == "__main__":
    main()
