"""The door: what leaves, what does not, and what the log says of both."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from audit.events import Event
from tests.vault.house import ALLOWED, CARE, House
from vault import accounts, cases, citizens, grants, requests, services, trail
from vault.access import Proof, read_as_officer, read_own, reveal
from vault.context import OPERATOR, SYSTEM, Actor
from vault.errors import (
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    NotKnownHereError,
    ReplayedError,
    TokenInvalidError,
    VaultError,
    WrongStateError,
)
from vault.holding import hold
from vault.kinds import CaseKind, CaseState, Channel, CitizenStatus, Decider, GrantState, Role, ServiceStatus
from vault.release import MASK, NOT_WHOLE, FieldState, Refusal, Release


def opened(answer: Release | Refusal) -> dict[str, list[Any]]:
    """Every value of a release, by field."""
    assert isinstance(answer, Release), answer
    found: dict[str, list[Any]] = {}
    for record in answer.unseal().records:
        for name, value in record.fields.items():
            found.setdefault(name, []).append(value)
    return found


def events(house: House) -> list[str]:
    """The resident's lines, newest first."""
    with house.vault.reading(OPERATOR) as ctx:
        return [line.event for line in trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=200)]


def test_a_service_reads_exactly_what_was_allowed(house: House) -> None:
    answer = house.read(house.token(house.grant()))
    assert opened(answer) == {
        "medication.name": ["Apixaban"],
        "identity.name": ["Edith Marlow"],
        "allergy.to_what": ["Penicillin"],
    }


def test_a_request_for_more_is_refused_with_the_list_of_what_is_missing_and_logged(house: House) -> None:
    grant = house.grant()
    answer = house.read(house.token(grant), frozenset({"medication.name", "medication.dose"}))
    assert isinstance(answer, Refusal)
    assert answer.missing == ("medication.dose",)
    assert answer.code == "beyond_grant"
    assert events(house)[0] == Event.RECORD_REFUSED
    with house.vault.reading(OPERATOR) as ctx:
        assert grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).uses == 0


def test_every_release_is_one_use_and_one_line_in_the_log(house: House) -> None:
    grant = house.grant()
    token = house.token(grant)
    for _ in range(3):
        opened(house.read(token))
    with house.vault.reading(OPERATOR) as ctx:
        assert grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).uses == 3
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
    assert events(house).count(Event.RECORD_OPENED) == 3


def test_the_line_names_fields_role_and_purpose_and_never_a_value(house: House) -> None:
    opened(house.read(house.token(house.grant())))
    with house.vault.reading(OPERATOR) as ctx:
        line = trail.of_citizen(ctx, citizen_id=house.citizen_id)[0]
    assert set(line.fields) == ALLOWED
    assert (line.who.role, line.who.service_name, line.purpose) == ("care worker", "Home care", CARE)
    assert "Apixaban" not in str(line.facts)


def test_a_proof_shown_twice_is_refused(house: House) -> None:
    token = house.token(house.grant())
    proof = house.proof()
    opened(house.read(token, proof=proof))
    with pytest.raises(ReplayedError):
        house.read(token, proof=proof)


def test_a_proof_is_spent_by_a_refusal_too(house: House) -> None:
    token = house.token(house.grant())
    proof = house.proof()
    assert isinstance(house.read(token, frozenset({"medication.dose"}), proof=proof), Refusal)
    with pytest.raises(ReplayedError):
        house.read(token, proof=proof)


def test_a_token_works_only_with_the_key_it_is_bound_to(house: House) -> None:
    token = house.token(house.grant())
    stolen = Proof("another-key", "jti-stolen", house.clock() + timedelta(minutes=2))
    with pytest.raises(TokenInvalidError):
        house.read(token, proof=stolen)


def test_the_next_read_after_stop_sharing_is_refused(house: House) -> None:
    grant = house.grant()
    token = house.token(grant)
    opened(house.read(token))
    house.withdraw(grant)
    with pytest.raises(TokenInvalidError):
        house.read(token)


