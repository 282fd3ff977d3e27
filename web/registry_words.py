"""How pages say what the registry holds: kinds of change, the parts of a thing, and their values."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from vault.accounts import StaffLabel
from vault.kinds import AccountStatus, ChangeKind, ChangeState, Role
from vault.lawful import BASES, CONDITIONS, Ground
from vault.purposes import Choice
from web.catalogue_words import field_words
from web.words import day

CHANGES: Final[Mapping[ChangeKind, Any]] = {
    ChangeKind.ORGANISATION: lazy_gettext("An organisation"),
    ChangeKind.SERVICE: lazy_gettext("A new service"),
    ChangeKind.SERVICE_WORDS: lazy_gettext("What a service is called"),
    ChangeKind.SERVICE_KEYS: lazy_gettext("A service's keys"),
    ChangeKind.SERVICE_PURPOSES: lazy_gettext("What a service may ask for"),
    ChangeKind.SERVICE_ADDRESSES: lazy_gettext("A service's addresses"),
    ChangeKind.SERVICE_SUSPENDED: lazy_gettext("Suspend a service"),
    ChangeKind.SERVICE_RESUMED: lazy_gettext("Let a service work again"),
    ChangeKind.PURPOSE: lazy_gettext("A purpose"),
    ChangeKind.ACCOUNT: lazy_gettext("Invite a member of staff"),
    ChangeKind.ACCOUNT_LINK: lazy_gettext("A new sign-in link"),
    ChangeKind.ACCOUNT_CHANGED: lazy_gettext("What a member of staff does"),
    ChangeKind.ACCOUNT_SUSPENDED: lazy_gettext("Suspend a member of staff"),
    ChangeKind.ACCOUNT_RESUMED: lazy_gettext("Let a member of staff work again"),
    ChangeKind.ACCOUNT_CLOSED: lazy_gettext("Close an account"),
}
CHANGE_TAGS: Final = {
    ChangeState.WAITING: (lazy_gettext("Waiting"), "govuk-tag--blue"),
    ChangeState.APPLIED: (lazy_gettext("Done"), "govuk-tag--green"),
    ChangeState.REJECTED: (lazy_gettext("Rejected"), "govuk-tag--red"),
    ChangeState.TAKEN_BACK: (lazy_gettext("Taken back"), "govuk-tag--grey"),
}
ACCOUNT_TAGS: Final = {
    AccountStatus.ACTIVE: (lazy_gettext("Can sign in"), "govuk-tag--green"),
    AccountStatus.SUSPENDED: (lazy_gettext("Suspended"), "govuk-tag--red"),
    AccountStatus.CLOSED: (lazy_gettext("Closed"), "govuk-tag--grey"),
}
ROLES: Final = {
    Role.OFFICER: lazy_gettext("Officer"),
    Role.AUDITOR: lazy_gettext("Auditor"),
    Role.ADMINISTRATOR: lazy_gettext("Administrator"),
}
CHOICES: Final = {
    Choice.DECIDE: lazy_gettext("The person decides"),
    Choice.MAY_OBJECT: lazy_gettext("The person may object"),
    Choice.MAY_CHALLENGE: lazy_gettext("The person may challenge it"),
    Choice.TOLD_AFTERWARDS: lazy_gettext("The person is told afterwards"),
}
SENSITIVITIES: Final = {
    "0": lazy_gettext("Nothing more private than usual"),
    "1": lazy_gettext("Sensitive things too"),
    "2": lazy_gettext("Things that could put someone in danger too"),
}
STATES: Final = {
    "active": lazy_gettext("Working"),
    "suspended": lazy_gettext("Suspended"),
    "closed": lazy_gettext("Closed"),
}
KINDS: Final = {
    "council": lazy_gettext("Council"),
    "nhs": lazy_gettext("NHS"),
    "care-provider": lazy_gettext("Care provider"),
    "housing-association": lazy_gettext("Housing association"),
    "charity": lazy_gettext("Charity"),
    "government": lazy_gettext("Government"),
}
PARTS: Final = {
    "agreement": lazy_gettext("Agreement"),
    "basis": lazy_gettext("Lawful basis"),
    "batch": lazy_gettext("May run without a named person for"),
    "choice": lazy_gettext("Choice"),
    "condition": lazy_gettext("Condition for private things"),
    "controllers": lazy_gettext("Controllers"),
    "dpia": lazy_gettext("Impact assessment"),
    "emergency": lazy_gettext("For emergencies"),
    "first_name": lazy_gettext("First name"),
    "history": lazy_gettext("Past things too"),
    "job": lazy_gettext("Job"),
    "jwks": lazy_gettext("Public keys"),
    "jwks_uri": lazy_gettext("Where its keys are fetched"),
    "kind": lazy_gettext("Kind"),
    "lgsl": lazy_gettext("LGSL code"),
    "max_days": lazy_gettext("At most (days)"),
    "max_sensitivity": lazy_gettext("How private"),
    "max_uses": lazy_gettext("At most (looks)"),
    "most": lazy_gettext("May ask for"),
    "name": lazy_gettext("Name"),
    "notification_endpoint": lazy_gettext("Where it is told of decisions"),
    "webhook_uri": lazy_gettext("Where it is told that shares changed"),
    "organisation": lazy_gettext("Organisation"),
    "pauses_on_objection": lazy_gettext("Pauses when someone objects"),
    "purposes": lazy_gettext("Purposes"),
    "receiver_keeps": lazy_gettext("Receiver keeps it"),
    "receives": lazy_gettext("Data may be brought in"),
    "redirect_uris": lazy_gettext("Where people go back to"),
    "review_on": lazy_gettext("Review on"),
    "role": lazy_gettext("Role"),
    "schedule_1": lazy_gettext("Schedule 1"),
    "service": lazy_gettext("Works for"),
    "sign_in_acr": lazy_gettext("Proof by a passkey"),
    "sign_in_max_age": lazy_gettext("Oldest proof of who they are (seconds)"),
    "slug": lazy_gettext("Short name"),
    "status": lazy_gettext("State"),
    "supervises": lazy_gettext("Looks at emergencies"),
    "team": lazy_gettext("Team"),
    "until_words": lazy_gettext("Until, in the person's words"),
    "welsh": lazy_gettext("In Welsh"),
    "what_for": lazy_gettext("What it is for"),
    "why": lazy_gettext("Why"),
    "whys": lazy_gettext("Why each thing"),
    "without": lazy_gettext("What happens without it"),
}
ORDER: Final = (
    "name",
    "organisation",
    "kind",
    "role",
    "first_name",
    "job",
    "team",
    "service",
    "status",
    "what_for",
    "lgsl",
    "why",
    "without",
    "purposes",
    "batch",
    "most",
    "whys",
    "welsh",
    "choice",
    "basis",
    "condition",
    "schedule_1",
)
"""The parts that people look at first, in this order; the others follow by name."""

LOGGED: Final = {
    "proposed": lazy_gettext("Asked for"),
    "approved": lazy_gettext("Approved"),
    "rejected": lazy_gettext("Rejected"),
    "taken back": lazy_gettext("Taken back"),
    "stopped at once": lazy_gettext("Stopped at once, by one person"),
    "changed alone by the operator": lazy_gettext("Done alone by the operator at the server"),
}


def person(label: StaffLabel | None) -> str:
    """A member of staff by first name, job and team; the operator at the server where there is none."""
    if label is None:
        return str(_("The operator at the server"))
    return f"{label.first_name}, {label.job}, {label.team}"


def ground(code: str | None) -> str:
    """A lawful basis or condition: plain words, the article, and its term in DPV."""
    found: Ground | None = BASES.get(code or "") or CONDITIONS.get(code or "")
    return f"{_(found.words)} ({found.article}, {found.dpv})" if found else code or ""


def _of(table: Mapping[Any, Any]) -> Callable[[Any], str]:
    return lambda value: str(table.get(str(value), value))


_SAID: Final[Mapping[str, Callable[[Any], str]]] = {
    "basis": ground,
    "condition": ground,
    "choice": _of(CHOICES),
    "role": _of(ROLES),
    "kind": _of(KINDS),
    "max_sensitivity": _of(SENSITIVITIES),
    "review_on": lambda value: day(_date(value)),
    "status": lambda value: str(STATES.get(str(value), value)),
}


def _date(value: str | date) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def in_order(name: str) -> tuple[int, str]:
    """Where the part *name* stands among others."""
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def part_words(name: str) -> str:
    """What a part of a thing is called."""
    return str(PARTS.get(name, name))


def part_value(value: Any, name: str) -> str:  # noqa: ANN401 -- JSON values
    """The value of a part, as people read it."""
    if value is None or value == "":
        return str(_("None"))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if name == "most":
        return field_words(str(value))
    return _SAID.get(name, str)(value)


def init_app(app: Flask) -> None:
    """Let templates reach these words by name."""
    for each in (person, ground, part_words, part_value):
        app.jinja_env.filters[each.__name__] = each
    app.jinja_env.globals.update(
        account_tags=ACCOUNT_TAGS, change_kinds=CHANGES, change_tags=CHANGE_TAGS, logged_words=LOGGED
    )
