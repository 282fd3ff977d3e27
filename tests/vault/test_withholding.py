"""What is held back from a citizen: by two people, for a reason, until a date, and never for good."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from tests.log_reading import told
from tests.vault.house import House
from vault import accounts, counts, trail, withholding
from vault.access import read_own
from vault.accounts import StaffLabel
from vault.context import OPERATOR
from vault.errors import (
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    RowForgedError,
    SecondPersonNeededError,
    VaultError,
    WrongStateError,
)
from vault.holding import hold
from vault.kinds import AccountStatus, Role
from vault.models import Record
from vault.release import Release
from vault.withholding import Withholding

REASON = "A social worker judged that reading this alone could do serious harm"
DAYS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Desk:
    """The house, an assessment in it, and the staff who may decide about it."""

    house: House
    record_id: UUID
    first: UUID
    second: UUID

    def hold_back(self, **changed: Any) -> Withholding:
        given: dict[str, Any] = {
            "citizen_id": self.house.citizen_id,
            "record_id": self.record_id,
            "until": self.house.clock() + DAYS,
            "authority": "DPA 2018 Sch. 3 para. 5",
            "reason": REASON,
            "first": self.first,
            "second": self.second,
        }
        with self.house.vault.transaction(OPERATOR) as ctx:
            return withholding.hold_back(ctx, **{**given, **changed})

    def release_early(self, by: UUID | None = None) -> Withholding:
        with self.house.vault.transaction(OPERATOR) as ctx:
            return withholding.release_early(
                ctx, citizen_id=self.house.citizen_id, record_id=self.record_id, by=by or self.second
            )

    def held(self) -> list[Withholding]:
        with self.house.vault.reading(OPERATOR) as ctx:
            return withholding.of_citizen(ctx, citizen_id=self.house.citizen_id)

    def seen(self) -> set[UUID]:
        answer = read_own(
            self.house.vault,
            actor=self.house.citizen,
            citizen_id=self.house.citizen_id,
            categories=frozenset({"care_needs", "identity"}),
        )
        assert isinstance(answer, Release)
        return {record.record_id for record in answer.unseal().records}

    def clerk(self, role: Role) -> UUID:
        return _account(self.house, role)


def _account(house: House, role: Role) -> UUID:
    own: dict[str, Any] = (
        {"citizen_id": house.citizen_id} if role is Role.CITIZEN else {"organisation_id": house.council_id}
    )
    service: dict[str, Any] = {"service_id": house.service_id} if role is Role.OFFICER else {}
    with house.vault.transaction(OPERATOR) as ctx:
        label = StaffLabel("Sam", "social worker", "north")
        return accounts.make(ctx, role=role, label=label, **own, **service).account_id


@pytest.fixture
def desk(house: House) -> Desk:
    record_id = house.keep("care_needs", "n1", {"care_needs.risks": "Falls when alone"})
    return Desk(house, record_id, _account(house, Role.OFFICER), _account(house, Role.ADMINISTRATOR))


def test_the_citizen_sees_the_item_before_and_after_and_not_while_it_is_held_back(desk: Desk) -> None:
    assert desk.record_id in desk.seen()
    desk.hold_back()
    assert desk.seen() == {desk.house.record_ids["identity"]}
    desk.house.clock.ahead = DAYS - timedelta(minutes=1)
    assert desk.record_id not in desk.seen()
    desk.house.clock.ahead = DAYS
    assert desk.record_id in desk.seen()


def test_what_is_held_back_does_not_count_in_the_citizens_totals(desk: Desk) -> None:
    category = _category(desk)
    before = _count(desk, category)
    desk.hold_back()
    assert _count(desk, category) == before - 1
    desk.house.clock.ahead = DAYS
    assert _count(desk, category) == before


def _category(desk: Desk) -> str:
    with desk.house.vault.reading(OPERATOR) as ctx:
        row = ctx.session.get(Record, (desk.house.citizen_id, desk.record_id))
        assert row is not None
        return row.category


def _count(desk: Desk, category: str) -> int:
    with desk.house.vault.reading(OPERATOR) as ctx:
        found = {each.category: each.items for each in counts.of_citizen(ctx, citizen_id=desk.house.citizen_id)}
    return found.get(category, 0)


def test_what_is_held_back_is_listed_with_its_grounds_until_its_date(desk: Desk) -> None:
    made = desk.hold_back()
    assert desk.held() == [made]
    assert (made.reason, made.approved) == (REASON, (desk.first, desk.second))
    desk.house.clock.ahead = DAYS
    assert desk.held() == []


def test_one_person_can_show_it_early(desk: Desk) -> None:
    desk.hold_back()
    desk.release_early()
    assert desk.record_id in desk.seen()
    assert desk.held() == []
    with pytest.raises(WrongStateError):
        desk.release_early()


def test_a_later_decision_replaces_the_earlier_one(desk: Desk) -> None:
    desk.hold_back()
    again = desk.hold_back(until=desk.house.clock() + 2 * DAYS, reason="looked at anew")
    assert desk.held() == [again]
    assert again.version == 2


REFUSED: dict[str, tuple[type[VaultError], dict[str, Any]]] = {
    "for good": (InvalidInputError, {"until": timedelta(days=3650)}),
    "until yesterday": (InvalidInputError, {"until": -timedelta(days=1)}),
    "without an authority": (InvalidInputError, {"authority": "  "}),
    "with an authority that is a letter": (InvalidInputError, {"authority": "x" * 201}),
    "without a reason": (InvalidInputError, {"reason": ""}),
    "with a reason that is a book": (InvalidInputError, {"reason": "x" * 2001}),
    "an item nobody has": (NotFoundError, {"record_id": uuid4()}),
    "by nobody": (NotFoundError, {"first": uuid4()}),
}


@pytest.mark.parametrize("how", REFUSED)
def test_nothing_is_held_back(desk: Desk, how: str) -> None:
    expected, changed = REFUSED[how]
    if "until" in changed:
        changed = {"until": desk.house.clock() + changed["until"]}
    with pytest.raises(expected):
        desk.hold_back(**changed)
    assert desk.held() == []


def test_one_person_alone_holds_nothing_back(desk: Desk) -> None:
    with pytest.raises(SecondPersonNeededError):
        desk.hold_back(second=desk.first)
    assert desk.held() == []


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.AUDITOR])
def test_only_those_who_work_with_the_record_hold_it_back(desk: Desk, role: Role) -> None:
    with pytest.raises(NotAllowedError):
        desk.hold_back(second=desk.clerk(role))


def test_an_account_that_was_closed_does_not_count_as_a_person(desk: Desk) -> None:
    with desk.house.vault.transaction(OPERATOR) as ctx:
        accounts.set_status(ctx, account_id=desk.second, status=AccountStatus.CLOSED)
    with pytest.raises(NotAllowedError):
        desk.hold_back()


def test_a_category_that_the_law_does_not_let_us_hold_back_stays_visible(desk: Desk) -> None:
    with pytest.raises(InvalidInputError):
        desk.hold_back(record_id=desk.house.record_ids["identity"])


def test_showing_what_is_not_held_back_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        desk.release_early()


def test_the_log_tells_the_auditor_who_and_until_when_and_the_citizen_only_that_it_is_shown_again(desk: Desk) -> None:
    desk.hold_back()
    with desk.house.vault.reading(OPERATOR) as ctx:
        newest = [entry for entry in told(desk.house.vault) if entry.event.startswith("record:")][-1]
        before = [line.event for line in trail.of_citizen(ctx, citizen_id=desk.house.citizen_id)]
    assert newest.event == "record:held-back"
    assert newest.facts["approved"] == [str(desk.first), str(desk.second)]
    assert REASON not in str(newest.facts)
    assert "record:held-back" not in before
    desk.release_early()
    with desk.house.vault.reading(OPERATOR) as ctx:
        assert trail.of_citizen(ctx, citizen_id=desk.house.citizen_id)[0].event == "record:shown-again"


def test_the_reason_is_nowhere_in_the_tables(desk: Desk) -> None:
    desk.hold_back()
    with desk.house.vault.db.read.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM held_back")).all()
    assert b"social worker" not in b"".join(value for value in row if isinstance(value, bytes))


def test_a_date_that_was_moved_behind_the_vaults_back_is_not_believed(desk: Desk) -> None:
    desk.hold_back()
    with desk.house.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE held_back SET until = 0"))
    with pytest.raises(RowForgedError):
        desk.seen()


def test_holding_back_leaves_the_tables_as_the_log_says(desk: Desk) -> None:
    desk.hold_back()
    desk.release_early()
    with desk.house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