def test_no_read_that_begins_after_a_withdrawal_was_answered_gets_a_field(house: House) -> None:
    grant = house.grant()
    token = house.token(grant)
    answered = threading.Event()
    late: list[str] = []

    def read_on() -> None:
        for _ in range(12):
            began_after = answered.is_set()
            try:
                answer = house.read(token)
            except VaultError:
                continue
            if began_after and isinstance(answer, Release):
                late.append("a field")

    readers = [threading.Thread(target=read_on) for _ in range(4)]
    for reader in readers:
        reader.start()
    house.withdraw(grant)
    answered.set()
    for reader in readers:
        reader.join()
    assert late == []
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_nothing_is_released_when_the_log_cannot_be_written(house: House) -> None:
    grant = house.grant()
    token = house.token(grant)
    with house.vault.db.write.begin() as connection:
        connection.execute(text("ALTER TABLE audit_outbox RENAME TO audit_outbox_away"))
    with pytest.raises(Exception, match="audit_outbox"):
        house.read(token)
    with house.vault.db.write.begin() as connection:
        connection.execute(text("ALTER TABLE audit_outbox_away RENAME TO audit_outbox"))
    with house.vault.reading(OPERATOR) as ctx:
        assert grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).uses == 0


def test_a_seal_that_does_not_open_is_logged_and_releases_nothing(house: House) -> None:
    token = house.token(house.grant())
    with house.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE seals SET sealed = :broken"), {"broken": bytes(120)})
    answer = house.read(token)
    assert isinstance(answer, Release)
    with pytest.raises(VaultError):
        answer.unseal()
    assert events(house)[0] == Event.RECORD_UNSEAL_FAILED


@pytest.mark.parametrize("ended", ["period", "uses", "suspended", "deceased"])
def test_a_grant_opens_nothing_after_its_end(house: House, ended: str) -> None:
    grant = house.grant(uses=1) if ended == "uses" else house.grant()
    token = house.token(grant)
    if ended == "period":
        house.clock.ahead = timedelta(days=91)
    elif ended == "uses":
        opened(house.read(token))
    else:
        with house.vault.transaction(OPERATOR) as ctx:
            if ended == "suspended":
                services.set_status(ctx, slug="home-care", status=ServiceStatus.SUSPENDED)
            else:
                citizens.set_status(ctx, citizen_id=house.citizen_id, status=CitizenStatus.DECEASED)
    try:
        answer = house.read(token)
    except TokenInvalidError:
        return
    assert isinstance(answer, Refusal)


def test_all_conditions_never_means_a_sensitive_one(house: House) -> None:
    grant = house.grant(frozenset({"condition.name"}))
    assert opened(house.read(house.token(grant))) == {"condition.name": ["Hypertension"]}


def test_items_entered_in_error_or_stopped_are_not_released(house: House) -> None:
    grant = house.grant(frozenset({"medication.name"}))
    assert opened(house.read(house.token(grant))) == {"medication.name": ["Apixaban"]}


def test_a_dangerous_value_leaves_alone_and_never_in_bulk(house: House) -> None:
    fields = frozenset({"home_access.entry", "medication.name"})
    token = house.token(house.grant(fields))
    assert isinstance(house.read(token, fields), Refusal)
    assert opened(house.read(token)) == {"medication.name": ["Apixaban"]}
    assert opened(house.read(token, frozenset({"home_access.entry"}))) == {"home_access.entry": ["Side gate"]}


def test_a_reader_sees_one_of_four_states_of_a_field_that_is_dangerous_to_miss(house: House) -> None:
    asked = frozenset({"allergy.to_what", "allergy.reaction"})
    answer = house.read(house.token(house.grant(asked)))
    assert isinstance(answer, Release)
    states = answer.unseal().states
    assert states["allergy.to_what"].kind == "value"
    assert states["allergy.reaction"] == FieldState("not-recorded", NOT_WHOLE)


def test_no_known_allergies_is_said_only_where_someone_said_so(house: House) -> None:
    house.keep("allergy", "a2", {"allergy.none_known": "No known allergies, Dr Okafor, 3 May 2026"})
    answer = house.read(house.token(house.grant(frozenset({"allergy.reaction"}))))
    assert isinstance(answer, Release)
    assert answer.unseal().states["allergy.reaction"].kind == "none-known"


