"""How pages say things: dates, times, values, states and events, in plain words. Templates reach all of it by name."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from flask import Flask, current_app
from flask_babel import Babel, format_date, lazy_gettext, ngettext, to_user_timezone
from flask_babel import gettext as _
from jinja2 import ChainableUndefined, ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader
from markupsafe import Markup

from vault.kinds import (
    AuthorityKind,
    AuthorityState,
    CaseKind,
    CaseState,
    Channel,
    Decider,
    GrantState,
    RequestState,
    ServiceStatus,
)
from vault.others import is_left_out
from web import catalogue_words, language, purpose_words
from web.lawful import basis_words
from web.runtime import Runtime
from web.value_words import in_reading_order, part_words, way_words

TIMEZONE: Final = "Europe/London"
SHORT_MOST: Final = 60  # characters of a card's title

_DAY: Final = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])", re.ASCII)
_LOCAL_MOMENT: Final = re.compile(r"(?<![\w-])(\d{4}-\d{2}-\d{2}) ([01]\d|2[0-3]):([0-5]\d)(?![\w:-])", re.ASCII)
"""A moment as sources write it without saying where: it is the council's own time."""
_ISO_MOMENT: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}.*")

babel = Babel()

REQUEST_TAGS: Final = {
    RequestState.PENDING: (lazy_gettext("Waiting for you"), "govuk-tag--blue"),
    RequestState.APPROVED: (lazy_gettext("Shared"), "govuk-tag--green"),
    RequestState.PARTLY_APPROVED: (lazy_gettext("Shared some"), "govuk-tag--green"),
    RequestState.DENIED: (lazy_gettext("Not shared"), "govuk-tag--grey"),
    RequestState.EXPIRED: (lazy_gettext("Ran out"), "govuk-tag--grey"),
    RequestState.CANCELLED: (lazy_gettext("Taken back"), "govuk-tag--grey"),
}
ASKED_TAGS: Final = {
    RequestState.PENDING: (lazy_gettext("Waiting for the person"), "govuk-tag--blue"),
    RequestState.APPROVED: (lazy_gettext("Shared"), "govuk-tag--green"),
    RequestState.PARTLY_APPROVED: (lazy_gettext("Shared some"), "govuk-tag--green"),
    RequestState.DENIED: (lazy_gettext("Not shared"), "govuk-tag--grey"),
    RequestState.EXPIRED: (lazy_gettext("Ran out"), "govuk-tag--grey"),
    RequestState.CANCELLED: (lazy_gettext("Taken back"), "govuk-tag--grey"),
}
"""How a request stands for those who asked."""
GRANT_TAGS: Final = {
    GrantState.ACTIVE: (lazy_gettext("Sharing"), "govuk-tag--green"),
    GrantState.PAUSED: (lazy_gettext("Paused"), "govuk-tag--yellow"),
    GrantState.WITHDRAWN: (lazy_gettext("Stopped"), "govuk-tag--grey"),
    GrantState.EXPIRED: (lazy_gettext("Ended"), "govuk-tag--grey"),
    GrantState.EXHAUSTED: (lazy_gettext("Used up"), "govuk-tag--grey"),
}
AUTHORITY_TAGS: Final = {
    AuthorityState.INVITED: (lazy_gettext("Invited"), "govuk-tag--blue"),
    AuthorityState.ACTIVE: (lazy_gettext("May look"), "govuk-tag--green"),
    AuthorityState.FROZEN: (lazy_gettext("Stopped for now"), "govuk-tag--yellow"),
    AuthorityState.RAN_OUT: (lazy_gettext("Ran out"), "govuk-tag--grey"),
    AuthorityState.ENDED: (lazy_gettext("Removed"), "govuk-tag--grey"),
}
AUTHORITY_WORDS: Final = {
    AuthorityKind.NAMED_PERSON: lazy_gettext("You let them in"),
    AuthorityKind.PARENTAL_RESPONSIBILITY: lazy_gettext("They have parental responsibility for you"),
    AuthorityKind.ATTORNEY: lazy_gettext("You gave them a power of attorney"),
    AuthorityKind.DEPUTY: lazy_gettext("A court made them your deputy"),
    AuthorityKind.APPOINTEE: lazy_gettext("They look after your benefits"),
}
CASE_TAGS: Final = {
    CaseState.OPEN: (lazy_gettext("Waiting for an answer"), "govuk-tag--blue"),
    CaseState.UPHELD: (lazy_gettext("Agreed"), "govuk-tag--green"),
    CaseState.NOT_UPHELD: (lazy_gettext("Not agreed"), "govuk-tag--grey"),
    CaseState.WITHDRAWN: (lazy_gettext("Taken back"), "govuk-tag--grey"),
}
CASE_LATE: Final = (lazy_gettext("Late"), "govuk-tag--red")
"""How a case stands whose answer is due already."""
CASE_KINDS: Final = {
    CaseKind.OBJECTION: lazy_gettext("An objection"),
    CaseKind.CHALLENGE: lazy_gettext("Something seems wrong"),
    CaseKind.CORRECTION: lazy_gettext("A correction"),
    CaseKind.NOT_RECOGNISED: lazy_gettext("A look that is not recognised"),
}
SERVICE_TAGS: Final = {
    ServiceStatus.ACTIVE: (lazy_gettext("Working"), "govuk-tag--green"),
    ServiceStatus.SUSPENDED: (lazy_gettext("Suspended"), "govuk-tag--red"),
}

