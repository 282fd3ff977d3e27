"""An officer suddenly looks at many more people than they usually do: in a day, or some more each day.

Evidence: the looks of that day, or of the last `Limits.run_days` days of work. Threshold: a modified z-score (Iglewicz
and Hoaglin 1993) of `Limits.outlier` over the officer's own days, and `Limits.own_more` people more than usual; for
a run of days the median is compared, whose own spread is smaller by the square root of their number.
"""

import math
import statistics
from collections.abc import Iterator

from vault.watching.acts import LOOK, READ, people_in
from vault.watching.rules.base import Day, Rule, Suspicion, people_by_day, score


def _judge(day: Day) -> Iterator[Suspicion]:
    kind = LOOK if day.of(LOOK) else READ
    looks, limits = day.of(kind), day.limits
    before = people_by_day(day.before, kind)
    if not looks or len(before) < limits.own_days:
        return
    yield from _one_day(day, kind, list(before.values()))
    run = sorted(before)[-(limits.run_days - 1) :]
    rest = [count for when, count in before.items() if when not in run]
    if len(rest) >= limits.own_days:
        counts = [*(before[when] for when in run), people_in(looks)]
        middle, usual = statistics.median(counts), statistics.median(rest)
        far = score(middle, rest, least_spread=limits.least_spread) * math.sqrt(limits.run_days)
        if far >= 2 * limits.outlier and middle - usual >= limits.own_more / 2:
            acts = (*(act for act in day.before if act.kind == kind and act.day in run), *looks)
            year, week, _weekday = day.day.isocalendar()
            yield Suspicion(acts=acts, scope=(f"{year}-W{week:02}",), figures={"people": middle, "usual": usual})


def _one_day(day: Day, kind: str, before: list[int]) -> Iterator[Suspicion]:
    people, usual = people_in(day.of(kind)), statistics.median(before)
    far = score(people, before, least_spread=day.limits.least_spread) >= day.limits.outlier
    if far and people - usual >= day.limits.own_more:
        figures = {"people": people, "usual": usual}
        yield Suspicion(acts=day.of(kind), scope=(day.day.isoformat(),), figures=figures)


RULE = Rule("sudden-change", _judge, least=5)
