"""An auditor's own searches under a name: kept, run, called something else, deleted. Never what they found."""

from typing import Any, Final
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import purposes, services, trail
from vault.context import Context
from vault.trail import Filters, Saved
from vault.trail.saved import LAST_DAYS, MOST, NAME_MOST
from web.pages.auditor.searching import Search, bp
from web.pages.common import Answers, changing, page, reading
from web.words import day

_DONE: Final = frozenset({"saved", "renamed", "deleted"})


@bp.get("/searches")
def saved() -> ResponseReturnValue:
    """The auditor's own searches, by name."""
    with reading() as ctx:
        found = trail.saved_searches(ctx)
        shown = [(each, _said(ctx, each.filters, each.days)) for each in found]
    done = request.args.get("done", "")
    return page("auditor/saved.html", found=shown, done=done if done in _DONE else "")


@bp.get("/searches/new")
def before_save() -> ResponseReturnValue:
    """Ask what the search is to be called, and for which days it is kept."""
    return _save_page(Search(request.args), None)


def _save_page(asked: Search, answers: Answers | None) -> ResponseReturnValue:
    with reading() as ctx:
        full = len(trail.saved_searches(ctx)) >= MOST
        said = _said(ctx, asked.filters, None)
    last = [(str(each), last_days(each)) for each in LAST_DAYS]
    return page("auditor/save.html", answers=answers, asked=asked, said=said, full=full, most=MOST, last=last)


@bp.post("/searches/new")
def save() -> ResponseReturnValue:
    """Keep it."""
    answers, asked = Answers.given(), Search(request.form)
    with reading() as ctx:
        there = trail.saved_searches(ctx)
    name = _name(answers, there)
    days = answers.choice("days", ["as-they-are", *map(str, LAST_DAYS)], _("Select which days to search"))
    if len(there) >= MOST:
        answers.errors["name"] = _("You have %(most)s saved searches. Delete one first.", most=MOST)
    if answers.errors or asked.errors:
        return _save_page(asked, answers)
    with changing() as ctx:
        trail.save_search(ctx, name=name, filters=asked.filters, days=int(days) if days.isdecimal() else None)
    return redirect(url_for("auditor.saved", done="saved"), 303)


def _name(answers: Answers, others: list[Saved]) -> str:
    name = answers.text("name", _("Enter a name for the search"), most=NAME_MOST)
    if any(each.name.casefold() == name.casefold() for each in others):
        answers.errors["name"] = _("You have a search with this name. Choose another name.")
    return name


@bp.get("/searches/<uuid:search_id>")
def run(search_id: UUID) -> ResponseReturnValue:
    """Lead to what it finds today; the search itself is logged there, as every search is."""
    with reading() as ctx:
        held = trail.saved_search(ctx, search_id=search_id)
        wanted = held.asked_on(ctx.now.date())
    address: dict[str, Any] = _address(wanted)
    return redirect(url_for("auditor.home", **address), 303)


@bp.get("/searches/<uuid:search_id>/rename")
def before_rename(search_id: UUID) -> ResponseReturnValue:
    """Ask for the new name."""
    return _rename_page(search_id, None)


def _rename_page(search_id: UUID, answers: Answers | None) -> ResponseReturnValue:
    with reading() as ctx:
        held = trail.saved_search(ctx, search_id=search_id)
    return page("auditor/rename.html", answers=answers, held=held)


@bp.post("/searches/<uuid:search_id>/rename")
def rename(search_id: UUID) -> ResponseReturnValue:
    """Call it so."""
    answers = Answers.given()
    with reading() as ctx:
        others = [each for each in trail.saved_searches(ctx) if each.search_id != search_id]
    name = _name(answers, others)
    if answers.errors:
        return _rename_page(search_id, answers)
    with changing() as ctx:
        trail.rename_search(ctx, search_id=search_id, name=name)
    return redirect(url_for("auditor.saved", done="renamed"), 303)


@bp.get("/searches/<uuid:search_id>/delete")
def before_forget(search_id: UUID) -> ResponseReturnValue:
    """Ask whether to delete it."""
    with reading() as ctx:
        held = trail.saved_search(ctx, search_id=search_id)
        said = _said(ctx, held.filters, held.days)
    return page("auditor/forget.html", held=held, said=said)


@bp.post("/searches/<uuid:search_id>/delete")
def forget(search_id: UUID) -> ResponseReturnValue:
    """Delete it."""
    with changing() as ctx:
        trail.forget_search(ctx, search_id=search_id)
    return redirect(url_for("auditor.saved", done="deleted"), 303)


def _address(filters: Filters) -> dict[str, str]:
    """*filters* as the search page reads them from its address."""
    names = {"service_id": "service", "grant_id": "share", "case_id": "case"}
    return {names.get(name, name): value for name, value in filters.told.items()}


def _said(ctx: Context, filters: Filters, days: int | None) -> list[dict[str, dict[str, str]]]:
    """What a search is narrowed to, in words: rows of a summary list."""
    outcomes = {"done": _("Done"), "refused": _("Refused")}
    names = {str(each.service_id): each.name for each in services.registered(ctx)}
    reasons = {each.slug: each.name for each in purposes.registered(ctx)}
    service = str(filters.service_id or "")
    found = [
        (_("Days"), last_days(days) if days else ""),
        (_("From"), day(filters.since) if filters.since else ""),
        (_("To"), day(filters.until) if filters.until else ""),
        (_("Outcome"), outcomes.get(filters.outcome, "")),
        (_("Event"), filters.event),
        (_("Service"), names.get(service, service)),
        (_("Why"), reasons.get(filters.purpose, filters.purpose)),
        (_("Staff reference"), filters.reference),
        (_("Share"), str(filters.grant_id or "")),
        (_("Case"), str(filters.case_id or "")),
    ]
    rows = [(words, held) for words, held in found if held] or [(_("Narrowed to"), _("Nothing: every line"))]
    return [{"key": {"text": words}, "value": {"text": held}} for words, held in rows]


def last_days(days: int) -> str:
    """So many days up to the day on which a search is run, in words."""
    return str(_("the day you run it") if days == 1 else _("the last %(days)s days", days=days))
