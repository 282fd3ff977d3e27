"""Requests that are allowed, one for each permit; tests break them one fact at a time."""

from dataclasses import replace
from typing import Any, Final

from policies.model import (
    Action,
    AuthorityFacts,
    CaseFacts,
    ChangeFacts,
    DelayFacts,
    DelayStep,
    EmergencyFacts,
    GrantFacts,
    ItemFacts,
    Kind,
    Principal,
    PurposeFacts,
    Request,
    Step,
    TokenFacts,
)

FLAGS: Final = {
    "identity.name": frozenset[str](),
    "contact.phone": frozenset[str](),
    "contact.email": frozenset[str](),
    "medication.name": frozenset({"S", "D"}),
    "medication.dose": frozenset({"S", "D"}),
    "care_visit.planned": frozenset({"s"}),
    "home_access.entry": frozenset({"K"}),
    "home_access.key_safe_code": frozenset({"K"}),
    "contact.not_safe": frozenset({"K"}),
    "about_me.good_day": frozenset({"S"}),
    "other.item": frozenset({"S", "T"}),
}
"""A small catalogue: fields and their flags."""

ADA, BOB, WARD, TAX = "citizen-ada", "citizen-bob", "service-ward", "service-tax"
NOW: Final = 1_800_000_000_000_000
NAME, PHONE, MEDICINE, DOSE = "identity.name", "contact.phone", "medication.name", "medication.dose"
ENTRY, CODE, OTHER = "home_access.entry", "home_access.key_safe_code", "other.item"
NOT_SAFE: Final = "contact.not_safe"
ASKED: Final = frozenset({NAME, MEDICINE, DOSE})
MOST: Final = frozenset({NAME, PHONE, MEDICINE, DOSE, ENTRY, CODE})

CARE: Final = PurposeFacts(
    slug="home-care-support",
    choice="decide",
    most=MOST,
    registered=True,
    basis="6(1)(e)",
    condition=True,
    organisations=frozenset({"council"}),
)
LAW: Final = replace(CARE, slug="council-tax", choice="may-object")
URGENT: Final = replace(CARE, slug="emergency", emergency=True)
RECEIVE: Final = replace(CARE, slug="receive-health-record", choice="told-afterwards", receives=True)
GRANT: Final = GrantFacts(
    id="grant-1",
    owner=ADA,
    service=WARD,
    purpose=CARE.slug,
    fields=ASKED | {ENTRY},
    state="active",
    not_before=NOW - 10,
    not_after=NOW + 10,
    uses=4,
    max_uses=5,
    max_sensitivity=1,
    version=3,
)
BY_RULE: Final = replace(GRANT, purpose=LAW.slug, by_rule=True)
TOKEN: Final = TokenFacts(bound=True, grant_version=3, not_after=NOW + 5)
AUTHORITY: Final = AuthorityFacts(
    owner=ADA,
    kind="attorney",
    powers=frozenset({"see", "decide", "withdraw", "object", "view-log"}),
    fields=MOST | {OTHER},
    valid_from=NOW - 10,
    valid_to=NOW + 10,
)
CHANGE: Final = ChangeFacts(step=Step.APPROVE, organisation="nhs", shared=True, keeper=True)

CASE: Final = CaseFacts(owner=ADA, service=WARD, kind="correction", state="open")
EMERGENCY: Final = EmergencyFacts(owner=ADA, service=WARD, own=False, state="over")
ITEM: Final = ItemFacts(organisation="council")

OWNER: Final = Principal(kind=Kind.CITIZEN, id=ADA, step_up=True)
DAUGHTER: Final = Principal(kind=Kind.DELEGATE, id="account-dora", step_up=True)
SERVICE: Final = Principal(kind=Kind.SERVICE, id=WARD, organisation="nhs")
OFFICER: Final = Principal(kind=Kind.OFFICER, id="account-olu", organisation="council", service=WARD, step_up=True)
SUPERVISOR: Final = replace(OFFICER, id="account-sam", supervises=True)
AUDITOR: Final = Principal(kind=Kind.AUDITOR, id="account-amy", organisation="council")
ADMINISTRATOR: Final = Principal(kind=Kind.ADMINISTRATOR, id="account-art", organisation="council", step_up=True)
SYSTEM: Final = Principal(kind=Kind.SYSTEM, id="system", organisation="nhs")


def ask(action: Action, principal: Principal, **facts: Any) -> Request:
    """A request about Ada, who is active, now; who reads as her or for her sees it without what is about others."""
    cut = action is Action.READ and principal.kind in {Kind.CITIZEN, Kind.DELEGATE}
    given = {"owner": ADA, "owner_status": "active", "fields": ASKED, "now": NOW, "without_others": cut}
    return Request(action=action, principal=principal, **{**given, "grant_proven": "grant" in facts, **facts})


DELAY: Final = DelayFacts(
    step=DelayStep.PROPOSE,
    keeper=True,
    own=False,
    about_self=False,
    proposer_stands=True,
    days=365,
    until=NOW + 1,
)
_LOG: Final[dict[str, Any]] = {"fields": frozenset(), "owner": "", "owner_status": "", "log_of": "council"}

