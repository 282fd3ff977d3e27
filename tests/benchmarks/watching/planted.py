"""Misuse, planted: a few of each kind, by officers and on days that chance picks; the truth is kept here.

What the rules cannot see is planted too (`within-the-team`): looks at people of one's own team that are no part of the
day's work. Their recall says what is not found.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final
from uuid import uuid4

from audit.events import Event
from tests.benchmarks.watching.council import START, Colleague, Council, moment
from tests.benchmarks.watching.traffic import Step, shift, works
from tests.watching_world import URGENT, Person

WITHIN: Final = "within-the-team"
WARM_UP: Final = 28
"""Days of plain work before the first misuse, from which habits are learned; the report says so."""

_numbers = itertools.count(1)


@dataclass(slots=True)
class Incident:
    """One misuse: its kind, by the slug of the rule that is meant to find it, and its entries."""

    kind: str
    number: int = field(default_factory=lambda: next(_numbers))
    entries: set[bytes] = field(default_factory=set)


Plan = Callable[[Council, int], "tuple[Colleague, list[Step]] | None"]


def plant(council: Council, *, days: int, each: int) -> tuple[list[Incident], dict[date, list[Step]]]:
    """So many incidents of each kind, and the steps they add to each day."""
    incidents: list[Incident] = []
    steps: dict[date, list[Step]] = {}
    for kind, make in KINDS.items():
        for _ in range(each):
            incident = Incident(kind)
            incidents.append(incident)
            for step in make(council, _day(council, days), incident.number):
                steps.setdefault(step.when.date(), []).append(step)
    return incidents, steps


def _day(council: Council, days: int) -> date:
    return START + timedelta(days=council.chance.randint(WARM_UP, days - 6))


def _somebody(council: Council, day: date, *slugs: str) -> Colleague:
    there = [each for each in council.staff if works(each, day) and (not slugs or each.habit.slug in slugs)]
    return council.chance.choice(there or council.staff)


def _looks(council: Council, who: Colleague, day: date, people: list[Person], number: int) -> Iterator[Step]:
    start, end = shift(who, day)
    for person in people:
        when = moment(day, council.chance.uniform(start, end))
        yield Step(when, who, Event.RECORD_OPENED, _with_share(council, who, person), who.team, number)


def _with_share(council: Council, who: Colleague, person: Person) -> Person:
    """*person*, who has shared with the officer's service for long; without a share nobody could look."""
    service_id = who.officer.actor.service_id
    assert service_id
    if service_id not in person.shares:
        with council.world.writing() as ctx:
            council.world.share(ctx, person, service_id, made=moment(START, 9) - timedelta(days=120))
    return person


def _foreign(council: Council, who: Colleague) -> list[Person]:
    others = [team for team in who.habit.teams if team != who.team]
    return council.people[council.chance.choice(others)]


def _no_relationship(council: Council, day: date, number: int) -> Iterator[Step]:
    who = _somebody(council, day, "home-care", "social-care")
    people = council.chance.sample(_foreign(council, who), council.chance.randint(1, 3))
    yield from _looks(council, who, day, people, number)


def _bulk(council: Council, day: date, number: int) -> Iterator[Step]:
    who = _somebody(council, day)
    start, end = shift(who, day)
    everybody = council.of(who.habit)
    people = council.chance.sample(everybody, min(council.chance.randint(35, 70), len(everybody)))
    span = council.chance.choice((1.0, 2.0, float(end - start)))  # in an hour, in two, over the whole day
    begun = council.chance.uniform(start, end - span)
    for each, person in enumerate(people):
        when = moment(day, begun + span * each / len(people))
        yield Step(when, who, Event.RECORD_OPENED, person, who.team, number)


def _out_of_hours(council: Council, day: date, number: int) -> Iterator[Step]:
    who = _somebody(council, day, "home-care", "social-care", "council-tax")
    hour = council.chance.uniform(0.5, 4)
    for each in council.chance.sample(council.people[who.team], council.chance.randint(2, 5)):
        hour += council.chance.uniform(0.02, 0.2)
        yield Step(moment(day, hour), who, Event.RECORD_OPENED, each, who.team, number)


def _own(council: Council, day: date, number: int) -> Iterator[Step]:
    who = council.chance.choice([each for each in council.staff if each.own])
    assert who.own
    yield from _looks(council, who, day, [who.own], number)


