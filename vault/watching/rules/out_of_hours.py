"""Looks at an hour at which neither the officer's team nor the officer works.

Evidence: the looks of those hours. Threshold: an hour is unusual where the team acted in it and in the hours beside it
on fewer than `Limits.rare_hour` of its days of that sort (Monday to Friday, or weekend), once `Limits.hours_days` days
are known.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from vault.watching.acts import LOOK, Act
from vault.watching.rules.base import Day, Rule, Suspicion

_SATURDAY: Final = 5


def _judge(day: Day) -> Iterator[Suspicion]:
    looks = day.of(LOOK)
    if not looks:
        return
    team = [act for act in day.past.of_team(day.last) if act.day < day.day]
    own = [act for act in day.before if act.team != day.last.team]  # habits that came along from another team
    days = _calendar(team, day)
    if days < (day.limits.hours_days // 2 if _is_weekend(day.day) else day.limits.hours_days):
        return
    shares = _shares([*team, *own], day.day, days)
    strange = tuple(act for act in looks if _around(shares, act.hour) < day.limits.rare_hour)
    if strange:
        hours = {"looks": len(strange), "first_hour": strange[0].hour, "days": days}
        yield Suspicion(acts=strange, scope=(day.day.isoformat(),), figures=hours)


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def _calendar(team: list[Act], day: Day) -> int:
    """How many days of this sort lie between the team's first act within the window and *day*, worked on or not."""
    if not team:
        return 0
    first = team[0].day.toordinal()
    days = range(first, day.day.toordinal())
    return sum(_is_weekend(date.fromordinal(each)) == _is_weekend(day.day) for each in days)


def _shares(acts: list[Act], today: date, days: int) -> dict[int, float]:
    worked = {(act.day, act.hour) for act in acts if _is_weekend(act.day) == _is_weekend(today)}
    hours = [hour for _day, hour in worked]
    return {hour: hours.count(hour) / days for hour in set(hours)}


def _around(shares: dict[int, float], hour: int) -> float:
    """The largest share of *hour* and the hours beside it: staying a little longer is no strange time."""
    return max(shares.get((hour + each) % 24, 0.0) for each in (-1, 0, 1))


RULE = Rule("out-of-hours", _judge)