def test_a_withheld_allergy_never_looks_like_none(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        ctx.session.execute(text("DELETE FROM records WHERE record_id = :r"), {"r": house.record_ids["allergy"].hex})
    house.keep("allergy", "a3", {"allergy.to_what": "Abacavir"}, sensitivity=2)
    house.keep("allergy", "a4", {"allergy.none_known": "No known allergies, 2019"})
    answer = house.read(house.token(house.grant(frozenset({"allergy.to_what", "allergy.reaction"}))))
    assert isinstance(answer, Release)
    states = answer.unseal().states
    assert {state.detail for state in states.values()} == {NOT_WHOLE}


def test_a_service_that_names_no_person_is_refused(house: House) -> None:
    answer = house.read(house.token(house.grant()), acting=None)
    assert isinstance(answer, Refusal)
    assert answer.because == ("acting-person-is-not-named",)


def test_the_owner_sees_everything_with_dangerous_values_masked_and_revealed_one_at_a_time(house: House) -> None:
    categories = frozenset({"medication", "home_access"})
    own = opened(read_own(house.vault, actor=house.citizen, citizen_id=house.citizen_id, categories=categories))
    assert sorted(own["medication.name"]) == ["Apixaban", "Insulin", "Warfarin"]
    assert own["home_access.key_safe_code"] == [MASK]
    shown = reveal(
        house.vault,
        actor=house.citizen,
        citizen_id=house.citizen_id,
        record_id=house.record_ids["home"],
        field="home_access.key_safe_code",
    )
    assert opened(shown) == {"home_access.key_safe_code": ["turn to 4471"]}


def test_nobody_opens_another_persons_record(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        other = citizens.make(ctx, status=CitizenStatus.ACTIVE)
    stranger = Actor(kind="citizen", citizen_id=other)
    answer = read_own(house.vault, actor=stranger, citizen_id=house.citizen_id, categories=frozenset({"medication"}))
    assert isinstance(answer, Refusal)
    assert events(house)[0] == Event.RECORD_REFUSED


def test_an_officer_reads_for_their_own_service_only(house: House) -> None:
    grant = house.grant()
    with house.vault.transaction(OPERATOR) as ctx:
        officer = accounts.make(
            ctx, role=Role.OFFICER, organisation_id=house.council_id, service_id=house.service_id
        ).actor()
        other = services.make_service(
            ctx, organisation_id=house.council_id, slug="other", name="Other", jwks={"keys": []}, purposes=[CARE]
        ).service_id
        stranger = accounts.make(ctx, role=Role.OFFICER, organisation_id=house.council_id, service_id=other).actor()
    answer = read_as_officer(house.vault, actor=officer, grant_id=grant.grant_id, fields=None)
    assert set(opened(answer)) == ALLOWED
    with pytest.raises(NotFoundError):
        read_as_officer(house.vault, actor=stranger, grant_id=grant.grant_id, fields=None)


def test_a_decision_by_telephone_needs_evidence_and_is_the_citizens_to_undo(house: House) -> None:
    asked = house.ask()
    with house.vault.transaction(OPERATOR) as ctx:
        officer = accounts.make(
            ctx, role=Role.OFFICER, organisation_id=house.council_id, service_id=house.service_id
        ).actor()
    spoken = {"decided_by": Decider.SPOKEN, "channel": Channel.PHONE, "allowed": ALLOWED}
    ids = {"citizen_id": house.citizen_id, "request_id": asked.request_id}
    with pytest.raises(InvalidInputError), house.vault.transaction(officer) as ctx:
        requests.decide(ctx, **ids, **spoken)  # type: ignore[arg-type]
    with house.vault.transaction(officer) as ctx:
        grant = requests.decide(ctx, **ids, **spoken, evidence="Rang at ten, gave address and a memorable word")  # type: ignore[arg-type]
    assert grant is not None
    assert (grant.decided_by, grant.channel) == (Decider.SPOKEN, Channel.PHONE)
    house.withdraw(grant)


def test_a_statutory_grant_has_no_stop_and_an_objection_pauses_it(house: House) -> None:
    house.ask(frozenset({"identity.name"}), "council-tax", case_reference="CT-1")
    with house.vault.reading(OPERATOR) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=house.citizen_id)
    assert (grant.can_stop, grant.can_object) == (False, True)
    with pytest.raises(NotAllowedError):
        house.withdraw(grant)
    assert events(house)[0] == Event.RECORD_REFUSED
    with house.vault.transaction(house.citizen) as ctx:
        case = cases.open_case(
            ctx,
            citizen_id=house.citizen_id,
            kind=CaseKind.OBJECTION,
            service_id=house.service_id,
            statement="I moved out in March.",
            grant_id=grant.grant_id,
        )
        assert grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).state is GrantState.PAUSED
    with house.vault.transaction(house.officer()) as ctx:
        answered = cases.answer(ctx, case_id=case.case_id, upheld=True, words="You are right.")
        assert answered.state is CaseState.UPHELD
        state = grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).state
    assert state is GrantState.WITHDRAWN


def test_a_request_is_decided_once(house: House) -> None:
    asked = house.ask()
    with house.vault.transaction(house.citizen) as ctx:
        assert (
            requests.decide(ctx, citizen_id=house.citizen_id, request_id=asked.request_id, allowed=frozenset()) is None
        )
    with pytest.raises(WrongStateError), house.vault.transaction(house.citizen) as ctx:
        requests.decide(ctx, citizen_id=house.citizen_id, request_id=asked.request_id, allowed=ALLOWED)


