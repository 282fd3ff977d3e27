"""Emergencies: stated by an officer, open for a short time, told at once, judged by another; on both databases."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from audit.events import Event
from tests.log_reading import told
from tests.vault.house import CARE, House, definition
from vault import access, accounts, emergencies, notices, purposes, requests, services
from vault.accounts import StaffLabel
from vault.context import OPERATOR, Actor
from vault.errors import (
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    ProofNeededError,
    TooOftenError,
    WrongStateError,
)
from vault.holding import hold
from vault.kinds import EmergencyReason, FollowUp, NoticeKind, Role, ServiceStatus
from vault.models import OutgoingMail
from vault.purposes import Choice

URGENT: Final = "urgent-help"
WORDS: Final = "She does not answer the door, and we heard her fall."
FALL: Final = EmergencyReason.NO_ANSWER


@pytest.fixture
def urgent(sqlite_house: House) -> House:
    """The small vault, with a purpose for emergencies that the home-care service may use."""
    return with_emergencies(sqlite_house)


@pytest.fixture
def urgent_on_both(house: House) -> House:
    """The same, once on SQLite and once on PostgreSQL."""
    return with_emergencies(house)


def with_emergencies(house: House) -> House:
    with house.vault.transaction(OPERATOR) as ctx:
        made = definition(URGENT, choice=Choice.TOLD_AFTERWARDS, emergency=True, receives=False, max_days=0, max_uses=0)
        purposes.register(ctx, definition=made, first=None, second=None)
        services.set_purposes(ctx, slug="home-care", purposes=[CARE, URGENT], batch=[])
    return house


def supervisor(house: House) -> Actor:
    with house.vault.transaction(OPERATOR) as ctx:
        label = StaffLabel("Sam", "team leader", "north")
        return accounts.make(
            ctx,
            role=Role.OFFICER,
            organisation_id=house.council_id,
            service_id=house.service_id,
            label=label,
            supervises=True,
        ).actor()


def state(house: House, officer: Actor, **changed: Any) -> UUID:
    given: dict[str, Any] = {"citizen_id": house.citizen_id, "purpose": URGENT, "reason": FALL, "words": WORDS}
    with house.vault.transaction(officer) as ctx:
        return emergencies.state(ctx, **{**given, **changed})


def judge(house: House, actor: Actor, emergency_id: UUID, outcome: FollowUp = FollowUp.RIGHT) -> None:
    with house.vault.transaction(actor) as ctx:
        emergencies.follow_up(ctx, emergency_id=emergency_id, outcome=outcome, words="It was needed.")


def test_what_an_emergency_opens_is_logged_first_and_only_what_its_purpose_may_have(urgent_on_both: House) -> None:
    officer = urgent_on_both.officer()
    emergency_id = state(urgent_on_both, officer)
    release = access.read_in_emergency(urgent_on_both.vault, actor=officer, emergency_id=emergency_id)
    line = told(urgent_on_both.vault, Event.RECORD_OPENED)[-1]
    assert line.facts["emergency"] == str(emergency_id)
    assert line.facts["reason"] == "no-answer"
    opened = release.unseal()
    held = [value for record in opened.records for value in record.fields.values()]
    assert {"Apixaban", "Penicillin", "Edith Marlow"} <= set(held)
    assert not {"Insulin", "Warfarin", "Miscarriage", "Side gate", "turn to 4471"} & set(held)
    assert line.facts["fields"] == sorted(release.fields)
    assert all(name in definition(URGENT).most for name in release.fields)
    assert WORDS not in str(line)


def test_the_resident_is_told_in_the_moment_it_is_stated_even_if_they_want_one_mail_a_day(urgent: House) -> None:
    state(urgent, urgent.officer())
    with urgent.vault.reading(urgent.citizen) as ctx:
        kinds = [each.kind for each in notices.of_citizen(ctx, citizen_id=urgent.citizen_id)]
        mail = ctx.session.scalars(select(OutgoingMail)).one()
        assert NoticeKind.EMERGENCY in kinds
        assert mail.due_at <= ctx.now
    assert told(urgent.vault, Event.EMERGENCY_STATED)[0].facts["reason"] == "no-answer"


def test_it_ends_hard_by_time_by_hand_and_when_it_was_judged(urgent_on_both: House) -> None:
    officer = urgent_on_both.officer()
    by_time, by_hand, judged = (state(urgent_on_both, officer) for _ in range(3))
    with urgent_on_both.vault.transaction(officer) as ctx:
        emergencies.close(ctx, emergency_id=by_hand)
    judge(urgent_on_both, supervisor(urgent_on_both), judged)
    access.read_in_emergency(urgent_on_both.vault, actor=officer, emergency_id=by_time).unseal()
    urgent_on_both.clock.ahead += emergencies.LASTS
    for each in (by_time, by_hand, judged):
        with pytest.raises(NotAllowedError):
            access.read_in_emergency(urgent_on_both.vault, actor=officer, emergency_id=each)
    refused = told(urgent_on_both.vault, Event.RECORD_REFUSED)
    assert [line.facts["because"] for line in refused] == [["emergency-look-is-over"]] * 3


@pytest.mark.parametrize("how", ["by-hand", "judged"])
def test_what_was_closed_opens_no_more_before_its_time(urgent: House, how: str) -> None:
    officer = urgent.officer()
    emergency_id = state(urgent, officer)
    if how == "judged":
        judge(urgent, supervisor(urgent), emergency_id)
    else:
        with urgent.vault.transaction(officer) as ctx:
            emergencies.close(ctx, emergency_id=emergency_id)
    with pytest.raises(NotAllowedError):
        access.read_in_emergency(urgent.vault, actor=officer, emergency_id=emergency_id)


def test_nobody_else_looks_in_an_emergency_that_an_officer_stated(urgent: House) -> None:
    emergency_id = state(urgent, urgent.officer())
    others = (urgent.officer(), supervisor(urgent), urgent.citizen, Actor(kind="auditor", account_id=uuid4()))
    for actor in others:
        with pytest.raises(NotFoundError):
            access.read_in_emergency(urgent.vault, actor=actor, emergency_id=emergency_id)


def test_how_to_get_in_opens_alone_and_by_its_name(urgent: House) -> None:
    officer = urgent.officer()
    emergency_id = state(urgent, officer)
    look: Callable[[str], Any] = lambda field: access.read_in_emergency(  # noqa: E731 -- one line, used thrice
        urgent.vault, actor=officer, emergency_id=emergency_id, field=field
    )
    assert [dict(record.fields) for record in look("home_access.entry").unseal().records] == [
        {"home_access.entry": "Side gate"}
    ]
    assert told(urgent.vault, Event.RECORD_OPENED)[-1].facts["fields"] == ["home_access.entry"]
    for closed in ("home_access.key_safe_code", "medication.name"):
        with pytest.raises(NotFoundError):
            look(closed)


@pytest.mark.parametrize("broken", [{"purpose": CARE}, {"words": " "}, {"words": "x" * 1001}, {"purpose": "none"}])
def test_without_purpose_or_reason_nothing_opens_and_nobody_is_told(urgent: House, broken: dict[str, Any]) -> None:
    with pytest.raises((NotAllowedError, InvalidInputError, NotFoundError)):
        state(urgent, urgent.officer(), **broken)
    with urgent.vault.reading(urgent.citizen) as ctx:
        assert notices.of_citizen(ctx, citizen_id=urgent.citizen_id) == []
    assert told(urgent.vault, Event.EMERGENCY_STATED) == []


def test_stating_needs_a_fresh_proof_and_looking_on_does_not(urgent: House) -> None:
    stale = replace(urgent.officer(), can_prove=True)
    with pytest.raises(ProofNeededError):
        state(urgent, stale)
    emergency_id = state(urgent, replace(stale, proven_at=urgent.clock()))
    access.read_in_emergency(urgent.vault, actor=stale, emergency_id=emergency_id).unseal()


def test_a_suspended_service_opens_nothing_though_an_emergency_was_stated(urgent: House) -> None:
    officer = urgent.officer()
    emergency_id = state(urgent, officer)
    with urgent.vault.transaction(OPERATOR) as ctx:
        services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
    with pytest.raises(NotAllowedError):
        access.read_in_emergency(urgent.vault, actor=officer, emergency_id=emergency_id)
    with pytest.raises(NotAllowedError):
        state(urgent, officer)


def test_one_officer_states_so_many_a_day_and_no_more(urgent: House) -> None:
    officer, other = urgent.officer(), urgent.officer()
    for _ in range(emergencies.MOST_A_DAY):
        state(urgent, officer)
    with pytest.raises(TooOftenError):
        state(urgent, officer)
    state(urgent, other)
    urgent.clock.ahead += timedelta(days=1)
    state(urgent, officer)


def test_of_two_statements_at_once_both_are_counted(urgent_on_both: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vault.emergencies.stating.MOST_A_DAY", 1)
    officer, given = urgent_on_both.officer(), {"purpose": URGENT, "reason": FALL, "words": WORDS}
    outcomes: list[str] = []

    def second() -> None:
        try:
            state(urgent_on_both, officer)
        except TooOftenError:
            outcomes.append("refused")
        else:
            outcomes.append("stated")

    other = threading.Thread(target=second)
    with urgent_on_both.vault.transaction(officer) as ctx:
        emergencies.state(ctx, citizen_id=urgent_on_both.citizen_id, **given)  # type: ignore[arg-type]
        other.start()
        other.join(0.3)
    other.join()
    assert outcomes == ["refused"]


def test_a_supervisor_judges_once_never_their_own_and_the_resident_is_told(urgent_on_both: House) -> None:
    boss = supervisor(urgent_on_both)
    emergency_id, own = state(urgent_on_both, urgent_on_both.officer()), state(urgent_on_both, boss)
    with pytest.raises(NotFoundError):
        judge(urgent_on_both, urgent_on_both.officer(), emergency_id)
    with pytest.raises(NotAllowedError):
        judge(urgent_on_both, boss, own)
    with urgent_on_both.vault.reading(boss) as ctx:
        assert [line.emergency_id for line in emergencies.to_judge(ctx)] == [emergency_id]
        assert emergencies.to_follow_up(ctx, emergency_id=emergency_id).words == WORDS
    judge(urgent_on_both, boss, emergency_id, FollowUp.WRONG)
    with pytest.raises(WrongStateError):
        judge(urgent_on_both, boss, emergency_id)
    assert told(urgent_on_both.vault, Event.EMERGENCY_FOLLOWED_UP)[0].facts["outcome"] == "wrong"
    with urgent_on_both.vault.reading(urgent_on_both.citizen) as ctx:
        kinds = [each.kind for each in notices.of_citizen(ctx, citizen_id=urgent_on_both.citizen_id)]
    assert kinds.count(NoticeKind.EMERGENCY_JUDGED) == 1


def test_a_supervisor_of_another_service_finds_nothing(urgent: House) -> None:
    emergency_id = state(urgent, urgent.officer())
    stranger = replace(supervisor(urgent), service_id=uuid4())
    with pytest.raises(NotFoundError), urgent.vault.reading(stranger) as ctx:
        emergencies.to_follow_up(ctx, emergency_id=emergency_id)


def test_what_was_not_looked_at_in_time_or_was_wrong_is_there_for_auditors(urgent_on_both: House) -> None:
    right, wrong, late = (state(urgent_on_both, urgent_on_both.officer()) for _ in range(3))
    boss = supervisor(urgent_on_both)
    judge(urgent_on_both, boss, right)
    judge(urgent_on_both, boss, wrong, FollowUp.WRONG)
    seen: Callable[[UUID | None], set[UUID]] = lambda owner: _unsettled(urgent_on_both, owner)  # noqa: E731 -- used four times
    assert seen(None) == {wrong}
    urgent_on_both.clock.ahead += emergencies.FOLLOWED_UP_WITHIN
    assert seen(None) == seen(urgent_on_both.council_id) == {wrong, late}
    assert seen(uuid4()) == set()


def _unsettled(house: House, organisation_id: UUID | None) -> set[UUID]:
    with house.vault.reading(OPERATOR) as ctx:
        return {line.emergency_id for line in emergencies.unsettled(ctx, organisation_id=organisation_id)}


def test_no_service_asks_for_or_is_given_an_emergency_purpose(urgent: House) -> None:
    with pytest.raises((NotAllowedError, InvalidInputError)):
        urgent.ask(purpose=URGENT, case_reference="C-1", days=0)
    with urgent.vault.reading(urgent.citizen) as ctx:
        assert requests.of_citizen(ctx, citizen_id=urgent.citizen_id) == []


def test_every_row_of_it_is_held_against_the_log(urgent_on_both: House) -> None:
    emergency_id = state(urgent_on_both, urgent_on_both.officer())
    judge(urgent_on_both, supervisor(urgent_on_both), emergency_id)
    with urgent_on_both.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
