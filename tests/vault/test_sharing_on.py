"""A share goes on, ends soon, and leaves a receipt; before it, the citizen sees what a service would see."""

from datetime import timedelta
from typing import Any

import pytest

from audit.events import Event
from tests.vault.house import ALLOWED, CARE, TAX, House, definition
from vault import access, grants, purposes, requests, trail
from vault.context import OPERATOR, Actor
from vault.errors import (
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    TokenInvalidError,
    UnknownFieldError,
    WrongStateError,
)
from vault.grants import GrantView
from vault.holding import hold
from vault.kinds import Channel, Decider
from vault.release import MASK, Opened, Refusal, Release


def renew(house: House, grant: GrantView, **more: Any) -> GrantView:
    with house.vault.transaction(house.citizen) as ctx:
        return grants.renew(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id, **more)


def test_going_on_leaves_a_receipt_of_that_decision_beside_the_first(house: House) -> None:
    grant = house.grant(days=30)
    house.clock.ahead += timedelta(days=20)
    with house.vault.transaction(house.citizen) as ctx:
        renewed = requests.renew(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)
    with house.vault.reading(house.citizen) as ctx:
        assert grant.request_id is not None
        kept = requests.receipt(ctx, citizen_id=house.citizen_id, request_id=grant.request_id)
    (later,) = kept.renewals
    assert (later.until, later.max_uses, later.fields) == (renewed.not_after, renewed.max_uses, renewed.fields)
    assert (kept.until, kept.decided_at < later.decided_at) == (grant.not_after, True)
    assert later.digest == kept.notice.digest
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def soon(house: House, **more: Any) -> list[GrantView]:
    with house.vault.reading(OPERATOR) as ctx:
        return grants.ending_soon(ctx, **more)


def test_a_renewed_share_lasts_as_long_from_now_as_was_asked_for(house: House) -> None:
    grant = house.grant(days=30)
    house.clock.ahead += timedelta(days=20)
    renewed = renew(house, grant)
    assert timedelta(days=19) < renewed.not_after - grant.not_after <= timedelta(days=20, minutes=1)
    assert (renewed.version, renewed.fields) == (grant.version + 1, grant.fields)
    assert (renewed.decided_by, renewed.channel) == (Decider.CITIZEN, Channel.PORTAL)


def test_renewing_never_goes_past_the_longest_of_the_purpose(house: House) -> None:
    grant = house.grant()
    house.clock.ahead += timedelta(days=60)
    far = (house.clock() + timedelta(days=4000)).date()
    assert renew(house, grant, until=far).not_after <= house.clock() + timedelta(days=90)


def test_renewing_until_a_day_ends_with_that_day(house: House) -> None:
    grant = house.grant(days=30)
    house.clock.ahead += timedelta(days=20)
    day = (house.clock() + timedelta(days=15)).date()
    assert renew(house, grant, until=day).not_after.date() == day + timedelta(days=1)


def test_renewing_counts_the_uses_anew_and_the_tables_still_agree_with_the_log(house: House) -> None:
    grant = house.grant(uses=2)
    assert isinstance(house.read(house.token(grant)), Release)
    house.clock.ahead += timedelta(days=1)
    renewed = renew(house, grant)
    assert (renewed.uses, renewed.uses_left) == (1, 2)
    for _ in range(2):
        assert isinstance(house.read(house.token(renewed)), Release)
    with pytest.raises(WrongStateError):
        house.token(renewed)


def test_a_token_of_the_version_before_dies(house: House) -> None:
    grant = house.grant(days=30)
    token = house.token(grant)
    house.clock.ahead += timedelta(minutes=1)
    renew(house, grant)
    with pytest.raises(TokenInvalidError):
        house.read(token)


def test_renewing_is_in_the_citizens_log(house: House) -> None:
    grant = house.grant(days=30)
    house.clock.ahead += timedelta(days=1)
    renew(house, grant)
    with house.vault.reading(house.citizen) as ctx:
        assert Event.GRANT_RENEWED in {line.event for line in trail.of_citizen(ctx, citizen_id=house.citizen_id)}


def test_a_day_no_later_than_the_end_is_refused(house: House) -> None:
    grant = house.grant(days=30)
    with pytest.raises(InvalidInputError):
        renew(house, grant, until=(house.clock() + timedelta(days=3)).date())


