"""The page and the plot of `tests.benchmarks.million`."""

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import log10
from statistics import quantiles
from typing import Final

WIDTH: Final = 720
HEIGHT: Final = 420
LEFT: Final = 60
RIGHT: Final = 220
TOP: Final = 30
BOTTOM: Final = 50
COLOURS: Final = ("#1d70b8", "#d4351c", "#00703c", "#4c2c92", "#f47738", "#0b0c0c")
FLAT: Final = (0.25, 4.0)
"""The plot's lowest and highest value, against the smallest log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Everything at one size. Rates are entries a second, times are seconds."""

    entries: int
    written: float
    placed: float
    in_places: float
    appended: float
    proofs: list[float] = field(repr=False)
    searches: list[float] = field(repr=False)
    whole: float
    proved: float
    stepped: float
    hashing: float
    one_hash: float
    exported: float
    files: float
    disk: int


def share(times: Sequence[float], percent: int) -> float:
    """The time in milliseconds that *percent* of a hundred did not exceed."""
    return quantiles(times, n=100)[percent - 1] * 1000


ROWS: Final[tuple[tuple[str, Callable[[Measured], str]], ...]] = (
    ("appended alone, one durable commit each, entries/s", lambda each: f"{each.appended:,.0f}"),
    ("written by 1,000 in a transaction, entries/s", lambda each: f"{each.written:,.0f}"),
    ("given their places in the tree, and signed, entries/s", lambda each: f"{each.placed:,.0f}"),
    ("given their places for searches, entries/s", lambda each: f"{each.in_places:,.0f}"),
    ("one proof, p50 / p99, ms", lambda each: f"{share(each.proofs, 50):.2f} / {share(each.proofs, 99):.2f}"),
    ("one search, p50 / p99, ms", lambda each: f"{share(each.searches, 50):.0f} / {share(each.searches, 99):.0f}"),
    ("proved whole in the tables, entries/s", lambda each: f"{each.entries / each.proved:,.0f}"),
    ("the same, and every row and place compared, entries/s", lambda each: f"{each.entries / each.whole:,.0f}"),
    ("the same from the last proof, nothing new, s", lambda each: f"{each.stepped:.2f}"),
    ("verified from files, entries/s", lambda each: f"{each.entries / each.files:,.0f}"),
    ("written to files, entries/s", lambda each: f"{each.entries / each.exported:,.0f}"),
    ("hashing the same bytes in one loop, entries/s", lambda each: f"{each.entries / each.hashing:,.0f}"),
    ("**proved in the tables / that hashing**", lambda each: f"**{each.hashing / each.proved:.2f}**"),
    ("proved in the tables / one SHA-256 an entry", lambda each: f"{each.one_hash / each.proved:.2f}"),
    ("files / one SHA-256 an entry", lambda each: f"{each.one_hash / each.files:.2f}"),
    ("room in the database, bytes an entry", lambda each: f"{each.disk / each.entries:,.0f}"),
)

LINES: Final[tuple[tuple[str, Callable[[Measured], float]], ...]] = (
    ("append, time", lambda each: 1 / each.appended),
    ("proof, p50", lambda each: share(each.proofs, 50)),
    ("search, p50", lambda each: share(each.searches, 50)),
    ("search, p99", lambda each: share(each.searches, 99)),
    ("proof of all, an entry", lambda each: each.proved / each.entries),
    ("room an entry", lambda each: each.disk / each.entries),
)


