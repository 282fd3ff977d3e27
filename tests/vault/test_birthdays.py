"""Children grow up by themselves: their birth date is opened on the day alone, by the door, and logged."""

import threading
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from audit.events import Event
from tests.vault.house import House
from vault import accounts, birthdays, citizens, trail, turns
from vault.access import stage_of_life
from vault.context import OPERATOR, SYSTEM
from vault.errors import NotAllowedError
from vault.holding import hold
from vault.housekeeping import keep_house
from vault.journal import note
from vault.kinds import CitizenStatus, Role
from vault.models import BlindIndex

DAY = timedelta(days=1)


def born(house: House, *, age: int, ahead: int, status: CitizenStatus) -> None:
    """Let the resident of *house* be as young as to turn *age* in *ahead* days."""
    turning = house.clock().date() + ahead * DAY
    birth = turning.replace(year=turning.year - age)
    house.keep("identity", "born", {"identity.date_of_birth": birth.isoformat()})
    with house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=house.citizen_id, status=status)


def status(house: House) -> CitizenStatus:
    with house.vault.reading(OPERATOR) as ctx:
        return citizens.find(ctx, citizen_id=house.citizen_id).status


def checks(house: House) -> int:
    """How often the birth date was opened."""
    with house.vault.reading(OPERATOR) as ctx:
        told = trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=200)
    return [line.event for line in told].count(Event.AGE_CHECKED)


@pytest.mark.parametrize(
    ("age", "before", "after"),
    [
        (13, CitizenStatus.CHILD, CitizenStatus.YOUNG_PERSON),
        (18, CitizenStatus.YOUNG_PERSON, CitizenStatus.ACTIVE),
    ],
)
def test_on_the_day_and_not_before_a_citizen_moves_on(
    house: House, age: int, before: CitizenStatus, after: CitizenStatus
) -> None:
    born(house, age=age, ahead=3, status=before)
    for day, expected in ((0, before), (2, before), (3, after), (4, after)):
        house.clock.ahead = day * DAY
        keep_house(house.vault)
        keep_house(house.vault)
        assert status(house) is expected, day
    assert checks(house) == 2  # once because nothing was marked yet, and once on the day
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_a_day_on_which_the_vault_did_not_run_is_made_up_for(sqlite_house: House) -> None:
    born(sqlite_house, age=13, ahead=3, status=CitizenStatus.CHILD)
    birthdays.keep(sqlite_house.vault)
    sqlite_house.clock.ahead = 40 * DAY
    assert birthdays.keep(sqlite_house.vault) == 1
    assert status(sqlite_house) is CitizenStatus.YOUNG_PERSON


def test_at_thirteen_one_may_have_an_account_and_not_a_day_sooner(sqlite_house: House) -> None:
    born(sqlite_house, age=13, ahead=1, status=CitizenStatus.CHILD)

    def make() -> None:
        with sqlite_house.vault.transaction(OPERATOR) as ctx:
            accounts.make(ctx, role=Role.CITIZEN, citizen_id=sqlite_house.citizen_id)

    birthdays.keep(sqlite_house.vault)
    with pytest.raises(NotAllowedError):
        make()
    sqlite_house.clock.ahead = DAY
    birthdays.keep(sqlite_house.vault)
    make()


def test_one_who_died_or_left_meanwhile_stays_where_they_are(sqlite_house: House) -> None:
    born(sqlite_house, age=18, ahead=1, status=CitizenStatus.YOUNG_PERSON)
    birthdays.keep(sqlite_house.vault)
    with sqlite_house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=sqlite_house.citizen_id, status=CitizenStatus.DECEASED)
    sqlite_house.clock.ahead = DAY
    assert birthdays.keep(sqlite_house.vault) == 0
    assert status(sqlite_house) is CitizenStatus.DECEASED


def test_the_age_of_an_adult_is_nothing_the_vault_may_check(sqlite_house: House) -> None:
    with pytest.raises(NotAllowedError):
        stage_of_life(sqlite_house.vault, citizen_id=sqlite_house.citizen_id)


def test_who_has_no_birth_date_on_record_is_left_where_they_are(sqlite_house: House) -> None:
    with sqlite_house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=sqlite_house.citizen_id, status=CitizenStatus.CHILD)
    assert birthdays.keep(sqlite_house.vault) == 0
    assert status(sqlite_house) is CitizenStatus.CHILD


def test_two_children_of_one_birthday_do_not_look_alike(sqlite_house: House) -> None:
    def child() -> UUID:
        with sqlite_house.vault.transaction(SYSTEM) as ctx:
            made = citizens.make(ctx, status=CitizenStatus.CHILD)
            turns.expect(ctx, citizen_id=made, turns=[date(2030, 6, 1)])
            note(ctx, Event.CITIZEN_LINKED, citizen_id=made, facts={})
            return made

    child(), child()
    with sqlite_house.vault.reading(OPERATOR) as ctx:
        marks = ctx.session.scalars(select(BlindIndex).where(BlindIndex.column == turns.COLUMN)).all()
    assert len({mark.index for mark in marks}) == 2


@pytest.mark.parametrize(
    ("birth", "today", "expected"),
    [
        (date(2012, 2, 29), date(2025, 2, 28), (date(2025, 3, 1), date(2030, 3, 1))),
        (date(2012, 5, 4), date(2025, 5, 4), (date(2030, 5, 4),)),
        (date(1990, 5, 4), date(2025, 5, 4), ()),
    ],
    ids=["born on 29 February", "thirteen today", "grown up"],
)
def test_turns_are_the_days_on_which_the_status_changes(birth: date, today: date, expected: tuple[date, ...]) -> None:
    found = turns.turns_after(birth, today)
    assert found == expected
    for day in found:
        before = citizens.status_at(birth, deceased=False, today=day - DAY)
        assert citizens.status_at(birth, deceased=False, today=day) is not before


def test_processes_that_start_together_keep_the_day_without_a_clash(house: House) -> None:
    today, said = house.clock().date(), list[object]()

    def remember() -> None:
        try:
            with house.vault.transaction(SYSTEM) as ctx:
                birthdays._remember(ctx, today)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is named below
            said.append(error)

    other = threading.Thread(target=remember)
    with house.vault.transaction(SYSTEM) as ctx:
        birthdays._remember(ctx, today)
        ctx.session.flush()
        other.start()
        other.join(1)  # the other has begun, and waits for this one
    other.join()
    assert said == []