_SPOKEN: Final = {
    Channel.PHONE: lazy_gettext("You told us on the phone, and a member of staff wrote it down"),
    Channel.IN_PERSON: lazy_gettext("You told us face to face, and a member of staff wrote it down"),
    Channel.LETTER: lazy_gettext("You wrote to us, and a member of staff wrote it down"),
}
_DECIDED: Final = {
    Decider.CITIZEN: lazy_gettext("You, when you were signed in"),
    Decider.DELEGATE: lazy_gettext("Someone who may decide for you"),
    Decider.SPOKEN: lazy_gettext("You told us, and a member of staff wrote it down"),
    Decider.STATUTORY: lazy_gettext("The law, not you"),
}


def decision_words(decided_by: Decider, channel: Channel) -> str:
    """Who decided, and how the word came."""
    spoken = _SPOKEN.get(channel) if decided_by is Decider.SPOKEN else None
    return str(spoken or _DECIDED[decided_by])


def day(moment: date | datetime) -> str:
    """A day as “14 March 2026”, in the council's time zone."""
    return str(format_date(moment, "d MMMM yyyy"))


def last_day(end: datetime) -> str:
    """The last day on which something that ends at *end* is still so: an end at midnight is of the day before."""
    return day((end - datetime.resolution).astimezone(UTC).date())


def clock(moment: datetime) -> str:
    """A time as “9:12am”, in the council's time zone."""
    local = to_user_timezone(moment)
    return _hand(local.hour, local.minute)


def _hand(hour: int, minute: int) -> str:
    return f"{hour % 12 or 12}:{minute:02}{'am' if hour < 12 else 'pm'}"  # noqa: PLR2004 -- noon


def at(moment: datetime) -> str:
    """A moment as “14 March 2026 at 9:12am”."""
    return str(_("%(day)s at %(time)s", day=day(moment), time=clock(moment)))


def joined(parts: Iterable[object]) -> str:
    """“a, b and c”."""
    texts = [str(part) for part in parts]
    if len(texts) < 2:  # noqa: PLR2004 -- one, or none
        return "".join(texts)
    return str(_("%(first)s and %(last)s", first=", ".join(texts[:-1]), last=texts[-1]))


