"""An officer adds a care visit or an assessment to a resident's record, and puts right what their service wrote.

What is typed is never kept in the browser's note: the page that asks to check carries it, and sends it once more.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID, uuid4

from flask import Blueprint, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from vault import access, items, writing
from vault.catalogue import CATALOGUE
from vault.context import Context
from vault.errors import NotFoundError, WrongStateError
from vault.grants import GrantView
from vault.release import RecordView
from vault.writing import Ground, Words
from web.auth import me
from web.pages.common import Answers, changing, page, reading
from web.pages.looking import grant_of
from web.runtime import runtime

bp: Final = Blueprint("writing", __name__, url_prefix="/officer/shared/<uuid:grant_id>")
BLUEPRINTS: Final = (bp,)

SPANS: Final = {
    "care_visit.planned": (lazy_gettext("From"), lazy_gettext("To")),
    "care_visit.actual": (lazy_gettext("They came at"), lazy_gettext("They left at")),
}
"""Fields that are two times of the day, each in a narrow box of its own."""
_TIME: Final = re.compile(r"(\d{1,2})(?:[:.]?([0-5]\d))? ?(am|pm)?")
_OPEN: Final = "officer_correct"
Find = Callable[[Context], Ground]


def _may_add(grant_id: UUID) -> GrantView:
    """
    A grant under which something may be added.

    Raises:
        NotFoundError: There is none of the service's own, or its purpose writes nothing.
        WrongStateError: It does not work now.
    """
    grant = grant_of(grant_id)
    if not grant.purpose.writes:
        raise NotFoundError("nothing may be added here")
    if grant.state != "active":
        raise WrongStateError(f"grant `{grant_id}` does not work now")
    return grant


def _fields(grant: GrantView, category: str) -> list[str]:
    found = writing.writable(grant).get(category)
    if not found:
        raise NotFoundError("nothing of this category may be added here")
    return found


@bp.get("/add/<category>")
def add(grant_id: UUID, category: str) -> ResponseReturnValue:
    """The form of one category, with a number of its own so that it counts once."""
    grant = _may_add(grant_id)
    _fields(grant, category)
    return _add_page(grant, category, None)


def _add_page(grant: GrantView, category: str, answers: Answers | None) -> ResponseReturnValue:
    return page(
        "writing/add.html",
        answers=answers,
        grant=grant,
        category=CATALOGUE.category(category),
        fields=_fields(grant, category),
        key=answers.form.get("key", "") if answers else str(uuid4()),
        spans=SPANS,
        today=datetime.now(UTC).date(),
    )


def _texts(answers: Answers, names: list[str]) -> dict[str, str]:
    """What was written in each box; what is too long is said beside it."""
    found: dict[str, str] = {}
    for name in names:
        if f"{name}-from" in answers.form:
            if span := _span(answers, name):
                found[name] = span
            continue
        text = answers.form.get(name, "").replace("\r\n", "\n").strip()
        if len(text) > writing.MOST_CHARACTERS:
            answers.errors[name] = _("Use %(most)s characters or fewer", most=writing.MOST_CHARACTERS)
        elif text:
            found[name] = text
    if not found and not answers.errors:
        answers.errors[_first_box(names[0], answers)] = _("Write at least one of these")
    return found


def _first_box(name: str, answers: Answers) -> str:
    return f"{name}-from" if f"{name}-from" in answers.form else name


def _span(answers: Answers, name: str) -> str:
    """Two times with an en dash between; what is no time, or ends before it begins, is said beside its box."""
    began, ended = (_time(answers, f"{name}-{part}") for part in ("from", "to"))
    if began and ended and ended <= began:
        answers.errors[f"{name}-to"] = _("This must be later than the time before it")
    if not began or not ended:
        return f"{began or ended}" if began or ended else ""
    return f"{began}\u2013{ended}"


def _time(answers: Answers, name: str) -> str:
    given = answers.form.get(name, "").strip().lower()
    if not given:
        return ""
    matched = _TIME.fullmatch(given)
    hour = int(matched[1]) if matched else 24
    if matched and matched[3]:
        hour = hour % 12 + (12 if matched[3] == "pm" else 0) if 1 <= hour <= 12 else 24  # noqa: PLR2004 -- a clock's
    if matched is None or hour > 23:  # noqa: PLR2004 -- hours of a day
        answers.errors[name] = _("Enter a time, like 9:15 or 14:30")
        return ""
    return f"{hour:02}:{matched[2] or '00'}"


def _as_of(answers: Answers) -> date | None:
    parts = [answers.form.get(f"day-{part}", "").strip() for part in ("year", "month", "day")]
    try:
        found = date(*map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else None
    except (ValueError, OverflowError):
        found = None
    if found is None or not date(1900, 1, 1) <= found <= datetime.now(UTC).date():
        answers.errors["day"] = _("Enter a real date that is not after today, for example 14 3 2026")
        return None
    return found


@bp.post("/add/<category>")
def take(grant_id: UUID, category: str) -> ResponseReturnValue:
    """Check what was written; show it once more, or add it where that was done."""
    grant, answers = _may_add(grant_id), Answers.given()
    names = _fields(grant, category)
    as_of, texts = _as_of(answers), _texts(answers, names)
    key = _key(answers)
    if answers.errors or as_of is None or "change" in answers.form:
        return _add_page(grant, category, answers)
    if "sure" not in answers.form:
        kind = CATALOGUE.category(category)
        return render_template(
            "writing/check.html", grant=grant, category=kind, texts=texts, as_of=as_of, given=answers.form, key=str(key)
        )
    with changing() as ctx:
        words = Words(fields=texts, as_of=as_of)
        writing.add(ctx, grant_id=grant_id, category=category, key=key, words=words)
    return redirect(url_for("writing.done", grant_id=grant_id, category=category), 303)


def _key(answers: Answers) -> UUID:
    try:
        return UUID(answers.form.get("key", ""))
    except ValueError as error:
        raise NotFoundError("this form is not one of ours") from error


@bp.get("/add/<category>/done")
def done(grant_id: UUID, category: str) -> ResponseReturnValue:
    """Confirm, and say what the resident sees."""
    grant = grant_of(grant_id)
    _fields(grant, category)
    return render_template("writing/done.html", grant=grant, category=CATALOGUE.category(category))


@bp.get("/added/<category>")
def added(grant_id: UUID, category: str) -> ResponseReturnValue:
    """What the service wrote here, by number and day; none of it is opened for this."""
    grant = _may_add(grant_id)
    _fields(grant, category)
    with reading() as ctx:
        found = items.of_writer(
            ctx, citizen_id=grant.citizen_id, category=category, service_id=grant.service.service_id
        )
    return render_template("writing/added.html", grant=grant, category=CATALOGUE.category(category), items=found)


@bp.post("/added/<uuid:record_id>/open")
def ask_open(grant_id: UUID, record_id: UUID) -> ResponseReturnValue:
    """Remember, for one page only, which item the officer wants to change."""
    _may_add(grant_id)
    session[_OPEN] = str(record_id)
    return redirect(url_for("writing.change", grant_id=grant_id, record_id=record_id), 303)


@bp.get("/added/<uuid:record_id>/change")
def change(grant_id: UUID, record_id: UUID) -> ResponseReturnValue:
    """Open what the service wrote, once, in a form; that is an entry the resident sees."""
    grant = _may_add(grant_id)
    if session.pop(_OPEN, None) != str(record_id):
        return redirect(url_for("looking.before", grant_id=grant_id), 303)

    def find(ctx: Context) -> Ground:
        return writing.ground_of_grant(ctx, grant_id=grant_id, record_id=record_id)

    ground, held = opened(find)
    fields = _fields(grant, ground.item.category)
    return change_page(
        url_for("writing.save", grant_id=grant_id, record_id=record_id),
        url_for("looking.before", grant_id=grant_id),
        ground.item.category,
        fields,
        values=held.fields,
        version=held.version,
        as_of=held.as_of or "",
    )


@bp.post("/added/<uuid:record_id>/change")
def save(grant_id: UUID, record_id: UUID) -> ResponseReturnValue:
    """Write the newer version."""
    grant, answers = _may_add(grant_id), Answers.given()
    with reading() as ctx:
        ground = writing.ground_of_grant(ctx, grant_id=grant_id, record_id=record_id)
    fields = _fields(grant, ground.item.category)
    found = revised(answers, fields)
    if found is None:
        here = url_for("writing.save", grant_id=grant_id, record_id=record_id)
        back = url_for("looking.before", grant_id=grant_id)
        return change_page(here, back, ground.item.category, fields, answers=answers)
    words, expected = found
    with changing() as ctx:
        ground = writing.ground_of_grant(ctx, grant_id=grant_id, record_id=record_id)
        writing.revise(ctx, ground=ground, expected=expected, words=words)
    return redirect(url_for("writing.done", grant_id=grant_id, category=ground.item.category), 303)


def opened(find: Find) -> tuple[Ground, RecordView]:
    """The one item that *find* names, through the door."""
    ground, release = access.read_to_correct(runtime().vault, actor=me().actor, find=find)
    records = release.unseal().records
    if not records:
        raise NotFoundError(f"record `{ground.item.record_id}` is not known")
    return ground, records[0]


def change_page(
    here: str,
    back: str,
    category: str,
    fields: list[str],
    *,
    answers: Answers | None = None,
    values: Mapping[str, object] | None = None,
    version: int = 0,
    as_of: str = "",
) -> ResponseReturnValue:
    """The form that writes an item anew, filled in with what it says now or with what was just typed."""
    kept = answers.form.get("version", "") if answers else str(version)
    return page(
        "writing/change.html",
        answers=answers,
        action=here,
        leave_to=back,
        category=CATALOGUE.category(category),
        fields=fields,
        values=values or {},
        version=kept,
        as_of=answers.form.get("as_of", "") if answers else as_of,
    )


def revised(answers: Answers, fields: list[str]) -> tuple[Words, int] | None:
    """The newer version that a form brought, and the version it replaces; nothing where the form has errors."""
    texts = _texts(answers, fields)
    reason = answers.text("reason", _("Write why it changes; the person reads this"))
    given, version = answers.form.get("as_of", ""), answers.form.get("version", "")
    if answers.errors or not (version.isascii() and version.isdigit()):
        return None
    try:
        as_of = date.fromisoformat(given) if given else None
    except ValueError:
        as_of = None
    return Words(fields=texts, as_of=as_of, reason=reason, offered=frozenset(fields)), int(version)
