"""A line of the log in a resident's words: who, what, and by which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext, to_user_timezone

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
        person = str(_STAFF[who.kind])
    if place and person:
        return str(_("%(person)s, %(place)s", person=person[:1].upper() + person[1:], place=place))
    return place or str(_STAFF.get(who.kind) or _("The council’s system"))


_STAFF: Final = {
    "auditor": lazy_gettext("An auditor"),
    "administrator": lazy_gettext("An administrator"),
    "officer": lazy_gettext("A member of staff"),
}


_AT_THE_DOOR: Final[dict[str, object]] = {
    Event.SIGN_IN_MADE: lazy_gettext("You"),
    Event.SIGN_IN_ENDED: lazy_gettext("You"),
    Event.SIGN_IN_REFUSED: lazy_gettext("Somebody"),
}
"""Who did what is written down of a resident's own account while nobody is signed in."""

_SAYINGS: Final = {
    "record:opened": lazy_gettext("looked at your data"),
    "record:viewed": lazy_gettext("looked at your data"),
    "contact:used": lazy_gettext("read where to write to you, to tell you that something waits"),
    "notice:chosen": lazy_gettext("changed how we tell you things"),
    "notice:mailed": lazy_gettext("sent you an e-mail that something waits"),
    "delegate:invited": lazy_gettext("let somebody in to look for you"),
    "delegate:made": lazy_gettext("accepted an invitation to look for you"),
    "delegate:frozen": lazy_gettext("stopped somebody’s looks for now"),
    "delegate:unfrozen": lazy_gettext("let somebody look again"),
    "delegate:ended": lazy_gettext("ended that somebody looks for you"),
    "delegate:reviewed": lazy_gettext("looked again at a parent’s access"),
    "record:exported": lazy_gettext("took a copy of your data"),
    "record:refused": lazy_gettext("asked to look and was refused"),
    "record:written": lazy_gettext("added to your record"),
    "record:resealed": lazy_gettext("locked your record with a new key"),
    "record:disposed": lazy_gettext("deleted something that is no longer kept"),
    "record:shown-again": lazy_gettext("showed you something that was held back for a time"),
    "record:unseal-failed": lazy_gettext("tried to open something that did not open"),
    "request:made": lazy_gettext("asked to see some of your data"),
    "request:decided": lazy_gettext("decided a request"),
    "request:cancelled": lazy_gettext("took back what it asked for"),
    "request:expired": lazy_gettext("ended a request that had no answer in time"),
    "grant:made": lazy_gettext("began sharing"),
    "grant:narrowed": lazy_gettext("shared less"),
    "grant:renewed": lazy_gettext("shared for longer"),
    "grant:withdrawn": lazy_gettext("stopped sharing"),
    "grant:expired": lazy_gettext("sharing ended on its last day"),
    "grant:used-up": lazy_gettext("sharing ended because it was used up"),
    "grant:paused": lazy_gettext("paused sharing"),
    "grant:resumed": lazy_gettext("began sharing again"),
    "token:issued": lazy_gettext("got a key to look for five minutes"),
    "sign-in:made": lazy_gettext("signed in"),
    "sign-in:ended": lazy_gettext("signed out"),
    "sign-in:refused": lazy_gettext("could not sign in"),
    "sign-in:proven": lazy_gettext("proved again that it is you"),
    "identity:bound": lazy_gettext("added another way to sign in"),
    "identity:unbound": lazy_gettext("removed another way to sign in"),
    "recovery:made": lazy_gettext("set up a way back into your account"),
    "recovery:used": lazy_gettext("used a way back into your account"),
    "recovery:cancelled": lazy_gettext("stopped a way back into your account"),
    "account:made": lazy_gettext("made your account"),
    "account:closed": lazy_gettext("closed your account"),
    "passkey:added": lazy_gettext("added a passkey"),
    "passkey:removed": lazy_gettext("removed a passkey"),
    "passkey:renamed": lazy_gettext("gave a passkey a new name"),
    "link:made": lazy_gettext("made a sign-in link for you"),
    "link:used": lazy_gettext("used a sign-in link"),
    "audit:searched": lazy_gettext("searched the log for lines about you"),
    "audit:exported": lazy_gettext("took a copy of lines about you"),
    "token:refused": lazy_gettext("was refused a key to look"),
    "token:revoked": lazy_gettext("gave back its key to look"),
    "request:refused": lazy_gettext("asked for something it may not ask for"),
    "case:opened": lazy_gettext("told us something was wrong"),
    "case:read": lazy_gettext("read what you told us"),
    "case:acknowledged": lazy_gettext("took up what you told us"),
    "case:extended": lazy_gettext("needs longer to answer what you told us"),
    "case:answered": lazy_gettext("answered what you told us"),
    "case:withdrawn": lazy_gettext("took back what you told us"),
    "contact:checked": lazy_gettext("checked how not to contact you"),
    "ties:checked": lazy_gettext("checked that staff who looked at your data are not your neighbours or family"),
    "age:checked": lazy_gettext("checked whether you are old enough to decide more for yourself"),
    "emergency:stated": lazy_gettext("said that there was an emergency, to open your data"),
    "emergency:closed": lazy_gettext("closed your data again after an emergency"),
    "emergency:followed-up": lazy_gettext("looked at whether an emergency was right"),
    "citizen:made": lazy_gettext("began your record here"),
    "citizen:changed": lazy_gettext("changed your record’s status"),
    "citizen:linked": lazy_gettext("found which record is yours"),
    "key:made": lazy_gettext("made a new key for your record"),
    "key:destroyed": lazy_gettext("destroyed a key to your record for good"),
}
"""What each event is called on a resident's pages."""


def saying(event: str) -> str:
    """What *event* is called on a resident's pages; its own name where there is no word for it."""
    return str(_SAYINGS.get(event) or event.replace(":", " "))


def _is_own(line: Line) -> bool:
    return line.who.kind == "citizen"


def describe(line: Line, *, to_resident: bool = False) -> Look:
    """*line* in the resident's words; *to_resident* where they alone read it, so that each sign-in is their own."""
    look = line.event in {Event.RECORD_OPENED, Event.RECORD_REFUSED} and not _is_own(line)
    at_the_door = _AT_THE_DOOR.get(line.event) if to_resident and line.who.kind == "system" else None
    return Look(line, str(at_the_door or _who(line)), saying(line.event), look, _is_own(line))


def by_day(looks: Sequence[Look]) -> list[tuple[date, list[Look]]]:
    """*looks* by the day on which they happened, as it was in the council's time zone."""
    return [(day, list(found)) for day, found in groupby(looks, key=lambda look: to_user_timezone(look.line.at).date())]
