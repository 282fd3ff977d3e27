"""Recovery codes, letters, identities, recoveries in person: each works once, for its owner, as long as it should."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from audit.events import Event
from tests.log_reading import told
from tests.vault.house import ALLOWED, House
from vault import (
    accounts,
    codes,
    grants,
    identities,
    letters,
    links,
    notices,
    passkeys,
    recoveries,
    recovery_codes,
    requests,
    services,
    sign_ins,
)
from vault.context import OPERATOR, SYSTEM, Actor
from vault.errors import (
    InvalidInputError,
    LinkUsedError,
    NotAllowedError,
    NotFoundError,
    ProofNeededError,
    RecoveryWaitsError,
    RowForgedError,
    SecondPersonNeededError,
    WrongStateError,
)
from vault.holding import hold
from vault.housekeeping import keep_house
from vault.identities import Vouched
from vault.ids import new_id
from vault.judging import check_proven
from vault.kinds import AccountStatus, Channel, Decider, NoticeKind, RecoveryState, Role

FIRST, SECOND = (Actor(kind="officer", account_id=new_id()) for _ in range(2))


def at_desk(house: House, officer: Actor) -> Actor:
    """*officer*, who works for the council."""
    return replace(officer, organisation_id=house.council_id)


@pytest.fixture
def owner(house: House) -> UUID:
    with house.vault.transaction(OPERATOR) as ctx:
        return accounts.make(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id).account_id


def signed_in(house: House, owner: UUID) -> Actor:
    with house.vault.transaction(SYSTEM) as ctx:
        cookie = sign_ins.begin(ctx, account_id=owner, method="passkey", proven=True)
        return sign_ins.current(ctx, cookie=cookie).actor


# --- codes ---


@given(st.sampled_from([codes.LETTER_GROUPS, codes.RECOVERY_GROUPS]), st.data())
def test_one_wrong_character_is_noticed_wherever_it_is(groups: int, data: st.DataObject) -> None:
    code = codes.new(groups)
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from([each for each in codes.ALPHABET if each != code[place]]))
    with pytest.raises(InvalidInputError):
        codes.read(code[:place] + other + code[place + 1 :], groups=groups)


@pytest.mark.parametrize(
    "spelt",
    [str.lower, str.title, lambda code: code.replace("-", " "), lambda code: f" {code} "],
    ids=["small", "mixed", "spaces", "around"],
)
def test_a_code_is_read_however_it_is_typed(spelt: Callable[[str], str]) -> None:
    code = codes.new(codes.LETTER_GROUPS)
    assert codes.read(spelt(codes.shown(code)), groups=codes.LETTER_GROUPS) == code


def test_letters_that_look_like_numbers_are_taken_for_them() -> None:
    while not {"0", "1"} <= set(code := codes.new(codes.LETTER_GROUPS)):
        pass
    typed = code.replace("0", "O").replace("1", "l")
    assert codes.read(typed, groups=codes.LETTER_GROUPS) == code


# --- recovery codes ---


def test_ten_codes_work_once_each_and_leave_to_make_one_passkey(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        made = recovery_codes.make(ctx, account_id=owner)
    assert len(set(made)) == 10
    with house.vault.transaction(SYSTEM) as ctx:
        account, leave = recovery_codes.use(ctx, typed=made[3].lower())
        assert account.account_id == owner
        assert recovery_codes.left(ctx, account_id=owner).count == 9
    with house.vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=leave)
    for typed in (made[3], codes.new(codes.RECOVERY_GROUPS)):
        with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
            recovery_codes.use(ctx, typed=typed)


def test_a_new_set_takes_the_place_of_the_old_one(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        old = recovery_codes.make(ctx, account_id=owner)
        recovery_codes.make(ctx, account_id=owner)
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        recovery_codes.use(ctx, typed=old[0])


def test_a_closed_account_comes_back_by_no_code_and_no_letter(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        letter = letters.make(ctx, account_id=owner)
        made = recovery_codes.make(ctx, account_id=owner)
        accounts.set_status(ctx, account_id=owner, status=AccountStatus.SUSPENDED)
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        recovery_codes.use(ctx, typed=made[0])
    with house.vault.transaction(SYSTEM) as ctx:
        assert letters.begin_try(ctx, typed=letter.code) is None


# --- letters ---


def test_a_letters_code_ends_after_five_tries_and_the_account_does_not(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        letter = letters.make(ctx, account_id=owner)
    for _ in range(letters.TRIES):
        with house.vault.transaction(SYSTEM) as ctx:
            assert letters.begin_try(ctx, typed=letter.code)
    with house.vault.transaction(SYSTEM) as ctx:
        assert letters.begin_try(ctx, typed=letter.code) is None
        another = letters.make(ctx, account_id=owner)
    with house.vault.transaction(SYSTEM) as ctx:
        assert letters.begin_try(ctx, typed=another.code)


def test_a_letter_works_once_for_thirty_days_and_a_newer_one_replaces_it(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        old, new = (letters.make(ctx, account_id=owner) for _ in range(2))
    with house.vault.transaction(SYSTEM) as ctx:
        assert letters.begin_try(ctx, typed=old.code) is None
        tried = letters.begin_try(ctx, typed=new.code)
        assert tried
        letters.use(ctx, tried=tried)
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        letters.use(ctx, tried=tried)
    with house.vault.transaction(SYSTEM) as ctx:
        late = letters.make(ctx, account_id=owner)
    house.clock.ahead = timedelta(days=30, minutes=1)
    with house.vault.transaction(SYSTEM) as ctx:
        assert letters.begin_try(ctx, typed=late.code) is None


def test_a_slip_of_the_finger_is_no_try(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        letter = letters.make(ctx, account_id=owner)
    swapped = letter.code[:-1] + ("2" if letter.code[-1] != "2" else "3")
    for _ in range(letters.TRIES + 1):
        with pytest.raises(InvalidInputError), house.vault.transaction(SYSTEM) as ctx:
            letters.begin_try(ctx, typed=swapped)
    with house.vault.transaction(SYSTEM) as ctx:
        assert letters.begin_try(ctx, typed=letter.code)


@pytest.mark.parametrize("has", ["passkey", "identity", "codes"])
def test_no_letter_is_made_for_who_has_another_way_in(house: House, owner: UUID, has: str) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        if has == "passkey":
            passkeys.add(ctx, account_id=owner, credential_id=b"one", public_key=b"k", sign_count=0)
        elif has == "identity":
            identities.bind(ctx, account_id=owner, whom=vouch(house), evidence="seen")
        else:
            recovery_codes.make(ctx, account_id=owner)
    with pytest.raises(WrongStateError), house.vault.transaction(OPERATOR) as ctx:
        letters.make(ctx, account_id=owner)
    with pytest.raises(WrongStateError), house.vault.transaction(house.officer()) as ctx:
        letters.ask(ctx, account_id=owner)


def test_who_asks_for_a_letter_never_holds_its_code_and_another_prints_it_once(house: House, owner: UUID) -> None:
    asks, prints = house.officer(), house.officer()
    with house.vault.transaction(asks) as ctx:
        order_id = letters.ask(ctx, account_id=owner)
    for act in (letters.addressee, letters.print_out):
        with pytest.raises(SecondPersonNeededError), house.vault.transaction(asks) as ctx:
            act(ctx, order_id=order_id)
    with pytest.raises(NotAllowedError), house.vault.transaction(asks) as ctx:
        letters.make(ctx, account_id=owner)
    with house.vault.transaction(prints) as ctx:
        assert [order.is_mine for order in letters.orders(ctx)] == [False]
        printed = letters.print_out(ctx, order_id=order_id)
    assert printed.citizen_id == house.citizen_id
    with pytest.raises(NotFoundError), house.vault.transaction(prints) as ctx:
        letters.print_out(ctx, order_id=order_id)
    with house.vault.transaction(SYSTEM) as ctx:
        assert letters.begin_try(ctx, typed=printed.letter.code)
    made = [line for line in told(house.vault, Event.LINK_MADE) if line.facts.get("kind") == "letter"]
    assert made[-1].facts["asked_by"] == str(asks.account_id)
    assert made[-1].facts["by"]["account"] == str(prints.account_id)


def test_a_letter_that_nobody_prints_is_forgotten_and_a_newer_order_replaces_it(house: House, owner: UUID) -> None:
    asks, prints = house.officer(), house.officer()
    with house.vault.transaction(asks) as ctx:
        old, new = (letters.ask(ctx, account_id=owner) for _ in range(2))
    with pytest.raises(NotFoundError), house.vault.transaction(prints) as ctx:
        letters.print_out(ctx, order_id=old)
    house.clock.ahead = letters.ORDER_LIFE
    with pytest.raises(NotFoundError), house.vault.transaction(prints) as ctx:
        letters.print_out(ctx, order_id=new)
    keep_house(house.vault)
    with house.vault.db.read.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM letter_orders")).scalar() == 0


def test_the_resident_is_told_when_a_letter_is_made_and_when_it_is_used(house: House, owner: UUID) -> None:
    def notified() -> list[NoticeKind]:
        with house.vault.reading(SYSTEM) as ctx:
            return [each.kind for each in notices.of_citizen(ctx, citizen_id=house.citizen_id)]

    with house.vault.transaction(house.officer()) as ctx:
        order_id = letters.ask(ctx, account_id=owner)
    assert notified() == [NoticeKind.RECOVERY]
    with house.vault.transaction(house.officer()) as ctx:
        letter = letters.print_out(ctx, order_id=order_id).letter
    with house.vault.transaction(SYSTEM) as ctx:
        tried = letters.begin_try(ctx, typed=letter.code)
        assert tried
        letters.use(ctx, tried=tried)
    assert notified() == [NoticeKind.RECOVERY] * 2


def test_officers_of_other_organisations_open_no_way_in_for_anybody(house: House, owner: UUID) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        other = services.make_organisation(ctx, slug="away", name="Away Care", kind="care-provider").organisation_id
    stranger = replace(FIRST, organisation_id=other)
    with house.vault.transaction(at_desk(house, FIRST)) as ctx:
        asked = recoveries.ask(ctx, account_id=owner, evidence="passport seen")
        order_id = letters.ask(ctx, account_id=owner)
    mine: dict[str, Any] = {"account_id": owner, "recovery_id": asked.recovery_id}
    for act in (
        lambda ctx: letters.ask(ctx, account_id=owner),
        letters.orders,
        lambda ctx: letters.print_out(ctx, order_id=order_id),
        lambda ctx: recoveries.ask(ctx, account_id=owner, evidence="seen"),
        lambda ctx: recoveries.evidence_of(ctx, **mine),
        lambda ctx: recoveries.agree(ctx, **mine, evidence="seen"),
        lambda ctx: recoveries.give_link(ctx, **mine),
        lambda ctx: recoveries.cancel(ctx, **mine),
    ):
        for who in (stranger, FIRST):
            with pytest.raises(NotAllowedError), house.vault.transaction(who) as ctx:
                act(ctx)


# --- identities ---


def vouch(house: House, subject: str = "s-1") -> Vouched:
    with house.vault.reading(SYSTEM) as ctx:
        return identities.vouched(ctx, issuer="https://idp.example", subject=subject, assurance="P2")


def test_an_identity_leads_to_the_account_it_was_bound_to_and_is_bound_once(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        identities.bind(ctx, account_id=owner, whom=vouch(house), evidence="nhs-number and birth date")
    with house.vault.reading(SYSTEM) as ctx:
        assert identities.account_of(ctx, whom=vouch(house)) == owner
        assert identities.account_of(ctx, whom=vouch(house, "s-2")) is None
    with pytest.raises(WrongStateError), house.vault.transaction(SYSTEM) as ctx:
        identities.bind(ctx, account_id=new_id(), whom=vouch(house), evidence="again")


def test_an_unfinished_binding_is_tried_five_times_and_used_once(house: House) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        handle, other = (identities.keep_unfinished(ctx, whom=vouch(house)) for _ in range(2))
    for _ in range(identities.TRIES):
        with house.vault.transaction(SYSTEM) as ctx:
            identities.try_unfinished(ctx, handle=handle)
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        identities.try_unfinished(ctx, handle=handle)
    with house.vault.transaction(SYSTEM) as ctx:
        identities.finish(ctx, handle=other)
    with pytest.raises(LinkUsedError), house.vault.transaction(SYSTEM) as ctx:
        identities.finish(ctx, handle=other)


def test_an_identity_is_removed_by_its_owner_and_the_last_way_in_stays(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        identities.bind(ctx, account_id=owner, whom=vouch(house), evidence="seen")
        (held,) = identities.of_account(ctx, account_id=owner)
    mine = {"account_id": owner, "identity_id": held.identity_id}
    with pytest.raises(WrongStateError), house.vault.transaction(SYSTEM) as ctx:
        identities.unbind(ctx, **mine)
    with house.vault.transaction(SYSTEM) as ctx:
        passkeys.add(ctx, account_id=owner, credential_id=b"one", public_key=b"k", sign_count=0)
    with pytest.raises(NotFoundError), house.vault.transaction(SYSTEM) as ctx:
        identities.unbind(ctx, account_id=new_id(), identity_id=held.identity_id)
    with house.vault.transaction(signed_in(house, owner)) as ctx:
        identities.unbind(ctx, **mine)
        assert identities.of_account(ctx, account_id=owner) == []


# --- passkeys and sign-ins ---


def test_the_last_passkey_stays_unless_another_way_in_remains(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        made = passkeys.add(ctx, account_id=owner, credential_id=b"one", public_key=b"k", sign_count=0, name="My phone")
        assert made.name == "My phone"
    with pytest.raises(WrongStateError), house.vault.transaction(SYSTEM) as ctx:
        passkeys.remove(ctx, account_id=owner, passkey_id=made.passkey_id)
    with house.vault.transaction(SYSTEM) as ctx:
        recovery_codes.make(ctx, account_id=owner)
        passkeys.remove(ctx, account_id=owner, passkey_id=made.passkey_id)
        assert passkeys.of_account(ctx, account_id=owner) == []


def test_nobody_touches_the_passkey_or_the_sign_in_of_another(house: House, owner: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        made = passkeys.add(ctx, account_id=owner, credential_id=b"one", public_key=b"k", sign_count=0)
        sign_ins.begin(ctx, account_id=owner, method="passkey", device="Chrome on Windows")
        (place,) = sign_ins.places(ctx, account_id=owner)
    assert place.device == "Chrome on Windows"
    stranger = new_id()
    with house.vault.transaction(SYSTEM) as ctx:
        with pytest.raises(NotFoundError):
            passkeys.rename(ctx, account_id=stranger, passkey_id=made.passkey_id, name="mine")
        with pytest.raises(NotFoundError):
            passkeys.remove(ctx, account_id=stranger, passkey_id=made.passkey_id)
        with pytest.raises(NotFoundError):
            sign_ins.end_place(ctx, account_id=stranger, name=place.name)


@pytest.mark.parametrize(("method", "hours"), [("passkey", 8), ("letter", 1), ("directory:council", 1)])
def test_a_sign_in_that_cannot_be_proved_again_or_is_the_directorys_is_short(
    house: House, owner: UUID, method: str, hours: int
) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        cookie = sign_ins.begin(ctx, account_id=owner, method=method)
        found = sign_ins.current(ctx, cookie=cookie)
    assert found.ends_at - found.started_at == timedelta(hours=hours)


def test_a_sign_in_by_a_code_is_no_fresh_proof_for_who_can_give_one(house: House, owner: UUID) -> None:
    def by_letter() -> Actor:
        with house.vault.transaction(SYSTEM) as ctx:
            return sign_ins.current(ctx, cookie=sign_ins.begin(ctx, account_id=owner, method="letter")).actor

    with house.vault.transaction(by_letter()) as ctx:
        first = passkeys.add(ctx, account_id=owner, credential_id=b"one", public_key=b"k", sign_count=0)
    for act in (
        lambda ctx: passkeys.add(ctx, account_id=owner, credential_id=b"two", public_key=b"k", sign_count=0),
        lambda ctx: passkeys.remove(ctx, account_id=owner, passkey_id=first.passkey_id),
        lambda ctx: recovery_codes.make(ctx, account_id=owner),
        check_proven,
    ):
        with pytest.raises(ProofNeededError), house.vault.transaction(by_letter()) as ctx:
            act(ctx)


# --- recovery in person ---


@pytest.fixture
def waiting(house: House, owner: UUID) -> UUID:
    with house.vault.transaction(at_desk(house, FIRST)) as ctx:
        recovery = recoveries.ask(ctx, account_id=owner, evidence="passport seen")
    with house.vault.transaction(at_desk(house, SECOND)) as ctx:
        recoveries.agree(ctx, account_id=owner, recovery_id=recovery.recovery_id, evidence="passport seen too")
    return recovery.recovery_id


def test_the_same_officer_cannot_vouch_twice(house: House, owner: UUID) -> None:
    with house.vault.transaction(at_desk(house, FIRST)) as ctx:
        recovery = recoveries.ask(ctx, account_id=owner, evidence="passport seen")
    with pytest.raises(SecondPersonNeededError), house.vault.transaction(at_desk(house, FIRST)) as ctx:
        recoveries.agree(ctx, account_id=owner, recovery_id=recovery.recovery_id, evidence="again")


def test_the_link_is_given_after_72_hours_and_once(house: House, owner: UUID, waiting: UUID) -> None:
    house.clock.ahead = timedelta(hours=71, minutes=59)
    with pytest.raises(WrongStateError), house.vault.transaction(at_desk(house, FIRST)) as ctx:
        recoveries.give_link(ctx, account_id=owner, recovery_id=waiting)
    house.clock.ahead = timedelta(hours=72, minutes=1)
    with house.vault.transaction(at_desk(house, FIRST)) as ctx:
        handle = recoveries.give_link(ctx, account_id=owner, recovery_id=waiting)
    with pytest.raises(WrongStateError), house.vault.transaction(at_desk(house, SECOND)) as ctx:
        recoveries.give_link(ctx, account_id=owner, recovery_id=waiting)
    with house.vault.transaction(SYSTEM) as ctx:
        assert links.use(ctx, handle=handle).account.account_id == owner


def test_the_owner_says_no_and_no_link_is_given(house: House, owner: UUID, waiting: UUID) -> None:
    with house.vault.transaction(signed_in(house, owner)) as ctx:
        recoveries.cancel(ctx, account_id=owner, recovery_id=waiting)
    house.clock.ahead = timedelta(hours=73)
    with pytest.raises(WrongStateError), house.vault.transaction(at_desk(house, FIRST)) as ctx:
        recoveries.give_link(ctx, account_id=owner, recovery_id=waiting)
    with house.vault.reading(SYSTEM) as ctx:
        assert recoveries.open_one(ctx, account_id=owner) is None


def test_while_it_waits_nothing_grave_is_done_on_line_and_spoken_decisions_go_on(
    house: House, owner: UUID, waiting: UUID
) -> None:
    asked = house.ask()
    resident = signed_in(house, owner)
    assert resident.recovering
    with pytest.raises(RecoveryWaitsError), house.vault.reading(resident) as ctx:
        check_proven(ctx)
    asked_id: dict[str, Any] = {"citizen_id": house.citizen_id, "request_id": asked.request_id}
    with pytest.raises(RecoveryWaitsError), house.vault.transaction(resident) as ctx:
        requests.decide(ctx, **asked_id, allowed=ALLOWED)
    officer = Actor(kind="officer", account_id=new_id(), service_id=house.service_id, organisation_id=house.council_id)
    with house.vault.transaction(officer) as ctx:
        spoken: dict[str, Any] = {
            "decided_by": Decider.SPOKEN,
            "channel": Channel.PHONE,
            "evidence": "rang and answered",
        }
        grant = requests.decide(ctx, **asked_id, allowed=ALLOWED, **spoken)
    assert grant
    with house.vault.transaction(resident) as ctx:
        grants.withdraw(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)


def test_without_evidence_or_an_officer_there_is_no_recovery(house: House, owner: UUID) -> None:
    with pytest.raises(InvalidInputError), house.vault.transaction(at_desk(house, FIRST)) as ctx:
        recoveries.ask(ctx, account_id=owner, evidence="  ")
    with pytest.raises(Exception, match="only an officer"), house.vault.transaction(SYSTEM) as ctx:
        recoveries.ask(ctx, account_id=owner, evidence="seen")


def test_a_recovery_says_where_it_stands(house: House, owner: UUID, waiting: UUID) -> None:
    with house.vault.reading(SYSTEM) as ctx:
        found = recoveries.open_one(ctx, account_id=owner)
    assert found
    assert (found.state, found.first_by) == (RecoveryState.WAITING, FIRST.account_id)
    assert found.first_at.date() >= date(2026, 1, 1)


# --- planted and changed rows ---


def damage(house: House, statement: str, **values: Any) -> None:
    with house.vault.db.write.connect() as connection:
        connection.execute(text(statement), values)
        connection.commit()


def test_a_way_in_that_was_changed_behind_the_vaults_back_is_believed_in_nothing(house: House, owner: UUID) -> None:
    thief = new_id()
    with house.vault.transaction(SYSTEM) as ctx:
        letter = letters.make(ctx, account_id=owner)
        made = recovery_codes.make(ctx, account_id=owner)
        identities.bind(ctx, account_id=owner, whom=vouch(house), evidence="seen")
        unfinished = identities.keep_unfinished(ctx, whom=vouch(house, "s-2"))
    for table in ("recovery_codes", "letter_codes", "identities"):
        damage(house, f"UPDATE {table} SET account_id = :thief", thief=thief.hex if house.vault.db.is_sqlite else thief)
    damage(house, "UPDATE bindings SET expires_at = 4102444800000000")
    with pytest.raises(RowForgedError), house.vault.transaction(SYSTEM) as ctx:
        recovery_codes.use(ctx, typed=made[0])
    with pytest.raises(RowForgedError), house.vault.transaction(SYSTEM) as ctx:
        letters.begin_try(ctx, typed=letter.code)
    with pytest.raises(RowForgedError), house.vault.reading(SYSTEM) as ctx:
        identities.account_of(ctx, whom=vouch(house))
    with pytest.raises(RowForgedError), house.vault.reading(SYSTEM) as ctx:
        identities.unfinished(ctx, handle=unfinished)


def test_a_recovery_whose_wait_was_shortened_gives_no_link(house: House, owner: UUID, waiting: UUID) -> None:
    damage(house, "UPDATE recoveries SET ready_at = 1")
    with pytest.raises(RowForgedError), house.vault.transaction(at_desk(house, FIRST)) as ctx:
        recoveries.give_link(ctx, account_id=owner, recovery_id=waiting)


def test_every_way_in_is_held_against_the_log(house: House, owner: UUID, waiting: UUID) -> None:
    with house.vault.transaction(SYSTEM) as ctx:
        recovery_codes.make(ctx, account_id=owner)
        recovery_codes.make(ctx, account_id=owner)
        identities.bind(ctx, account_id=owner, whom=vouch(house), evidence="seen")
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
    damage(house, "DELETE FROM recoveries")
    damage(house, "DELETE FROM identities")
    with house.vault.snapshot(OPERATOR) as ctx:
        assert [defect.kind for defect in hold(ctx.session).defects] == ["deleted", "deleted"]