def test_what_ended_is_not_renewed(house: House) -> None:
    grant = house.grant(days=30)
    house.withdraw(grant)
    with pytest.raises(WrongStateError):
        renew(house, grant)
    over = house.grant(days=1)
    house.clock.ahead += timedelta(days=2)
    with pytest.raises(WrongStateError):
        renew(house, over)


def test_what_is_paused_is_not_renewed(house: House) -> None:
    grant = house.grant(days=30)
    with house.vault.transaction(OPERATOR) as ctx:
        grants.pause(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)
    with pytest.raises(WrongStateError):
        renew(house, grant)


def test_nobody_else_renews(house: House) -> None:
    grant = house.grant(days=30)
    house.clock.ahead += timedelta(days=1)
    with pytest.raises(NotAllowedError), house.vault.transaction(house.service) as ctx:
        grants.renew(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)
    with pytest.raises(NotFoundError), house.vault.transaction(house.citizen) as ctx:
        grants.renew(ctx, citizen_id=house.service_id, grant_id=grant.grant_id)


def test_what_the_law_gives_the_citizen_cannot_renew(house: House) -> None:
    house.ask(frozenset({"identity.name"}), TAX, case_reference="CT-1", days=30)
    with house.vault.reading(OPERATOR) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=house.citizen_id)
    assert not grant.can_renew
    house.clock.ahead += timedelta(days=1)
    with pytest.raises(NotAllowedError):
        renew(house, grant)


def test_a_purpose_that_was_narrowed_since_is_not_renewed_beyond_itself(house: House) -> None:
    grant = house.grant(days=30)
    house.clock.ahead += timedelta(days=1)
    with house.vault.transaction(OPERATOR) as ctx:
        purposes.register(ctx, definition=definition(CARE, most=["identity.*"]), first=None, second=None)
    with pytest.raises(InvalidInputError):
        renew(house, grant)


def test_what_ends_within_two_weeks_is_told_to_both_sides_soonest_first(house: House) -> None:
    later, sooner = house.grant(days=20), house.grant(days=16)
    assert soon(house) == []
    house.clock.ahead += timedelta(days=7)
    found = [later.grant_id, sooner.grant_id]
    assert [one.grant_id for one in soon(house)] == found[::-1]
    assert [one.grant_id for one in soon(house, citizen_id=house.citizen_id)] == found[::-1]
    assert [one.grant_id for one in soon(house, service_id=house.service_id)] == found[::-1]
    assert soon(house, citizen_id=house.service_id) == soon(house, service_id=house.citizen_id) == []
    assert [one.grant_id for one in soon(house, within=timedelta(days=10))] == [sooner.grant_id]


def test_what_was_stopped_or_cannot_go_on_is_no_reminder(house: House) -> None:
    house.withdraw(house.grant(days=5))
    house.ask(frozenset({"identity.name"}), TAX, case_reference="CT-1", days=5)
    assert soon(house) == []


def decided(house: House, allowed: frozenset[str]) -> tuple[requests.Asked, requests.Receipt]:
    asked = house.ask(reason="We visit from Monday")
    with house.vault.transaction(house.citizen) as ctx:
        requests.decide(ctx, citizen_id=house.citizen_id, request_id=asked.request_id, allowed=allowed)
    with house.vault.reading(house.citizen) as ctx:
        return asked, requests.receipt(ctx, citizen_id=house.citizen_id, request_id=asked.request_id)


def test_a_receipt_says_what_was_decided_and_on_which_words(house: House) -> None:
    some = frozenset({"identity.name"})
    asked, receipt = decided(house, some)
    assert (receipt.request_id, receipt.allowed, receipt.refused) == (asked.request_id, some, ALLOWED - some)
    assert receipt.until is not None
    assert receipt.notice.service_says == "We visit from Monday"
    assert receipt.notice.without == "They will ask you each time."
    assert set(receipt.notice.whys) == ALLOWED
    assert len(receipt.notice.digest) == 64


def test_a_receipt_stays_as_it_was_whatever_happens_later(house: House) -> None:
    asked, before = decided(house, ALLOWED)
    with house.vault.transaction(OPERATOR) as ctx:
        purposes.register(ctx, definition=definition(CARE, why="For something else."), first=None, second=None)
    assert before.grant_id is not None
    with house.vault.transaction(house.citizen) as ctx:
        grants.withdraw(ctx, citizen_id=house.citizen_id, grant_id=before.grant_id)
    with house.vault.reading(house.citizen) as ctx:
        assert requests.receipt(ctx, citizen_id=house.citizen_id, request_id=asked.request_id) == before