def page(found: Sequence[Measured], *, seconds: float, load: tuple[float, ...]) -> str:
    """The page, as Markdown."""
    head = "| | " + " | ".join(f"{each.entries:,}" for each in found) + " |"
    rows = [f"| {words} | " + " | ".join(value(each) for each in found) + " |" for words, value in ROWS]
    loads = " at the beginning and ".join(f"{value:.1f}" for value in load)
    return f"""# The log as it grows, {datetime.now(UTC):%Y-%m-%d}

Command: `make bench-log`, which took {seconds / 60:.0f} minutes. SQLite, {os.cpu_count()} cores ({platform.machine()}),
Python {platform.python_version()}. Load average {loads} at the end: above 1, other work shared the machine, and the
figures say less than they could.

{head}
|---|{"---:|" * len(found)}
{chr(10).join(rows)}

![Each figure against the smallest log's](log.svg)

The plot shows each figure divided by that of the smallest log: a line that stays at 1 does not grow with the log.

- *Appended alone*: what the door does for each read besides reading: payload sealed twice, leaf made and marked, one
  `INSERT`, one commit on the disk. *Written by 1,000*: the same without a commit each, as imports do.
- *Search*: one page of 50 lines as an auditor gets it, however narrowed (everything, an event, refused for a purpose,
  one member of staff, nobody, a service and event, one person): asked of the rules, logged and given its place
  before anything is read, found along one index, every line opened and checked against its entry.
- *Proved whole*: every leaf, payload and node hashed and held against the signed heads and every writer's numbers
  followed, by all cores. *Every row and place compared*: then every covered row is held against what the entries say,
  and every entry's details are opened again to see that searches find it where it is. *Hashing the same bytes* is
  SHA-256 over each leaf and payload and one node for each entry in a plain loop in one process, nothing else.
- *From the last proof*: what `audit verify` does the second time; it compares all rows, and reads no entry again.
"""


def plot(found: Sequence[Measured]) -> str:
    """The plot, as SVG: size along a logarithmic axis, each figure against that of the smallest log."""
    marks = "".join(_upright(each.entries, found) for each in found)
    levels = "".join(_level(value) for value in (0.25, 0.5, 1, 2, 4))
    lines = "".join(_line(number, words, value, found) for number, (words, value) in enumerate(LINES))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif"'
        f' font-size="13"><title>Cost of the log as it grows, against its smallest size</title>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{levels}{marks}{lines}'
        f'<text x="{LEFT}" y="{HEIGHT - 10}">entries</text></svg>\n'
    )


def _x(entries: int, found: Sequence[Measured]) -> float:
    first, last = log10(found[0].entries), log10(max(found[-1].entries, found[0].entries + 1))
    return LEFT + (WIDTH - LEFT - RIGHT) * (log10(entries) - first) / (last - first)


def _y(value: float) -> float:
    low, high = map(log10, FLAT)
    held = min(max(log10(value), low), high)
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (held - low) / (high - low)


def _upright(entries: int, found: Sequence[Measured]) -> str:
    x = _x(entries, found)
    words = f'<text x="{x:.0f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{entries:,}</text>'
    return f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#dddddd"/>{words}'


def _level(value: float) -> str:
    y, dark = _y(value), "#0b0c0c" if value == 1 else "#dddddd"
    words = f'<text x="{LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">×{value:g}</text>'
    return f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.0f}" y2="{y:.0f}" stroke="{dark}"/>{words}'


def _line(number: int, words: str, value: Callable[[Measured], float], found: Sequence[Measured]) -> str:
    against = [value(each) / value(found[0]) for each in found]
    points = [(_x(each.entries, found), _y(part)) for each, part in zip(found, against, strict=True)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{COLOURS[number]}"/>' for x, y in points)
    y = TOP + 16 + number * 22
    told = f'<text x="{WIDTH - RIGHT + 42}" y="{y}">{words}: ×{against[-1]:.2f}</text>'
    ends = f'x1="{WIDTH - RIGHT + 16}" x2="{WIDTH - RIGHT + 36}" y1="{y - 4}" y2="{y - 4}"'
    key = f'<line {ends} stroke="{COLOURS[number]}" stroke-width="3"/>'
    return f'<polyline points="{path}" fill="none" stroke="{COLOURS[number]}" stroke-width="2.5"/>{dots}{key}{told}'
