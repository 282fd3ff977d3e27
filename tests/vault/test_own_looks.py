"""A person's own looks: one entry for each sign-in, category and hour, and none is opened without one."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from audit.events import Event
from tests.vault.house import House
from vault import citizens, trail
from vault.access import export_own, forget_noted_looks, read_own, reveal
from vault.context import OPERATOR, SYSTEM, Actor
from vault.errors import NotAllowedError, RowForgedError
from vault.holding import hold
from vault.ids import new_id
from vault.journal import note
from vault.kinds import CitizenStatus
from vault.models import HeldBack
from vault.release import Refusal, Release

SIGN_IN, OTHER = bytes(32), bytes([1] * 32)
BOTH = frozenset({"identity", "medication"})


@pytest.fixture
def early(house: House) -> House:
    """The house at twenty minutes past an hour to come."""
    now = house.vault.clock()
    wanted = now.replace(minute=20, second=0) + timedelta(hours=1)
    house.clock.ahead = wanted - now
    return house


def look(house: House, categories: frozenset[str] = BOTH, sign_in: bytes | None = SIGN_IN) -> Release | Refusal:
    actor = replace(house.citizen, sign_in=sign_in)
    return read_own(house.vault, actor=actor, citizen_id=house.citizen_id, categories=categories)


def looks(house: House) -> list[list[str]]:
    """The categories of each logged look, oldest first."""
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
        lines = trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=200)
    return [line.facts["categories"] for line in reversed(lines) if line.event == Event.RECORD_VIEWED]


def opened(answer: Release | Refusal) -> int:
    assert isinstance(answer, Release), answer
    return len(answer.unseal().records)


def test_a_page_of_several_categories_is_one_entry_however_often_it_is_turned_to(early: House) -> None:
    first = look(early)
    again = [look(early), look(early, frozenset({"identity"}))]
    assert opened(first) == opened(again[0]) > opened(again[1]) > 0
    assert looks(early) == [["identity", "medication"]]
    assert {answer.leaf_hash for answer in (first, *again)} == {first.leaf_hash}


def test_only_what_is_new_this_hour_is_named_in_the_next_entry(early: House) -> None:
    look(early, frozenset({"identity"}))
    look(early, BOTH | {"allergy"})
    assert looks(early) == [["identity"], ["allergy", "medication"]]


def test_another_hour_and_another_sign_in_are_entries_of_their_own(early: House) -> None:
    look(early)
    early.clock.ahead += timedelta(minutes=45)
    look(early)
    look(early, sign_in=OTHER)
    assert len(looks(early)) == 3


def test_without_a_sign_in_every_look_is_an_entry(early: House) -> None:
    for _ in range(2):
        look(early, sign_in=None)
    assert len(looks(early)) == 2


def test_it_holds_over_a_restart_and_for_every_server(early: House) -> None:
    look(early)
    early.vault.db.dispose()
    look(early)
    assert len(looks(early)) == 1


def test_a_dangerous_value_and_a_copy_are_logged_each_time(early: House) -> None:
    actor = replace(early.citizen, sign_in=SIGN_IN)
    ids = {"actor": actor, "citizen_id": early.citizen_id}
    for _ in range(2):
        shown = reveal(early.vault, **ids, record_id=early.record_ids["home"], field="home_access.key_safe_code")  # type: ignore[arg-type]
        assert opened(shown) == 1
        names = frozenset({"identity.name"})
        export_own(early.vault, **ids, fields=names, masked=frozenset(), kind="json")  # type: ignore[arg-type]
    with early.vault.reading(OPERATOR) as ctx:
        events = [line.event for line in trail.of_citizen(ctx, citizen_id=early.citizen_id, limit=50)]
    assert (events.count(Event.RECORD_VIEWED), events.count(Event.RECORD_EXPORTED)) == (2, 2)


def test_someone_else_is_refused_and_logged_each_time(early: House) -> None:
    with early.vault.transaction(OPERATOR) as ctx:
        other = citizens.make(ctx, status=CitizenStatus.ACTIVE)
    stranger = Actor(kind="citizen", citizen_id=other, sign_in=SIGN_IN)
    for _ in range(2):
        answer = read_own(early.vault, actor=stranger, citizen_id=early.citizen_id, categories=BOTH)
        assert isinstance(answer, Refusal)
    with early.vault.reading(OPERATOR) as ctx:
        events = [line.event for line in trail.of_citizen(ctx, citizen_id=early.citizen_id, limit=50)]
    assert events.count(Event.RECORD_REFUSED) == 2


def test_a_planted_note_hides_no_look(early: House) -> None:
    look(early)
    statement = "UPDATE noted_looks SET hour = hour + 3600000000"
    with early.vault.db.write.begin() as connection:
        connection.execute(text(statement))
    early.clock.ahead += timedelta(hours=1)
    with pytest.raises(RowForgedError):
        look(early)


def test_the_first_look_is_not_opened_when_its_entry_cannot_be_kept(early: House) -> None:
    with early.vault.db.write.begin() as connection:
        connection.execute(text("ALTER TABLE audit_outbox RENAME TO audit_outbox_away"))
    with pytest.raises(Exception, match="audit_outbox"):
        look(early)
    with early.vault.db.write.begin() as connection:
        connection.execute(text("ALTER TABLE audit_outbox_away RENAME TO audit_outbox"))
        assert connection.execute(text("SELECT count(*) FROM noted_looks")).scalar() == 0
    look(early)
    assert len(looks(early)) == 1


def test_looks_at_the_same_moment_are_all_opened_and_logged(early: House) -> None:
    answers: list[Release | Refusal] = []
    readers = [threading.Thread(target=lambda: answers.append(look(early))) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert [opened(answer) for answer in answers] == [opened(look(early))] * 4
    assert 1 <= len(looks(early)) <= 4


def test_what_was_noted_is_forgotten_after_its_hour(early: House) -> None:
    look(early)
    early.clock.ahead += timedelta(hours=3)
    with early.vault.transaction(SYSTEM) as ctx:
        forget_noted_looks(ctx)
        assert ctx.session.execute(text("SELECT count(*) FROM noted_looks")).scalar() == 0


def test_an_item_held_back_meanwhile_is_not_shown(early: House, monkeypatch: pytest.MonkeyPatch) -> None:
    real = type(early.vault.engine).decide

    def decide(*given: object) -> object:
        monkeypatch.undo()
        with early.vault.transaction(OPERATOR) as ctx:
            held = HeldBack(
                citizen_id=early.citizen_id,
                record_id=early.record_ids["identity"],
                until=ctx.now + timedelta(days=3),
                authority="DPA 2018, Schedule 3",
                sealed_reason=b"sealed",
                approved_first=new_id(),
                approved_second=new_id(),
            )
            ctx.session.add(held)
            note(ctx, Event.RECORD_HELD_BACK, facts={})
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(type(early.vault.engine), "decide", decide)
    with pytest.raises(NotAllowedError):
        look(early)
    assert looks(early) == []
