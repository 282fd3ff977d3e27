"""A line of the log in a resident's words: who, what, and by which day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext, to_user_timezone
from markupsafe import Markup

from audit.events import Event
from vault.kinds import EmergencyReason, FollowUp
from vault.trail import Line
from web.pages.sentences import rich, sentence


@dataclass(frozen=True, slots=True)
class Look:
    """A line in the resident's words."""

    line: Line
    who: str
    sentence: str
    """Who did what, in one sentence."""
    rich: Markup
    """The sentence as HTML, in which who did it stands out."""
    reason: str
    """Why there was an emergency, or what was found of it; empty for every other line."""
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


def named(kind: str) -> str:
    """Who is known by nothing but what they act as, in words; any other text as it is."""
    words = {"citizen": _("You"), "system": _("The council’s system"), "operator": _("The council’s system")}
    return str(words.get(kind) or _STAFF.get(kind) or kind)


_AT_THE_DOOR: Final[dict[str, object]] = {
    Event.SIGN_IN_MADE: lazy_gettext("You"),
    Event.SIGN_IN_ENDED: lazy_gettext("You"),
    Event.SIGN_IN_REFUSED: lazy_gettext("Somebody"),
}
"""Who did what is written down of a resident's own account while nobody is signed in."""


def _is_own(line: Line) -> bool:
    return line.who.kind == "citizen"


def describe(line: Line, *, to_resident: bool = False) -> Look:
    """*line* in the resident's words; *to_resident* where they alone read it, so that each sign-in is their own."""
    look = line.event in {Event.RECORD_OPENED, Event.RECORD_REFUSED} and not _is_own(line)
    at_the_door = _AT_THE_DOOR.get(line.event) if to_resident and line.who.kind == "system" else None
    who, mine = str(at_the_door or _who(line)), _is_own(line) or at_the_door == _("You")
    return Look(
        line=line,
        who=who,
        sentence=sentence(line.event, who=who, mine=mine),
        rich=rich(line.event, who=who, mine=mine),
        reason=_reason(line),
        is_look=look,
        by_me=_is_own(line),
    )


REASONS: Final = {
    EmergencyReason.LIFE_AT_RISK: lazy_gettext("They said: your life or health was in danger."),
    EmergencyReason.NO_ANSWER: lazy_gettext("They said: you did not answer, and something may have happened to you."),
    EmergencyReason.CANNOT_SPEAK: lazy_gettext("They said: you could not tell us what you needed, and needed help."),
    EmergencyReason.HARM: lazy_gettext("They said: somebody may have been hurting you."),
}
FOUND: Final = {
    FollowUp.RIGHT: lazy_gettext("They found that it was right to open your data."),
    FollowUp.WRONG: lazy_gettext("They found that it was wrong to open your data. We are sorry."),
}


def _reason(line: Line) -> str:
    """Why somebody opened the record in an emergency, as the log names it; or what a supervisor found of it."""
    if not line.facts.get("emergency"):
        return ""
    found = FOUND.get(line.facts.get("outcome", ""))
    return str(found or REASONS.get(line.facts.get("reason", ""), ""))


def by_day(looks: Sequence[Look]) -> list[tuple[date, list[Look]]]:
    """*looks* by the day on which they happened, as it was in the council's time zone."""
    return [(day, list(found)) for day, found in groupby(looks, key=lambda look: to_user_timezone(look.line.at).date())]
