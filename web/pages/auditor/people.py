"""Finding one person's lines: the number is sent by POST and stands in no address; the person can see that it was."""

from datetime import date
from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from vault import access, services, trail
from vault.errors import NotFoundError
from vault.identifiers import nhs_number_is_valid
from vault.requests import Hint
from web.auth import me
from web.pages.auditor.searching import bp
from web.pages.common import Answers, page, reading
from web.runtime import runtime

WAYS = ("reference", "nhs")
MOST = 100


@bp.get("/person")
def ask_person() -> ResponseReturnValue:
    """Ask by what the person is known."""
    return _page(None)


def _page(answers: Answers | None) -> ResponseReturnValue:
    with reading() as ctx:
        whole, own = trail.sees_everything(ctx), ctx.actor.organisation_id
        offered = [each for each in services.organisations(ctx) if whole or each.organisation_id == own]
    names = [(str(each.organisation_id), each.name) for each in offered]
    return page("auditor/person.html", answers=answers, organisations=names)


@bp.post("/person")
def find_person() -> ResponseReturnValue:
    """Look for the person, and lead to their lines."""
    answers = Answers.given()
    way = answers.choice("way", WAYS, _("Choose how you know the person"))
    if answers.errors:
        return _page(answers)
    try:
        handle = _by_reference(answers) if way == "reference" else _by_number(answers)
    except NotFoundError:
        field = "reference" if way == "reference" else "number"
        answers.errors[field] = _("Nobody is known by that. Check it and try again.")
        return _page(answers)
    return _page(answers) if handle is None else redirect(url_for("auditor.home", person=handle), 303)


def _by_reference(answers: Answers) -> str | None:
    with reading() as ctx:
        known = [str(each.organisation_id) for each in services.organisations(ctx)]
    organisation = answers.choice("organisation", known, _("Choose the organisation"))
    system = answers.text("system", _("Enter the name of the system"), most=MOST)
    reference = answers.text("reference", _("Enter the reference"), most=MOST)
    if answers.errors:
        return None
    with reading() as ctx:
        return trail.find_person(ctx, organisation_id=UUID(organisation), system=system, reference=reference)


def _by_number(answers: Answers) -> str | None:
    number = answers.text("number", _("Enter the NHS number"), most=MOST)
    if number and not nhs_number_is_valid(number):
        answers.errors["number"] = _("Enter a real NHS number, like 943 476 5919")
    born = _born(answers)
    if answers.errors or born is None:
        return None
    with reading() as ctx:
        trail.may_search(ctx)
    hint = Hint("nhs", number, born.isoformat())
    found = access.confirm_hint(runtime().vault, actor=me().actor, hint=hint)
    with reading() as ctx:
        return trail.person_found(ctx, citizen_id=found, by="nhs-number")


def _born(answers: Answers) -> date | None:
    try:
        year, month, day = (int(answers.form.get(f"born-{part}", "")) for part in ("year", "month", "day"))
        return date(year, month, day)
    except ValueError:
        answers.errors["born"] = _("Enter a real date of birth, like 27 3 1944")
        return None