def test_a_no_has_a_receipt_too(house: House) -> None:
    _, receipt = decided(house, frozenset())
    assert (receipt.grant_id, receipt.until, receipt.refused) == (None, None, ALLOWED)


def test_the_log_holds_the_digest_of_the_words(house: House) -> None:
    _, receipt = decided(house, ALLOWED)
    with house.vault.reading(house.citizen) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=house.citizen_id)
    assert receipt.notice.digest in {line.facts.get("notice") for line in lines}


def test_nobody_has_a_receipt_of_what_waits_or_is_not_theirs(house: House) -> None:
    waits = house.ask()
    with house.vault.reading(house.citizen) as ctx:
        for citizen_id, request_id in ((house.citizen_id, waits.request_id), (house.service_id, waits.request_id)):
            with pytest.raises(NotFoundError):
                requests.receipt(ctx, citizen_id=citizen_id, request_id=request_id)


def previewed(house: House, asked: set[str], shared: set[str], *, most: int = 0, actor: Actor | None = None) -> Opened:
    answer = access.preview(
        house.vault,
        actor=actor or house.citizen,
        citizen_id=house.citizen_id,
        asked=frozenset(asked),
        shared=frozenset(shared),
        max_sensitivity=most,
    )
    assert isinstance(answer, Release)
    return answer.unseal()


def values(opened: Opened) -> set[tuple[str, object]]:
    return {pair for record in opened.records for pair in record.fields.items()}


def test_a_preview_shows_exactly_what_the_service_then_reads(house: House) -> None:
    asked = {"medication.name", "medication.dose", "condition.name", "identity.name", "allergy.to_what"}
    grant = house.grant(frozenset(asked))
    read = house.read(house.token(grant))
    assert isinstance(read, Release)
    told, shown = read.unseal(), previewed(house, asked, asked)
    assert values(shown) == values(told)
    assert shown.states == told.states


def test_a_preview_leaves_out_what_is_past_mistaken_or_too_sensitive(house: House) -> None:
    shown = values(previewed(house, {"medication.name", "condition.name"}, {"medication.name", "condition.name"}))
    assert shown == {("medication.name", "Apixaban"), ("condition.name", "Hypertension")}


def test_a_preview_says_of_dangerous_fields_that_they_are_not_shared(house: House) -> None:
    shown = previewed(house, {"medication.name", "allergy.to_what"}, {"medication.name"})
    assert shown.states["allergy.to_what"].kind == "not-shared"
    assert values(shown) == {("medication.name", "Apixaban")}


def test_a_preview_masks_how_to_get_in(house: House) -> None:
    names = {"home_access.entry", "home_access.key_safe_code"}
    assert ("home_access.key_safe_code", MASK) in values(previewed(house, names, names, most=2))


def test_a_preview_is_for_the_citizen_alone_and_of_known_fields(house: House) -> None:
    given = {"citizen_id": house.citizen_id, "max_sensitivity": 0}
    names = frozenset({"identity.name"})
    for actor in (house.service, Actor(kind="citizen", citizen_id=house.service_id)):
        assert isinstance(access.preview(house.vault, actor=actor, asked=names, shared=names, **given), Refusal)  # type: ignore[arg-type]
    with pytest.raises(UnknownFieldError):
        access.preview(house.vault, actor=house.citizen, asked=frozenset({"x.y"}), shared=names, **given)  # type: ignore[arg-type]


def test_why_each_thing_is_asked_for_is_said_by_field_or_by_category() -> None:
    made = definition("p", whys={"medication": "To give them.", "medication.dose": "To give the right amount."})
    assert made.why_of("medication.name") == "To give them."
    assert made.why_of("medication.dose") == "To give the right amount."
    assert made.why_of("allergy.to_what") == ""
    assert purposes.Definition.parse(made.as_json()) == made
    assert "whys" not in definition("q").as_json()


@pytest.mark.parametrize("whys", [{"benefits": "No."}, {"medication.name": 3}], ids=["beyond", "no text"])
def test_a_why_for_what_may_not_be_asked_is_refused(whys: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        definition("p", whys=whys)
