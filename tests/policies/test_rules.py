"""Truth tables: each permit allows its own request, each forbid refuses by its own name, and no rule goes untried."""

from dataclasses import replace
from typing import Any, Final

import pytest

from policies.engine import NO_RULE_ALLOWS, Engine
from policies.model import Action, DelayStep, Principal, Request, Step
from tests.policies.facts import (
    ADA,
    ADMINISTRATOR,
    ALLOWED,
    ASKED,
    AUDITOR,
    AUTHORITY,
    BOB,
    BY_RULE,
    CARE,
    CASE,
    CHANGE,
    CODE,
    DAUGHTER,
    DELAY,
    EMERGENCY,
    ENTRY,
    GRANT,
    ITEM,
    LAW,
    NAME,
    NOT_SAFE,
    NOW,
    OFFICER,
    OTHER,
    OWNER,
    PHONE,
    SERVICE,
    SUPERVISOR,
    SYSTEM,
    TAX,
    TOKEN,
    URGENT,
    ask,
)

READ = ALLOWED["service-reads-what-was-allowed"]
LOOK = ALLOWED["officer-reads-what-was-allowed"]
SEE = ALLOWED["delegate-sees"]
OPEN_ENTRY = replace(READ, fields=frozenset({ENTRY}))
CORRECT = ALLOWED["officer-corrects-what-a-case-is-about"]
OWN = ALLOWED["officer-corrects-what-own-service-wrote"]
OWN_GRANT = replace(GRANT, write=True)
APPROVE = ALLOWED["administrator-keeps-the-registry"]
DELAY_IT: Final[Any] = ALLOWED["administrator-decides-about-a-delay"]
STATE = ALLOWED["officer-reads-in-an-emergency"]
FOLLOW_UP = ALLOWED["supervisor-follows-up-an-emergency"]
PARENT = replace(AUTHORITY, kind="parental-responsibility")

