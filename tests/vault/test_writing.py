"""Officers write back: once, under a purpose that may write, seen by the citizen, put right only as a newer version."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit.events import Event
from tests.vault.house import CARE, House, definition
from vault import access, accounts, cases, grants, items, purposes, services, trail, writing
from vault.access import read_own
from vault.context import OPERATOR, Actor
from vault.errors import InvalidInputError, NotAllowedError, NotFoundError, WrongStateError
from vault.grants import GrantView
from vault.holding import hold
from vault.kinds import CaseKind, Role
from vault.release import Release
from vault.writing import Words

DAY = date(2026, 11, 20)
VISIT = {"care_visit.tasks": "Breakfast and tablets", "care_visit.note": "Cheerful today"}
SHOWN = {**VISIT, "care_visit.note": "left out"}  # to its resident: a note may be about others


def let_write(house: House) -> GrantView:
    """A grant under a purpose that may write visits."""
    with house.vault.transaction(OPERATOR) as ctx:
        writes = ["care_visit.actual", "care_visit.tasks", "care_visit.note"]
        purposes.register(ctx, definition=definition(CARE, writes=writes), first=None, second=None)
    return house.grant()


def add(house: House, grant: GrantView, actor: Actor, key: UUID | None = None, changed: Any = None) -> UUID:
    with house.vault.transaction(actor) as ctx:
        return writing.add(
            ctx,
            grant_id=grant.grant_id,
            category="care_visit",
            key=key or uuid4(),
            words=Words(fields={**VISIT, **(changed or {})}, as_of=DAY),
        )


def mine(house: House) -> list[Any]:
    answer = read_own(
        house.vault,
        actor=house.citizen,
        citizen_id=house.citizen_id,
        categories=frozenset({"care_visit", "medication"}),
    )
    assert isinstance(answer, Release)
    return list(answer.unseal().records)


def said(house: House) -> str:
    return str([each.fields for each in mine(house)])


def visit(house: House) -> Any:
    return next(each for each in mine(house) if each.category == "care_visit")


def written(house: House) -> list[Any]:
    with house.vault.reading(OPERATOR) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=100)
    return [line for line in lines if line.event == Event.RECORD_WRITTEN and line.facts.get("acting")]


def test_what_was_written_is_the_citizens_and_says_where_it_came_from(house: House) -> None:
    grant, officer = let_write(house), house.officer()
    record_id = add(house, grant, officer)
    held = visit(house)
    assert (held.fields, held.source_system, held.as_of) == (SHOWN, "portal", DAY.isoformat())
    with house.vault.reading(house.citizen) as ctx:
        author = items.authors(ctx, citizen_id=house.citizen_id, category="care_visit")[record_id]
    assert (author.role, author.team, author.service_id) == ("senior carer", "north", house.service_id)


def test_the_entry_names_the_fields_and_who_and_holds_no_word(house: House) -> None:
    grant = let_write(house)
    add(house, grant, house.officer())
    (line,) = written(house)
    assert set(line.fields) == set(VISIT)
    assert line.who.role == "senior carer"
    assert "Breakfast" not in str(line.facts)
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_the_same_form_sent_twice_writes_once_and_with_other_words_is_refused(house: House) -> None:
    grant, officer, key = let_write(house), house.officer(), uuid4()
    assert add(house, grant, officer, key=key) == add(house, grant, officer, key=key)
    assert len(written(house)) == 1
    with pytest.raises(WrongStateError):
        add(house, grant, officer, key, {"care_visit.tasks": "Something else"})
    assert visit(house).fields == SHOWN


def test_without_a_purpose_that_writes_nothing_is_written(house: House) -> None:
    grant, officer = house.grant(), house.officer()
    with pytest.raises(NotAllowedError):
        add(house, grant, officer)


def test_only_what_the_purpose_may_write_is_written(house: House) -> None:
    grant, officer = let_write(house), house.officer()
    with pytest.raises(NotAllowedError):
        add(house, grant, officer, changed={"care_visit.planned": "Tomorrow"})
    assert not any(each.category == "care_visit" for each in mine(house))


def test_after_the_citizen_stopped_nothing_is_written(house: House) -> None:
    grant, officer = let_write(house), house.officer()
    house.withdraw(grant)
    with pytest.raises(NotAllowedError):
        add(house, grant, officer)


def test_another_services_officer_finds_no_such_grant(house: House) -> None:
    grant = let_write(house)
    with house.vault.transaction(OPERATOR) as ctx:
        other = services.make_service(
            ctx, organisation_id=house.council_id, slug="housing", name="Housing", jwks={"keys": []}, purposes=[CARE]
        )
        stranger = accounts.make(
            ctx, role=Role.OFFICER, organisation_id=house.council_id, service_id=other.service_id
        ).actor()
    with pytest.raises(NotFoundError):
        add(house, grant, stranger)


def test_what_the_code_list_names_is_marked_sensitive(house: House) -> None:
    grant = let_write(house)
    add(house, grant, house.officer(), changed={"care_visit.note": "She told me of her miscarriage"})
    assert visit(house).sensitivity > 0


@pytest.mark.parametrize("fields", [{}, {"care_visit.note": "x" * 2001}])
def test_nothing_and_too_much_are_not_written(sqlite_house: House, fields: dict[str, str]) -> None:
    grant, officer = let_write(sqlite_house), sqlite_house.officer()
    with pytest.raises(InvalidInputError), sqlite_house.vault.transaction(officer) as ctx:
        writing.add(
            ctx, grant_id=grant.grant_id, category="care_visit", key=uuid4(), words=Words(fields=fields, as_of=DAY)
        )


def test_a_purpose_never_writes_what_opens_one_at_a_time() -> None:
    with pytest.raises(InvalidInputError, match="never written by staff"):
        definition(CARE, writes=["home_access.key_safe_code"])


def change(
    house: House, grant: GrantView, actor: Actor, record_id: UUID, *, expected: int = 1, reason: str = "Typo"
) -> int:
    with house.vault.transaction(actor) as ctx:
        ground = writing.ground_of_grant(ctx, grant_id=grant.grant_id, record_id=record_id)
        words = Words(fields={**VISIT, "care_visit.tasks": "Breakfast only"}, as_of=DAY, reason=reason)
        return writing.revise(ctx, ground=ground, expected=expected, words=words)


def test_a_change_is_a_newer_version_with_its_reason(house: House) -> None:
    grant, officer = let_write(house), house.officer()
    record_id = add(house, grant, officer)
    assert change(house, grant, officer, record_id) == 2
    held = visit(house)
    assert (held.version, held.fields["care_visit.tasks"]) == (2, "Breakfast only")
    with house.vault.reading(house.citizen) as ctx:
        assert items.authors(ctx, citizen_id=house.citizen_id, category="care_visit")[record_id].reason == "Typo"
    with pytest.raises(WrongStateError, match="meanwhile"):
        change(house, grant, officer, record_id, expected=1)
    with pytest.raises(InvalidInputError, match="why"):
        change(house, grant, officer, record_id, expected=2, reason=" ")


def test_what_another_system_wrote_is_not_changed_under_a_grant(house: House) -> None:
    grant, officer = let_write(house), house.officer()
    with pytest.raises(NotFoundError):
        change(house, grant, officer, house.record_ids["medication"])


def test_after_the_citizen_stopped_it_is_not_changed_under_the_grant_of_another_purpose(house: House) -> None:
    visits, officer = let_write(house), house.officer()
    with house.vault.transaction(OPERATOR) as ctx:
        purposes.register(ctx, definition=definition("assess", writes=["care_visit.note"]), first=None, second=None)
        services.set_purposes(ctx, slug="home-care", purposes=[CARE, "assess"], batch=[])
    other = house.grant(purpose="assess")
    record_id = add(house, visits, officer)
    house.withdraw(visits)
    with pytest.raises(NotFoundError):
        change(house, other, officer, record_id)
    with pytest.raises(NotAllowedError):
        change(house, visits, officer, record_id)
    assert visit(house).version == 1


def test_a_change_under_a_grant_reaches_no_field_beyond_its_purpose_nor_its_period(house: House) -> None:
    grant, officer = let_write(house), house.officer()
    record_id = add(house, grant, officer)
    beyond = Words(fields={"care_visit.planned": "Tomorrow"}, as_of=DAY, reason="Typo")
    with house.vault.transaction(officer) as ctx:
        ground = writing.ground_of_grant(ctx, grant_id=grant.grant_id, record_id=record_id)
        with pytest.raises(NotAllowedError):
            writing.revise(ctx, ground=ground, expected=1, words=beyond)
    house.clock.ahead = grant.not_after - house.clock()
    with pytest.raises(NotAllowedError):
        change(house, grant, officer, record_id)
    assert visit(house).version == 1


def correction(house: House, record_id: UUID) -> cases.CaseView:
    with house.vault.transaction(house.citizen) as ctx:
        return cases.open_case(
            ctx,
            citizen_id=house.citizen_id,
            kind=CaseKind.CORRECTION,
            service_id=house.service_id,
            statement="The dose is wrong.",
            record_id=record_id,
        )


def test_a_correction_case_opens_its_one_item_to_its_service_and_a_newer_version_answers_it(house: House) -> None:
    case, officer = correction(house, house.record_ids["medication"]), house.officer()

    def find(ctx: Any) -> writing.Ground:
        return writing.ground_of_case(ctx, case_id=case.case_id)

    ground, release = access.read_to_correct(house.vault, actor=officer, find=find)
    (held,) = release.unseal().records
    assert held.fields["medication.name"] == "Apixaban"
    with house.vault.transaction(officer) as ctx:
        words = Words(fields={**held.fields, "medication.dose": "2.5 mg"}, reason="As the citizen said")
        writing.revise(ctx, ground=ground, expected=held.version, words=words)
        cases.answer(ctx, case_id=case.case_id, upheld=True, words="It is right now.")
    assert "2.5 mg" in said(house)
    with pytest.raises(WrongStateError):
        access.read_to_correct(house.vault, actor=officer, find=find)


def test_a_correction_keeps_what_was_not_offered_and_takes_out_what_was_left_empty(house: House) -> None:
    fields = {"contact.address": "1 High St", "contact.phone": "01632 1", "contact.not_safe": "He opens my post"}
    record_id = house.keep("contact", "k1", fields, sensitivity=2)
    case, officer = correction(house, record_id), house.officer()
    with house.vault.transaction(officer) as ctx:
        ground = writing.ground_of_case(ctx, case_id=case.case_id)
        offered = frozenset({"contact.address", "contact.phone"})
        words = Words(fields={"contact.address": "2 High St"}, reason="She moved", offered=offered)
        writing.revise(ctx, ground=ground, expected=1, words=words)
    answer = read_own(house.vault, actor=house.citizen, citizen_id=house.citizen_id, categories=frozenset({"contact"}))
    assert isinstance(answer, Release)
    (held,) = answer.unseal().records
    assert (held.version, held.fields["contact.address"]) == (2, "2 High St")
    assert set(held.fields) == {"contact.address", "contact.not_safe"}
    assert not access.contact_is_safe(house.vault, citizen_id=house.citizen_id, channel="letter")


def test_the_same_extract_does_not_undo_what_was_put_right(house: House) -> None:
    case, officer = correction(house, house.record_ids["medication"]), house.officer()
    with house.vault.transaction(officer) as ctx:
        ground = writing.ground_of_case(ctx, case_id=case.case_id)
        words = Words(fields={"medication.name": "Apixaban", "medication.dose": "2.5 mg"}, reason="As told")
        writing.revise(ctx, ground=ground, expected=1, words=words)
    house.keep("medication", "m1", {"medication.name": "Apixaban", "medication.dose": "5 mg twice a day"})
    assert "2.5 mg" in said(house)
    assert "5 mg twice a day" not in said(house)
    house.keep("medication", "m1", {"medication.name": "Apixaban", "medication.dose": "10 mg"})
    assert "10 mg" in said(house)


def test_reading_own_items_needs_no_grant_of_reading(house: House) -> None:
    grant, officer = let_write(house), house.officer()
    record_id = add(house, grant, officer)

    def find(ctx: Any) -> writing.Ground:
        return writing.ground_of_grant(ctx, grant_id=grant.grant_id, record_id=record_id)

    _, release = access.read_to_correct(house.vault, actor=officer, find=find)
    assert release.unseal().records[0].fields == VISIT
    house.withdraw(grant)
    with pytest.raises(NotAllowedError):
        access.read_to_correct(house.vault, actor=officer, find=find)
    with house.vault.reading(OPERATOR) as ctx:
        assert grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).uses == 0