ALLOWED: Final[dict[str, Request]] = {
    "owner-reads": ask(Action.READ, OWNER),
    "owner-writes-own-words": ask(Action.WRITE, OWNER, fields=frozenset({"about_me.good_day"}), own_words=True),
    "owner-decides": ask(Action.DECIDE, OWNER, purpose=CARE),
    "owner-withdraws": ask(Action.WITHDRAW, OWNER, fields=frozenset(), purpose=CARE, grant=GRANT),
    "owner-objects": ask(Action.OBJECT, OWNER, fields=frozenset(), purpose=LAW, grant=BY_RULE),
    "owner-challenges": ask(Action.CHALLENGE, OWNER, fields=frozenset()),
    "owner-views-log": ask(Action.VIEW_LOG, OWNER, fields=frozenset()),
    "service-asks": ask(Action.ASK, SERVICE, purpose=CARE),
    "service-reads-what-was-allowed": ask(
        Action.READ,
        SERVICE,
        purpose=CARE,
        grant=GRANT,
        token=TOKEN,
        acting_person=True,
    ),
    "service-writes-what-was-allowed": ask(
        Action.WRITE,
        SERVICE,
        purpose=CARE,
        grant=replace(GRANT, write=True),
        token=TOKEN,
        acting_person=True,
    ),
    "statutory-grant-is-made": ask(Action.IMPOSE, SERVICE, purpose=LAW, reason=True),
    "service-reads-by-law": ask(Action.READ, SERVICE, purpose=LAW, grant=BY_RULE, token=TOKEN, acting_person=True),
    "import-run-writes": ask(Action.WRITE, SYSTEM, purpose=RECEIVE, agreement=True),
    "delegate-sees": ask(Action.READ, DAUGHTER, authority=AUTHORITY),
    "delegate-decides": ask(Action.DECIDE, DAUGHTER, authority=AUTHORITY, purpose=CARE),
    "delegate-withdraws": ask(
        Action.WITHDRAW,
        DAUGHTER,
        fields=frozenset(),
        authority=AUTHORITY,
        purpose=CARE,
        grant=GRANT,
    ),
    "delegate-objects": ask(
        Action.OBJECT,
        DAUGHTER,
        fields=frozenset(),
        authority=AUTHORITY,
        purpose=LAW,
        grant=BY_RULE,
    ),
    "delegate-views-log": ask(Action.VIEW_LOG, DAUGHTER, fields=frozenset(), authority=AUTHORITY),
    "officer-reads-in-an-emergency": ask(Action.EMERGENCY, OFFICER, purpose=URGENT, reason=True),
    "supervisor-follows-up-an-emergency": ask(Action.FOLLOW_UP, SUPERVISOR, fields=frozenset(), emergency=EMERGENCY),
    "officer-reads-what-was-allowed": ask(Action.READ, OFFICER, purpose=CARE, grant=GRANT),
    "officer-reads-by-law": ask(Action.READ, OFFICER, purpose=LAW, grant=BY_RULE),
    "officer-asks": ask(Action.ASK, OFFICER, purpose=CARE, asker=WARD),
    "officer-cancels-own-services-request": ask(Action.CANCEL, OFFICER, fields=frozenset(), asker=WARD),
    "officer-writes-back": ask(Action.WRITE, OFFICER, purpose=CARE, grant=replace(GRANT, write=True)),
    "owner-withdraws-own-case": ask(Action.WITHDRAW_CASE, OWNER, fields=frozenset(), case=CASE),
    "officer-reads-cases-of-own-service": ask(Action.READ_CASE, OFFICER, fields=frozenset(), case=CASE),
    "officer-answers-cases-of-own-service": ask(
        Action.ANSWER_CASE, OFFICER, fields=frozenset(), case=CASE, reason=True
    ),
    "officer-corrects-what-a-case-is-about": ask(Action.CORRECT, OFFICER, case=CASE, item=ITEM),
    "officer-corrects-what-own-service-wrote": ask(
        Action.CORRECT, OFFICER, item=replace(ITEM, service=WARD), grant=replace(GRANT, write=True)
    ),
    "vault-tells-you-that-something-waits": ask(Action.NOTIFY, SYSTEM, fields=frozenset({"contact.email"})),
    "vault-checks-how-old-a-child-is": ask(Action.CHECK_AGE, SYSTEM, fields=frozenset({NAME}), owner_status="child"),
    "vault-checks-who-is-near-to-staff": ask(
        Action.CHECK_TIES, SYSTEM, fields=frozenset({NAME}), owner_status="active"
    ),
    "vault-checks-that-contact-is-safe": ask(Action.CHECK_CONTACT, SYSTEM, fields=frozenset({NOT_SAFE})),
    "officer-records-a-spoken-decision": ask(
        Action.ASSIST, OFFICER, purpose=CARE, reason=True, shares=True, known_here=True
    ),
    "auditor-delays-an-entry": ask(Action.DELAY, replace(AUDITOR, step_up=True), **_LOG, delay=DELAY),
    "administrator-decides-about-a-delay": ask(
        Action.DELAY,
        replace(ADMINISTRATOR, step_up=True),
        **_LOG,
        delay=replace(DELAY, step=DelayStep.APPROVE),
        step_up_required=True,
    ),
    "operator-lifts-a-delay": ask(
        Action.DELAY, SYSTEM, **_LOG, delay=replace(DELAY, step=DelayStep.LIFT, keeper=False)
    ),
    "administrator-keeps-the-registry": ask(
        Action.ADMINISTER,
        ADMINISTRATOR,
        fields=frozenset(),
        owner="",
        owner_status="",
        change=CHANGE,
        step_up_required=True,
    ),
    "operator-keeps-the-registry": ask(
        Action.ADMINISTER,
        SYSTEM,
        fields=frozenset(),
        owner="",
        owner_status="",
        change=replace(CHANGE, step=Step.PROPOSE),
    ),
    "auditor-reviews-own-log": ask(
        Action.REVIEW_LOG,
        AUDITOR,
        fields=frozenset(),
        owner="",
        owner_status="",
        log_of="council",
    ),
}
"""Permit → the request that it, and it alone, allows."""
