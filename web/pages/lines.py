"""A line of the log in a resident's words: who, what, and by which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask_babel import gettext as _
from flask_babel import to_user_timezone

from audit.events import Event
from vault.trail import Line


@dataclass(frozen=True, slots=True)
class Look:
    """A line in the resident's words."""

    line: Line
    who: str
    what: str
    is_look: bool
    """Whether somebody else looked, or tried to."""
    by_me: bool


def _who(line: Line) -> str:
    who = line.who
    if who.kind == "citizen":
        return str(_("You"))
    if name := line.facts.get("delegate"):
        return str(_("%(name)s, your %(relationship)s", name=name, relationship=line.facts.get("relationship", "")))
    place = who.service_name or who.organisation_name
    person = ", ".join(part for part in (who.role, who.team) if part and part != place)
    if not person and who.kind in {"auditor", "administrator"}:
        person = _staff()[who.kind]
    if place and person:
        return str(_("%(person)s, %(place)s", person=person[:1].upper() + person[1:], place=place))
    return place or _staff().get(who.kind, str(_("The council’s system")))


def _staff() -> dict[str, str]:
    return {"auditor": _("An auditor"), "administrator": _("An administrator"), "officer": _("A member of staff")}


def _sayings() -> dict[str, str]:
    """What each event is called on a resident's pages."""
    return {
        "record:opened": _("looked at your data"),
        "record:viewed": _("looked at your data"),
        "contact:used": _("read where to write to you, to tell you that something waits"),
        "notice:chosen": _("changed how we tell you things"),
        "notice:mailed": _("sent you an e-mail that something waits"),
        "delegate:invited": _("let somebody in to look for you"),
        "delegate:made": _("accepted an invitation to look for you"),
        "delegate:frozen": _("stopped somebody’s looks for now"),
        "delegate:unfrozen": _("let somebody look again"),
        "delegate:ended": _("ended that somebody looks for you"),
        "delegate:reviewed": _("looked again at a parent’s access"),
        "record:exported": _("took a copy of your data"),
        "record:refused": _("asked to look and was refused"),
        "record:written": _("added to your record"),
        "record:resealed": _("locked your record with a new key"),
        "record:disposed": _("deleted something that is no longer kept"),
        "record:shown-again": _("showed you something that was held back for a time"),
        "record:unseal-failed": _("tried to open something that did not open"),
        "request:made": _("asked to see some of your data"),
        "request:decided": _("decided a request"),
        "request:cancelled": _("took back what it asked for"),
        "grant:made": _("began sharing"),
        "grant:narrowed": _("shared less"),
        "grant:renewed": _("shared for longer"),
        "grant:withdrawn": _("stopped sharing"),
        "grant:expired": _("sharing ended on its last day"),
        "grant:used-up": _("sharing ended because it was used up"),
        "grant:paused": _("paused sharing"),
        "grant:resumed": _("began sharing again"),
        "token:issued": _("got a key to look for five minutes"),
        "sign-in:made": _("signed in"),
        "sign-in:ended": _("signed out"),
        "sign-in:refused": _("could not sign in"),
        "account:made": _("made your account"),
        "account:closed": _("closed your account"),
        "passkey:added": _("added a passkey"),
        "passkey:removed": _("removed a passkey"),
        "link:made": _("made a sign-in link for you"),
        "link:used": _("used a sign-in link"),
        "audit:searched": _("searched the log for lines about you"),
        "audit:exported": _("took a copy of lines about you"),
        "token:refused": _("was refused a key to look"),
        "request:refused": _("asked for something it may not ask for"),
        "case:opened": _("told us something was wrong"),
        "case:read": _("read what you told us"),
        "case:acknowledged": _("took up what you told us"),
        "case:extended": _("needs longer to answer what you told us"),
        "case:answered": _("answered what you told us"),
        "case:withdrawn": _("took back what you told us"),
        "contact:checked": _("checked how not to contact you"),
        "age:checked": _("checked whether you are old enough to decide more for yourself"),
        "citizen:made": _("began your record here"),
        "citizen:changed": _("changed your record’s status"),
        "key:made": _("made a new key for your record"),
    }


def saying(event: str) -> str:
    """What *event* is called on a resident's pages; its own name where there is no word for it."""
    return _sayings().get(event, event.replace(":", " "))


def _is_own(line: Line) -> bool:
    return line.who.kind == "citizen"


def describe(line: Line) -> Look:
    """*line* in the resident's words."""
    look = line.event in {Event.RECORD_OPENED, Event.RECORD_REFUSED} and not _is_own(line)
    return Look(line, _who(line), saying(line.event), look, _is_own(line))


def by_day(looks: Sequence[Look]) -> list[tuple[date, list[Look]]]:
    """*looks* by the day on which they happened, as it was in the council's time zone."""
    return [(day, list(found)) for day, found in groupby(looks, key=lambda look: to_user_timezone(look.line.at).date())]