def lines(given: Any) -> list[str]:  # noqa: ANN401 -- whatever a source wrote
    """One value of a record as a person reads it, line by line: dates in words, parts by name."""
    if isinstance(given, bool):
        return [str(_("Yes") if given else _("No"))]
    if given in (None, "", [], {}):
        return [str(_("Not recorded"))]
    if isinstance(given, str):
        return _text(given)
    if isinstance(given, Mapping):
        return [_part(key, held) for key, held in in_reading_order(given) if held not in (None, "", [], {})]
    if isinstance(given, Sequence):
        return [line for each in given for line in lines(each)]
    return [str(given)]


def _text(given: str) -> list[str]:
    if _ISO_MOMENT.fullmatch(given):
        return [_or_as_is(given, lambda: at(_aware(datetime.fromisoformat(given))))]
    return _DAY.sub(_day_within, _LOCAL_MOMENT.sub(_moment_within, given)).splitlines()


def _moment_within(found: re.Match[str]) -> str:
    date_of, hour, minute = found[1], int(found[2]), int(found[3])
    return _or_as_is(
        found[0], lambda: _("%(day)s at %(time)s", day=day(date.fromisoformat(date_of)), time=_hand(hour, minute))
    )


def _day_within(found: re.Match[str]) -> str:
    return _or_as_is(found[0], lambda: day(date.fromisoformat(found[0])))


def _or_as_is(given: str, read: Callable[[], str]) -> str:
    try:
        return read()
    except ValueError:
        return given


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _part(key: str, held: object) -> str:
    shown = [way_words(str(each)) for each in held] if key == "channels" and isinstance(held, list) else lines(held)
    return f"{part_words(str(key))}: {', '.join(shown)}"


def value(given: Any) -> Markup:  # noqa: ANN401 -- whatever a source wrote
    """`lines` as HTML, each on its own."""
    return Markup("<br>").join(lines(given))


def short(given: Any) -> str:  # noqa: ANN401 -- whatever a source wrote
    """A value cut to a card's title."""
    text = " ".join(" ".join(lines(given)).split())
    return text if len(text) <= SHORT_MOST else f"{text[: SHORT_MOST - 1].rstrip()}…"


_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
"""Signs that steer a terminal, a printer or the direction of text, and show nothing."""


def clean(text: str) -> str:
    """*text* without signs that show nothing and could make a file read otherwise than it was written."""
    return _CONTROL.sub("", text)


def reference(given: object) -> str:
    """An id as people say it on the phone: its first eight letters and digits, in two groups."""
    plain = str(given).replace("-", "").upper()[:8]
    return f"{plain[:4]} {plain[4:]}"


def things(number: int) -> str:
    """“1 thing”, “3 things”."""
    return str(ngettext("%(num)s thing", "%(num)s things", number))


def init_app(app: Flask) -> None:
    """Give templates the design system's components, the translations and these words."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "en")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", TIMEZONE)
    app.jinja_options = {
        **app.jinja_options,
        "undefined": ChainableUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(f"{app.root_path}/templates"),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    babel.init_app(app, locale_selector=language.chosen)
    language.init_app(app)
    catalogue_words.init_app(app)
    purpose_words.init_app(app)
    for each in (day, last_day, clock, at, joined, value, short):
        app.jinja_env.filters[each.__name__] = each
    app.jinja_env.filters.update(reference=reference, things=things, basis_words=basis_words)
    app.jinja_env.globals.update(
        errors={},
        given=None,
        plain=False,
        sandbox=False,
        is_left_out=is_left_out,
        config_of=lambda: Runtime.of(current_app).config,
        request_tags=REQUEST_TAGS,
        grant_tags=GRANT_TAGS,
        asked_tags=ASKED_TAGS,
        authority_tags=AUTHORITY_TAGS,
        authority_words=AUTHORITY_WORDS,
        case_tags=CASE_TAGS,
        case_kinds=CASE_KINDS,
        case_late=CASE_LATE,
        service_tags=SERVICE_TAGS,
        decision_words=decision_words,
    )