def _colleague(council: Council, day: date, number: int) -> Iterator[Step]:
    who = _somebody(council, day)
    known = [
        each.own for each in council.staff if each.own and each is not who and not _is_client(council, who, each.own)
    ]
    yield from _looks(council, who, day, [council.chance.choice(known)], number)


def _is_client(council: Council, who: Colleague, person: Person) -> bool:
    return who.habit.rounds and person in council.people[who.team]


def _well_known(council: Council, day: date, number: int) -> Iterator[Step]:
    who = _somebody(council, day)
    marked = [each for each in council.marked if not _is_client(council, who, each)]
    yield from _looks(council, who, day, [council.chance.choice(marked)], number)


def _near(council: Council, day: date, number: int, place: int) -> Iterator[Step]:
    """An officer who told their ties looks at a neighbour (place 1) or namesake (place 0), of whatever team."""
    pairs = [
        (who, person)
        for who in council.staff
        for person in council.of(who.habit)
        if who.told
        and works(who, day)
        and council.places[person.citizen_id][place] == (who.surname, who.postcode)[place]
    ]
    if pairs:
        who, person = council.chance.choice(pairs)
        yield from _looks(council, who, day, [person] * council.chance.randint(1, 2), number)


def _refusals(council: Council, day: date, number: int) -> Iterator[Step]:
    who = _somebody(council, day)
    start, end = shift(who, day)
    people = council.chance.sample(council.of(who.habit), council.chance.randint(2, 4))
    for _ in range(council.chance.randint(5, 9)):
        when = moment(day, council.chance.uniform(start, end))
        yield Step(when, who, Event.RECORD_REFUSED, council.chance.choice(people), who.team, number)


def _emergency(council: Council, day: date, number: int, *, judged: bool = False) -> Iterator[Step]:
    who = _somebody(council, day, "home-care", "social-care")
    person, when = council.chance.choice(council.of(who.habit)), moment(day, shift(who, day)[0] + 1)
    matter = {"emergency": str(uuid4()), "purpose": URGENT}
    yield Step(when, who, Event.EMERGENCY_STATED, person, who.team, number, matter)
    yield Step(when + timedelta(minutes=2), who, Event.RECORD_OPENED, person, who.team, number, matter)
    if judged:
        other = next(each for each in council.staff if each is not who and each.habit is who.habit)
        later = when + timedelta(days=council.chance.uniform(0.2, 3))
        yield Step(later, other, Event.EMERGENCY_FOLLOWED_UP, person, other.team, 0, matter)


def judged_emergencies(council: Council, *, days: int) -> dict[date, list[Step]]:
    """Plain emergencies, each judged in time."""
    steps: dict[date, list[Step]] = {}
    for _ in range(6):
        for step in _emergency(council, _day(council, days), 0, judged=True):
            steps.setdefault(step.when.date(), []).append(step)
    return steps


def _sudden(council: Council, day: date, number: int) -> Iterator[Step]:
    """For some days they look at twice as many people as they need to, all of their own service."""
    who = _somebody(council, day, "home-care", "social-care")
    for each in range(council.chance.randint(2, 5)):
        when = day + timedelta(days=each)
        if works(who, when):
            more = council.chance.randint(who.habit.looks[1], who.habit.looks[1] + 6)
            people = council.people[who.team]
            yield from _looks(council, who, when, council.chance.sample(people, min(more, len(people))), number)


def _within(council: Council, day: date, number: int) -> Iterator[Step]:
    who = _somebody(council, day, "home-care", "social-care")
    yield from _looks(council, who, day, council.chance.sample(council.people[who.team], 1), number)


KINDS: Final[dict[str, Callable[[Council, date, int], Iterator[Step]]]] = {
    "no-relationship": _no_relationship,
    "bulk": _bulk,
    "out-of-hours": _out_of_hours,
    "own-record": _own,
    "colleague": _colleague,
    "well-known": _well_known,
    "neighbour": lambda council, day, number: _near(council, day, number, 1),
    "same-surname": lambda council, day, number: _near(council, day, number, 0),
    "repeated-refusals": _refusals,
    "emergency-not-followed-up": _emergency,
    "sudden-change": _sudden,
    WITHIN: _within,
}
"""Kind of misuse → how it is planted."""
