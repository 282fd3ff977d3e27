"""Weeks of plain work, with what makes it hard to tell from misuse.

Shifts, holidays, cover, team changes, duty days, a busy week, overtime, refusals by mistake, a day when a system fails,
neighbours and namesakes who are clients.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from audit.events import Event
from tests.benchmarks.watching.council import START, Colleague, Council, moment
from tests.watching_world import Person

BUSY: Final = frozenset(START + timedelta(days=each) for each in range(30, 35))
"""The week in which every bill goes out."""
_DUTY_EVERY: Final = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One act that is to be written."""

    when: datetime
    colleague: Colleague
    event: Event
    person: Person | None
    team: str
    """In which team they act: their own."""
    incident: int = 0
    """Which planted misuse it is part of; 0 for plain work."""
    more: dict[str, Any] = field(default_factory=dict)


def plain(council: Council, day: date) -> list[Step]:
    """A day of plain work."""
    steps = [step for colleague in council.staff for step in _day_of(council, colleague, day)]
    return steps + _fault(council, day)


def works(colleague: Colleague, day: date) -> bool:
    """Whether they are there that day: five days a week, and where there are weekends, any five."""
    if day in colleague.away:
        return False
    if not colleague.habit.weekends:
        return day.weekday() < 5
    return (day.toordinal() + colleague.number) % 7 < 5


def shift(colleague: Colleague, day: date) -> tuple[int, int]:
    """The hours of that day's shift, which changes by the week."""
    shifts = colleague.habit.shifts
    return shifts[(day.isocalendar().week + colleague.number) % len(shifts)]


def _day_of(council: Council, colleague: Colleague, day: date) -> Iterator[Step]:
    if not works(colleague, day):
        return
    chance, habit = council.chance, colleague.habit
    count = chance.randint(*habit.looks)
    if habit.slug == "council-tax" and day in BUSY:
        count = round(count * 1.5)
    duty = habit.slug == "social-care" and (day.toordinal() + colleague.number) % _DUTY_EVERY == 0
    for person in _whom(council, colleague, day, count, duty=duty):
        yield from _visit(council, colleague, day, person, sure=duty)


def _whom(council: Council, colleague: Colleague, day: date, count: int, *, duty: bool) -> list[Person]:
    chance, habit = council.chance, colleague.habit
    everybody = council.of(habit)
    if duty or not habit.rounds:
        return chance.sample(everybody, min(count, len(everybody)))
    own = council.people[colleague.team]
    picked = chance.sample(own, min(count, len(own)))
    others = [team for team in habit.teams if team != colleague.team]
    # Cover for who is away: a third of the round is another team's.
    if others and chance.random() < 0.06:
        picked[: count // 3] = chance.sample(council.people[chance.choice(others)], count // 3)
    return picked


def _visit(council: Council, colleague: Colleague, day: date, person: Person, *, sure: bool) -> Iterator[Step]:
    """A look, now and then refused by mistake, and mostly what is written down after it."""
    chance = council.chance
    start, end = shift(colleague, day)
    hour = chance.uniform(start, end)
    if chance.random() < 0.005:
        hour = chance.choice((start - chance.random(), end + chance.random() * 2))
    foreign = colleague.habit.rounds and person not in council.people[colleague.team]
    written = 0.9 if foreign or sure else colleague.habit.written
    when = moment(day, hour)
    if chance.random() < 0.02:
        for each in range(chance.randint(1, 3)):
            yield Step(when + timedelta(minutes=each), colleague, Event.RECORD_REFUSED, person, colleague.team)
        return
    yield Step(when, colleague, Event.RECORD_OPENED, person, colleague.team)
    if chance.random() < written:
        event = chance.choice((Event.RECORD_WRITTEN, Event.RECORD_WRITTEN, Event.CASE_READ))
        later = when + timedelta(hours=chance.uniform(0.2, 3))
        yield Step(later, colleague, event, person, colleague.team)


def _fault(council: Council, day: date) -> list[Step]:
    """On one day a system fails, and a whole team is refused again and again."""
    if day != START + timedelta(days=24):
        return []
    team = council.staff[0].team
    crew = [each for each in council.staff if each.team == team]
    return [
        Step(moment(day, 10 + tried / 10), each, Event.RECORD_REFUSED, council.people[team][tried], team)
        for each in crew
        for tried in range(6)
    ]


def move_somebody(council: Council, day: date) -> None:
    """Now and then somebody changes to another team of their service."""
    if day.weekday() == 0 and council.chance.random() < 0.25:
        mover = council.chance.choice([each for each in council.staff if len(each.habit.teams) > 1])
        mover.team = council.chance.choice([team for team in mover.habit.teams if team != mover.team])
