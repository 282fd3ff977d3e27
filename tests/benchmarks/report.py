"""The figures as they are, for the terminal and for a page in docs/benchmarks."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.benchmarks.load import Round

READ_TARGET: Final = 0.30
APPEND_TARGET: Final = 0.80
COMMAND: Final = "make bench"


@dataclass(frozen=True, slots=True)
class Result:
    """All rounds on one database: each governed round stands beside the bare one taken right before it."""

    database: str
    workers: int
    governed: list[Round] = field(default_factory=list)
    bare: list[Round] = field(default_factory=list)
    append: list[float] = field(default_factory=list)
    insert: list[float] = field(default_factory=list)

    @property
    def read_ratios(self) -> list[float]:
        """Governed over bare, round by round."""
        return [mine.per_second / theirs.per_second for mine, theirs in zip(self.governed, self.bare, strict=True)]

    @property
    def append_ratios(self) -> list[float]:
        """An entry of the log over a bare row, round by round."""
        return [mine / theirs for mine, theirs in zip(self.append, self.insert, strict=True)]


def _spread(values: Sequence[float], digits: int = 0) -> str:
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}–{max(values):.{digits}f}]"


def _latency(rounds: Sequence[Round]) -> str:
    half, most = (statistics.median(found.milliseconds(share) for found in rounds) for share in (0.5, 0.99))
    return f"{half:.1f} / {most:.1f}"


def _processor(found: Result) -> str:
    mine, theirs = (statistics.median(taken.processor for taken in side) for side in (found.governed, found.bare))
    return f"{mine:.0f} / {theirs:.0f}"


def _verdict(ratios: Sequence[float], target: float) -> str:
    return f"target {target:.2f} " + ("reached" if statistics.median(ratios) >= target else "not reached")


def lines(results: Sequence[Result]) -> list[str]:
    """The table, as Markdown, which reads well in a terminal too."""
    latencies = "governed p50 / p99 ms | bare p50 / p99 ms"
    head = (
        f"| database, workers | governed reads/s | bare reads/s | **governed / bare** | | {latencies} | processor µs |"
    )
    rows = [head, "|---|---|---|---|---|---|---|---|"]
    for found in results:
        mine, theirs = ([taken.per_second for taken in side] for side in (found.governed, found.bare))
        ratio = f"**{_spread(found.read_ratios, 3)}** | {_verdict(found.read_ratios, READ_TARGET)}"
        ends = f"{_latency(found.governed)} | {_latency(found.bare)} | {_processor(found)}"
        rows.append(f"| {found.database}, {found.workers} | {_spread(mine)} | {_spread(theirs)} | {ratio} | {ends} |")
    rows += ["", "| database | log entries/s | bare INSERT and COMMIT/s | **ratio** | |", "|---|---|---|---|---|"]
    for found in results:
        ratio = f"**{_spread(found.append_ratios, 3)}** | {_verdict(found.append_ratios, APPEND_TARGET)}"
        rows.append(f"| {found.database} | {_spread(found.append)} | {_spread(found.insert)} | {ratio} |")
    return rows


def page(results: Sequence[Result], *, reads: int, bare_reads: int, connections: int, residents: int) -> str:
    """The whole page."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    facts = f"""# What governance costs, {datetime.now(UTC):%Y-%m-%d}

Command: `{COMMAND}`. Machine: {os.cpu_count()} cores ({platform.machine()}), {platform.system()}, Python
{platform.python_version()}; load average at the end {load}. The load generator and all servers share the cores.

Medians of {len(results[0].governed)} rounds with [least–most], the two sides by turns. A governed round is {reads}
requests, a bare one {bare_reads}, over {connections} kept-alive connections on the loopback.

- *Governed*: `GET /api/v1/records` at `citizen-vault serve` (its sequencer running) with a DPoP proof (ES256), an
  opaque token, the rules (Cedar), every row's mark checked, the grant used up, the entry of the log committed to disk,
  the seal opened, two fields released. The reads go round among {residents} residents, each under a grant of their own.
- *Bare*: Flask on the same server with as many workers and threads, one SELECT by primary key of the same records in
  the clear, the same two fields.
- *Processor*: the servers' own time for each request, governed / bare, all their processes (the sequencer too) counted
  and PostgreSQL's left out; requests and proofs were made beforehand.
"""
    return "\n".join([facts, *lines(results), ""])


def write(folder: Path, text: str) -> Path:
    """Keep the page of today; an earlier one of the same day is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y-%m-%d}.md"
    path.write_text(text, encoding="utf-8")
    return path