REFUSED: Final[list[tuple[str, Request]]] = [
    ("never-while-suspended", replace(READ, principal=replace(SERVICE, suspended=True))),
    ("never-while-suspended", replace(LOOK, principal=replace(OFFICER, suspended=True))),
    ("auditor-never-opens-records", ask(Action.READ, AUDITOR, purpose=CARE, grant=GRANT)),
    ("administrator-never-opens-records", ask(Action.READ, ADMINISTRATOR, purpose=CARE, grant=GRANT)),
    ("nobody-signs-in-for-the-dead", ask(Action.VIEW_LOG, OWNER, owner_status="deceased", fields=frozenset())),
    ("consent-ends-with-death", replace(READ, owner_status="deceased")),
    ("consent-ends-with-death", replace(LOOK, owner_status="deceased")),
    ("children-do-not-decide-alone", ask(Action.ASSIST, OFFICER, purpose=CARE, reason=True, owner_status="child")),
    ("record-is-closed", replace(READ, owner_status="merged")),
    ("record-is-closed", ask(Action.READ, OWNER, owner_status="closed")),
    (
        "withheld-is-asked-for-by-nobody",
        replace(
            READ,
            fields=frozenset({OTHER}),
            purpose=replace(CARE, most=CARE.most | {OTHER}),
            grant=replace(GRANT, fields=GRANT.fields | {OTHER}),
        ),
    ),
    ("withheld-is-asked-for-by-nobody", replace(SEE, fields=frozenset({OTHER}))),
    ("dangerous-fields-open-one-at-a-time", replace(READ, fields=frozenset({ENTRY, NAME}))),
    ("dangerous-fields-open-one-at-a-time", ask(Action.READ, OWNER, fields=frozenset({ENTRY, CODE}))),
    (
        "dangerous-fields-open-one-at-a-time",
        replace(ALLOWED["officer-reads-in-an-emergency"], fields=frozenset({ENTRY, CODE})),
    ),
    ("dangerous-fields-need-a-person", replace(OPEN_ENTRY, acting_person=False, batch=True)),
    (
        "dangerous-fields-need-a-fresh-sign-in",
        ask(Action.READ, replace(OWNER, step_up=False), fields=frozenset({ENTRY}), step_up_required=True),
    ),
    (
        "allowing-special-categories-needs-a-fresh-sign-in",
        ask(Action.DECIDE, replace(OWNER, step_up=False), purpose=CARE, step_up_required=True),
    ),
    ("no-approval-while-a-recovery-waits", ask(Action.DECIDE, OWNER, purpose=CARE, recovering=True)),
    (
        "registry-changes-need-a-fresh-sign-in",
        replace(
            ALLOWED["administrator-keeps-the-registry"],
            principal=replace(ALLOWED["administrator-keeps-the-registry"].principal, step_up=False),
            step_up_required=True,
        ),
    ),
    ("special-categories-need-a-condition", replace(READ, purpose=replace(CARE, condition=False))),
    (
        "special-categories-need-a-condition",
        ask(
            Action.ASK,
            SERVICE,
            fields=frozenset({"care_visit.planned"}),
            purpose=replace(CARE, most=frozenset({"care_visit.planned"}), condition=False),
        ),
    ),
    ("what-is-about-others-is-left-out", ask(Action.READ, OWNER, without_others=False)),
    ("what-is-about-others-is-left-out", replace(SEE, without_others=False)),
    ("held-back-from-the-citizen", ask(Action.READ, OWNER, held_back=True)),
    ("held-back-from-the-citizen", replace(SEE, held_back=True)),
    ("entered-in-error-is-never-released", replace(READ, entered_in_error=True)),
    ("entered-in-error-is-never-released", replace(SEE, entered_in_error=True)),
    ("purpose-is-not-known", replace(READ, purpose=None)),
    ("purpose-is-not-known", ask(Action.WRITE, SYSTEM, agreement=True)),
    ("service-is-not-registered-for-the-purpose", replace(READ, purpose=replace(CARE, registered=False))),
    ("fields-beyond-the-purpose", replace(READ, purpose=replace(CARE, most=frozenset({NAME})))),
    ("fields-beyond-the-purpose", ask(Action.DECIDE, OWNER, purpose=replace(CARE, most=frozenset({NAME})))),
    ("nothing-was-allowed", replace(LOOK, grant=None)),
    ("fields-beyond-the-grant", replace(READ, fields=ASKED | {PHONE})),
    ("grant-is-not-active", replace(READ, grant=replace(GRANT, state="withdrawn"))),
    ("grant-is-not-active", replace(READ, grant=replace(GRANT, state="paused"))),
    ("grant-is-not-active", replace(LOOK, grant=replace(GRANT, state="a word nobody knows"))),
    ("grant-is-out-of-its-period", replace(LOOK, now=GRANT.not_after)),
    ("grant-is-out-of-its-period", replace(READ, now=GRANT.not_before - 1)),
    ("grant-is-used-up", replace(READ, grant=replace(GRANT, uses=5))),
    ("more-sensitive-than-allowed", replace(READ, sensitivity=2)),
    ("history-was-not-allowed", replace(READ, history=True)),
    ("citizen-must-prove-themselves-again", replace(READ, grant_proven=False)),
    ("citizen-must-prove-themselves-again", replace(LOOK, grant_proven=False)),
    ("token-is-missing-or-stale", replace(READ, token=None)),
    ("token-is-missing-or-stale", replace(READ, token=replace(TOKEN, grant_version=2))),
    ("token-is-missing-or-stale", replace(READ, token=replace(TOKEN, not_after=NOW))),
    ("token-is-not-the-senders", replace(READ, token=replace(TOKEN, bound=False))),
    ("acting-person-is-not-named", replace(READ, acting_person=False)),
    ("statutory-use-cannot-be-stopped", ask(Action.WITHDRAW, OWNER, fields=frozenset(), purpose=LAW, grant=BY_RULE)),
    ("officers-act-for-their-own-service", replace(ALLOWED["officer-asks"], asker=TAX)),
    ("officers-act-for-their-own-service", replace(ALLOWED["officer-asks"], asker="")),
    ("officers-act-for-their-own-service", replace(ALLOWED["officer-cancels-own-services-request"], asker=TAX)),
    (
        "case-of-another-service",
        replace(ALLOWED["officer-reads-cases-of-own-service"], case=replace(CASE, service=TAX)),
    ),
    ("case-of-another-service", replace(ALLOWED["officer-reads-cases-of-own-service"], case=None)),
    (
        "case-of-another-service",
        replace(ALLOWED["officer-answers-cases-of-own-service"], principal=replace(OFFICER, service=TAX)),
    ),
    ("case-is-closed", replace(ALLOWED["owner-withdraws-own-case"], case=replace(CASE, state="upheld"))),
    ("case-is-closed", replace(ALLOWED["officer-answers-cases-of-own-service"], case=replace(CASE, state="withdrawn"))),
    ("case-is-closed", replace(CORRECT, case=replace(CASE, state="not-upheld"))),
    ("only-who-wrote-it-corrects-it", replace(CORRECT, item=replace(ITEM, organisation="nhs"))),
    ("only-who-wrote-it-corrects-it", replace(CORRECT, item=None)),
    (
        "services-put-right-only-their-own",
        replace(ALLOWED["service-writes-what-was-allowed"], item=replace(ITEM, service=TAX)),
    ),
    ("services-put-right-only-their-own", replace(ALLOWED["service-writes-what-was-allowed"], item=ITEM)),
    ("fields-beyond-the-grant", replace(OWN, grant=replace(OWN_GRANT, fields=frozenset({NAME})))),
    ("grant-is-not-active", replace(OWN, grant=replace(OWN_GRANT, state="withdrawn"))),
    ("grant-is-out-of-its-period", replace(OWN, now=OWN_GRANT.not_after)),
    ("grant-is-out-of-its-period", replace(OWN, now=OWN_GRANT.not_before - 1)),
    ("grant-is-used-up", replace(OWN, grant=replace(OWN_GRANT, uses=OWN_GRANT.max_uses))),
    ("what-opens-one-at-a-time-is-not-opened-to-correct-it", replace(CORRECT, fields=frozenset({ENTRY}))),
    ("contact-is-checked-by-the-vault-alone", ask(Action.CHECK_CONTACT, OFFICER, fields=frozenset({NOT_SAFE}))),
    ("contact-is-checked-by-the-vault-alone", ask(Action.CHECK_CONTACT, OWNER, fields=frozenset({NOT_SAFE}))),
    ("authority-is-out-of-its-period", replace(SEE, now=AUTHORITY.valid_to)),
    ("authority-is-out-of-its-period", replace(SEE, now=AUTHORITY.valid_from - 1)),
    ("authority-is-out-of-its-period", replace(SEE, authority=None)),
    ("delegates-never-see-entry-codes", replace(SEE, fields=frozenset({ENTRY}))),
    ("delegates-see-no-danger", replace(SEE, sensitivity=2)),
    ("parental-access-ends-as-a-child-grows-up", replace(SEE, authority=PARENT)),
    ("parental-access-ends-as-a-child-grows-up", replace(SEE, authority=PARENT, owner_status="young-person")),
    (
        "spoken-yes-needs-an-organisation-that-knows-you",
        replace(ALLOWED["officer-records-a-spoken-decision"], known_here=False),
    ),
    (
        "emergency-needs-a-fresh-sign-in",
        replace(STATE, principal=replace(OFFICER, step_up=False), step_up_required=True),
    ),
    ("emergency-look-is-over", replace(STATE, emergency=replace(EMERGENCY, own=True))),
    ("emergency-look-is-over", replace(STATE, emergency=replace(EMERGENCY, state="open"))),
    ("nobody-follows-up-on-their-own-look", replace(FOLLOW_UP, emergency=replace(EMERGENCY, own=True))),
    ("emergencies-are-stated-by-a-person", replace(ALLOWED["officer-asks"], purpose=URGENT)),
    (
        "emergencies-are-stated-by-a-person",
        replace(ALLOWED["statutory-grant-is-made"], purpose=replace(LAW, emergency=True)),
    ),
    ("delay-needs-a-second-person", replace(DELAY_IT, delay=replace(DELAY_IT.delay, own=True))),
    ("delay-is-not-about-yourself", replace(DELAY_IT, delay=replace(DELAY_IT.delay, about_self=True))),
    ("delay-of-someone-who-left", replace(DELAY_IT, delay=replace(DELAY_IT.delay, proposer_stands=False))),
    ("delay-ends-within-a-year-of-the-entry", replace(DELAY_IT, delay=replace(DELAY_IT.delay, until=NOW))),
    (
        "delay-ends-within-a-year-of-the-entry",
        replace(DELAY_IT, delay=replace(DELAY_IT.delay, days=366)),
    ),
    ("delays-need-a-fresh-sign-in", replace(DELAY_IT, principal=replace(DELAY_IT.principal, step_up=False))),
    ("registry-change-needs-a-second-person", replace(APPROVE, change=replace(CHANGE, own=True))),
    ("registry-change-is-not-about-yourself", replace(APPROVE, change=replace(CHANGE, about_self=True))),
    ("registry-change-is-out-of-date", replace(APPROVE, change=replace(CHANGE, current=False))),
    ("registry-change-of-someone-who-left", replace(APPROVE, change=replace(CHANGE, proposer_stands=False))),
    ("registry-of-another-organisation", replace(APPROVE, change=replace(CHANGE, keeper=False))),
    (
        "registry-of-another-organisation",
        replace(APPROVE, change=replace(CHANGE, keeper=False, shared=False, step=Step.STOP)),
    ),
]
"""Forbid → a request that only it refuses."""


