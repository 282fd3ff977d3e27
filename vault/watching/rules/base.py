"""What every rule is made of: a suspicion with its evidence, a day to judge, and robust figures."""

import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from vault.watching.acts import LOOK, Act, people_in
from vault.watching.limits import Limits
from vault.watching.past import Past

Figures = Mapping[str, int | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """That something may be wrong: which acts show it, and what was compared."""

    acts: tuple[Act, ...]
    """The evidence, oldest first; never empty."""
    scope: tuple[str, ...]
    """What, beside rule and officer, makes it one finding: a day, a week, a person."""
    figures: Figures = field(default_factory=dict)
    grave: bool = False
    """Whether it is to be looked at before others."""


@dataclass(frozen=True, slots=True)
class Day:
    """One officer's day, as far as it has come, and what was before it."""

    day: date
    acts: tuple[Act, ...]
    before: tuple[Act, ...]
    """The officer's own acts of the window, on earlier days."""
    past: Past
    limits: Limits

    @property
    def last(self) -> Act:
        """The newest act of the day."""
        return self.acts[-1]

    def of(self, *kinds: str) -> tuple[Act, ...]:
        """The day's acts of these kinds."""
        return tuple(act for act in self.acts if act.kind in kinds)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that watchers look for."""

    slug: str
    """Part of the log and of findings; never renamed."""
    judge: Callable[..., Iterable[Suspicion]]
    """Takes a `Day`; or, for a settled rule, `Settled` looks."""
    least: int = 1
    """How many new entries make a new finding where an earlier one of the same scope was closed."""


@dataclass(frozen=True, slots=True)
class Settled:
    """One look for which the time has passed in which work would explain it, or an emergency in want of a judgement."""

    act: Act
    past: Past
    limits: Limits


# Iglewicz and Hoaglin 1993: the normal distribution's quartile, which makes a MAD comparable to a standard deviation.
_QUARTILE: Final = 0.6745


def score(value: float, others: Sequence[float], *, least_spread: float) -> float:
    """How far *value* lies above the median of *others*, as a modified z-score (Iglewicz and Hoaglin 1993)."""
    middle = statistics.median(others)
    spread = max(statistics.median(abs(each - middle) for each in others), least_spread)
    return _QUARTILE * (value - middle) / spread


def by_day(acts: Iterable[Act]) -> dict[date, list[Act]]:
    """*acts* by the council's day."""
    found: dict[date, list[Act]] = {}
    for act in acts:
        found.setdefault(act.day, []).append(act)
    return found


def people_by_day(acts: Iterable[Act], *kinds: str) -> dict[date, int]:
    """How many people acts of *kinds* were about, each day."""
    wanted = (act for act in acts if act.kind in (kinds or (LOOK,)))
    return {day: people_in(held) for day, held in by_day(wanted).items()}


def tied(acts: Iterable[Act], word: str, *kinds: str) -> Iterator[tuple[bytes, tuple[Act, ...]]]:
    """The acts of *kinds* whose officer is near to the person by *word*, by person."""
    found: dict[bytes, list[Act]] = {}
    for act in acts:
        if act.kind in kinds and act.whom and word in act.ties.split():
            found.setdefault(act.whom, []).append(act)
    for whom, held in found.items():
        yield whom, tuple(held)
