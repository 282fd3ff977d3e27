"""Cases: told to the right service, answered within a month by nobody else, and in the log without a word of theirs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from audit.events import Event
from tests.vault.house import CARE, House
from vault import accounts, cases, grants, items, services, trail
from vault.cases import CaseView
from vault.clock import months_later
from vault.context import OPERATOR, Actor
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError, WrongStateError
from vault.grants import GrantView
from vault.holding import hold
from vault.kinds import CaseKind, CaseState, GrantState, RecordStatus, Role

WORDS = "I moved out in March, and told you so."


def by_law(house: House) -> GrantView:
    house.ask(frozenset({"identity.name"}), "council-tax", case_reference="CT-1")
    with house.vault.reading(OPERATOR) as ctx:
        return grants.of_citizen(ctx, citizen_id=house.citizen_id)[0]


def tell(house: House, kind: CaseKind = CaseKind.CHALLENGE, **about: Any) -> CaseView:
    with house.vault.transaction(house.citizen) as ctx:
        return cases.open_case(
            ctx, citizen_id=house.citizen_id, kind=kind, service_id=house.service_id, statement=WORDS, **about
        )


def stranger(house: House) -> Actor:
    """An officer of another service."""
    with house.vault.transaction(OPERATOR) as ctx:
        other = services.make_service(
            ctx, organisation_id=house.council_id, slug="housing", name="Housing", jwks={"keys": []}, purposes=[CARE]
        )
        return accounts.make(
            ctx, role=Role.OFFICER, organisation_id=house.council_id, service_id=other.service_id
        ).actor()


def events(house: House) -> list[str]:
    with house.vault.reading(OPERATOR) as ctx:
        return [line.event for line in trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=200)]


def state_of(house: House, grant: GrantView) -> GrantState:
    with house.vault.reading(OPERATOR) as ctx:
        return grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).state


@pytest.mark.parametrize(
    ("asked", "due"),
    [((2027, 1, 31), (2027, 2, 28)), ((2027, 11, 24), (2027, 12, 24)), ((2027, 12, 5), (2028, 1, 5))],
)
def test_a_month_is_the_same_day_of_the_next_one_or_its_last(
    asked: tuple[int, int, int], due: tuple[int, int, int]
) -> None:
    assert months_later(datetime(*asked, 9, 30, tzinfo=UTC), 1) == datetime(*due, 9, 30, tzinfo=UTC)


def test_a_work_list_holds_no_word_and_what_is_due_first_comes_first(house: House) -> None:
    late = tell(house)
    house.clock.ahead = timedelta(days=40)
    fresh = tell(house)
    with house.vault.reading(OPERATOR) as ctx:
        found = cases.of_service(ctx, service_id=house.service_id)
    assert [(each.case_id, each.is_late) for each in found] == [(late.case_id, True), (fresh.case_id, False)]
    assert not any(hasattr(each, "statement") for each in found)


def test_reading_a_case_is_an_entry_that_names_who_and_not_what(house: House) -> None:
    case, officer = tell(house), house.officer()
    with house.vault.transaction(officer) as ctx:
        assert cases.read(ctx, case_id=case.case_id).statement == WORDS
    with house.vault.reading(OPERATOR) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=10)
    read = next(line for line in lines if line.event == Event.CASE_READ)
    assert (read.who.role, read.who.team) == ("senior carer", "north")
    assert WORDS not in str(read.facts)


def test_the_first_reading_takes_an_open_case_up_and_the_citizen_sees_when(house: House) -> None:
    case, officer = tell(house), house.officer()
    for _ in range(2):
        with house.vault.transaction(officer) as ctx:
            cases.read(ctx, case_id=case.case_id)
    assert events(house).count(Event.CASE_ACKNOWLEDGED) == 1
    with house.vault.reading(house.citizen) as ctx:
        seen = cases.one_of_citizen(ctx, citizen_id=house.citizen_id, case_id=case.case_id)
    assert seen.acknowledged_at is not None


def test_for_another_services_officer_a_case_is_as_if_it_were_not_there_and_the_try_is_logged(house: House) -> None:
    case, other = tell(house), stranger(house)
    for case_id in (case.case_id, house.citizen_id):
        with pytest.raises(NotFoundError, match="is not known"), house.vault.transaction(other) as ctx:
            cases.read(ctx, case_id=case_id)
        with pytest.raises(NotFoundError, match="is not known"), house.vault.transaction(other) as ctx:
            cases.answer(ctx, case_id=case_id, upheld=True, words="Yes.")
    assert events(house).count(Event.RECORD_REFUSED) == 2


def test_agreeing_with_an_objection_ends_the_use(house: House) -> None:
    grant = by_law(house)
    case = tell(house, CaseKind.OBJECTION, grant_id=grant.grant_id)
    assert state_of(house, grant) is GrantState.PAUSED
    with house.vault.transaction(house.officer()) as ctx:
        answered = cases.answer(ctx, case_id=case.case_id, upheld=True, words="You are right. We stop.")
    assert (answered.state, state_of(house, grant)) == (CaseState.UPHELD, GrantState.WITHDRAWN)


def test_taking_an_objection_back_lets_the_use_go_on(house: House) -> None:
    grant = by_law(house)
    case = tell(house, CaseKind.OBJECTION, grant_id=grant.grant_id)
    with house.vault.transaction(house.citizen) as ctx:
        cases.withdraw(ctx, citizen_id=house.citizen_id, case_id=case.case_id)
    assert state_of(house, grant) is GrantState.ACTIVE


@pytest.mark.parametrize("first_ends", ["withdrawn", "not-upheld"])
def test_a_pause_that_another_case_holds_is_not_lifted(house: House, first_ends: str) -> None:
    grant = by_law(house)
    first, second = (tell(house, CaseKind.OBJECTION, grant_id=grant.grant_id) for _ in range(2))
    if first_ends == "withdrawn":
        with house.vault.transaction(house.citizen) as ctx:
            cases.withdraw(ctx, citizen_id=house.citizen_id, case_id=first.case_id)
    else:
        with house.vault.transaction(house.officer()) as ctx:
            cases.answer(ctx, case_id=first.case_id, upheld=False, words="We looked.")
    assert state_of(house, grant) is GrantState.PAUSED
    with house.vault.transaction(house.citizen) as ctx:
        cases.withdraw(ctx, citizen_id=house.citizen_id, case_id=second.case_id)
    assert state_of(house, grant) is GrantState.ACTIVE


def test_a_pause_that_no_case_made_is_not_lifted_by_the_end_of_one(house: House) -> None:
    grant = house.grant()
    with house.vault.transaction(OPERATOR) as ctx:
        grants.pause(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)
    case = tell(house, grant_id=grant.grant_id)
    with house.vault.transaction(house.officer()) as ctx:
        cases.answer(ctx, case_id=case.case_id, upheld=False, words="We looked.")
    assert state_of(house, grant) is GrantState.PAUSED


def test_a_case_is_answered_once_and_not_after_it_was_taken_back(house: House) -> None:
    answered, taken, officer = tell(house), tell(house), house.officer()
    with house.vault.transaction(officer) as ctx:
        cases.answer(ctx, case_id=answered.case_id, upheld=True, words="Yes.")
    with house.vault.transaction(house.citizen) as ctx:
        cases.withdraw(ctx, citizen_id=house.citizen_id, case_id=taken.case_id)
    for case in (answered, taken):
        with pytest.raises(WrongStateError), house.vault.transaction(officer) as ctx:
            cases.answer(ctx, case_id=case.case_id, upheld=False, words="No.")
        with pytest.raises(NotAllowedError), house.vault.transaction(house.citizen) as ctx:
            cases.withdraw(ctx, citizen_id=house.citizen_id, case_id=case.case_id)


def test_an_answer_takes_longer_once_with_a_reason_and_at_most_three_months_in_all(house: House) -> None:
    case, officer = tell(house), house.officer()
    with pytest.raises(InvalidInputError), house.vault.transaction(officer) as ctx:
        cases.extend(ctx, case_id=case.case_id, months=3, words="Long.")
    with house.vault.transaction(officer) as ctx:
        longer = cases.extend(ctx, case_id=case.case_id, months=2, words="We wait for the hospital.")
    assert longer.due_at == months_later(case.opened_at, 3)
    assert longer.extension == "We wait for the hospital."
    with pytest.raises(WrongStateError), house.vault.transaction(officer) as ctx:
        cases.extend(ctx, case_id=case.case_id, months=1, words="Again.")


def test_what_is_late_is_not_given_longer(house: House) -> None:
    case, officer = tell(house), house.officer()
    house.clock.ahead = timedelta(days=32)
    with pytest.raises(WrongStateError), house.vault.transaction(officer) as ctx:
        cases.extend(ctx, case_id=case.case_id, months=1, words="Sorry.")


def test_agreeing_with_a_correction_needs_it_put_right_or_marks_the_item(house: House) -> None:
    record_id, officer = house.record_ids["medication"], house.officer()
    case = tell(house, CaseKind.CORRECTION, record_id=record_id)
    with pytest.raises(WrongStateError), house.vault.transaction(officer) as ctx:
        cases.answer(ctx, case_id=case.case_id, upheld=True, words="Yes.")
    with house.vault.transaction(officer) as ctx:
        cases.answer(ctx, case_id=case.case_id, upheld=True, words="Yes, that was not you.", mistake=True)
    with house.vault.reading(OPERATOR) as ctx:
        status = items.brief(ctx, citizen_id=house.citizen_id, record_id=record_id).status
    assert status is RecordStatus.ENTERED_IN_ERROR
    assert events(house)[:2] == [Event.CASE_ANSWERED, Event.RECORD_WRITTEN]


def test_a_newer_version_from_the_source_counts_as_put_right(house: House) -> None:
    case = tell(house, CaseKind.CORRECTION, record_id=house.record_ids["medication"])
    house.keep("medication", "m1", {"medication.name": "Apixaban", "medication.dose": "2.5 mg twice a day"})
    with house.vault.transaction(house.officer()) as ctx:
        answered = cases.answer(ctx, case_id=case.case_id, upheld=True, words="Your dose is right now.")
    assert answered.state is CaseState.UPHELD


def test_a_correction_goes_to_the_service_of_who_wrote_it_that_has_most_to_do_with_it(house: House) -> None:
    stranger(house)
    with house.vault.reading(house.citizen) as ctx:
        found = cases.where_to_correct(ctx, citizen_id=house.citizen_id, record_id=house.record_ids["medication"])
    assert found is not None
    assert found.service_id == house.service_id


def test_nothing_that_either_side_wrote_stands_in_the_database(sqlite_house: House) -> None:
    case, officer = tell(sqlite_house), sqlite_house.officer()
    with sqlite_house.vault.transaction(officer) as ctx:
        cases.extend(ctx, case_id=case.case_id, months=1, words="Waiting for Rowan ward")
    with sqlite_house.vault.transaction(officer) as ctx:
        cases.answer(ctx, case_id=case.case_id, upheld=False, words="The bill stands as it was")
    path = sqlite_house.vault.db.url.database
    assert path is not None
    with sqlite_house.vault.reading(OPERATOR) as ctx:
        held = b"".join(
            bytes(str(row), "utf-8")
            for table in ("cases", "case_steps", "audit_outbox")
            for row in ctx.session.execute(text(f"SELECT * FROM {table}"))
        )
    for words in (WORDS, "Rowan ward", "The bill stands"):
        assert words.encode() not in held


def test_the_whole_exchange_is_held_against_the_log(house: House) -> None:
    grant = by_law(house)
    case = tell(house, CaseKind.OBJECTION, grant_id=grant.grant_id)
    officer = house.officer()
    with house.vault.transaction(officer) as ctx:
        cases.read(ctx, case_id=case.case_id)
        cases.extend(ctx, case_id=case.case_id, months=1, words="Longer.")
    with house.vault.transaction(officer) as ctx:
        cases.answer(ctx, case_id=case.case_id, upheld=False, words="No.")
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
