"""Family: who may look for the resident, letting somebody in, seeing what they see, freezing and removing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import access, authorities, citizens, inviting
from vault.authorities import LONGEST, SAFE, AuthorityView
from vault.catalogue import CATALOGUE
from vault.inviting import NAME_MOST, Invited
from vault.kinds import AuthorityState, CitizenStatus
from vault.release import RecordView, Refusal
from web import proving
from web.auth import me
from web.pages.common import Answers, changing, newest_first, page, reading, refused
from web.runtime import runtime
from web.words import TIMEZONE

bp: Final = Blueprint("family", __name__, url_prefix="/family")
BLUEPRINTS: Final = (bp,)

LAST_MINUTE: Final = time(23, 59)


@bp.get("")
def overview() -> ResponseReturnValue:
    """Who may look now, who is invited, and whose authority the law gives."""
    citizen_id = me().citizen_id
    with reading() as ctx:
        found = authorities.of_citizen(ctx, citizen_id=citizen_id)
        young = citizens.find(ctx, citizen_id=citizen_id).status is CitizenStatus.YOUNG_PERSON
    return render_template(
        "family/overview.html",
        named=[each for each in found if not each.is_legal and each.is_live],
        legal=[each for each in found if each.is_legal and each.is_live],
        ended=[each for each in found if not each.is_live],
        young=young,
    )


@bp.get("/add")
@proving.first
def add() -> ResponseReturnValue:
    """Who, what and until when."""
    return _add(None)


def _add(answers: Answers | None) -> ResponseReturnValue:
    return page("family/add.html", answers=answers, safe=_safe(), last=_last_day(), name_most=NAME_MOST)


def _safe() -> list[tuple[str, str, list[str]]]:
    """What may be shown to family: name and words of a category, and the words of its fields."""
    return [
        (name, CATALOGUE.category(name).words, [str(_(each.words)) for each in CATALOGUE.fields if each.name in fields])
        for name, fields in SAFE.items()
    ]


def _last_day() -> date:
    return (runtime().vault.clock() + LONGEST).date() - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Given:
    """The answers, once they are right."""

    name: str
    relationship: str
    categories: frozenset[str]
    until: date


def _given(answers: Answers) -> _Given | None:
    name = answers.text("name", _("Enter the person’s name"), most=NAME_MOST)
    relationship = answers.text("relationship", _("Enter who they are to you, such as daughter"), most=NAME_MOST)
    categories = answers.some("see", SAFE, _("Choose at least one thing that they may see"))
    until = _day(answers)
    if until is None:
        answers.errors["until"] = _("Enter a real date, for example 14 3 2027")
    elif not runtime().vault.clock().date() < until <= _last_day():
        answers.errors["until"] = _("Enter a date after today, and at most a year from now")
    for field, written in (("name", name), ("relationship", relationship)):
        if not written.isprintable():
            answers.errors[field] = _("Write this on one line")
    return None if answers.errors or until is None else _Given(name, relationship, categories, until)


def _day(answers: Answers) -> date | None:
    parts = [answers.form.get(f"until-{part}", "").strip() for part in ("year", "month", "day")]
    try:
        year, month, day = (int(part) for part in parts)
        return date(year, month, day)
    except ValueError:
        return None


@bp.post("/add")
@proving.first
def check() -> ResponseReturnValue:
    """Show the answers once more; they travel in the page itself, and nothing is kept yet."""
    answers = Answers.given()
    given = _given(answers)
    if given is None:
        return _add(answers)
    fields = frozenset[str]().union(*(SAFE[each] for each in given.categories))
    return render_template("family/check.html", given=given, fields=fields)


@bp.post("/add/check")
def invite() -> ResponseReturnValue:
    """Make the invitation; its link is shown in this one answer."""
    if proving.needed():
        return proving.lead(url_for("family.add"))
    answers = Answers.given()
    given = _given(answers)
    if given is None:
        return _add(answers)
    invited = Invited(
        name=given.name,
        relationship=given.relationship,
        citizen_name=me().name or _("Somebody you know"),
        categories=given.categories,
        until=datetime.combine(given.until, LAST_MINUTE, ZoneInfo(TIMEZONE)).astimezone(UTC),
    )
    with changing() as ctx:
        made, handle = inviting.invite(ctx, citizen_id=me().citizen_id, invited=invited)
    # The link is worth as much as a key: it is in this one answer, and in no address, cookie or log.
    link = f"{runtime().config.issuer}{url_for('joining.ask', handle=handle)}"
    return render_template("family/invited.html", made=made, link=link, days=inviting.INVITATION.days)


def _one(authority_id: UUID) -> AuthorityView:
    with reading() as ctx:
        return authorities.find(ctx, citizen_id=me().citizen_id, authority_id=authority_id)


@bp.get("/<uuid:authority_id>/preview")
def preview(authority_id: UUID) -> ResponseReturnValue:
    """What this person sees, as they see it; it counts as a look of the resident's own."""
    held = _one(authority_id)
    answer = access.preview_for_delegate(
        runtime().vault, actor=me().actor, citizen_id=me().citizen_id, authority_id=authority_id
    )
    if isinstance(answer, Refusal):
        return refused(answer)
    return render_template("family/preview.html", held=held, groups=groups(answer.unseal().records))


def groups(records: Sequence[RecordView]) -> list[tuple[str, list[RecordView]]]:
    """Items by category, newest first, as a delegate sees them."""
    found = newest_first(records)
    grouped = [(each.words, [item for item in found if item.category == each.name]) for each in CATALOGUE.categories]
    return [(words, items) for words, items in grouped if items]


@bp.post("/<uuid:authority_id>/freeze")
def freeze(authority_id: UUID) -> ResponseReturnValue:
    """Stop this person's looks from this moment."""
    with changing() as ctx:
        authorities.freeze(ctx, citizen_id=me().citizen_id, authority_id=authority_id)
    return redirect(url_for("family.overview"), 303)


@bp.post("/<uuid:authority_id>/unfreeze")
@proving.first
def unfreeze(authority_id: UUID) -> ResponseReturnValue:
    """Let this person look again."""
    with changing() as ctx:
        authorities.unfreeze(ctx, citizen_id=me().citizen_id, authority_id=authority_id)
    return redirect(url_for("family.overview"), 303)


@bp.get("/<uuid:authority_id>/remove")
def ask_remove(authority_id: UUID) -> ResponseReturnValue:
    """Ask once more."""
    held = _one(authority_id)
    if held.is_legal or held.state is AuthorityState.ENDED:
        return redirect(url_for("family.overview"), 303)
    return render_template("family/remove.html", held=held)


@bp.post("/<uuid:authority_id>/remove")
def remove(authority_id: UUID) -> ResponseReturnValue:
    """End it for good."""
    with changing() as ctx:
        authorities.remove(ctx, citizen_id=me().citizen_id, authority_id=authority_id)
    return redirect(url_for("family.overview"), 303)
