"""Telling the council that something is wrong: objecting to a use, challenging it, or not recognising a look."""

from typing import Final
from uuid import UUID

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import cases, trail
from vault.errors import NotFoundError
from vault.kinds import CaseKind
from web.auth import me
from web.pages.activity import describe
from web.pages.common import Answers, changing, page, reading
from web.pages.sharing import grant_of

bp: Final = Blueprint("cases", __name__, url_prefix="/told-us")
BLUEPRINTS: Final = (bp,)


@bp.get("")
def overview() -> ResponseReturnValue:
    """Everything the resident told us, and the answers."""
    with reading() as ctx:
        found = cases.of_citizen(ctx, citizen_id=me().citizen_id)
    return render_template("cases/overview.html", cases=found)


@bp.get("/object/<uuid:grant_id>")
def object_to(grant_id: UUID) -> ResponseReturnValue:
    """Ask why the resident objects."""
    grant = grant_of(grant_id)
    if not (grant.can_object or grant.can_challenge):
        raise NotFoundError("there is nothing to object to here")
    return page("cases/object.html", grant=grant)


@bp.post("/object/<uuid:grant_id>")
def take_objection(grant_id: UUID) -> ResponseReturnValue:
    """Open the case."""
    grant, answers = grant_of(grant_id), Answers.given()
    words = answers.text("words", _("Tell us why you object"))
    if answers.errors:
        return page("cases/object.html", answers=answers, grant=grant)
    kind = CaseKind.OBJECTION if grant.can_object else CaseKind.CHALLENGE
    with changing() as ctx:
        case = cases.open_case(
            ctx,
            citizen_id=me().citizen_id,
            kind=kind,
            service_id=grant.service.service_id,
            statement=words,
            grant_id=grant_id,
        )
    return redirect(url_for("cases.done", case_id=case.case_id), 303)


@bp.get("/not-known/<leaf:leaf_hash>")
def not_known(leaf_hash: bytes) -> ResponseReturnValue:
    """Ask what the resident does not recognise."""
    return _not_known_page(leaf_hash, None)


def _not_known_page(leaf_hash: bytes, answers: Answers | None) -> ResponseReturnValue:
    with reading() as ctx:
        line = trail.line(ctx, citizen_id=me().citizen_id, leaf_hash=leaf_hash)
    if line.service_id is None:
        raise NotFoundError("no service did this")
    return page("cases/not_known.html", answers=answers, look=describe(line), line=line)


@bp.post("/not-known/<leaf:leaf_hash>")
def take_not_known(leaf_hash: bytes) -> ResponseReturnValue:
    """Open the case."""
    answers = Answers.given()
    words = answers.text("words", _("Tell us what you do not recognise"))
    if answers.errors:
        return _not_known_page(leaf_hash, answers)
    citizen_id = me().citizen_id
    with changing() as ctx:
        line = trail.line(ctx, citizen_id=citizen_id, leaf_hash=leaf_hash)
        if line.service_id is None:
            raise NotFoundError("no service did this")
        case = cases.open_case(
            ctx,
            citizen_id=citizen_id,
            kind=CaseKind.NOT_RECOGNISED,
            service_id=line.service_id,
            statement=words,
            leaf_hash=leaf_hash,
        )
    return redirect(url_for("cases.done", case_id=case.case_id), 303)


@bp.get("/<uuid:case_id>/done")
def done(case_id: UUID) -> ResponseReturnValue:
    """Confirm, and say until when we must answer."""
    with reading() as ctx:
        found = [each for each in cases.of_citizen(ctx, citizen_id=me().citizen_id) if each.case_id == case_id]
    if not found:
        raise NotFoundError(f"case `{case_id}` is not known")
    return render_template("cases/done.html", case=found[0])
