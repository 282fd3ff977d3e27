"""Deciding a request: how much, which fields, until when, check, done. Nothing is picked beforehand."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import requests
from vault.catalogue import CATALOGUE
from vault.errors import WrongStateError
from vault.kinds import RequestState
from vault.release import Refusal
from vault.requests import RequestView
from web import proving
from web.auth import me
from web.pages.common import Answers, categories_of, changing, page, reading, refused
from web.pages.periods import Period, today
from web.pages.seen import values, would_see
from web.pages.sharing import grant_of
from web.pages.visiting import way_back
from web.session import draft_of, drop_draft, keep_draft

bp: Final = Blueprint("decision", __name__, url_prefix="/requests/<uuid:request_id>")
BLUEPRINTS: Final = (bp,)

_SHARES: Final = frozenset({"all", "some", "none"})
_VALUES_MOST: Final = 3  # of one's own values beside a field


def view_of(request_id: UUID) -> RequestView:
    """
    One of the resident's own requests.

    Raises:
        NotFoundError: It is not theirs, or there is none.
    """
    with reading() as ctx:
        return requests.view(ctx, citizen_id=me().citizen_id, request_id=request_id)


def _waiting(request_id: UUID) -> RequestView:
    found = view_of(request_id)
    if found.state is not RequestState.PENDING:
        raise WrongStateError(f"request `{request_id}` does not wait for a decision any more")
    return found


def _period(asked: RequestView) -> Period:
    return Period(after=today(), last=today() + timedelta(days=asked.days))


@bp.get("")
def show(request_id: UUID) -> ResponseReturnValue:
    """Who asks for what and why, and the first question."""
    return _first_page(view_of(request_id), None)


def _first_page(asked: RequestView, answers: Answers | None) -> ResponseReturnValue:
    by_law = None if asked.purpose.citizen_decides or asked.grant_id is None else grant_of(asked.grant_id)
    facts = {"period": _period(asked), "by_law": by_law, "back_to": way_back(asked.request_id)}
    return page("decision/show.html", answers=answers, asked=asked, **facts)


@bp.post("")
def choose(request_id: UUID) -> ResponseReturnValue:
    """Take the first answer: all, some or none."""
    asked, answers = _waiting(request_id), Answers.given()
    picked = answers.choice("share", _SHARES, _("Select if you want to share all of these, choose, or share none"))
    if answers.errors:
        return _first_page(asked, answers)
    if picked == "some":
        return redirect(url_for("decision.fields", request_id=request_id), 303)
    keep_draft(str(request_id), fields=sorted(asked.fields) if picked == "all" else [])
    return redirect(url_for("decision.until" if picked == "all" else "decision.check", request_id=request_id), 303)


@bp.get("/choose")
def fields(request_id: UUID) -> ResponseReturnValue:
    """Every field with the resident's own value beside it."""
    return _fields_page(_waiting(request_id), None)


def _fields_page(asked: RequestView, answers: Answers | None) -> ResponseReturnValue:
    opened = would_see(asked, asked.fields)
    if isinstance(opened, Refusal):
        return refused(opened)
    groups = [
        (each, [one for one in each.fields if one.name in asked.fields])
        for each in CATALOGUE.categories
        if categories_of(asked.fields) & {each.name}
    ]
    picked = answers.form.getlist("fields") if answers else draft_of(str(asked.request_id)).get("fields", [])
    return page(
        "decision/fields.html",
        answers=answers,
        asked=asked,
        groups=groups,
        values=values(opened, asked.fields),
        states=opened.states,
        picked=picked,
        most=_VALUES_MOST,
    )


@bp.post("/choose")
def take_fields(request_id: UUID) -> ResponseReturnValue:
    """Take the ticked fields."""
    asked, answers = _waiting(request_id), Answers.given()
    picked = answers.some("fields", asked.fields, _("Select at least one thing to share, or go back and share none"))
    if answers.errors:
        return _fields_page(asked, answers)
    keep_draft(str(request_id), fields=sorted(picked))
    return redirect(url_for("decision.until", request_id=request_id), 303)