def test_a_stranger_cannot_be_told_from_a_resident_by_rows_log_or_polling(house: House) -> None:
    known = house.ask()
    with house.vault.transaction(house.service) as ctx:
        hint = requests.Hint.parse("ref:pas:nobody")
        unknown = requests.ask(
            ctx, asked=requests.Ask(service_id=house.service_id, hint=hint, purpose=CARE, fields=ALLOWED)
        )
    with house.vault.transaction(house.service) as ctx:
        polled = [requests.poll(ctx, service_id=house.service_id, handle=each.handle) for each in (known, unknown)]
        rows = ctx.session.execute(text("SELECT state, purpose, fields, max_uses FROM access_requests")).all()
        shapes = ctx.session.execute(text("SELECT length(leaf) FROM audit_outbox ORDER BY id DESC LIMIT 2")).all()
    assert polled[0] == polled[1]
    assert rows[0] == rows[1]
    assert abs(shapes[0][0] - shapes[1][0]) <= 2
    assert (known.expires_in, known.interval) == (unknown.expires_in, unknown.interval)
    with house.vault.reading(OPERATOR) as ctx:
        assert len(requests.of_service(ctx, service_id=house.service_id)) == 2


@pytest.mark.parametrize("spellings", [("ref:pas:E-1", "ref:pas: e-1 "), ("ref:pas:nobody", "ref:pas: NOBODY ")])
def test_another_spelling_joins_the_same_request_for_residents_and_strangers(
    house: House, spellings: tuple[str, str]
) -> None:
    made = []
    for spelling in spellings:
        with house.vault.transaction(house.service) as ctx:
            hint = requests.Hint.parse(spelling)
            asked = requests.Ask(service_id=house.service_id, hint=hint, purpose=CARE, fields=ALLOWED)
            made.append(requests.ask(ctx, asked=asked))
    assert made[0].request_id == made[1].request_id


def test_a_spoken_decision_yes_for_a_stranger_is_refused_as_for_anybody_not_known_here(house: House) -> None:
    with house.vault.transaction(house.service) as ctx:
        hint = requests.Hint.parse("ref:pas:nobody")
        asked = requests.Ask(service_id=house.service_id, hint=hint, purpose=CARE, fields=ALLOWED)
        request_id = requests.ask(ctx, asked=asked).request_id
        (waits,) = requests.of_service(ctx, service_id=house.service_id)
    with house.vault.transaction(OPERATOR) as ctx:
        officer = accounts.make(
            ctx, role=Role.OFFICER, organisation_id=house.council_id, service_id=house.service_id
        ).actor()
    with pytest.raises(NotKnownHereError), house.vault.transaction(officer) as ctx:
        requests.decide(
            ctx,
            citizen_id=waits.citizen_id,
            request_id=request_id,
            allowed=ALLOWED,
            decided_by=Decider.SPOKEN,
            channel=Channel.PHONE,
            evidence="They said yes",
        )


def test_one_answer_does_not_lift_the_pause_that_another_objection_holds(house: House) -> None:
    house.ask(frozenset({"identity.name"}), "council-tax", case_reference="CT-1")
    with house.vault.transaction(house.citizen) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=house.citizen_id)
        first, second = (
            cases.open_case(
                ctx,
                citizen_id=house.citizen_id,
                kind=CaseKind.OBJECTION,
                service_id=house.service_id,
                statement=words,
                grant_id=grant.grant_id,
            )
            for words in ("I moved out.", "And it is not my flat.")
        )
    states, officer = [], house.officer()
    for case in (first, second):
        with house.vault.transaction(officer) as ctx:
            cases.answer(ctx, case_id=case.case_id, upheld=False, words="We looked.")
            states.append(grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).state)
    assert states == [GrantState.PAUSED, GrantState.ACTIVE]


def test_the_first_look_of_a_month_is_answered_like_any_other(house: House) -> None:
    house.clock.ahead = timedelta(days=32)
    looked: dict[str, Any] = {
        "actor": house.citizen,
        "citizen_id": house.citizen_id,
        "categories": frozenset({"identity"}),
    }
    assert opened(read_own(house.vault, **looked)) == {"identity.name": ["Edith Marlow"]}
    with house.vault.snapshot(SYSTEM) as ctx:
        assert hold(ctx.session).defects == ()
