"""Telling the council that something is wrong: a use, a look, an item of the record; and what became of it."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import cases, items, services, trail
from vault.catalogue import CATALOGUE
from vault.errors import NotFoundError, WrongStateError
from vault.kinds import CaseKind
from vault.views import ServiceView
from web.auth import me
from web.pages.common import Answers, changing, page, reading
from web.pages.lines import describe
from web.pages.paging import after, part
from web.pages.sharing import against, grant_of

bp: Final = Blueprint("cases", __name__, url_prefix="/told-us")
BLUEPRINTS: Final = (bp,)


@bp.get("")
def overview() -> ResponseReturnValue:
    """Everything the resident told us, and how each stands."""
    with reading() as ctx:
        found = cases.of_citizen(ctx, citizen_id=me().citizen_id)
    shown, more = part(found, lambda each: each.case_id)
    return render_template("cases/overview.html", cases=shown, after=after(), more=more)


def _case(case_id: UUID) -> cases.CaseView:
    with reading() as ctx:
        return cases.one_of_citizen(ctx, citizen_id=me().citizen_id, case_id=case_id)


@bp.get("/<uuid:case_id>")
def show(case_id: UUID) -> ResponseReturnValue:
    """One thing the resident told us: what they said, the dates that count, the answer."""
    return render_template("cases/show.html", case=_case(case_id))


@bp.get("/<uuid:case_id>/take-back")
def take_back(case_id: UUID) -> ResponseReturnValue:
    """
    Ask once more before it is taken back.

    Raises:
        WrongStateError: It was answered or taken back already.
    """
    case = _case(case_id)
    if not case.is_open:
        raise WrongStateError(f"case `{case_id}` is closed already")
    return render_template("cases/take_back.html", case=case)


@bp.post("/<uuid:case_id>/take-back")
def withdraw(case_id: UUID) -> ResponseReturnValue:
    """Take it back."""
    with changing() as ctx:
        cases.withdraw(ctx, citizen_id=me().citizen_id, case_id=case_id)
    return redirect(url_for("cases.show", case_id=case_id), 303)


@bp.get("/object/<uuid:grant_id>")
def object_to(grant_id: UUID) -> ResponseReturnValue:
    """Ask why the resident objects; where they did already, that is shown."""
    grant = grant_of(grant_id)
    if said := against(grant_id):
        return redirect(url_for("cases.show", case_id=said.case_id), 303)
    if not (grant.can_object or grant.can_challenge):
        raise NotFoundError("there is nothing to object to here")
    return page("cases/object.html", grant=grant)


@bp.post("/object/<uuid:grant_id>")
def take_objection(grant_id: UUID) -> ResponseReturnValue:
    """Open the case, once: what waits for an answer already is shown instead."""
    grant, answers = grant_of(grant_id), Answers.given()
    if said := against(grant_id):
        return redirect(url_for("cases.show", case_id=said.case_id), 303)
    words = answers.text("words", _("Tell us why you object"))
    if answers.errors:
        return page("cases/object.html", answers=answers, grant=grant)
    kind = CaseKind.OBJECTION if grant.can_object else CaseKind.CHALLENGE
    return _opened(kind, grant.service.service_id, words, grant_id=grant_id)


def _opened(
    kind: CaseKind,
    service_id: UUID,
    words: str,
    *,
    grant_id: UUID | None = None,
    record_id: UUID | None = None,
    leaf_hash: bytes | None = None,
) -> ResponseReturnValue:
    with changing() as ctx:
        case = cases.open_case(
            ctx,
            citizen_id=me().citizen_id,
            kind=kind,
            service_id=service_id,
            statement=words,
            grant_id=grant_id,
            record_id=record_id,
            leaf_hash=leaf_hash,
        )
    return redirect(url_for("cases.done", case_id=case.case_id), 303)


@bp.get("/not-known/<leaf:leaf_hash>")
def not_known(leaf_hash: bytes) -> ResponseReturnValue:
    """Ask what the resident does not recognise."""
    return _not_known_page(leaf_hash, None)


def _service_behind(line: trail.Line) -> UUID:
    if line.service_id is None:
        raise NotFoundError("no service did this")
    return line.service_id


def _not_known_page(leaf_hash: bytes, answers: Answers | None) -> ResponseReturnValue:
    with reading() as ctx:
        line = trail.line(ctx, citizen_id=me().citizen_id, leaf_hash=leaf_hash)
    _service_behind(line)
    return page("cases/not_known.html", answers=answers, look=describe(line, to_resident=True), line=line)


@bp.post("/not-known/<leaf:leaf_hash>")
def take_not_known(leaf_hash: bytes) -> ResponseReturnValue:
    """Open the case."""
    answers = Answers.given()
    words = answers.text("words", _("Tell us what you do not recognise"))
    if answers.errors:
        return _not_known_page(leaf_hash, answers)
    with reading() as ctx:
        line = trail.line(ctx, citizen_id=me().citizen_id, leaf_hash=leaf_hash)
    return _opened(CaseKind.NOT_RECOGNISED, _service_behind(line), words, leaf_hash=leaf_hash)


@bp.get("/wrong/<uuid:record_id>")
def wrong(record_id: UUID) -> ResponseReturnValue:
    """Ask what is wrong with an item; whoever wrote it will answer."""
    return _wrong_page(record_id, None)


def _wrong_page(record_id: UUID, answers: Answers | None) -> ResponseReturnValue:
    with reading() as ctx:
        item = items.brief(ctx, citizen_id=me().citizen_id, record_id=record_id)
        wrote = services.organisation_by_id(ctx, organisation_id=item.organisation_id)
    service = _who_corrects(record_id)
    category = CATALOGUE.category(item.category)
    return page("cases/wrong.html", answers=answers, item=item, wrote=wrote.name, service=service, category=category)


def _who_corrects(record_id: UUID) -> ServiceView | None:
    with reading() as ctx:
        return cases.where_to_correct(ctx, citizen_id=me().citizen_id, record_id=record_id)


@bp.post("/wrong/<uuid:record_id>")
def take_wrong(record_id: UUID) -> ResponseReturnValue:
    """
    Open the case with whoever wrote the item.

    Raises:
        NotFoundError: Who wrote it answers nothing here; the page said whom to turn to.
    """
    answers = Answers.given()
    words = answers.text("words", _("Tell us what is wrong, and what would be right"))
    if answers.errors:
        return _wrong_page(record_id, answers)
    service = _who_corrects(record_id)
    if service is None:
        raise NotFoundError("who wrote this has no service here")
    return _opened(CaseKind.CORRECTION, service.service_id, words, record_id=record_id)


@bp.get("/<uuid:case_id>/done")
def done(case_id: UUID) -> ResponseReturnValue:
    """Confirm, and say until when we must answer."""
    return render_template("cases/done.html", case=_case(case_id))