@pytest.mark.parametrize("name", ALLOWED)
def test_each_permit_alone_allows_its_request(engine: Engine, name: str) -> None:
    decision = engine.decide(ALLOWED[name])
    assert decision.allowed
    assert decision.because == (name,)


@pytest.mark.parametrize(("name", "request_"), REFUSED)
def test_each_forbid_alone_refuses_by_its_own_name(engine: Engine, name: str, request_: Request) -> None:
    decision = engine.decide(request_)
    assert not decision.allowed
    assert decision.because == (name,)


def test_every_rule_decides_at_least_once(engine: Engine) -> None:
    assert set(ALLOWED) | {name for name, _ in REFUSED} == set(engine.rulebook.rules)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("owner-reads", {"owner": BOB}),
        ("owner-reads", {"owner_status": "child"}),
        ("owner-reads", {"owner_status": "provisional"}),
        ("owner-reads", {"owner_status": ""}),
        ("owner-writes-own-words", {"own_words": False}),
        ("owner-writes-own-words", {"owner": BOB}),
        ("owner-decides", {"owner": BOB}),
        ("owner-decides", {"owner_status": "child"}),
        ("owner-decides", {"purpose": LAW}),
        ("owner-decides", {"purpose": None}),
        ("owner-withdraws", {"owner": BOB}),
        ("owner-withdraws", {"grant": None}),
        ("owner-withdraws", {"grant": replace(GRANT, owner=BOB)}),
        ("owner-objects", {"owner": BOB}),
        ("owner-objects", {"purpose": CARE}),
        ("owner-objects", {"grant": None}),
        ("owner-challenges", {"owner": BOB}),
        ("owner-views-log", {"owner": BOB}),
        ("service-asks", {"purpose": LAW}),
        ("service-reads-what-was-allowed", {"owner": BOB}),
        ("service-reads-what-was-allowed", {"grant": replace(GRANT, owner=BOB)}),
        ("service-reads-what-was-allowed", {"grant": replace(GRANT, service=TAX)}),
        ("service-reads-what-was-allowed", {"grant": replace(GRANT, purpose="another")}),
        ("service-reads-what-was-allowed", {"grant": replace(GRANT, by_rule=True)}),
        ("service-reads-what-was-allowed", {"purpose": replace(CARE, choice="may-object")}),
        ("service-reads-what-was-allowed", {"purpose": replace(CARE, choice="")}),
        ("service-writes-what-was-allowed", {"grant": GRANT}),
        ("service-writes-what-was-allowed", {"owner": BOB}),
        ("statutory-grant-is-made", {"reason": False}),
        ("statutory-grant-is-made", {"purpose": CARE}),
        ("service-reads-by-law", {"grant": replace(BY_RULE, by_rule=False)}),
        ("service-reads-by-law", {"owner": BOB}),
        ("service-reads-by-law", {"purpose": replace(LAW, choice="decide")}),
        ("import-run-writes", {"agreement": False}),
        ("import-run-writes", {"principal": replace(SYSTEM, organisation=None)}),
        ("import-run-writes", {"purpose": LAW}),
        ("delegate-sees", {"owner": BOB}),
        ("delegate-sees", {"authority": replace(AUTHORITY, powers=frozenset({"decide"}))}),
        ("delegate-sees", {"authority": replace(AUTHORITY, fields=frozenset({NAME}))}),
        ("delegate-decides", {"authority": replace(AUTHORITY, kind="named-person")}),
        ("delegate-decides", {"authority": replace(AUTHORITY, powers=frozenset({"see"}))}),
        ("delegate-decides", {"purpose": LAW}),
        ("delegate-withdraws", {"authority": replace(AUTHORITY, powers=frozenset({"see"}))}),
        ("delegate-objects", {"authority": replace(AUTHORITY, powers=frozenset({"see"}))}),
        ("delegate-objects", {"purpose": CARE}),
        ("delegate-views-log", {"authority": replace(AUTHORITY, powers=frozenset({"see"}))}),
        ("officer-reads-in-an-emergency", {"reason": False}),
        ("officer-reads-in-an-emergency", {"purpose": CARE}),
        ("officer-reads-in-an-emergency", {"principal": replace(OFFICER, service=None)}),
        ("supervisor-follows-up-an-emergency", {"principal": OFFICER}),
        ("supervisor-follows-up-an-emergency", {"principal": replace(SUPERVISOR, service=TAX)}),
        ("supervisor-follows-up-an-emergency", {"emergency": replace(EMERGENCY, owner=BOB)}),
        ("supervisor-follows-up-an-emergency", {"emergency": None}),
        ("officer-reads-what-was-allowed", {"principal": replace(OFFICER, service=TAX)}),
        ("officer-reads-what-was-allowed", {"principal": replace(OFFICER, service=None)}),
        ("officer-reads-what-was-allowed", {"owner": BOB}),
        ("officer-reads-by-law", {"principal": replace(OFFICER, service=TAX)}),
        ("officer-records-a-spoken-decision", {"reason": False}),
        ("officer-records-a-spoken-decision", {"purpose": LAW}),
        ("officer-records-a-spoken-decision", {"principal": replace(OFFICER, organisation="nhs")}),
        ("officer-records-a-spoken-decision", {"principal": replace(OFFICER, organisation=None)}),
        ("officer-asks", {"purpose": LAW}),
        ("officer-writes-back", {"grant": GRANT}),
        ("officer-writes-back", {"owner": BOB}),
        ("officer-writes-back", {"principal": replace(OFFICER, service=TAX)}),
        ("owner-withdraws-own-case", {"owner": BOB}),
        ("owner-withdraws-own-case", {"case": replace(CASE, owner=BOB)}),
        ("owner-withdraws-own-case", {"case": None}),
        ("officer-reads-cases-of-own-service", {"owner": BOB}),
        ("officer-answers-cases-of-own-service", {"owner": BOB}),
        ("officer-answers-cases-of-own-service", {"reason": False}),
        ("officer-corrects-what-a-case-is-about", {"case": replace(CASE, kind="objection")}),
        ("officer-corrects-what-a-case-is-about", {"case": replace(CASE, service=TAX)}),
        ("officer-corrects-what-a-case-is-about", {"case": None}),
        ("officer-corrects-what-a-case-is-about", {"owner": BOB}),
        ("officer-corrects-what-own-service-wrote", {"item": ITEM}),
        ("officer-corrects-what-own-service-wrote", {"item": replace(ITEM, service=TAX)}),
        ("officer-corrects-what-own-service-wrote", {"grant": GRANT}),
        ("officer-corrects-what-own-service-wrote", {"grant": None}),
        ("officer-corrects-what-own-service-wrote", {"owner": BOB}),
        ("vault-checks-how-old-a-child-is", {"fields": frozenset({NAME, PHONE})}),
        ("vault-checks-how-old-a-child-is", {"fields": frozenset({"medication.name"})}),
        ("vault-checks-how-old-a-child-is", {"owner_status": "active"}),
        ("vault-checks-how-old-a-child-is", {"principal": OFFICER}),
        ("vault-checks-that-contact-is-safe", {"fields": frozenset({NAME})}),
        ("vault-checks-that-contact-is-safe", {"fields": frozenset({NOT_SAFE, ENTRY})}),
        ("administrator-keeps-the-registry", {"change": None}),
        ("administrator-keeps-the-registry", {"principal": replace(ADMINISTRATOR, organisation=None)}),
        ("operator-keeps-the-registry", {"change": None}),
        ("operator-keeps-the-registry", {"change": CHANGE}),
        ("auditor-reviews-own-log", {"log_of": "nhs"}),
        ("auditor-delays-an-entry", {"delay": None}),
        ("auditor-delays-an-entry", {"delay": replace(DELAY, keeper=False)}),
        ("administrator-decides-about-a-delay", {"delay": None}),
        ("administrator-decides-about-a-delay", {"delay": DELAY}),
        ("administrator-decides-about-a-delay", {"delay": replace(DELAY, step=DelayStep.APPROVE, keeper=False)}),
        ("operator-lifts-a-delay", {"delay": None}),
        ("operator-lifts-a-delay", {"delay": DELAY}),
        ("auditor-reviews-own-log", {"principal": replace(AUDITOR, organisation=None), "log_of": ""}),
    ],
)
def test_a_permit_with_one_fact_broken_allows_nothing(engine: Engine, name: str, broken: dict[str, Any]) -> None:
    decision = engine.decide(replace(ALLOWED[name], **broken))
    assert not decision.allowed
    assert decision.because == (NO_RULE_ALLOWS,)


