"""The council of the benchmark: services of different habits, their teams, the people they work for, their ties."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from tests.watching_world import Officer, Person, World
from vault import watching
from vault.watching.acts import ZONE

START: Final = date(2026, 3, 2)
"""A Monday; the clocks change on 29 March, Easter is 3 to 6 April."""
_STEMS: Final = [
    "Ash",
    "Bar",
    "Cal",
    "Dun",
    "Ever",
    "Fen",
    "Gold",
    "Hart",
    "Ing",
    "Kes",
    "Lang",
    "Mar",
    "Nor",
    "Oak",
    "Pen",
    "Quin",
    "Ross",
    "Shel",
    "Thorn",
    "Under",
    "Vale",
    "West",
    "Yar",
]
SURNAMES: Final = tuple(f"{stem}{end}" for stem in _STEMS for end in ("by", "ley", "ton", "worth"))
POSTCODES: Final = tuple(
    f"ZZ{area} {number}{letters}"
    for area in (97, 98)
    for number in range(1, 10)
    for letters in ("AA", "BD", "EF", "HJ", "LN", "PQ", "RS", "TU")
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How the officers of one service work."""

    slug: str
    teams: tuple[str, ...]
    officers: int
    """In each team."""
    people: int
    """For each team."""
    shifts: tuple[tuple[int, int], ...]
    weekends: bool
    looks: tuple[int, int]
    """In a day of work, from and to."""
    written: float
    """The share of looks after which work is written down."""
    rounds: bool
    """Whether teams look after their own people; else everybody takes whoever calls."""


HABITS: Final = (
    Habit("home-care", ("north", "south", "river"), 5, 45, ((7, 15), (14, 22)), True, (7, 12), 0.7, True),
    Habit("night-care", ("night",), 2, 12, ((22, 30),), True, (3, 6), 0.8, True),
    Habit("social-care", ("older", "younger"), 4, 60, ((9, 17),), False, (4, 9), 0.4, True),
    Habit("council-tax", ("billing",), 5, 220, ((9, 17),), False, (16, 28), 0.1, False),
)


@dataclass(eq=False, slots=True)
class Colleague:
    """One officer, where they work now, and when they are away."""

    number: int
    """Their place among the staff: the same for the same seed, as ids are not."""
    officer: Officer
    habit: Habit
    team: str
    away: frozenset[date]
    surname: str
    postcode: str
    told: bool
    """Whether they told their surname and postcode."""
    own: Person | None = None


@dataclass(slots=True)
class Council:
    """Everybody."""

    world: World
    chance: random.Random
    staff: list[Colleague] = field(default_factory=list)
    people: dict[str, list[Person]] = field(default_factory=dict)
    """Team → whom it works for."""
    places: dict[UUID, tuple[str, str]] = field(default_factory=dict)
    """Citizen → surname and postcode."""
    marked: list[Person] = field(default_factory=list)

    def of(self, habit: Habit) -> list[Person]:
        """Everybody whom a service works for."""
        return [person for team in habit.teams for person in self.people[team]]


def moment(day: date, hour: float) -> datetime:
    """That hour of the council's *day*; after 24 it is the next day's."""
    return datetime.combine(day, datetime.min.time(), ZONE) + timedelta(hours=hour)


def settle(world: World, chance: random.Random, *, days: int, size: float) -> Council:
    """A council of so many times the usual size, some months before `START`."""
    council = Council(world, chance)
    for habit in HABITS:
        _service(council, habit, days=days, size=size)
    _ties(council)
    return council


def _service(council: Council, habit: Habit, *, days: int, size: float) -> None:
    world, chance = council.world, council.chance
    service_id = world.service(habit.slug)
    for team in habit.teams:
        with world.writing() as ctx:
            council.people[team] = []
            for _ in range(max(8, round(habit.people * size))):
                surname, postcode = chance.choice(SURNAMES), chance.choice(POSTCODES)
                person = world.person(ctx, name=f"Sam {surname}", address=f"1 High Street, {postcode}")
                # One in twenty comes to the service while the weeks go on.
                new = chance.random() < 0.05
                age = chance.randint(-days, -1) if new else chance.randint(20, 200)
                world.share(ctx, person, service_id, made=moment(START, 9) - timedelta(days=age))
                council.people[team].append(person)
                council.places[person.citizen_id] = (surname, postcode)
        for _ in range(max(2, round(habit.officers * size))):
            council.staff.append(_colleague(council, habit, team, world.officer(service_id, team), days))


def _colleague(council: Council, habit: Habit, team: str, officer: Officer, days: int) -> Colleague:
    chance = council.chance
    away: set[date] = set()
    for _ in range(chance.choice((1, 1, 2))):
        first = chance.randrange(max(days - 7, 1))
        away |= {START + timedelta(days=first + each) for each in range(7)}
    away |= {START + timedelta(days=each) for each in range(days) if chance.random() < 0.02}
    surname, postcode = chance.choice(SURNAMES), chance.choice(POSTCODES)
    told = chance.random() < 0.8
    return Colleague(len(council.staff), officer, habit, team, frozenset(away), surname, postcode, told)


def _ties(council: Council) -> None:
    """Let staff tell their ties; some have a record here, and some people are marked."""
    chance = council.chance
    with council.world.writing() as ctx:
        for number, colleague in enumerate(council.staff):
            if number % 5 == 0:
                colleague.own = chance.choice(council.people[chance.choice(list(council.people))])
            watching.note_staff(
                ctx,
                account_id=colleague.officer.account,
                names=[colleague.surname] if colleague.told else [],
                postcodes=[colleague.postcode] if colleague.told else [],
                citizen_id=colleague.own.citizen_id if colleague.own else None,
            )
        for team in council.people:
            person = chance.choice(council.people[team])
            council.marked.append(person)
            watching.mark_person(ctx, citizen_id=person.citizen_id, reason="known to the public")
