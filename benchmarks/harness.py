"""How the benchmarks of a suite are declared, and measured in one process."""

import gc
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field

# one measurement calls the work until this much time has passed
MIN_SECONDS = 0.05
# ... or this many times, if something has to be prepared for each call
MAX_PREPARED_CALLS = 10


# a function that returns seconds since some moment
Clock = Callable[[], float]


@dataclass(frozen=True)
class Work:
    """
    What a benchmark runs.

    :param run: the work to measure; the unit of the benchmark says what it has to return
    :param prepare: called before each call of ``run`` without being measured, its result is the
        argument of ``run``; for work that needs a fresh object each time
    :param baseline: the code that one would write without metatensor, measured in the same way
    """

    run: Callable[..., object]
    prepare: Callable[[], object] | None = None
    baseline: Callable[[], object] | None = None


@dataclass(frozen=True)
class Benchmark:
    """
    :param name: what is done, and how much of it
    :param set_up: builds the input data and returns the work, or only the function to run
    :param faster: target: how many times faster than the published packages, at least
    :param baseline: name of the baseline
    :param at_most: target: how many times the result of the baseline, at most
    :param unit: ``"s"`` for work whose time is measured. For all other units, ``run`` and
        ``baseline`` return the result of a measurement that they made themselves.
    """

    name: str
    set_up: Callable[[], Work | Callable[[], object]]
    faster: float | None = None
    baseline: str = ""
    at_most: float | None = None
    unit: str = "s"

    def start(self, clock: Clock) -> "Measurement":
        work = self.set_up()
        return Measurement(work if isinstance(work, Work) else Work(work), self.unit, clock)


@dataclass
class Suite:
    """
    Benchmarks which are run, and shown, together.

    :param title: what is measured
    :param only_ours: is this about something which the published packages do not have?
    """

    title: str
    only_ours: bool = False
    benchmarks: list[Benchmark] = field(default_factory=list)

    def add(self, name: str, **options: object) -> Callable[[Callable], Callable]:
        """Decorator that makes a benchmark of a set-up function."""

        def register(set_up: Callable) -> Callable:
            self.benchmarks.append(Benchmark(name, set_up, **options))
            return set_up

        return register


class Measurement:
    """A benchmark that is set up, to be measured several times."""

    def __init__(self, work: Work, unit: str, clock: Clock):
        self._work = work
        self._unit = unit
        self._clock = clock
        self._calls: dict[str, int] = {}

    def measure(self, what: str) -> float:
        """One measurement of ``"run"`` or ``"baseline"``."""
        gc.collect()
        if what == "baseline":
            function, prepare = self._work.baseline, None
        else:
            function, prepare = self._work.run, self._work.prepare

        if self._unit != "s":
            return float(function())
        if prepare is not None:
            return self._seconds_after(prepare, function)
        if what not in self._calls:
            # this call is the warm-up too
            first = self._seconds_per_call(function, 1)
            self._calls[what] = max(1, round(MIN_SECONDS / max(first, 1e-9)))
        return self._seconds_per_call(function, self._calls[what])

    def _seconds_per_call(self, function: Callable[[], object], calls: int) -> float:
        start = self._clock()
        for _ in range(calls):
            function()
        return (self._clock() - start) / calls

    def _seconds_after(
        self, prepare: Callable[[], object], function: Callable[[object], object]
    ) -> float:
        """Median time of ``function``, over a few calls with fresh arguments."""
        seconds: list[float] = []
        while len(seconds) < MAX_PREPARED_CALLS and sum(seconds) < MIN_SECONDS:
            argument = prepare()
            start = self._clock()
            function(argument)
            seconds.append(self._clock() - start)
        return statistics.median(seconds)