@pytest.mark.parametrize(
    "principal",
    [OWNER, DAUGHTER, SERVICE, OFFICER, AUDITOR, ADMINISTRATOR, SYSTEM],
    ids=lambda principal: str(principal.kind),
)
@pytest.mark.parametrize("name", ALLOWED)
def test_a_permit_serves_no_other_kind_of_principal(engine: Engine, name: str, principal: Principal) -> None:
    request = ALLOWED[name]
    if principal.kind is not request.principal.kind:
        assert name not in engine.decide(replace(request, principal=principal)).because


def test_a_deceased_persons_record_stays_open_to_uses_that_rest_on_law(engine: Engine) -> None:
    assert engine.decide(replace(ALLOWED["service-reads-by-law"], owner_status="deceased")).allowed


def test_a_registered_batch_reads_without_a_named_person(engine: Engine) -> None:
    assert engine.decide(replace(READ, acting_person=False, batch=True)).allowed


def test_a_dangerous_field_opens_alone_for_a_named_person(engine: Engine) -> None:
    allowed = replace(OPEN_ENTRY, sensitivity=2, grant=replace(GRANT, max_sensitivity=2))
    assert engine.decide(allowed).allowed


def test_the_citizen_sees_what_was_kept_as_it_came_and_what_was_entered_in_error(engine: Engine) -> None:
    assert engine.decide(ask(Action.READ, OWNER, fields=frozenset({OTHER}), entered_in_error=True)).allowed