@bp.get("/until")
def until(request_id: UUID) -> ResponseReturnValue:
    """Ask for how long."""
    return _until_page(_waiting(request_id), None)


def _until_page(asked: RequestView, answers: Answers | None) -> ResponseReturnValue:
    back = url_for("decision.show", request_id=asked.request_id)
    return page("period/until.html", answers=answers, purpose=asked.purpose, period=_period(asked), back_to=back)


@bp.post("/until")
def take_until(request_id: UUID) -> ResponseReturnValue:
    """Take the period; a day of one's own is asked on the next page."""
    asked, answers = _waiting(request_id), Answers.given()
    period = _period(asked)
    picked = period.take(answers)
    if answers.errors:
        return _until_page(asked, answers)
    if picked == "day":
        return redirect(url_for("decision.day", request_id=request_id), 303)
    keep_draft(str(request_id), until=str(period.short) if picked == "short" else "")
    return redirect(url_for("decision.check", request_id=request_id), 303)


@bp.get("/until/day")
def day(request_id: UUID) -> ResponseReturnValue:
    """Ask for a day."""
    return _day_page(_waiting(request_id), None)


def _day_page(asked: RequestView, answers: Answers | None) -> ResponseReturnValue:
    back = url_for("decision.until", request_id=asked.request_id)
    return page("period/day.html", answers=answers, period=_period(asked), back_to=back)


@bp.post("/until/day")
def take_day(request_id: UUID) -> ResponseReturnValue:
    """Take the day, from tomorrow to the longest that this purpose may have."""
    asked, answers = _waiting(request_id), Answers.given()
    given = _period(asked).take_day(answers)
    if given is None:
        return _day_page(asked, answers)
    keep_draft(str(request_id), until=given.isoformat())
    return redirect(url_for("decision.check", request_id=request_id), 303)


def picked_of(asked: RequestView) -> frozenset[str] | None:
    """The fields picked so far; nothing where none were picked yet."""
    draft = draft_of(str(asked.request_id))
    return frozenset(draft["fields"]) & asked.fields if "fields" in draft else None


@bp.get("/check")
def check(request_id: UUID) -> ResponseReturnValue:
    """Show the answers once more before they count; sharing something private is proved first."""
    asked = _waiting(request_id)
    picked = picked_of(asked)
    if picked is None:
        return redirect(url_for("decision.show", request_id=request_id), 303)
    if proving.needed_to_share(picked):
        return proving.lead()
    if picked and (first := proving.first_for(asked.purpose)):
        return first
    until = draft_of(str(request_id)).get("until")
    ends = date.fromisoformat(until) if until else _period(asked).last
    return page("decision/check.html", asked=asked, picked=picked, left_out=asked.fields - picked, ends=ends)


@bp.post("/check")
def decide(request_id: UUID) -> ResponseReturnValue:
    """Make the decision count."""
    draft = draft_of(str(request_id))
    if "fields" not in draft:
        return redirect(url_for("decision.show", request_id=request_id), 303)
    ends = date.fromisoformat(draft["until"]) if draft.get("until") else None
    with changing() as ctx:
        requests.decide(
            ctx, citizen_id=me().citizen_id, request_id=request_id, allowed=frozenset(draft["fields"]), until=ends
        )
    drop_draft(str(request_id))
    return redirect(url_for("decision.done", request_id=request_id), 303)


@bp.get("/done")
def done(request_id: UUID) -> ResponseReturnValue:
    """Confirm, with a reference."""
    asked = view_of(request_id)
    if asked.state is RequestState.PENDING:
        return redirect(url_for("decision.show", request_id=request_id), 303)
    shared, back = asked.grant_id is not None, way_back(request_id)
    with reading() as ctx:
        again = requests.asks_again_from(ctx, citizen_id=asked.citizen_id, request_id=request_id)
    return page("decision/done.html", asked=asked, shared=shared, back_to=back, again=again)
