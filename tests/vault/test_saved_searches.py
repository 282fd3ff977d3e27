"""Searches that an auditor keeps: their own, sealed, without the person, logged, and found if somebody changes one."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from audit.events import Event
from tests.log_reading import told
from tests.vault.house import CARE, House
from vault import accounts, trail
from vault.context import OPERATOR, Actor
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError
from vault.holding import hold
from vault.housekeeping import keep_house
from vault.kinds import AccountStatus, Role
from vault.trail import Filters, Saved
from vault.trail.saved import MOST, NAME_MOST

REFERENCE = "hc-0417"
WANTED = Filters(since=date(2026, 1, 2), purpose=CARE, reference=REFERENCE, grant_id=UUID(int=7), person="a handle")


def auditor_of(house: House) -> Actor:
    with house.vault.transaction(OPERATOR) as ctx:
        return accounts.make(ctx, role=Role.AUDITOR, organisation_id=house.council_id).actor()


@pytest.fixture
def ruth(house: House) -> Actor:
    return auditor_of(house)


def save(house: House, who: Actor, name: str = "weekly", filters: Filters = WANTED, days: int | None = None) -> UUID:
    with house.vault.transaction(who) as ctx:
        return trail.save_search(ctx, name=name, filters=filters, days=days)


def kept(house: House, who: Actor) -> list[Saved]:
    with house.vault.reading(who) as ctx:
        return trail.saved_searches(ctx)


def test_a_search_is_kept_without_its_person_run_renamed_and_deleted_and_each_is_logged(
    house: House, ruth: Actor
) -> None:
    search_id = save(house, ruth)
    (found,) = kept(house, ruth)
    assert (found.search_id, found.name, found.filters.person) == (search_id, "weekly", "")
    assert found.filters.told == {name: held for name, held in WANTED.told.items() if name != "person"}
    assert found.asked_on(date(2026, 5, 5)) == found.filters
    with house.vault.transaction(ruth) as ctx:
        trail.rename_search(ctx, search_id=search_id, name="Weekly")
    assert [each.name for each in kept(house, ruth)] == ["Weekly"]
    with house.vault.transaction(ruth) as ctx:
        trail.forget_search(ctx, search_id=search_id)
    assert kept(house, ruth) == []
    lines = told(house.vault, Event.AUDIT_SEARCH_CHANGED)
    assert [line.facts["change"] for line in lines] == ["saved", "renamed", "deleted"]
    assert all(line.facts["filters"]["reference"] == REFERENCE for line in lines)
    assert "weekly" not in str([line.facts for line in lines]).lower()
    with house.vault.db.snapshot() as session:
        assert hold(session).defects == ()


def test_days_are_counted_from_the_day_it_is_run(house: House, ruth: Actor) -> None:
    save(house, ruth, days=7)
    (found,) = kept(house, ruth)
    assert (found.filters.since, found.filters.until) == (None, None)
    day = date(2026, 3, 1)
    assert found.asked_on(day).since == day - timedelta(days=6)
    with pytest.raises(InvalidInputError):
        save(house, ruth, "another", days=8)


def test_an_auditor_has_their_own_alone(house: House, ruth: Actor) -> None:
    search_id, other = save(house, ruth), auditor_of(house)
    assert kept(house, other) == []
    words = set()
    for wanted in (search_id, uuid4()):
        with house.vault.reading(other) as ctx, pytest.raises(NotFoundError) as refusal:
            trail.saved_search(ctx, search_id=wanted)
        with house.vault.transaction(other) as ctx, pytest.raises(NotFoundError):
            trail.rename_search(ctx, search_id=wanted, name="mine")
        with house.vault.transaction(other) as ctx, pytest.raises(NotFoundError):
            trail.forget_search(ctx, search_id=wanted)
        words.add(str(refusal.value))
    assert len(words) == 1
    for nobody in (house.citizen, house.officer(), OPERATOR):
        with house.vault.transaction(nobody) as ctx, pytest.raises(NotAllowedError):
            trail.save_search(ctx, name="x", filters=Filters())


def test_names_and_numbers_have_bounds(house: House, ruth: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    save(house, ruth, "n" * NAME_MOST)
    for name in ("", "  ", "n" * (NAME_MOST + 1), "N" * NAME_MOST):
        with pytest.raises(InvalidInputError):
            save(house, ruth, name)
    assert MOST == 50
    monkeypatch.setattr("vault.trail.saved.MOST", 2)
    save(house, ruth, "second")
    with pytest.raises(InvalidInputError, match="delete one first"):
        save(house, ruth, "third")


def test_nothing_of_it_stands_in_clear_and_a_changed_one_is_named(house: House, ruth: Actor) -> None:
    save(house, ruth, "Mrs Pugh")
    with house.vault.db.read.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM saved_searches")).all()
    stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    assert b"Pugh" not in stored
    assert REFERENCE.encode() not in stored
    with house.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE saved_searches SET version = 9"))
    with house.vault.db.snapshot() as session:
        assert {(each.kind, each.table) for each in hold(session).defects} == {
            ("changed", "saved_searches"),
            ("unmarked", "saved_searches"),
        }


def test_the_searches_of_who_left_are_deleted(house: House, ruth: Actor) -> None:
    save(house, ruth)
    other = auditor_of(house)
    save(house, other)
    assert ruth.account_id is not None
    with house.vault.transaction(OPERATOR) as ctx:
        accounts.set_status(ctx, account_id=ruth.account_id, status=AccountStatus.CLOSED)
    keep_house(house.vault)
    with house.vault.db.read.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM saved_searches")).scalar_one() == 1
    assert len(kept(house, other)) == 1
