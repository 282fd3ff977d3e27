"""What findings are called, and what was compared, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext


@dataclass(frozen=True, slots=True)
class RuleWords:
    """A rule in words: what it found, why that matters, and what may be behind it."""

    name: object
    why: object
    ask: object
    """What to find out."""


_WORK: Final = lazy_gettext("Ask their manager whether it was part of their work that day.")

RULES: Final[Mapping[str, RuleWords]] = {
    "no-relationship": RuleWords(
        lazy_gettext("Looked at somebody their team has nothing to do with"),
        lazy_gettext("In this service almost every look goes with work that others can see. These looks do not."),
        _WORK,
    ),
    "bulk": RuleWords(
        lazy_gettext("Looked at very many people"),
        lazy_gettext("Nobody reads so many records for their work in so short a time."),
        lazy_gettext("Ask what it was for, and whether anything was copied."),
    ),
    "out-of-hours": RuleWords(
        lazy_gettext("Looked at an unusual time"),
        lazy_gettext("Neither they nor their team work at this time of day."),
        lazy_gettext("Ask whether they were on duty, and whether somebody else used their sign-in."),
    ),
    "sudden-change": RuleWords(
        lazy_gettext("Suddenly looked at many more people than usual"),
        lazy_gettext("It is far more than on their own days of the last weeks."),
        lazy_gettext("Ask what changed: a new task, somebody away, or something else."),
    ),
    "repeated-refusals": RuleWords(
        lazy_gettext("Was refused again and again"),
        lazy_gettext("Trying what one may not see leaves refusals."),
        lazy_gettext("Ask what they wanted to see, and whether a share or a purpose is wrong."),
    ),
    "own-record": RuleWords(
        lazy_gettext("Looked at their own record"),
        lazy_gettext("Staff see their own record as residents do, and not through their work."),
        lazy_gettext("Ask why, and whether anything was changed."),
    ),
    "colleague": RuleWords(
        lazy_gettext("Looked at a colleague"),
        lazy_gettext("The person works for the council too, and no work is written down for them."),
        _WORK,
    ),
    "well-known": RuleWords(
        lazy_gettext("Looked at a person who is marked"),
        lazy_gettext("The person is known to the public or at risk, and no work is written down for them."),
        _WORK,
    ),
    "neighbour": RuleWords(
        lazy_gettext("Looked at somebody with their own postcode"),
        lazy_gettext("They may be neighbours, and no work is written down for the person."),
        _WORK,
    ),
    "same-surname": RuleWords(
        lazy_gettext("Looked at somebody with their own surname"),
        lazy_gettext("They may be family, or only share a name. No work is written down for the person."),
        _WORK,
    ),
    "emergency-not-followed-up": RuleWords(
        lazy_gettext("An emergency that nobody judged"),
        lazy_gettext("A record was opened in an emergency, and no supervisor said whether that was right."),
        lazy_gettext("Ask the supervisor of the service to judge it."),
    ),
}
"""Every rule of the watchers, by its slug."""

OUTCOMES: Final[Mapping[str, RuleWords]] = {
    "right": RuleWords(
        lazy_gettext("Right: it should not have happened"),
        lazy_gettext("Tell the person’s employer, and the data protection officer."),
        "",
    ),
    "wrong": RuleWords(lazy_gettext("Wrong: there was a good reason"), lazy_gettext("Nothing more is to be done."), ""),
    "passed-on": RuleWords(
        lazy_gettext("Passed on: others go on with it"), lazy_gettext("Say whom you gave it to."), ""
    ),
}
"""What a finding is closed as, by its state."""

KINDS: Final = {
    "officer": lazy_gettext("An officer"),
    "auditor": lazy_gettext("An auditor"),
    "administrator": lazy_gettext("An administrator"),
    "service": lazy_gettext("Somebody who works for a service"),
}


@dataclass(frozen=True, slots=True)
class Whom:
    """Whom a finding is about: role and team, where they work, and what they are known by; never a name."""

    person: str
    place: str
    reference: str


def whom(who: Mapping[str, str], services: Mapping[str, str]) -> Whom:
    """*who* as a page shows it; *services* are names by id."""
    said = ", ".join(part for part in (who["role"], who["team"]) if part)
    person = said[:1].upper() + said[1:] if said else str(KINDS.get(who["kind"], who["kind"]))
    return Whom(person, services.get(who["service"], ""), who["reference"])


def figures(rule: str, compared: Mapping[str, Any]) -> list[str]:
    """What the rule compared, a sentence each; nothing where it compared no figures."""
    found = []
    if rule in {"bulk", "sudden-change"} and "people" in compared:
        people, usual = compared["people"], compared["usual"]
        found.append(_("%(people)s people in a day; %(usual)s are usual.", people=f"{people:g}", usual=f"{usual:g}"))
    if "in_an_hour" in compared:
        hour = compared["in_an_hour"]
        found.append(ngettext("At most %(num)s person within an hour.", "At most %(num)s people within an hour.", hour))
    if "first_hour" in compared:
        found.append(_("The first look was after %(hour)s:00.", hour=compared["first_hour"]))
    if "refusals" in compared:
        count = compared["refusals"]
        found.append(ngettext("%(num)s refusal on one day.", "%(num)s refusals on one day.", count))
    if "explained" in compared:
        explained, looks = compared["explained"], compared["looks"]
        said = _(
            "Work explains %(explained)s of the last %(looks)s looks of this service.", explained=explained, looks=looks
        )
        found.append(said)
    if rule == "emergency-not-followed-up":
        days = compared["days"]
        found.append(ngettext("Nobody judged it within %(num)s day.", "Nobody judged it within %(num)s days.", days))
    return [str(each) for each in found]
