"""Far more people in a day than anybody of the team looks at, or more within an hour than anybody could read.

Evidence: every look of that day. Threshold: `Limits.bulk_people` and a modified z-score of `Limits.far_outlier` over
the team's days, or `Limits.bulk_in_an_hour` where that is more than the team's usual day.
"""

import statistics
from collections import deque
from collections.abc import Iterator, Sequence
from datetime import timedelta

from vault.watching.acts import LOOK, Act, in_us, people_in
from vault.watching.rules.base import Day, Rule, Suspicion, people_by_day, score

_HOUR = in_us(timedelta(hours=1))


def _judge(day: Day) -> Iterator[Suspicion]:
    looks = day.of(LOOK)
    people, limits = people_in(looks), day.limits
    if people < min(limits.bulk_people, limits.bulk_in_an_hour):
        return
    usual = _days_of_team(day)
    middle = statistics.median(usual) if usual else 0.0
    far = not usual or score(people, usual, least_spread=limits.least_spread) >= limits.far_outlier
    fastest = _most_in_an_hour(looks)
    if (people >= limits.bulk_people and far) or (fastest >= limits.bulk_in_an_hour and fastest > middle):
        figures = {"people": people, "usual": middle, "in_an_hour": fastest}
        yield Suspicion(acts=looks, scope=(day.day.isoformat(),), figures=figures, grave=True)


def _days_of_team(day: Day) -> list[float]:
    officers: dict[bytes, list[Act]] = {}
    for act in day.past.of_team(day.last):
        if act.day < day.day:
            officers.setdefault(act.officer, []).append(act)
    return [float(count) for acts in officers.values() for count in people_by_day(acts).values()]


def _most_in_an_hour(looks: Sequence[Act]) -> int:
    within: deque[Act] = deque()
    most = 0
    for act in looks:
        within.append(act)
        while act.time - within[0].time >= _HOUR:
            within.popleft()
        most = max(most, people_in(tuple(within)))
    return most


RULE = Rule("bulk", _judge, least=10)
