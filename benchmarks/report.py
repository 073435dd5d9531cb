"""Tables of results: on the terminal, and in a page of the documentation."""

import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path

HEADER = ["work", "metatensor", "published", "times faster", "baseline", "of baseline"]


@dataclass
class Row:
    """
    Results of one benchmark (see :py:class:`harness.Benchmark`): one number for each round, for
    ``ours``, ``published`` and ``baseline``, those of them that could be measured.
    """

    name: str
    unit: str
    faster: float | None
    baseline: str
    at_most: float | None
    results: dict[str, list[float]] = field(default_factory=dict)

    @property
    def times_faster(self) -> float | None:
        return self._ratio("published", "ours")

    @property
    def of_baseline(self) -> float | None:
        return self._ratio("ours", "baseline")

    @property
    def misses_target(self) -> bool:
        too_slow = self.faster and self.times_faster and self.times_faster < self.faster
        too_large = self.at_most and self.of_baseline and self.of_baseline > self.at_most
        return bool(too_slow or too_large)

    def cells(self) -> list[str]:
        baseline = self._show("baseline")
        return [
            self.name,
            self._show("ours"),
            self._show("published"),
            _with_target(self.times_faster, ">=", self.faster),
            baseline and f"{self.baseline}: {baseline}",
            _with_target(self.of_baseline, "<=", self.at_most),
        ]

    def _ratio(self, numerator: str, denominator: str) -> float | None:
        """Ratio of the best results: those which other processes have disturbed the least."""
        if not self.results.get(numerator) or not self.results.get(denominator):
            return None
        best = min(self.results[denominator])
        return min(self.results[numerator]) / best if best > 0 else None

    def _show(self, side: str) -> str:
        """The best result, and how far the median is above it."""
        values = self.results.get(side)
        if not values:
            return ""
        best = min(values)
        if self.unit != "s":
            return f"{best:.1f} {self.unit}"
        scale, unit = next(
            ((scale, unit) for scale, unit in [(1, "s"), (1e-3, "ms")] if best >= scale),
            (1e-6, "µs"),
        )
        spread = 100 * (statistics.median(values) / best - 1)
        return f"{best / scale:.3g} {unit} (+{spread:.0f} %)"


def _with_target(value: float | None, sign: str, target: float | None) -> str:
    if value is None:
        return ""
    shown = _show_ratio(value)
    return shown if target is None else f"{shown} ({sign} {_show_ratio(target)})"


def _show_ratio(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def table(rows: list[Row]) -> str:
    """Markdown table."""
    lines = [HEADER, ["---", *["---:"] * (len(HEADER) - 1)]]
    lines += [row.cells() for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def write_section(page: Path, name: str, content: str) -> None:
    """Replace what is between the two markers ``name`` of a page."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    text = page.read_text()
    if begin not in text or end not in text:
        raise ValueError(f"{page} has no section '{name}': there should be '{begin}' and '{end}'")
    pattern = re.escape(begin) + ".*?" + re.escape(end)
    page.write_text(re.sub(pattern, lambda _: begin + content + end, text, flags=re.DOTALL))
