"""Looking for somebody else: only who was let in, only what is safe, only while it lasts, and every look is told."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit.events import Event
from tests.vault.house import House
from vault import (
    accounts,
    authorities,
    citizens,
    identities,
    inviting,
    legal_authorities,
    notices,
    passkeys,
    trail,
    withholding,
)
from vault.access import delegated, preview_for_delegate, read_as_delegate
from vault.accounts import StaffLabel
from vault.authorities import AuthorityView
from vault.context import OPERATOR, SYSTEM, Actor
from vault.errors import (
    InvalidInputError,
    LinkUsedError,
    NotAllowedError,
    NotFoundError,
    SecondPersonNeededError,
    WrongStateError,
)
from vault.holding import hold
from vault.inviting import Invited
from vault.journal import note
from vault.kinds import AuthorityKind, AuthorityState, CitizenStatus, NoticeKind, Role
from vault.legal_authorities import Evidence
from vault.release import Refusal, Release


@pytest.fixture
def family(house: House) -> Iterator[House]:
    """A house with visits, a plan and what family must never see."""
    house.keep("care_visit", "v1", {"care_visit.planned": "2026-03-14T08:00", "care_visit.tasks": "wash"})
    house.keep("care_visit", "v2", {"care_visit.planned": "2026-03-15T08:00"}, sensitivity=2)
    house.keep("care_plan", "p1", {"care_plan.goals": "Walk to the shop", "care_plan.what_we_do": "Physiotherapy"})
    yield house
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def invite(house: House, *categories: str, days: int = 30, name: str = "Gwen") -> tuple[AuthorityView, str]:
    with house.vault.transaction(house.citizen) as ctx:
        invited = Invited(
            name=name,
            relationship="daughter",
            citizen_name="Edie",
            categories=frozenset(categories or ("care_visit",)),
            until=ctx.now + timedelta(days=days),
        )
        return inviting.invite(ctx, citizen_id=house.citizen_id, invited=invited)


def accept(house: House, handle: str) -> Actor:
    with house.vault.transaction(SYSTEM) as ctx:
        return inviting.accept(ctx, handle=handle).actor()


def let_in(house: House, *categories: str, days: int = 30) -> tuple[AuthorityView, Actor]:
    held, handle = invite(house, *categories, days=days)
    return held, accept(house, handle)


def look(house: House, actor: Actor, authority_id: UUID) -> Release | Refusal:
    return read_as_delegate(house.vault, actor=actor, authority_id=authority_id)


def shown(answer: Release | Refusal) -> list[dict[str, object]]:
    assert isinstance(answer, Release)
    return [dict(record.fields) for record in answer.unseal().records]


def state(house: House, authority_id: UUID) -> AuthorityState:
    with house.vault.reading(OPERATOR) as ctx:
        return authorities.find(ctx, citizen_id=house.citizen_id, authority_id=authority_id).state


def staff(house: House, number: int) -> list[UUID]:
    with house.vault.transaction(OPERATOR) as ctx:
        return [
            accounts.make(
                ctx,
                role=Role.ADMINISTRATOR,
                organisation_id=house.council_id,
                label=StaffLabel(f"A{each}", "registrar", "registry"),
            ).account_id
            for each in range(number)
        ]


def enter(house: House, kind: AuthorityKind, seen_by: list[UUID]) -> tuple[AuthorityView, str]:
    with house.vault.transaction(OPERATOR) as ctx:
        evidence = Evidence(
            name="Sam", relationship="son", citizen_name="Edie", shown="OPG 7000-1234", seen_by=tuple(seen_by)
        )
        return legal_authorities.enter(ctx, citizen_id=house.citizen_id, kind=kind, evidence=evidence, until=None)


def become(house: House, status: CitizenStatus) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=house.citizen_id, status=status)


def test_somebody_who_was_let_in_reads_the_safe_fields_and_none_beside(family: House) -> None:
    held, gwen = let_in(family, "care_visit", "care_plan")
    assert shown(look(family, gwen, held.authority_id)) == [
        {"care_plan.goals": "Walk to the shop", "care_plan.what_we_do": "Physiotherapy"},
        {"care_visit.planned": "2026-03-14T08:00"},
    ]


def test_what_was_not_picked_is_not_shown(family: House) -> None:
    held, gwen = let_in(family, "care_plan")
    assert {name for item in shown(look(family, gwen, held.authority_id)) for name in item} == {
        "care_plan.goals",
        "care_plan.what_we_do",
    }


def test_each_look_is_in_the_citizens_log_under_the_name_they_gave(family: House) -> None:
    held, gwen = let_in(family)
    look(family, gwen, held.authority_id)
    with family.vault.reading(family.citizen) as ctx:
        line = trail.of_citizen(ctx, citizen_id=family.citizen_id, limit=1)[0]
    assert (line.event, line.facts["delegate"], line.facts["relationship"]) == ("record:opened", "Gwen", "daughter")
    assert line.fields == tuple(sorted(held.fields))


def test_an_auditor_does_not_read_the_name(family: House) -> None:
    held, gwen = let_in(family)
    leaf_hash = look(family, gwen, held.authority_id).leaf_hash
    auditor = Actor(kind="auditor", account_id=uuid4(), organisation_id=family.council_id)
    with family.vault.transaction(auditor) as ctx:
        line = trail.entry(ctx, leaf_hash=leaf_hash)
    assert line.facts["authority"] == str(held.authority_id)
    assert "Gwen" not in str(line.facts)


def test_what_is_held_back_from_the_citizen_is_held_back_from_family(family: House) -> None:
    record_id = family.keep("care_visit", "v3", {"care_visit.planned": "2026-04-01T08:00"})
    first, second = staff(family, 2)
    with family.vault.transaction(OPERATOR) as ctx:
        withholding.hold_back(
            ctx,
            citizen_id=family.citizen_id,
            record_id=record_id,
            until=ctx.now + timedelta(days=30),
            authority="DPA 2018 Sch. 3 para. 5",
            reason="serious harm",
            first=first,
            second=second,
        )
    held, gwen = let_in(family)
    assert shown(look(family, gwen, held.authority_id)) == [{"care_visit.planned": "2026-03-14T08:00"}]


def test_freezing_stops_the_next_look_and_can_be_undone(family: House) -> None:
    held, gwen = let_in(family)
    with family.vault.transaction(family.citizen) as ctx:
        authorities.freeze(ctx, citizen_id=family.citizen_id, authority_id=held.authority_id)
    answer = look(family, gwen, held.authority_id)
    assert isinstance(answer, Refusal)
    assert answer.because == ("authority-is-out-of-its-period",)
    with family.vault.transaction(family.citizen) as ctx:
        authorities.unfreeze(ctx, citizen_id=family.citizen_id, authority_id=held.authority_id)
    assert isinstance(look(family, gwen, held.authority_id), Release)


def test_removing_ends_it_for_good_and_the_invitation_with_it(family: House) -> None:
    held, handle = invite(family)
    with family.vault.transaction(family.citizen) as ctx:
        authorities.remove(ctx, citizen_id=family.citizen_id, authority_id=held.authority_id)
    with pytest.raises(LinkUsedError):
        accept(family, handle)
    held, gwen = let_in(family)
    with family.vault.transaction(family.citizen) as ctx:
        authorities.remove(ctx, citizen_id=family.citizen_id, authority_id=held.authority_id)
    assert isinstance(look(family, gwen, held.authority_id), Refusal)
    with pytest.raises(WrongStateError), family.vault.transaction(family.citizen) as ctx:
        authorities.unfreeze(ctx, citizen_id=family.citizen_id, authority_id=held.authority_id)


def test_after_the_last_day_nothing_is_shown(family: House) -> None:
    held, gwen = let_in(family, days=3)
    family.clock.ahead = timedelta(days=4)
    assert isinstance(look(family, gwen, held.authority_id), Refusal)
    assert state(family, held.authority_id) is AuthorityState.RAN_OUT


def test_an_invitation_works_until_somebody_has_a_passkey_through_it_and_not_after(family: House) -> None:
    held, handle = invite(family)
    assert state(family, held.authority_id) is AuthorityState.INVITED
    first, again = accept(family, handle), accept(family, handle)
    assert first.account_id == again.account_id
    assert first.account_id is not None
    with family.vault.transaction(SYSTEM) as ctx:
        passkeys.add(ctx, account_id=first.account_id, credential_id=b"c", public_key=b"k", sign_count=0)
    with pytest.raises(LinkUsedError):
        accept(family, handle)


def test_an_invitation_does_not_work_again_for_an_account_that_signs_in_with_a_provider(family: House) -> None:
    _, handle = invite(family)
    account_id = accept(family, handle).account_id
    assert account_id is not None
    with family.vault.transaction(SYSTEM) as ctx:
        whom = identities.vouched(ctx, issuer="https://id.example", subject="gwen", assurance="P2")
        identities.bind(ctx, account_id=account_id, whom=whom, evidence="enrolment link")
    with pytest.raises(LinkUsedError):
        accept(family, handle)


def test_an_invitation_that_nobody_took_runs_out(family: House) -> None:
    held, handle = invite(family)
    family.clock.ahead = timedelta(days=15)
    with pytest.raises(LinkUsedError):
        accept(family, handle)
    assert state(family, held.authority_id) is AuthorityState.RAN_OUT


def test_a_second_invitation_is_taken_with_the_account_one_has(family: House) -> None:
    _, gwen = let_in(family)
    held, handle = invite(family, "care_plan")
    with family.vault.transaction(gwen) as ctx:
        inviting.accept(ctx, handle=handle, account_id=gwen.account_id)
        assert len(authorities.of_holder(ctx, account_id=gwen.account_id or uuid4())) == 2
    assert isinstance(look(family, gwen, held.authority_id), Release)


def test_the_citizen_is_told_when_somebody_accepts(family: House) -> None:
    let_in(family)
    with family.vault.reading(family.citizen) as ctx:
        told = notices.of_citizen(ctx, citizen_id=family.citizen_id)
    assert [each.kind for each in told] == [NoticeKind.FAMILY]


def test_somebody_elses_authority_and_none_at_all_are_answered_alike(family: House) -> None:
    held, _ = let_in(family)
    _, stranger = let_in(family)
    answers = set()
    for authority_id in (held.authority_id, uuid4()):
        with pytest.raises(NotFoundError) as refused:
            look(family, stranger, authority_id)
        answers.add(str(refused.value).replace(str(authority_id), "…"))
    assert len(answers) == 1


def test_nobody_but_a_delegate_looks_as_one(family: House) -> None:
    held, gwen = let_in(family)
    for kind in ("citizen", "officer", "service", "system"):
        with pytest.raises(NotFoundError):
            look(family, Actor(kind=kind, account_id=gwen.account_id), held.authority_id)


@pytest.mark.parametrize(
    "changed",
    [{"categories": frozenset({"home_access"})}, {"categories": frozenset()}, {"name": " "}, {"name": "x" * 81},
     {"name": "two\nlines"}, {"relationship": ""}],
)  # fmt: skip
def test_an_invitation_out_of_bounds_is_refused(sqlite_house: House, changed: dict[str, object]) -> None:
    house = sqlite_house
    with house.vault.transaction(house.citizen) as ctx:
        given = {
            "name": "Gwen",
            "relationship": "daughter",
            "citizen_name": "Edie",
            "categories": frozenset({"care_visit"}),
            "until": ctx.now + timedelta(days=1),
            **changed,
        }
        with pytest.raises(InvalidInputError):
            inviting.invite(ctx, citizen_id=house.citizen_id, invited=Invited(**given))  # type: ignore[arg-type]


@pytest.mark.parametrize("days", [0, -1, 366])
def test_the_last_day_is_after_today_and_within_a_year(sqlite_house: House, days: int) -> None:
    with pytest.raises(InvalidInputError):
        invite(sqlite_house, days=days)


def test_only_the_citizen_lets_somebody_in(sqlite_house: House) -> None:
    house = sqlite_house
    for actor in (house.service, Actor(kind="citizen", citizen_id=uuid4()), OPERATOR):
        invited = Invited(
            name="G", relationship="d", citizen_name="E", categories=frozenset({"care_visit"}), until=house.clock()
        )
        with pytest.raises(NotAllowedError), house.vault.transaction(actor) as ctx:
            inviting.invite(ctx, citizen_id=house.citizen_id, invited=invited)


def test_the_preview_shows_the_very_same_and_counts_as_a_look_of_ones_own(family: House) -> None:
    held, gwen = let_in(family, "care_visit", "care_plan")
    answer = preview_for_delegate(
        family.vault, actor=family.citizen, citizen_id=family.citizen_id, authority_id=held.authority_id
    )
    assert shown(answer) == shown(look(family, gwen, held.authority_id))
    with family.vault.reading(OPERATOR) as ctx:
        events = [line.event for line in trail.of_citizen(ctx, citizen_id=family.citizen_id, limit=2)]
    assert events == ["record:opened", "record:viewed"]


def test_an_attorney_needs_two_people_who_saw_the_evidence(family: House) -> None:
    first, second = staff(family, 2)
    for people in ([], [first], [first, first]):
        with pytest.raises(SecondPersonNeededError):
            enter(family, AuthorityKind.ATTORNEY, people)
    held, handle = enter(family, AuthorityKind.ATTORNEY, [first, second])
    items = shown(look(family, accept(family, handle), held.authority_id))
    names = {name for item in items for name in item}
    assert "medication.name" in names
    assert not names & {"home_access.entry", "home_access.key_safe_code", "contact.not_safe"}
    assert "Miscarriage" not in str(items), "what is marked as private stays private"


def test_no_danger_reaches_an_attorney_whatever_its_category_begins_with(family: House) -> None:
    dangers = {"home_access.hazards": "He may be at the door", "home_access.alarm": "The word is Bluebell"}
    family.keep("home_access", "h1", dangers, sensitivity=2)
    held, handle = enter(family, AuthorityKind.ATTORNEY, staff(family, 2))
    assert not {name for name in held.fields if name.startswith("home_access.")}
    with family.vault.transaction(OPERATOR) as ctx:
        row = authorities.row_of(ctx, family.citizen_id, held.authority_id)
        row.fields = sorted({*row.fields, "home_access.hazards", "home_access.alarm"})
        note(ctx, Event.DELEGATE_INVITED, citizen_id=family.citizen_id, facts={})
    items = shown(look(family, accept(family, handle), held.authority_id))
    assert items
    assert not dangers.keys() & {name for item in items for name in item}


def test_evidence_is_seen_by_active_staff(family: House) -> None:
    _, gwen = let_in(family)
    assert gwen.account_id is not None
    first = staff(family, 1)[0]
    with pytest.raises(NotAllowedError):
        enter(family, AuthorityKind.ATTORNEY, [first, gwen.account_id])


def test_parents_look_for_a_child_for_a_young_person_only_when_reviewed_and_never_for_an_adult(family: House) -> None:
    first = staff(family, 1)[0]
    become(family, CitizenStatus.CHILD)
    held, handle = enter(family, AuthorityKind.PARENTAL_RESPONSIBILITY, [first])
    parent = accept(family, handle)
    assert isinstance(look(family, parent, held.authority_id), Release)
    become(family, CitizenStatus.YOUNG_PERSON)
    answer = look(family, parent, held.authority_id)
    assert isinstance(answer, Refusal)
    assert answer.because == ("parental-access-ends-as-a-child-grows-up",)
    with family.vault.transaction(OPERATOR) as ctx:
        legal_authorities.review(ctx, citizen_id=family.citizen_id, authority_id=held.authority_id, by=first, keep=True)
    assert isinstance(look(family, parent, held.authority_id), Release)
    become(family, CitizenStatus.ACTIVE)
    assert isinstance(look(family, parent, held.authority_id), Refusal)


def test_parental_responsibility_is_for_the_young_and_attorneys_are_for_adults(sqlite_house: House) -> None:
    people = staff(sqlite_house, 2)
    with pytest.raises(NotAllowedError):
        enter(sqlite_house, AuthorityKind.PARENTAL_RESPONSIBILITY, people[:1])
    become(sqlite_house, CitizenStatus.CHILD)
    with pytest.raises(NotAllowedError):
        enter(sqlite_house, AuthorityKind.ATTORNEY, people)


def test_a_citizen_cannot_freeze_what_the_law_gives(sqlite_house: House) -> None:
    house = sqlite_house
    held, _ = enter(house, AuthorityKind.DEPUTY, staff(house, 2))
    with pytest.raises(WrongStateError), house.vault.transaction(house.citizen) as ctx:
        authorities.freeze(ctx, citizen_id=house.citizen_id, authority_id=held.authority_id)
    with house.vault.transaction(OPERATOR) as ctx:
        legal_authorities.end(ctx, citizen_id=house.citizen_id, authority_id=held.authority_id)
    assert state(house, held.authority_id) is AuthorityState.ENDED


@pytest.mark.parametrize("status", [CitizenStatus.DECEASED, CitizenStatus.CLOSED, CitizenStatus.MERGED])
def test_nobody_looks_for_the_dead_or_in_a_closed_record(sqlite_house: House, status: CitizenStatus) -> None:
    held, gwen = let_in(sqlite_house)
    become(sqlite_house, status)
    assert isinstance(look(sqlite_house, gwen, held.authority_id), Refusal)


def test_no_name_of_family_stands_in_clear(sqlite_house: House) -> None:
    let_in(sqlite_house)
    path = sqlite_house.vault.db.url.database
    assert path is not None
    for ending in ("", "-wal"):
        with open(path + ending, "rb") as file:  # noqa: PTH123 -- the name is the database's, with an ending
            assert b"Gwen" not in file.read()


def test_an_authority_that_was_planted_or_widened_opens_nothing(sqlite_house: House) -> None:
    house = sqlite_house
    held, gwen = let_in(house)
    with house.vault.db.write.begin() as connection:
        connection.exec_driver_sql("UPDATE authorities SET fields = '[\"medication.name\"]'")
    with pytest.raises(Exception, match="mark"):
        look(house, gwen, held.authority_id)


def test_a_look_that_was_decided_before_it_was_stopped_and_logged_after_opens_nothing(
    family: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, gwen = let_in(family)
    judged = delegated._judged

    def slowly(*args: Any, **more: Any) -> Any:
        found = judged(*args, **more)
        with family.vault.transaction(family.citizen) as ctx:
            authorities.freeze(ctx, citizen_id=family.citizen_id, authority_id=held.authority_id)
        return found

    monkeypatch.setattr(delegated, "_judged", slowly)
    with pytest.raises(NotAllowedError):
        look(family, gwen, held.authority_id)


def test_two_who_open_one_invitation_at_the_same_moment_share_one_account(family: House) -> None:
    _, handle = invite(family)
    with ThreadPoolExecutor(2) as threads:
        made = {each.result().account_id for each in [threads.submit(accept, family, handle) for _ in range(2)]}
    assert len(made) == 1