def test_a_sign_in_that_cannot_step_up_still_decides_about_special_categories(engine: Engine) -> None:
    weak = replace(OWNER, step_up=False)
    assert engine.decide(ask(Action.DECIDE, weak, purpose=CARE, step_up_required=False)).allowed


def test_withdrawing_never_needs_a_fresh_sign_in(engine: Engine) -> None:
    weak = replace(ALLOWED["owner-withdraws"], principal=replace(OWNER, step_up=False), step_up_required=True)
    assert engine.decide(weak).allowed


@pytest.mark.parametrize("name", ["owner-withdraws", "owner-objects", "owner-challenges", "owner-views-log"])
def test_what_protects_the_citizen_stays_open_when_a_service_is_suspended(engine: Engine, name: str) -> None:
    assert engine.decide(replace(ALLOWED[name], principal=replace(OWNER, suspended=True))).because == (name,)


def test_denying_a_request_names_no_field_and_needs_no_fresh_sign_in(engine: Engine) -> None:
    weak = replace(OWNER, step_up=False)
    assert engine.decide(ask(Action.DECIDE, weak, purpose=CARE, fields=frozenset(), step_up_required=True)).allowed


def test_a_parent_sees_for_a_child_and_after_review_for_a_young_person(engine: Engine) -> None:
    assert engine.decide(replace(SEE, authority=PARENT, owner_status="child")).allowed
    reviewed = replace(PARENT, reviewed=True)
    assert engine.decide(replace(SEE, authority=reviewed, owner_status="young-person")).allowed
    assert not engine.decide(replace(SEE, authority=reviewed, owner_status="active")).allowed


def test_nobody_reads_an_emergency_purpose_without_its_own_action(engine: Engine) -> None:
    assert not engine.decide(replace(LOOK, purpose=URGENT, grant=None)).allowed


def test_a_spoken_no_is_written_down_by_an_organisation_that_does_not_know_the_person(engine: Engine) -> None:
    no = replace(ALLOWED["officer-records-a-spoken-decision"], shares=False, known_here=False)
    assert engine.decide(no).allowed


def test_looking_on_in_an_emergency_that_is_open_needs_no_second_proof(engine: Engine) -> None:
    weak = replace(STATE, principal=replace(OFFICER, step_up=False), step_up_required=True)
    assert engine.decide(replace(weak, emergency=replace(EMERGENCY, own=True, state="open"))).allowed


def test_a_challenge_is_open_to_a_delegate_whatever_the_choice(engine: Engine) -> None:
    request = replace(ALLOWED["delegate-objects"], action=Action.CHALLENGE, purpose=CARE)
    assert engine.decide(request).because == ("delegate-objects",)


def test_one_persons_grant_never_opens_another_persons_record(engine: Engine) -> None:
    for owner, granted in ((ADA, BOB), (BOB, ADA)):
        assert not engine.decide(replace(READ, owner=owner, grant=replace(GRANT, owner=granted))).allowed


@pytest.mark.parametrize("step", [Step.STOP, Step.REJECT])
def test_stopping_and_rejecting_never_need_a_fresh_sign_in(engine: Engine, step: Step) -> None:
    weak = replace(APPROVE, principal=replace(ADMINISTRATOR, step_up=False), change=replace(CHANGE, step=step))
    assert engine.decide(weak).allowed


def test_an_administrator_changes_what_belongs_to_their_own_organisation_alone(engine: Engine) -> None:
    mine = replace(CHANGE, keeper=False, shared=False, organisation="council")
    assert engine.decide(replace(APPROVE, change=mine)).allowed
    assert not engine.decide(replace(APPROVE, change=replace(mine, shared=True))).allowed
    assert not engine.decide(replace(APPROVE, change=replace(mine, organisation=""))).allowed
